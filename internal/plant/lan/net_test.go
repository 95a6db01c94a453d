package lan

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"firedoor"
)

// TestVLANsAreApart: a switch floods what it does not know to the VLAN alone, and
// what it knows to one port alone; trunks carry all.
func TestVLANsAreApart(t *testing.T) {
	b := newBench(t, 1)
	other := b.w.Switch("other", false)
	b.sw.Trunk(other)
	var tags []uint16
	b.w.Tap(func(_ int64, f []byte) { tags = append(tags, etherType(f)) })
	add := func(name string, last byte, vlan uint16, s *Switch) *Host {
		return b.add(Config{Name: name, MAC: macOf(last), Addr: prefix("10.0.0." + itoa(last) + "/24"), VLAN: vlan, Switch: s})
	}
	a, near, far, stranger := add("a", 1, 10, b.sw), add("near", 2, 10, b.sw), add("far", 3, 10, other), add("stranger", 4, 20, b.sw)
	heard := map[string]int{}
	for _, h := range []*Host{a, near, far, stranger} {
		h.ListenFrame(0x88b5, func(firedoor.MAC, []byte) { heard[h.Name()]++ })
	}
	sniffed := 0
	near.Sniff(func([]byte) { sniffed++ })
	a.SendFrame(Broadcast, 0x88b5, []byte("all"))
	b.run(time.Second)
	if heard["near"] != 1 || heard["far"] != 1 || heard["stranger"] != 0 || heard["a"] != 0 || sniffed != 1 {
		t.Errorf("a broadcast was heard by %v", heard)
	}
	a.SendFrame(far.MAC(), 0x88b5, []byte("flooded: nobody knows far yet"))
	b.run(time.Second)
	far.SendFrame(a.MAC(), 0x88b5, []byte("not flooded"))
	b.run(time.Second)
	a.SendFrame(far.MAC(), 0x88b5, []byte("not flooded"))
	b.run(time.Second)
	if heard["far"] != 3 || heard["a"] != 1 || sniffed != 2 {
		t.Errorf("heard by %v, %d frames came to a port beside", heard, sniffed)
	}
	if len(tags) != 4 {
		t.Errorf("the mirrors saw %d frames of 4", len(tags))
	}
	for _, tag := range tags {
		if tag != 0x8100 {
			t.Errorf("a frame of a VLAN has EtherType %04x", tag)
		}
	}
}

// TestOneMACInTwoVLANs: a router has often one address on all its legs, and a switch
// learns it for each VLAN apart.
func TestOneMACInTwoVLANs(t *testing.T) {
	b := newBench(t, 1)
	heard := map[string]int{}
	add := func(name string, mac byte, vlan uint16) *Host {
		h := b.add(Config{Name: name, MAC: macOf(mac), VLAN: vlan, Switch: b.sw})
		h.ListenFrame(0x88b5, func(firedoor.MAC, []byte) { heard[name]++ })
		return h
	}
	add("leg 10", 1, 10).SendFrame(macOf(2), 0x88b5, nil)
	b.run(time.Second)
	add("leg 20", 1, 20).SendFrame(macOf(3), 0x88b5, nil)
	b.run(time.Second)
	add("ten", 2, 10).SendFrame(macOf(1), 0x88b5, nil)
	add("twenty", 3, 20).SendFrame(macOf(1), 0x88b5, nil)
	b.run(time.Second)
	if heard["leg 10"] != 1 || heard["leg 20"] != 1 {
		t.Errorf("heard %v", heard)
	}
}

func TestTableForgets(t *testing.T) {
	b := newBench(t, 1)
	a, z, side := b.host("a", 1, nil), b.host("z", 2, nil), b.host("side", 3, nil)
	z.SendFrame(a.MAC(), 0x88b5, []byte("here I am"))
	b.run(time.Second)
	sniffed := 0
	side.Sniff(func([]byte) { sniffed++ })
	a.SendFrame(z.MAC(), 0x88b5, nil)
	b.run(tableAge)
	a.SendFrame(z.MAC(), 0x88b5, nil)
	b.run(time.Second)
	if sniffed != 1 {
		t.Errorf("%d frames were flooded, only the one after five minutes should be", sniffed)
	}
}

