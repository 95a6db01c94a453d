package plant

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"
)

// An etcher and its host.
var (
	hsmsHost = &Host{Name: "cell-controller", MAC: 0x02_00_00_00_34_10, IP: netip.MustParseAddr("10.10.34.10")}
	hsmsEtch = &Host{Name: "etcher", MAC: 0x02_00_00_00_34_20, IP: netip.MustParseAddr("10.10.34.20")}
)

const portHSMS = 5000

// hsmsMessage is a message; stream and function are 0 in control messages.
func hsmsMessage(session uint16, stream, function, kind byte, system uint32, body ...byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(10+len(body)))
	b = binary.BigEndian.AppendUint16(b, session)
	b = binary.BigEndian.AppendUint32(append(b, stream, function, 0, kind), system)
	return append(b, body...)
}

// secsItem is an item of a format with one length byte, or three where it is long.
func secsItem(format byte, data ...byte) []byte {
	if n := len(data); n > 255 {
		return append([]byte{format | 3, byte(n >> 16), byte(n >> 8), byte(n)}, data...)
	}
	return append([]byte{format | 1, byte(len(data))}, data...)
}

func secsText(s string) []byte   { return secsItem(0x40, []byte(s)...) }
func secsBinary(c byte) []byte   { return secsItem(0x20, c) }
func secsNumber(n uint32) []byte { return secsItem(0xb0, binary.BigEndian.AppendUint32(nil, n)...) }
func secsFloat(f float32) []byte {
	return secsItem(0x90, binary.BigEndian.AppendUint32(nil, math.Float32bits(f))...)
}
func secsList(l ...[]byte) []byte {
	b := []byte{1, byte(len(l))}
	for _, i := range l {
		b = append(b, i...)
	}
	return b
}

type hsms struct {
	net    *Net
	conn   *Conn
	system uint32
}

func hsmsDial(n *Net, port uint16) *hsms {
	h := &hsms{net: n, conn: n.Dial(hsmsHost, hsmsEtch, port, portHSMS), system: 1}
	h.conn.Client(hsmsMessage(0xffff, 0, 0, 1, 1))
	h.conn.Server(hsmsMessage(0xffff, 0, 0, 2, 1))
	return h
}

// talk sends a primary message that wants an answer, and the answer.
func (h *hsms) talk(stream, function byte, body, answer []byte) {
	h.system++
	h.conn.Client(hsmsMessage(0, stream|0x80, function, 0, h.system, body...))
	h.net.Wait(10 * time.Millisecond)
	h.conn.Server(hsmsMessage(0, stream, function+1, 0, h.system, answer...))
	h.net.Wait(10 * time.Millisecond)
}

// report is what the equipment sends, and the host's answer.
func (h *hsms) report(stream, function byte, body []byte) {
	h.system++
	h.conn.Server(hsmsMessage(0, stream|0x80, function, 0, h.system|1<<31, body...))
	h.conn.Client(hsmsMessage(0, stream, function+1, 0, h.system|1<<31, secsBinary(0)...))
	h.net.Wait(10 * time.Millisecond)
}

func (h *hsms) linktest() {
	h.system++
	h.conn.Client(hsmsMessage(0xffff, 0, 0, 5, h.system))
	h.conn.Server(hsmsMessage(0xffff, 0, 0, 6, h.system))
}

// hsmsPoll reads status and is told events.
func hsmsPoll(n *Net) {
	h := hsmsDial(n, 49340)
	for range 8 {
		h.talk(1, 3, secsList(secsNumber(101)), secsList(secsFloat(21.5)))
		h.report(6, 11, secsList(secsNumber(1), secsNumber(300), secsList()))
		h.linktest()
	}
	h.conn.Close()
}

