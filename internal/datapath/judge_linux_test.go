package datapath

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"

	"firedoor"
)

// The kernel itself is asked here what it would do with single frames.

// said is what a test expects of a frame; a reason of 0 is any.
type said struct {
	action Action
	reason uint16
	rule   uint32
}

type asked struct {
	name  string
	frame []byte
	want  said
}

// port is where the frame comes in.
func (a asked) port() int {
	if strings.HasPrefix(a.name, outside) {
		return Outside
	}
	return Inside
}

// outside begins the names of frames that come in at the outside port.
const outside = "outside: "

func judge(t *testing.T, d *Datapath, cases []asked) {
	t.Helper()
	for _, c := range cases {
		got, err := d.Test(c.frame, c.port())
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got.Action != c.want.action || got.Rule != c.want.rule || c.want.reason != 0 && got.Reason != c.want.reason {
			t.Errorf("%s: %v, reason %d, rule %d; want %v, reason %d, rule %d", c.name, got.Action, got.Reason, got.Rule, c.want.action, c.want.reason, c.want.rule)
		}
	}
}

// TestPlaces: the longest prefix holds, and of equal ones that of the VLAN.
func TestPlaces(t *testing.T) {
	b := newBed(t)
	vlan := func(outer, inner uint16) VLAN { return VLAN{true, outer, inner} }
	tables := &Tables{
		Places: []Place{
			{Prefix: prefix("10.97.0.2/32"), Place: 100, Zone: 100},
			{Prefix: prefix("fd61::2/128"), Place: 100, Zone: 100},
			{Prefix: prefix("0.0.0.0/0"), Place: 1, Zone: 1},
			{Prefix: prefix("10.0.0.0/8"), Place: 2, Zone: 2},
			{Prefix: prefix("10.1.0.0/16"), Place: 3, Zone: 3},
			{Prefix: prefix("10.1.0.0/16"), Place: 4, Zone: 4, VLAN: vlan(7, 0)},
			{Prefix: prefix("10.0.0.0/8"), Place: 5, Zone: 5, VLAN: vlan(8, 0)},
			{Prefix: prefix("10.1.2.3/32"), Place: 6, Zone: 3},
			{Prefix: prefix("10.1.2.3/32"), Place: 7, Zone: 3, VLAN: vlan(7, 9)},
			{Prefix: prefix("10.1.2.4/32"), Place: 8, Zone: 3},
			{Prefix: prefix("10.2.0.0/16"), Place: 9, Zone: 9, VLAN: vlan(0, 0)},
			{Prefix: prefix("fd00::/8"), Place: 10, Zone: 10},
			{Prefix: prefix("fd00:1::/32"), Place: 11, Zone: 11},
		},
		Stations: []Station{{MAC: 0x020000610001, Place: 50, Zone: 50, Bare: true}},
		Pairs:    []Pair{{stop, stop}},
	}
	for place := range uint32(51) { // pair and rule are as the place, or the zone where it has no pair
		g := pass
		g.Rule = place
		tables.Pairs = append(tables.Pairs, Pair{g, g})
		if place != 8 {
			tables.Joined = append(tables.Joined, Joined{place, 100, place + 1})
		}
	}
	d := b.open(b.options(), tables)
	syn := &layers.TCP{SYN: true}
	at := func(from string, vlans ...uint16) []byte {
		w := wire{from: from, to: "10.97.0.2", tcp: syn, vlans: vlans, dport: 1, back: false}
		frame := w.frame(t)
		frame[6] = 4 // another MAC than the station's
		return frame
	}
	six := func(from string) []byte {
		frame := wire{six: true, from: from, to: "fd61::2", tcp: syn, dport: 1}.frame(t)
		frame[6] = 4
		return frame
	}
	judge(t, d, []asked{
		{"default route", at("11.0.0.1"), said{Pass, 0, 1}},
		{"8 bits", at("10.9.9.9"), said{Pass, 0, 2}},
		{"16 bits", at("10.1.9.9"), said{Pass, 0, 3}},
		{"16 bits of the VLAN before those of any", at("10.1.9.9", 7), said{Pass, 0, 4}},
		{"16 bits of any VLAN before 8 of the VLAN", at("10.1.9.9", 8), said{Pass, 0, 3}},
		{"8 bits of the VLAN", at("10.9.9.9", 8), said{Pass, 0, 5}},
		{"host", at("10.1.2.3"), said{Pass, 0, 6}},
		{"host in a VLAN in a VLAN", at("10.1.2.3", 7, 9), said{Pass, 0, 7}},
		{"of three tags the outermost and the innermost count", at("10.1.2.3", 7, 8, 9), said{Pass, 0, 7}},
		{"a priority tag is none", at("10.1.2.3", 0, 7, 0, 9), said{Pass, 0, 7}},
		{"host whose place has no pair: its zone's", at("10.1.2.4"), said{Pass, 0, 3}},
		{"only without tags", at("10.2.9.9"), said{Pass, 0, 9}},
		{"and not with one", at("10.2.9.9", 20), said{Pass, 0, 2}},
		{"IPv6, 8 bits", six("fd99::1"), said{Pass, 0, 10}},
		{"IPv6, 32 bits", six("fd00:1::1"), said{Pass, 0, 11}},
		{"IPv6 nowhere, which has a pair as well", six("2001:db8::1"), said{Pass, 0, 0}},
		{"a MAC before prefixes", wire{from: "10.9.9.9", to: "10.97.0.2", tcp: syn, dport: 1}.frame(t), said{Pass, 0, 50}},
		{"a MAC not before a host", wire{from: "10.1.2.3", to: "10.97.0.2", tcp: syn, dport: 1}.frame(t), said{Pass, 0, 6}},
	})
}

