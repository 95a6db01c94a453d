package inline_test

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/modbus"
)

// crowd is a gate with many hosts at its ends.
type crowd struct {
	t     *testing.T
	gate  *inline.Gate
	now   int64
	toPLC [][]byte
}

// sharedPlan lets every host of the two zones do what hmi may.
func sharedPlan(t *testing.T) *policy.Plan {
	return trial.Guarded(t, func(p *policy.Policy) {
		p.Zones[0].Prefixes = []netip.Prefix{netip.MustParsePrefix("10.0.1.0/24"), netip.MustParsePrefix("2001:db8:1::/64")}
		p.Zones[1].Prefixes = []netip.Prefix{netip.MustParsePrefix("10.0.2.0/24"), netip.MustParsePrefix("2001:db8:2::/64")}
	})
}

func newCrowd(t *testing.T) *crowd {
	return &crowd{t: t, gate: inline.New(sharedPlan(t), []*protocol.Protocol{modbus.Protocol}, nil), now: 1772323200 * second}
}

func (c *crowd) frame(from inline.Port, f []byte) {
	c.now += 1e4
	c.gate.Frame(c.now, from, f, func(to inline.Port, f []byte) {
		if to == inline.Outside {
			c.toPLC = append(c.toPLC, slices.Clone(f))
		}
	})
}

// talk is a connection of a crowd, from its client's side.
type talk struct {
	*crowd
	client, server trial.End
	seq, ack       uint32
}

// connect has a client make a connection and see that it stands.
func (c *crowd) connect(client, server trial.End) *talk {
	k := &talk{c, client, server, 1000, 9000}
	c.frame(inline.Inside, trial.TCP(client, server, k.seq-1, 0, trial.SYN, nil))
	c.frame(inline.Outside, trial.TCP(server, client, k.ack-1, k.seq, trial.SYN|trial.ACK, nil))
	c.frame(inline.Inside, trial.TCP(client, server, k.seq, k.ack, trial.ACK, nil))
	return k
}

// say sends a part of the client's stream and gives what went on to the server.
func (k *talk) say(payload []byte) []byte {
	k.toPLC = k.toPLC[:0]
	k.frame(inline.Inside, trial.TCP(k.client, k.server, k.seq, k.ack, trial.ACK, payload))
	k.seq += uint32(len(payload))
	return payloads(k.toPLC)
}

// polls holds that a client's read goes on as it is, that its write is judged, and that its server
// need not be asked where it stands: nothing of it was forgotten.
func (k *talk) polls(id uint16) {
	k.t.Helper()
	probes := k.gate.Counts.Probes
	read, write := trial.ReadSome(id), trial.WriteOne(id, 20, 1)
	if got := k.say(read); string(got) != string(read) {
		k.t.Fatalf("poll %d: % x went on", id, got)
	}
	binary.BigEndian.PutUint16(write[8:], 0xffff)
	if got := k.say(trial.WriteOne(id, 20, 1)); string(got) != string(write) {
		k.t.Fatalf("forbidden write %d: % x went on, want % x", id, got, write)
	}
	k.frame(inline.Outside, trial.TCP(k.server, k.client, k.ack, k.seq, trial.ACK, nil))
	if k.gate.Counts.Probes != probes {
		k.t.Fatalf("poll %d: the server was asked where it stands", id)
	}
}

func (c *crowd) account() {
	c.t.Helper()
	if n := c.gate.Counts; n.In != n.Passed+n.Changed+n.Dropped+n.Held {
		c.t.Errorf("counts: %+v", n)
	}
}

// bad is a host that wants to have everything.
var bad = trial.HMI.Near(9)

