package device

import (
	"bytes"
	"slices"
	"testing"

	"firedoor/internal/plant"
)

// modbusCell is a server with values of every kind, and where a client finds them.
func modbusCell(t testing.TB) (*memory, *Modbus, []Point) {
	t.Helper()
	m := newMemory()
	s, err := NewModbus(ModbusConfig{
		Coils:    map[uint16]*Value{0: m.value("XV101", Bool, 0, 1), 1: m.value("XV102", Bool, 0, 0), 2: m.value("RUN", Bool, 0, 1), 9: m.readOnly("TRIP", Bool, 0, 1)},
		Discrete: map[uint16]*Value{5: m.readOnly("ZS101", Bool, 0, 1), 6: m.readOnly("ZS102", Bool, 0, 0)},
		Holding: map[uint16]*Value{
			100: m.value("TIC101.SP", Int16, 10, 72.5), 101: m.value("SIC101.SP", Uint16, 1, 1450),
			102: m.value("FQ101", Int32, 1, -70000), 104: m.value("PIC101.SP", Float32, 0, 1.25),
			106: m.value("MODE", Bool, 0, 1), 107: m.readOnly("VERSION", Uint16, 1, 42),
		},
		Input:       map[uint16]*Value{30: m.readOnly("TIC101.PV", Int16, 10, -3.2), 31: m.readOnly("WT", Float32, 0, 1e6)},
		Identity:    []string{"Acme", "M-340", "V2.7", "http://acme.example", "Mixer controller", "M340-20", "mixer 1"},
		Connections: 3,
	})
	if err != nil {
		t.Fatal(err)
	}
	return m, s, []Point{
		{Area: Holding, Address: 100, Kind: Int16, Scale: 10}, {Area: Holding, Address: 101, Kind: Uint16, Scale: 1},
		{Area: Holding, Address: 102, Kind: Int32}, {Area: Holding, Address: 104, Kind: Float32},
		{Area: Holding, Address: 106, Kind: Bool}, {Area: Holding, Address: 107, Kind: Uint16},
		{Area: Register, Address: 30, Kind: Int16, Scale: 10}, {Area: Register, Address: 31, Kind: Float32},
		{Area: Coil, Address: 0}, {Area: Coil, Address: 1}, {Area: Coil, Address: 9},
		{Area: Discrete, Address: 5}, {Area: Discrete, Address: 6},
	}
}

func TestModbusReadsWhatTheMemoryHolds(t *testing.T) {
	_, server, points := modbusCell(t)
	want := []float64{72.5, 1450, -70000, 1.25, 1, 42, -3.2, 1e6, 1, 0, 1, 1, 0}
	for piece := 1; piece < 40; piece++ {
		c, s := NewModbusClient(1), server.Accept(testPeer)
		r := do(t, c, s, Request{Verb: Read, Points: points}, piece)
		if !r.OK || !slices.Equal(r.Values, want) {
			t.Fatalf("pieces of %d: %v %q, want %v", piece, r.Values, r.Error, want)
		}
		s.Close()
	}
}

func TestModbusWrites(t *testing.T) {
	m, server, points := modbusCell(t)
	c, s := NewModbusClient(1), server.Accept(testPeer)
	for _, w := range []struct {
		points []Point
		values []float64
		want   []string
	}{
		{points[:1], []float64{80.4}, []string{"TIC101.SP=80.4"}},
		{points[:1], []float64{1e9}, []string{"TIC101.SP=3276.7"}}, // held at the end of the range
		{points[:5], []float64{-1, 2, 100000, 2.5, 0}, []string{"TIC101.SP=-1", "SIC101.SP=2", "FQ101=100000", "PIC101.SP=2.5", "MODE=0"}},
		{points[8:9], []float64{0}, []string{"XV101=0"}},
		{points[8:10], []float64{1, 1}, []string{"XV101=1", "XV102=1"}},
		{[]Point{points[2], points[0]}, []float64{5, 6}, []string{"FQ101=5", "TIC101.SP=6"}},
	} {
		m.writes = nil
		if r := do(t, c, s, Request{Verb: Write, Points: w.points, Values: w.values}, 7); !r.OK || !slices.Equal(m.writes, w.want) {
			t.Errorf("wrote %v (%s), want %v", m.writes, r.Error, w.want)
		}
	}
}

