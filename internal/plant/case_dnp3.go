package plant

import (
	"encoding/binary"
	"math"
	"net/netip"
	"slices"
	"time"
)

// Hosts of the DNP3 captures.
var (
	dnp3Center  = &Host{Name: "scada", MAC: 0x02_00_00_00_07_10, IP: netip.MustParseAddr("10.10.7.10")}
	dnp3Station = &Host{Name: "rtu", MAC: 0x02_00_00_00_07_20, IP: netip.MustParseAddr("10.10.7.20"), TTL: 128}
)

// dnp3Pair is a master and an outstation over one connection, or over datagrams.
type dnp3Pair struct {
	net     *Net
	conn    *Conn
	master  DNP3
	station DNP3
}

func dnp3Stations(n *Net) *dnp3Pair {
	return &dnp3Pair{net: n, master: DNP3{From: 1, To: 10, Master: true, Sequence: 3}, station: DNP3{From: 10, To: 1, Transport: 40}}
}

func dnp3Dial(n *Net, port uint16) *dnp3Pair {
	p := dnp3Stations(n)
	p.conn = n.Dial(dnp3Center, dnp3Station, port, PortDNP3)
	return p
}

// say and reply send from the master and from the outstation.
func (p *dnp3Pair) say(b []byte) {
	if p.conn != nil {
		p.conn.Client(b)
	} else {
		p.net.UDP(dnp3Center, dnp3Station, PortDNP3, PortDNP3, b)
	}
	p.net.Wait(4 * time.Millisecond)
}

func (p *dnp3Pair) reply(b []byte) {
	if p.conn != nil {
		p.conn.Server(b)
	} else {
		p.net.UDP(dnp3Station, dnp3Center, PortDNP3, PortDNP3, b)
	}
	p.net.Wait(60 * time.Millisecond)
}

// ask sends a request and its response, which has no errors.
func (p *dnp3Pair) ask(function byte, objects []byte, answer ...byte) {
	p.refuse(function, objects, 0, answer...)
}

// refuse is ask with internal indications.
func (p *dnp3Pair) refuse(function byte, objects []byte, indications uint16, answer ...byte) {
	p.say(p.master.Ask(nil, function, objects...))
	p.reply(p.station.Answer(nil, p.master.Sequence, indications, answer...))
}

// report is an unsolicited response and its confirmation.
func (p *dnp3Pair) report(sequence byte, objects ...byte) {
	p.reply(p.station.Report(nil, sequence, 0, objects...))
	p.say(p.master.Fragment(nil, 0xd0|sequence, DNP3Confirm))
}

// dnp3Sized puts an object behind a header that tells its size.
func dnp3Sized(group, variation byte, object ...byte) []byte {
	return append([]byte{group, variation, 0x5b, 1, byte(len(object)), byte(len(object) >> 8)}, object...)
}

func dnp3Join(parts ...[]byte) []byte { return slices.Concat(parts...) }

// dnp3Real is a number with flags before it.
func dnp3Real(flags byte, x float32) []byte {
	return binary.LittleEndian.AppendUint32([]byte{flags}, math.Float32bits(x))
}

// dnp3Poll polls classes and a few points again and again, and sets one.
func dnp3Poll(n *Net) {
	p := dnp3Dial(n, 49400)
	for i := range byte(12) {
		p.ask(DNP3Read, []byte{60, 2, 6, 60, 3, 6, 60, 4, 6, 60, 1, 6}, dnp3Join(
			[]byte{1, 1, 0, 0, 9, 0x55, 1}, []byte{10, 2, 0, 0, 1, 0x81, 1}, []byte{20, 2, 0, 0, 1, 1, i, 0, 1, 7, 0},
			[]byte{30, 1, 0, 3, 4, 1, i, 2, 0, 0, 1, 0xff, 0xff, 0xff, 0xff}, []byte{40, 3, 0, 0, 0}, dnp3Real(1, 50),
		)...)
		p.ask(DNP3Read, []byte{30, 5, 0, 8, 8}, dnp3Join([]byte{30, 5, 0, 8, 8}, dnp3Real(1, 20+float32(i)/2))...)
		p.ask(DNP3Read, []byte{1, 2, 1, 0, 1, 3, 1}, 1, 2, 1, 0, 1, 3, 1, 0x81, 1, 0x81, 1+0x80*(i&1))
		set := dnp3Join([]byte{41, 3, 0x28, 1, 0, 2, 0}, dnp3Real(0, 60+float32(i%3))[1:], []byte{0})
		p.ask(DNP3Direct, set, set...)
		if i%4 == 3 {
			p.report(i&15, dnp3Join([]byte{2, 2, 0x28, 1, 0, 7, 0, 0x81, 1, 2, 3, 4, 5, 6})...)
		}
	}
	p.conn.Close()
}

