package plant

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// A broker and a historian that fetches from it.
var (
	amqpHistorian = &Host{Name: "historian", MAC: 0x02_00_00_00_33_10, IP: netip.MustParseAddr("10.10.33.10")}
	amqpBroker    = &Host{Name: "broker", MAC: 0x02_00_00_00_33_20, IP: netip.MustParseAddr("10.10.33.20")}
)

const portAMQP = 5672

func amqpFrame(kind byte, channel uint16, payload ...byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{kind}, channel)
	b = binary.BigEndian.AppendUint32(b, uint32(len(payload)))
	return append(append(b, payload...), 0xce)
}

// amqpMethod is a method frame; arguments are bytes and texts.
func amqpMethod(channel, class, number uint16, arguments ...any) []byte {
	b := binary.BigEndian.AppendUint16(nil, class)
	b = binary.BigEndian.AppendUint16(b, number)
	for _, a := range arguments {
		switch a := a.(type) {
		case int:
			b = append(b, byte(a))
		case string:
			b = append(append(b, byte(len(a))), a...)
		case []byte:
			b = append(b, a...)
		}
	}
	return amqpFrame(1, channel, b...)
}

// amqpTable is a table of texts, with a truth value between them.
func amqpTable(pairs ...string) []byte {
	var b []byte
	for i := 0; i < len(pairs); i += 2 {
		b = append(append(b, byte(len(pairs[i]))), pairs[i]...)
		b = append(b, amqpLong(pairs[i+1])...)
		b = append(b, 1, 'x'-byte(i%3), 't', 1)
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

func amqpLong(s string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{'S'}, uint32(len(s))), s...)
}

var amqpZero = []byte{0, 0}

// amqpLogin opens a connection and a channel.
func amqpLogin(n *Net, port uint16) *Conn {
	c := n.Dial(amqpHistorian, amqpBroker, port, portAMQP)
	c.Client([]byte("AMQP\x00\x00\x09\x01"))
	c.Server(amqpMethod(0, 10, 10, 0, 9, amqpTable("product", "RabbitMQ", "version", "3.12.1", "platform", "Erlang/OTP 26", "cluster_name", "rabbit@line3", "information", "none"), amqpLong("PLAIN")[1:], amqpLong("en_US")[1:]))
	c.Client(amqpMethod(0, 10, 11, amqpTable("product", "pika", "version", "1.3.2"), "PLAIN", amqpLong("\x00historian\x00S3cr3t")[1:], "en_US"))
	return c
}

func amqpOpen(n *Net, port uint16) *Conn {
	c := amqpLogin(n, port)
	c.Server(amqpMethod(0, 10, 30, 7, 255, 0, 2, 0, 0, 0, 60))
	c.Client(amqpMethod(0, 10, 31, 7, 255, 0, 2, 0, 0, 0, 60))
	c.Client(amqpMethod(0, 10, 40, "/", "", 0))
	c.Server(amqpMethod(0, 10, 41, ""))
	amqpTalk(n, c, 20, 10, 11, []any{""}, []byte{0, 0, 0, 0})
	return c
}

// amqpTalk sends a method on channel 1 and its answer.
func amqpTalk(n *Net, c *Conn, class, number, answer uint16, arguments []any, reply []byte) {
	c.Client(amqpMethod(1, class, number, arguments...))
	n.Wait(2 * time.Millisecond)
	c.Server(amqpMethod(1, class, answer, reply))
	n.Wait(2 * time.Millisecond)
}

// amqpContent is a header and a body.
func amqpContent(body string) []byte {
	b := binary.BigEndian.AppendUint64([]byte{0, 60, 0, 0}, uint64(len(body)))
	return append(amqpFrame(2, 1, append(b, 0, 0)...), amqpFrame(3, 1, []byte(body)...)...)
}

func amqpPublish(exchange, key, body string) []byte {
	return append(amqpMethod(1, 60, 40, amqpZero, exchange, key, 0), amqpContent(body)...)
}

func amqpDeliver(exchange, key, body string) []byte {
	return append(amqpMethod(1, 60, 60, "tag1", make([]byte, 8), 0, exchange, key), amqpContent(body)...)
}