func TestModbusRefuses(t *testing.T) {
	m, server, points := modbusCell(t)
	c, s := NewModbusClient(1), server.Accept(testPeer)
	m.writes = nil
	for _, x := range []struct {
		name string
		r    Request
		code uint32
	}{
		{"a gap", Request{Verb: Read, Points: []Point{{Area: Holding, Address: 99, Kind: Uint16}}}, 2},
		{"beyond the end", Request{Verb: Read, Points: []Point{{Area: Holding, Address: 65535, Kind: Int32}}}, 2},
		{"read-only", Request{Verb: Write, Points: points[5:6], Values: []float64{1}}, 2},
		{"one of several read-only", Request{Verb: Write, Points: points[4:6], Values: []float64{1, 1}}, 2},
		{"read-only coil", Request{Verb: Write, Points: points[10:11], Values: []float64{1}}, 2},
		{"no quantity", Request{Verb: Raw, Code: 3, Data: []byte{0, 100, 0, 0}}, 3},
		{"large quantity", Request{Verb: Raw, Code: 3, Data: []byte{0, 100, 0, 126}}, 3},
		{"short", Request{Verb: Raw, Code: 4, Data: []byte{0}}, 3},
		{"coil neither on nor off", Request{Verb: Raw, Code: 5, Data: []byte{0, 0, 1, 0}}, 3},
		{"byte count", Request{Verb: Raw, Code: 16, Data: []byte{0, 100, 0, 2, 3, 1, 2, 3}}, 3},
		{"coil count", Request{Verb: Raw, Code: 15, Data: []byte{0, 0, 0, 9, 1, 1}}, 3},
		{"sub-function", Request{Verb: Raw, Code: 8, Data: []byte{0, 1, 0, 0}}, 1},
		{"function", Request{Verb: Raw, Code: 90, Data: []byte{0, 2}}, 1},
		{"function 0", Request{Verb: Raw, Code: 0}, 1},
		{"identification level", Request{Verb: Raw, Code: 43, Data: []byte{14, 5, 0}}, 3},
		{"identification object", Request{Verb: Raw, Code: 43, Data: []byte{14, 4, 99}}, 2},
	} {
		if r := do(t, c, s, x.r, 1000); r.OK || r.Code != x.code || r.Error == "" {
			t.Errorf("%s: ok %v, exception %d %q, want %d", x.name, r.OK, r.Code, r.Error, x.code)
		}
	}
	if len(m.writes) > 0 {
		t.Errorf("what was refused was written: %v", m.writes)
	}
}

func TestModbusOtherFunctions(t *testing.T) {
	m, server, _ := modbusCell(t)
	c, s := NewModbusClient(1), server.Accept(testPeer)
	m.at["TIC101.SP"] = 0x12 / 10.0
	for _, x := range []struct {
		code       uint8
		data, want []byte
	}{
		{8, []byte{0, 0, 0xa5, 0x37}, []byte{0, 0, 0xa5, 0x37}},
		{22, []byte{0, 100, 0, 0xf2, 0, 0x25}, []byte{0, 100, 0, 0xf2, 0, 0x25}}, // the specification's example: 0x12 becomes 0x17
		{3, []byte{0, 100, 0, 1}, []byte{2, 0, 0x17}},
		{23, []byte{0, 102, 0, 2, 0, 100, 0, 1, 2, 0, 7}, []byte{4, 0xff, 0xfe, 0xee, 0x90}},
		{3, []byte{0, 103, 0, 2}, []byte{4, 0xee, 0x90, 0x3f, 0xa0}}, // halves of two values
		{6, []byte{0, 103, 0, 1}, []byte{0, 103, 0, 1}},              // half of a value
		{3, []byte{0, 102, 0, 2}, []byte{4, 0xff, 0xfe, 0, 1}},
		{22, []byte{0, 103, 0, 0, 0, 9}, []byte{0, 103, 0, 0, 0, 9}},
		{3, []byte{0, 102, 0, 2}, []byte{4, 0xff, 0xfe, 0, 9}},
		{17, nil, append([]byte{12, 1, 0xff}, "Acme M-340"...)},
		{43, []byte{14, 4, 2}, []byte{14, 4, 0x82, 0, 0, 1, 2, 4, 'V', '2', '.', '7'}},
		{43, []byte{14, 1, 1}, []byte{14, 1, 0x82, 0, 0, 2, 1, 5, 'M', '-', '3', '4', '0', 2, 4, 'V', '2', '.', '7'}},
	} {
		if r := do(t, c, s, Request{Verb: Raw, Code: x.code, Data: x.data}, 1000); !r.OK || !bytes.Equal(r.Data, x.want) {
			t.Errorf("function %d with % x: % x %q, want % x", x.code, x.data, r.Data, r.Error, x.want)
		}
	}
	r := do(t, c, s, Request{Verb: Identify}, 3)
	if len(r.Texts) != 7 || r.Texts[6] != "mixer 1" {
		t.Errorf("identity %q", r.Texts)
	}
}