// TestNobodyHasAllPlaces holds that a client that makes 100,000 connections, of which each speaks both
// ways, takes nothing of one that polls, and that new clients still get in. It loses its own, those
// that were idle longest, and not unnoticed: of a message that is not whole the rest does not go on.
func TestNobodyHasAllPlaces(t *testing.T) {
	c := newCrowd(t)
	honest := c.connect(trial.HMI, trial.PLC)
	const attempts, ports = 100_000, 50_000
	var first, last *talk
	for i := range attempts {
		last = c.connect(bad.At(uint16(1024+i%ports)), trial.PLC.Near(byte(1+i/ports)))
		if i == 0 {
			first = last
			first.say(twofold[:7])
		}
		if i%1000 == 0 {
			honest.polls(uint16(i / 1000))
			c.connect(trial.HMI.Near(byte(20+i/1000)), trial.PLC).polls(1)
		}
	}
	n := &c.gate.Counts
	if c.gate.Flows() != inline.MaxFlows || n.FlowsYielded < attempts-inline.MaxFlows || n.Unplaced > 0 {
		t.Errorf("%d connections are followed, %d made room, %d frames found none", c.gate.Flows(), n.FlowsYielded, n.Unplaced)
	}
	if got := last.say(trial.ReadSome(1)); string(got) != string(trial.ReadSome(1)) {
		t.Errorf("the connection made last: % x went on", got)
	}
	first.say(twofold[7:]) // its server has the beginning, and nobody here knows of it
	if len(c.toPLC) == 0 || c.toPLC[0][47]&trial.RST == 0 || len(payloads(c.toPLC)) > 0 {
		t.Errorf("the rest of a forbidden write on the connection that made room: % x went on", c.toPLC)
	}
	c.account()
}

// TestWhoNeedsFewKeepsThem holds that clients with few connections keep all of them whoever has more, and that
// where everybody has few no client is put out by a new one.
func TestWhoNeedsFewKeepsThem(t *testing.T) {
	c := newCrowd(t)
	var honest []*talk
	for i := range uint16(inline.SureFlows) {
		honest = append(honest, c.connect(trial.HMI.At(2000+i), trial.PLC))
	}
	for i := range inline.MaxFlows {
		c.connect(bad.Near(byte(9+i%200)).At(uint16(1024+i/200)), trial.PLC)
	}
	for i, k := range honest {
		k.polls(uint16(i))
	}
	if c.gate.Counts.FlowsYielded == 0 {
		t.Error("nobody made room")
	}
	c.account()
}

// six is a frame of TCP over IPv6 between hosts 2001:db8:1::x and 2001:db8:2::1.
func six(x uint32, answer bool, seq, ack uint32, flags byte, payload []byte) []byte {
	b := append([]byte{0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0, 0, byte(20 + len(payload)), 6, 64}, make([]byte, 52)...)
	client, server := netip.MustParseAddr("2001:db8:1::").As16(), netip.MustParseAddr("2001:db8:2::1").As16()
	binary.BigEndian.PutUint32(client[12:], x)
	from, to, sport, dport := client, server, uint16(50000), uint16(502)
	if answer {
		from, to, sport, dport = server, client, dport, sport
	}
	copy(b[22:], from[:])
	copy(b[38:], to[:])
	binary.BigEndian.PutUint16(b[54:], sport)
	binary.BigEndian.PutUint16(b[56:], dport)
	binary.BigEndian.PutUint32(b[58:], seq)
	binary.BigEndian.PutUint32(b[62:], ack)
	b[66], b[67], b[68] = 5<<4, flags, 0x20
	b = append(b, payload...)
	inline.Fill(b)
	return b
}

