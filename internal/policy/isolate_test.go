package policy_test

import (
	"math"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/policy"
)

func write(server string) ask {
	v := 5.0
	return ask{client: "10.0.1.1", server: server, port: 502, protocol: "modbus", verb: firedoor.VerbWrite, function: "f", code: 6, unit: 1, object: "holding:3", value: &v}
}

// TestOrderOfVerdicts holds what goes before what: safety, a quarantine of two people,
// what is never blocked, isolations, rules.
func TestOrderOfVerdicts(t *testing.T) {
	stop := policy.Rule{Name: "stop", Match: policy.Match{Protocols: []string{"modbus"}, Objects: []policy.Object{{Text: "holding:", Row: true, From: 3, To: 3}}}}
	p := plant(policy.Enforce, policy.Rule{Name: "all", Match: policy.Match{Protocols: []string{"modbus"}}, Verdict: firedoor.Pass})
	p.Conduits[0].NeverBlock = []policy.Rule{stop}
	base := compile(t, p)
	read := write("10.0.2.1")
	read.verb, read.object, read.value = firedoor.VerbRead, "holding:9", nil
	other := write("10.0.2.1")
	other.object = "holding:9"
	program := other
	program.verb = firedoor.VerbProgram
	elsewhere := other
	elsewhere.server = "10.0.2.2"
	for _, c := range []struct {
		name string
		with []policy.Isolation
		ask  ask
		safe bool
		want firedoor.Action
		why  firedoor.Reason
	}{
		{"a rule", nil, other, false, firedoor.Pass, firedoor.ReasonRule},
		{"never blocked", nil, write("10.0.2.1"), false, firedoor.Pass, firedoor.ReasonNeverBlock},
		{"no-write", []policy.Isolation{{Verb: policy.NoWrite, Host: "plc"}}, other, false, firedoor.Refuse, firedoor.ReasonNoWrite},
		{"no-write and what is never blocked", []policy.Isolation{{Verb: policy.NoWrite, Host: "plc"}}, write("10.0.2.1"), false, firedoor.Pass, firedoor.ReasonNeverBlock},
		{"no-write and a read", []policy.Isolation{{Verb: policy.NoWrite, Host: "plc"}}, read, false, firedoor.Pass, firedoor.ReasonRule},
		{"no-write of another", []policy.Isolation{{Verb: policy.NoWrite, Host: "plc"}}, elsewhere, false, firedoor.Pass, firedoor.ReasonRule},
		{"no-write of the client", []policy.Isolation{{Verb: policy.NoWrite, Host: "hmi"}}, elsewhere, false, firedoor.Refuse, firedoor.ReasonNoWrite},
		{"no-write of the pair", []policy.Isolation{{Verb: policy.NoWrite, Host: "hmi", Other: "drive"}}, elsewhere, false, firedoor.Refuse, firedoor.ReasonNoWrite},
		{"no-write of another pair", []policy.Isolation{{Verb: policy.NoWrite, Host: "ews", Other: "drive"}}, elsewhere, false, firedoor.Pass, firedoor.ReasonRule},
		{"no-write of the zone", []policy.Isolation{{Verb: policy.NoWrite, Host: "cell"}}, other, false, firedoor.Refuse, firedoor.ReasonNoWrite},
		{"no-write of the conduit", []policy.Isolation{{Verb: policy.NoWrite, Conduit: "down"}}, other, false, firedoor.Refuse, firedoor.ReasonNoWrite},
		{"no-program and a write", []policy.Isolation{{Verb: policy.NoProgram, Host: "plc"}}, other, false, firedoor.Pass, firedoor.ReasonRule},
		{"no-program", []policy.Isolation{{Verb: policy.NoProgram, Host: "plc"}}, program, false, firedoor.Refuse, firedoor.ReasonNoProgram},
		{"known clients, known", []policy.Isolation{{Verb: policy.KnownClients, Host: "plc", Clients: []string{"hmi"}}}, other, false, firedoor.Pass, firedoor.ReasonRule},
		{"known clients, unknown", []policy.Isolation{{Verb: policy.KnownClients, Host: "plc", Clients: []string{"ews"}}}, other, false, firedoor.Drop, firedoor.ReasonStranger},
		{"quarantine", []policy.Isolation{{Verb: policy.Quarantine, Host: "plc"}}, read, false, firedoor.Drop, firedoor.ReasonQuarantine},
		{"quarantine and what is never blocked", []policy.Isolation{{Verb: policy.Quarantine, Host: "plc"}}, write("10.0.2.1"), false, firedoor.Pass, firedoor.ReasonNeverBlock},
		{"quarantine of two people", []policy.Isolation{{Verb: policy.Quarantine, Host: "plc", Both: true}}, write("10.0.2.1"), false, firedoor.Drop, firedoor.ReasonQuarantine},
		{"quarantine of two people and safety", []policy.Isolation{{Verb: policy.Quarantine, Host: "plc", Both: true}}, other, true, firedoor.Pass, firedoor.ReasonSafety},
		{"the stricter of two", []policy.Isolation{{Verb: policy.NoWrite, Host: "plc"}, {Verb: policy.Quarantine, Host: "cell"}}, other, false, firedoor.Drop, firedoor.ReasonQuarantine},
		{"being released", []policy.Isolation{{Verb: policy.Quarantine, Host: "plc", Testing: true}}, other, false, firedoor.Pass, firedoor.ReasonQuarantine},
		{"being released, two people ordered it", []policy.Isolation{{Verb: policy.Quarantine, Host: "plc", Both: true, Testing: true}}, write("10.0.2.1"), false, firedoor.Pass, firedoor.ReasonQuarantine},
		{"being released and what is never blocked", []policy.Isolation{{Verb: policy.Quarantine, Host: "plc", Testing: true}}, write("10.0.2.1"), false, firedoor.Pass, firedoor.ReasonNeverBlock},
	} {
		of := base
		if c.safe {
			p := plant(policy.Enforce)
			p.Safety = []policy.Match{{Clients: []string{"hmi"}, Servers: []string{"plc"}}}
			of = compile(t, p)
		}
		plan, unknown := of.With(c.with)
		if len(unknown) > 0 {
			t.Errorf("%s: %v is not known", c.name, unknown)
		}
		r := c.ask.request(plan)
		if v := policy.Decide(plan, r); v.Action != c.want || v.Reason != c.why {
			t.Errorf("%s: %s because of %s, want %s because of %s", c.name, v.Action, v.Reason, c.want, c.why)
		}
	}
	if _, unknown := base.With([]policy.Isolation{{Verb: policy.NoWrite, Host: "nobody"}}); len(unknown) != 1 {
		t.Error("an isolation of a host that is not in the policy was taken")
	}
}