// TestEchoHasAClient: a request to a place is no answer of it.
func TestEchoHasAClient(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), closed(gate(1, 0, pass), gate(58, 0, pass)))
	echo := func(back bool, kind uint8) []byte {
		frame := wire{back: back, tcp: &layers.TCP{}}.frame(t)
		frame[23] = 1
		frame[34] = kind
		return frame
	}
	echo6 := func(back bool, kind uint8) []byte {
		frame := wire{back: back, six: true, tcp: &layers.TCP{}}.frame(t)
		frame[20] = 58
		frame[54] = kind
		return frame
	}
	judge(t, d, []asked{
		{"request", echo(false, 8), said{Pass, 2, 900}},
		{"reply", echo(true, 0), said{Pass, 2, 900}},
		{"request the other way", echo(true, 8), said{Drop, 3, 901}},
		{"reply the other way", echo(false, 0), said{Drop, 3, 901}},
		{"unreachable, perhaps of something allowed", echo(true, 3), said{Ask, ReasonUnsure, 901}},
		{"IPv6 request", echo6(false, 128), said{Pass, 2, 900}},
		{"IPv6 reply", echo6(true, 129), said{Pass, 2, 900}},
		{"IPv6 request the other way", echo6(true, 128), said{Drop, 3, 901}},
	})
}

// TestFunctionCodes: a request is judged by its code where it is whole, alone, and
// in step with its connection; anything else is asked about.
func TestFunctionCodes(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), withCodes())
	next := uint32(1000)
	send := func(flags layers.TCP, seq uint32, payload string) []byte {
		flags.Seq = seq
		return wire{sport: 5000, dport: modbusPort, tcp: &flags, payload: payload}.frame(t)
	}
	taken := func(ack uint32) []byte {
		return wire{back: true, sport: modbusPort, dport: 5000, tcp: &layers.TCP{SYN: true, ACK: true, Ack: ack}}.frame(t)
	}
	streams := openStreams(t, d)
	forget := func() { clear(streams.all) }
	ack, syn, urg := layers.TCP{ACK: true}, layers.TCP{SYN: true}, layers.TCP{ACK: true, URG: true}
	read, write, program := mbap(3), mbap(6), mbap(90)
	odd := read[:2] + "\x00\x01" + read[4:]
	begin := []asked{
		{"SYN", send(syn, next, ""), said{Pass, 0, 10}},
		{outside + "the server takes it", taken(next + 1), said{Pass, 0, 10}},
		{"its acknowledgement", send(ack, next+1, ""), said{Pass, 0, 10}},
	}
	again := func(more ...asked) { t.Helper(); forget(); judge(t, d, append(begin, more...)) }

	judge(t, d, []asked{{"a connection older than the gateway", send(ack, 77, read), said{Ask, ReasonStream, 10}}})
	answer := func(acked uint32) asked {
		return asked{outside + "an answer", wire{back: true, sport: modbusPort, dport: 5000, tcp: &layers.TCP{ACK: true, Ack: acked}, payload: "anything"}.frame(t), said{Pass, 0, 10}}
	}
	again(asked{"a read", send(ack, 1001, read), said{Pass, 7, 3}},
		asked{"the next one", send(ack, 1013, read), said{Pass, 7, 3}},
		asked{"the same once more", send(ack, 1013, read), said{Pass, ReasonStream, 10}},
		asked{"the one before once more", send(ack, 1001, read), said{Pass, ReasonStream, 10}},
		asked{"an acknowledgement", send(ack, 1025, ""), said{Pass, 0, 10}},
		asked{"a forbidden write", send(ack, 1025, write), said{Drop, 8, 6}},
		asked{"and once more", send(ack, 1025, write), said{Drop, 8, 6}},
		answer(1025),
		asked{"what is asked about", send(ack, 1025, program), said{Ask, 9, 90}},
		asked{"a read behind it, in the worker's turn", send(ack, 1037, read), said{Ask, ReasonStream, 10}},
		asked{outside + "an answer in the worker's turn", answer(1025).frame, said{Ask, ReasonStream, 10}})
	for name, bad := range map[string][]byte{
		"another protocol number": send(ack, 1001, odd),
		"a request too long":      send(ack, 1001, read[:5]+"\x08"+read[6:]+"\x00\x00"),
		"a request too short":     send(ack, 1001, read[:5]+"\x04"+read[6:10]),
		"a request of no code":    send(ack, 1001, mbap(0)),
		"a request of an answer":  send(ack, 1001, mbap(0x83)),
		"half a request":          send(ack, 1001, read[:7]),
		"a request and a half":    send(ack, 1001, read+read[:6]),
		"two requests":            send(ack, 1001, read+read),
		"out of step, ahead":      send(ack, 1002, read),
		"out of step, behind":     send(ack, 999, read),
		"urgent bytes":            send(urg, 1001, read),
	} {
		want := said{Ask, ReasonStream, 10}
		if strings.Contains(name, "request") || strings.Contains(name, "protocol") {
			want.reason = 6 // the gate's own: it is no request by its code
		}
		again(asked{name, bad, want}, asked{"a read after " + name, send(ack, 1001, read), said{Ask, ReasonStream, 10}})
	}
	again(asked{"a read", send(ack, 1001, read), said{Pass, 7, 3}},
		asked{"other bytes at the place of the last", send(ack, 1001, "\x09"+read[1:]), said{Ask, ReasonStream, 10}},
		asked{"and all is asked about", send(ack, 1013, read), said{Ask, ReasonStream, 10}})
	var unanswered []asked
	for i := range uint32(4) {
		unanswered = append(unanswered, asked{"a read that waits for its answer", send(ack, 1001+12*i, read), said{Pass, 7, 3}})
	}
	again(append(unanswered, answer(1013), asked{"so many may wait", send(ack, 1049, read), said{Pass, 7, 3}},
		asked{"a repetition of the oldest", send(ack, 1013, read), said{Pass, ReasonStream, 10}},
		asked{"one more than can be repeated", send(ack, 1061, read), said{Ask, ReasonStream, 3}})...)

	lie := asked{"a SYN within the connection", send(syn, 1007, ""), said{Pass, 0, 10}}
	middle := asked{"the middle of a request that looks like one", send(ack, 1008, read), said{Ask, ReasonStream, 10}}
	again(lie, middle)
	again(lie, asked{"the client says that the server took it", taken(1008), said{Ask, ReasonStream, 10}}, middle)
	again(lie, asked{outside + "the server took another one", taken(1009), said{Pass, 0, 10}}, middle)
	again(asked{"a read", send(ack, 1001, read), said{Pass, 7, 3}}, lie,
		asked{outside + "a connection anew", taken(1008), said{Pass, 0, 10}}, asked{"its first read", send(ack, 1008, read), said{Pass, 7, 3}})
	again(asked{outside + "somebody speaks for the client", send(ack, 1001, write[:5]), said{Ask, ReasonStream, 10}},
		asked{"the client does not suffer", send(ack, 1001, read), said{Pass, 7, 3}})
	forget()
	judge(t, d, []asked{{"bytes in a SYN", send(syn, 1000, read), said{Ask, ReasonStream, 10}}})
}

