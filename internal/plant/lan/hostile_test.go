package lan

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
	"time"

	"firedoor"

	"firedoor/internal/plant/chance"
)

// damage is a gateway that turns a bit of some frames, behind the addresses; not of
// ARP, which has no checksum and believes what it reads.
type damage struct {
	random  *chance.Random
	percent int
	buf     [headerLen + mtu]byte
}

func (d *damage) Pass(_ bool, f []byte) []byte {
	if d.random.N(100) >= d.percent || etherType(f) == etherARP {
		return f
	}
	b := d.buf[:copy(d.buf[:], f)]
	b[headerLen+d.random.N(len(b)-headerLen)] ^= 1 << d.random.N(8)
	return b
}

// TestDamageIsNoticed: stacks verify checksums, so that a cable that turns bits
// costs time and not a single byte.
func TestDamageIsNoticed(t *testing.T) {
	for seed := range uint64(100) {
		random := dice(seed)
		b := newBench(t, seed)
		kinds := Kinds()
		a, z := b.host("a", 1, kinds[random.N(len(kinds))]), b.host("z", 2, kinds[random.N(len(kinds))])
		z.Inline(&damage{random: dice(seed), percent: 3})
		left, right := make([]byte, random.N(60000)), make([]byte, random.N(60000))
		random.Fill(left)
		random.Fill(right)
		server := &exchange{h: z, mine: right, pieces: random}
		client := &exchange{h: a, mine: left, await: len(right), pieces: random, closes: true}
		z.ListenTCP(9, func(*Conn) Handler { return server })
		a.DialTCP(addrPort("10.0.0.2:9"), 0, client)
		b.run(2 * time.Hour)
		if !bytes.Equal(server.got, left) || !bytes.Equal(client.got, right) || client.err != nil || server.err != nil {
			t.Errorf("seed %d, %s and %s: %d of %d bytes there, %d of %d back, %v %v", seed, a.Manners().Kind, z.Manners().Kind,
				len(server.got), len(left), len(client.got), len(right), client.err, server.err)
		}
		if b.w.underWay != 0 {
			t.Errorf("seed %d: %d frames were never given back", seed, b.w.underWay)
		}
	}
}

