package gateway

import (
	"slices"
	"testing"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/policy"
)

// TestPartsInTheKernel holds that the kernel asks about a part of a packet, which has no port, wherever
// the worker does not let it pass: both go by what is said at any port.
func TestPartsInTheKernel(t *testing.T) {
	tcp := func(number uint16) []policy.Port { return []policy.Port{{Transport: 6, Number: number}} }
	rule := func(verdict firedoor.Action, m policy.Match) policy.Rule {
		return policy.Rule{Verdict: verdict, Match: m}
	}
	writes := policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}}
	for name, c := range map[string]struct {
		rules []policy.Rule
		open  bool
	}{
		"nothing":                   {nil, true},
		"a port stops":              {[]policy.Rule{rule(firedoor.Drop, policy.Match{Ports: tcp(80)})}, false},
		"a port of either stops":    {[]policy.Rule{rule(firedoor.Drop, policy.Match{Ports: []policy.Port{{Number: 80}}})}, false},
		"ICMP stops":                {[]policy.Rule{rule(firedoor.Drop, policy.Match{Ports: []policy.Port{{Transport: policy.ICMP}}})}, false},
		"writes stop":               {[]policy.Rule{rule(firedoor.Drop, writes)}, false},
		"writes stop, behind all":   {[]policy.Rule{rule(firedoor.Pass, policy.Match{}), rule(firedoor.Drop, writes)}, true},
		"a port stops, behind that": {[]policy.Rule{rule(firedoor.Pass, policy.Match{Ports: tcp(80)}), rule(firedoor.Drop, policy.Match{Ports: tcp(80)})}, true},
		"writes of one client stop": {[]policy.Rule{rule(firedoor.Drop, policy.Match{Clients: []string{"hmi"}, Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}})}, false},
		"reads pass too":            {[]policy.Rule{rule(firedoor.Pass, policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}})}, true},
	} {
		p := *testPlan(t).Policy
		p.Conduits = slices.Clone(p.Conduits)
		p.Conduits[0].Default, p.Conduits[0].Rules = firedoor.Pass, c.rules
		plan, faults := policy.Compile(&p, testKnown())
		if len(faults) > 0 {
			t.Fatalf("%s: %+v", name, faults)
		}
		hmi, _ := plan.Named("hmi")
		plc, _ := plan.Named("plc")
		ends := plan.Route(hmi, plc, 17, 0)
		if got := plan.Throughout(&ends); got != c.open {
			t.Errorf("%s: the worker lets parts pass: %t", name, got)
		}
		tables := Tables(plan, nil)
		for _, j := range tables.Joined {
			passes := func(g *datapath.Gate) bool { return g.Action == datapath.Pass }
			all := passes(&tables.Pairs[j.Pair].Default)
			for i := range tables.Gates {
				g := &tables.Gates[i]
				all = all && (g.Pair != j.Pair || g.Transport == datapath.EtherType || passes(&g.Gate))
			}
			route := plan.Route(policy.Place(j.Client), policy.Place(j.Server), 17, 0)
			if all != plan.Throughout(&route) {
				t.Errorf("%s, %s to %s: at every port all passes in the kernel: %t", name, plan.PlaceName(route.Client), plan.PlaceName(route.Server), all)
			}
		}
	}
}
