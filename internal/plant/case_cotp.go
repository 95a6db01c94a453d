package plant

import (
	"net/netip"
	"time"
)

// Hosts of the COTP and S7 captures.
var (
	s7HMI  = &Host{Name: "hmi", MAC: 0x02_00_00_00_03_10, IP: netip.MustParseAddr("10.10.3.10")}
	s7PLC  = &Host{Name: "plc", MAC: 0x02_00_00_00_03_20, IP: netip.MustParseAddr("10.10.3.20"), TTL: 30}
	s7Tool = &Host{Name: "engineering", MAC: 0x02_00_00_00_03_30, IP: netip.MustParseAddr("10.10.3.30"), TTL: 128}
)

// talk sends a request and its answer a moment apart; nil sends nothing.
func s7Talk(n *Net, c *Conn, request, answer []byte) {
	if request != nil {
		c.Client(request)
		n.Wait(3 * time.Millisecond)
	}
	if answer != nil {
		c.Server(answer)
	}
	n.Wait(50 * time.Millisecond)
}

// tpkt wraps a TPDU.
func tpkt(tpdu ...byte) []byte {
	n := 4 + len(tpdu)
	return append([]byte{3, 0, byte(n >> 8), byte(n)}, tpdu...)
}

// cotpData wraps the last, or only, part of a message; cotpPart one that is followed by more.
func cotpData(b ...byte) []byte { return tpkt(append([]byte{2, 0xf0, 0x80}, b...)...) }

func cotpPart(b ...byte) []byte { return tpkt(append([]byte{2, 0xf0, 0x00}, b...)...) }

// cotpInParts is a message of one data TPDU over several: bytes so many each, what is
// left in the last.
func cotpInParts(message []byte, sizes ...int) (b []byte) {
	data := message[7:]
	for _, n := range sizes {
		b, data = append(b, cotpPart(data[:n]...)...), data[n:]
	}
	return append(b, cotpData(data...)...)
}

// sessionConnect begins an ISO session that carries MMS; the rest means nothing.
func sessionConnect(kind byte) []byte {
	return cotpData(kind, 12, 5, 6, 0x13, 1, 0, 0x16, 1, 2, 0x14, 2, 0, 2)
}

func mmsData(b byte) []byte { return cotpData(1, 0, 1, 0, 0x61, 5, 0x30, 3, 2, 1, b) }

