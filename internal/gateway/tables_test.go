package gateway

import (
	"net/netip"
	"testing"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/policy"
)

func testKnown() policy.Known {
	ports := map[string][]policy.Port{"modbus": {{Transport: 6, Number: 502}}, "goose": {{Transport: policy.Link, Number: 0x88b8}}}
	return policy.Known{Ports: func(name string) []policy.Port { return ports[name] }, Protocols: []string{"modbus", "goose"}}
}

func testPlan(t testing.TB, rules ...policy.Rule) *policy.Plan {
	t.Helper()
	p := &policy.Policy{
		Hosts: []policy.Host{{Name: "hmi", Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.1")}}, {Name: "plc", Addresses: []netip.Addr{netip.MustParseAddr("10.0.2.1")}}},
		Zones: []policy.Zone{{Name: "office", Hosts: []string{"hmi"}}, {Name: "cell", Hosts: []string{"plc"}}},
		Conduits: []policy.Conduit{{Name: "down", From: "office", To: "cell", Mode: policy.Enforce, Default: firedoor.Refuse, Instead: firedoor.Drop, Unjudged: policy.Closed,
			Reviewed: policy.Review{By: "A", On: "2026-11-26"}, Rules: rules}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}
	plan, faults := policy.Compile(p, testKnown())
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	return plan
}

// TestByCode holds what the kernel does with requests: what passes by its code alone
// passes; about the others it asks, and where nobody answers they do not pass.
func TestByCode(t *testing.T) {
	plan := testPlan(t,
		policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}},
		policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Functions: []string{"write single register"}, Objects: []policy.Object{{Text: "holding:", Row: true, To: 9}}}})
	tables := Tables(plan, []policy.Function{{Code: 3, Verb: firedoor.VerbRead, Words: "read holding registers"}, {Code: 6, Verb: firedoor.VerbWrite, Words: "write single register"},
		{Code: 16, Verb: firedoor.VerbWrite, Words: "write multiple registers"}, {Code: 23, Verb: firedoor.VerbRead, Words: "read/write multiple registers"}})
	if err := tables.Check(); err != nil {
		t.Fatal(err)
	}
	var gate *datapath.Gate
	for i := range tables.Gates {
		if g := &tables.Gates[i]; g.Port == 502 && g.Transport == 6 && g.Gate.Action == datapath.Codes {
			gate = &g.Gate
		}
	}
	if gate == nil || gate.Floor != datapath.FloorCodes {
		t.Fatalf("gates: %+v", tables.Gates)
	}
	for code, want := range map[int]datapath.Code{3: {Action: datapath.Pass}, 6: {Action: datapath.Ask, Floor: datapath.FloorDrop}, 16: {Action: datapath.Ask, Floor: datapath.FloorDrop}, 23: {Action: datapath.Ask, Floor: datapath.FloorDrop}} {
		c := tables.Codes[gate.Codes][code]
		c.Reason, c.Rule = 0, 0
		if c != want {
			t.Errorf("code %d: %+v, want %+v", code, c, want)
		}
	}
}

// TestTypesWithoutIP holds that a protocol that IP does not carry opens its EtherType and
// nothing else.
func TestTypesWithoutIP(t *testing.T) {
	tables := Tables(testPlan(t, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"goose"}}}), nil)
	if err := tables.Check(); err != nil {
		t.Fatal(err)
	}
	opened := 0
	for _, g := range tables.Gates {
		if g.Transport != datapath.EtherType || g.Port != 0x88b8 || g.Gate.Action != datapath.Pass {
			t.Errorf("a gate: %+v", g)
		}
		opened++
	}
	for _, j := range tables.Joined {
		if p := tables.Pairs[j.Pair]; p.Default.Action == datapath.Pass || p.EtherTypes.Action != datapath.Drop {
			t.Errorf("a pair: %+v", p)
		}
	}
	if opened == 0 || datapath.EtherType != policy.Link {
		t.Error("nothing is open")
	}
}

// TestPairsOfHostsThatNoRuleNames holds that a rule of one end by name and anybody at the
// other holds in the kernel for hosts that no rule names: they have places of their own.
func TestPairsOfHostsThatNoRuleNames(t *testing.T) {
	everything := policy.Rule{Verdict: firedoor.Pass}
	for name, rule := range map[string]policy.Rule{
		"the server is named": {Verdict: firedoor.Drop, Match: policy.Match{Servers: []string{"plc"}}},
		"the client is named": {Verdict: firedoor.Drop, Match: policy.Match{Clients: []string{"hmi"}}},
	} {
		plan := testPlan(t, rule, everything)
		tables := Tables(plan, nil)
		client, _ := plan.Named("hmi")
		server, _ := plan.Named("plc")
		found := false
		for _, j := range tables.Joined {
			if j.Client == uint32(client) && j.Server == uint32(server) {
				found = true
				if g := tables.Pairs[j.Pair].Default; g.Action != datapath.Drop {
					t.Errorf("%s: %+v", name, g)
				}
			}
		}
		if !found {
			t.Errorf("%s: the two have no pair, and what holds between their zones passes", name)
		}
	}
}

// TestSafetyInTheKernel holds that safety traffic between two hosts passes in the kernel,
// before anything else, where no rule names them, and between zones that nothing joins.
func TestSafetyInTheKernel(t *testing.T) {
	for name, ends := range map[string][2]string{"along a conduit": {"hmi", "plc"}, "where no conduit leads": {"plc", "hmi"}, "from anybody": {"", "plc"}} {
		plan := testPlan(t)
		plan.Policy.Safety = []policy.Match{{Clients: named(ends[0]), Servers: named(ends[1]), Ports: []policy.Port{{Transport: 17, Number: 2222}}}}
		plan, faults := policy.Compile(plan.Policy, testKnown())
		if len(faults) > 0 {
			t.Fatalf("%s: %+v", name, faults)
		}
		tables, safe := Tables(plan, nil), 0
		for _, g := range tables.Gates {
			if g.Transport == 17 && g.Port == 2222 && g.Gate.Safety && g.Gate.Action == datapath.Pass {
				safe++
			}
		}
		if err := tables.Check(); err != nil || safe == 0 {
			t.Errorf("%s: %d gates of safety (%v)", name, safe, err)
		}
	}
}

func named(host string) []string {
	if host == "" {
		return nil
	}
	return []string{host}
}