func TestTableIsBounded(t *testing.T) {
	b := newBench(t, 1)
	a := b.host("a", 1, nil)
	for i := range MaxTable + 100 {
		f := b.w.newFrame()
		putEther(f.buf[:], macOf(9), firedoor.MAC(0x020000000000+i), 0x88b5)
		f.n = 60
		a.port.arrived(f)
	}
	if len(b.sw.table) != MaxTable {
		t.Errorf("%d addresses", len(b.sw.table))
	}
}

func TestRingStaysDark(t *testing.T) {
	w := New(epoch, 1)
	a, b, c := w.Switch("a", true), w.Switch("b", true), w.Switch("c", true)
	if !a.Trunk(b) || !b.Trunk(c) || c.Trunk(a) || a.Trunk(a) || a.Trunk(b) {
		t.Error("a ring was closed, or a tree refused")
	}
}

// TestUDPFragments: a datagram longer than a packet arrives whole, tshark puts it
// together too, and one that misses a piece is forgotten.
func TestUDPFragments(t *testing.T) {
	b := newBench(t, 1)
	rec := record(t, b.w)
	a, z := b.host("a", 1, Windows()), b.host("z", 2, Linux())
	want := make([]byte, 20000)
	dice(1).Fill(want)
	whole := 0
	z.ListenUDP(40000, func(from, _ netip.AddrPort, x []byte) {
		if !bytes.Equal(x, want) {
			t.Errorf("%d bytes came", len(x))
		}
		whole++
	})
	z.Ping(addr("10.0.0.1"), 8, nil)
	b.run(time.Second)
	a.SendUDP(40000, addrPort("10.0.0.2:40000"), want)
	b.run(time.Second)
	if whole != 1 {
		t.Fatalf("%d datagrams", whole)
	}
	judge(t, rec.Bytes())
	z.Lossy(100000)
	for range 200 {
		a.SendUDP(40000, addrPort("10.0.0.2:40000"), want)
		b.run(100 * time.Millisecond)
	}
	z.Lossy(0)
	if whole == 1 || whole > 150 {
		t.Errorf("%d of 200 datagrams of 14 pieces survive a loss of 10 %%", whole)
	}
	if len(z.pieces) > MaxFragmented {
		t.Errorf("%d datagrams in pieces", len(z.pieces))
	}
	b.run(time.Minute)
	before := whole
	a.SendUDP(40000, addrPort("10.0.0.2:40000"), want)
	b.run(time.Second)
	if whole != before+1 {
		t.Error("pieces of lost datagrams are in the way for ever")
	}
}

// TestIPv6 speaks UDP, TCP and ping between link-local addresses, and names chatter
// to a group.
func TestIPv6(t *testing.T) {
	b := newBench(t, 1)
	rec := record(t, b.w)
	a := b.add(Config{Name: "a", MAC: macOf(1), Addr: prefix("10.0.0.1/24"), Switch: b.sw, Manners: Windows(), Off: true})
	z := b.add(Config{Name: "z", MAC: macOf(2), Addr: prefix("10.0.0.2/24"), Switch: b.sw, Manners: Printer(), Off: true})
	a.Power(true)
	z.Power(true)
	if a.LinkLocal() != addr("fe80::20e:8cff:fe00:1") {
		t.Errorf("link-local address %v", a.LinkLocal())
	}
	b.run(5 * time.Second)
	group, ok, heard := addr("ff02::fb"), false, 0
	z.Join(group)
	z.Join(addr("224.0.0.251"))
	z.ListenUDP(40001, func(from, to netip.AddrPort, _ []byte) {
		heard++
		if to.Addr() == group && from.Addr() != a.LinkLocal() {
			t.Errorf("from %v", from)
		}
	})
	a.SendUDP(40001, netip.AddrPortFrom(group, 40001), []byte("who is there?"))
	a.SendUDP(40001, addrPort("224.0.0.251:40001"), []byte("who is there?"))
	a.Ping(z.LinkLocal(), 32, func(x bool) { ok = x })
	a.SendUDP(999, netip.AddrPortFrom(z.LinkLocal(), 999), []byte("nobody listens"))
	e := &ear{onOpen: func(c *Conn) { c.Send(make([]byte, 5000)) }}
	server := &ear{}
	z.ListenTCP(9100, func(*Conn) Handler { return server })
	a.DialTCP(netip.AddrPortFrom(z.LinkLocal(), 9100), 0, e)
	b.run(10 * time.Second)
	z.Leave(addr("224.0.0.251"))
	b.run(time.Second)
	if !ok || heard != 2 || len(server.got) != 5000 {
		t.Errorf("ping %v, %d datagrams to groups, %d bytes by TCP", ok, heard, len(server.got))
	}
	kinds := map[string]int{}
	for _, row := range judge(t, rec.Bytes(), "icmpv6.type", "igmp.type", "tcp.analysis.flags") {
		kinds["6:"+row[0]]++
		kinds["igmp:"+row[1]]++
		if row[2] != "" {
			t.Errorf("tshark finds fault with TCP: %s", row[2])
		}
	}
	for _, kind := range []string{"6:128", "6:129", "6:133", "6:135", "6:136", "6:143", "6:1", "igmp:0x16", "igmp:0x17"} {
		if kinds[kind] == 0 {
			t.Errorf("no message of kind %s: %v", kind, kinds)
		}
	}
}