// dnp3Points shows every group and encoding of points: static, events, by range,
// by index, packed, with and without flags.
func dnp3Points(n *Net) {
	p := dnp3Dial(n, 49401)
	stamp := []byte{0x40, 0x1f, 0x2e, 0x9b, 0x9c, 1}
	static := [][]byte{
		{3, 1, 0, 0, 4, 0b11100100, 0b01}, {3, 2, 0, 0, 1, 0x41, 0x81}, {10, 1, 0, 0, 2, 0b101}, {10, 2, 0, 5, 5, 0x01},
		{20, 1, 0, 0, 0, 1, 1, 2, 3, 4}, {20, 5, 0, 1, 2, 9, 0, 0, 0, 8, 0, 0, 0}, {20, 6, 1, 3, 0, 4, 0, 9, 0, 8, 1},
		{21, 1, 0, 0, 0, 1, 5, 0, 0, 0}, dnp3Join([]byte{21, 5, 0, 0, 0, 1, 5, 0, 0, 0}, stamp), {21, 9, 0, 0, 0, 7, 0, 0, 0}, {21, 10, 0, 0, 0, 7, 0},
		{30, 2, 2, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0x10, 0xfe, 1, 2, 0}, {30, 3, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, {30, 4, 0, 0, 1, 1, 0, 0xff, 0xff},
		{30, 6, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f}, {31, 1, 0, 0, 0, 1, 1, 0, 0, 0}, {34, 1, 0, 0, 0, 5, 0}, dnp3Join([]byte{34, 3, 0, 0, 0}, dnp3Real(0, 2)[1:]),
		{40, 1, 0, 0, 0, 1, 1, 0, 0, 0}, {40, 2, 0, 0, 0, 1, 1, 0}, {102, 1, 0, 0, 1, 7, 8}, {110, 3, 0, 4, 4, 'a', 'b', 'c'}, {80, 1, 0, 0, 15, 0x80, 0},
		{121, 1, 0, 0, 0, 1, 0, 0, 9, 0, 0, 0}, {101, 1, 0, 0, 0, 0x12, 0x34},
	}
	for _, s := range static {
		head := s[:5]
		switch s[2] {
		case 1:
			head = s[:7]
		case 2:
			head = s[:11]
		}
		p.ask(DNP3Read, head, s...)
	}
	events := [][]byte{
		{2, 1, 0x17, 2, 3, 0x81, 9, 0x01}, {2, 3, 0x17, 1, 3, 0x81, 5, 0}, dnp3Join([]byte{4, 2, 0x17, 1, 2, 0xc1}, stamp), {11, 1, 0x17, 1, 4, 0x81},
		dnp3Join([]byte{11, 2, 0x17, 1, 4, 0x81}, stamp), {13, 1, 0x17, 1, 4, 0x80}, dnp3Join([]byte{43, 4, 0x17, 1, 4, 0, 5, 0}, stamp),
		{22, 1, 0x28, 1, 0, 0, 0, 1, 1, 0, 0, 0}, dnp3Join([]byte{23, 5, 0x28, 1, 0, 0, 0, 1, 1, 0, 0, 0}, stamp), {32, 1, 0x39, 1, 0, 0, 0, 4, 0, 1, 0, 1, 0xfe, 0xff, 0xff, 0xff},
		{32, 2, 0x28, 2, 0, 4, 0, 1, 100, 0, 5, 0, 0x21, 200, 0}, dnp3Join([]byte{32, 7, 0x28, 1, 0, 4, 0}, dnp3Real(1, 3.5), stamp), {33, 1, 0x17, 1, 4, 1, 0, 0, 0, 0},
		dnp3Join([]byte{42, 7, 0x17, 1, 4}, dnp3Real(1, 9), stamp), {111, 2, 0x17, 1, 4, 'o', 'k'}, {113, 7, 0x17, 1, 0, 'h', 'u', 'n', 't', 'e', 'r', '2'},
	}
	p.ask(DNP3Read, []byte{2, 0, 6, 4, 0, 6, 22, 0, 7, 5, 32, 0, 8, 100, 0, 111, 0, 6}, dnp3Join(events...)...)
	p.report(2, dnp3Join(append([][]byte{dnp3Join([]byte{51, 1, 7, 1}, stamp)}, events...)...)...)
	p.ask(DNP3Read, []byte{30, 0, 6, 20, 2, 6, 1, 0, 0x17, 2, 4, 9}, 1, 1, 0, 4, 4, 1, 1, 2, 0x17, 1, 9, 0x01, 30, 4, 0, 0, 0, 1, 0)
	p.ask(DNP3Read, []byte{50, 1, 7, 1}, dnp3Join([]byte{50, 1, 7, 1}, stamp)...)
	p.ask(DNP3Read, []byte{60, 2, 7, 5, 60, 3, 8, 100, 0, 60, 4, 6}, 2, 1, 0x17, 1, 3, 0x81) // no more events than so many
	p.ask(DNP3Read, []byte{30, 4, 7, 2, 1, 2, 8, 1, 0}, 30, 4, 0, 0, 1, 1, 0, 2, 0, 1, 2, 0, 0, 0, 0x81)
	p.conn.Close()
}

// dnp3Controls selects, operates, freezes, restarts and sets up.
func dnp3Controls(n *Net) {
	p := dnp3Dial(n, 49402)
	relay := func(code, status byte) []byte { return DNP3Relay([]byte{12, 1, 0x17, 1, 3}, code, 1, 500, 100, status) }
	p.ask(DNP3Select, relay(0x41, 0), relay(0x41, 0)...)
	p.ask(DNP3Operate, relay(0x41, 0), relay(0x41, 0)...)
	p.ask(DNP3Direct, relay(3, 0), relay(3, 4)...)
	p.refuse(DNP3Operate, relay(0x81, 0), 4, relay(0x81, 2)...)
	two := func(s1, s2 byte) []byte {
		b := DNP3Relay([]byte{12, 1, 0x28, 2, 0, 0, 0}, 3, 1, 0, 0, s1)
		b = DNP3Relay(append(b, 1, 0), 4, 1, 0, 0, s2)
		return append(b, 41, 2, 0x28, 1, 0, 2, 0, 100, 0, s2)
	}
	p.ask(DNP3Direct, two(0, 0), two(0, 126)...)
	p.refuse(DNP3Direct, two(0, 0), 2)
	for variation, value := range [][]byte{{1, 2, 3, 4}, {5, 6}, {0, 0, 0x80, 0x3f}, {0, 0, 0, 0, 0, 0, 0xf0, 0x3f}} {
		b := dnp3Join([]byte{41, byte(variation + 1), 0x17, 1, 9}, value, []byte{0})
		p.ask(DNP3Direct, b, b...)
	}
	p.say(p.master.Ask(nil, 6, relay(3, 0)...))
	p.ask(DNP3Direct, DNP3Relay(DNP3Relay([]byte{12, 1, 0, 5, 6}, 3, 1, 0, 0, 0), 3, 1, 0, 0, 0), DNP3Relay(DNP3Relay([]byte{12, 1, 0, 5, 6}, 3, 1, 0, 0, 0), 3, 1, 0, 0, 77)...)
	p.ask(DNP3Write, []byte{80, 1, 0, 7, 7, 0})
	p.ask(DNP3Write, []byte{50, 1, 7, 1, 1, 2, 3, 4, 5, 6})
	p.ask(DNP3Write, []byte{34, 1, 0, 3, 4, 10, 0, 20, 0})
	p.ask(DNP3Write, []byte{10, 1, 0, 0, 3, 0b1010})
	p.ask(DNP3Write, []byte{110, 2, 0, 0, 0, 'h', 'i'})
	p.ask(DNP3Write, dnp3Join([]byte{112, 6, 0x17, 1, 0}, []byte("S3cr3t")))
	for function := byte(7); function <= 10; function++ {
		if b := []byte{20, 0, 6}; function%2 == 1 {
			p.ask(function, b)
		} else {
			p.say(p.master.Ask(nil, function, b...))
		}
	}
	p.ask(11, []byte{50, 2, 7, 1, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 20, 0, 0, 1, 2})
	p.ask(DNP3ColdRestart, nil, 52, 1, 7, 1, 30, 0)
	p.ask(14, nil, 52, 2, 7, 1, 0x88, 0x13)
	p.ask(23, nil, 52, 2, 7, 1, 4, 0)
	p.ask(24, nil)
	p.ask(20, []byte{60, 2, 6, 60, 3, 6, 60, 4, 6})
	p.ask(21, []byte{60, 2, 6})
	p.ask(22, []byte{60, 2, 6, 1, 0, 6, 30, 0, 0, 0, 3, 60, 1, 6, 20, 0, 0x17, 1, 4})
	p.ask(18, dnp3Sized(90, 1, []byte("logic")...))
	p.refuse(31, dnp3Sized(70, 8, []byte("new.cfg")...), 0x10)
	p.refuse(0x70, nil, 1)
	p.refuse(19, []byte{60, 1, 6}, 1)
	p.reply(p.station.Report(nil, 0, 0x8000))
	p.master.To = 0xffff
	p.say(p.master.Ask(nil, DNP3Write, 50, 1, 7, 1, 1, 2, 3, 4, 5, 6))
	p.conn.Close()
}

// dnp3File is a file command: name, mode, request.
func dnp3File(name string, mode, request byte) []byte {
	b := []byte{26, 0, byte(len(name)), 0, 0, 0, 0, 0, 0, 0, 0xff, 1, 0, 0, 0, 0, 0, 1, 0, 0, mode, 0, 0, 4, request, 0}
	return dnp3Sized(70, 3, append(b, name...)...)
}

// dnp3Files says what the device is, moves files, and authenticates.
func dnp3Files(n *Net) {
	p := dnp3Dial(n, 49403)
	attribute := func(variation byte, text string) []byte {
		return append([]byte{0, variation, 0, 0, 0, 1, byte(len(text))}, text...)
	}
	p.ask(DNP3Read, []byte{0, 252, 0, 0, 0}, attribute(252, "Seven Hills Automation")...)
	p.ask(DNP3Read, []byte{0, 254, 0, 0, 0}, dnp3Join(attribute(242, "2.14"), attribute(243, "C"), attribute(245, "Pump house 3"), attribute(247, "RTU-17"),
		attribute(248, "SH-004711"), attribute(250, "Outpost 300"), []byte{0, 240, 0, 0, 0, 2, 2, 0, 8})...)
	handle := []byte{0x78, 0x56, 0x34, 0x12}
	opened := func(status byte) []byte {
		return dnp3Sized(70, 4, dnp3Join(handle, []byte{0, 2, 0, 0, 0, 4, 7, 0, status})...)
	}
	block := func(number uint32, content ...byte) []byte {
		return dnp3Sized(70, 5, append(binary.LittleEndian.AppendUint32(slices.Clone(handle), number), content...)...)
	}
	moved := func(number uint32, status byte) []byte {
		return dnp3Sized(70, 6, append(binary.LittleEndian.AppendUint32(slices.Clone(handle), number), status)...)
	}
	login := func(user, password string, key byte) []byte {
		b := []byte{12, 0, byte(len(user)), 0, byte(12 + len(user)), 0, byte(len(password)), 0, key, 0, 0, 0}
		return dnp3Sized(70, 2, append(append(b, user...), password...)...)
	}
	const last = 1 << 31
	p.ask(29, login("operator", "S3cr3t", 0), login("", "", 9)...)
	p.ask(29, login("operator", "hunter2", 0), login("", "", 0)...)
	p.ask(25, dnp3File("logic/config.xml", 1, 7), opened(0)...)
	p.ask(DNP3Read, block(0), block(0, make([]byte, 1100)...)...) // in five segments
	p.ask(DNP3Read, block(1), block(last|1, 1, 2, 3)...)
	p.ask(26, opened(0), opened(0)...)
	p.ask(25, dnp3File("logic/config.xml", 2, 8), opened(0)...)
	p.ask(DNP3Write, block(0, make([]byte, 600)...), moved(0, 0)...)
	p.ask(DNP3Write, block(last|1, 9, 9), moved(last|1, 0)...)
	p.ask(26, opened(0), opened(0)...)
	p.ask(25, dnp3File("firmware.bin", 2, 9), opened(0)...)
	p.ask(DNP3Write, block(0, 1, 2, 3, 4), moved(0, 19)...)
	p.ask(30, opened(0), opened(0)...)
	p.ask(25, dnp3File("secret.txt", 1, 10), opened(1)...)
	p.ask(27, dnp3File("old.log", 0, 11), opened(3)...)
	info := dnp3Sized(70, 7, append([]byte{20, 0, 7, 0, 1, 0, 9, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 12, 0}, "old.log"...)...)
	p.ask(28, info, info...)
	p.ask(DNP3Read, dnp3Sized(70, 5, 1, 2, 3, 4, 0, 0, 0, 0), dnp3Sized(70, 6, 1, 2, 3, 4, 0, 0, 0, 0, 6)...)
	// Secure authentication: a command that is challenged, one that brings its
	// proof, and keys.
	relay := DNP3Relay([]byte{12, 1, 0x17, 1, 3}, 3, 1, 0, 0, 0)
	p.say(p.master.Ask(nil, DNP3Direct, relay...))
	p.reply(p.station.Fragment(nil, dnp3Join([]byte{0xc0 | p.master.Sequence, 131, 0, 0}, dnp3Sized(120, 1, 1, 0, 0, 0, 1, 0, 4, 1, 7, 7, 7, 7))...))
	p.say(p.master.Fragment(nil, dnp3Join([]byte{0xc0 | p.master.Sequence, 32}, dnp3Sized(120, 2, 1, 0, 0, 0, 1, 0, 8, 8, 8, 8))...))
	p.reply(p.station.Answer(nil, p.master.Sequence, 0, relay...))
	p.say(p.master.Ask(nil, 32, 120, 4, 7, 1, 1, 0))
	p.reply(p.station.Fragment(nil, dnp3Join([]byte{0xc0 | p.master.Sequence, 131, 0, 0}, dnp3Sized(120, 5, 1, 0, 0, 0, 1, 0, 2, 1, 1, 4, 0))...))
	p.ask(DNP3Direct, dnp3Join([]byte{120, 3, 7, 1, 2, 0, 0, 0, 1, 0}, relay, dnp3Sized(120, 9, 5, 5, 5, 5)), relay...)
	p.say(p.master.Ask(nil, 33, dnp3Sized(120, 7, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0)...))
	p.conn.Close()
}

// dnp3Links asks for link services, confirms, and sends what comes in several
// frames and fragments.
func dnp3Links(n *Net) {
	p := dnp3Dial(n, 49404)
	for _, f := range []byte{0, 1, 2, dnp3Status} {
		p.say(p.master.Link(nil, dnp3Primary|f))
		p.reply(p.station.Link(nil, map[byte]byte{0: 0, 1: 15, 2: 1, dnp3Status: 11}[f]))
	}
	p.say(p.master.Link(nil, dnp3Primary|2))
	p.reply(p.station.Link(nil, 14))
	p.reply(p.station.Link(nil, dnp3Primary|dnp3Status)) // the outstation asks, too
	p.say(p.master.Link(nil, 11))
	confirmed := p.master.Link(nil, dnp3Primary|0x30|3, 0xc7, 0xc9, DNP3Read, 60, 1, 6)
	p.say(confirmed)
	p.reply(p.station.Link(nil, 0))
	// A response in two fragments, the second one in three segments, confirmed each.
	p.reply(p.station.Fragment(nil, 0xa9, DNP3Response, 0, 0, 1, 1, 0, 0, 7, 0xff))
	p.say(p.master.Fragment(nil, 0xc9, DNP3Confirm))
	big := append([]byte{0x6a, DNP3Response, 0, 0, 30, 1, 1, 0, 0, 120, 0}, make([]byte, 5*121)...)
	for i := range 121 {
		big[11+5*i], big[12+5*i] = 1, byte(i)
	}
	p.reply(p.station.Fragment(nil, big...))
	p.say(p.master.Fragment(nil, 0xca, DNP3Confirm))
	// A command of more frames than one, and several requests in one segment.
	many := []byte{12, 1, 0x28, 30, 0}
	for i := range byte(30) {
		many = DNP3Relay(append(many, i, 0), 3, 1, 100, 100, 0)
	}
	p.ask(DNP3Direct, many, many...)
	both := p.master.Ask(p.master.Ask(nil, DNP3Read, 1, 1, 0, 0, 7), DNP3Read, 30, 4, 0, 0, 0)
	p.say(both)
	p.reply(p.station.Answer(p.station.Answer(nil, p.master.Sequence-1, 0, 1, 1, 0, 0, 7, 9), p.master.Sequence, 0, 30, 4, 0, 0, 0, 1, 0))
	// A wide range: told in pieces.
	wide := append([]byte{3, 1, 1, 0, 0, 0xaf, 4}, make([]byte, 300)...)
	p.ask(DNP3Read, wide[:7], wide...)
	p.conn.Close()
}

// dnp3Datagrams polls over UDP: a response in two datagrams, and reports.
func dnp3Datagrams(n *Net) {
	p := dnp3Stations(n)
	for i := range byte(4) {
		p.ask(DNP3Read, []byte{60, 1, 6}, 1, 1, 0, 0, 7, i)
		p.say(p.master.Ask(nil, DNP3Read, 30, 0, 6))
		content := append([]byte{0xc0 | p.master.Sequence, DNP3Response, 0, 0, 30, 2, 0, 0, 99}, make([]byte, 300)...)
		for k := range 100 {
			content[9+3*k], content[10+3*k] = 1, i
		}
		p.reply(p.station.Segment(nil, 0x40, content[:dnp3Segment]...))
		p.reply(p.station.Segment(nil, 0x80, content[dnp3Segment:]...))
		p.report(i, 2, 1, 0x17, 1, 3, 0x81)
	}
}

// dnp3Midstream begins in the middle and loses segments.
func dnp3Midstream(n *Net) {
	p := dnp3Stations(n)
	p.conn = n.Midstream(dnp3Center, dnp3Station, 49405, PortDNP3)
	relay := DNP3Relay([]byte{12, 1, 0x17, 1, 3}, 3, 1, 0, 0, 0)
	p.reply(p.station.Segment(nil, 0x80, 1, 2, 3)) // the end of a fragment
	p.reply(p.station.Answer(nil, 1, 0, 1, 1, 0, 0, 7, 5))
	p.reply(p.station.Answer(nil, 2, 0, relay...))
	p.reply(p.station.Answer(nil, 3, 4, dnp3Join(relay[:3], []byte{2}, relay[4:], []byte{4}, relay[5:15], []byte{7}, []byte{41, 2, 0x17, 1, 4, 5, 0, 0})...))
	p.reply(p.station.Answer(nil, 4, 2))
	p.reply(p.station.Link(nil, 11))
	q := dnp3Dial(n, 49406)
	for i := range byte(14) {
		request := q.master.Ask(nil, DNP3Read, 30, 4, 0, i, i)
		answer := q.station.Answer(nil, q.master.Sequence, 0, 30, 4, 0, i, i, i, 1)
		switch i {
		case 3: // the answer's beginning is lost
			q.say(request)
			q.conn.LoseServer(12)
			q.reply(answer[12:])
		case 6: // a request is lost
			q.conn.LoseClient(len(request))
			q.reply(answer)
		case 9: // the end of a request and the beginning of the next
			q.conn.Client(request[:8])
			q.conn.LoseClient(len(request))
			q.say(request[8:])
			q.reply(answer)
		case 11: // no answer comes
			q.say(request)
		default:
			q.say(request)
			q.reply(answer)
		}
	}
	q.conn.Close()
}

// dnp3Malformed breaks each rule once.
func dnp3Malformed(n *Net) {
	p := dnp3Dial(n, 49407)
	p.ask(DNP3Read, []byte{60, 1, 6}, 1, 1, 0, 0, 7, 1)
	for _, objects := range [][]byte{
		{30}, {30, 1, 0, 5}, {30, 1, 0, 9, 5}, {30, 1, 0x0a, 1}, {30, 1, 0x70}, {30, 1, 0x16}, {60, 1, 6, 30}, {20, 0, 0x17, 4, 1, 2},
	} {
		p.refuse(DNP3Read, objects, 4)
	}
	for _, objects := range [][]byte{
		{12, 1, 0x17, 2, 3, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {12, 9, 0x17, 1, 3, 1}, {12, 9, 7, 1, 3, 1}, {41, 1, 0x28, 1, 0, 3}, {99, 1, 0x17, 1, 3, 0},
		{34, 1, 0, 0, 200, 1, 2}, {85, 1, 0, 0, 0, 1}, {0, 245, 0, 0, 0, 1}, {0, 245, 0, 0, 0, 1, 9, 'x'},
	} {
		p.refuse(DNP3Write, objects, 4)
	}
	relay := DNP3Relay([]byte{12, 1, 0x17, 1, 3}, 3, 1, 0, 0, 0)
	other := DNP3Relay([]byte{12, 1, 0x17, 1, 4}, 3, 1, 0, 0, 0)
	p.ask(DNP3Direct, relay, other...)
	p.ask(DNP3Direct, relay, append(slices.Clone(relay), relay...)...)
	p.ask(25, dnp3Sized(70, 3, 26, 0, 200, 0), dnp3Sized(70, 4, 1, 2)...)
	p.ask(29, dnp3Sized(70, 2, 12, 0, 200, 0, 1, 0, 0, 0, 0, 0, 0, 0))
	// Frames and segments.
	p.say(p.master.Fragment(nil, 0xc1))
	p.reply(p.station.Fragment(nil, 0xc1, DNP3Response, 0))
	p.say(p.master.Link(nil, dnp3Primary|dnp3User))
	p.say(p.master.Link(nil, dnp3Primary|7))
	p.say(p.master.Link(nil, dnp3Primary|2, 0xc0, 0xc1, DNP3ColdRestart)) // not user data, so no request
	p.say(p.master.Fragment(nil, 0x41, DNP3Read, 60, 1, 6))
	spoiled := p.master.Ask(nil, DNP3ColdRestart)
	spoiled[len(spoiled)-1] ^= 1
	p.say(spoiled)
	begun := p.master.Segment(nil, 0x40, 0xc1, DNP3Read)
	p.master.Transport += 3
	p.say(p.master.Segment(begun, 0x80, 60, 1, 6))
	long := p.master.Segment(nil, 0x40, append([]byte{0xc1, DNP3Write}, make([]byte, 240)...)...)
	for range 68 {
		long = p.master.Segment(long, 0, make([]byte, dnp3Segment)...)
	}
	p.say(long)
	p.ask(DNP3Read, []byte{60, 1, 6}, 1, 1, 0, 0, 7, 1)
	header := p.master.Ask(nil, DNP3ColdRestart)
	header[4] ^= 1 // the check of the header
	p.say(header)
	p.ask(DNP3Read, []byte{60, 1, 6}, 1, 1, 0, 0, 7, 1)
	short := p.master.Ask(nil, DNP3ColdRestart)
	short[2] = 4
	p.say(short)
	p.ask(DNP3Read, []byte{60, 1, 6}, 1, 1, 0, 0, 7, 1)
	p.conn.Close()
	q := dnp3Dial(n, 49408)
	q.ask(DNP3Read, []byte{60, 1, 6})
	q.say(append([]byte("garbage"), q.master.Ask(nil, DNP3Read, 60, 1, 6)...))
	q.ask(DNP3Read, []byte{60, 1, 6})
	q.conn.Close()
}
