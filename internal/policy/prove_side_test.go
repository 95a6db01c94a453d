package policy_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/policy"
)

// TestProofOfSides holds what a proof makes of sides: what would have to come in at the wrong one is no way, but for what
// passes from there; and who took over a device has no gateway before others at its side.
func TestProofOfSides(t *testing.T) {
	pass := policy.Rule{Verdict: firedoor.Pass}
	office, cell, dmz := 0, 1, 2
	at := func(sides map[int]policy.Side) func(*policy.Policy) {
		return func(p *policy.Policy) {
			for zone, side := range sides {
				p.Zones[zone].At = side
			}
		}
	}
	inside := at(map[int]policy.Side{office: policy.Inside, cell: policy.Inside})
	then := func(list ...func(*policy.Policy)) func(*policy.Policy) {
		return func(p *policy.Policy) {
			for _, f := range list {
				f(p)
			}
		}
	}
	mode := func(m policy.Mode) func(*policy.Policy) { return func(p *policy.Policy) { p.Conduits[0].Mode = m } }
	conduit := func(from, to string, m policy.Mode, rules ...policy.Rule) func(*policy.Policy) {
		return func(p *policy.Policy) {
			p.Conduits = append(p.Conduits, policy.Conduit{Name: from + "-" + to, From: from, To: to, Mode: m, Default: firedoor.Drop, Reviewed: p.Conduits[0].Reviewed, Rules: rules})
		}
	}
	link := func(prefix string) func(*policy.Policy) {
		return func(p *policy.Policy) {
			p.Zones[office].Prefixes = append(p.Zones[office].Prefixes, netip.MustParsePrefix(prefix))
		}
	}
	never := func(p *policy.Policy) {
		p.Conduits[0].NeverBlock = []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Clients: []string{"hmi"}, Protocols: []string{"modbus"}}}}
	}
	for _, c := range []struct {
		name   string
		change func(*policy.Policy)
		q      policy.Question
		way    string // of its steps; "" is a proof
	}{
		{"no sides", func(*policy.Policy) {}, policy.Question{}, "office-cell"},
		{"across", at(map[int]policy.Side{office: policy.Inside, cell: policy.Outside}), policy.Question{}, "office-cell"},
		{"one is bound", at(map[int]policy.Side{office: policy.Inside}), policy.Question{}, "office-cell"},
		{"at one side", inside, policy.Question{}, ""},
		{"at one side, and nobody asks for it", inside, policy.Question{Unsided: true}, "office-cell"},
		{"only tested", then(inside, mode(policy.Test)), policy.Question{}, "office-cell"},
		{"only tested, as written", then(inside, mode(policy.Test)), policy.Question{AsWritten: true}, ""},
		{"tested one way and enforced the other", then(inside, mode(policy.Test), conduit("cell", "office", policy.Enforce)), policy.Question{}, ""},
		{"never blocked", then(inside, never), policy.Question{}, "office-cell"},
		{"never blocked is something else", then(inside, never), policy.Question{Protocol: "s7comm"}, ""},
		{"safety traffic", then(inside, func(p *policy.Policy) {
			p.Safety = []policy.Match{{Clients: []string{"hmi"}, Servers: []string{"plc"}}}
		}), policy.Question{}, "office-cell"},
		{"of a link", then(inside, link("fe80::/64")), policy.Question{}, "office-cell"},
		{"of the world", then(inside, link("0.0.0.0/0")), policy.Question{}, "office-cell"},
		{"not joined", then(inside, func(p *policy.Policy) { p.Conduits, p.Otherwise.Default = nil, firedoor.Pass }), policy.Question{Direct: true}, ""},
		{"not joined, and nothing is enforced", then(inside, func(p *policy.Policy) { p.Conduits, p.Otherwise.Mode = nil, policy.Observe }), policy.Question{}, "office-cell"},
		{"there and back", then(inside, at(map[int]policy.Side{dmz: policy.Outside}), conduit("office", "dmz", policy.Enforce, pass), conduit("dmz", "cell", policy.Enforce, pass)), policy.Question{}, "office-dmz-cell"},
		{"beside who may", then(at(map[int]policy.Side{office: policy.Outside, cell: policy.Outside, dmz: policy.Inside}), conduit("dmz", "office", policy.Enforce, pass), from("dmz")), policy.Question{}, "dmz-office-cell"},
		{"beside who may, directly", then(at(map[int]policy.Side{office: policy.Outside, cell: policy.Outside, dmz: policy.Inside}), conduit("dmz", "office", policy.Enforce, pass), from("dmz")), policy.Question{Direct: true}, ""},
		{"as a neighbour of who may", then(at(map[int]policy.Side{office: policy.Inside, cell: policy.Outside, dmz: policy.Inside}), from("dmz")), policy.Question{}, "dmz-office-cell"},
	} {
		p := plant(policy.Enforce, pass)
		c.change(p)
		begin := "office"
		if p.Name != "" {
			begin = p.Name
		}
		path, undecided, err := compile(t, p).Prove(begin, "cell", c.q)
		way := ""
		for i, s := range path {
			if i == 0 {
				way = s.From
			}
			way += "-" + s.To
		}
		if err != nil || undecided || way != c.way {
			t.Errorf("%s: %+v, undecided %t, %v", c.name, path, undecided, err)
		}
	}
}

