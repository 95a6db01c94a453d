package inventory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"firedoor"
)

// scene is an inventory with a clock: every call is one frame, a second later.
type scene struct {
	t       *testing.T
	v       *Inventory
	now     int64
	frame   uint32
	changes []firedoor.AssetChange
}

func newScene(t *testing.T, cfg Config) *scene {
	s := &scene{t: t, now: int64(1000 * time.Second)}
	cfg.Changed = func(c *firedoor.AssetChange) { s.changes = append(s.changes, *c) }
	if cfg.Industrial == nil {
		cfg.Industrial = func(p string) bool { return slices.Contains([]string{"modbus", "s7comm", "cip", "opcua"}, p) }
	}
	s.v = New(cfg)
	return s
}

func (s *scene) moment() firedoor.Moment {
	s.now += int64(time.Second)
	s.frame++
	return firedoor.Moment{Time: s.now, Frame: firedoor.FrameRef{Frame: s.frame}}
}

func (s *scene) wait(d time.Duration) { s.now += int64(d) }

func ip(last ...uint32) firedoor.IP {
	v := uint32(10 << 24)
	for i, b := range last {
		v |= b << (8 * (len(last) - 1 - i))
	}
	return firedoor.IPv4(v)
}

// mac is one of Siemens's addresses.
func mac(n uint32) firedoor.MAC { return 0x001b1b<<24 | firedoor.MAC(n) }

func at(a firedoor.IP, m firedoor.MAC) firedoor.Endpoint { return firedoor.Endpoint{IP: a, MAC: m} }

func (s *scene) sight(a firedoor.IP, m firedoor.MAC) firedoor.AssetID {
	return s.v.Sight(s.moment(), at(a, m), false)
}

func (s *scene) bindingOf(a firedoor.IP, m firedoor.MAC, source string, lease uint32) {
	s.v.Learn(s.moment(), firedoor.Endpoint{}, &firedoor.Identity{About: firedoor.AboutAddress, Kind: firedoor.FactAddress,
		Confidence: 90, MAC: m, IP: a, Source: source, Lease: lease})
}

func (s *scene) arp(a firedoor.IP, m firedoor.MAC) { s.bindingOf(a, m, "arp", 0) }

func (s *scene) fact(e firedoor.Endpoint, kind firedoor.FactKind, value string) {
	s.v.Learn(s.moment(), e, &firedoor.Identity{Kind: kind, Confidence: 90, Source: "test", Value: []byte(value)})
}

func (s *scene) speak(c, srv firedoor.Endpoint, protocol string, verbs ...firedoor.Verb) {
	for _, verb := range verbs {
		s.v.Speak(s.moment(), c, srv, protocol, verb)
	}
}

func (s *scene) id(a firedoor.IP, m firedoor.MAC) firedoor.AssetID {
	s.t.Helper()
	id, ok := s.v.At(0, a, m)
	if !ok {
		s.t.Fatalf("nobody at %s %s", a, m)
	}
	return id
}

func (s *scene) asset(id firedoor.AssetID) *firedoor.Asset {
	s.t.Helper()
	for a := range s.v.Assets {
		if a.ID == id {
			return a
		}
	}
	s.t.Fatalf("no asset %s", id)
	return nil
}

func (s *scene) kinds() string {
	var b []string
	for _, c := range s.changes {
		b = append(b, c.Kind.String())
	}
	return strings.Join(b, " ")
}

func (s *scene) count(kind firedoor.ChangeKind) (n int) {
	for _, c := range s.changes {
		if c.Kind == kind {
			n++
		}
	}
	return n
}

func (s *scene) want(kinds string) {
	s.t.Helper()
	if got := s.kinds(); got != kinds {
		s.t.Fatalf("changes %q, want %q", got, kinds)
	}
	s.changes = nil
}

func (s *scene) json() string {
	var b bytes.Buffer
	if err := s.v.WriteJSON(&b); err != nil {
		s.t.Fatal(err)
	}
	return b.String()
}

func count0(v *Inventory) (n int) {
	for range v.Assets {
		n++
	}
	return n
}

func ipIdentifier(a *firedoor.Asset, value string) *firedoor.Identifier {
	for i := range a.Identifiers {
		if a.Identifiers[i].Value == value {
			return &a.Identifiers[i]
		}
	}
	return nil
}

