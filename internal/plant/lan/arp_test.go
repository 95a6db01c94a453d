package lan

import (
	"net/netip"
	"testing"
	"time"

	"firedoor"
)

// wires counts what the mirror saw, by EtherType and ARP operation.
type wires struct {
	asked, replied, other int
	frames                [][]byte
}

func watch(w *World) *wires {
	s := &wires{}
	w.Tap(func(_ int64, f []byte) {
		s.frames = append(s.frames, append([]byte(nil), f...))
		switch {
		case etherType(f) == etherARP && f[21] == ARPRequest:
			s.asked++
		case etherType(f) == etherARP:
			s.replied++
		default:
			s.other++
		}
	})
	return s
}

func TestARPAsksOnceAndQueues(t *testing.T) {
	b := newBench(t, 1)
	seen := watch(b.w)
	a, z := b.host("a", 1, WindowsServer()), b.host("z", 2, VxWorks())
	got := 0
	z.ListenUDP(7, func(_, _ netip.AddrPort, _ []byte) { got++ })
	for range 10 {
		a.SendUDP(5000, addrPort("10.0.0.2:7"), []byte("x"))
	}
	b.run(time.Second)
	if seen.asked != 1 || seen.replied != 1 || got != 3 {
		t.Errorf("%d questions, %d replies, %d datagrams; the kind keeps 3 while it waits", seen.asked, seen.replied, got)
	}
	a.SendUDP(5000, addrPort("10.0.0.2:7"), []byte("x"))
	b.run(time.Second)
	if seen.asked != 1 || got != 4 {
		t.Errorf("%d questions, %d datagrams: the address was known", seen.asked, got)
	}
	b.run(time.Minute)
	a.SendUDP(5000, addrPort("10.0.0.2:7"), []byte("x"))
	b.run(time.Second)
	if seen.asked != 2 || got != 5 {
		t.Errorf("%d questions, %d datagrams: the entry was too old", seen.asked, got)
	}
	if last := seen.frames[len(seen.frames)-3:]; firedoor.MACFrom(last[0]) == Broadcast && firedoor.MACFrom(last[1]) == Broadcast {
		t.Error("the kind asks the old address first, not everybody")
	}
}

func TestARPGivesUp(t *testing.T) {
	b := newBench(t, 1)
	seen := watch(b.w)
	a := b.host("a", 1, OldPLC())
	a.SendUDP(5000, addrPort("10.0.0.2:7"), []byte("x"))
	b.run(10 * time.Second)
	if seen.asked != resolveTries || len(a.neighbour) != 0 || b.w.Stats().Unresolved != 1 || b.w.underWay != 0 {
		t.Errorf("%d questions, %d neighbours, %d unresolved, %d frames kept", seen.asked, len(a.neighbour), b.w.Stats().Unresolved, b.w.underWay)
	}
}

func TestARPCacheIsBounded(t *testing.T) {
	b := newBench(t, 1)
	a := b.add(Config{Name: "a", MAC: macOf(1), Addr: prefix("10.0.0.1/16"), Switch: b.sw, Manners: Linux()})
	for i := range MaxNeighbours + 500 {
		a.SendUDP(5000, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(1 + i>>8), byte(i)}), 7), []byte("x"))
	}
	if len(a.neighbour) != MaxNeighbours {
		t.Errorf("%d neighbours", len(a.neighbour))
	}
	b.run(time.Minute)
	if len(a.neighbour) != 0 || b.w.underWay != 0 {
		t.Errorf("%d neighbours and %d frames were kept for nobody", len(a.neighbour), b.w.underWay)
	}
}