// TestRateCap holds that a cap looks at what the caller counted.
func TestRateCap(t *testing.T) {
	base := compile(t, plant(policy.Enforce, policy.Rule{Verdict: firedoor.Pass}))
	plan, _ := base.With([]policy.Isolation{{Verb: policy.RateCap, Host: "plc", Cap: 10}})
	a := write("10.0.2.1")
	for rate, want := range map[uint32]firedoor.Action{10: firedoor.Pass, 11: firedoor.Refuse} {
		r := a.request(plan)
		r.Rate = rate
		if v := policy.Decide(plan, r); v.Action != want {
			t.Errorf("%d a second: %s, want %s", rate, v.Action, want)
		}
	}
}

// TestModes holds that only a conduit that enforces stops anything, and that the
// others say what they would have done.
func TestModes(t *testing.T) {
	for mode, want := range map[policy.Mode]firedoor.Action{policy.Observe: firedoor.Pass, policy.Test: firedoor.Pass, policy.Enforce: firedoor.Drop} {
		plan := compile(t, plant(mode))
		a := write("10.0.2.1")
		if v := policy.Decide(plan, a.request(plan)); v.Action != want || v.Says != firedoor.Drop {
			t.Errorf("%s: %s, and says %s", mode, v.Action, v.Says)
		}
	}
}

// TestEnforceNeedsReview holds that nothing is enforced before somebody looked at what
// must never be blocked.
func TestEnforceNeedsReview(t *testing.T) {
	p := plant(policy.Enforce)
	p.Conduits[0].Reviewed = policy.Review{}
	if _, faults := policy.Compile(p, known()); len(faults) != 1 {
		t.Errorf("faults: %v", faults)
	}
	p.Conduits[0].Mode = policy.Test
	compile(t, p)
}

// TestIsolatedIsNotOpen holds that where an isolation lets no connection come to be nothing is open, though no request
// has to be looked at to say so.
func TestIsolatedIsNotOpen(t *testing.T) {
	base := compile(t, plant(policy.Enforce, policy.Rule{Verdict: firedoor.Pass}))
	for verb, want := range map[policy.IsolationVerb]bool{policy.Quarantine: false, policy.KnownClients: false, policy.NoWrite: false} {
		plan, _ := base.With([]policy.Isolation{{Verb: verb, Host: "plc"}})
		a := write("10.0.2.1")
		r := a.request(plan).Route
		if plan.Open(r) != want || plan.Throughout(r) != want {
			t.Errorf("%s: open", verb)
		}
		if !base.Open(a.request(base).Route) {
			t.Error("without an isolation: not open")
		}
	}
}