// openStreams is the worker's half, in this process.
func openStreams(t testing.TB, d *Datapath) *Streams {
	t.Helper()
	beat, err := d.Pulse()
	if err != nil {
		t.Fatal(err)
	}
	pulse, err := OpenPulse(int(beat.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	file, err := d.StreamFile()
	if err != nil {
		t.Fatal(err)
	}
	s, err := OpenStreams(int(file.Fd()), pulse)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ip(text string) firedoor.IP { return firedoor.IPFrom(netip.MustParseAddr(text)) }

// TestStreams: the kernel and a worker take turns at a connection, and each finds what
// the other one left.
func TestStreams(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), withCodes())
	s := openStreams(t, d)
	frame := func(w wire, seq uint32) []byte {
		w.sport, w.dport, w.payload, w.tcp = 5000, modbusPort, mbap(3), &layers.TCP{ACK: true, Seq: seq}
		return w.frame(t)
	}
	for _, c := range []struct {
		w wire
		k StreamKey
	}{
		{wire{vlans: []uint16{30, 31}}, StreamKey{30, 31, ip("10.97.0.1"), ip("10.97.0.2"), 5000, modbusPort, Inside}},
		{wire{six: true}, StreamKey{0, 0, ip("fd61::1"), ip("fd61::2"), 5000, modbusPort, Inside}},
	} {
		judge(t, d, []asked{{"unknown", frame(c.w, 77), said{Ask, ReasonStream, 10}}})
		place, at, ok := s.Enter(&c.k)
		if !ok || at.Known {
			t.Fatalf("%+v, %v: nobody knew of it", at, ok)
		}
		judge(t, d, []asked{{"while the worker is at it", frame(c.w, 77), said{Ask, ReasonStream, 10}}})
		s.Leave(place, &Position{Known: true, Next: 77, Acked: 77}, true)
		judge(t, d, []asked{{"in step", frame(c.w, 77), said{Pass, 7, 3}}})
		again, at, ok := s.Enter(&c.k)
		if !ok || again != place || !at.Known || !at.Current || at.Left || at.Next != 89 || at.Acked != 77 || string(at.Said) != mbap(3) {
			t.Fatalf("place %d, %+v, %v: the kernel let a request pass at %d", again, at, ok, place)
		}
		s.Leave(place, &Position{Known: true, Partial: true, Next: 94, Acked: 89}, false)
		if got, err := d.TestUnanswered(frame(c.w, 94), Inside); err != nil || got.Action != Drop {
			t.Errorf("the rest of a message, where nobody answers: %+v, %v", got, err)
		}
		if _, at, _ := s.Enter(&c.k); !at.Left || !at.Partial || at.Next != 94 {
			t.Errorf("what a worker left: %+v", at)
		}
		if got, err := d.TestUnanswered(frame(c.w, 94), Inside); err != nil || got.Action != Drop {
			t.Errorf("where a worker died: %+v, %v", got, err)
		}
		if _, at, ok := s.Enter(&c.k); !ok || at.Left {
			t.Errorf("where a worker died, the next one: %+v, %v", at, ok)
		}
		s.Leave(place, &Position{Known: true, Next: 94, Acked: 94}, false)
		if got, err := d.TestUnanswered(frame(c.w, 94), Inside); err != nil || got.Action != Pass {
			t.Errorf("a read where nobody answers: %+v, %v", got, err)
		}
		if _, at, _ := s.Enter(&c.k); at.Left || at.Next != 106 {
			t.Errorf("after that: %+v", at)
		}
		keepAlive := c.w
		keepAlive.sport, keepAlive.dport, keepAlive.payload, keepAlive.tcp = 5000, modbusPort, "\x00", &layers.TCP{ACK: true, Seq: 93}
		for acked, want := range map[uint32]Action{94: Pass, 93: Drop} {
			s.Leave(place, &Position{Known: true, Next: 94, Acked: acked}, false)
			if got, err := d.TestUnanswered(keepAlive.frame(t), Inside); err != nil || got.Action != want {
				t.Errorf("a byte before the next one, of a server that has all up to %d, where nobody answers: %+v, %v", acked, got, err)
			}
			if _, at, _ := s.Enter(&c.k); at.Next != 94 {
				t.Errorf("after that: %+v", at)
			}
		}
		s.Leave(place, &Position{Known: true, Next: 94, Acked: 94}, true)
		if err := errors.Join(d.SetBypass(true), d.SetBypass(false)); err != nil {
			t.Fatal(err)
		}
		judge(t, d, []asked{{"after a bypass", frame(c.w, 94), said{Ask, ReasonStream, 10}}})
		s.Return(place)
		if got, err := d.TestUnanswered(frame(c.w, 101), Inside); err != nil || got.Action != Drop {
			t.Errorf("after a bypass, a read that does not fit, where nobody answers: %+v, %v", got, err)
		}
		if _, at, _ := s.Enter(&c.k); at.Current || !at.Known {
			t.Errorf("after a bypass: %+v", at)
		}
	}
}

// TestManyStreams: where there is no place left a new connection is asked about, and
// those that are known stay.
func TestManyStreams(t *testing.T) {
	b := newBed(t)
	s := openStreams(t, b.open(b.options(), withCodes()))
	k := StreamKey{Client: firedoor.IPv4(1), Server: firedoor.IPv4(2), ClientPort: 1, ServerPort: modbusPort}
	place, _, _ := s.Enter(&k)
	s.Leave(place, &Position{Known: true, Next: 5}, false)
	if s.Full(int64(streamIdle)) {
		t.Error("nobody was refused, and it is full")
	}
	full := 0
	for i := range uint32(2 * MaxStreams) {
		forged := k
		forged.Client = firedoor.IPv4(1000 + i)
		if n, _, ok := s.Enter(&forged); ok {
			s.Return(n)
		} else {
			full++
		}
	}
	if _, at, ok := s.Enter(&k); !ok || at.Next != 5 {
		t.Errorf("%+v, %v: forged ones took a place", at, ok)
	}
	if !s.Full(int64(streamIdle)) {
		t.Error("many were refused, and it is not full")
	}
	if full < MaxStreams {
		t.Errorf("%d of %d found no place", full, 2*MaxStreams)
	}
}

// TestAnyBytes: whatever bytes come, the program ends and says one of four things.
func TestAnyBytes(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), withCodes())
	random := rand.New(rand.NewPCG(1, 2))
	seeds := [][]byte{
		wire{sport: 5000, dport: modbusPort, payload: mbap(3), tcp: &layers.TCP{ACK: true}, vlans: []uint16{1, 2}}.frame(t),
		wire{six: true, sport: 5000, dport: modbusPort, payload: mbap(3), vlans: []uint16{1}}.frame(t),
		arp(t, layers.ARPRequest), wire{sport: 5000, dport: modbusPort, payload: mbap(3), vlans: []uint16{1}, options: 8, more: true}.frame(t),
	}
	seen := map[Action]int{}
	for i := range 20_000 {
		frame := append([]byte{}, seeds[i%len(seeds)]...)
		for range random.IntN(6) {
			frame[12+random.IntN(len(frame)-12)] = byte(random.Uint32())
		}
		frame = frame[:14+random.IntN(len(frame)-13)]
		got, err := d.Test(frame, i&1)
		if errors.Is(err, unix.EINVAL) { // shorter than BPF_PROG_RUN takes
			continue
		}
		if err != nil || got.Action > Ask || got.Unanswered > Reset || got.Reason == ReasonBroken {
			t.Fatalf("%x: %+v, %v", frame, got, err)
		}
		seen[got.Action]++
	}
	if seen[Pass] == 0 || seen[Drop] == 0 || seen[Ask] == 0 {
		t.Errorf("not everything was said: %v", seen)
	}
}