func TestModbusUnitsAndPlaces(t *testing.T) {
	m := newMemory()
	server, err := NewModbus(ModbusConfig{Units: []uint8{1, 255}, Connections: 1, Input: map[uint16]*Value{0: m.readOnly("x", Uint16, 0, 3)}})
	if err != nil {
		t.Fatal(err)
	}
	s := server.Accept(testPeer)
	if server.Accept(testPeer) != nil {
		t.Error("a second connection where one has room")
	}
	c := NewModbusClient(7)
	read := Request{Verb: Read, Points: []Point{{Area: Register, Kind: Uint16}}}
	if r := do(t, c, s, read, 99); r.Code != modbusNoTarget {
		t.Errorf("unit 7: code %d", r.Code)
	}
	c.SetUnit(255)
	if r := do(t, c, s, read, 99); !r.OK || r.Values[0] != 3 {
		t.Errorf("unit 255: %v %q", r.Values, r.Error)
	}
	s.Close()
	if server.Accept(testPeer) == nil {
		t.Error("no room after the connection closed")
	}
}

func TestModbusSeveralRequestsInOneSegment(t *testing.T) {
	_, server, _ := modbusCell(t)
	s := server.Accept(testPeer)
	var b, want []byte
	for i := range uint16(5) {
		m := plant.Modbus{Transaction: i, Unit: 1}
		b = m.Words(b, plant.ModbusReadHolding, 107, 1)
		want = m.Registers(want, plant.ModbusReadHolding, []uint16{42})
	}
	if got, keep := s.Receive(testNow, b, nil); !keep || !bytes.Equal(got, want) {
		t.Errorf("% x, want % x", got, want)
	}
	if _, keep := s.Receive(testNow, []byte("GET / HTTP/1.1\r\n\r\n"), nil); keep {
		t.Error("a connection that speaks HTTP stays open")
	}
}

func TestModbusConfigIsChecked(t *testing.T) {
	m := newMemory()
	x := func(k Kind) *Value { return m.value("x", k, 0, 0) }
	for name, c := range map[string]ModbusConfig{
		"overlap":  {Holding: map[uint16]*Value{4: x(Int32), 5: x(Int16)}},
		"end":      {Holding: map[uint16]*Value{65535: x(Float32)}},
		"no bit":   {Coils: map[uint16]*Value{1: x(Int16)}},
		"identity": {Identity: []string{"Acme"}},
	} {
		if _, err := NewModbus(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func modbusSaid(points []Point) (asked [][]byte) {
	c := NewModbusClient(1)
	for _, r := range []Request{
		{Verb: Read, Points: points[:6]},
		{Verb: Read, Points: points[8:]},
		{Verb: Write, Points: points[:5], Values: make([]float64, 5)},
		{Verb: Write, Points: points[:1], Values: make([]float64, 1)},
		{Verb: Write, Points: points[8:10], Values: make([]float64, 2)},
		{Verb: Identify},
		{Verb: Raw, Code: 22, Data: []byte{0, 100, 0, 0xf2, 0, 0x25}},
		{Verb: Raw, Code: 23, Data: []byte{0, 102, 0, 2, 0, 100, 0, 1, 2, 0, 7}},
	} {
		b, _ := c.Ask(r, nil)
		c.Abandon()
		asked = append(asked, b)
	}
	return asked
}

func TestModbusBattered(t *testing.T) {
	_, server, points := modbusCell(t)
	asked := modbusSaid(points)
	batter(t, server, asked, func(s Session) int { return cap(s.(*modbusSession).cut.held) }, 1024)
	s := server.Accept(testPeer)
	var said [][]byte
	for _, a := range asked {
		b, _ := s.Receive(testNow, a, nil)
		said = append(said, b)
	}
	batterClient(t, func() Client { return NewModbusClient(1) }, Request{Verb: Read, Points: points}, said)
}

func TestModbusPollAllocatesNothing(t *testing.T) {
	_, server, points := modbusCell(t)
	pollAllocatesNothing(t, NewModbusClient(1), server.Accept(testPeer), points)
}

// pollAllocatesNothing polls points in steady state.
func pollAllocatesNothing(t *testing.T, c Client, s Session, points []Point) {
	t.Helper()
	var ask, answer []byte
	poll := func() {
		var err error
		if ask, err = c.Ask(Request{Verb: Read, Points: points}, ask[:0]); err != nil {
			t.Fatal(err)
		}
		for len(ask) > 0 {
			answer, _ = s.Receive(testNow, ask, answer[:0])
			var replies []Reply
			ask, replies, err = c.Receive(answer, ask[:0])
			if err != nil || len(replies) > 0 && !replies[0].OK {
				t.Fatal(err, replies)
			}
		}
		if !c.Ready() {
			t.Fatal("no reply")
		}
	}
	poll()
	if n := testing.AllocsPerRun(200, poll); n > 0 {
		t.Errorf("%v allocations a poll", n)
	}
}