// from marks where a way is to begin.
func from(zone string) func(*policy.Policy) { return func(p *policy.Policy) { p.Name = zone } }

// addressesOf are those of a zone that tests ask with.
func addressesOf(zone string) []string {
	return map[string][]string{"office": {"10.0.1.1", "10.0.1.2", "10.0.1.77", "169.254.1.1", "fe80::1"}, "cell": {"10.0.2.1", "10.0.2.2", "10.0.2.77"}, "dmz": {"10.0.3.1", "10.0.3.77"}}[zone]
}

// sidedPlant draws a policy with zones at sides.
func sidedPlant(t *rapid.T) *policy.Policy {
	side := func(name string) policy.Side {
		return rapid.SampledFrom([]policy.Side{policy.Anywhere, policy.Inside, policy.Outside}).Draw(t, name)
	}
	mode := func(name string) policy.Mode {
		return rapid.SampledFrom([]policy.Mode{policy.Observe, policy.Test, policy.Enforce, policy.Enforce, policy.Enforce}).Draw(t, name)
	}
	verdict := func(name string) firedoor.Action {
		return rapid.SampledFrom([]firedoor.Action{firedoor.Pass, firedoor.Drop}).Draw(t, name)
	}
	p := plant(mode("mode"), anyRules(t)...)
	p.Otherwise = policy.Otherwise{Mode: mode("otherwise"), Default: verdict("unjoined")}
	p.Conduits[0].Default = verdict("default")
	if rapid.IntRange(0, 3).Draw(t, "never") == 0 {
		p.Conduits[0].NeverBlock = anyRules(t)
		for i := range p.Conduits[0].NeverBlock {
			p.Conduits[0].NeverBlock[i].Verdict = firedoor.Pass
		}
	}
	for i := range p.Zones {
		p.Zones[i].At = side(p.Zones[i].Name)
	}
	if rapid.IntRange(0, 3).Draw(t, "links") == 0 {
		p.Zones[0].Prefixes = append(p.Zones[0].Prefixes, netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fe80::/10"))
	}
	for _, ends := range [][2]string{{"cell", "office"}, {"office", "dmz"}, {"dmz", "cell"}, {"cell", "dmz"}, {"dmz", "office"}, {"office", "office"}} {
		if rapid.Bool().Draw(t, fmt.Sprint(ends)) {
			p.Conduits = append(p.Conduits, policy.Conduit{Name: ends[0] + "-" + ends[1], From: ends[0], To: ends[1], Mode: mode("mode of it"), Default: verdict("default of it"), Reviewed: p.Conduits[0].Reviewed})
		}
	}
	return p
}

// arrives asks whether Decide lets a request of one zone to another through a gateway, at whichever side it comes in: it
// goes out at the other one, so a zone that is bound to the first is not reached.
func arrives(t *rapid.T, plan *policy.Plan, from, to string) bool {
	a := anyAsk(t)
	a.client, a.server = rapid.SampledFrom(addressesOf(from)).Draw(t, "from"), rapid.SampledFrom(addressesOf(to)).Draw(t, "to")
	r := a.request(plan)
	if r.Client == 0 || r.Server == 0 { // of no zone, as links are where none has them
		return false
	}
	for _, came := range []policy.Side{policy.Inside, policy.Outside} {
		route := plan.Route(r.Client, r.Server, a.transport, a.port)
		if at := plan.At(r.Server); at == came {
			continue
		}
		if plan.Astray(route.Client, firedoor.IPFrom(netip.MustParseAddr(a.client)), came) {
			route = plan.FromWrongSide(route)
		}
		r.Route = &route
		if policy.Decide(plan, r).Action == firedoor.Pass {
			return true
		}
	}
	return false
}

// TestProofOfSidesHolds asks of policies that are drawn with sides what Decide lets through, where a proof says that
// nothing is: directly, and over devices that were taken over, which reach their own side without a gateway.
func TestProofOfSidesHolds(t *testing.T) {
	zones := []string{"office", "cell", "dmz"}
	proofs, rests := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p := sidedPlant(t)
		plan := compile(t, p)
		from, to := rapid.SampledFrom(zones).Draw(t, "start"), rapid.SampledFrom(zones).Draw(t, "end")
		direct := rapid.Bool().Draw(t, "direct")
		path, undecided, err := plan.Prove(from, to, policy.Question{Direct: direct})
		if err != nil || undecided {
			t.Fatalf("undecided %t, %v", undecided, err)
		}
		if path != nil {
			return
		}
		proofs++
		if without, _, _ := plan.Prove(from, to, policy.Question{Direct: direct, Unsided: true}); without != nil {
			rests++
		}
		passes := map[[2]string]bool{}
		for range 40 {
			a, b := rapid.SampledFrom(zones).Draw(t, "a"), rapid.SampledFrom(zones).Draw(t, "b")
			passes[[2]string{a, b}] = passes[[2]string{a, b}] || arrives(t, plan, a, b)
		}
		if direct && passes[[2]string{from, to}] || !direct && walk(plan, zones, passes, from, to) {
			t.Fatalf("proved that nothing passes from %s to %s (directly: %t), but Decide lets through %v", from, to, direct, passes)
		}
	})
	if !t.Failed() && (proofs == 0 || rests == 0) {
		t.Errorf("%d proofs, %d of which rest on sides: what is drawn shows nothing", proofs, rests)
	}
}