// TestDHCPManners: a host without an address asks everybody, is answered by MAC
// address, takes the address and announces it.
func TestDHCPManners(t *testing.T) {
	b := newBench(t, 1)
	server := b.host("server", 1, Linux())
	client := b.add(Config{Name: "client", MAC: macOf(2), Switch: b.sw, Manners: Windows()})
	server.ListenUDP(67, func(from, _ netip.AddrPort, _ []byte) {
		if from != addrPort("0.0.0.0:68") {
			t.Errorf("asked from %v", from)
		}
		server.SendUDPVia(client.MAC(), 67, addrPort("10.0.0.50:68"), []byte("offer"))
	})
	client.ListenUDP(68, func(_, to netip.AddrPort, _ []byte) {
		client.SetAddr(netip.PrefixFrom(to.Addr(), 24), addr("10.0.0.254"))
	})
	client.SendUDP(68, addrPort("255.255.255.255:67"), []byte("discover"))
	b.run(10 * time.Second)
	ok := false
	server.Ping(addr("10.0.0.50"), 32, func(x bool) { ok = x })
	b.run(time.Second)
	if !ok {
		t.Error("the leased address does not answer")
	}
}

// swap is a gateway that drops, changes and answers.
type swap struct {
	t     *testing.T
	place *Place
	drop  bool
	buf   []byte
	in    int
	out   int
}

func (g *swap) Pass(towards bool, f []byte) []byte {
	if towards {
		g.in++
	} else {
		g.out++
	}
	if g.drop && towards && f[23] == protoUDP {
		return nil
	}
	if !towards && f[23] == protoUDP {
		g.buf = append(g.buf[:0], f...)
		head := 14 + 20
		copy(g.buf[head+8:], "CHANGED")
		g.buf[head+6], g.buf[head+7] = 0, 0 // no checksum
		return g.buf
	}
	return f
}

func TestGatewayOnACable(t *testing.T) {
	b := newBench(t, 1)
	a, z := b.host("a", 1, nil), b.host("z", 2, nil)
	g := &swap{t: t}
	g.place = z.Inline(g)
	var heard []string
	z.ListenUDP(9, func(from, to netip.AddrPort, x []byte) { z.SendUDP(9, from, x) })
	a.ListenUDP(9, func(_, _ netip.AddrPort, x []byte) { heard = append(heard, string(x)) })
	a.SendUDP(9, addrPort("10.0.0.2:9"), []byte("through"))
	b.run(time.Second)
	g.drop = true
	a.SendUDP(9, addrPort("10.0.0.2:9"), []byte("dropped"))
	b.run(time.Second)
	if len(heard) != 1 || heard[0] != "CHANGED" || b.w.Stats().Swallowed != 1 {
		t.Errorf("heard %q, %d swallowed", heard, b.w.Stats().Swallowed)
	}
	var frame [60]byte
	putEther(frame[:], a.MAC(), z.MAC(), 0x88b5)
	injected := 0
	a.ListenFrame(0x88b5, func(firedoor.MAC, []byte) { injected++ })
	z.ListenFrame(0x88b5, func(firedoor.MAC, []byte) { injected += 10 })
	g.place.Inject(false, frame[:], 0)
	putEther(frame[:], z.MAC(), a.MAC(), 0x88b5)
	g.place.Inject(true, frame[:], 0)
	b.run(time.Second)
	if injected != 11 {
		t.Errorf("injected frames arrived: %d", injected)
	}
	z.Inline(nil)
	a.SendUDP(9, addrPort("10.0.0.2:9"), []byte("free"))
	b.run(time.Second)
	if len(heard) != 2 || heard[1] != "free" || b.w.underWay != 0 {
		t.Errorf("heard %q, %d frames kept", heard, b.w.underWay)
	}
}