// amqpPoll publishes, fetches and is delivered.
func amqpPoll(n *Net) {
	c := amqpOpen(n, 49330)
	for range 8 {
		c.Client(amqpPublish("plant", "line3.level", "21.5"))
		c.Server(amqpDeliver("plant", "line3.state", "run"))
		c.Client(amqpMethod(1, 60, 80, make([]byte, 8), 0))
		c.Client(amqpMethod(1, 60, 70, amqpZero, "orders", 0))
		c.Server(amqpMethod(1, 60, 72, ""))
		c.Client(amqpFrame(8, 0))
		n.Wait(100 * time.Millisecond)
	}
	c.Close()
}

// amqpMethods shows every method and refusals.
func amqpMethods(n *Net) {
	c := amqpOpen(n, 49331)
	none := []byte{0, 0, 0, 0}
	amqpTalk(n, c, 40, 10, 11, []any{amqpZero, "plant", "topic", 2, none}, nil)
	amqpTalk(n, c, 40, 20, 21, []any{amqpZero, "plant", 0}, nil)
	amqpTalk(n, c, 40, 30, 31, []any{amqpZero, "plant", "site", "#", 0, none}, nil)
	amqpTalk(n, c, 40, 40, 51, []any{amqpZero, "plant", "site", "#", 0, none}, nil)
	amqpTalk(n, c, 50, 10, 11, []any{amqpZero, "orders", 2, none}, append([]byte("\x06orders"), make([]byte, 8)...))
	amqpTalk(n, c, 50, 20, 21, []any{amqpZero, "orders", "plant", "#", 0, none}, nil)
	amqpTalk(n, c, 50, 30, 31, []any{amqpZero, "orders", 0}, none)
	amqpTalk(n, c, 50, 50, 51, []any{amqpZero, "orders", "plant", "#", none}, nil)
	amqpTalk(n, c, 50, 40, 41, []any{amqpZero, "orders", 0}, none)
	amqpTalk(n, c, 60, 10, 11, []any{make([]byte, 7)}, nil)
	amqpTalk(n, c, 60, 20, 21, []any{amqpZero, "orders", "tag1", 0, none}, []byte("\x04tag1"))
	c.Client(amqpMethod(1, 60, 20, amqpZero, "orders", "tag2", 8, none)) // no answer wanted
	amqpTalk(n, c, 60, 30, 31, []any{"tag1", 0}, []byte("\x04tag1"))
	c.Client(amqpMethod(1, 60, 70, amqpZero, "orders", 0))
	c.Server(append(amqpMethod(1, 60, 71, make([]byte, 9), "plant", "k", 0, 0, 0, 0), amqpContent("x")...))
	c.Client(amqpPublish("", "orders", "one"))
	c.Client(amqpPublish("fanout", "", "two"))
	c.Server(append(amqpMethod(1, 60, 50, []byte{1, 0x38}, "NO_ROUTE", "fanout", ""), amqpContent("two")...))
	c.Server(amqpMethod(1, 60, 80, make([]byte, 8), 0))
	for _, number := range []uint16{80, 90, 100, 120} {
		c.Client(amqpMethod(1, 60, number, make([]byte, 9)))
	}
	amqpTalk(n, c, 60, 110, 111, []any{1}, nil)
	amqpTalk(n, c, 85, 10, 11, []any{0}, nil)
	for _, number := range []uint16{10, 20, 30} {
		amqpTalk(n, c, 90, number, number+1, nil, nil)
	}
	amqpTalk(n, c, 20, 20, 21, []any{1}, []byte{1})
	for _, code := range []uint16{200, 311, 313, 320, 402, 403, 404, 405, 406, 501, 502, 503, 504, 505, 506, 530, 540, 541, 599} {
		c.Client(amqpMethod(1, 50, 10, amqpZero, "other", 1, none))
		c.Server(amqpMethod(1, 20, 40, binary.BigEndian.AppendUint16(nil, code), "words", []byte{0, 50, 0, 10}))
		c.Client(amqpMethod(1, 20, 41))
		amqpTalk(n, c, 20, 10, 11, []any{""}, none)
	}
	amqpTalk(n, c, 20, 40, 41, []any{[]byte{0, 200}, "bye", []byte{0, 0, 0, 0}}, nil)
	c.Client(amqpMethod(0, 10, 50, []byte{0, 200}, "bye", []byte{0, 0, 0, 0}))
	c.Server(amqpMethod(0, 10, 51))
	c.Close()
	d := amqpLogin(n, 49332)
	d.Server(amqpMethod(0, 10, 50, []byte{1, 0x93}, "ACCESS_REFUSED", []byte{0, 10, 0, 11}))
	d.Client(amqpMethod(0, 10, 51))
	d.Close()
}