// walk tells whether a way leads from one zone to another, over what passes and over what is beside each other, and
// passes the gateway at least once.
func walk(plan *policy.Plan, zones []string, passes map[[2]string]bool, from, to string) bool {
	type end struct {
		zone   string
		passed bool
	}
	ends, seen := []end{{from, false}}, map[end]bool{}
	for i := 0; i < len(ends); i++ {
		for _, z := range zones {
			next := end{z, ends[i].passed}
			switch {
			case z == ends[i].zone && z != to: // leads nowhere
				continue
			case passes[[2]string{ends[i].zone, z}]:
				next.passed = true
			case plan.SharedSide(ends[i].zone, z) == policy.Anywhere:
				continue
			}
			if z == to && next.passed {
				return true
			}
			if z != to && !seen[next] { // whoever is there already needs no way
				seen[next] = true
				ends = append(ends, next)
			}
		}
	}
	return false
}

// TestWayBesideIsSaid holds that a way says where no gateway is.
func TestWayBesideIsSaid(t *testing.T) {
	p := plant(policy.Enforce)
	p.Zones[0].At, p.Zones[1].At, p.Zones[2].At = policy.Outside, policy.Outside, policy.Inside
	p.Conduits[0].From, p.Conduits[0].To, p.Conduits[0].Default = "dmz", "office", firedoor.Pass
	path, _, err := compile(t, p).Prove("dmz", "cell", policy.Question{})
	if err != nil || len(path) != 2 || !strings.Contains(path[1].Why, "both are at the outside, so no gateway is between them") {
		t.Errorf("%+v, %v", path, err)
	}
}
