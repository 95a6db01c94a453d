package plant

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"time"
)

// A sensor node and who asks it.
var (
	coapPanel  = &Host{Name: "panel", MAC: 0x02_00_00_00_32_10, IP: netip.MustParseAddr("10.10.32.10")}
	coapSensor = &Host{Name: "sensor", MAC: 0x02_00_00_00_32_20, IP: netip.MustParseAddr("10.10.32.20")}
)

const portCoAP = 5683

type coapOption struct {
	number int
	value  string
}

// coapMessage is a message with the options in their order.
func coapMessage(kind, code byte, id uint16, token string, options []coapOption, payload string) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0x40 | kind<<4 | byte(len(token)), code}, id)
	b = append(b, token...)
	last := 0
	for _, o := range options {
		delta, length := coapNibble(o.number-last), coapNibble(len(o.value))
		b = append(b, delta[0]<<4|length[0])
		b = append(append(append(b, delta[1:]...), length[1:]...), o.value...)
		last = o.number
	}
	if payload != "" {
		b = append(append(b, 0xff), payload...)
	}
	return b
}

func coapNibble(n int) []byte {
	switch {
	case n < 13:
		return []byte{byte(n)}
	case n < 269:
		return []byte{13, byte(n - 13)}
	}
	return []byte{14, byte((n - 269) >> 8), byte(n - 269)}
}

func coapPath(p string) (o []coapOption) {
	for s := range strings.SplitSeq(p, "/") {
		o = append(o, coapOption{11, s})
	}
	return o
}

type coap struct {
	net *Net
	id  uint16
}

func (c *coap) client(b []byte) { c.send(coapPanel, coapSensor, 40100, portCoAP, b) }
func (c *coap) server(b []byte) { c.send(coapSensor, coapPanel, portCoAP, 40100, b) }

func (c *coap) send(from, to *Host, sport, dport uint16, b []byte) {
	c.net.UDP(from, to, sport, dport, b)
	c.net.Wait(5 * time.Millisecond)
}

// talk sends a request and its answer in the acknowledgement.
func (c *coap) talk(method byte, token, path, payload string, code byte, answer string) {
	c.id++
	c.client(coapMessage(0, method, c.id, token, coapPath(path), payload))
	c.server(coapMessage(2, code, c.id, token, []coapOption{{12, ""}}, answer))
}

// coapPoll reads a temperature and is told a pressure.
func coapPoll(n *Net) {
	c := &coap{net: n}
	c.client(coapMessage(0, 1, 900, "\x07", append([]coapOption{{6, ""}}, coapPath("sensors/pressure")...), ""))
	c.server(coapMessage(2, 0x45, 900, "\x07", []coapOption{{6, "\x01"}, {12, ""}}, "1.5"))
	for i := range byte(8) {
		c.talk(1, string([]byte{0x10, i}), "sensors/temperature", "", 0x45, "21."+string('0'+rune(i)))
		c.server(coapMessage(1, 0x45, 700+uint16(i), "\x07", []coapOption{{6, string([]byte{2 + i})}}, "1.6"))
	}
}

