package inventory

import (
	"testing"
	"time"

	"firedoor"
)

func TestIPv6(t *testing.T) {
	s := newScene(t, Config{})
	m := firedoor.MAC(0x001b1b112233)
	made := firedoor.IP{Hi: 0x20010db8 << 32, Lo: 0x021b1bfffe112233}
	if !isEUI64(made, m) || isEUI64(made, m+1) {
		t.Fatal("EUI-64 addresses are not recognised")
	}
	id := s.sight(ip(1), m)
	s.sight(firedoor.IP{Hi: 0xfe80 << 48, Lo: 7}, m)
	s.sight(made, m)
	s.sight(firedoor.IP{Hi: 0x20010db8 << 32, Lo: 99}, m)
	if n := count0(s.v); n != 1 {
		t.Fatalf("%d assets, want one host with two families", n)
	}
	// It turns out to be a router: what it does not own for sure goes.
	for i := range uint32(5) {
		s.sight(ip(9, i), m)
	}
	if n := count0(s.v); n != 8 { // five, the first IPv4, the foreign IPv6, the router
		t.Fatalf("%d assets", n)
	}
	if s.id(made, m) != id || s.id(firedoor.IP{Hi: 0xfe80 << 48, Lo: 7}, m) != id {
		t.Fatal("the router's own addresses must stay")
	}
}

func TestRoutedHint(t *testing.T) {
	s := newScene(t, Config{})
	s.v.Sight(s.moment(), at(firedoor.IPv4(0x08080808), mac(1)), true)
	if n := count0(s.v); n != 2 {
		t.Fatalf("%d assets, want the host and who passed it on", n)
	}
	if role, level, _ := s.v.Role(s.id(firedoor.IPv4(0x08080808), 0)); role != firedoor.RoleExternal || level != "L5" {
		t.Fatalf("%s %s", role, level)
	}
}

// A mirror of two VLANs whose tags are stripped shows a host's packets twice:
// with its own MAC, and with the router's.
func TestBothSidesOfARouter(t *testing.T) {
	s := newScene(t, Config{})
	s.arp(ip(1, 1), mac(100))
	s.arp(ip(2, 1), mac(100))
	for range 5 {
		for i := range uint32(8) {
			s.arp(ip(1, 10+i), mac(i))
			s.sight(ip(1, 10+i), mac(i))
			s.sight(ip(1, 10+i), mac(100))
			s.wait(time.Minute)
		}
	}
	if n := count0(s.v); n != 9 {
		t.Fatalf("%d assets, want eight hosts and the router", n)
	}
	for _, kind := range []firedoor.ChangeKind{firedoor.ChangeContradiction, firedoor.ChangeReplaced, firedoor.ChangeAddressMoved} {
		if s.count(kind) != 0 {
			t.Errorf("told %s", kind)
		}
	}
}

// A team of network cards sends from one address with two MACs.
func TestTeamIsNoContradictionWhileLearning(t *testing.T) {
	s := newScene(t, Config{})
	for range 10 {
		s.sight(ip(7), mac(1))
		s.sight(ip(7), mac(2))
	}
	if s.kinds() != "new-asset new-asset" || !related(s.asset(s.id(ip(7), 0)), "shares-address", s.id(firedoor.IP{}, mac(2))) {
		t.Fatal(s.kinds())
	}
}

func TestFloodIsToldAgainAfterAnHourWithout(t *testing.T) {
	s := newScene(t, Config{NewcomerBurst: 10, NewcomersPerMinute: 1})
	s.plant(2)
	for range 2 {
		for i := range uint32(100) {
			s.sight(firedoor.IP{}, mac(9000+i))
		}
		s.wait(2 * time.Hour)
	}
	if n := s.count(firedoor.ChangeFlood); n != 2 {
		t.Fatalf("%d floods told", n)
	}
}

func TestIDsDifferOnlyBySegmentName(t *testing.T) {
	one := New(Config{SegmentName: func(firedoor.Segment) string { return "line 1" }})
	two := New(Config{SegmentName: func(firedoor.Segment) string { return "line 2" }})
	again := New(Config{SegmentName: func(firedoor.Segment) string { return "line 1" }})
	m := firedoor.Moment{Time: 1}
	a, b := one.Sight(m, at(ip(1), mac(1)), false), two.Sight(m, at(ip(1), mac(1)), false)
	// Another handle and another first packet, but the same place and device.
	c := again.Sight(m, firedoor.Endpoint{Segment: 5, MAC: mac(1)}, false)
	if a == b || a != c {
		t.Fatalf("%s %s %s", a, b, c)
	}
}

func TestOfficeRoles(t *testing.T) {
	s := newScene(t, Config{})
	for n := range uint32(12) {
		s.arp(ip(n), 0x020000000000|firedoor.MAC(n))
	}
	host := func(n uint32) firedoor.Endpoint { return at(ip(n), 0) }
	s.speak(host(9), host(1), "kerberos", firedoor.VerbSession)
	s.speak(host(9), host(1), "ldap", firedoor.VerbRead)
	s.fact(host(2), firedoor.FactService, "dhcp")
	s.fact(host(3), firedoor.FactService, "dns")
	s.speak(host(9), host(4), "ipp", firedoor.VerbWrite)
	s.speak(host(9), host(5), "rtsp", firedoor.VerbRead)
	s.speak(host(9), host(6), "opcua", firedoor.VerbRead)
	for n, want := range map[uint32]firedoor.Role{1: firedoor.RoleDomainController, 2: firedoor.RoleDHCPServer,
		3: firedoor.RoleDNSServer, 4: firedoor.RolePrinter, 5: firedoor.RoleCamera, 6: firedoor.RoleOPCServer} {
		if got, _, _ := s.v.Role(s.id(ip(n), 0)); got != want {
			t.Errorf("host %d is %q, want %q", n, got, want)
		}
	}
}

// A second capture with an older clock: its changes are told like any others.
func TestOlderCaptureAfterNewer(t *testing.T) {
	s := newScene(t, Config{})
	e := at(ip(7), mac(7))
	s.arp(e.IP, e.MAC)
	s.fact(e, firedoor.FactSerial, "S-1")
	s.wait(time.Hour)
	s.arp(e.IP, mac(8)) // open when the first capture ends
	s.changes = nil
	s.now -= int64(24 * time.Hour)
	s.sight(ip(9), mac(9))
	s.want("replaced new-asset")
	s.fact(at(ip(9), mac(9)), firedoor.FactSerial, "A")
	s.now -= int64(24 * time.Hour)
	s.fact(at(ip(9), mac(9)), firedoor.FactSerial, "B")
	s.fact(at(ip(9), mac(9)), firedoor.FactSerial, "B")
	s.want("identity-changed")
}
