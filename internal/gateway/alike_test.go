package gateway

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/policy"
)

// apart gives each two places that are joined a pair of their own, in the order in which they are
// joined, and each pair its gates.
func apart(t *datapath.Tables) *datapath.Tables {
	out := *t
	out.Joined, out.Pairs, out.Gates = nil, slices.Clone(t.Pairs[:1]), nil
	for _, j := range t.Joined {
		n := uint32(len(out.Pairs))
		out.Joined = append(out.Joined, datapath.Joined{Client: j.Client, Server: j.Server, Pair: n})
		out.Pairs = append(out.Pairs, t.Pairs[j.Pair])
		for _, g := range t.Gates {
			if g.Pair == j.Pair {
				g.Pair = n
				out.Gates = append(out.Gates, g)
			}
		}
	}
	return &out
}

// plainly makes tables as Tables does, but each pair by itself: nothing is taken from another one.
func plainly(plan *policy.Plan, functions []policy.Function) *datapath.Tables {
	t := newTables(plan, functions)
	t.otherwise()
	t.places()
	pairs := plan.Pairs()
	for _, ends := range pairs {
		r := plan.Route(ends[0], ends[1], 0, 0)
		if back := [2]policy.Place{ends[1], ends[0]}; plan.Elsewhere(&r) && !slices.Contains(pairs, back) {
			pairs = append(pairs, back)
		}
	}
	for _, ends := range pairs {
		t.out.Joined = append(t.out.Joined, datapath.Joined{Client: uint32(ends[0]), Server: uint32(ends[1]), Pair: t.pair(ends[0], ends[1])})
	}
	t.quarantine()
	return t.out
}

// TestSharedPairsAreAlike holds, over drawn policies and isolations, that pairs of places that
// share a pair of the tables have what each would have by itself.
func TestSharedPairsAreAlike(t *testing.T) {
	shared := 0
	rapid.Check(t, func(t *rapid.T) {
		plan, faults := policy.Compile(drawPolicy(t), drawnKnown())
		if len(faults) > 0 {
			t.Skip(faults)
		}
		plan, _ = plan.With(rapid.SliceOfN(rapid.Custom(drawIsolation), 0, 5).Draw(t, "isolations"))
		got, want := Tables(plan, wideFunctions), plainly(plan, wideFunctions)
		if err := got.Check(); err != nil {
			t.Fatal(err)
		}
		shared += len(got.Joined) + 1 - len(got.Pairs)
		if all := apart(got); !reflect.DeepEqual(all, want) {
			t.Fatalf("shared:\n%+v\neach by itself:\n%+v", all, want)
		}
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var read datapath.Tables
		if err := json.Unmarshal(text, &read); err != nil || !reflect.DeepEqual(&read, got) {
			t.Fatalf("%v; read:\n%+v\nwritten:\n%+v", err, read, got)
		}
	})
	if shared == 0 {
		t.Error("no pair was ever shared")
	}
}

func drawnKnown() policy.Known {
	ports := map[string][]policy.Port{"modbus": {{Transport: 6, Number: 502}}, "goose": {{Transport: policy.Link, Number: 0x88b8}}, "pniocm": {{Transport: 17, Number: 34964}}}
	return policy.Known{Ports: func(name string) []policy.Port { return ports[name] }, Protocols: []string{"modbus", "goose", "pniocm"}, Elsewhere: []string{"pniocm"}}
}

var wideFunctions = []policy.Function{{Code: 3, Verb: firedoor.VerbRead, Words: "read holding registers"}, {Code: 6, Verb: firedoor.VerbWrite, Words: "write single register"},
	{Code: 16, Verb: firedoor.VerbWrite, Words: "write multiple registers"}}

const drawnHosts = 4 // of a zone

