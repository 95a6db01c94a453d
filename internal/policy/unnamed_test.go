package policy_test

import (
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// TestWriteOfNoObject holds that a write that does not say to what is stopped by what stops writes to anything, and that
// what names no object because it has none is not.
func TestWriteOfNoObject(t *testing.T) {
	high := &policy.Span{Min: 100, Max: 200}
	for _, c := range []struct {
		name    string
		match   policy.Match
		verb    firedoor.Verb
		object  string
		stopped bool
	}{
		{"a write to nobody knows what", policy.Match{Objects: []policy.Object{object("holding:40")}}, firedoor.VerbWrite, "", true},
		{"the same, where values are looked at", policy.Match{Objects: []policy.Object{object("holding:40")}, Values: high}, firedoor.VerbWrite, "", true},
		{"the same, where steps are", policy.Match{Objects: []policy.Object{object("holding:40")}, Verbs: []firedoor.Verb{firedoor.VerbWrite}, Step: 5}, firedoor.VerbWrite, "", true},
		{"all that begins so", policy.Match{Objects: []policy.Object{object("holding:4*")}, Verbs: []firedoor.Verb{firedoor.VerbRead, firedoor.VerbWrite}}, firedoor.VerbWrite, "", true},
		{"a stop of reads", policy.Match{Objects: []policy.Object{object("holding:40")}, Verbs: []firedoor.Verb{firedoor.VerbRead}}, firedoor.VerbWrite, "", false},
		{"a stop of another function", policy.Match{Objects: []policy.Object{object("holding:40")}, Functions: []string{"write single register"}}, firedoor.VerbWrite, "", false},
		{"a read", policy.Match{Objects: []policy.Object{object("holding:40")}}, firedoor.VerbRead, "", false},
		{"a session", policy.Match{Objects: []policy.Object{object("holding:40")}}, firedoor.VerbSession, "", false},
		{"a write to something else", policy.Match{Objects: []policy.Object{object("holding:40")}}, firedoor.VerbWrite, "holding:41", false},
	} {
		c.match.Protocols = []string{"modbus"}
		p := plant(policy.Enforce, policy.Rule{Verdict: firedoor.Drop, Match: c.match})
		p.Conduits[0].Default = firedoor.Pass
		plan := compileMemory(t, p)
		a := ask{client: "10.0.1.1", server: "10.0.2.1", transport: 6, port: 502, protocol: "modbus", function: "write variables", verb: c.verb, unit: -1, object: c.object}
		if v := policy.Decide(plan, a.request(plan)); (v.Action == firedoor.Drop) != c.stopped {
			t.Errorf("%s: %s", c.name, v.Action)
		}
		path, undecided, err := plan.Prove("office", "cell", policy.Question{Verb: firedoor.VerbWrite})
		if path == nil || undecided || err != nil {
			t.Errorf("%s: what else may be written is not found: %v, %v", c.name, undecided, err)
		}
	}
}