// hsmsMessages shows every message.
func hsmsMessages(n *Net) {
	h := hsmsDial(n, 49341)
	model := secsList(secsText("ETCH-9"), secsText("4.2.1"))
	h.talk(1, 13, secsList(), secsList(secsBinary(0), model))
	h.talk(1, 13, secsList(), secsList(secsBinary(1), secsList()))
	h.talk(1, 1, nil, model)
	h.report(1, 13, model) // the equipment asks
	ok, no := secsBinary(0), secsBinary(1)
	for _, f := range []byte{15, 17} {
		h.talk(1, f, nil, ok)
	}
	for _, f := range []byte{11, 21, 23} {
		h.talk(1, f, secsList(), secsList())
	}
	h.talk(2, 13, secsList(secsNumber(7)), secsList(secsFloat(1)))
	h.talk(2, 13, secsList(secsNumber(8)), secsList(secsText("dry etch")))
	h.talk(2, 13, secsList(secsNumber(7), secsNumber(8)), secsList(secsFloat(1), secsText("dry etch")))
	for _, code := range []byte{0, 1, 2, 3, 9} {
		h.talk(2, 15, secsList(secsList(secsNumber(7), secsFloat(80))), secsBinary(code))
	}
	h.talk(2, 15, secsList(secsList(secsText("ChuckTemp"), secsItem(0x70, 0, 0, 0, 9))), ok)
	h.talk(2, 15, secsList(secsList(secsNumber(8), secsText("wet etch"))), ok)
	h.talk(2, 15, secsList(secsList(secsText("OperatorPassword"), secsText("S3cr3t"))), ok)
	for _, f := range []byte{17, 25, 29, 31, 33, 35, 37, 43, 45} {
		h.talk(2, f, secsList(secsNumber(1)), ok)
	}
	h.talk(2, 21, secsText("STOP"), ok)
	h.talk(2, 23, secsList(secsItem(0xa4, 3)), ok)
	for _, code := range []byte{0, 1, 2, 3, 4, 5, 6} {
		h.talk(2, 41, secsList(secsText("START"), secsList()), secsList(secsBinary(code), secsList()))
	}
	h.talk(2, 49, secsList(secsNumber(1), secsText("obj"), secsText("PAUSE"), secsList()), secsList(ok, secsList()))
	h.talk(3, 17, secsList(secsNumber(1)), secsList(ok))
	h.talk(5, 3, secsList(secsBinary(0x80), secsNumber(9)), ok)
	h.talk(5, 5, secsNumber(9), secsList())
	h.talk(5, 7, nil, secsList())
	h.report(5, 1, secsList(secsBinary(0x84), secsNumber(9), secsText("chamber open")))
	for _, f := range []byte{1, 3, 9, 11, 13} {
		h.report(6, f, secsList(secsItem(0xa8, 1, 2), secsItem(0xa8, 1, 3), secsList()))
	}
	hsmsReports(h)
	h.talk(6, 15, secsNumber(300), secsList())
	h.talk(6, 19, secsNumber(5), secsList())
	h.talk(6, 23, secsItem(0xa4, 0), ok)
	recipe := make([]byte, 700)
	h.talk(7, 1, secsList(secsText("OXIDE-3"), secsNumber(700)), ok)
	for _, code := range []byte{0, 1, 2, 3, 4, 5, 6} {
		h.talk(7, 3, secsList(secsText("OXIDE-3"), secsItem(0x20, recipe...)), secsBinary(code))
	}
	h.talk(7, 5, secsText("OXIDE-3"), secsList(secsText("OXIDE-3"), secsItem(0x20, recipe...)))
	h.talk(7, 5, secsText("OXIDE-4"), secsList())
	h.talk(7, 5, secsText("BIG"), secsList(secsText("BIG"), secsItem(0x20, make([]byte, 100000)...)))
	h.talk(7, 17, secsList(secsText("OXIDE-3")), ok)
	h.talk(7, 19, nil, secsList(secsText("OXIDE-3")))
	h.talk(7, 23, secsList(secsText("OXIDE-3")), no)
	h.talk(7, 25, secsText("OXIDE-3"), secsList())
	h.talk(10, 3, secsList(secsItem(0xa4, 0), secsText("hello")), ok)
	for _, f := range []byte{1, 3, 9} {
		h.talk(14, f, secsList(secsText("x")), secsList())
	}
	h.talk(16, 5, secsList(secsNumber(1), secsText("job-1"), secsText("PAUSE")), secsList())
	h.talk(16, 11, secsList(secsNumber(1)), secsList())
	h.talk(16, 27, secsList(secsText("job-1")), secsList())
	h.talk(64, 1, nil, nil)                                                                      // a maker's own
	h.conn.Client(hsmsMessage(0, 10, 3, 0, 7000, secsList(secsItem(0xa4, 0), secsText("x"))...)) // no answer wanted
	h.system++
	h.conn.Client(hsmsMessage(0, 0x80|2, 41, 0, h.system, secsList(secsText("GO"), secsList())...))
	h.conn.Server(hsmsMessage(0, 2, 0, 0, h.system)) // aborted
	for _, f := range []byte{1, 3, 5, 7, 9, 11, 13, 15} {
		h.system++
		ask := hsmsMessage(0, 0x80|21, 99, 0, h.system)
		h.conn.Client(ask)
		h.conn.Server(hsmsMessage(0, 9, f, 0, 9000, secsItem(0x20, ask[4:14]...)...))
	}
	h.linktest()
	for _, kind := range []byte{1, 3} {
		for _, code := range []byte{1, 2, 3, 4} {
			h.system++
			h.conn.Client(hsmsMessage(0xffff, 0, 0, kind, h.system))
			h.conn.Server(hsmsMessage(0xffff, 0, code, kind+1, h.system))
		}
	}
	for _, code := range []byte{1, 2, 3, 4, 9} {
		h.system++
		h.conn.Client(hsmsMessage(0, 0x80|1, 1, 0, h.system))
		h.conn.Server(hsmsMessage(0xffff, 0, code, 7, h.system))
	}
	h.conn.Server(hsmsMessage(0xffff, 0, 0, 5, 1<<31))
	h.conn.Client(hsmsMessage(0xffff, 0, 0, 6, 1<<31))
	h.conn.Client(hsmsMessage(0xffff, 0, 0, 9, 9999))
	h.conn.Close()
}