// TestRubbishHurtsNobody: frames of random bytes, and true frames with random bytes
// in them, of every EtherType a stack reads, make no host or router fall over.
func TestRubbishHurtsNobody(t *testing.T) {
	w := plant(t, 5, 20)
	var sw *Switch
	var samples [][]byte
	w.Tap(func(_ int64, f []byte) {
		if len(samples) < 400 {
			f = append(f[:12:12], f[16:]...)
			samples = append(samples, f)
		}
	})
	w.Run(w.Now() + int64(5*time.Second))
	sw = w.Switch("evil switch", true)
	b := &bench{t, w, sw}
	evil := b.add(Config{Name: "evil", MAC: macOf(66), Addr: prefix("10.0.0.66/24"), Switch: sw})
	var targets []*Host
	for i, m := range Kinds() {
		h := b.host("target "+m.Kind, byte(1+i), m)
		live(h)
		h.Join(addr("224.0.0.251"))
		h.Promiscuous(func([]byte) bool { return false })
		targets = append(targets, h)
	}
	r, err := w.Router("router", nil, []Port{
		{MAC: macOf(100), Addr: prefix("10.0.0.100/24"), Switch: sw},
		{MAC: macOf(101), Addr: prefix("10.9.0.1/24"), VLAN: 9, Switch: sw},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.NAT(addr("10.0.0.120"), addr("10.9.0.5"))
	r.Filter(func(p Packet) bool { return p.Established || p.Proto != protoTCP })
	random := dice(8)
	types := []uint16{etherIPv4, etherIPv4, etherIPv4, etherARP, etherIPv6, 0x88cc, 100}
	for range 60000 {
		to := macOf(100)
		target := targets[random.N(len(targets))]
		switch random.N(4) {
		case 0:
			to = Broadcast
		case 1, 2:
			to = target.MAC()
		}
		payload := make([]byte, 46+random.N(100))
		random.Fill(payload)
		kind := types[random.N(len(types))]
		if s := samples[random.N(len(samples))]; random.N(4) > 0 {
			kind = etherType(s)
			payload = append(payload[:0], s[headerLen:]...)
			if kind == etherIPv4 { // let it be for the target, mostly
				a := target.Addr().Addr().As4()
				copy(payload[16:20], a[:])
			}
			for range random.N(4) {
				payload[random.N(len(payload))] = byte(random.Next())
			}
			if kind == etherIPv4 && random.N(8) > 0 {
				if head := int(payload[0]&15) << 2; head >= 20 && head <= len(payload) {
					mend4(payload, head)
				}
			}
		}
		evil.SendFrame(to, kind, payload)
		w.Run(w.Now() + int64(100*time.Microsecond))
	}
	w.Run(w.Now() + int64(time.Minute))
	for _, h := range targets {
		ok := false
		evil.Ping(h.Addr().Addr(), 16, func(x bool) { ok = x })
		w.Run(w.Now() + int64(4*time.Second))
		if !ok {
			t.Errorf("%s does not answer any more", h.Name())
		}
	}
}

// TestScanAcrossARouter: who asks for hosts that are not there learns so from the
// router, and the addresses of those that are there from ARP.
func TestScanAcrossARouter(t *testing.T) {
	b, server, _, routers := twoLines(t, 1)
	routers[0].Route(prefix("0.0.0.0/0"), addr("10.1.0.5"))
	e := &ear{}
	server.gateway = addr("10.1.0.20")
	b.run(time.Second)
	server.DialTCP(addrPort("192.168.0.77:102"), 0, e)
	b.run(time.Minute)
	if !errors.Is(e.err, ErrUnreachable) {
		t.Errorf("a connection to nobody: %v", e.err)
	}
	found := map[netip.Addr]firedoor.MAC{}
	for i := range 255 {
		a := netip.AddrFrom4([4]byte{10, 1, 0, byte(i)})
		server.Resolve(a, func(m firedoor.MAC) { found[a] = m })
	}
	b.run(time.Minute)
	if len(found) != 255 || found[addr("10.1.0.20")] != macOf(20) || found[addr("10.1.0.111")] != macOf(21) || found[addr("10.1.0.77")] != 0 {
		t.Errorf("%d answers: %v", len(found), found)
	}
}

// TestFlowsAreBounded: a flood of flows fills the router's memory, which is emptied
// of what is old.
func TestFlowsAreBounded(t *testing.T) {
	b, server, _, routers := twoLines(t, 1)
	r := routers[0]
	r.Filter(func(Packet) bool { return true })
	for i := range MaxFlows + 1000 {
		src := netip.AddrFrom4([4]byte{172, 16, byte(i >> 8), byte(i)})
		server.SendUDPFrom(netip.AddrPortFrom(src, uint16(1+i>>16)), addrPort("10.1.0.110:9"), nil)
		b.run(10 * time.Microsecond)
	}
	b.run(time.Second)
	if len(r.flows) != MaxFlows {
		t.Errorf("%d flows", len(r.flows))
	}
	b.run(flowIdle)
	server.SendUDP(5, addrPort("10.1.0.110:9"), nil)
	b.run(time.Second)
	if len(r.flows) != 1 {
		t.Errorf("%d flows after they went stale", len(r.flows))
	}
}

// TestCableComesBack: a host whose cable is put in again announces itself.
func TestCableComesBack(t *testing.T) {
	b := newBench(t, 1)
	plc := b.host("plc", 1, SiemensCPU())
	seen := watch(b.w)
	plc.Unplug()
	b.run(time.Second)
	plc.Plug()
	b.run(10 * time.Second)
	if m := plc.Manners(); seen.asked != m.ARPProbes+m.GratuitousARP {
		t.Errorf("%d announcements and probes", seen.asked)
	}
}

// TestMemoryOfASwitchIsBounded: more than a port can take is dropped, and counted.
func TestMemoryOfASwitchIsBounded(t *testing.T) {
	b := newBench(t, 1)
	slow := b.host("slow", 1, OldPLC()) // 10 Mbit/s
	fast := []*Host{b.host("one", 2, nil), b.host("two", 3, nil)}
	got := 0
	slow.ListenFrame(0x88b5, func(firedoor.MAC, []byte) { got++ })
	payload := make([]byte, mtu)
	for range 200 {
		for _, h := range fast {
			h.SendFrame(slow.MAC(), 0x88b5, payload)
		}
	}
	b.run(10 * time.Second)
	lost := int(b.w.Stats().Overflow + b.w.Stats().Starved)
	if got == 0 || lost == 0 || got+lost != 400 || b.w.underWay != 0 {
		t.Errorf("%d frames came, %d were lost, %d kept", got, lost, b.w.underWay)
	}
}

// TestMoreThanTheWindow: what goes beyond the window told is cut off, so that a
// stranger cannot fill the memory of a host that does not read.
func TestMoreThanTheWindow(t *testing.T) {
	b := newBench(t, 2)
	a, z := b.host("a", 1, Linux()), b.host("z", 2, SmallStack())
	var there *Conn
	z.ListenTCP(9, func(*Conn) Handler { return &ear{onOpen: func(c *Conn) { there = c; c.Pause(true) }} })
	c := a.DialTCP(addrPort("10.0.0.2:9"), 0, &ear{})
	b.run(time.Second)
	seq := c.nxt
	for range 20 {
		a.SendTCP(Segment{From: c.Local(), To: c.Peer(), Seq: seq, Ack: there.nxt, Flags: flagACK | flagPSH, Window: 1000, Data: make([]byte, 1000)})
		seq += 1000
	}
	b.run(time.Second)
	if len(there.held) != 5840 {
		t.Errorf("%d bytes are held of a window of 5840", len(there.held))
	}
}

// TestWhoLearnsUnasked: some kinds take up every address they hear of, others only
// those who speak to them.
func TestWhoLearnsUnasked(t *testing.T) {
	b := newBench(t, 2)
	eager, careful, other := b.host("eager", 1, VxWorks()), b.host("careful", 2, Linux()), b.host("other", 3, Linux())
	other.SendARP(ARPRequest, other.MAC(), addr("10.0.0.3"), 0, addr("10.0.0.3"), Broadcast)
	b.run(time.Second)
	if eager.Known(addr("10.0.0.3")) != other.MAC() || careful.Known(addr("10.0.0.3")) != 0 {
		t.Errorf("eager knows %v, careful %v", eager.Known(addr("10.0.0.3")), careful.Known(addr("10.0.0.3")))
	}
	other.Ping(addr("10.0.0.2"), 8, nil)
	b.run(time.Second)
	if careful.Known(addr("10.0.0.3")) != other.MAC() {
		t.Error("who is asked learns who asks")
	}
}
