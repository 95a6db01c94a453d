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

// crossing is a policy of n clients and n servers, with rules of some ends; -1 is anybody.
func crossing(n int, ends [][2]int) *policy.Policy {
	p := &policy.Policy{Zones: []policy.Zone{{Name: "a", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}, {Name: "b", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/16")}}}}
	for i := range n {
		for side, name := range []string{"c", "s"} {
			p.Hosts = append(p.Hosts, policy.Host{Name: fmt.Sprint(name, i), Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, byte(side + 1), byte(i >> 8), byte(i)})}})
		}
	}
	c := policy.Conduit{Name: "down", From: "a", To: "b", Line: 7}
	for _, e := range ends {
		r := policy.Rule{Verdict: firedoor.Pass}
		if e[0] >= 0 {
			r.Match.Clients = []string{fmt.Sprint("c", e[0])}
		}
		if e[1] >= 0 {
			r.Match.Servers = []string{fmt.Sprint("s", e[1])}
		}
		c.Rules = append(c.Rules, r)
	}
	p.Conduits = []policy.Conduit{c}
	return p
}

// TestPairsAreCounted holds that as many pairs are counted as are made.
func TestPairsAreCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "hosts")
		ends := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) [2]int {
			end := rapid.IntRange(-1, n-1)
			return [2]int{end.Draw(t, "client"), end.Draw(t, "server")}
		}), 0, 8).Draw(t, "rules")
		plan, faults := policy.Compile(crossing(n, ends), known())
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		if made, counted := len(plan.Pairs())-2, policy.CountPairs(plan); made != counted { // the two zones stand with themselves too
			t.Errorf("%d hosts, rules of %v: %d pairs, counted as %d", n, ends, made, counted)
		}
	})
}

// TestTooManyPairs holds that a policy whose pairs no gateway holds is refused before one is
// made, by the conduit that makes them.
func TestTooManyPairs(t *testing.T) {
	var ends [][2]int
	for i := range 1000 {
		ends = append(ends, [2]int{i, -1}, [2]int{-1, i})
	}
	_, faults := policy.Compile(crossing(1000, ends), known())
	want := fmt.Sprintf("tells 1002001 pairs of a client and a server apart, and a gateway at most %d", policy.MaxPairs)
	if len(faults) != 1 || faults[0].Line != 7 || faults[0].Key != "conduits.down" || !strings.HasPrefix(faults[0].Text, want) {
		t.Errorf("want %q, got %v", want, faults)
	}
	for i := range ends { // the same rules, each with both ends
		ends[i] = [2]int{i / 2, i / 2}
	}
	if _, faults := policy.Compile(crossing(1000, ends), known()); len(faults) > 0 {
		t.Error(faults)
	}
	anybody := crossing(1, nil)
	for i := range 400 {
		anybody.Zones = append(anybody.Zones, policy.Zone{Name: fmt.Sprint("z", i)})
	}
	anybody.Safety = []policy.Match{{Ports: []policy.Port{{Transport: 17, Number: 2222}}, Line: 3}}
	if _, faults := policy.Compile(anybody, known()); len(faults) != 1 || faults[0].Line != 3 || faults[0].Key != "safety[0]" {
		t.Errorf("safety of anybody: %v", faults)
	}
}

// TestMostPairs holds that with isolations there are never more pairs than was said before one was made,
// and that no more are made than are wanted.
func TestMostPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "hosts")
		name := rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom([]string{"a", "b", fmt.Sprint("c", rapid.IntRange(0, n-1).Draw(t, "client")), fmt.Sprint("s", rapid.IntRange(0, n-1).Draw(t, "server"))}).Draw(t, "name")
		})
		end := rapid.IntRange(-1, n-1)
		plan, faults := policy.Compile(crossing(n, [][2]int{{end.Draw(t, "client"), end.Draw(t, "server")}}), known())
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		var list []policy.Isolation
		for range rapid.IntRange(0, 4).Draw(t, "isolations") {
			i := policy.Isolation{Verb: rapid.SampledFrom([]policy.IsolationVerb{policy.NoWrite, policy.KnownClients}).Draw(t, "verb"), Host: name.Draw(t, "host")}
			if i.Clients = rapid.SliceOfN(name, 0, 3).Draw(t, "clients"); rapid.Bool().Draw(t, "pair") {
				i.Other = name.Draw(t, "other")
			}
			list = append(list, i)
		}
		plan, _ = plan.With(list)
		all := plan.Pairs()
		if most := plan.MostPairs(); len(all) > most {
			t.Errorf("%d pairs, said to be at most %d", len(all), most)
		}
		if some := rapid.IntRange(0, len(all)).Draw(t, "some"); len(plan.PairsUpTo(some)) != some {
			t.Errorf("of %d pairs %d were wanted, and %d made", len(all), some, len(plan.PairsUpTo(some)))
		}
	})
}
