package wire

import (
	"net/netip"
	"testing"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/gateway"
	"firedoor/internal/policy"
)

// TestKernelSaysWhatTablesSay holds the guard's decisions against the tables that the
// gateway's program in the kernel has of the same policy: pass, drop or ask for each pair
// and port.
func TestKernelSaysWhatTablesSay(t *testing.T) {
	rule := func(v firedoor.Action, m policy.Match) policy.Rule { return policy.Rule{Verdict: v, Match: m} }
	host := func(name, address string) policy.Host {
		return policy.Host{Name: name, Addresses: []netip.Addr{netip.MustParseAddr(address)}}
	}
	p := &policy.Policy{
		Hosts: []policy.Host{host("hmi", "10.0.1.1"), host("ews", "10.0.1.2"), host("plc", "10.0.2.1"), host("drive", "10.0.2.2")},
		Zones: []policy.Zone{{Name: "office", Hosts: []string{"hmi", "ews"}}, {Name: "cell", Hosts: []string{"plc", "drive"}}},
		Conduits: []policy.Conduit{
			{Name: "down", From: "office", To: "cell", Mode: policy.Enforce, Default: firedoor.Drop, Reviewed: policy.Review{By: "A", On: "2026-11-26"}, Rules: []policy.Rule{
				rule(firedoor.Pass, policy.Match{Clients: []string{"hmi"}, Servers: []string{"plc"}, Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}),
				rule(firedoor.Reset, policy.Match{Clients: []string{"ews"}, Ports: []policy.Port{{Transport: 6, Number: 80}}}),
				rule(firedoor.Pass, policy.Match{Clients: []string{"ews"}, Ports: []policy.Port{{Transport: 17, Number: 123}, {Transport: policy.ICMP}}}),
				rule(firedoor.Pass, policy.Match{Servers: []string{"drive"}, Ports: []policy.Port{{Number: 443}}, When: &policy.Window{From: 60, Until: 120}}),
			}},
			{Name: "up", From: "cell", To: "office", Mode: policy.Test, Default: firedoor.Drop},
		},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}
	plan, faults := policy.Compile(p, policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: 6, Number: 502}} }, Protocols: []string{"modbus"}})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	tables, k, seen := gateway.Tables(plan, nil), newKernel(plan), map[act]int{}
	want := map[datapath.Action]act{datapath.Pass: pass, datapath.Drop: drop, datapath.Ask: ask, datapath.Reset: ask,
		datapath.Codes: ask} // what the kernel passes by its function code alone the gate passes as well
	for _, j := range tables.Joined {
		for _, g := range tables.Gates {
			if g.Pair != j.Pair {
				continue
			}
			r := plan.Route(policy.Place(j.Client), policy.Place(j.Server), g.Transport, g.Port)
			got, _ := k.act(&r)
			if seen[got]++; got != want[g.Gate.Action] {
				t.Errorf("%s to %s, transport %d port %d: %d here, %v in the tables", plan.PlaceName(policy.Place(j.Client)), plan.PlaceName(policy.Place(j.Server)), g.Transport, g.Port, got, g.Gate.Action)
			}
		}
		r := plan.Route(policy.Place(j.Client), policy.Place(j.Server), 6, 9999)
		got, _ := k.act(&r)
		if seen[got]++; got != want[tables.Pairs[j.Pair].Default.Action] {
			t.Errorf("%s to %s: %d here, %v in the tables", plan.PlaceName(policy.Place(j.Client)), plan.PlaceName(policy.Place(j.Server)), got, tables.Pairs[j.Pair].Default.Action)
		}
	}
	for _, a := range []act{pass, drop, ask} {
		if seen[a] == 0 {
			t.Errorf("nothing is decided as %d: %v", a, seen)
		}
	}
}
