package inventory

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"firedoor"
)

// plant lets n hosts in and ends learning.
func (s *scene) plant(n uint32) (ids []firedoor.AssetID) {
	for i := range n {
		s.arp(ip(1, i>>8, i&255), mac(i))
		ids = append(ids, s.id(ip(1, i>>8, i&255), 0))
	}
	s.v.Freeze()
	s.changes = nil
	return ids
}

func TestFloodOfAMillion(t *testing.T) {
	s := newScene(t, Config{})
	ids := s.plant(300)
	table := func() int { return len(s.v.nodes) + len(s.v.assets) + len(s.v.addresses) + len(s.v.texts) }
	m := s.moment()
	var before, after runtime.MemStats
	for i := range 1_000_000 {
		if i == 100_000 {
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
		m.Time += int64(100 * time.Microsecond)
		m.Frame.Frame++
		r := uint64(i) * 0x9e3779b97f4a7c15
		forged := at(firedoor.IPv4(uint32(r>>20)), firedoor.MAC(r>>8&0xfeffffffffff|2<<40))
		s.v.Sight(m, forged, false)
		s.v.Learn(m, forged, &firedoor.Identity{About: firedoor.AboutAddress, Kind: firedoor.FactAddress,
			Confidence: 90, MAC: forged.MAC, IP: forged.IP, Source: "arp"})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 2<<20 {
		t.Errorf("memory grew by %d bytes", grown)
	}
	st := s.v.Stats()
	if s.count(firedoor.ChangeFlood) != 1 || s.count(firedoor.ChangeNewAsset) != s.v.cfg.AnnouncePerMinute {
		t.Errorf("%d floods, %d new assets told", s.count(firedoor.ChangeFlood), s.count(firedoor.ChangeNewAsset))
	}
	if st.Newcomers > 1024+128 || st.NotAdmitted < 900_000 || table() > 10_000 {
		t.Errorf("%+v, table %d", st, table())
	}
	for i, id := range ids {
		if got := s.id(ip(1, uint32(i)>>8, uint32(i)&255), mac(uint32(i))); got != id || !s.v.Known(id) {
			t.Fatalf("known asset %d is %s, was %s", i, got, id)
		}
	}
	// A stranger that asks to change a device is let in beside the flood.
	s.now = m.Time
	stranger := at(ip(200, 1), 0x020000001234)
	s.speak(stranger, at(ip(1, 0, 1), mac(1)), "modbus", firedoor.VerbWrite)
	if c := s.changes[len(s.changes)-1]; c.Kind != firedoor.ChangeNewAsset || c.At != stranger {
		t.Errorf("the writer was not told: %+v", c)
	}
	if role, _, _ := s.v.Role(s.id(stranger.IP, 0)); role != firedoor.RoleHMI {
		t.Errorf("the writer is %q", role)
	}
}

func TestFullWhileLearning(t *testing.T) {
	s := newScene(t, Config{MaxAssets: 100})
	for i := range uint32(10_000) {
		s.sight(ip(2, i>>8, i&255), mac(i))
	}
	st := s.v.Stats()
	if st.Assets != 100 || st.NotAdmitted != 9_900 || s.count(firedoor.ChangeFlood) != 1 {
		t.Fatalf("%+v, %d floods", st, s.count(firedoor.ChangeFlood))
	}
	if s.id(ip(2, 0, 0), 0) == 0 {
		t.Fatal("the first must stay")
	}
}

func TestSilentNewcomersMakeRoom(t *testing.T) {
	s := newScene(t, Config{MaxNewcomers: 10, NewcomerBurst: 1000, NewcomersPerMinute: 6000, AnnouncePerMinute: 1000})
	known := s.plant(5)
	talker, named := at(ip(3, 1), mac(5001)), at(ip(3, 2), mac(5002))
	s.sight(talker.IP, talker.MAC)
	s.sight(named.IP, named.MAC)
	s.speak(talker, at(ip(1, 0, 1), 0), "modbus", firedoor.VerbRead)
	s.fact(named, firedoor.FactName, "laptop")
	for i := range uint32(1000) {
		s.sight(ip(4, i>>8, i&255), mac(10_000+i))
	}
	st := s.v.Stats()
	if st.Newcomers != 10 || st.Recycled != 992 || st.NotAdmitted != 0 || count0(s.v) != 15 {
		t.Fatalf("%+v", st)
	}
	s.id(talker.IP, talker.MAC)
	s.id(named.IP, named.MAC)
	for _, id := range known {
		if _, ok := s.v.Resolve(id); !ok {
			t.Fatal("a known asset made room")
		}
	}
	if _, ok := s.v.At(0, ip(4, 0, 0), mac(10_000)); ok {
		t.Fatal("the oldest silent one must have made room")
	}
	s.invariants()
}

func TestManyAddressesOnOneMAC(t *testing.T) {
	s := newScene(t, Config{})
	id := s.sight(ip(1), mac(1))
	for i := range uint64(5000) { // link-local: no router can pass them on
		s.sight(firedoor.IP{Hi: 0xfe80 << 48, Lo: i + 1}, mac(1))
	}
	if a := s.asset(id); len(a.Identifiers) != MaxIdentifiers || s.v.Stats().AddressesRefused != 5000-MaxIdentifiers+2 {
		t.Fatalf("%d identifiers, %+v", len(a.Identifiers), s.v.Stats())
	}
	// Intervals that ended make room.
	s = newScene(t, Config{})
	id = s.sight(firedoor.IP{}, mac(1))
	for i := range uint32(500) {
		s.bindingOf(ip(2, i>>8, i&255), mac(1), "dhcp", 60)
	}
	a := s.asset(id)
	if len(a.Identifiers) != MaxIdentifiers || ipIdentifier(a, "10.2.1.243") == nil || s.v.Stats().AddressesRefused != 0 {
		t.Fatalf("%d identifiers, %+v", len(a.Identifiers), s.v.Stats())
	}
	if _, ok := s.v.At(0, ip(2, 0, 0), 0); ok {
		t.Fatal("an interval that made room must not resolve")
	}
	s.invariants()
}

func TestForgedClaimsToKnownAddresses(t *testing.T) {
	s := newScene(t, Config{})
	ids := s.plant(20)
	for i := range uint32(200_000) {
		s.now -= int64(time.Second) - int64(time.Millisecond)
		s.arp(ip(1, 0, i%20), firedoor.MAC(2<<40|uint64(i)))
		if i%1000 == 0 {
			s.arp(ip(1, 0, i/1000%20), mac(i/1000%20)) // the holder is there
		}
	}
	if n := s.count(firedoor.ChangeContradiction); n == 0 || n > 20 {
		t.Errorf("%d contradictions told of 20 addresses", n)
	}
	if s.count(firedoor.ChangeFlood) != 1 || len(s.v.contests) > 20 {
		t.Errorf("%d floods, %d contests", s.count(firedoor.ChangeFlood), len(s.v.contests))
	}
	for _, id := range ids {
		if _, ok := s.v.Resolve(id); !ok {
			t.Fatal("a known asset is gone")
		}
	}
	s.invariants()
}

// invariants checks what must hold between the tables after any calls.
func (s *scene) invariants() {
	s.t.Helper()
	v := s.v
	if err := v.check(); err != nil {
		s.t.Fatal(err)
	}
}

func (v *Inventory) check() error {
	live, known, newcomers, nodes, facts := 0, 0, 0, 0, 0
	for a := range v.assets {
		as := &v.assets[a]
		if !as.live {
			continue
		}
		live++
		nodes += len(as.nodes)
		facts += len(as.facts)
		if as.known {
			known++
		}
		if as.newcomer {
			newcomers++
		}
		if v.byID[as.id] != uint32(a) || len(as.nodes) == 0 || as.known && as.newcomer {
			return fmt.Errorf("asset %s: %d nodes, found at %d, is %d", as.id, len(as.nodes), v.byID[as.id], a)
		}
		for _, x := range as.aliases {
			if v.byID[x.id] != uint32(a) {
				return fmt.Errorf("alias %s of %s resolves elsewhere", x.id, as.id)
			}
		}
		for _, n := range as.nodes {
			if v.nodes[n].asset != uint32(a) {
				return fmt.Errorf("node %d is in %s and says otherwise", n, as.id)
			}
		}
		for i := range as.facts {
			if v.nodes[as.facts[i].node].asset != uint32(a) {
				return fmt.Errorf("fact %q of %s was learned at another's identifier", as.facts[i].value, as.id)
			}
		}
	}
	for k, n := range v.byMAC {
		if nd := &v.nodes[n]; nd.mac != k.mac || nd.segment != k.segment || !nd.ip.IsZero() {
			return fmt.Errorf("MAC %s leads to node %+v", k.mac, nd)
		}
	}
	for k, ai := range v.byIP {
		if nd := &v.nodes[v.addresses[ai].node]; nd.ip != k.ip || nd.segment != k.segment {
			return fmt.Errorf("address %s leads to node %+v", k.ip, nd)
		}
	}
	got := [5]int{live, known, newcomers, nodes, facts}
	if want := [5]int{v.stats.Assets, v.stats.Known, v.stats.Newcomers, v.stats.Addresses, v.stats.Facts}; got != want {
		return fmt.Errorf("assets, known, newcomers, addresses, facts are %v, counted %v", got, want)
	}
	return nil
}
