package datapath

import (
	"testing"

	"github.com/gopacket/gopacket/layers"
)

// modbusRequest is one of a unit, with the length that it has.
func modbusRequest(unit, code byte, data ...byte) string {
	return string(append([]byte{0, 1, 0, 0, 0, byte(2 + len(data)), unit, code}, data...))
}

// withNevers is withCodes, where coils 17 to 20 of any unit, registers 5 to 9 of unit 3, and
// register 40 where 10 to 20 is written are never blocked.
func withNevers() *Tables {
	tables := withCodes()
	codes := &tables.Codes[1]
	for _, code := range []int{1, 5, 6, 15, 16, 22} {
		codes[code] = Code{Action: Ask, Floor: FloorDrop, Reason: 9, Rule: uint32(code)}
	}
	codes[6].Floor = FloorReset
	tables.Nevers = [][]Never{nil, {
		{Codes: 1<<1 | 1<<5 | 1<<15, From: 17, To: 20, High: 1, Reason: 4, Rule: 71},
		{Codes: 1<<6 | 1<<16, HasUnit: true, Unit: 3, From: 5, To: 9, High: 0xffff, Reason: 4, Rule: 72},
		{Codes: 1 << 6, From: 40, To: 40, Low: 10, High: 20, Reason: 4, Rule: 73},
		{Codes: 1 << 5, From: 30, To: 30, Low: 1, High: 1, Reason: 4, Rule: 74},
	}}
	return tables
}

// nevers are requests, and by which of the rules above each passes while nobody judges; 0
// is none.
var nevers = map[string]struct {
	request string
	rule    uint32
}{
	"a coil":                        {modbusRequest(1, 5, 0, 17, 0xff, 0), 71},
	"the same, off":                 {modbusRequest(9, 5, 0, 20, 0, 0), 71},
	"the coil before":               {modbusRequest(1, 5, 0, 16, 0xff, 0), 0},
	"the coil behind":               {modbusRequest(1, 5, 0, 21, 0xff, 0), 0},
	"a coil far on":                 {modbusRequest(1, 5, 1, 17, 0xff, 0), 0},
	"a value no coil has":           {modbusRequest(1, 5, 0, 17, 0xff, 1), 0},
	"a coil that is read":           {modbusRequest(1, 1, 0, 17, 0, 4), 71},
	"one more that is read":         {modbusRequest(1, 1, 0, 17, 0, 5), 0},
	"none that is read":             {modbusRequest(1, 1, 0, 17, 0, 0), 0},
	"the end of all that is read":   {modbusRequest(1, 1, 0, 18, 0xff, 0xff), 0},
	"coils":                         {modbusRequest(1, 15, 0, 17, 0, 4, 1, 15), 71},
	"coils, one too many":           {modbusRequest(1, 15, 0, 18, 0, 4, 1, 15), 0},
	"coils with bytes of others":    {modbusRequest(1, 15, 0, 17, 0, 4, 2, 15, 1), 0},
	"a register of the unit":        {modbusRequest(3, 6, 0, 5, 0xff, 0xff), 72},
	"a register of another unit":    {modbusRequest(4, 6, 0, 5, 0, 1), 0},
	"registers of the unit":         {modbusRequest(3, 16, 0, 8, 0, 2, 4, 0, 1, 0, 1), 72},
	"registers, one too many":       {modbusRequest(3, 16, 0, 8, 0, 3, 6, 0, 1, 0, 1, 0, 1), 0},
	"registers with few bytes":      {modbusRequest(3, 16, 0, 8, 0, 2, 2, 0, 1), 0},
	"a mask of the unit":            {modbusRequest(3, 22, 0, 5, 0, 0, 0, 1), 0},
	"a value in its range":          {modbusRequest(1, 6, 0, 40, 0, 20), 73},
	"a value above its range":       {modbusRequest(1, 6, 0, 40, 0, 21), 0},
	"a value below its range":       {modbusRequest(1, 6, 0, 40, 0, 9), 0},
	"on":                            {modbusRequest(1, 5, 0, 30, 0xff, 0), 74},
	"off, where only on is meant":   {modbusRequest(1, 5, 0, 30, 0, 0), 0},
	"a code of none":                {modbusRequest(1, 90, 0, 17, 0xff, 0), 0},
	"a coil and a write behind":     {modbusRequest(1, 5, 0, 17, 0xff, 0) + mbap(6), 0},
	"a coil and a byte behind":      {modbusRequest(1, 5, 0, 17, 0xff, 0) + "\x00", 0},
	"a coil with a byte missing":    {modbusRequest(1, 5, 0, 17, 0xff, 0)[:11], 0},
	"a coil with a length too long": {"\x00\x01\x00\x00\x00\x07\x01\x05\x00\x11\xff\x00", 0},
	"a coil of another protocol":    {"\x00\x01\x00\x01\x00\x06\x01\x05\x00\x11\xff\x00", 0},
}