func related(a *firedoor.Asset, kind string, other firedoor.AssetID) bool {
	return slices.ContainsFunc(a.Relations, func(r firedoor.Relation) bool { return r.Kind == kind && r.Asset == other })
}

func happened(a *firedoor.Asset, kind string) bool {
	return slices.ContainsFunc(a.History, func(e firedoor.AssetEvent) bool { return e.Kind == kind })
}

func TestOneHost(t *testing.T) {
	s := newScene(t, Config{})
	id := s.sight(ip(5), mac(1))
	s.arp(ip(5), mac(1))
	s.sight(firedoor.IP{}, mac(1))
	s.want("new-asset")
	if count0(s.v) != 1 || s.id(ip(5), 0) != id || s.id(firedoor.IP{}, mac(1)) != id {
		t.Fatal("one host must be one asset")
	}
	a := s.asset(id)
	if a.Vendor == "" || a.Facts[0].Source != "oui" || ipIdentifier(a, "10.0.0.5").Bond != "claimed" {
		t.Fatalf("%+v", a)
	}
	if got, ok := firedoor.ParseAssetID(id.String()); !ok || got != id {
		t.Fatalf("id %s does not read back", id)
	}
}

func TestNobody(t *testing.T) {
	s := newScene(t, Config{})
	for _, e := range []firedoor.Endpoint{
		{}, {IP: firedoor.IPv4(0)}, {IP: firedoor.IPv4(0xe0000001)}, {IP: firedoor.IPv4(0xffffffff)},
		{MAC: 0xffffffffffff}, {MAC: 0x01005e000001, IP: firedoor.IPv4(0xe0000001)},
		{IP: firedoor.IP{Hi: 0xff02 << 48, Lo: 1}},
	} {
		if id := s.v.Sight(s.moment(), e, false); id != 0 {
			t.Errorf("%+v became %s", e, id)
		}
		s.v.Learn(s.moment(), e, &firedoor.Identity{Kind: firedoor.FactName, Confidence: 90, Value: []byte("x")})
		s.v.Traffic(e, 1, 2, 3, 4)
	}
	s.arp(firedoor.IPv4(0), mac(1)) // an ARP probe: the MAC is somebody, the address nobody's
	if n := count0(s.v); n != 0 {
		t.Fatalf("%d assets of nobody", n)
	}
}

func TestDHCPChange(t *testing.T) {
	s := newScene(t, Config{})
	a := s.sight(ip(50), mac(1))
	s.bindingOf(ip(50), mac(1), "dhcp", 3600)
	s.fact(at(ip(50), mac(1)), firedoor.FactName, "LAPTOP-1")
	b := s.sight(firedoor.IP{}, mac(2))
	s.changes = nil
	s.wait(2 * time.Hour)
	s.bindingOf(ip(50), mac(2), "dhcp", 3600)
	s.want("address-moved")
	if a == b || s.id(ip(50), 0) != b || s.id(ip(50), mac(1)) != a || count0(s.v) != 2 {
		t.Fatal("the address must be the other's now, and both must be there")
	}
	old, now := ipIdentifier(s.asset(a), "10.0.0.50"), ipIdentifier(s.asset(b), "10.0.0.50")
	if old == nil || now == nil || old.To == "" || now.To != "" || old.To != now.From {
		t.Fatalf("intervals: %+v then %+v", old, now)
	}
	if s.asset(a).Name != "LAPTOP-1" || s.asset(b).Name != "" {
		t.Fatal("the name must stay with the device it was learned of")
	}
	// The first gets another lease: its interval was closed, nothing is told but the address.
	s.bindingOf(ip(51), mac(1), "dhcp", 3600)
	s.want("new-address")
	s.bindingOf(ip(52), mac(1), "dhcp", 3600)
	if x := ipIdentifier(s.asset(a), "10.0.0.51"); x.To == "" {
		t.Fatal("a new lease must end the one before")
	}
}