func TestFunctionCodesByUDP(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), withCodes())
	send := func(payload string) []byte { return wire{sport: 5000, dport: modbusPort, payload: payload}.frame(t) }
	judge(t, d, []asked{
		{"a read", send(mbap(3)), said{Pass, 7, 3}},
		{"a write", send(mbap(6)), said{Drop, 8, 6}},
		{"a code that is asked about", send(mbap(90)), said{Ask, 9, 90}},
		{"two requests", send(mbap(3) + mbap(3)), said{Ask, 6, 10}},
	})
}

// TestOnePort holds that of datagrams from a port to the same one nothing passes unread where only
// one end may ask, whoever sent first, that what passes while nobody reads is what an end may ask and
// answers to it, and that nobody is asked where both may say all or nothing.
func TestOnePort(t *testing.T) {
	b := newBed(t)
	tables := withCodes()
	tables.Pairs = append(tables.Pairs, Pair{stop, stop})
	up := uint32(len(tables.Pairs) - 1)
	tables.Joined = append(tables.Joined, Joined{serverZone, clientZone, up})
	add := func(pair uint32, port uint16, g Gate) {
		tables.Gates = append(tables.Gates, PortGate{Pair: pair, Transport: unix.IPPROTO_UDP, Port: port, Gate: g})
	}
	look := Gate{Action: Ask, Floor: FloorDrop, Rule: 40}
	add(up, 700, pass)
	add(1, 701, pass)
	add(up, 701, pass)
	add(up, 702, look)
	add(1, 703, pass)
	add(up, 703, look)
	add(up, modbusPort, pass)
	d := b.open(b.options(), tables)
	for _, c := range []struct {
		name    string
		port    uint16
		back    bool
		want    Action
		nobody  Action
		payload string
	}{
		{"what nobody asked for", 700, false, Ask, Drop, "x"},
		{"what may be asked", 700, true, Ask, Pass, "x"},
		{"an answer, or something else", 700, false, Ask, Pass, "x"},
		{"both may ask all", 701, false, Pass, Pass, "x"},
		{"both may ask all, back", 701, true, Pass, Pass, "x"},
		{"one may ask something", 702, true, Ask, Drop, "x"},
		{"one may ask all, the other something", 703, false, Ask, Pass, "x"},
		{"the other", 703, true, Ask, Drop, "x"},
		{"a read by its code", modbusPort, false, Ask, Pass, mbap(3)},
		{"nobody may ask", 704, false, Drop, Drop, "x"},
	} {
		w := wire{back: c.back, sport: c.port, dport: c.port, payload: c.payload}
		frame := asked{frame: w.frame(t)}
		if c.back {
			frame.name = outside
		}
		got, err := d.Test(frame.frame, frame.port())
		if err != nil || got.Action != c.want {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
		if got.Action == Ask {
			got.Action = got.Unanswered
		}
		if got.Action != c.nobody {
			t.Errorf("%s, and nobody answers: %+v", c.name, got)
		}
	}
}

// TestFloors: what becomes of a frame when nobody answers.
func TestFloors(t *testing.T) {
	b := newBed(t)
	tables := withCodes()
	ask := func(f Floor) Gate { return Gate{Action: Ask, Floor: f, Codes: 1, Rule: 20} }
	for i, f := range []Floor{FloorPass, FloorDrop, FloorCodes, FloorReset} {
		g := gate(6, uint16(600+i), ask(f))
		g.Pair = 1
		tables.Gates = append(tables.Gates, g)
	}
	d := b.open(b.options(), tables)
	for _, c := range []struct {
		name    string
		port    uint16
		payload string
		back    bool
		want    Action
	}{
		{"floor pass", 600, "anything", false, Pass},
		{"floor reset", 603, "anything", false, Reset},
		{"floor drop", 601, mbap(3), false, Drop},
		{"floor drop, answer", 601, mbap(3), true, Drop},
		{"floor codes, a read", 602, mbap(3), false, Pass},
		{"floor codes, a write", 602, mbap(6), false, Drop},
		{"floor codes, a code to be asked about that is not passed else", 602, mbap(90), false, Drop},
		{"floor codes, half a request", 602, mbap(3)[:6], false, Drop},
		{"floor codes, a code to be reset", 602, mbap(91), false, Reset},
		{"floor codes, an acknowledgement", 602, "", false, Pass},
		{"floor codes, an answer", 602, "anything", true, Pass},
		{"by codes, in an old connection", modbusPort, mbap(3), false, Pass},
		{"by codes, in an old connection, a write", modbusPort, mbap(6), false, Drop},
	} {
		w := wire{back: c.back, sport: 5000, dport: c.port, payload: c.payload, tcp: &layers.TCP{ACK: true, Seq: 5}}
		if c.back {
			w.sport, w.dport = w.dport, w.sport
		}
		got, err := d.Test(w.frame(t), Inside)
		if err != nil || got.Action != Ask || got.Unanswered != c.want {
			t.Errorf("%s: %v, and if nobody answers %v (%v); want ask and %v", c.name, got.Action, got.Unanswered, err, c.want)
		}
	}
}

// TestFragments: where ports matter a part of a packet is asked about.
func TestFragments(t *testing.T) {
	b := newBed(t)
	tables := closed(gate(17, 53, Gate{Action: Ask, Rule: 5, Floor: FloorPass}))
	open := Gate{Action: Pass, Rule: 33}
	tables.Places = append(tables.Places, Place{Prefix: prefix("10.5.0.0/16"), Place: 77, Zone: 77})
	tables.Pairs = append(tables.Pairs, Pair{open, open})
	tables.Joined = append(tables.Joined, Joined{77, serverZone, 2}, Joined{serverZone, 77, 2}, Joined{77, 77, 0})
	d := b.open(b.options(), tables)
	frame := func(w wire) []byte { w.sport, w.dport, w.payload = 5000, 54, "0123456789abcdef"; return w.frame(t) }
	atomic6 := func(offset uint16, extensions int) []byte {
		w := frame(wire{six: true})
		var b []byte
		for i := range extensions {
			next := byte(60)
			if i == extensions-1 {
				next = 44
			}
			b = append(b, next, 0, 0, 0, 0, 0, 0, 0)
		}
		b = append(b, 17, 0, byte(offset>>8), byte(offset), 0, 0, 0, 1)
		first := byte(44)
		if extensions > 0 {
			first = 60
		}
		out := append(append(append([]byte{}, w[:54]...), b...), w[54:]...)
		out[20] = first
		binary.BigEndian.PutUint16(out[18:], uint16(len(out)-54))
		return out
	}
	judge(t, d, []asked{
		{"whole", frame(wire{}), said{Drop, 3, 901}},
		{"with options", frame(wire{options: 40 - 4}), said{Drop, 3, 901}},
		{"first part", frame(wire{more: true}), said{Ask, ReasonFragment, 901}},
		{"later part", frame(wire{fragment: 9, more: true}), said{Ask, ReasonFragment, 901}},
		{"last part", frame(wire{fragment: 9}), said{Ask, ReasonFragment, 901}},
		{"part the other way", frame(wire{fragment: 9, back: true}), said{Ask, ReasonFragment, 901}},
		{"part where all is open", frame(wire{fragment: 9, from: "10.5.0.1", to: "10.97.0.2"}), said{Pass, 0, 33}},
		{"part where all is closed", frame(wire{fragment: 9, from: "10.5.0.1", to: "10.5.0.2"}), said{Drop, 3, 901}},
		{"IPv6 in one part", atomic6(0, 0), said{Drop, 3, 901}},
		{"IPv6 first part", atomic6(1, 0), said{Ask, ReasonFragment, 901}},
		{"IPv6 later part", atomic6(16, 0), said{Ask, ReasonFragment, 901}},
		{"IPv6 behind five other headers", atomic6(16, 5), said{Ask, ReasonFragment, 901}},
		{"IPv6 behind too many", atomic6(16, 6), said{Drop, ReasonMalformed, 901}},
	})
}

// TestFloorOfFragments: while nobody answers a part of a packet passes only where all would, at each
// port and both ways; else it would go by the rules of ports.
func TestFloorOfFragments(t *testing.T) {
	b := newBed(t)
	open := Gate{Action: Pass, Rule: 33}
	asks := func(f Floor) Gate { return Gate{Action: Ask, Floor: f, Rule: 5} }
	for _, c := range []struct {
		name               string
		there, back        Gate
		at                 []Gate
		action, unanswered Action
	}{
		{"all open", open, open, nil, Pass, Pass},
		{"a port that is asked about", open, open, []Gate{asks(FloorDrop)}, Ask, Drop},
		{"a port that is reset", open, open, []Gate{asks(FloorReset)}, Ask, Drop},
		{"a port that is closed", open, open, []Gate{{Action: Drop, Rule: 6}}, Ask, Drop},
		{"a port that is only told of", open, open, []Gate{asks(FloorPass)}, Ask, Pass},
		{"one port of two", open, open, []Gate{asks(FloorPass), asks(FloorDrop)}, Ask, Drop},
		{"closed the other way", open, Gate{Action: Drop}, nil, Ask, Drop},
		{"closed this way", Gate{Action: Drop}, open, nil, Ask, Drop},
		{"asked about the other way", open, asks(FloorDrop), nil, Ask, Drop},
		{"told of the other way", open, asks(FloorPass), nil, Ask, Pass},
	} {
		tables := closed()
		tables.Joined = append(tables.Joined, Joined{serverZone, clientZone, 2})
		tables.Pairs = []Pair{{stop, stop}, {c.there, stop}, {c.back, stop}}
		for i, g := range c.at {
			tables.Gates = append(tables.Gates, PortGate{Pair: 1, Transport: 17, Port: uint16(53 + i), Gate: g})
		}
		d := b.open(b.options(), tables)
		for _, back := range []bool{false, true} {
			if back && c.there != c.back {
				continue
			}
			got, err := d.Test(wire{back: back, fragment: 9, payload: "0123456789abcdef"}.frame(t), Inside)
			if err != nil || got.Action != c.action || got.Unanswered != c.unanswered {
				t.Errorf("%s, back %t: %v, and if nobody answers %v (%v); want %v and %v", c.name, back, got.Action, got.Unanswered, err, c.action, c.unanswered)
			}
		}
		d.Close()
	}
}

// TestBrokenHeaders: what cannot be read is dropped where the pair is closed, asked
// about where only some ports are, and passes where all do.
func TestBrokenHeaders(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), closed())
	whole := wire{sport: 1, dport: 2, tcp: &layers.TCP{ACK: true}, payload: "abc"}.frame(t)
	six := wire{six: true, sport: 1, dport: 2, payload: "abc"}.frame(t)
	change := func(frame []byte, at int, to byte) []byte {
		out := append([]byte{}, frame...)
		out[at] = to
		return out
	}
	// Without a tag BPF_PROG_RUN would not take a frame that is shorter than its headers.
	tagged := func(frame []byte) []byte {
		return append(append(append([]byte{}, frame[:12]...), 0x81, 0, 0, 0), frame[12:]...)
	}
	broken := map[string][]byte{
		"IP version":             change(whole, 14, 0x65),
		"IP header too short":    change(whole, 14, 0x44),
		"IP header too long":     change(whole, 14, 0x4f),
		"IP length beyond":       change(whole, 17, 200),
		"IP length too small":    change(whole, 17, 19),
		"cut in the IP header":   tagged(whole[:30]),
		"cut in the TCP header":  change(whole, 17, 30),
		"TCP header too short":   change(whole, 46, 0x40),
		"TCP header too long":    change(whole, 46, 0xf0),
		"cut IPv6 header":        tagged(six[:40]),
		"IPv6 length beyond":     change(six, 19, 99),
		"UDP length beyond":      change(six, 59, 99),
		"UDP length too small":   change(six, 59, 7),
		"UDP of two lengths":     change(six, 59, 10),
		"IPv6 extension too far": change(six, 20, 0),
	}
	for name, frame := range broken {
		judge(t, d, []asked{{name, frame, said{Drop, ReasonMalformed, 901}}})
	}
	open := Gate{Action: Pass, Rule: 33}
	b.install(d, &Tables{Pairs: []Pair{{open, open}}, Gates: []PortGate{{Pair: 0, Transport: 6, Port: 9, Gate: stop}}})
	for name, frame := range broken {
		judge(t, d, []asked{{name + ", ports matter", frame, said{Ask, ReasonMalformed, 33}}})
	}
	b.install(d, &Tables{Pairs: []Pair{{open, open}}})
	for name, frame := range broken {
		judge(t, d, []asked{{name + ", all is open", frame, said{Pass, 0, 33}}})
	}
	tags := append([]byte{}, whole[:12]...)
	for range 6 {
		tags = append(tags, 0x81, 0, 0, 1)
	}
	b.install(d, closed())
	judge(t, d, []asked{{"six tags", append(tags, whole[12:]...), said{Drop, ReasonMalformed, 901}}})
}

