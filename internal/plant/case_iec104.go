package plant

import (
	"bytes"
	"net/netip"
	"time"
)

// Hosts of the IEC 104 captures.
var (
	iecCentre  = &Host{Name: "centre", MAC: 0x02_00_00_00_0a_10, IP: netip.MustParseAddr("10.10.10.10")}
	iecStation = &Host{Name: "station", MAC: 0x02_00_00_00_0a_20, IP: netip.MustParseAddr("10.10.10.20"), TTL: 64}
)

// Time tags: 7:08:09.500, and with the 2nd of March 2026.
var (
	iecTag24 = []byte{0x1c, 0x25, 0x08}
	iecTag56 = []byte{0x1c, 0x25, 0x08, 0x07, 0x22, 0x03, 0x1a}
)

// iecTalk is a connection with both of its stations.
type iecTalk struct {
	n    *Net
	c    *Conn
	a, b *IEC104 // controlling, controlled
}

func iecDial(n *Net, port, common uint16) iecTalk {
	t := iecTalk{n: n, c: n.Dial(iecCentre, iecStation, port, PortIEC104)}
	t.a, t.b = IECPair(common)
	t.exchange(t.a.Control(IECStart), t.b.Control(IECStartCon))
	return t
}

// exchange sends a request and what answers it.
func (t iecTalk) exchange(request []byte, answers ...[]byte) {
	t.c.Client(request)
	t.n.Wait(2 * time.Millisecond)
	for _, a := range answers {
		t.c.Server(a)
		t.n.Wait(3 * time.Millisecond)
	}
	t.n.Wait(100 * time.Millisecond)
}

// command sends a command that is confirmed and, executed, terminated.
func (t iecTalk) command(kind byte, address uint32, element ...byte) {
	request := t.a.One(kind, IECActivate, address, element...)
	t.exchange(request, t.b.One(kind, IECConfirm, address, element...), t.b.One(kind, IECTerminate, address, element...))
}

// confirm sends a command that is confirmed only.
func (t iecTalk) confirm(kind byte, address uint32, element ...byte) {
	request := t.a.One(kind, IECActivate, address, element...)
	t.exchange(request, t.b.One(kind, IECConfirm, address, element...))
}

