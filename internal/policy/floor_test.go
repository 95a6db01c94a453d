package policy_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/policy"
)

// anyIsolations draws isolations of hosts, pairs, zones and conduits.
func anyIsolations(t *rapid.T, most int) (out []policy.Isolation) {
	for n := range rapid.IntRange(0, most).Draw(t, "isolations") {
		i := policy.Isolation{ID: uint32(n + 1), Verb: rapid.SampledFrom([]policy.IsolationVerb{policy.RateCap, policy.KnownClients, policy.NoProgram, policy.NoWrite, policy.Quarantine}).Draw(t, "verb"),
			Cap: uint32(rapid.IntRange(1, 5).Draw(t, "cap")), Clients: some("hmi", "ews").Draw(t, "clients")}
		switch rapid.IntRange(0, 3).Draw(t, "of") {
		case 0:
			i.Conduit = "down"
		case 1:
			i.Host, i.Other = "hmi", "plc"
		default:
			i.Host = rapid.SampledFrom([]string{"hmi", "plc", "cell"}).Draw(t, "host")
		}
		i.Both = i.Verb == policy.Quarantine && rapid.IntRange(0, 3).Draw(t, "both") == 0
		out = append(out, i)
	}
	return out
}

// anyPlan is a policy of drawn rules, some of them never blocked.
func anyPlan(t *rapid.T) *policy.Plan {
	p := plant(rapid.SampledFrom([]policy.Mode{policy.Observe, policy.Test, policy.Enforce, policy.Enforce}).Draw(t, "mode"), anyRules(t)...)
	c := &p.Conduits[0]
	c.Default = rapid.SampledFrom([]firedoor.Action{firedoor.Pass, firedoor.Drop, firedoor.Refuse}).Draw(t, "default")
	if rapid.IntRange(0, 2).Draw(t, "never") == 0 {
		c.NeverBlock = []policy.Rule{{Match: anyMatch(t)}}
	}
	return compile(t, p)
}

// anyModbus draws what is asked, of Modbus or of something else.
func anyModbus(t *rapid.T) ask {
	a := ask{client: rapid.SampledFrom([]string{"10.0.1.1", "10.0.1.2", "10.0.1.9"}).Draw(t, "client"), server: rapid.SampledFrom([]string{"10.0.2.1", "10.0.2.2"}).Draw(t, "server"),
		transport: 6, port: 502, protocol: rapid.SampledFrom([]string{"modbus", "modbus", "s7comm"}).Draw(t, "protocol"), unit: rapid.IntRange(-1, 2).Draw(t, "unit"),
		object: rapid.SampledFrom([]string{"", "holding:1", "holding:4", "DB1.X0", "tag"}).Draw(t, "object"), minute: rapid.IntRange(0, 7*24*60-1).Draw(t, "minute")}
	f := rapid.SampledFrom(someFunctions).Draw(t, "function")
	a.verb, a.function, a.code = f.Verb, f.Words, f.Code
	if rapid.Bool().Draw(t, "valued") {
		v := rapid.Float64Range(0, 6).Draw(t, "value")
		a.value = &v
	}
	return a
}

var someFunctions = []policy.Function{{Code: 3, Verb: firedoor.VerbRead, Words: "f"}, {Code: 6, Verb: firedoor.VerbWrite, Words: "g"}, {Code: 16, Verb: firedoor.VerbWrite, Words: "f"}, {Code: 99, Verb: firedoor.VerbConfigure, Words: "function 99"}}

// TestReleasedStopsNothing holds that an isolation that is being released changes nothing of
// what becomes of a request, in whatever order it stands among others, and says of what
// passes whether it would still stop it.
func TestReleasedStopsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, a := anyPlan(t), anyModbus(t)
		active, released := anyIsolations(t, 3), anyIsolations(t, 12)
		for i := range released {
			released[i].Testing = true
		}
		all := slices.Concat(active, released)
		all = rapid.Permutation(all).Draw(t, "order")
		without, _ := base.With(active)
		with, _ := base.With(all)
		for level := policy.OfConnection; level <= policy.OfOperation; level++ {
			r, s := a.request(without), a.request(with)
			r.Level, s.Level, r.Rate, s.Rate = level, level, 3, 3
			was, is := policy.Decide(without, r), policy.Decide(with, s)
			switch {
			case is.Action != was.Action:
				t.Fatalf("level %d: %+v, without what is being released %+v", level, is, was)
			case was.Action != firedoor.Pass && is != was:
				t.Fatalf("level %d: %+v stops it as before, but says %+v", level, was, is)
			case is != was && is.Says == firedoor.Pass:
				t.Fatalf("level %d: %+v, was %+v", level, is, was)
			}
			if without.Enforces(r.Route) != with.Enforces(s.Route) || without.Drops(r.Route) != with.Drops(s.Route) || without.Judges(r.Route) && !with.Judges(s.Route) {
				t.Fatalf("what is being released changes what a gateway does while nobody judges")
			}
		}
	})
}

