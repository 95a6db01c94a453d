package wire

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// alike is a guard between a panel and a controller; what the panel may ask comes in at the outside.
func alike(t *testing.T, now *int64, change func(*policy.Policy)) *Guard {
	t.Helper()
	host := func(name, address string, mac firedoor.MAC) policy.Host {
		return policy.Host{Name: name, Addresses: []netip.Addr{netip.MustParseAddr(address)}, MAC: mac}
	}
	p := &policy.Policy{Hosts: []policy.Host{host("hmi", "10.0.1.1", 0x020000000001), host("plc", "10.0.2.1", 0x020000000002)},
		Zones: []policy.Zone{{Name: "office", Hosts: []string{"hmi"}}, {Name: "cell", Hosts: []string{"plc"}}},
		Conduits: []policy.Conduit{{Name: "down", From: "office", To: "cell", Mode: policy.Enforce, Default: firedoor.Drop, Reviewed: policy.Review{By: "A", On: "2026-11-26"},
			Rules: []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Ports: []policy.Port{{Transport: 17, Number: 123}, {Transport: policy.ICMP}}}}}}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop}}
	change(p)
	plan, faults := policy.Compile(p, policy.Known{Ports: func(string) []policy.Port { return nil }})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	return New(Config{Name: "g", Plan: plan, Now: func() int64 { return *now }})
}

// said is a frame of IP between the two; towards the controller, or back.
func said(towards bool, proto byte, body []byte) []byte {
	b := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, proto, 0, 0, 10, 0, 1, 1, 10, 0, 2, 1}
	if !towards {
		b[5], b[11], b[28], b[32] = 1, 2, 2, 1
	}
	binary.BigEndian.PutUint16(b[16:], uint16(20+len(body)))
	n := uint32(0)
	for i := 14; i < 34; i += 2 {
		n += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	binary.BigEndian.PutUint16(b[24:], ^uint16(n+n>>16))
	return append(b, body...)
}

// TestTalkGoesOn holds that who was asked once goes on talking, as with the kernel's program: while
// nothing is missing for a minute, and not beyond.
func TestTalkGoesOn(t *testing.T) {
	now := int64(1772323200e9)
	g := alike(t, &now, func(*policy.Policy) {})
	answer := said(false, 17, []byte{0, 123, 0xc0, 0, 0, 12, 0, 0, 1, 2, 3, 4})
	if g.Pass(true, said(true, 17, []byte{0xc0, 0, 0, 123, 0, 12, 0, 0, 1, 2, 3, 4})) == nil {
		t.Fatal("the request is dropped")
	}
	for i := range 10 {
		if now += 40e9; g.Pass(false, answer) == nil {
			t.Fatalf("answer %d is dropped", i)
		}
	}
	if now += 61e9; g.Counts.Asked > 0 || g.Pass(false, answer) != nil || g.Counts.Asked != 1 {
		t.Errorf("nobody asked for a minute: %+v", g.Counts)
	}
}

// TestFramesPassBothWays holds that frames without IP and errors of ICMP pass where those the other way
// may, whatever lets those pass, and a request for an echo only where it may be asked itself.
func TestFramesPassBothWays(t *testing.T) {
	now := int64(1772323200e9)
	echo := func(kind byte) []byte { return []byte{kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0} }
	frame := append([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0x92}, make([]byte, 46)...)
	g := alike(t, &now, func(p *policy.Policy) {
		p.Safety = []policy.Match{{Clients: []string{"hmi"}, Servers: []string{"plc"}, Ports: []policy.Port{{Transport: policy.Link, Number: 0x8892}}}}
	})
	for name, c := range map[string]struct {
		frame  []byte
		passes bool
	}{
		"safety traffic that comes back": {frame, true},
		"a request for an echo":          {said(false, 1, echo(8)), false},
		"an echo":                        {said(false, 1, echo(0)), true},
		"an error":                       {said(false, 1, echo(3)), true},
	} {
		if passes := g.Pass(false, c.frame) != nil; passes != c.passes {
			t.Errorf("%s: passes %t", name, passes)
		}
	}
}