// hsmsReports has values in its reports and traces, and one variable is asked for.
func hsmsReports(h *hsms) {
	report := func(id uint32, values ...[]byte) []byte { return secsList(secsNumber(id), secsList(values...)) }
	words := secsItem(0xa8, 0, 7, 0, 9)
	h.report(6, 11, secsList(secsNumber(1), secsNumber(300), secsList(
		report(5, secsFloat(80.5), secsText("LOT-7"), secsItem(0x70, 0xff, 0xff, 0xff, 0xfe), secsList(secsNumber(1)), words),
		secsList(secsText("Chuck"), secsList(secsItem(0x24, 1))))))
	h.report(6, 13, secsList(secsNumber(1), secsNumber(300), secsList(report(5,
		secsList(secsNumber(1010), secsFloat(81)), secsList(secsText("Door"), secsItem(0x24, 0))))))
	h.report(6, 11, secsList(secsNumber(1), secsNumber(300), secsList(secsNumber(5)))) // a report that is none
	h.report(6, 1, secsList(secsNumber(9), secsNumber(1), secsText("20260101120000"), secsList(secsFloat(1.5), secsNumber(4))))
	h.talk(1, 3, secsList(secsNumber(1010)), secsList(secsFloat(82)))
	h.talk(1, 3, secsList(secsNumber(1011)), secsList(secsText("idle")))
	h.talk(1, 3, secsList(secsNumber(1010), secsNumber(1011)), secsList(secsFloat(82), secsText("idle")))
}

// hsmsMidstream begins in the middle and loses messages.
func hsmsMidstream(n *Net) {
	h := &hsms{net: n, system: 800, conn: n.Midstream(hsmsHost, hsmsEtch, 49342, portHSMS)}
	h.conn.Server(hsmsMessage(0, 2, 42, 0, 800, secsList(secsBinary(2), secsList())...))
	h.conn.Server(hsmsMessage(0, 2, 0, 0, 799))
	h.conn.Server(hsmsMessage(0xffff, 0, 0, 6, 798))
	h.talk(1, 3, secsList(secsNumber(101)), secsList(secsFloat(21.5)))
	h.conn.LoseServer(20)
	h.talk(1, 3, secsList(secsNumber(101)), secsList(secsFloat(21.5)))
	big := secsList(secsText("BIG"), secsItem(0x20, make([]byte, 100000)...))
	h.system++ // of a long answer a part behind its beginning is lost, and then its end with what follows
	h.conn.Client(hsmsMessage(0, 0x80|7, 5, 0, h.system, secsText("BIG")...))
	answer := hsmsMessage(0, 7, 6, 0, h.system, big...)
	h.conn.Server(answer[:2000])
	h.conn.LoseServer(1000)
	h.conn.Server(answer[3000:])
	h.system++
	h.conn.Client(hsmsMessage(0, 0x80|7, 5, 0, h.system, secsText("BIG")...))
	answer = hsmsMessage(0, 7, 6, 0, h.system, big...)
	h.conn.Server(answer[:90000])
	h.conn.LoseServer(20000)
	h.talk(1, 3, secsList(secsNumber(101)), secsList(secsFloat(21.5)))
	h.conn.LoseClient(20)
	h.talk(1, 3, secsList(secsNumber(101)), secsList(secsFloat(21.5)))
	h.conn.Close()
}

// hsmsMalformed breaks each rule once.
func hsmsMalformed(n *Net) {
	h := hsmsDial(n, 49343)
	h.talk(1, 3, []byte{1, 9, 0x41, 1, 'x'}, []byte{0x41, 9, 'x'})
	h.talk(1, 3, []byte{0x40}, []byte{0xfd, 0})
	h.talk(1, 3, secsList(secsNumber(101)), secsList(secsFloat(21.5)))
	h.conn.Client([]byte("this is not HSMS"))
	h.talk(1, 3, secsList(secsNumber(101)), secsList(secsFloat(21.5)))
	h.conn.Server([]byte{0, 0, 0, 10, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0})
	h.talk(1, 3, secsList(secsNumber(101)), secsList(secsFloat(21.5)))
	h.conn.Close()
}
