package gateway

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
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

// TestResetAlone holds that what a policy resets the kernel resets by itself where nobody
// answers: connections, and requests whose code says enough.
func TestResetAlone(t *testing.T) {
	functions := []policy.Function{{Code: 3, Verb: firedoor.VerbRead, Words: "read holding registers"}, {Code: 16, Verb: firedoor.VerbWrite, Words: "write multiple registers"}}
	tables := Tables(testPlan(t,
		policy.Rule{Verdict: firedoor.Reset, Match: policy.Match{Ports: []policy.Port{{Transport: 6, Number: 80}}}},
		policy.Rule{Verdict: firedoor.Reset, Match: policy.Match{Protocols: []string{"modbus"}, Functions: []string{"write multiple registers"}}},
		policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}}), functions)
	if err := tables.Check(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, g := range tables.Gates {
		switch {
		case g.Transport == 6 && g.Port == 80:
			seen++
			if g.Gate.Action != datapath.Ask || g.Gate.Floor != datapath.FloorReset {
				t.Errorf("a connection: %+v", g)
			}
		case g.Transport == 6 && g.Port == 502:
			seen++
			if c := tables.Codes[g.Gate.Codes][16]; c.Action != datapath.Ask || c.Floor != datapath.FloorReset {
				t.Errorf("a request: %+v", c)
			}
			if c := tables.Codes[g.Gate.Codes][3]; c.Action != datapath.Pass {
				t.Errorf("another request: %+v", c)
			}
		}
	}
	if seen != 2 {
		t.Errorf("%d gates, want 2: %+v", seen, tables.Gates)
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

// TestOneTypeOfFrames holds that a rule of one type, or of frames with a length, opens that
// gate alone.
func TestOneTypeOfFrames(t *testing.T) {
	for port, want := range map[uint16]uint16{0x88e1: 0x88e1, policy.LLC: 0} {
		tables := Tables(testPlan(t, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Ports: []policy.Port{{Transport: policy.Link, Number: port}}}}), nil)
		if err := tables.Check(); err != nil {
			t.Fatal(err)
		}
		opened := 0
		for _, g := range tables.Gates {
			if opened++; g.Transport != datapath.EtherType || g.Port != want || g.Gate.Action != datapath.Pass {
				t.Errorf("%#x: a gate: %+v", port, g)
			}
		}
		for _, j := range tables.Joined {
			if p := tables.Pairs[j.Pair]; p.EtherTypes.Action != datapath.Drop {
				t.Errorf("%#x: a pair: %+v", port, p)
			}
		}
		if opened == 0 {
			t.Errorf("%#x: nothing is open", port)
		}
	}
}

// TestTablesHangOnNoTime holds that a rule with a time opens no gate of frames without IP,
// neither at all times nor at none that anybody meant; and that one that names them is none.
func TestTablesHangOnNoTime(t *testing.T) {
	for day := range 7 {
		at := &policy.Window{Days: 1 << day, From: 0, Until: 120}
		tables := Tables(testPlan(t, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{When: at}}), nil)
		for _, j := range tables.Joined {
			if p := tables.Pairs[j.Pair]; p.Default.Action != datapath.Ask || p.EtherTypes.Action != datapath.Drop {
				t.Errorf("day %d: a pair: %+v", day, p)
			}
		}
		if len(tables.Joined) == 0 || len(tables.Gates) > 0 {
			t.Errorf("day %d: %+v", day, tables)
		}
	}
	const text = `policy: 1
hosts: {a: {mac: "02:00:00:00:00:01"}, b: {mac: "02:00:00:00:00:02"}}
zones: {office: {hosts: a}, cell: {hosts: b}}
conduits:
  cell:
    from: office
    to: cell
    rules:
      - {client: a, server: b, port: ethernet/0x8892, when: {days: thu, from: "00:00", until: "02:00"}, verdict: pass}
`
	if _, err := policyfile.Read("x", []byte(text), testKnown()); err == nil || !strings.Contains(err.Error(), "x:9: conduits.cell.rules[0].when: nobody looks at that") {
		t.Errorf("a time of frames: %v", err)
	}
}