func TestVirtualAddressFailover(t *testing.T) {
	s := newScene(t, Config{})
	s.arp(ip(1), mac(1))
	s.arp(ip(2), mac(2))
	s.arp(ip(9), mac(1)) // the shared one
	a, b := s.id(ip(1), 0), s.id(ip(2), 0)
	s.v.Freeze()
	s.changes = nil
	s.wait(time.Hour)
	s.arp(ip(9), mac(2))
	s.want("virtual-address-moved")
	if s.id(ip(9), 0) != b || count0(s.v) != 2 {
		t.Fatal("the address must have moved and nothing merged")
	}
	if !related(s.asset(a), "virtual-address", b) || !related(s.asset(b), "virtual-address", a) ||
		ipIdentifier(s.asset(b), "10.0.0.9").Bond != "virtual" {
		t.Fatalf("no relation: %+v", s.asset(a))
	}
	s.wait(time.Hour)
	s.arp(ip(9), mac(1)) // and back
	s.want("virtual-address-moved")
	for range 3 { // a fight is not a failover
		s.arp(ip(9), mac(2))
		s.arp(ip(9), mac(1))
	}
	if s.count(firedoor.ChangeContradiction) != 1 {
		t.Fatalf("a fight gave %q", s.kinds())
	}
}

func TestVRRPFailover(t *testing.T) {
	const vmac = 0x00005e000107
	s := newScene(t, Config{})
	s.arp(ip(2), mac(2))
	s.arp(ip(3), mac(3))
	s.arp(ip(1), vmac)
	s.sight(ip(2), vmac) // the master's advertisement
	s.changes = nil
	s.wait(time.Hour)
	s.sight(ip(3), vmac)
	s.want("virtual-address-moved")
	s.sight(ip(3), mac(3))
	s.sight(ip(3), vmac)
	s.want("")
	if n := count0(s.v); n != 3 {
		t.Fatalf("%d assets, want two routers and the virtual one", n)
	}
	virtual := s.asset(s.id(ip(1), 0))
	if virtual.Role != firedoor.RoleRouter || virtual.Vendor != "" || !related(virtual, "held-by", s.id(ip(3), mac(3))) {
		t.Fatalf("%+v", virtual)
	}
}

func TestRouterWith200Addresses(t *testing.T) {
	for _, claims := range []bool{false, true} {
		s := newScene(t, Config{})
		if claims {
			s.arp(ip(1), mac(1))
		}
		first := s.sight(ip(1, 0, 0), mac(1))
		s.fact(at(ip(1, 0, 0), mac(1)), firedoor.FactName, "host-0")
		for i := range uint32(200) {
			s.sight(ip(1, 0, i), mac(1))
		}
		if n := count0(s.v); n != 201 {
			t.Fatalf("claims %v: %d assets, want 200 and the router", claims, n)
		}
		router := s.asset(s.id(firedoor.IP{}, mac(1)))
		if router.Role != firedoor.RoleRouter || router.HostsBehind != 200 || router.Level != "L3" || router.Name != "" {
			t.Fatalf("%+v", router)
		}
		host := s.asset(s.id(ip(1, 0, 0), mac(1)))
		if host.Name != "host-0" || !related(host, "behind", router.ID) {
			t.Fatalf("what was learned at an address must go with it: %+v", host)
		}
		if _, ok := s.v.Resolve(first); !ok || s.count(firedoor.ChangeRouter) != 1 {
			t.Fatal("old ids must resolve, and the router be told once")
		}
		if !claims && (!happened(host, "split") || !happened(router, "split")) {
			t.Fatal("the split is not recorded")
		}
	}
}