// TestNevers holds which requests pass while nobody answers though their code alone would
// not let them, and that they do so nowhere else.
func TestNevers(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), withNevers())
	s := openStreams(t, d)
	port := uint16(5000)
	send := func(seq uint32, payload string, flags layers.TCP) []byte {
		flags.Seq = seq
		return wire{sport: port, dport: modbusPort, tcp: &flags, payload: payload}.frame(t)
	}
	ack := layers.TCP{ACK: true}
	try := func(what string, frame []byte, want Action, rule uint32) {
		t.Helper()
		got, err := d.TestUnanswered(frame, Inside)
		if err != nil || got.Action != want || rule != 0 && (got.Rule != rule || got.Reason != 4) {
			t.Errorf("%s: %+v (%v), want %v by rule %d", what, got, err, want, rule)
		}
	}
	connect := func() {
		t.Helper()
		port++
		try("SYN", send(1000, "", layers.TCP{SYN: true}), Pass, 0)
		back := wire{back: true, sport: modbusPort, dport: port, tcp: &layers.TCP{SYN: true, ACK: true, Ack: 1001}}.frame(t)
		if got, err := d.TestUnanswered(back, Outside); err != nil || got.Action != Pass {
			t.Errorf("the server takes it: %+v (%v)", got, err)
		}
	}
	for name, c := range nevers {
		if port++; c.rule != 0 { // nobody saw its connection begin: it may be the end of anything
			want := Drop
			if c.request[7] == 6 {
				want = Reset
			}
			try(name+", in an old connection", send(1001, c.request, ack), want, 0)
		}
		connect()
		if got, err := d.Test(send(1001, c.request, ack), Inside); err != nil || got.Action != Ask {
			t.Errorf("%s, while somebody answers: %+v (%v)", name, got, err)
		}
		connect()
		got, err := d.TestUnanswered(send(1001, c.request, ack), Inside)
		if passes := got.Action == Pass; err != nil || passes != (c.rule != 0) || passes && (got.Rule != c.rule || got.Reason != 4) {
			t.Errorf("%s: %+v (%v), want rule %d", name, got, err, c.rule)
		}
	}
	stop := nevers["a coil"].request
	connect()
	try("a byte too early", send(1002, stop, ack), Drop, 0)
	try("a byte too late", send(1000, stop, ack), Drop, 0)
	try("urgent", send(1001, stop, layers.TCP{ACK: true, URG: true}), Drop, 0)
	try("the stop", send(1001, stop, ack), Pass, 71)
	try("once more", send(1001, stop, ack), Pass, 0)
	try("other bytes in its place", send(1001, nevers["a coil that is read"].request, ack), Drop, 0)
	try("a write behind it", send(1013, mbap(6), ack), Reset, 0)
	try("a stop behind it", send(1013, stop, ack), Pass, 71)
	if err := d.Install(withNevers()); err != nil {
		t.Fatal(err)
	}
	try("where tables may have let something by since", send(1025, stop, ack), Drop, 0)
	connect()
	if err := d.Install(withCodes()); err != nil {
		t.Fatal(err)
	}
	connect()
	try("under tables that do not know it", send(1001, stop, ack), Drop, 0)
	if err := d.Install(withNevers()); err != nil {
		t.Fatal(err)
	}
	connect()
	key := StreamKey{Client: ip("10.97.0.1"), Server: ip("10.97.0.2"), ClientPort: port, ServerPort: modbusPort, Port: Inside}
	place, _, ok := s.Enter(&key)
	if !ok {
		t.Fatal("no place")
	}
	s.Leave(place, &Position{Known: true, Partial: true, Next: 1001 + 7, Acked: 1001}, false)
	try("the rest of a message that a worker let begin", send(1001+7, stop, ack), Drop, 0)
	if _, _, ok = s.Enter(&key); !ok {
		t.Fatal("no place")
	}
	s.Leave(place, &Position{Known: true, Next: 1001 + 12, Acked: 1001}, false)
	try("behind a message that a worker judged", send(1001+12, stop, ack), Pass, 71)
}

// TestNeversByUDP holds that they pass in streams alone.
func TestNeversByUDP(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), withNevers())
	got, err := d.TestUnanswered(wire{sport: 5000, dport: modbusPort, payload: nevers["a coil"].request}.frame(t), Inside)
	if err != nil || got.Action != Drop {
		t.Errorf("%+v, %v", got, err)
	}
}