func iecJoin(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// iec104Poll interrogates a station again and again, and sets one point.
func iec104Poll(n *Net) {
	t := iecDial(n, 49300, 3)
	for i := range byte(12) {
		request := t.a.One(IECInterrogation, IECActivate, 0, 20)
		answer := iecJoin(t.b.One(IECInterrogation, IECConfirm, 0, 20),
			t.b.Row(IECSinglePoint, IECInterrogated, 100, []byte{i & 1}, []byte{1}, []byte{0}),
			t.b.Each(IECFloat, IECInterrogated, 700, []byte{0, 0, i, 0x42, 0}, []byte{0, 0, 0x80, 0x3f, 0x10}),
			t.b.One(IECInterrogation, IECTerminate, 0, 20))
		t.exchange(request, answer)
		t.c.Client(t.a.Ack())
		request = t.a.One(IECSetNormal, IECActivate, 900, i, 0x40, 0)
		t.exchange(request, iecJoin(t.b.One(IECSetNormal, IECConfirm, 900, i, 0x40, 0), t.b.One(IECSetNormal, IECTerminate, 900, i, 0x40, 0)))
		t.exchange(t.a.Control(IECTest), t.b.Control(IECTestCon))
	}
	t.c.Close()
}

// iec104Monitor tells one value of each type, in a row where types have no time
// tag, and every quality.
func iec104Monitor(n *Net) {
	t := iecDial(n, 49301, 0x0107)
	tell := func(b []byte) {
		t.c.Server(b)
		n.Wait(40 * time.Millisecond)
	}
	tell(t.b.One(IECInitEnd, IECInitialized, 0, 2))
	plain := [][]byte{1: {1}, 3: {2}, 5: {0x7d, 0}, 7: {0xef, 0xbe, 0xad, 0xde, 0}, 9: {0x00, 0xc0, 0}, 11: {0x18, 0xfc, 0},
		13: {0xc3, 0xf5, 0x48, 0x40, 0}, 15: {0x2e, 0xfb, 0xff, 0xff, 0x05}}
	tagged := [...]byte{1: 30, 3: 31, 5: 32, 7: 33, 9: 34, 11: 35, 13: 36, 15: 37}
	for kind := byte(1); kind < 16; kind += 2 {
		e := plain[kind]
		tell(t.b.Row(kind, IECPeriodic, 1000*uint32(kind), e, e, e))
		tell(t.b.Each(kind+1, IECSpontaneous, 2000, iecJoin(e, iecTag24), iecJoin(e, iecTag24)))
		tell(t.b.One(tagged[kind], IECSpontaneous, 3000, iecJoin(e, iecTag56)...))
	}
	tell(t.b.One(17, IECSpontaneous, 4000, iecJoin([]byte{0x0a, 7, 0}, iecTag24)...))
	tell(t.b.One(18, IECSpontaneous, 4001, iecJoin([]byte{0x21, 0x10, 7, 0}, iecTag24)...))
	tell(t.b.One(19, IECSpontaneous, 4002, iecJoin([]byte{0x05, 0, 7, 0}, iecTag24)...))
	tell(t.b.One(20, IECInterrogated, 4003, 0x34, 0x12, 0xff, 0x00, 0x40))
	tell(t.b.Row(21, 2, 4004, []byte{0xff, 0x7f}, []byte{0x01, 0x80}))
	tell(t.b.One(38, IECSpontaneous, 4006, iecJoin([]byte{1, 7, 0}, iecTag56)...))
	tell(t.b.One(39, IECSpontaneous, 4007, iecJoin([]byte{0x3f, 0, 7, 0}, iecTag56)...))
	tell(t.b.One(40, IECSpontaneous, 4008, iecJoin([]byte{0x0f, 0x80, 7, 0}, iecTag56)...))
	tell(t.b.One(41, IECSpontaneous, 4009, iecJoin([]byte{5, 0, 0, 0, 0x81}, iecTag56)...))
	for _, quality := range []byte{0x01, 0x10, 0x20, 0x40, 0x80, 0xf1} {
		tell(t.b.One(IECFloat, IECSpontaneous, 77, 0, 0, 0xc0, 0x7f, quality))
	}
	tell(t.b.One(IECSinglePoint, 11, 78, 0x81)) // returned by a remote command
	tell(t.b.One(81, 14, 0, 0, 0))              // authentication: known by its type only
	tell(t.b.One(200, IECSpontaneous, 1, 2, 3)) // a maker's own
	tell(t.b.Control(IECTest))
	t.c.Client(t.a.Control(IECTestCon))
	t.exchange(t.a.Control(IECStop), t.b.Control(IECStopCon))
	t.c.Close()
}

// iec104Control sends every command: selected, executed and deactivated, to the
// process and to the station.
func iec104Control(n *Net) {
	t := iecDial(n, 49302, 3)
	values := [][]byte{{1}, {2}, {1}, {0, 0x20, 0}, {0x9c, 0xff, 0}, {0, 0, 0x20, 0x41, 0}, {0x0f, 0, 0, 0x80}}
	for i, e := range values {
		kind := byte(45 + i)
		if i < 6 {
			selected := bytes.Clone(e)
			selected[len(e)-1] |= 0x80
			t.confirm(kind, 6000, selected...)
		}
		t.command(kind, 6000, e...)
		t.command(byte(58+i), 6100, iecJoin(e, iecTag56)...)
	}
	request := t.a.One(IECSingleCommand, IECActivate, 6001, 0x81)
	t.exchange(request, t.b.One(IECSingleCommand, IECConfirm, 6001, 0x81))
	request = t.a.One(IECSingleCommand, IECDeactivate, 6001, 0x81)
	t.exchange(request, t.b.One(IECSingleCommand, IECDeactConfirm, 6001, 0x81))
	t.command(IECInterrogation, 0, 21)
	for _, qualifier := range []byte{5, 0x45, 0x85, 0xc1} {
		t.command(IECCounters, 0, qualifier)
	}
	for _, values := range [][]byte{{0, 0, 0x80, 0x3f, 0}, iecJoin([]byte{0, 0, 0x80, 0x3f, 0x80}, iecTag56)} {
		kind := byte(IECFloat)
		if len(values) > 5 {
			kind = IECFloatTagged
		}
		request = t.a.One(IECRead, IECRequest, 700)
		t.exchange(request, t.b.One(kind, IECRequest, 700, values...))
	}
	t.confirm(IECClock, 0, iecTag56...)
	t.confirm(104, 0, 0xaa, 0x55)
	t.confirm(105, 0, 1)
	t.confirm(106, 0, 0x1c, 0x25)
	t.c.Client(t.a.One(106, IECSpontaneous, 0, 0x30, 0))
	t.confirm(107, 0, iecJoin([]byte{1, 0}, iecTag56)...)
	t.confirm(110, 9, 0, 0x20, 1)
	t.confirm(111, 9, 0, 0x20, 2)
	t.confirm(112, 9, 0, 0, 0x20, 0x41, 3)
	t.confirm(113, 9, 3)
	request = t.a.Each(IECSingleCommand, IECActivate, 6010, []byte{1}, []byte{0}, []byte{1}) // one command for three objects
	t.exchange(request, t.b.Each(IECSingleCommand, IECConfirm, 6010, []byte{1}, []byte{0}, []byte{1}))
	t.c.Client(t.a.Row(IECSinglePoint, IECSpontaneous, 8000, []byte{1}, []byte{0})) // told to the station: it is written
	t.exchange(t.a.One(82, 14, 0, 'S', '3', 'c', 'r', '3', 't'))
	t.exchange(t.a.One(140, IECActivate, 1, 2, 3), t.b.One(140, IECConfirm, 1, 2, 3))
	t.c.Close()
}

// iec104Refused refuses commands in each way, leaves some unanswered, and sends
// one to all stations.
func iec104Refused(n *Net) {
	t := iecDial(n, 49303, 3)
	for _, cause := range []byte{IECConfirm | IECNegative, 44 | IECNegative, 45 | IECNegative, 46 | IECNegative, 47 | IECNegative, 47} {
		request := t.a.One(IECSingleCommand, IECActivate, 6000+uint32(cause), 1)
		t.exchange(request, t.b.One(IECSingleCommand, cause, 6000+uint32(cause), 1))
	}
	request := t.a.One(IECSetFloat, IECDeactivate, 6002, 0, 0, 0x20, 0x41, 0)
	t.exchange(request, t.b.One(IECSetFloat, IECDeactConfirm|IECNegative, 6002, 0, 0, 0x20, 0x41, 0))
	request = t.a.One(IECRead, IECRequest, 9999)
	t.exchange(request, t.b.One(IECRead, 47|IECNegative, 9999))
	request = t.a.One(IECSetFloat, IECActivate, 6003, 0, 0, 0x20, 0x41, 0) // confirmed, but not carried out
	t.exchange(request, t.b.One(IECSetFloat, IECConfirm, 6003, 0, 0, 0x20, 0x41, 0), t.b.One(IECSetFloat, IECTerminate|IECNegative, 6003, 0, 0, 0x20, 0x41, 0))
	request = t.a.One(IECSingleCommand, IECActivate, 6004, 0x80) // the select bit does not come back
	t.exchange(request, t.b.One(IECSingleCommand, IECConfirm, 6004, 0))
	request = t.a.One(IECSingleCommand, IECActivate, 6005, 0) // terminated without having been confirmed
	t.exchange(request, t.b.One(IECSingleCommand, IECTerminate, 6005, 0))
	request = t.a.One(99, IECActivate, 0, 1)
	t.exchange(request, t.b.One(99, 44|IECNegative, 0, 1))
	request = t.a.One(IECSinglePoint, IECSpontaneous, 5, 1)
	t.exchange(request, t.b.One(IECSinglePoint, 44|IECNegative, 5, 1))
	t.exchange(t.a.One(IECSingleCommand, IECActivate, 6006, 1)) // no answer
	t.a.Common = 0xffff
	request = t.a.One(IECInterrogation, IECActivate, 0, 20)
	other := *t.b
	other.Common = 4
	t.exchange(request, t.b.One(IECInterrogation, IECConfirm, 0, 20), t.b.One(IECInterrogation, IECTerminate, 0, 20))
	t.c.Close()
}

// iec104Files reads a directory, calls a file, is refused another, and sends one.
func iec104Files(n *Net) {
	t := iecDial(n, 49304, 3)
	const at = 30000
	file := func(s *IEC104, kind, cause byte, element ...byte) []byte {
		return s.One(kind, cause, at, append([]byte{2, 0}, element...)...)
	}
	request := t.a.One(122, IECRequest, 0, 0, 0, 0, 0)
	entry := iecJoin([]byte{2, 0, 12, 0, 0, 0}, iecTag56)
	t.exchange(request, t.b.Row(126, IECRequest, at, entry, entry))
	t.c.Server(t.b.Row(126, IECSpontaneous, at, entry))
	request = file(t.a, 122, IECFile, 0, 1)
	t.exchange(request, file(t.b, 120, IECFile, 12, 0, 0, 0))
	request = file(t.a, 122, IECFile, 0, 2)
	t.exchange(request, file(t.b, 121, IECFile, 1, 12, 0, 0, 0))
	request = file(t.a, 122, IECFile, 1, 6)
	t.exchange(request, file(t.b, 125, IECFile, append([]byte{1, 8}, "waveform"...)...), file(t.b, 125, IECFile, append([]byte{1, 4}, "data"...)...),
		file(t.b, 123, IECFile, 1, 3, 0x5a))
	request = file(t.a, 124, IECFile, 1, 3)
	t.exchange(request, file(t.b, 123, IECFile, 1, 1, 0x5a))
	t.exchange(file(t.a, 124, IECFile, 1, 1))
	request = t.a.One(122, IECFile, at+1, 9, 0, 0, 1)
	t.exchange(request, t.b.One(120, IECFile, at+1, 9, 0, 0, 0, 0, 0x80))
	request = file(t.a, 122, IECFile, 0, 4) // delete
	t.exchange(request, file(t.b, 124, IECFile, 0, 0x42))
	request = t.a.One(127, IECFile, at, iecJoin([]byte{3, 0}, iecTag56, iecTag56)...)
	t.exchange(request, t.b.One(127, 47|IECNegative, at, iecJoin([]byte{3, 0}, iecTag56, iecTag56)...))

	request = file(t.a, 120, IECFile, 6, 0, 0, 0)
	t.exchange(request, file(t.b, 122, IECFile, 0, 2))
	request = file(t.a, 121, IECFile, 1, 6, 0, 0, 0)
	t.exchange(request, file(t.b, 122, IECFile, 1, 6))
	t.c.Client(file(t.a, 125, IECFile, append([]byte{1, 6}, "config"...)...))
	request = file(t.a, 123, IECFile, 1, 3, 0x11)
	t.exchange(request, file(t.b, 124, IECFile, 1, 3))
	request = file(t.a, 123, IECFile, 0, 1, 0x11)
	t.exchange(request, file(t.b, 124, IECFile, 0, 1))
	request = file(t.a, 120, IECFile, 6, 0, 0, 0)
	t.exchange(request, file(t.b, 122, IECFile, 0, 0x12))
	request = file(t.a, 121, IECFile, 1, 6, 0, 0, 0)
	t.exchange(request, file(t.b, 124, IECFile, 1, 4))
	request = file(t.a, 122, IECFile, 0, 2)
	t.exchange(request, file(t.b, 121, IECFile, 1, 6, 0, 0, 0x80))
	request = file(t.a, 122, IECFile, 0, 1)
	t.exchange(request, file(t.b, 122, 47|IECNegative, 0, 1))
	t.c.Close()
}

// iec104Sizes speaks with the field sizes of a serial line; the first frames
// cannot be told from broken ones.
func iec104Sizes(n *Net) {
	t := iecDial(n, 49305, 9)
	t.a.causeSize, t.a.sizes = 1, 12
	t.b.causeSize, t.b.sizes = 1, 12
	for range 4 {
		t.command(IECInterrogation, 0, 20)
	}
	t.c.Server(t.b.Each(IECSinglePoint, IECInterrogated, 11, []byte{1}, []byte{0}))
	t.command(IECSingleCommand, 6000, 1)
	t.c.Close()
}

// iec104Midstream begins in the middle of connections and loses parts of one.
func iec104Midstream(n *Net) {
	a := n.Midstream(iecCentre, iecStation, 49306, 12404) // only the content tells
	x, y := IECPair(3)
	a.Server(y.One(IECFloat, IECPeriodic, 700, 0, 0, 0x80, 0x3f, 0))
	a.Server(y.One(IECSingleCommand, IECConfirm, 6000, 1))
	a.Server(y.One(IECSingleCommand, IECTerminate, 6000, 1))
	a.Server(y.One(IECSetFloat, IECTerminate, 6000, 0, 0, 0x20, 0x41, 0))
	a.Server(y.One(IECFloat, IECRequest, 700, 0, 0, 0x80, 0x3f, 0))
	a.Server(y.Each(IECFloat, IECRequest, 700, []byte{0, 0, 0x80, 0x3f, 0}, []byte{0, 0, 0x80, 0x3f, 0}))
	a.Server(y.One(120, IECFile, 30000, 2, 0, 12, 0, 0, 0))
	a.Server(y.Control(IECTestCon))
	a.Client(x.One(IECInterrogation, IECActivate, 0, 20))

	c := n.Midstream(iecCentre, iecStation, 49311, PortIEC104) // begins with the rest of a frame
	c.Client([]byte{0})
	c.Server(append([]byte{0, 3, 0}, y.One(IECSinglePoint, IECSpontaneous, 5, 1)...))
	c.Client(x.One(IECInterrogation, IECActivate, 0, 20))
	c.Client(x.One(IECInterrogation, IECActivate, 0, 20)) // asked again before the first is done
	for range 2 {
		c.Server(y.One(IECInterrogation, IECConfirm, 0, 20))
		c.Server(y.One(IECInterrogation, IECTerminate, 0, 20))
	}

	t := iecDial(n, 49307, 3)
	for i := range byte(12) {
		request := t.a.One(IECSetNormal, IECActivate, 900, i, 0x40, 0)
		answer := iecJoin(t.b.One(IECSetNormal, IECConfirm, 900, i, 0x40, 0), t.b.One(IECSetNormal, IECTerminate, 900, i, 0x40, 0))
		switch i {
		case 3: // the answer's beginning is lost
			t.c.Client(request)
			t.c.LoseServer(5)
			t.c.Server(answer[5:])
		case 6: // a request is lost
			t.c.LoseClient(len(request))
			t.c.Server(answer)
		case 9: // the end of a request and the beginning of the next
			t.c.Client(request[:7])
			t.c.LoseClient(9)
			t.c.Client(request[4:])
			t.c.Server(answer)
		default:
			t.exchange(request, answer)
		}
	}
	t.c.Close()

	b := n.Dial(iecStation, iecCentre, 49308, PortIEC104) // the station dials: the server controls
	x, y = IECPair(3)
	b.Server(x.Control(IECStart))
	b.Client(y.Control(IECStartCon))
	b.Server(x.One(IECSingleCommand, IECActivate, 6000, 1))
	b.Client(y.One(IECSingleCommand, IECConfirm, 6000, 1))
	b.Client(y.One(IECSinglePoint, IECSpontaneous, 5, 1))
	b.Close()
}

// iec104Malformed breaks one rule after the other: of data first, of framing in a
// connection of its own.
func iec104Malformed(n *Net) {
	t := iecDial(n, 49309, 3)
	t.command(IECSingleCommand, 6000, 1)
	for _, request := range [][]byte{
		t.a.One(IECSingleCommand, IECActivate, 6000),                // no element
		t.a.One(IECSingleCommand, IECActivate, 6000, 1, 2),          // one too many
		t.a.Raw(IECSingleCommand, 2, 6, 0, 3, 0, 1, 0, 0, 1),        // two announced
		t.a.Raw(IECSingleCommand, 0, 6, 0, 3, 0),                    // none announced
		t.a.Raw(IECSingleCommand, 1, 6, 0, 0, 0, 1, 0, 0, 1),        // address 0
		t.a.Raw(IECSingleCommand, 1, 0, 0, 3, 0, 1, 0, 0, 1),        // cause 0
		t.a.Raw(IECSingleCommand, 1, 3, 0, 3, 0, 1, 0, 0, 1),        // a command nobody asks for
		t.a.Raw(IECSingleCommand, 1, 6),                             // ends in its header
		t.a.Raw(IECSingleCommand, 0x83, 6, 0, 3, 0, 1, 0, 0, 1),     // a row of three
		t.a.Raw(IECSingleCommand, 0x81, 6, 0, 3, 0, 1),              // a row without an address
		t.a.Raw(IECRead, 0x82, 5, 0, 3, 0, 1, 0, 0),                 // a row of reads
		t.a.Raw(122, 1, 13, 0, 3, 0, 1, 0, 0, 2),                    // half a call
		t.a.Raw(125, 1, 13, 0, 3, 0, 1, 0, 0, 2, 0),                 // half a segment
		{0x68, 5, 1, 0, 0, 0, 0},                                    // an acknowledgement with more
		{0x68, 4, 0x0f, 0, 0, 0},                                    // two functions at once
		{0x68, 4, IECTest, 1, 0, 0},                                 // octets that must be zero
		append([]byte{0x68, 255, 0, 0, 0, 0}, make([]byte, 251)...), // too long
	} {
		t.c.Client(request)
		n.Wait(20 * time.Millisecond)
	}
	t.a.sent += 7
	t.c.Client(t.a.One(IECSingleCommand, IECActivate, 6000, 1)) // frames are missing, bytes are not
	t.c.Close()

	u := iecDial(n, 49310, 3)
	u.command(IECSingleCommand, 6000, 1)
	u.c.Client([]byte("this is no frame"))
	u.command(IECSingleCommand, 6000, 0)
	u.c.Client([]byte{0x68, 3, 1, 0, 0})
	u.command(IECSingleCommand, 6000, 1)
	u.c.Reset()
}
