package device

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"time"

	"firedoor/internal/plant"
	"firedoor/internal/plant/chance"
)

// cipCell is a controller with tags and a program, and where a client finds them.
func cipCell(t testing.TB) (*memory, *CPU, *CIP, []Point) {
	t.Helper()
	m, cpu := newMemory(), &CPU{}
	for i, name := range []string{"MainProgram", "Robot"} {
		b := make([]byte, 150+1000*i)
		r := chance.New(uint64(i))
		r.Fill(b)
		if err := cpu.Install(name, b); err != nil {
			t.Fatal(err)
		}
	}
	d, err := NewCIP(CIPConfig{
		Identity: CIPIdentity{Vendor: 1, Type: 14, Code: 107, Major: 32, Minor: 11, Status: 0x3160, Serial: 0xa4d21c, Name: "1769-L33ER"},
		Address:  netip.MustParseAddr("10.1.0.20"), Connections: 3, Machine: cpu,
		Tags: []*Value{
			m.value("Conveyor.SP", Int32, 1, 320), m.value("Gripper", Bool, 0, 1), m.value("Vacuum", Float32, 0, -0.625),
			m.value("Step", Int16, 0, -7), m.value("Speed", Uint16, 10, 6000.5), m.readOnly("Cycles", Int32, 0, 99999),
		},
		Produced: []CIPAssembly{{100, []*Value{m.readOnly("In1", Uint16, 0, 77), m.readOnly("In2", Bool, 0, 1)}}},
		Consumed: []CIPAssembly{{150, []*Value{m.value("Out1", Int32, 0, 5)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	tag := func(name string, k Kind, scale float64) Point {
		return Point{Area: Tag, Name: name, Kind: k, Scale: scale}
	}
	return m, cpu, d, []Point{
		tag("Conveyor.SP", Int32, 1), tag("Gripper", Bool, 0), tag("Vacuum", Float32, 0),
		tag("Step", Int16, 0), tag("Speed", Uint16, 10), tag("Cycles", Int32, 0),
	}
}

func cipLink(t testing.TB, d *CIP, c *CIPClient, piece int) (*CIPClient, Session) {
	t.Helper()
	s := d.Accept(testPeer)
	talk(t, c, s, c.Open(nil), piece)
	if !c.Ready() {
		t.Fatal("no session")
	}
	return c, s
}

func TestCIPReadsWhatTheMemoryHolds(t *testing.T) {
	_, _, d, points := cipCell(t)
	want := []float64{320, 1, -0.625, -7, 6000.5, 99999}
	for range 4 { // more than one packet carries
		points, want = append(points, points...), append(want, want...)
	}
	for piece := 1; piece < 80; piece += 3 {
		for _, c := range []*CIPClient{NewCIPClient(), NewCIPTool()} {
			c, s := cipLink(t, d, c, piece)
			if r := do(t, c, s, Request{Verb: Read, Points: points}, piece); !r.OK || !slices.Equal(r.Values, want) {
				t.Fatalf("pieces of %d: %v %q, want %v", piece, r.Values, r.Error, want)
			}
			if r := do(t, c, s, Request{Verb: Read, Points: points[2:3]}, piece); !r.OK || r.Values[0] != -0.625 {
				t.Fatalf("one: %v %q", r.Values, r.Error)
			}
			s.Close()
		}
	}
	if d.Connections() != 0 {
		t.Errorf("%d connections outlive their sessions", d.Connections())
	}
}

func TestCIPWrites(t *testing.T) {
	m, _, d, points := cipCell(t)
	c, s := cipLink(t, d, NewCIPClient(), 9)
	for _, w := range []struct {
		points []Point
		values []float64
		want   []string
	}{
		{points[:1], []float64{-5}, []string{"Conveyor.SP=-5"}},
		{points[:5], []float64{1, 0, 1.5, 7, 3.2}, []string{"Conveyor.SP=1", "Gripper=0", "Vacuum=1.5", "Step=7", "Speed=3.2"}},
	} {
		m.writes = nil
		if r := do(t, c, s, Request{Verb: Write, Points: w.points, Values: w.values}, 9); !r.OK || !slices.Equal(m.writes, w.want) {
			t.Errorf("wrote %v (%s), want %v", m.writes, r.Error, w.want)
		}
	}
}

func TestCIPRefuses(t *testing.T) {
	m, cpu, d, points := cipCell(t)
	c, s := cipLink(t, d, NewCIPTool(), 1000)
	read := func(name string) Request {
		return Request{Verb: Read, Points: []Point{{Area: Tag, Name: name, Kind: Int32}}}
	}
	raw := func(service uint8, path []byte, data ...byte) Request {
		return Request{Verb: Raw, Code: service, Data: plant.CIPRequest(nil, 0, path, data...)[1:]}
	}
	wrong := points[0]
	wrong.Kind = Float32
	for _, x := range []struct {
		name string
		r    Request
		code uint32
	}{
		{"no tag", read("Nothing"), cipPathUnknown},
		{"no member", read("Conveyor.PV"), cipPathUnknown},
		{"wrong type", Request{Verb: Write, Points: []Point{wrong}, Values: []float64{1}}, cipTagError},
		{"read-only", Request{Verb: Write, Points: points[5:], Values: []float64{1}}, cipPrivilege},
		{"read-only among others", Request{Verb: Write, Points: points[4:], Values: []float64{1, 1}}, cipPrivilege},
		{"two elements", raw(plant.CIPReadTag, plant.CIPSymbol("Gripper"), 2, 0), cipTagError},
		{"no elements", raw(plant.CIPReadTag, plant.CIPSymbol("Gripper")), cipNotEnough},
		{"class", raw(plant.CIPGetSingle, plant.CIPClass(0x99, 1, 1)), cipPathUnknown},
		{"service", raw(0x4a, plant.CIPClass(1, 1, 0)), cipNoService},
		{"attribute", raw(plant.CIPGetSingle, plant.CIPClass(1, 1, 8)), cipNoAttribute},
		{"path", raw(plant.CIPGetSingle, []byte{0x91, 9, 'A', 0}), cipPathSegment},
		{"assembly", raw(plant.CIPGetSingle, plant.CIPClass(4, 9, 3)), cipNoObject},
		{"produced assembly", raw(plant.CIPSetSingle, plant.CIPClass(4, 100, 3), 1, 2, 3), cipNotSettable},
		{"assembly too long", raw(plant.CIPSetSingle, plant.CIPClass(4, 150, 3), 1, 2, 3, 4, 5), cipTooMuch},
		{"file", Request{Verb: Upload, Block: "Nothing"}, cipNoObject},
		{"transfer without start", raw(cipDownloadTransfer, plant.CIPClass(0x37, 1, 0), 0, cipOnly, 1, 255, 255), cipConflict},
	} {
		if r := do(t, c, s, x.r, 1000); r.OK || r.Code != x.code || r.Error == "" {
			t.Errorf("%s: ok %v, status %#x %q, want %#x", x.name, r.OK, r.Code, r.Error, x.code)
		}
	}
	if want := []string{"Speed=1"}; !slices.Equal(m.writes, want) {
		t.Errorf("wrote %v, want %v", m.writes, want)
	}
	cpu.IsLocked = func() bool { return true }
	for _, r := range []Request{
		{Verb: Stop}, {Verb: Start}, {Verb: Mode}, {Verb: SetClock, Time: testNow}, {Verb: Upload, Block: "Robot"},
		{Verb: Download, Block: "New", Program: []byte{1}}, {Verb: Download, Block: "Robot", Program: []byte{1}},
	} {
		if got := do(t, c, s, r, 1000); got.OK || got.Code != cipPrivilege {
			t.Errorf("%v of a locked controller: ok %v, status %#x", r.Verb, got.OK, got.Code)
		}
	}
	if !cpu.Running() {
		t.Error("a locked controller was stopped")
	}
}

func TestCIPMachineIsStoppedStartedAndLoaded(t *testing.T) {
	_, cpu, d, _ := cipCell(t)
	for _, piece := range []int{1, 50, 1000} {
		c, s := cipLink(t, d, NewCIPClient(), piece)
		for _, x := range []struct {
			r   Request
			run bool
		}{{Request{Verb: Stop}, false}, {Request{Verb: Start}, true}, {Request{Verb: Mode}, false}, {Request{Verb: Mode, Code: 1}, true}} {
			if r := do(t, c, s, x.r, piece); !r.OK || cpu.Running() != x.run {
				t.Errorf("%v %d: running %v %q", x.r.Verb, x.r.Code, cpu.Running(), r.Error)
			}
		}
		for name, size := range map[string]int{"Robot": 70000 / 2, "Conveyor": 1, "MainProgram": 200, "Other": 201} {
			program := make([]byte, size)
			r := chance.New(uint64(size))
			r.Fill(program)
			if r := do(t, c, s, Request{Verb: Download, Block: name, Program: program}, piece); !r.OK || !bytes.Equal(cpu.Block(name), program) {
				t.Errorf("download of %s: %q %d", name, r.Error, r.Code)
			}
			if r := do(t, c, s, Request{Verb: Upload, Block: name}, piece); !r.OK || !bytes.Equal(r.Data, program) {
				t.Errorf("upload of %s: %q", name, r.Error)
			}
		}
		s.Close()
	}
}

func TestCIPSaysWhoItIsAndWhatItHas(t *testing.T) {
	_, cpu, d, points := cipCell(t)
	c, s := cipLink(t, d, NewCIPClient(), 30)
	r := do(t, c, s, Request{Verb: Identify}, 30)
	if want := []string{"1769-L33ER", "vendor 1, type 14, code 107", "32.11", "00a4d21c"}; !slices.Equal(r.Texts, want) {
		t.Errorf("identity %q, want %q", r.Texts, want)
	}
	var names []string
	for _, p := range points {
		names = append(names, p.Name)
	}
	if r := do(t, c, s, Request{Verb: ListBlocks}, 30); !slices.Equal(r.Texts, names) {
		t.Errorf("tags %q, want %q", r.Texts, names)
	}
	if r := do(t, c, s, Request{Verb: ReadClock}, 30); r.Time != testNow {
		t.Errorf("clock %d, want %d", r.Time, testNow)
	}
	if r := do(t, c, s, Request{Verb: SetClock, Time: testNow + 5e9}, 30); !r.OK || cpu.Clock(testNow) != testNow+5e9 {
		t.Errorf("clock set to %d: %q", cpu.Clock(testNow), r.Error)
	}
	got := d.Unconnected().Receive(testNow, netip.AddrPort{}, plant.ENIP{Context: 9}.ListIdentity(nil), nil)
	if want := (plant.ENIP{Context: 9}).ListIdentityAnswer(nil, &d.host, d.identity.wire()); !bytes.Equal(got, want) {
		t.Errorf("identity over UDP % x", got)
	}
}

func TestCIPManyTagsAreListedInParts(t *testing.T) {
	m := newMemory()
	var tags []*Value
	var names []string
	for i := range 300 {
		names = append(names, "Tag_number_"+string(rune('A'+i/26))+string(rune('a'+i%26)))
		tags = append(tags, m.value(names[i], Int16, 0, float64(i)))
	}
	d, err := NewCIP(CIPConfig{Tags: tags})
	if err != nil {
		t.Fatal(err)
	}
	c, s := cipLink(t, d, NewCIPTool(), 1000)
	if r := do(t, c, s, Request{Verb: ListBlocks}, 1000); !slices.Equal(r.Texts, names) {
		t.Errorf("%d tags listed, want %d", len(r.Texts), len(names))
	}
}

func TestCIPCyclicExchange(t *testing.T) {
	m, _, d, _ := cipCell(t)
	own := newMemory()
	scanner := NewCIPScanner(CIPScan{
		Peer: d.host.IP, Configuration: 151, Output: 150, Input: 100, Interval: 10 * time.Millisecond,
		Out: []*Value{own.readOnly("Out1", Int32, 0, -1234)}, Originator: 0x2a01, Serial: 7,
		In: []*Value{own.value("In1", Uint16, 0, 0), own.value("In2", Bool, 0, 0)},
	})
	s := d.Accept(testPeer)
	talk(t, scanner, s, scanner.Open(nil), 1000)
	if r := do(t, scanner, s, Request{Verb: Connect}, 1000); !r.OK || !scanner.Connected() {
		t.Fatalf("not connected: %q %#x", r.Error, r.Code)
	}
	if r := do(t, scanner, s, Request{Verb: Connect}, 1000); r.OK {
		t.Error("the same connection twice")
	}
	toTarget, toScanner := 0, 0
	run := func(from, to int64, deaf bool) {
		for now := from; now < to; now += int64(time.Millisecond) {
			if scanner.Next(now) <= now {
				scanner.Produce(now, func(to netip.AddrPort, b []byte) {
					toTarget++
					if to != netip.AddrPortFrom(d.host.IP, plant.PortIO) {
						t.Errorf("sent to %v", to)
					}
					if !deaf {
						d.Consumer().Receive(now, netip.AddrPortFrom(testPeer, plant.PortIO), b, nil)
					}
				})
			}
			if d.Next(now) <= now {
				d.Produce(now, func(to netip.AddrPort, b []byte) {
					toScanner++
					if to != netip.AddrPortFrom(testPeer, plant.PortIO) {
						t.Errorf("sent to %v", to)
					}
					if !deaf {
						scanner.Consumer().Receive(now, netip.AddrPortFrom(d.host.IP, plant.PortIO), b, nil)
					}
				})
			}
		}
	}
	run(testNow, testNow+1e9, false)
	if toTarget < 95 || toTarget > 100 || toScanner < 95 || toScanner > 100 {
		t.Errorf("%d and %d datagrams in a second of 10 ms each", toTarget, toScanner)
	}
	if m.at["Out1"] != -1234 || own.at["In1"] != 77 || own.at["In2"] != 1 {
		t.Errorf("exchanged %v and %v", m.at["Out1"], own.at)
	}
	run(testNow+1e9, testNow+2e9, true)
	if scanner.Connected() || d.Connections() != 0 || d.Next(testNow) != Never || scanner.Next(testNow) != Never {
		t.Error("exchange goes on although nobody hears the other")
	}
	if r := do(t, scanner, s, Request{Verb: Connect}, 1000); !r.OK {
		t.Fatalf("not connected again: %q", r.Error)
	}
	if r := do(t, scanner, s, Request{Verb: Disconnect}, 1000); !r.OK || d.Connections() != 0 {
		t.Errorf("not disconnected: %q", r.Error)
	}
}

func TestCIPOpensWhatItCan(t *testing.T) {
	_, _, d, _ := cipCell(t)
	_, s := cipLink(t, d, NewCIPTool(), 1000)
	io := plant.CIPConnection{ToOriginator: 9, Serial: 1, Vendor: 1, Originator: 1, Class: 1, SizeToTarget: 10, SizeToOriginator: 5, Interval: 10000}
	for _, x := range []struct {
		name     string
		change   func(c *plant.CIPConnection)
		extended uint16
	}{
		{"good", func(*plant.CIPConnection) {}, 0},
		{"again", func(*plant.CIPConnection) {}, cipDuplicate},
		{"with a key", func(c *plant.CIPConnection) {
			c.Serial = 2
			c.Path = append(append([]byte{0x34, 4}, make([]byte, 8)...), c.Path...)
		}, 0},
		{"sizes", func(c *plant.CIPConnection) { c.Serial, c.SizeToTarget = 3, 12 }, cipBadSize},
		{"other assembly", func(c *plant.CIPConnection) { c.Serial, c.Path = 3, []byte{0x20, 4, 0x24, 1, 0x2c, 150, 0x2c, 99} }, cipBadRoute},
		{"assemblies swapped", func(c *plant.CIPConnection) { c.Serial, c.Path = 3, []byte{0x20, 4, 0x24, 1, 0x2c, 100, 0x2c, 150} }, cipBadRoute},
		{"other slot", func(c *plant.CIPConnection) { c.Serial, c.Class, c.Path = 3, 3, []byte{1, 5, 0x20, 2, 0x24, 1} }, cipBadRoute},
		{"too fast", func(c *plant.CIPConnection) { c.Serial, c.Interval = 3, 10 }, 0x0111},
		{"class 3 to an assembly", func(c *plant.CIPConnection) { c.Serial, c.Class = 3, 3 }, cipBadTransport},
	} {
		c := io
		c.Path = []byte{0x20, 4, 0x24, 151, 0x2c, 150, 0x2c, 100}
		x.change(&c)
		b := s.(*cipSession).serve(nil, c.Open(nil), 0)
		got := uint16(0)
		if b[2] != cipOK {
			got = binary.LittleEndian.Uint16(b[4:])
		}
		if got != x.extended {
			t.Errorf("%s: extended status %#x, want %#x", x.name, got, x.extended)
		}
	}
	for i := range uint16(200) {
		c := io
		c.Serial, c.Class, c.Path = 100+i, 3, []byte{0x20, 2, 0x24, 1}
		s.(*cipSession).serve(nil, c.Open(nil), 0)
	}
	if d.Connections() != cipMaxConnections {
		t.Errorf("%d connections, at most %d", d.Connections(), cipMaxConnections)
	}
}

func TestCIPRoutes(t *testing.T) {
	_, _, d, _ := cipCell(t)
	_, s := cipLink(t, d, NewCIPTool(), 1000)
	serve := func(m []byte) []byte { return s.(*cipSession).serve(nil, m, 0) }
	inner := plant.CIPRead(nil, "Step", 1)
	if got, want := serve(plant.CIPRouted(nil, inner, 0)), plant.CIPReadAnswer(nil, plant.CIPTypeInt, []byte{0xf9, 0xff}); !bytes.Equal(got, want) {
		t.Errorf("over the backplane % x, want % x", got, want)
	}
	if got := serve(plant.CIPRouted(nil, inner, 3)); got[2] != cipConnectionFail {
		t.Errorf("to an empty slot % x", got)
	}
	deep := inner
	for range 10 {
		deep = plant.CIPRouted(nil, deep, 0)
	}
	if got := serve(deep); got[2] != cipPathSegment {
		t.Errorf("ten times wrapped % x", got)
	}
}

func TestCIPBattered(t *testing.T) {
	_, cpu, d, points := cipCell(t)
	first := plant.ENIP{}.Register(nil)
	register := func(o Server) Server { return opened{o, [][]byte{first}} }
	// All sessions must have one number for what was said to one to be heard by all.
	again := serverFunc(func(peer netip.Addr) Session { d.sessions = 0; return d.Accept(peer) })
	c, s := NewCIPTool(), again.Accept(testPeer)
	talk(t, c, s, c.Open(nil), 1000)
	s.Close()
	said := [][]byte{first, plant.ENIP{}.ListIdentity(nil)}
	add := func(m []byte) { said = append(said, plant.ENIP{Session: c.handle, Context: 1}.Unconnected(nil, m)) }
	for _, r := range []Request{
		{Verb: Read, Points: points},
		{Verb: Write, Points: points[:5], Values: make([]float64, 5)},
		{Verb: Identify},
		{Verb: Stop},
		{Verb: ListBlocks},
		{Verb: Upload, Block: "Robot"},
		{Verb: SetClock, Time: testNow},
	} {
		b, err := c.Ask(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Abandon()
		said = append(said, b)
	}
	io := plant.CIPConnection{ToOriginator: 9, Serial: 1, Vendor: 1, Originator: 1, Class: 1, SizeToTarget: 10, SizeToOriginator: 5, Interval: 10000, Path: []byte{0x20, 4, 0x24, 151, 0x2c, 150, 0x2c, 100}}
	add(io.Open(nil))
	add(io.Close(nil))
	add(plant.CIPRouted(nil, plant.CIPTogether(nil, false, plant.CIPRead(nil, "Step", 1), plant.CIPRead(nil, "Cycles", 1)), 0))
	add(plant.CIPRequest(nil, cipInitiateDownload, plant.CIPClass(0x37, 1, 0), 4, 0, 0, 0, 1, 0, 1, 0))
	add(plant.CIPRequest(nil, cipDownloadTransfer, plant.CIPClass(0x37, 1, 0), 0, cipFirst, 1, 2))
	add(plant.CIPRequest(nil, cipInitiateUpload, plant.CIPClass(0x37, 1, 0), 3))
	add(plant.CIPRequest(nil, cipUploadTransfer, plant.CIPClass(0x37, 1, 0), 0))
	held := func(s Session) int {
		x := s.(*cipSession)
		return cap(x.cut.held) + cap(x.message) + cap(x.name) + cap(x.file.b)
	}
	batter(t, register(again), said, held, 6*cipMaxMessage+2*MaxBlockSize)

	s = register(again).Accept(testPeer)
	var answers [][]byte
	for _, a := range said {
		if b, _ := s.Receive(testNow, a, nil); len(b) > 0 {
			answers = append(answers, b)
		}
	}
	confirm := plant.ENIP{Session: c.handle}.Register(nil)
	for _, r := range []Request{{Verb: Read, Points: points}, {Verb: Identify}, {Verb: ListBlocks}, {Verb: Upload, Block: "Robot"}, {Verb: Download, Block: "Robot", Program: cpu.Block("Robot")}} {
		batterClient(t, func() Client {
			c := NewCIPTool()
			c.Open(nil)
			c.Receive(confirm, nil)
			return c
		}, r, answers)
	}
	// Datagrams too.
	rnd := chance.New(3)
	for range 3000 {
		b := plant.ClassIO(nil, 0x80fe0001, 1, make([]byte, rnd.N(20)))
		b[rnd.N(len(b))] = byte(rnd.Next())
		b = b[:rnd.N(len(b)+1)]
		d.Consumer().Receive(testNow, netip.AddrPortFrom(testPeer, 2222), b, nil)
		d.Unconnected().Receive(testNow, netip.AddrPortFrom(testPeer, 2222), b, nil)
	}
}

type serverFunc func(netip.Addr) Session

func (f serverFunc) Accept(peer netip.Addr) Session { return f(peer) }

func TestCIPPollAllocatesNothing(t *testing.T) {
	_, _, d, points := cipCell(t)
	c, s := cipLink(t, d, NewCIPClient(), 1000)
	pollAllocatesNothing(t, c, s, append(slices.Clone(points), points...))
	pollAllocatesNothing(t, c, s, points[:1])
}

func TestCIPCyclicExchangeAllocatesNothing(t *testing.T) {
	_, _, d, _ := cipCell(t)
	own := newMemory()
	var out float64
	scanner := NewCIPScanner(CIPScan{
		Peer: d.host.IP, Configuration: 151, Output: 150, Input: 100, Interval: 10 * time.Millisecond, Serial: 7,
		Out: []*Value{{Kind: Int32, Load: func() float64 { return 4 }}},
		In:  []*Value{{Kind: Uint16, Load: func() float64 { return out }, Store: func(x float64) { out = x }}, own.readOnly("In2", Bool, 0, 0)},
	})
	d.consumed[0].Values = []*Value{{Kind: Int32, Load: func() float64 { return 0 }, Store: func(float64) {}}}
	s := d.Accept(testPeer)
	talk(t, scanner, s, scanner.Open(nil), 1000)
	if r := do(t, scanner, s, Request{Verb: Connect}, 1000); !r.OK {
		t.Fatal(r.Error)
	}
	now := testNow
	target, origin := d.Consumer(), scanner.Consumer()
	toTarget := func(_ netip.AddrPort, b []byte) {
		target.Receive(now, netip.AddrPortFrom(testPeer, plant.PortIO), b, nil)
	}
	toOrigin := func(_ netip.AddrPort, b []byte) {
		origin.Receive(now, netip.AddrPortFrom(d.host.IP, plant.PortIO), b, nil)
	}
	turn := func() {
		now += 10e6
		scanner.Produce(now, toTarget)
		d.Produce(now, toOrigin)
	}
	turn()
	if n := testing.AllocsPerRun(500, turn); n > 0 {
		t.Errorf("%v allocations a cycle", n)
	}
	if !scanner.Connected() || d.Connections() != 1 || out != 77 {
		t.Errorf("the exchange stands: %v, %d connections, took %g", scanner.Connected(), d.Connections(), out)
	}
}
