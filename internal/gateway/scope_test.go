package gateway

import (
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// TestScopeStaysWhatItWas holds that a decision goes on to be of the conduit, or zone, that it was ordered for, where
// another one has that name later.
func TestScopeStaysWhatItWas(t *testing.T) {
	plan := testPlan(t, policy.Rule{Verdict: firedoor.Pass})
	next := *plan.Policy
	next.Conduits = append([]policy.Conduit(nil), plan.Policy.Conduits...)
	next.Conduits[0].Name = "cell"
	both, faults := policy.Compile(&next, testKnown())
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	for _, c := range []struct{ scope, of, host, conduit string }{
		{"cell", ofZone, "cell", ""},
		{"down", ofConduit, "", "down"},
		{"plc", ofHost, "plc", ""},
		{"zone:cell", "", "cell", ""},
		{"hmi,plc", "", "hmi", ""},
	} {
		d := &Decision{Verb: "no-write", Scope: c.scope}
		if err := d.Means(plan); err != nil || d.Of != c.of {
			t.Errorf("%s: %q, %v", c.scope, d.Of, err)
		}
		i, err := Isolation(plan, d)
		if err != nil || i.Host != c.host || i.Conduit != c.conduit {
			t.Errorf("%s: %+v, %v", c.scope, i, err)
		}
		if c.scope == "cell" {
			if i, err = Isolation(both, d); err != nil || i.Host != "cell" || i.Conduit != "" {
				t.Errorf("%s, a zone, becomes %+v, %v", c.scope, i, err)
			}
		}
	}
	conduit := &Decision{Verb: "no-write", Scope: "cell", Of: ofConduit}
	if i, err := Isolation(both, conduit); err != nil || i.Conduit != "cell" || i.Host != "" {
		t.Errorf("a conduit becomes %+v, %v", i, err)
	}
	if _, err := Isolation(plan, conduit); err == nil {
		t.Error("a conduit that is gone becomes the zone of its name")
	}
	old := &Decision{Verb: "no-write", Scope: "cell"} // as they were written once
	if i, err := Isolation(both, old); err != nil || i.Host != "cell" {
		t.Errorf("an old decision: %+v, %v", i, err)
	}
}