// drawPolicy draws a policy of three zones, with one host in none.
func drawPolicy(t *rapid.T) *policy.Policy {
	mode := rapid.SampledFrom([]policy.Mode{policy.Observe, policy.Test, policy.Enforce})
	verdict := rapid.SampledFrom([]firedoor.Action{firedoor.Pass, firedoor.Refuse, firedoor.Drop, firedoor.Reset})
	p := &policy.Policy{Otherwise: policy.Otherwise{Mode: mode.Draw(t, "otherwise"), Default: rapid.SampledFrom([]firedoor.Action{firedoor.Pass, firedoor.Drop}).Draw(t, "default")}}
	names := []string{"a", "b", "c"}
	for side, zone := range names {
		z := policy.Zone{Name: zone}
		for i := range drawnHosts {
			h := policy.Host{Name: fmt.Sprint(zone, i), Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(side), byte(i)})}}
			p.Hosts, z.Hosts = append(p.Hosts, h), append(z.Hosts, h.Name)
		}
		p.Zones = append(p.Zones, z)
	}
	p.Hosts = append(p.Hosts, policy.Host{Name: "nowhere", Addresses: []netip.Addr{netip.MustParseAddr("10.9.9.9")}})
	for _, ends := range [][2]string{{"a", "b"}, {"b", "a"}, {"a", "c"}, {"b", "b"}}[:rapid.IntRange(1, 4).Draw(t, "conduits")] {
		d := policy.Conduit{Name: ends[0] + ends[1], From: ends[0], To: ends[1], Mode: mode.Draw(t, "mode"), Default: verdict.Draw(t, "default"), Instead: firedoor.Drop,
			Unjudged: rapid.SampledFrom([]policy.Unjudged{policy.Reads, policy.Open, policy.Closed}).Draw(t, "unjudged"), Reviewed: policy.Review{By: "A", On: "2026-11-26"}}
		for range rapid.IntRange(0, 5).Draw(t, "rules") {
			d.Rules = append(d.Rules, policy.Rule{Verdict: verdict.Draw(t, "verdict"), Match: drawMatch(t, ends)})
		}
		for range rapid.IntRange(0, 2).Draw(t, "nevers") {
			d.NeverBlock = append(d.NeverBlock, policy.Rule{Match: drawMatch(t, ends)})
		}
		p.Conduits = append(p.Conduits, d)
	}
	for range rapid.IntRange(0, 2).Draw(t, "safety") {
		m := policy.Match{Clients: drawEnds(t, "a"), Servers: drawEnds(t, "b")}
		if rapid.Bool().Draw(t, "by zone") {
			m.Clients = append(m.Clients, "a")
		}
		m.Ports = []policy.Port{rapid.SampledFrom([]policy.Port{{Transport: 6, Number: 502}, {Transport: 17, Number: 2222}, {Transport: policy.Link, Number: 0x8892}}).Draw(t, "port")}
		p.Safety = append(p.Safety, m)
	}
	return p
}

// drawEnds draws hosts of a zone, the same one perhaps twice; none is anybody.
func drawEnds(t *rapid.T, zone string) (out []string) {
	for _, i := range rapid.SliceOfN(rapid.IntRange(0, drawnHosts-1), 0, drawnHosts).Draw(t, "hosts") {
		out = append(out, fmt.Sprint(zone, i))
	}
	return out
}

func drawMatch(t *rapid.T, ends [2]string) policy.Match {
	m := policy.Match{Clients: drawEnds(t, ends[0]), Servers: drawEnds(t, ends[1])}
	switch rapid.IntRange(0, 5).Draw(t, "what") {
	case 0:
		m.Ports = []policy.Port{{Transport: 6, Number: 80}, {Number: 502}}
	case 1:
		m.Protocols = []string{rapid.SampledFrom([]string{"goose", "pniocm"}).Draw(t, "protocol")}
	case 2:
		m.Protocols, m.Verbs = []string{"modbus", "pniocm"}, []firedoor.Verb{firedoor.VerbRead}
	case 3:
		m.Protocols, m.Codes = []string{"modbus"}, []uint32{3, 6}
		m.Units = rapid.SliceOfN(rapid.Uint32Range(1, 2), 0, 2).Draw(t, "units")
		m.Objects = []policy.Object{{Text: "holding:", Row: true, From: 5, To: rapid.Uint64Range(5, 9).Draw(t, "to")}}
		m.Step = float64(rapid.IntRange(0, 1).Draw(t, "step"))
	case 4:
		m.Protocols, m.When = []string{"modbus"}, &policy.Window{Days: 1 << 2, From: 60, Until: 120}
	}
	return m
}

func drawIsolation(t *rapid.T) policy.Isolation {
	i := policy.Isolation{Verb: rapid.SampledFrom([]policy.IsolationVerb{policy.RateCap, policy.KnownClients, policy.NoProgram, policy.NoWrite, policy.Quarantine}).Draw(t, "verb"),
		Both: rapid.Bool().Draw(t, "both"), Testing: rapid.Bool().Draw(t, "testing"), Clients: drawEnds(t, "a"), Cap: 7}
	end := rapid.SampledFrom([]string{"a", "b", "a0", "a1", "b0", "b1", "c3", "nowhere"})
	switch rapid.IntRange(0, 4).Draw(t, "scope") {
	case 0, 1, 2:
		i.Host = end.Draw(t, "host")
	case 3:
		i.Host, i.Other = end.Draw(t, "host"), end.Draw(t, "other")
	default:
		i.Conduit = "ab"
	}
	return i
}
