package policy_test

import (
	"net/netip"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// bound is a plant whose office is inside, whose cell is outside, and where all else is outside.
func bound(mode policy.Mode) *policy.Policy {
	p := plant(mode, policy.Rule{Verdict: firedoor.Pass})
	p.Zones[0].At, p.Zones[1].At = policy.Inside, policy.Outside
	p.Zones = append(p.Zones, policy.Zone{Name: "world", At: policy.Outside, Prefixes: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}})
	return p
}

// TestAstray holds whose address is at which side: that of a zone that is bound, and not what is nobody's.
func TestAstray(t *testing.T) {
	plan := compile(t, bound(policy.Enforce))
	for _, c := range []struct {
		address string
		came    policy.Side
		astray  bool
	}{
		{"10.0.1.1", policy.Inside, false}, {"10.0.1.1", policy.Outside, true}, {"10.0.1.77", policy.Outside, true},
		{"10.0.2.1", policy.Inside, true}, {"10.0.2.1", policy.Outside, false}, {"10.0.2.1", policy.Anywhere, false},
		{"10.0.3.1", policy.Inside, false}, {"10.0.3.1", policy.Outside, false}, // of a zone that is bound to none
		{"192.0.2.1", policy.Inside, true}, {"2001:db8::1", policy.Inside, true},
		{"0.0.0.0", policy.Inside, false}, {"::", policy.Inside, false}, {"169.254.3.4", policy.Inside, false}, {"fe80::1", policy.Inside, false},
	} {
		ip := firedoor.IPFrom(netip.MustParseAddr(c.address))
		if got := plan.Astray(plan.Place("untagged", ip, 0), ip, c.came); got != c.astray {
			t.Errorf("%s at the %q: astray %t", c.address, c.came, got)
		}
	}
}

// TestDecideFromWrongSide holds what passes from the wrong side: nothing where that is enforced, but safety traffic and
// what is never blocked; and everything, told, where it is tested.
func TestDecideFromWrongSide(t *testing.T) {
	modbus := policy.Match{Protocols: []string{"modbus"}, Codes: []uint32{5}}
	for mode, want := range map[policy.Mode]firedoor.Action{policy.Observe: firedoor.Pass, policy.Test: firedoor.Pass, policy.Enforce: firedoor.Drop} {
		p := bound(mode)
		p.Conduits[0].NeverBlock = []policy.Rule{{Match: modbus, Verdict: firedoor.Pass}}
		p.Safety = []policy.Match{{Clients: []string{"hmi"}, Servers: []string{"plc"}, Ports: []policy.Port{{Transport: 17, Number: 2222}}}}
		plan := compile(t, p)
		decide := func(transport uint8, port uint16, level policy.Level, code uint32) firedoor.Verdict {
			r := plan.FromWrongSide(plan.Route(place(plan, "10.0.1.1"), place(plan, "10.0.2.1"), transport, port))
			return policy.Decide(plan, &policy.Request{Route: &r, Level: level, Protocol: "modbus", Code: code})
		}
		v := decide(6, 80, policy.OfConnection, 0)
		told := mode != policy.Observe
		if v.Action != want || (v.Reason == firedoor.ReasonWrongSide) != told || (v.Says == firedoor.Drop) != told {
			t.Errorf("%s: a connection: %+v", mode, v)
		}
		if v := decide(6, 502, policy.OfOperation, 3); v.Action != want {
			t.Errorf("%s: a read: %+v", mode, v)
		}
		for name, v := range map[string]firedoor.Verdict{"the way to it": decide(6, 502, policy.OfConnection, 0), "what is never blocked": decide(6, 502, policy.OfOperation, 5)} {
			if v.Action != firedoor.Pass || v.Reason != firedoor.ReasonNeverBlock {
				t.Errorf("%s: %s: %+v", mode, name, v)
			}
		}
		if v := decide(17, 2222, policy.OfConnection, 0); v.Reason != firedoor.ReasonSafety {
			t.Errorf("%s: safety traffic: %+v", mode, v)
		}
	}
}

// TestSideMode holds that the stricter of two conduits between two zones holds, and what holds otherwise where none does.
func TestSideMode(t *testing.T) {
	p := bound(policy.Test)
	p.Conduits = append(p.Conduits, policy.Conduit{Name: "up", From: "cell", To: "office", Mode: policy.Enforce, Reviewed: policy.Review{By: "A", On: "2026-11-26"}})
	p.Otherwise.Mode = policy.Observe
	plan := compile(t, p)
	for ends, want := range map[[2]string]policy.Mode{{"10.0.1.1", "10.0.2.1"}: policy.Enforce, {"10.0.2.1", "10.0.1.1"}: policy.Enforce, {"10.0.1.1", "10.0.1.2"}: policy.Observe, {"10.0.1.1", "10.0.3.1"}: policy.Observe} {
		if got, _ := plan.SideMode(place(plan, ends[0]), place(plan, ends[1])); got != want {
			t.Errorf("%v: %s", ends, got)
		}
	}
}

// TestNeighboursAreSpared holds that whoever has something to do with safety, or with what is never blocked, is found.
func TestNeighboursAreSpared(t *testing.T) {
	p := bound(policy.Enforce)
	p.Conduits[0].NeverBlock = []policy.Rule{{Match: policy.Match{Clients: []string{"hmi"}, Servers: []string{"plc"}}, Verdict: firedoor.Pass}}
	p.Safety = []policy.Match{{Clients: []string{"drive"}, Servers: []string{"plc"}}}
	plan := compile(t, p)
	for address, want := range map[string]bool{"10.0.1.1": true, "10.0.2.1": true, "10.0.2.2": true, "10.0.1.2": false, "10.0.1.9": false} {
		if got := plan.SpareNeighbours(place(plan, address)); got != want {
			t.Errorf("%s: spared %t", address, got)
		}
	}
}

// TestUnboundZonesAreTold holds that a zone without a side is told where others have one, and not where none has.
func TestUnboundZonesAreTold(t *testing.T) {
	sided := func(p *policy.Policy) (out []string) {
		for _, f := range compile(t, p).Study() {
			if f.Kind == "either-side" {
				out = append(out, f.Text)
			}
		}
		return out
	}
	if got := sided(bound(policy.Enforce)); len(got) != 1 || !strings.Contains(got[0], "zone dmz") {
		t.Errorf("told: %q", got)
	}
	if got := sided(plant(policy.Enforce)); len(got) > 0 {
		t.Errorf("told where no zone is bound: %q", got)
	}
	for _, to := range []policy.Side{policy.Inside, policy.Outside} {
		p := bound(policy.Enforce)
		p.Zones[1].At = to
		told := 0
		for _, f := range compile(t, p).Study() {
			if f.Kind == "one-side" && strings.Contains(f.Text, "conduit down joins two zones at the inside") {
				told++
			}
		}
		if (told == 1) != (to == policy.Inside) {
			t.Errorf("to the %s: told %d times of a conduit at one side", to, told)
		}
	}
}
