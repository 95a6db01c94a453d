package policy_test

import (
	"net/netip"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// drafted is what a draft may look like: names of its own, a row of registers.
func drafted() *policy.Policy {
	return &policy.Policy{
		Hosts: []policy.Host{host("panel-7", "10.0.1.1"), host("plc-9", "10.0.2.1")},
		Zones: []policy.Zone{{Name: "supervision", Hosts: []string{"panel-7"}}, {Name: "control", Hosts: []string{"plc-9"}}},
		Conduits: []policy.Conduit{{Name: "down", From: "supervision", To: "control", Mode: policy.Test, Default: firedoor.Drop, Rules: []policy.Rule{
			{Verdict: firedoor.Pass, Match: policy.Match{Clients: []string{"panel-7"}, Servers: []string{"plc-9"}, Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}},
			{Verdict: firedoor.Pass, Match: policy.Match{Clients: []string{"panel-7"}, Servers: []string{"plc-9"}, Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}, Objects: []policy.Object{{Text: "holding:", Row: true, To: 3}}}},
		}}},
		Otherwise: policy.Otherwise{Mode: policy.Test, Default: firedoor.Drop},
	}
}

func found(name, address, zone string) policy.FoundHost {
	return policy.FoundHost{Host: host(name, address), Zone: zone}
}

// TestReview holds what becomes of a draft by a review: names of the review mean hosts of
// the draft, limits bound what may be written, and what is never blocked passes.
func TestReview(t *testing.T) {
	p := drafted()
	refuse := firedoor.Refuse
	plc := found("press", "10.0.2.1", "")
	plc.Refuses = []string{"modbus"}
	f := &policy.Findings{Review: policy.Review{By: "A", On: "2026-11-26"}, Mode: policy.Enforce, Default: &refuse,
		Hosts:      []policy.FoundHost{plc, found("panel", "10.0.1.1", ""), found("panel-7", "10.0.3.1", "vendors"), found("nobody", "10.0.4.1", "")},
		NeverBlock: []policy.Rule{{Name: "stop", Match: policy.Match{Clients: []string{"panel"}, Servers: []string{"press"}, Protocols: []string{"modbus"}, Objects: []policy.Object{{Text: "coil:", Row: true, From: 0, To: 0}}}}},
		Rules:      []policy.Rule{{Name: "vendor", Verdict: firedoor.Pass, Match: policy.Match{Clients: []string{"panel-7"}, Servers: []string{"press"}, Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}}},
		Limits:     []policy.Limit{{Servers: []string{"press"}, Objects: []policy.Object{{Text: "holding:", Row: true, From: 1, To: 1}}, Values: &policy.Span{Min: 0, Max: 100}}},
	}
	if faults := p.Revise(f); len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	plan := compile(t, p)
	value := func(n uint16) *firedoor.Values {
		return &firedoor.Values{Type: firedoor.U16, Count: 1, Raw: []byte{byte(n >> 8), byte(n)}}
	}
	for name, c := range map[string]struct {
		client, object string
		verb           firedoor.Verb
		values         *firedoor.Values
		want           firedoor.Action
	}{
		"read":                 {"10.0.1.1", "holding:1", firedoor.VerbRead, nil, firedoor.Pass},
		"within the limit":     {"10.0.1.1", "holding:1", firedoor.VerbWrite, value(100), firedoor.Pass},
		"beyond it":            {"10.0.1.1", "holding:1", firedoor.VerbWrite, value(101), firedoor.Refuse},
		"what has no limit":    {"10.0.1.1", "holding:2", firedoor.VerbWrite, value(9999), firedoor.Pass},
		"before what has one":  {"10.0.1.1", "holding:0", firedoor.VerbWrite, value(9999), firedoor.Pass},
		"what nobody wrote":    {"10.0.1.1", "holding:7", firedoor.VerbWrite, value(1), firedoor.Refuse},
		"never blocked":        {"10.0.1.1", "coil:0", firedoor.VerbWrite, value(0), firedoor.Pass},
		"the vendor reads":     {"10.0.3.1", "holding:1", firedoor.VerbRead, nil, firedoor.Pass},
		"the vendor writes":    {"10.0.3.1", "holding:1", firedoor.VerbWrite, value(1), firedoor.Refuse},
		"the vendor and stops": {"10.0.3.1", "coil:0", firedoor.VerbWrite, value(0), firedoor.Refuse},
	} {
		route := plan.Route(place(plan, c.client), place(plan, "10.0.2.1"), 6, 502)
		v := policy.Decide(plan, &policy.Request{Route: &route, Level: policy.OfOperation, Protocol: "modbus", Verb: c.verb, Object: []byte(c.object), Values: c.values})
		if v.Action != c.want {
			t.Errorf("%s: %s, want %s", name, v.Action, c.want)
		}
	}
	if p.Hosts[1].Refuses[0] != "modbus" || len(p.Hosts) != 3 || p.Hosts[2].Name != "panel-7-2" || p.Zones[2].Name != "vendors" {
		t.Errorf("%+v, %+v", p.Hosts, p.Zones)
	}
}