// amqpOne is a connection of 1.0, and one that goes on in TLS.
func amqpOne(n *Net) {
	frame := func(kind byte, body ...byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
		return append(append(b, 2, kind, 0, 0), body...)
	}
	c := n.Dial(amqpHistorian, amqpBroker, 49333, portAMQP)
	c.Client([]byte("AMQP\x03\x01\x00\x00"))
	c.Server([]byte("AMQP\x03\x01\x00\x00"))
	c.Server(frame(1, 0, 0x53, 0x40, 0xc0, 8, 1, 0xa3, 5, 'P', 'L', 'A', 'I', 'N'))
	c.Client(frame(1, append([]byte{0, 0x53, 0x41, 0xc0, 8, 2, 0xa3, 5}, "PLAIN\xa0\x10\x00historian\x00S3cr3t"...)...))
	c.Server(frame(1, 0, 0x53, 0x44, 0xc0, 3, 1, 0x50, 0))
	c.Client([]byte("AMQP\x00\x01\x00\x00"))
	c.Server([]byte("AMQP\x00\x01\x00\x00"))
	for d := byte(0x10); d <= 0x18; d++ {
		c.Client(frame(0, 0, 0x53, d, 0x45))
		c.Server(frame(0, 0, 0x53, d, 0x45))
	}
	c.Client(frame(0))
	c.Client(frame(0, append([]byte{0, 0x53, 0x14, 0x45}, make([]byte, 40000)...)...))
	c.Close()
	d := n.Dial(amqpHistorian, amqpBroker, 49334, portAMQP)
	d.Client([]byte("AMQP\x02\x01\x00\x00"))
	d.Server([]byte("AMQP\x02\x01\x00\x00"))
	d.Close()
}

// amqpMidstream begins in the middle and loses bytes.
func amqpMidstream(n *Net) {
	c := n.Midstream(amqpHistorian, amqpBroker, 49335, portAMQP)
	c.Client(amqpPublish("plant", "line3.level", "21.5"))
	c.Server(amqpMethod(1, 50, 11, "orders", make([]byte, 8)))
	c.Server(amqpDeliver("plant", "line3.state", "run"))
	c.LoseClient(30)
	c.Client(amqpPublish("plant", "line3.level", "22.5"))
	c.LoseServer(40)
	c.Server(amqpDeliver("plant", "line3.state", "stop"))
	c.Close()
}

// amqpMalformed breaks each rule once.
func amqpMalformed(n *Net) {
	c := amqpOpen(n, 49336)
	c.Client(amqpFrame(1, 1, 0, 60))
	c.Client(amqpMethod(1, 60, 33))
	c.Client(amqpMethod(1, 60, 60))
	c.Server(amqpMethod(1, 60, 40))
	c.Client(amqpMethod(1, 60, 40, 0, 0, 200))
	c.Client([]byte{9, 0, 0, 0, 0, 0, 1, 1, 0xce})
	c.Client(amqpPublish("plant", "a", "1"))
	bad := amqpPublish("plant", "b", "1")
	bad[len(amqpMethod(1, 60, 40, amqpZero, "plant", "b", 0))-1] = 0
	c.Client(bad)
	c.Client(amqpPublish("plant", "c", "1"))
	c.Client([]byte{1, 0, 1, 0xff, 0, 0, 0, 0, 60, 0, 40})
	c.Close()
	d := n.Dial(amqpHistorian, amqpBroker, 49337, portAMQP)
	d.Client([]byte("AMQP\x00\x01\x00\x00"))
	d.Client([]byte{0, 0, 0, 12, 2, 0, 0, 0, 0, 0x53, 0x30, 0x45})
	d.Client([]byte{0, 0, 0, 9, 2, 0, 0, 0, 0})
	d.Close()
}