// cotpSessions shows who carries on: S7, S7-plus, MMS, nobody.
func cotpSessions(n *Net) {
	c := n.Dial(s7HMI, s7PLC, 49152, PortTPKT)
	s7Talk(n, c, COTPConnect(nil, 1, 2, 1, 3), COTPConfirm(nil, 1, 2, 1, 3))
	s7Talk(n, c, S7{1}.Setup(nil, 480), S7{1}.SetupAnswer(nil, 240))
	c.Close()

	// No controller in the slot: the transport address is unknown.
	c = n.Dial(s7HMI, s7PLC, 49153, PortTPKT)
	s7Talk(n, c, COTPConnect(nil, 2, 1, 0, 31), tpkt(6, 0x80, 0, 2, 0, 0, 3))
	c.Close()

	// The selector of a newer controller; its protocol has keep-alives.
	c = n.Dial(s7HMI, s7PLC, 49154, PortTPKT)
	name := []byte("SIMATIC-ROOT-HMI")
	s7Talk(n, c, appendCOTP(nil, 0xe0, 0, 3, append([]byte{0xc0, 1, 10, 0xc1, 2, 6, 0, 0xc2, byte(len(name))}, name...)...),
		appendCOTP(nil, 0xd0, 3, 9, append([]byte{0xc0, 1, 10, 0xc1, 2, 6, 0, 0xc2, byte(len(name))}, name...)...))
	s7Talk(n, c, cotpPart(), nil)
	plus := &s7Plus{version: 1, session: 288}
	s7Talk(n, c, cotpData(1, 2, 3, 4), cotpData(5, 6, 7)) // nobody's
	for range 3 {
		s7Talk(n, c, plus.ask(plusExplore, plusLong(1), []byte{0, 1, 1, 0, 0, 0}), plus.answer(plusExplore, []byte{0}, plusLong(1)))
		s7Talk(n, c, cotpPart(), cotpPart())
	}
	s7Talk(n, c, tpkt(6, 0x80, 0, 9, 0, 3, 128), nil)
	c.Close()

	// The same under TLS, of which the request for it was missed.
	c = n.Dial(s7HMI, s7PLC, 49156, PortTPKT)
	s7Talk(n, c, appendCOTP(nil, 0xe0, 0, 6, append([]byte{0xc0, 1, 10, 0xc1, 2, 6, 0, 0xc2, byte(len(name))}, name...)...),
		appendCOTP(nil, 0xd0, 6, 10, append([]byte{0xc0, 1, 10, 0xc1, 2, 6, 0, 0xc2, byte(len(name))}, name...)...))
	for range 3 {
		s7Talk(n, c, cotpData(23, 3, 3, 0, 2, 0xaa, 0xbb), cotpData(23, 3, 3, 0, 3, 0xcc, 0xdd, 0xee))
	}
	c.Close()

	// MMS, refused at first by a TPDU that says where the request is wrong.
	c = n.Dial(s7Tool, s7PLC, 49155, PortTPKT)
	s7Talk(n, c, appendCOTP(nil, 0xe0, 0, 4, 0xc0, 1, 13, 0xc2, 2, 0, 1), tpkt(4, 0x70, 0, 4, 2))
	s7Talk(n, c, appendCOTP(nil, 0xe0, 0, 5, 0xc0, 1, 10, 0xc2, 2, 0, 1), appendCOTP(nil, 0xd0, 5, 7, 0xc0, 1, 10, 0xc2, 2, 0, 1))
	s7Talk(n, c, sessionConnect(0x0d), sessionConnect(0x0e))
	for i := range byte(3) {
		s7Talk(n, c, mmsData(i), mmsData(i))
	}
	c.Close()
}

// cotpMidstream begins inside connections whose inner protocol has no parser,
// and with an answer whose request was before the capture.
func cotpMidstream(n *Net) {
	c := n.Midstream(s7Tool, s7PLC, 49160, PortTPKT)
	s7Talk(n, c, nil, mmsData(7))
	s7Talk(n, c, mmsData(8), mmsData(8))
	c.Close()
	c = n.Midstream(s7HMI, s7PLC, 49161, PortTPKT)
	s7Talk(n, c, cotpPart(), nil)
	s7Talk(n, c, sessionConnect(0x0d), sessionConnect(0x0e))
	c.Close()
	c = n.Midstream(s7HMI, s7PLC, 49162, PortTPKT)
	s7Talk(n, c, nil, COTPConfirm(nil, 6, 2, 0, 2))
	s7Talk(n, c, S7{6}.Setup(nil, 480), S7{6}.SetupAnswer(nil, 240))
	c.Close()
}

// cotpMalformed breaks the rules: lengths inside a packet, a class that RFC 1006
// does not have, bytes that are no packet.
func cotpMalformed(n *Net) {
	c := n.Dial(s7HMI, s7PLC, 49170, PortTPKT)
	s7Talk(n, c, COTPConnect(nil, 1, 2, 0, 2), COTPConfirm(nil, 1, 2, 0, 2))
	s7Talk(n, c, tpkt(200, 0xe0, 0, 0, 0, 1, 0), nil)
	s7Talk(n, c, tpkt(8, 0xe0, 0, 0, 0, 1, 0, 0xc2, 9), nil)
	s7Talk(n, c, tpkt(4, 0xf0, 0, 0, 0x80, 0x32, 1), nil)
	s7Talk(n, c, tpkt(2, 0x90, 0), nil)
	s7Talk(n, c, []byte("GET / HTTP/1.0\r\n\r\n"), nil)
	s7Talk(n, c, COTPConnect(nil, 2, 2, 0, 2), COTPConfirm(nil, 2, 2, 0, 2))
	c.Close()
}