// TestFramesWithoutIP: link control, EtherTypes, safety.
func TestFramesWithoutIP(t *testing.T) {
	b := newBed(t)
	cyclic := Gate{Action: Pass, Rule: 60}
	tables := closed(gate(EtherType, 0x8892, cyclic))
	tables.Stations = []Station{{MAC: 0x020000610001, Place: clientPlace, Zone: clientZone}, {MAC: 0x020000610002, Place: serverPlace, Zone: serverZone}}
	tables.Gates = append(tables.Gates, PortGate{AnyPair, EtherType, 0x88b5, Gate{Safety: true, Rule: 61}})
	d := b.open(b.options(), tables)
	stranger, group := net.HardwareAddr{2, 9, 9, 9, 9, 9}, net.HardwareAddr{1, 0x80, 0xc2, 0, 0, 0}
	ipToGroup := wire{sport: 1, dport: 2, payload: "x"}.frame(t)
	copy(ipToGroup, group)
	stp := typed(t, stranger, group, 0x0026)
	neighbour := wire{six: true}.frame(t)
	neighbour[20], neighbour[21], neighbour[54] = 58, 255, 135
	far := append([]byte{}, neighbour...)
	far[21] = 64
	report := wire{sport: 1, dport: 2, payload: "x"}.frame(t) // of IGMP, to a group
	report[22], report[23] = 1, 2
	copy(report[30:], []byte{224, 0, 0, 22})
	routed := append([]byte{}, report...)
	routed[22] = 64
	toHost := append([]byte{}, report...)
	copy(toHost[30:], []byte{10, 0, 0, 1})
	listener := append([]byte{}, neighbour...) // of MLD
	listener[21], listener[54] = 1, 143
	copy(listener[38:], []byte{0xff, 2})
	judge(t, d, []asked{
		{"STP", stp, said{Pass, ReasonLink, 0}},
		{"LLDP", typed(t, stranger, net.HardwareAddr{1, 0x80, 0xc2, 0, 0, 14}, 0x88cc), said{Pass, ReasonLink, 0}},
		{"MRP", typed(t, stranger, net.HardwareAddr{1, 0x15, 0x4e, 0, 0, 1}, 0x88e3), said{Pass, ReasonLink, 0}},
		{"PTP", typed(t, stranger, net.HardwareAddr{1, 0x1b, 0x19, 0, 0, 0}, 0x88f7), said{Pass, ReasonLink, 0}},
		{"PRP", typed(t, stranger, net.HardwareAddr{1, 0x15, 0x4e, 0, 1, 0}, 0x88fb), said{Pass, ReasonLink, 0}},
		{"PRP, of another group", typed(t, stranger, net.HardwareAddr{1, 0x15, 0x4e, 0, 1, 0xff}, 0x88fb), said{Pass, ReasonLink, 0}},
		{"supervision in a ring of HSR", inRing(typed(t, stranger, net.HardwareAddr{1, 0x15, 0x4e, 0, 1, 0}, 0x88fb)), said{Pass, ReasonLink, 0}},
		{"process data in one", inRing(typed(t, clientMAC, serverMAC, 0x8892)), said{Drop, 3, 901}},
		{"data of the first HSR, which has the type of supervision", typed(t, clientMAC, serverMAC, 0x88fb), said{Drop, 3, 901}},
		{"EAPOL", typed(t, stranger, serverMAC, 0x888e), said{Pass, ReasonLink, 0}},
		{"DLR", typed(t, stranger, net.HardwareAddr{1, 0x21, 0x6c, 0, 0, 1}, 0x80e1), said{Pass, ReasonLink, 0}},
		{"spanning tree of one VLAN", typed(t, stranger, net.HardwareAddr{1, 0, 0xc, 0xcc, 0xcc, 0xcd}, 0x0032), said{Pass, ReasonLink, 0}},
		{"CDP", typed(t, stranger, net.HardwareAddr{1, 0, 0xc, 0xcc, 0xcc, 0xcc}, 0x0032), said{Pass, ReasonLink, 0}},
		{"LACP", typed(t, stranger, net.HardwareAddr{1, 0x80, 0xc2, 0, 0, 2}, 0x8809), said{Pass, ReasonLink, 0}},
		{"process data to an address of link control", typed(t, clientMAC, group, 0x88a4), said{Drop, 3, 901}},
		{"a tunnel to one", typed(t, clientMAC, net.HardwareAddr{1, 0, 0xc, 0xcc, 0xcc, 0xcc}, 0x8847), said{Drop, 3, 901}},
		{"an address beside it", typed(t, stranger, net.HardwareAddr{1, 0, 0xc, 0xcc, 0xcc, 0xce}, 0x0032), said{Drop, 3, 901}},
		{"IP to an address of link control", ipToGroup, said{Drop, 3, 901}},
		{"ARP", arp(t, layers.ARPRequest), said{Pass, ReasonNeighbour, 0}},
		{"neighbour solicitation", neighbour, said{Pass, ReasonNeighbour, 0}},
		{"one that came over a router", far, said{Drop, 3, 901}},
		{"a report of a group's member", report, said{Pass, ReasonNeighbour, 0}},
		{"one that could be routed", routed, said{Drop, 3, 901}},
		{"one to a host", toHost, said{Drop, 3, 901}},
		{"a report of a listener", listener, said{Pass, ReasonNeighbour, 0}},
		{"cyclic traffic", typed(t, clientMAC, serverMAC, 0x8892), said{Pass, 0, 60}},
		{"the other way", typed(t, serverMAC, clientMAC, 0x8892), said{Pass, 0, 60}},
		{"of a stranger", typed(t, stranger, clientMAC, 0x8892), said{Drop, 3, 901}},
		{"another EtherType", typed(t, clientMAC, serverMAC, 0x88b8), said{Drop, 3, 901}},
		{"safety, whoever sends it", typed(t, stranger, clientMAC, 0x88b5), said{Pass, 0, 61}},
		{"a frame with a length", typed(t, clientMAC, serverMAC, 0x0026), said{Drop, 3, 901}},
	})
	tables.Gates[0].Port = 0
	b.install(d, tables)
	judge(t, d, []asked{
		{"a frame with a length, where those pass", typed(t, clientMAC, serverMAC, 0x0026), said{Pass, 0, 60}},
		{"one of another length, the other way", typed(t, serverMAC, clientMAC, 0x0030), said{Pass, 0, 60}},
		{"a type, where lengths pass", typed(t, clientMAC, serverMAC, 0x8892), said{Drop, 3, 901}},
	})
}