// TestMadeUpClientsTakeNoPlace holds that whoever forges ever new clients, whose servers answer and who
// go on without seeing the answer, takes no place of those that speak both ways, and that new ones get
// in between: by IPv6, where addresses have no end.
func TestMadeUpClientsTakeNoPlace(t *testing.T) {
	c := newCrowd(t)
	var honest []*talk
	for i := range byte(100) {
		honest = append(honest, c.connect(trial.HMI.Near(100+i), trial.PLC))
	}
	forge := func(x uint32) {
		c.frame(inline.Outside, six(x, true, x*2654435761, 1000, trial.SYN|trial.ACK, nil))
		for i := range uint32(2) {
			c.frame(inline.Inside, six(x, false, 1000+i*12, 77, trial.ACK, trial.ReadSome(1)))
		}
	}
	for x := range uint32(inline.MaxFlows + 5000) {
		forge(1 + x)
	}
	for i := range uint32(50) {
		x := 1<<30 + i<<16
		k := &talk{c, trial.HMI.Near(byte(20 + i)), trial.PLC, 1000, 9000}
		c.frame(inline.Outside, trial.TCP(k.server, k.client, k.ack-1, k.seq, trial.SYN|trial.ACK, nil))
		for n := range uint32(100) {
			forge(x + n)
		}
		c.frame(inline.Inside, trial.TCP(k.client, k.server, k.seq, k.ack, trial.ACK, nil))
		k.polls(1)
		honest = append(honest, k)
	}
	for i, k := range honest {
		k.polls(uint16(i))
	}
	if n := &c.gate.Counts; c.gate.Flows() != inline.MaxFlows || n.FlowsYielded > 0 || n.Unplaced > 0 {
		t.Errorf("%d connections are followed, %d that speak both ways made room, %d frames found none", c.gate.Flows(), n.FlowsYielded, n.Unplaced)
	}
	c.account()
}

// TestNobodyHoldsAll holds that a client whose connections have all frames wait that may takes nothing of
// one whose segments come in the wrong order: it loses its own, those that have waited longest.
func TestNobodyHoldsAll(t *testing.T) {
	c := newCrowd(t)
	honest := c.connect(trial.HMI, trial.PLC)
	const size = 1400
	flood := func(port uint16, size int) {
		k := c.connect(bad.At(port), trial.PLC)
		for i := range uint32(inline.MaxHeld) {
			c.frame(inline.Inside, trial.TCP(k.client, k.server, k.seq+1000+i*uint32(size), k.ack, trial.ACK, make([]byte, size)))
		}
	}
	const some = inline.MaxHeldBytes/size/inline.MaxHeld + 50
	for i := range uint16(some) {
		flood(2000+i, size)
	}
	yielded := c.gate.Counts.HeldYielded
	if held := c.gate.Counts.Held; yielded == 0 || yielded%inline.MaxHeld != 0 || held*(size+54) > inline.MaxHeldBytes {
		t.Errorf("%d frames wait, %d made room", held, yielded)
	}
	for i := range uint16(10) { // what is too little for long ones
		flood(3000+i, 10)
	}
	for i := range uint16(100) {
		one, two := trial.ReadSome(2*i), trial.ReadSome(2*i+1)
		c.frame(inline.Inside, trial.TCP(honest.client, honest.server, honest.seq+uint32(len(one)), honest.ack, trial.ACK, two))
		flood(10000+i, 10)
		if got := string(honest.say(one)); got != string(one)+string(two) {
			t.Fatalf("segments %d in the wrong order: % x went on", i, got)
		}
		honest.seq += uint32(len(two))
	}
	c.account()
}

// TestRoomIsMadeInOneOrder holds that which frames make room hangs on no order of a map: connections of many
// clients wait, some end, some are forgotten, and more come.
func TestRoomIsMadeInOneOrder(t *testing.T) {
	var runs [2][]uint16
	for run := range runs {
		c := newCrowd(t)
		c.gate = inline.New(sharedPlan(t), []*protocol.Protocol{modbus.Protocol}, func(s *inline.Stopped) {
			runs[run] = append(runs[run], s.Client.Port)
		})
		for i := range uint16(4000) {
			k := c.connect(bad.Near(byte(9+i*7%23)).At(2000+i), trial.PLC)
			for n := range uint32(1 + i%3) {
				c.frame(inline.Inside, trial.TCP(k.client, k.server, k.seq+2000+n*1400, k.ack, trial.ACK, make([]byte, 1400)))
			}
			switch {
			case i%11 == 0:
				c.frame(inline.Outside, trial.TCP(k.server, k.client, k.ack, 0, trial.RST, nil))
			case i%500 == 0:
				c.now += 20 * second
			}
		}
		c.account()
	}
	if len(runs[0]) < 1000 || !slices.Equal(runs[0], runs[1]) {
		t.Errorf("%d and %d frames made room, not in one order", len(runs[0]), len(runs[1]))
	}
}