// TestEnforcedPairs holds that the kernel knows of pairs whether anything is stopped there: by
// a conduit, by what no conduit joins, by an isolation.
func TestEnforcedPairs(t *testing.T) {
	for _, mode := range []policy.Mode{policy.Observe, policy.Test, policy.Enforce} {
		for _, isolated := range []bool{false, true} {
			plan := testPlan(t, policy.Rule{Verdict: firedoor.Pass})
			plan.Policy.Conduits[0].Mode, plan.Policy.Otherwise.Mode = mode, mode
			if isolated {
				plan, _ = plan.With([]policy.Isolation{{Verb: policy.NoWrite, Host: "plc"}})
			}
			tables := Tables(plan, nil)
			if got := tables.Pairs[0].Default.Enforced; got != (mode == policy.Enforce) {
				t.Errorf("%v: what no conduit joins: %t", mode, got)
			}
			for _, j := range tables.Joined {
				client, server := policy.Place(j.Client), policy.Place(j.Server)
				route := plan.Route(client, server, 0, 0)
				want := mode == policy.Enforce || isolated && (plan.PlaceName(server) == "plc" || plan.PlaceName(client) == "plc")
				if got := tables.Pairs[j.Pair].Default.Enforced; got != want || got != plan.Enforces(&route) {
					t.Errorf("%v, isolated %t: %s to %s: %t", mode, isolated, plan.PlaceName(client), plan.PlaceName(server), got)
				}
			}
		}
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

// gateOf is that of Modbus between hmi and plc.
func gateOf(t *testing.T, plan *policy.Plan, tables *datapath.Tables) datapath.Gate {
	t.Helper()
	if err := tables.Check(); err != nil {
		t.Fatal(err)
	}
	for _, ends := range [][2]string{{"hmi", "plc"}, {"office", "plc"}, {"hmi", "cell"}, {"office", "cell"}} {
		client, _ := plan.Named(ends[0])
		server, _ := plan.Named(ends[1])
		for _, j := range tables.Joined {
			for _, g := range tables.Gates {
				if j.Client == uint32(client) && j.Server == uint32(server) && g.Pair == j.Pair && g.Port == 502 && g.Transport == 6 {
					return g.Gate
				}
			}
		}
	}
	t.Fatal("no gate is of the pair")
	return datapath.Gate{}
}

// TestFloorStands holds what the kernel drops and asks about where a rule has a step or
// something is isolated: no less than without.
func TestFloorStands(t *testing.T) {
	modbus := []string{"modbus"}
	reads := policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: modbus, Verbs: []firedoor.Verb{firedoor.VerbRead}}}
	free := policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: modbus, Codes: []uint32{16}}}
	step := policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: modbus, Codes: []uint32{6}, Objects: []policy.Object{{Text: "holding:", Row: true, To: 9}}, Step: 5}}
	functions := []policy.Function{{Code: 3, Verb: firedoor.VerbRead}, {Code: 6, Verb: firedoor.VerbWrite}, {Code: 15, Verb: firedoor.VerbWrite}, {Code: 16, Verb: firedoor.VerbWrite}}
	const dropped, asked = "d", "a"
	for name, c := range map[string]struct {
		rules []policy.Rule
		with  policy.Isolation
		want  string // of codes 3, 6, 15, 16, 23, 90: p passes, a asked and passes the floor, d asked and dropped
		mute  bool
	}{
		"being released": {[]policy.Rule{reads, free}, policy.Isolation{Verb: policy.NoWrite, Host: "plc", Testing: true}, "addadd", false},
		"plain":          {[]policy.Rule{reads, free}, policy.Isolation{}, "pddpdd", true},
		"a step":         {[]policy.Rule{reads, step, free}, policy.Isolation{}, "addadd", false},
		"rate cap":       {[]policy.Rule{reads, free}, policy.Isolation{Verb: policy.RateCap, Host: "plc", Cap: 9}, "addadd", false},
		"no write":       {[]policy.Rule{reads, free}, policy.Isolation{Verb: policy.NoWrite, Host: "plc"}, "addddd", false},
	} {
		base := testPlan(t, c.rules...)
		base.Policy.Conduits[0].Unjudged = policy.Reads
		plan := base
		if c.with.Verb != 0 {
			plan, _ = base.With([]policy.Isolation{c.with})
		}
		tables := Tables(plan, functions)
		gate := gateOf(t, plan, tables)
		if gate.Action != datapath.Codes || gate.Floor != datapath.FloorCodes || gate.Mute != c.mute {
			t.Errorf("%s: %+v", name, gate)
			continue
		}
		got := ""
		for _, code := range []int{3, 6, 15, 16, 23, 90} {
			switch one := tables.Codes[gate.Codes][code]; {
			case one.Action == datapath.Pass:
				got += "p"
			case one.Floor == datapath.FloorDrop:
				got += dropped
			default:
				got += asked
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestReleasedInTheKernel holds that the kernel's tables stop, by themselves and while
// nobody answers, what they stop without what is being released.
func TestReleasedInTheKernel(t *testing.T) {
	base := testPlan(t, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}})
	released, _ := base.With([]policy.Isolation{{Verb: policy.Quarantine, Host: "plc", Both: true, Testing: true}, {Verb: policy.NoWrite, Conduit: "down", Testing: true}})
	was, is := apart(Tables(base, nil)), apart(Tables(released, nil))
	if len(is.Quarantine) > 0 {
		t.Errorf("held: %+v", is.Quarantine)
	}
	compare := func(what string, a, b datapath.Gate) {
		if a.Floor == datapath.FloorCodes && b.Floor == datapath.FloorDrop { // the worker sees connections begin, and nobody else follows them
			b.Floor = a.Floor
		}
		stops := func(g datapath.Gate) bool { return g.Action == datapath.Drop || g.Action == datapath.Reset }
		if stops(a) != stops(b) || a.Floor != b.Floor || a.Safety != b.Safety {
			t.Errorf("%s: %+v, without %+v", what, b, a)
		}
	}
	gates := map[string]datapath.Gate{}
	ends := func(tables *datapath.Tables, pair uint32) string {
		for _, j := range tables.Joined {
			if j.Pair == pair {
				return fmt.Sprint(j.Client, " to ", j.Server)
			}
		}
		return "otherwise"
	}
	for n, p := range was.Pairs {
		gates[ends(was, uint32(n))] = p.Default
	}
	for _, g := range was.Gates {
		gates[fmt.Sprint(ends(was, g.Pair), " ", g.Transport, "/", g.Port)] = g.Gate
	}
	for n, p := range is.Pairs {
		if a, known := gates[ends(is, uint32(n))]; known {
			compare(ends(is, uint32(n)), a, p.Default)
		}
	}
	for _, g := range is.Gates {
		name := fmt.Sprint(ends(is, g.Pair), " ", g.Transport, "/", g.Port)
		if a, known := gates[name]; known {
			compare(name, a, g.Gate)
		}
	}
	mild, _ := base.With([]policy.Isolation{{Verb: policy.NoWrite, Conduit: "down", Testing: true}})
	is = Tables(mild, nil)
	a, b := was.Codes[gateOf(t, base, was).Codes], is.Codes[gateOf(t, mild, is).Codes]
	for code := range a {
		if floor := a[code].Floor == datapath.FloorDrop; floor != (b[code].Floor == datapath.FloorDrop) || b[code].Action == datapath.Pass {
			t.Errorf("code %d: %+v, without %+v", code, b[code], a[code])
		}
	}
}

// TestPairOfOne holds that a pair has two ends.
func TestPairOfOne(t *testing.T) {
	plan := testPlan(t)
	if _, err := Isolation(plan, &Decision{Verb: "no-write", Scope: "plc,plc"}); err == nil || !strings.Contains(err.Error(), "two names") {
		t.Errorf("plc,plc: %v", err)
	}
}

// TestNeversInTheKernel holds what the kernel is told of what is never blocked: no more than
// Decide passes on that route, whatever is isolated, and nothing where no request is stopped.
func TestNeversInTheKernel(t *testing.T) {
	base := testPlan(t, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}})
	base.Policy.Conduits[0].NeverBlock = []policy.Rule{
		{Match: policy.Match{Clients: []string{"hmi"}, Protocols: []string{"modbus"}, Functions: []string{"write single coil"}, Objects: []policy.Object{{Text: "coil:", Row: true, From: 17, To: 17}}, Values: &policy.Span{Min: 1, Max: 1}}},
		{Match: policy.Match{Servers: []string{"plc"}, Protocols: []string{"modbus"}, Codes: []uint32{6, 16, 22}, Units: []uint32{3}, Objects: []policy.Object{{Text: "holding:", Row: true, From: 5, To: 9}}}},
	}
	functions := []policy.Function{{Code: 3, Verb: firedoor.VerbRead, Words: "read holding registers"}, {Code: 5, Verb: firedoor.VerbWrite, Words: "write single coil"}, {Code: 6, Verb: firedoor.VerbWrite}}
	reason := uint16(firedoor.ReasonNeverBlock)
	stop := datapath.Never{Codes: 1 << 5, From: 17, To: 17, Low: 1, High: 1, Reason: reason, Rule: 1}
	one := datapath.Never{Codes: 1 << 6, HasUnit: true, Unit: 3, From: 5, To: 9, High: 0xffff, Reason: reason, Rule: 2}
	several := one
	several.Codes = 1 << 16
	for name, c := range map[string]struct {
		mode policy.Mode
		with []policy.Isolation
		want []datapath.Never
	}{
		"enforced":                      {policy.Enforce, nil, []datapath.Never{stop, one, several}},
		"tried":                         {policy.Test, nil, nil},
		"tried, and isolated":           {policy.Test, []policy.Isolation{{Verb: policy.NoWrite, Host: "plc"}}, []datapath.Never{stop, one, several}},
		"in quarantine":                 {policy.Enforce, []policy.Isolation{{Verb: policy.Quarantine, Host: "plc"}}, []datapath.Never{stop, one, several}},
		"in quarantine by two people":   {policy.Enforce, []policy.Isolation{{Verb: policy.Quarantine, Host: "plc", Both: true}}, nil},
		"in quarantine, being released": {policy.Enforce, []policy.Isolation{{Verb: policy.Quarantine, Host: "plc", Testing: true}}, nil},
	} {
		base.Policy.Conduits[0].Mode = c.mode
		plan, faults := policy.Compile(base.Policy, testKnown())
		if len(faults) > 0 {
			t.Fatalf("%+v", faults)
		}
		plan, _ = plan.With(c.with)
		tables := Tables(plan, functions)
		if err := tables.Check(); err != nil {
			t.Fatal(err)
		}
		client, _ := plan.Named("hmi")
		server, _ := plan.Named("plc")
		r := plan.Route(client, server, 6, 502)
		var got []datapath.Never
		if gate := gateOf(t, plan, tables); (gate.Action == datapath.Codes || gate.Floor == datapath.FloorCodes) && int(gate.Codes) < len(tables.Nevers) {
			got = tables.Nevers[gate.Codes]
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
		if v := policy.Decide(plan, &policy.Request{Route: &r, Level: policy.OfOperation, Protocol: "modbus", Verb: firedoor.VerbWrite, Code: 6, HasUnit: true, Unit: 3, HasQty: true, Quantity: 1, Object: []byte("holding:5")}); c.want != nil && v.Reason != firedoor.ReasonNeverBlock {
			t.Errorf("%s: Decide says %+v", name, v)
		}
	}
}