// coapMethods shows every method and code.
func coapMethods(n *Net) {
	c := &coap{net: n}
	c.talk(1, "\x01", ".well-known/core", "", 0x45, "</sensors>;rt=\"t\"")
	c.talk(2, "\x02", "storage", "hello", 0x41, "")
	c.talk(3, "\x03", "valve/setpoint", "42.5", 0x44, "")
	c.talk(4, "\x04", "storage/1", "", 0x42, "")
	c.talk(5, "\x05", "storage", "x", 0x45, "7")
	c.talk(6, "\x06", "storage", "x", 0x44, "")
	c.talk(7, "\x07", "storage", "x", 0x44, "")
	c.talk(0x0b, "\x08", "storage", "x", 0x85, "")
	c.talk(1, "\x09", strings.Repeat("a-long-part/", 12)+"end", "", 0x43, "")
	c.talk(1, "", "no/token", "", 0x45, "-1e3")
	for _, code := range []byte{0x80, 0x81, 0x82, 0x83, 0x84, 0x86, 0x88, 0x89, 0x8c, 0x8d, 0x8f, 0x96, 0x9d, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa8, 0x87} {
		c.talk(1, string([]byte{0x20, code}), "a", "", code, "sorry")
	}
	c.talk(1, "\x0a", "line/state", "", 0x45, "running, f\u00fcnf")
	c.talk(3, "\x0b", "line/password", "S3cr3t", 0x44, "")
	c.talk(1, "\x0c", "line/note", "", 0x45, "the password is S3cr3t")
	c.client(coapMessage(0, 1, 480, "\x30", coapPath("log"), "")) // in blocks
	c.server(coapMessage(2, 0x45, 480, "\x30", []coapOption{{12, ""}, {23, "\x08"}}, "0123456789abcdef"))
	c.client(coapMessage(0, 1, 500, "\x31", coapPath("separate"), ""))
	c.client(coapMessage(0, 1, 500, "\x31", coapPath("separate"), "")) // sent again
	c.server(coapMessage(2, 0, 500, "", nil, ""))
	c.server(coapMessage(0, 0x45, 77, "\x31", []coapOption{{12, "\x32"}}, `{"t":21}`))
	c.client(coapMessage(2, 0, 77, "", nil, ""))
	c.client(coapMessage(0, 1, 501, "\x32", []coapOption{{3, "sensor.local"}, {7, "\x16\x33"}, {15, "key=hunter2"}}, "")) // the root
	c.server(coapMessage(3, 0, 501, "", nil, ""))
	c.server(coapMessage(3, 0, 501, "", nil, ""))
	c.client(coapMessage(0, 1, 502, "\x33", append([]coapOption{{6, ""}}, coapPath("alarms")...), ""))
	c.server(coapMessage(2, 0x45, 502, "\x33", []coapOption{{6, "\x01"}}, "0"))
	c.server(coapMessage(1, 0x45, 503, "\x33", []coapOption{{6, "\x02"}}, "1"))
	c.server(coapMessage(1, 0x45, 509, "\x33", []coapOption{{6, "\x03"}}, "door open"))
	c.client(coapMessage(0, 1, 504, "\x33", append([]coapOption{{6, "\x01"}}, coapPath("alarms")...), ""))
	c.server(coapMessage(2, 0x45, 504, "\x33", nil, "1"))
	c.server(coapMessage(1, 0x45, 505, "\x34", []coapOption{{6, "\x02"}}, "1")) // not seen to be observed
	c.server(coapMessage(1, 0x45, 506, "\x35", nil, "1"))                       // not seen to be asked
	c.server(coapMessage(0, 1, 507, "\x36", coapPath("rd"), ""))                // a server's own request
	c.client(coapMessage(0, 0, 508, "", nil, ""))                               // ping
	// An answer comes first.
	n.UDP(coapSensor, coapPanel, portCoAP, 40101, coapMessage(1, 0x45, 1, "\x40", []coapOption{{12, ""}}, "20"))
}

// coapMalformed breaks each rule once.
func coapMalformed(n *Net) {
	c := &coap{net: n}
	c.talk(1, "\x63", "a", "", 0x45, "1")
	for i, b := range [][]byte{
		{0x40, 1, 0}, {0x80, 1, 0, 1}, {0x4a, 1, 0, 1}, {0x44, 1, 0, 1, 2}, {0x40, 0, 0, 1, 9},
		{0x40, 1, 0, 2, 0xb5, 'a'}, {0x40, 1, 0, 3, 0xf1, 'a'}, {0x40, 1, 0, 4, 0xd1}, {0x40, 1, 0, 5, 0xb1, 'a', 0xff},
		append([]byte{0x40, 1, 0, 6}, []byte(strings.Repeat("\x01x", 40))...),
	} {
		c.client(b)
		c.talk(1, string([]byte{byte(i)}), "a", "", 0x45, "1")
	}
}