// TestReviewThatDoesNotFit holds that what a review cannot mean is told.
func TestReviewThatDoesNotFit(t *testing.T) {
	rule := func(client, server string) policy.Rule {
		return policy.Rule{Line: 9, Name: "r", Match: policy.Match{Clients: []string{client}, Servers: []string{server}}}
	}
	far := found("far", "10.0.9.9", "")
	far.Addresses = append(far.Addresses, netip.MustParseAddr("10.0.9.8"))
	for want, r := range map[string]policy.Rule{"is no host of the review": rule("panel", "stranger"), "never meet": rule("panel", "far"), "names client and server": {Line: 9, Name: "r"}} {
		faults := drafted().Revise(&policy.Findings{Hosts: []policy.FoundHost{found("panel", "10.0.1.1", ""), far}, NeverBlock: []policy.Rule{r}})
		said := ""
		for _, f := range faults {
			if said += f.Text + "; "; f.Line != 9 {
				t.Errorf("%+v has another line", f)
			}
		}
		if !strings.Contains(said, want) {
			t.Errorf("said %q, want %q", said, want)
		}
	}
}

// TestLooseLimits holds that a limit is told that bounds nothing, or beside which all objects may be written.
func TestLooseLimits(t *testing.T) {
	limit := func(from uint64) policy.Limit {
		return policy.Limit{Servers: []string{"press"}, Objects: []policy.Object{{Text: "holding:", Row: true, From: from, To: from}}, Values: &policy.Span{Max: 9}, Line: 7}
	}
	for name, c := range map[string]struct {
		limit policy.Limit
		all   bool
		want  string // "" is nothing
	}{
		"it holds":         {limit(1), false, ""},
		"another object":   {limit(7), false, "bounds nothing: no drafted rule lets holding:7 be written"},
		"all else, beside": {limit(1), true, "does not hold for what down says of plc-9: a rule lets all objects be written there (learned, 3 times)"},
	} {
		p := drafted()
		if c.all {
			p.Conduits[0].Rules = append(p.Conduits[0].Rules, policy.Rule{Note: "learned, 3 times", Match: policy.Match{Clients: []string{"panel-7"}, Servers: []string{"plc-9"}, Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}, Codes: []uint32{16}}})
		}
		f := &policy.Findings{Review: policy.Review{By: "A", On: "2026-11-26"}, Hosts: []policy.FoundHost{found("press", "10.0.2.1", "")}, Limits: []policy.Limit{c.limit}}
		if faults := p.Revise(f); len(faults) > 0 {
			t.Fatalf("%s: %+v", name, faults)
		}
		if c.want == "" && len(f.Loose) > 0 || c.want != "" && (len(f.Loose) != 1 || f.Loose[0].Text != c.want || f.Loose[0].Line != 7) {
			t.Errorf("%s: %+v", name, f.Loose)
		}
	}
}

// TestLimitOfMemory holds that a limit bounds an element of memory, in whatever way a review or a draft names it.
func TestLimitOfMemory(t *testing.T) {
	for _, object := range []policy.Object{{Text: "DB10.DBD6"}, {Text: "DB10.DBD", Row: true, From: 6, To: 6}, {Text: "B:1A"}, {Text: "tag"}} {
		for _, drafted := range []policy.Object{object, {Text: "DB10.DBD", Row: true, From: 6, To: 6}} {
			if object.Text[0] != 'D' {
				drafted = object
			}
			p := &policy.Policy{Hosts: []policy.Host{host("panel", "10.0.1.1"), host("plc", "10.0.2.1")}, Zones: []policy.Zone{{Name: "a", Hosts: []string{"panel"}}, {Name: "b", Hosts: []string{"plc"}}},
				Conduits: []policy.Conduit{{Name: "down", From: "a", To: "b", Default: firedoor.Drop, Rules: []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Servers: []string{"plc"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}, Objects: []policy.Object{drafted}}}}}}}
			f := &policy.Findings{Review: policy.Review{By: "A", On: "2026-11-26"}, Mode: policy.Enforce, Hosts: []policy.FoundHost{found("press", "10.0.2.1", "")},
				Limits: []policy.Limit{{Servers: []string{"press"}, Objects: []policy.Object{object}, Values: &policy.Span{Max: 9}}}}
			if faults := p.Revise(f); len(faults) > 0 || len(f.Loose) > 0 {
				t.Errorf("%s: %v, %v", object, faults, f.Loose)
			}
			plan := compile(t, p)
			text := object.Text
			if object.Row {
				text = "DB10.DBD6"
			}
			for n, want := range map[uint16]firedoor.Action{9: firedoor.Pass, 10: firedoor.Drop} {
				route := plan.Route(place(plan, "10.0.1.1"), place(plan, "10.0.2.1"), 6, 102)
				if v := policy.Decide(plan, &policy.Request{Route: &route, Level: policy.OfOperation, Protocol: "s7comm", Verb: firedoor.VerbWrite, Object: []byte(text), Values: words(n)}); v.Action != want {
					t.Errorf("%s, %d: %s, want %s", object, n, v.Action, want)
				}
			}
		}
	}
}