// TestSpoofInTheMiddle: forged replies draw a conversation to somebody who changes
// what is said, and the two never notice.
func TestSpoofInTheMiddle(t *testing.T) {
	b := newBench(t, 1)
	rec := record(t, b.w)
	plc, hmi, evil := b.host("plc", 1, SiemensCPU()), b.host("hmi", 2, Windows()), b.host("evil", 66, Linux())
	plc.ListenTCP(502, func(*Conn) Handler {
		return &ear{onBytes: func(c *Conn, _ []byte) { c.Send([]byte("temperature 97")) }}
	})
	var seen []string
	hmi.DialTCP(addrPort("10.0.0.1:502"), 0, &ear{
		onOpen: func(c *Conn) { c.Send([]byte("?")) },
		onBytes: func(c *Conn, x []byte) {
			seen = append(seen, string(x))
			hmi.After(time.Second, func() { c.Send([]byte("?")) })
		},
	})
	b.run(5 * time.Second)
	evil.Promiscuous(func(f []byte) bool {
		if n := len(f); f[23] == protoTCP && n >= 60 && string(f[n-14:]) == "temperature 97" {
			g := append([]byte(nil), f...)
			copy(g[n-2:], "42")
			evil.Forward(g)
			return true
		}
		return false
	})
	poison := func() bool {
		evil.SendARP(ARPReply, evil.MAC(), addr("10.0.0.1"), hmi.MAC(), addr("10.0.0.2"), hmi.MAC())
		evil.SendARP(ARPReply, evil.MAC(), addr("10.0.0.2"), plc.MAC(), addr("10.0.0.1"), plc.MAC())
		return true
	}
	b.w.Every(0, 2*time.Second, poison)
	b.run(10 * time.Second)
	if n := len(seen); n < 12 || seen[0] != "temperature 97" || seen[n-1] != "temperature 42" {
		t.Errorf("the panel saw %v", seen)
	}
	duplicates, twice := 0, 0
	for _, row := range judge(t, rec.Bytes(), "arp.duplicate-address-detected", "tcp.analysis.retransmission", "eth.src", "ip.src") {
		if row[0] != "" {
			duplicates++
		}
		if row[3] == "10.0.0.1" && row[2] == evil.MAC().String() {
			twice++
		}
	}
	if duplicates == 0 || twice == 0 {
		t.Errorf("tshark sees %d duplicate addresses and %d frames in another's name", duplicates, twice)
	}
}

// TestVirtualAddressMoves: the standby of a redundant pair takes the address over.
func TestVirtualAddressMoves(t *testing.T) {
	b := newBench(t, 1)
	first, second, hmi := b.host("first", 1, VxWorks()), b.host("second", 2, VxWorks()), b.host("hmi", 3, Windows())
	served := map[string]int{}
	for _, h := range []*Host{first, second} {
		h.ListenUDP(9, func(_, to netip.AddrPort, _ []byte) {
			if to == addrPort("10.0.0.100:9") {
				served[h.Name()]++
			}
		})
	}
	first.Virtual(addr("10.0.0.100"), true)
	ask := func() bool {
		hmi.SendUDP(4000, addrPort("10.0.0.100:9"), []byte("?"))
		return true
	}
	b.w.Every(time.Second, 100*time.Millisecond, ask)
	b.run(10 * time.Second)
	before := served["first"]
	first.Power(false)
	first.Virtual(addr("10.0.0.100"), false)
	second.Virtual(addr("10.0.0.100"), true)
	b.run(10 * time.Second)
	if before < 85 || served["first"] != before || served["second"] < 95 {
		t.Errorf("served %v, %d before the switchover", served, before)
	}
}

// TestReplacedDevice: another MAC address behind the same IP address is announced,
// and the others go on with it at once.
func TestReplacedDevice(t *testing.T) {
	b := newBench(t, 1)
	plc, hmi := b.host("plc", 1, SiemensCPU()), b.host("hmi", 2, Windows())
	got := 0
	plc.ListenUDP(9, func(_, _ netip.AddrPort, _ []byte) { got++ })
	hmi.SendUDP(4000, addrPort("10.0.0.1:9"), []byte("?"))
	b.run(time.Second)
	plc.Power(false)
	plc.SetMAC(macOf(200))
	plc.SetManners(RockwellAdapter())
	plc.Power(true)
	b.run(5 * time.Second)
	hmi.SendUDP(4000, addrPort("10.0.0.1:9"), []byte("?"))
	b.run(time.Second)
	if got != 2 {
		t.Errorf("%d of 2 datagrams", got)
	}
}