// inRing gives a frame the tag of HSR.
func inRing(frame []byte) []byte {
	return append(append(append([]byte{}, frame[:12]...), 0x89, 0x2f, 0, 52, 0, 1), frame[12:]...)
}

func arp(t testing.TB, op uint16) []byte {
	return serialize(t, &layers.Ethernet{SrcMAC: clientMAC, DstMAC: net.HardwareAddr{255, 255, 255, 255, 255, 255}, EthernetType: layers.EthernetTypeARP},
		&layers.ARP{AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4, Operation: op,
			SourceHwAddress: clientMAC, SourceProtAddress: []byte{10, 97, 0, 1}, DstHwAddress: make([]byte, 6), DstProtAddress: []byte{10, 97, 0, 2}}, gopacket.Payload(nil))
}

// TestQuarantine: a place, a zone or a MAC is cut off, but for safety traffic and the link's own.
func TestQuarantine(t *testing.T) {
	b := newBed(t)
	safe := Gate{Safety: true, Rule: 70}
	tables := closed(gate(17, 2222, safe), gate(17, 53, pass))
	d := b.open(b.options(), tables)
	ordinary := wire{sport: 5000, dport: 53, payload: "x"}.frame(t)
	safety := wire{sport: 5000, dport: 2222, payload: "x"}.frame(t)
	answer := wire{back: true, sport: 2222, dport: 5000, payload: "x"}.frame(t)
	held, free := said{Drop, ReasonQuarantine, 80}, said{Pass, 2, 900}
	for _, h := range []Held{{Place: clientPlace, Rule: 80}, {Place: serverPlace, Rule: 80}, {Place: serverZone, Rule: 80}, {MAC: firedoor.MAC(0x020000610001), Rule: 80}} {
		judge(t, d, []asked{{"before", ordinary, free}})
		if err := d.Quarantine(h); err != nil {
			t.Fatal(err)
		}
		judge(t, d, []asked{
			{"UDP", ordinary, held}, {"ARP", arp(t, layers.ARPRequest), held},
			{"safety", safety, said{Pass, 0, 70}}, {"its answer", answer, said{Pass, 0, 70}},
			{"LLDP", typed(t, clientMAC, net.HardwareAddr{1, 0x80, 0xc2, 0, 0, 14}, 0x88cc), said{Pass, ReasonLink, 0}},
		})
		if err := d.Release(h); err != nil {
			t.Fatal(err)
		}
		judge(t, d, []asked{{"after", ordinary, free}})
	}
	tables.Quarantine = []Held{{Place: serverPlace, Rule: 80}}
	b.install(d, tables)
	judge(t, d, []asked{{"with new tables", ordinary, held}})
	tables.Quarantine = nil
	b.install(d, tables)
	judge(t, d, []asked{{"with others again", ordinary, free}})
}

func TestPortsOfOtherTransports(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), closed(gate(unix.IPPROTO_GRE, 0, pass)))
	frame := wire{sport: 5000, dport: 53, payload: "x"}.frame(t)
	gre := append([]byte{}, frame...)
	gre[23] = unix.IPPROTO_GRE
	judge(t, d, []asked{{"UDP", frame, said{Drop, 3, 901}}, {"GRE", gre, said{Pass, 2, 900}}})
}