// TestLevels holds what is said of connections and of flows of another protocol.
func TestLevels(t *testing.T) {
	plan := compile(t, plant(policy.Enforce, policy.Rule{Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}, Verdict: firedoor.Pass}))
	for _, c := range []struct {
		level    policy.Level
		port     uint16
		protocol string
		want     firedoor.Action
		why      firedoor.Reason
	}{
		{policy.OfConnection, 502, "", firedoor.Pass, firedoor.ReasonRule},
		{policy.OfConnection, 22, "", firedoor.Drop, firedoor.ReasonDefault},
		{policy.OfFlow, 502, "modbus", firedoor.Pass, firedoor.ReasonRule},
		{policy.OfFlow, 502, "ssh", firedoor.Drop, firedoor.ReasonProtocol},
		{policy.OfFlow, 22, "ssh", firedoor.Drop, firedoor.ReasonDefault},
	} {
		a := write("10.0.2.1")
		a.port, a.protocol = c.port, c.protocol
		r := a.request(plan)
		r.Level = c.level
		if v := policy.Decide(plan, r); v.Action != c.want || v.Reason != c.why {
			t.Errorf("level %d, port %d, %s: %s because of %s, want %s because of %s", c.level, c.port, c.protocol, v.Action, v.Reason, c.want, c.why)
		}
	}
}

// TestStep holds the largest change from the value before.
func TestStep(t *testing.T) {
	plan := compile(t, plant(policy.Enforce, policy.Rule{Match: policy.Match{Objects: []policy.Object{{Text: "holding:", Row: true, From: 3, To: 3}}, Step: 2}, Verdict: firedoor.Pass}))
	a := write("10.0.2.1") // writes 5
	for before, want := range map[float64]firedoor.Action{3: firedoor.Pass, 7: firedoor.Pass, 2.9: firedoor.Drop, 8: firedoor.Drop} {
		r := a.request(plan)
		r.Before = func(int) (float64, bool) { return before, true }
		if v := policy.Decide(plan, r); v.Action != want {
			t.Errorf("from %g to 5: %s, want %s", before, v.Action, want)
		}
	}
	if v := policy.Decide(plan, a.request(plan)); v.Action != firedoor.Pass {
		t.Errorf("with nothing known before: %s", v.Action)
	}
}

// TestRateOfChange holds how far a value may be from those before it, within a time.
func TestRateOfChange(t *testing.T) {
	register := []policy.Object{{Text: "holding:", Row: true, From: 3, To: 3}}
	plan := compile(t, plant(policy.Enforce, policy.Rule{Match: policy.Match{Objects: register, Rate: policy.Rate{Most: 2, Within: time.Minute}}, Verdict: firedoor.Pass}))
	a := write("10.0.2.1") // writes 5
	for _, c := range []struct {
		low, high float64
		known     bool
		want      firedoor.Action
	}{{3, 7, true, firedoor.Pass}, {2.9, 5, true, firedoor.Drop}, {5, 7.1, true, firedoor.Drop}, {math.Inf(-1), math.Inf(1), true, firedoor.Drop}, {0, 0, false, firedoor.Pass}} {
		r := a.request(plan)
		r.Lately = func(i int, within time.Duration) (float64, float64, bool) {
			if i != 0 || within != time.Minute {
				t.Errorf("asked for element %d within %s", i, within)
			}
			return c.low, c.high, c.known
		}
		if v := policy.Decide(plan, r); v.Action != c.want {
			t.Errorf("%g to %g before (%t), 5 now: %s", c.low, c.high, c.known, v.Action)
		}
	}
	if v := policy.Decide(plan, a.request(plan)); v.Action != firedoor.Pass {
		t.Errorf("with nothing known before: %s", v.Action)
	}
}

// TestDecideAllocatesNothing holds that the way of every request costs no memory.
func TestDecideAllocatesNothing(t *testing.T) {
	plan := compile(t, plant(policy.Enforce, policy.Rule{Match: policy.Match{Clients: []string{"hmi"}, Protocols: []string{"modbus"}, Functions: []string{"f"},
		Objects: []policy.Object{{Text: "holding:", Row: true, From: 0, To: 40}}, Values: &policy.Span{Min: 0, Max: 10}}, Verdict: firedoor.Pass}))
	a := write("10.0.2.1")
	r := a.request(plan)
	if n := testing.AllocsPerRun(1000, func() { policy.Decide(plan, r) }); n > 0 {
		t.Errorf("%g allocations", n)
	}
}

// manyRules is a policy of n rules on distinct pairs and objects.
func manyRules(n int) *policy.Policy {
	p := plant(policy.Enforce)
	for i := range n {
		p.Conduits[0].Rules = append(p.Conduits[0].Rules, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Clients: []string{"hmi"}, Servers: []string{"plc"},
			Protocols: []string{"modbus"}, Codes: []uint32{6}, Objects: []policy.Object{{Text: "holding:", Row: true, From: uint64(3 * i), To: uint64(3*i + 1)}}}})
	}
	return p
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(map[int]string{100: "100", 10_000: "10000"}[n], func(b *testing.B) {
			plan, _ := policy.Compile(manyRules(n), known())
			a := write("10.0.2.1")
			r := a.request(plan)
			b.ReportAllocs()
			for b.Loop() {
				policy.Decide(plan, r)
			}
		})
	}
}