func TestReplacedController(t *testing.T) {
	s := newScene(t, Config{})
	hmi, plc, repl := at(ip(5), mac(5)), at(ip(7), mac(7)), at(ip(7), mac(8))
	for _, e := range []firedoor.Endpoint{hmi, plc} {
		s.arp(e.IP, e.MAC)
		s.sight(e.IP, e.MAC)
	}
	s.fact(plc, firedoor.FactSerial, "S-1")
	s.speak(hmi, plc, "s7comm", firedoor.VerbRead, firedoor.VerbWrite)
	s.v.Freeze()
	s.changes = nil
	old := s.id(ip(7), 0)
	s.wait(time.Hour)
	s.arp(repl.IP, repl.MAC)
	s.sight(repl.IP, repl.MAC)
	s.fact(repl, firedoor.FactSerial, "S-2")
	s.speak(hmi, repl, "s7comm", firedoor.VerbRead)
	s.wait(2 * time.Minute)
	s.v.Advance(s.now)
	s.want("new-asset replaced")
	now := s.id(ip(7), 0)
	if now == old || !related(s.asset(now), "replaces", old) || !related(s.asset(old), "replaced-by", now) {
		t.Fatalf("%+v", s.asset(now))
	}
	if s.asset(old).Serial != "S-1" || s.asset(now).Serial != "S-2" || !s.v.Known(old) || s.v.Known(now) {
		t.Fatal("facts must stay with their device")
	}
	if s.id(ip(7), mac(7)) != old {
		t.Fatal("the old conversation must resolve to the old device")
	}
}

func TestTakenNotReplaced(t *testing.T) {
	s := newScene(t, Config{})
	hmi, plc, laptop := at(ip(5), mac(5)), at(ip(7), mac(7)), at(ip(7), mac(9))
	s.arp(hmi.IP, hmi.MAC)
	s.arp(plc.IP, plc.MAC)
	s.speak(hmi, plc, "modbus", firedoor.VerbRead)
	s.wait(time.Hour)
	s.arp(laptop.IP, laptop.MAC)
	s.changes = nil
	s.v.Finish() // the input ends: settled as it stands
	s.want("address-moved")
	if s.id(ip(7), 0) != s.id(ip(7), laptop.MAC) {
		t.Fatal("the silent one must have lost the address")
	}
}

func TestContradiction(t *testing.T) {
	s := newScene(t, Config{})
	s.arp(ip(7), mac(7))
	s.arp(ip(66), mac(66))
	plc := s.id(ip(7), 0)
	s.v.Freeze()
	s.changes = nil
	for range 20 {
		s.arp(ip(7), mac(66))
		s.arp(ip(7), mac(7))
	}
	s.want("contradiction")
	if s.id(ip(7), 0) != plc {
		t.Fatal("the holder must keep its address")
	}
	a := s.asset(plc)
	if !happened(a, "contradiction") || !related(a, "contradicted-by", s.id(ip(66), 0)) {
		t.Fatalf("%+v", a)
	}
}

func TestContradictionByTraffic(t *testing.T) {
	s := newScene(t, Config{})
	s.arp(ip(7), mac(7))
	s.v.Freeze()
	s.wait(time.Hour)
	start := s.now
	s.arp(ip(7), mac(66)) // once; the holder itself never uses ARP again
	var disputed []firedoor.Endpoint
	for e := range s.v.Disputed {
		disputed = append(disputed, e)
	}
	if len(disputed) != 1 || disputed[0] != at(ip(7), mac(7)) {
		t.Fatalf("disputed %v", disputed)
	}
	s.changes = nil
	s.v.Traffic(disputed[0], start-1, s.now+int64(time.Second), 5, 500)
	s.want("contradiction")
}

func TestForgedSenderOfKnownAddress(t *testing.T) {
	s := newScene(t, Config{})
	plc := s.sight(ip(7), mac(7))
	s.v.Freeze()
	s.sight(ip(7), 0x020000000099)
	s.sight(ip(7), mac(7))
	s.want("new-asset new-asset contradiction")
	if s.id(ip(7), 0) != plc {
		t.Fatal("the holder must keep its address")
	}
}

func TestRedundancyMACOfAStranger(t *testing.T) {
	s := newScene(t, Config{})
	s.arp(ip(7), mac(7))
	plc := s.id(ip(7), 0)
	s.v.Freeze()
	s.arp(ip(7), 0x00005e000101)
	if s.count(firedoor.ChangeVirtualMoved) != 0 || s.id(ip(7), 0) != plc {
		t.Fatalf("a stranger passed for a redundant device: %q", s.kinds())
	}
	s.arp(ip(7), mac(7))
	if s.count(firedoor.ChangeContradiction) != 1 {
		t.Fatalf("changes %q", s.kinds())
	}
}