// TestActiveIsNotMasked holds the two orders of a decision in force and one that is being
// released, and that any number of others leaves room for each.
func TestActiveIsNotMasked(t *testing.T) {
	base := compile(t, plant(policy.Enforce, policy.Rule{Match: policy.Match{Protocols: []string{"modbus"}}, Verdict: firedoor.Pass}))
	noWrite, released := policy.Isolation{Verb: policy.NoWrite, Host: "plc"}, policy.Isolation{Verb: policy.Quarantine, Host: "plc", Testing: true}
	lists := map[string][]policy.Isolation{"before": {noWrite, released}, "behind": {released, noWrite}, "behind many": nil}
	for range 20 {
		lists["behind many"] = append(lists["behind many"], released, policy.Isolation{Verb: policy.KnownClients, Host: "plc", Clients: []string{"hmi"}}, policy.Isolation{Verb: policy.RateCap, Host: "plc", Cap: 1000})
	}
	lists["behind many"] = append(lists["behind many"], noWrite)
	a := write("10.0.2.1")
	for name, list := range lists {
		plan, _ := base.With(list)
		if v := policy.Decide(plan, a.request(plan)); v.Action != firedoor.Refuse || v.Reason != firedoor.ReasonNoWrite {
			t.Errorf("%s: %+v", name, v)
		}
	}
	alone, _ := base.With([]policy.Isolation{released})
	stranger := write("10.0.2.1")
	stranger.protocol, stranger.port = "s7comm", 102
	if v := policy.Decide(alone, stranger.request(alone)); v.Action != firedoor.Drop || v.Reason != firedoor.ReasonDefault {
		t.Errorf("what no rule matches, while a quarantine is being released: %+v", v)
	}
}

// TestFloorLetsNoChangeThrough holds that whatever changes something and is stopped by whoever judges is
// dropped while nobody does, by its code and by its route; and that what the codes say for
// sure is what Decide says.
func TestFloorLetsNoChangeThrough(t *testing.T) {
	tried := 0
	rapid.Check(t, func(t *rapid.T) {
		base, a := anyPlan(t), anyModbus(t)
		for i := range base.Policy.Conduits {
			base.Policy.Conduits[i].Unjudged = rapid.SampledFrom([]policy.Unjudged{policy.Reads, policy.Closed}).Draw(t, "unjudged")
		}
		plan, _ := base.With(slices.DeleteFunc(anyIsolations(t, 3), func(i policy.Isolation) bool { return i.Verb == policy.RateCap }))
		r := a.request(plan)
		v := policy.Decide(plan, r)
		fates := plan.Codes(r.Route, "modbus", someFunctions)
		fate := fates[slices.IndexFunc(someFunctions, func(f policy.Function) bool { return f.Code == a.code })]
		if a.protocol == "modbus" {
			if fate.Certain && fate.Verdict.Says != v.Says {
				t.Fatalf("the code says %+v for sure, Decide %+v", fate.Verdict, v)
			}
			if v.Action != firedoor.Pass && r.Verb != firedoor.VerbRead && !fate.Drop {
				t.Fatalf("%+v is stopped (%+v) and passes by its code", a, v)
			}
			if fate.Drop && fate.Certain && v.Action == firedoor.Pass {
				t.Fatalf("%+v passes and is dropped by its code", a)
			}
			several := plan.Codes(r.Route, "modbus", []policy.Function{{Code: a.code, Several: true}})[0]
			if several.Certain && several.Verdict.Says != v.Says || v.Action != firedoor.Pass && !several.Drop {
				t.Fatalf("of a code that stands for several: %+v, Decide %+v", several, v)
			}
		}
		if v.Action != firedoor.Pass && r.Verb.Changes() && plan.Judges(r.Route) {
			if tried++; !plan.Drops(r.Route) {
				t.Fatalf("%+v is stopped (%+v) and its route lets it pass", a, v)
			}
		}
		q := policy.Request{Route: r.Route, Time: r.Time, Protocol: a.protocol}
		if plan.Unknown(&q).Says == firedoor.Pass && v.Says != firedoor.Pass && v.Reason != firedoor.ReasonQuarantine && plan.Policy.Conduits[0].NeverBlock == nil {
			t.Fatalf("%+v is stopped (%+v), and what is no request passes", a, v)
		}
	})
	if tried == 0 {
		t.Error("nothing was stopped")
	}
}

