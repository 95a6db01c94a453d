package policyfile_test

import (
	"testing"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
)

// TestFunctionHasItsVerb holds that a rule which lets a function pass is no way, and never decides, where its verb is stopped
// before: no request has that function and another verb.
func TestFunctionHasItsVerb(t *testing.T) {
	const text = `policy: 1
otherwise: {mode: enforce, default: drop}
zones:
  office: {addresses: 10.1.0.0/16}
  cell: {addresses: 10.2.0.0/16}
conduits:
  down:
    from: office
    to: cell
    mode: enforce
    never-block: {reviewed: {by: Jo, on: 2026-11-26}}
    rules:
      - {protocol: modbus, verb: write, verdict: drop}
      - {protocol: modbus, function: `
	known := policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: 6, Number: 502}} }, Protocols: []string{"modbus"},
		Functions: func(string) []policy.Function {
			return []policy.Function{{Code: 3, Verb: firedoor.VerbRead, Words: "read"}, {Code: 6, Verb: firedoor.VerbWrite, Words: "set"}, {Code: 8, Verb: firedoor.VerbWrite, Words: "either"}, {Code: 9, Verb: firedoor.VerbRead, Words: "either"}}
		}}
	for _, c := range []struct {
		function string
		way      bool
	}{{"set", false}, {"read", true}, {"either", true}, {"unheard of", true}, {"[set, read]", true}} {
		plan, err := policyfile.Read("p.yaml", []byte(text+c.function+", verdict: pass}\n"), known)
		if err != nil {
			t.Fatal(err)
		}
		path, undecided, err := plan.Prove("office", "cell", policy.Question{})
		if err != nil || undecided || (path != nil) != c.way {
			t.Errorf("%s: way %v, %v, %v", c.function, path, undecided, err)
		}
		shadowed := false
		for _, f := range plan.Study() {
			shadowed = shadowed || f.Kind == "shadowed"
		}
		if shadowed == c.way {
			t.Errorf("%s: shadowed %v", c.function, shadowed)
		}
	}
}