func TestTwoSegments(t *testing.T) {
	s := newScene(t, Config{SegmentName: func(g firedoor.Segment) string { return fmt.Sprintf("vlan %d", g) }})
	ids := map[firedoor.AssetID]bool{}
	for seg := range firedoor.Segment(2) {
		for i := range uint32(10) {
			e := firedoor.Endpoint{Segment: seg, IP: ip(i + 1), MAC: mac(i)}
			ids[s.v.Sight(s.moment(), e, false)] = true
			s.v.Learn(s.moment(), e, &firedoor.Identity{About: firedoor.AboutAddress, Kind: firedoor.FactAddress, Confidence: 90, MAC: e.MAC, IP: e.IP, Source: "arp"})
		}
	}
	if len(ids) != 20 || count0(s.v) != 20 {
		t.Fatalf("%d ids, %d assets, want 20", len(ids), count0(s.v))
	}
}

func TestMultihomedHostIsOne(t *testing.T) {
	s := newScene(t, Config{})
	for i := range uint32(8) {
		s.sight(ip(i, 1), mac(1)) // before ARP shows whose they are
	}
	for i := range uint32(8) {
		s.arp(ip(i, 1), mac(1))
	}
	if n := count0(s.v); n != 1 {
		t.Fatalf("%d assets, want one with eight addresses", n)
	}
}

func TestProxyARP(t *testing.T) {
	s := newScene(t, Config{})
	for i := range uint32(100) {
		s.arp(ip(2, i), mac(1))
	}
	if n := count0(s.v); n != 1+100-MaxClaims {
		t.Fatalf("%d assets", n)
	}
	if s.asset(s.id(firedoor.IP{}, mac(1))).Role != firedoor.RoleRouter {
		t.Fatal("a proxy is a router")
	}
}

func TestMergeAndUndo(t *testing.T) {
	s := newScene(t, Config{})
	a := s.sight(ip(1), 0) // a capture without MACs
	s.fact(at(ip(1), 0), firedoor.FactModel, "CPU 315-2")
	b := s.sight(firedoor.IP{}, mac(1))
	s.fact(at(firedoor.IP{}, mac(1)), firedoor.FactName, "plc-1")
	s.arp(ip(1), mac(1))
	s.want("new-asset new-asset merged")
	one := s.asset(b)
	if got, _ := s.v.Resolve(a); got != b || one.Model != "CPU 315-2" || one.Name != "plc-1" || !slices.Equal(one.Aliases, []firedoor.AssetID{a}) {
		t.Fatalf("%+v", one)
	}
	if !happened(one, "merged") {
		t.Fatal("the merge is not recorded")
	}
	if !s.v.Undo(s.moment(), a, "a person says so") {
		t.Fatal("not undone")
	}
	if got, _ := s.v.Resolve(a); got != a || s.asset(a).Model != "CPU 315-2" || s.asset(b).Model != "" || s.asset(b).Name != "plc-1" {
		t.Fatal("a merge undone must give back what there was")
	}
	if !happened(s.asset(a), "undone") || s.v.Undo(s.moment(), a, "again") {
		t.Fatal("undone twice, or not recorded")
	}
	if !s.v.Merge(s.moment(), b, a, "a person says so") || count0(s.v) != 1 || s.v.Merge(s.moment(), a, b, "again") {
		t.Fatal("a person's merge")
	}
}

func TestExportIsStable(t *testing.T) {
	build := func() string {
		s := newScene(t, Config{})
		for i := range uint32(50) {
			s.sight(ip(i%7, i), mac(i%11))
			s.arp(ip(i), mac(i%5))
			s.fact(at(ip(i), mac(i%5)), firedoor.FactFirmware, fmt.Sprint("V", i%3))
			s.speak(at(ip(1), 0), at(ip(i), 0), "modbus", firedoor.VerbRead)
		}
		s.v.Traffic(at(ip(1), 0), s.now, s.now, 10, 100)
		return s.json()
	}
	one := build()
	if one != build() {
		t.Fatal("the same calls gave other bytes")
	}
	var back []firedoor.Asset
	if err := json.Unmarshal([]byte(one), &back); err != nil {
		t.Fatal(err)
	}
	again, err := json.MarshalIndent(back, "", "  ")
	if err != nil || string(again)+"\n" != one {
		t.Fatalf("assets.json does not read back (%v)", err)
	}
}