// TestFloorByCodes holds the floor of each way to say what may pass: codes as their own, and
// what holds beside the rules.
func TestFloorByCodes(t *testing.T) {
	modbus := []string{"modbus"}
	register := []policy.Object{{Text: "holding:", Row: true, From: 3, To: 3}}
	reads := policy.Rule{Match: policy.Match{Protocols: modbus, Verbs: []firedoor.Verb{firedoor.VerbRead}}, Verdict: firedoor.Pass}
	setpoint := policy.Rule{Match: policy.Match{Protocols: modbus, Codes: []uint32{6}, Objects: register, Step: 5}, Verdict: firedoor.Pass}
	free := policy.Rule{Match: policy.Match{Protocols: modbus, Codes: []uint32{16}}, Verdict: firedoor.Pass}
	functions := []policy.Function{{Code: 3, Verb: firedoor.VerbRead}, {Code: 6, Verb: firedoor.VerbWrite}, {Code: 16, Verb: firedoor.VerbWrite}, {Code: 15, Verb: firedoor.VerbWrite}, {Code: 23, Several: true}}
	on := func(v policy.IsolationVerb) []policy.Isolation {
		return []policy.Isolation{{Verb: v, Host: "hmi", Other: "plc", Cap: 5}}
	}
	for _, c := range []struct {
		name     string
		unjudged policy.Unjudged
		rules    []policy.Rule
		with     []policy.Isolation
		drops    string // a d for each function that is dropped
		coded    bool
	}{
		{"as usual", policy.Reads, []policy.Rule{reads, free}, nil, "pdpdd", true},
		{"a step", policy.Reads, []policy.Rule{reads, setpoint, free}, nil, "pdpdd", false},
		{"a step, open", policy.Open, []policy.Rule{reads, setpoint, free}, nil, "pppdp", false},
		{"a step, closed", policy.Closed, []policy.Rule{reads, setpoint, free}, nil, "pdpdd", false},
		{"no write", policy.Reads, []policy.Rule{reads, free}, on(policy.NoWrite), "pdddd", false},
		{"no write, open", policy.Open, []policy.Rule{reads, setpoint, free}, on(policy.NoWrite), "pdddp", false},
		{"no program", policy.Reads, []policy.Rule{reads, free}, on(policy.NoProgram), "pdpdd", false},
		{"rate cap", policy.Reads, []policy.Rule{reads, free}, on(policy.RateCap), "pdpdd", false},
		{"unknown client", policy.Reads, []policy.Rule{reads, free}, on(policy.KnownClients), "ddddd", false},
		{"being released", policy.Reads, []policy.Rule{reads, free}, []policy.Isolation{{Verb: policy.Quarantine, Host: "plc", Testing: true}}, "pdpdd", false},
	} {
		p := plant(policy.Enforce, c.rules...)
		p.Conduits[0].Unjudged = c.unjudged
		plan, _ := compile(t, p).With(c.with)
		r := plan.Route(place(plan, "10.0.1.1"), place(plan, "10.0.2.1"), 6, 502)
		drops := ""
		for _, f := range plan.Codes(&r, "modbus", functions) {
			drops += map[bool]string{true: "d", false: "p"}[f.Drop]
		}
		if drops != c.drops || plan.Coded(&r) != c.coded || !plan.ByCodes(&r) {
			t.Errorf("%s: %s, want %s; coded %t, by codes %t", c.name, drops, c.drops, plan.Coded(&r), plan.ByCodes(&r))
		}
	}
}

// TestSpeaks holds of what protocol a port is: the one that is let through there, or where
// anything is, the one of which something is stopped.
func TestSpeaks(t *testing.T) {
	modbus := policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}}
	for _, c := range []struct {
		name      string
		otherwise firedoor.Action
		rules     []policy.Rule
		want      string
	}{
		{"writes are refused, the default passes", firedoor.Pass, []policy.Rule{{Match: modbus, Verdict: firedoor.Refuse}}, "modbus"},
		{"writes are refused, a rule passes all", firedoor.Drop, []policy.Rule{{Match: modbus, Verdict: firedoor.Refuse}, {Verdict: firedoor.Pass}}, "modbus"},
		{"writes pass", firedoor.Drop, []policy.Rule{{Match: modbus, Verdict: firedoor.Pass}}, "modbus"},
		{"what only its content tells is stopped", firedoor.Pass, []policy.Rule{{Match: policy.Match{Protocols: []string{"quiet"}}, Verdict: firedoor.Drop}}, ""},
		{"another port", firedoor.Pass, []policy.Rule{{Match: policy.Match{Protocols: []string{"s7comm"}}, Verdict: firedoor.Drop}}, ""},
	} {
		p := plant(policy.Enforce, c.rules...)
		p.Conduits[0].Default = c.otherwise
		plan := compile(t, p)
		r := plan.Route(place(plan, "10.0.1.1"), place(plan, "10.0.2.1"), 6, 502)
		got := ""
		for _, name := range plan.Speaks(&r) {
			got += name
		}
		if got != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