// TestNobodyBeginsAll holds that a client that begins as many messages as may be unfinished, and goes on with none,
// takes nothing of one that sends its requests in two parts: its own oldest connections end.
func TestNobodyBeginsAll(t *testing.T) {
	c := newCrowd(t)
	honest := c.connect(trial.HMI, trial.PLC)
	long := trial.Request(1, 16, append([]byte{0, 0, 0, 123, 246}, make([]byte, 246)...)...)
	const ports, few = 10_000, 7
	var first *talk
	for i := range uint16(ports) {
		k := c.connect(bad.At(2000+i), trial.PLC)
		if i == 0 {
			first = k
		}
		if i < ports-100 {
			k.say(long[:250])
		} else { // what is too little for long ones
			k.say(long[:few])
		}
		if i > ports-10 || i%100 == 0 {
			read := trial.ReadSome(i)
			got := slices.Concat(honest.say(read[:few]), honest.say(read[few:]))
			if string(got) != string(read) {
				t.Fatalf("a request in two parts beside %d others: % x went on", i, got)
			}
		}
	}
	honest.polls(1)
	if c.gate.Counts.PartsYielded == 0 {
		t.Error("nobody made room")
	}
	c.toPLC = nil
	first.frame(inline.Inside, trial.TCP(first.client, first.server, first.seq, first.ack, trial.ACK, long[250:]))
	if len(c.toPLC) == 0 || c.toPLC[0][47]&trial.RST == 0 {
		t.Errorf("the rest of a message whose beginning made room: % x went on", c.toPLC)
	}
	c.account()
}

// TestNobodyWaitsForAllToBeForgotten holds that no single frame waits until all connections there may be were looked at, or
// forgotten: a worker may not stand still for that long. They are forgotten within some seconds all the same.
func TestNobodyWaitsForAllToBeForgotten(t *testing.T) {
	c := newCrowd(t)
	for i := range inline.MaxFlows {
		c.connect(bad.Near(byte(9+i%200)).At(uint16(1024+i/200)), trial.PLC)
	}
	c.now += 3 * 3600 * second
	const most = 100
	for n := range inline.MaxFlows {
		before := c.gate.Flows()
		c.now += 1e7
		c.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, 1, 0, trial.SYN, nil))
		if gone := before - c.gate.Flows(); gone > most {
			t.Fatalf("frame %d: %d were forgotten with it", n, gone)
		}
		if c.gate.Flows() == 0 {
			break
		}
	}
	if n := c.gate.Flows(); n > 0 {
		t.Errorf("%d are left", n)
	}
}

// TestTurnsAllocateNothing holds that polls of many connections of two clients cost no memory.
func TestTurnsAllocateNothing(t *testing.T) {
	c := newCrowd(t)
	var all []*talk
	for i := range uint16(40) {
		all = append(all, c.connect(trial.HMI.Near(byte(1+i%2)).At(2000+i), trial.PLC))
	}
	poll, i := trial.ReadSome(1), 0
	frames := make([][]byte, len(all))
	for n, k := range all {
		frames[n] = trial.TCP(k.client, k.server, k.seq, k.ack, trial.ACK, poll)
	}
	out := func(inline.Port, []byte) {}
	turn := func() {
		k, f := all[i%len(all)], frames[i%len(all)]
		i++
		binary.BigEndian.PutUint32(f[38:], k.seq)
		binary.BigEndian.PutUint16(f[50:], trial.Sum(f))
		k.seq += uint32(len(poll))
		c.now += 1000
		c.gate.Frame(c.now, inline.Inside, f, out)
	}
	for range 8 * 1024 {
		turn()
	}
	if n := testing.AllocsPerRun(1000, turn); n > 0 {
		t.Errorf("%g allocations a frame", n)
	}
	c.account()
}