func TestGatewayOnATrunk(t *testing.T) {
	b := newBench(t, 1)
	seen := watch(b.w)
	other := b.w.Switch("other", true)
	b.sw.Trunk(other)
	a := b.add(Config{Name: "a", MAC: macOf(1), Addr: prefix("10.0.0.1/24"), VLAN: 7, Switch: b.sw})
	z := b.add(Config{Name: "z", MAC: macOf(2), Addr: prefix("10.0.0.2/24"), VLAN: 7, Switch: other})
	g := &swap{t: t, drop: true}
	g.place = b.sw.Inline(other, g)
	if g.place == nil || b.sw.Inline(b.sw, g) != nil {
		t.Fatal("a place on a trunk is missing, or one that is none was given")
	}
	ok, got := false, 0
	z.ListenUDP(9, func(_, _ netip.AddrPort, _ []byte) { got++ })
	a.Ping(addr("10.0.0.2"), 32, func(x bool) { ok = x })
	b.run(2 * time.Second)
	a.SendUDP(9, addrPort("10.0.0.2:9"), []byte("no"))
	b.run(time.Second)
	if !ok || got != 0 || g.in != 3 || g.out != 2 {
		t.Errorf("ping %v, %d datagrams, %d and %d frames", ok, got, g.in, g.out)
	}
	if n := len(seen.frames); n != 5 {
		t.Errorf("two mirrors saw %d frames of 5", n)
	}
	var heard string
	a.ListenUDP(9, func(_, _ netip.AddrPort, x []byte) { heard = string(x) })
	z.SendUDP(9, addrPort("10.0.0.1:9"), []byte("through"))
	b.run(time.Second)
	if n := len(seen.frames); n != 7 || heard != "CHANGED" {
		t.Errorf("heard %q; two mirrors saw %d frames of 7: what was changed between them is another frame", heard, n)
	}
}

// TestSwitchAnnounces: neighbours learn the switch by LLDP, and tshark reads it.
func TestSwitchAnnounces(t *testing.T) {
	b := newBench(t, 1)
	rec := record(t, b.w)
	b.host("a", 1, nil)
	other := b.w.Switch("other", true)
	b.sw.Trunk(other)
	b.sw.Announce(firedoor.MAC(0x001b1b000001), "cabinet 3, hall 2", 30*time.Second)
	b.run(61 * time.Second)
	names := 0
	for _, row := range judge(t, rec.Bytes(), "lldp.tlv.system.name") {
		if row[0] == "sw" {
			names++
		}
	}
	if names != 4 || names != rec.frames {
		t.Errorf("%d announcements in %d frames, want 4 (two ports, twice)", names, rec.frames)
	}
}

// TestFloodedController: more frames than its processor can handle starve a small
// device, and it answers again when they end.
func TestFloodedController(t *testing.T) {
	b := newBench(t, 1)
	plc, hmi, evil := b.host("plc", 1, SmallStack()), b.host("hmi", 2, Windows()), b.host("evil", 3, Linux())
	answers := 0
	plc.ListenUDP(9, func(from, _ netip.AddrPort, x []byte) { plc.SendUDP(9, from, x) })
	hmi.ListenUDP(9, func(_, _ netip.AddrPort, _ []byte) { answers++ })
	b.w.Every(0, 100*time.Millisecond, func() bool { hmi.SendUDP(9, addrPort("10.0.0.1:9"), []byte("?")); return true })
	b.run(10 * time.Second)
	calm := answers
	stop := b.w.Now() + int64(10*time.Second)
	b.w.Every(0, 20*time.Microsecond, func() bool {
		evil.SendUDP(7, addrPort("10.0.0.1:7"), []byte("flood"))
		return b.w.Now() < stop
	})
	b.run(10 * time.Second)
	flooded := answers - calm
	b.run(10 * time.Second)
	if after := answers - calm - flooded; calm < 98 || flooded > calm/2 || after < 95 || b.w.Stats().Starved == 0 {
		t.Errorf("answers: %d before, %d during, %d after the flood", calm, flooded, after)
	}
}
