package device

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"firedoor/internal/plant"
)

// s7Cell is a CPU with values of every kind and a program, and where a client
// finds the values.
func s7Cell(t testing.TB) (*memory, *CPU, *S7, []Point) {
	t.Helper()
	m, cpu := newMemory(), &CPU{}
	for i, name := range []string{"OB1", "OB100", "FB7", "FC2", "DB1", "DB20"} {
		if err := cpu.Install(name, S7Block(name, 120+400*i, "works", "filler", name, uint64(i), testNow)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := NewS7(S7Config{
		Rack: 0, Slot: 2, Machine: cpu, Connections: 3,
		Blocks: map[uint16]map[Place]*Value{
			1: {
				{Byte: 0}: m.value("RUN", Bool, 0, 1), {Byte: 0, Bit: 3}: m.value("CLEAN", Bool, 0, 0),
				{Byte: 2}: m.value("RATE.SP", Int16, 1, 120), {Byte: 4}: m.value("WEIGHT.SP", Uint16, 10, 502.5),
				{Byte: 6}: m.value("GOOD", Int32, 1, 123456), {Byte: 10}: m.value("LEVEL.SP", Float32, 0, 61.5),
				{Byte: 14}: m.readOnly("WEIGHT", Float32, 0, 500.25),
			},
			20: {{Byte: 0}: m.value("FORMAT", Int16, 0, 3)},
		},
		Sizes:  map[uint16]int{1: 64},
		Inputs: map[Place]*Value{{Byte: 4, Bit: 1}: m.readOnly("DOOR", Bool, 0, 1)},
		Flags:  map[Place]*Value{{Byte: 10}: m.value("STEP", Int16, 0, -5)},
		Identity: S7Identity{
			Order: "6ES7 315-2EH14-0AB0", Hardware: 4, Firmware: [3]byte{3, 2, 6}, Station: "Line 3 filler", Module: "PLC_1",
			Copyright: "Original Siemens Equipment", Serial: "S C-B1U393142011", Type: "CPU 315-2 PN/DP",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return m, cpu, s, []Point{
		{Area: Block, Number: 1, Address: 0}, {Area: Block, Number: 1, Address: 0, Bit: 3},
		{Area: Block, Number: 1, Address: 2, Kind: Int16}, {Area: Block, Number: 1, Address: 4, Kind: Uint16, Scale: 10},
		{Area: Block, Number: 1, Address: 6, Kind: Int32}, {Area: Block, Number: 1, Address: 10, Kind: Float32},
		{Area: Block, Number: 1, Address: 14, Kind: Float32}, {Area: Block, Number: 20, Kind: Int16},
		{Area: Inputs, Address: 4, Bit: 1}, {Area: Flags, Address: 10, Kind: Int16},
	}
}

// s7Link is a client whose session is set up.
func s7Link(t testing.TB, server *S7, piece int) (*S7Client, Session) {
	t.Helper()
	c, s := NewS7Client(0, 2, LinkOP), server.Accept(testPeer)
	talk(t, c, s, c.Open(nil), piece)
	if !c.Ready() {
		t.Fatal("no session")
	}
	return c, s
}

func TestS7ReadsWhatTheMemoryHolds(t *testing.T) {
	_, _, server, points := s7Cell(t)
	want := []float64{1, 0, 120, 502.5, 123456, 61.5, 500.25, 3, 1, -5}
	points = append(slices.Clone(points), points...) // more than one message carries
	points = append(points, points[:10]...)
	want = append(append(slices.Clone(want), want...), want...)
	for piece := 1; piece < 60; piece++ {
		c, s := s7Link(t, server, piece)
		if r := do(t, c, s, Request{Verb: Read, Points: points}, piece); !r.OK || !slices.Equal(r.Values, want) {
			t.Fatalf("pieces of %d: %v %q, want %v", piece, r.Values, r.Error, want)
		}
		s.Close()
	}
}

func TestS7Writes(t *testing.T) {
	m, _, server, points := s7Cell(t)
	c, s := s7Link(t, server, 11)
	for _, w := range []struct {
		points []Point
		values []float64
		want   []string
	}{
		{points[2:3], []float64{150}, []string{"RATE.SP=150"}},
		{points[:6], []float64{0, 1, -1, 1.5, -9, 0.25}, []string{"RUN=0", "CLEAN=1", "RATE.SP=-1", "WEIGHT.SP=1.5", "GOOD=-9", "LEVEL.SP=0.25"}},
		{points[9:], []float64{7}, []string{"STEP=7"}},
	} {
		m.writes = nil
		if r := do(t, c, s, Request{Verb: Write, Points: w.points, Values: w.values}, 13); !r.OK || !slices.Equal(m.writes, w.want) {
			t.Errorf("wrote %v (%s), want %v", m.writes, r.Error, w.want)
		}
	}
}

func TestS7Refuses(t *testing.T) {
	m, cpu, server, points := s7Cell(t)
	c, s := s7Link(t, server, 1000)
	read := func(p Point) Request { return Request{Verb: Read, Points: []Point{p}} }
	for _, x := range []struct {
		name string
		r    Request
		code uint32
	}{
		{"no block", read(Point{Area: Block, Number: 9, Kind: Int16}), s7NoObject},
		{"beyond the end", read(Point{Area: Block, Number: 20, Address: 1, Kind: Int16}), s7OutOfRange},
		{"read-only", Request{Verb: Write, Points: points[6:7], Values: []float64{1}}, s7Denied},
		{"read-only bit", Request{Verb: Write, Points: points[8:9], Values: []float64{0}}, s7Denied},
		{"function", Request{Verb: Raw, Data: []byte{0x55}}, s7Unknown},
		{"items", Request{Verb: Raw, Data: []byte{4, 3, 1}}, s7Unknown},
		{"status list", Request{Verb: Raw, Code: plant.S7Userdata, Data: []byte{4, 1, 0x12, 0x34, 0, 0}}, s7NoSZL},
		{"status list index", Request{Verb: Raw, Code: plant.S7Userdata, Data: []byte{4, 1, 1, 0x11, 0, 99}}, s7NoSZLIndex},
		{"userdata function", Request{Verb: Raw, Code: plant.S7Userdata, Data: []byte{4, 99}}, s7Unknown},
		{"upload of nothing", Request{Verb: Upload, Block: "FC99"}, s7NoBlock},
	} {
		if r := do(t, c, s, x.r, 1000); r.OK || r.Code != x.code || r.Error == "" {
			t.Errorf("%s: ok %v, code %#x %q, want %#x", x.name, r.OK, r.Code, r.Error, x.code)
		}
	}
	big := plant.S7{Ref: 9}.Read(nil, plant.S7Item{Area: plant.S7Flags, Type: plant.S7TypeByte, Count: 240})
	if got, _ := s.Receive(testNow, big, nil); len(got) != 20 || got[17] != 0x85 {
		t.Errorf("an answer larger than agreed: % x", got)
	}
	if len(m.writes) > 0 {
		t.Errorf("what was refused was written: %v", m.writes)
	}
	cpu.IsLocked = func() bool { return true }
	for _, r := range []Request{
		{Verb: Stop}, {Verb: Start}, {Verb: SetClock, Time: testNow}, {Verb: Upload, Block: "OB1"},
		{Verb: Download, Block: "OB1", Program: cpu.Block("OB1")},
	} {
		if got := do(t, c, s, r, 1000); got.OK || got.Code != s7Protected {
			t.Errorf("%v of a locked CPU: ok %v, code %#x", r.Verb, got.OK, got.Code)
		}
	}
	if !cpu.Running() {
		t.Error("a locked CPU was stopped")
	}
}

func TestS7RangesOfBytes(t *testing.T) {
	m, _, server, _ := s7Cell(t)
	_, s := s7Link(t, server, 1000)
	send := func(b []byte) []byte {
		t.Helper()
		got, keep := s.Receive(testNow, b, nil)
		if !keep {
			t.Fatal("closed")
		}
		return got[19:]
	}
	all := []plant.S7Item{{Area: plant.S7Block, DB: 1, Type: plant.S7TypeByte, Count: 20}}
	want := []byte{4, 1, 0xff, 4, 0, 160, 1, 0, 0, 120, 0x13, 0xa1, 0, 1, 0xe2, 0x40, 0x42, 0x76, 0, 0, 0x43, 0xfa, 0x20, 0, 0, 0}
	if got := send(plant.S7{}.Read(nil, all...)); !bytes.Equal(got, want) {
		t.Errorf("read % x, want % x", got, want)
	}
	// From the middle of one value to the middle of another, over bits and a gap.
	m.writes = nil
	some := []plant.S7Item{{Area: plant.S7Block, DB: 1, Type: plant.S7TypeByte, Count: 5, Byte: 0}}
	if got := send(plant.S7{}.Write(nil, some, []byte{9, 0x77, 0, 121, 0})); !bytes.Equal(got, []byte{5, 1, 0xff}) {
		t.Errorf("write % x", got)
	}
	if want := []string{"CLEAN=1", "RATE.SP=121", "WEIGHT.SP=16.1"}; !slices.Equal(m.writes, want) {
		t.Errorf("wrote %v, want %v", m.writes, want)
	}
	if got := send(plant.S7{}.Read(nil, some...)); !bytes.Equal(got[6:], []byte{9, 0x77, 0, 121, 0}) {
		t.Errorf("read back % x", got)
	}
}

func TestS7MachineIsStoppedStartedAndLoaded(t *testing.T) {
	_, cpu, server, _ := s7Cell(t)
	var told []string
	cpu.Stopped = func() { told = append(told, "stop") }
	cpu.Started = func() { told = append(told, "start") }
	cpu.Loaded = func(block string, program []byte) { told = append(told, block) }
	for _, piece := range []int{1, 7, 1000} {
		told = nil
		c, s := s7Link(t, server, piece)
		if r := do(t, c, s, Request{Verb: Stop}, piece); !r.OK || cpu.Running() {
			t.Errorf("stop: %q", r.Error)
		}
		program := S7Block("FC9", 3000, "x", "y", "z", uint64(piece), testNow)
		if r := do(t, c, s, Request{Verb: Download, Block: "FC9", Program: program}, piece); !r.OK {
			t.Errorf("download: %q %#x", r.Error, r.Code)
		}
		if r := do(t, c, s, Request{Verb: Start}, piece); !r.OK || !cpu.Running() {
			t.Errorf("start: %q", r.Error)
		}
		if want := []string{"stop", "FC9", "start"}; !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
		if r := do(t, c, s, Request{Verb: Upload, Block: "FC9"}, piece); !bytes.Equal(r.Data, program) {
			t.Errorf("uploaded %d bytes, loaded %d", len(r.Data), len(program))
		}
		r := do(t, c, s, Request{Verb: ListBlocks}, piece)
		if want := []string{"OB1", "OB100", "DB1", "DB20", "FC2", "FC9", "FB7"}; !slices.Equal(r.Texts, want) {
			t.Errorf("blocks %v, want %v", r.Texts, want)
		}
		s.Close()
	}
}

func TestS7SaysWhoItIsAndWhatTimeItIs(t *testing.T) {
	_, cpu, server, _ := s7Cell(t)
	c, s := s7Link(t, server, 5)
	r := do(t, c, s, Request{Verb: Identify}, 5)
	for _, want := range []string{"6ES7 315-2EH14-0AB0", "Line 3 filler", "S C-B1U393142011", "CPU 315-2 PN/DP"} {
		if !slices.Contains(r.Texts, want) {
			t.Errorf("%q is not in %q", want, r.Texts)
		}
	}
	if r := do(t, c, s, Request{Verb: ReadClock}, 5); r.Time != testNow {
		t.Errorf("clock %d, want %d", r.Time, testNow)
	}
	late := testNow + int64(90*time.Minute)
	if r := do(t, c, s, Request{Verb: SetClock, Time: late}, 5); !r.OK || cpu.Clock(testNow) != late {
		t.Errorf("clock set to %d, want %d: %q", cpu.Clock(testNow), late, r.Error)
	}
	for _, x := range []struct {
		id, index uint16
		ok        bool
	}{
		{0, 0, true}, {0x0111, 1, true}, {0x0111, 99, false}, {0x0131, 1, true}, {0x0132, 4, true},
		{0x0232, 4, true}, {0x0424, 0, true}, {0x0124, 0, true}, {0x00b1, 0, false},
	} {
		got, _ := s.Receive(testNow, plant.S7{Ref: 1}.SZL(nil, x.id, x.index), nil)
		m, ok := parseS7(got[7:])
		if !ok || (m.data[0] == s7OK) != x.ok {
			t.Errorf("list %#x index %d: % x", x.id, x.index, got)
		}
	}
}

func TestS7SessionRules(t *testing.T) {
	_, _, server, _ := s7Cell(t)
	c, s := NewS7Client(0, 1, LinkPG), server.Accept(testPeer)
	b, keep := s.Receive(testNow, c.Open(nil), nil)
	if keep || len(b) != 11 || b[5] != 0x80 {
		t.Errorf("the wrong slot: % x, open %v", b, keep)
	}
	if _, _, err := c.Receive(b, nil); !errors.Is(err, ErrRefused) {
		t.Errorf("the client of the wrong slot: %v", err)
	}
	s.Close()
	s = server.Accept(testPeer)
	if _, keep := s.Receive(testNow, plant.S7{}.Stop(nil), nil); keep {
		t.Error("served before the transport connection")
	}
	s.Close()
	s = server.Accept(testPeer)
	b, _ = s.Receive(testNow, plant.COTPConnect(nil, 1, 1, 0, 2), nil)
	b, keep = s.Receive(testNow, plant.S7{}.Stop(nil), b[:0])
	if keep || len(b) > 0 {
		t.Error("served before the set-up")
	}
}

func TestS7RegionsAreChecked(t *testing.T) {
	m := newMemory()
	x := func(k Kind) *Value { return m.value("x", k, 0, 0) }
	for name, values := range map[string]map[Place]*Value{
		"overlap":  {{Byte: 0}: x(Int32), {Byte: 2}: x(Int16)},
		"same bit": {{Byte: 0, Bit: 9}: x(Bool)},
		"in a bit": {{Byte: 0, Bit: 1}: x(Bool), {Byte: 0}: x(Int16)},
		"outside":  {{Byte: 1 << 16}: x(Bool)},
	} {
		if _, err := newRegion(values, 0); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestS7Battered(t *testing.T) {
	_, cpu, server, points := s7Cell(t)
	open, _ := s7Link(t, server, 1000)
	server.places.used = 0
	said := [][]byte{NewS7Client(0, 2, 2).Open(nil), plant.S7{Ref: 1}.Setup(nil, 480)}
	for _, r := range []Request{
		{Verb: Read, Points: points},
		{Verb: Write, Points: points[:6], Values: make([]float64, 6)},
		{Verb: Identify},
		{Verb: Stop},
		{Verb: Start},
		{Verb: ListBlocks},
		{Verb: SetClock, Time: testNow},
		{Verb: Upload, Block: "FB7"},
		{Verb: Download, Block: "FB8", Program: cpu.Block("FB7")},
	} {
		b, err := open.Ask(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		open.Abandon()
		said = append(said, b)
	}
	said = append(said, plant.S7{Ref: 0x8001}.DownloadBlockAnswer(nil, make([]byte, 200), true), plant.S7{Ref: 0x8002}.DownloadBlockAnswer(nil, make([]byte, 20), false),
		plant.S7{Ref: 0x8003}.DownloadEndAnswer(nil), plant.S7{Ref: 4}.Insert(nil, "0E00008"), plant.S7{Ref: 5}.Upload(nil, 1))
	held := func(s Session) int {
		x := s.(*s7Session)
		n := cap(x.cut.held) + cap(x.scratch) + cap(x.download.b)
		for _, b := range x.loaded {
			n += len(b.b)
		}
		return n
	}
	batter(t, server, said, held, 8192+maxPassive*MaxBlockSize)
	// The same behind an opened session, which gets deeper.
	batter(t, opened{server, said[:2]}, said[2:], held, 8192+maxPassive*MaxBlockSize)

	s := server.Accept(testPeer)
	var answers [][]byte
	for _, a := range said {
		b, _ := s.Receive(testNow, a, nil)
		answers = append(answers, b)
	}
	answers = slices.DeleteFunc(answers, func(b []byte) bool { return len(b) == 0 })
	for _, r := range []Request{{Verb: Read, Points: points}, {Verb: Identify}, {Verb: Upload, Block: "OB1"}, {Verb: Download, Block: "OB1", Program: cpu.Block("OB1")}} {
		batterClient(t, func() Client {
			c := NewS7Client(0, 2, LinkPG)
			c.Open(nil)
			for _, b := range answers[:2] {
				c.Receive(b, nil)
			}
			return c
		}, r, answers[2:])
	}
}

// opened is a server whose sessions are set up.
type opened struct {
	Server
	first [][]byte
}

func (o opened) Accept(peer netip.Addr) Session {
	s := o.Server.Accept(peer)
	if s != nil {
		for _, b := range o.first {
			s.Receive(testNow, b, nil)
		}
	}
	return s
}

func TestS7PollAllocatesNothing(t *testing.T) {
	_, _, server, points := s7Cell(t)
	c, s := s7Link(t, server, 1000)
	pollAllocatesNothing(t, c, s, append(slices.Clone(points), points...))
}
