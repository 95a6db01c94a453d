package policy_test

import (
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// TestPortsThatMustBeLookedInto holds of rules by themselves what a gateway may leave
// unseen at a port where Modbus would be written.
func TestPortsThatMustBeLookedInto(t *testing.T) {
	rule := func(verdict firedoor.Action, m policy.Match) policy.Rule {
		return policy.Rule{Match: m, Verdict: verdict}
	}
	coil := policy.Match{Protocols: []string{"modbus"}, Objects: []policy.Object{{Text: "coil:", Row: true, From: 17, To: 17}}}
	modbus, goose := policy.Match{Protocols: []string{"modbus"}}, policy.Match{Protocols: []string{"goose"}}
	for _, c := range []struct {
		name           string
		never, rules   []policy.Rule
		otherwise      firedoor.Action
		admits, judges bool
	}{
		{"never blocked: one coil", []policy.Rule{rule(firedoor.Pass, coil)}, nil, firedoor.Drop, true, true},
		{"never blocked: one coil, the default passes", []policy.Rule{rule(firedoor.Pass, coil)}, nil, firedoor.Pass, true, false},
		{"never blocked: one coil, a rule stops", []policy.Rule{rule(firedoor.Pass, coil)}, []policy.Rule{rule(firedoor.Drop, policy.Match{})}, firedoor.Pass, true, true},
		{"never blocked: anything", []policy.Rule{rule(firedoor.Pass, policy.Match{})}, []policy.Rule{rule(firedoor.Drop, coil)}, firedoor.Drop, true, false},
		{"never blocked: all of Modbus", []policy.Rule{rule(firedoor.Pass, modbus)}, nil, firedoor.Drop, true, false},
		{"all of a protocol at its port", nil, []policy.Rule{rule(firedoor.Pass, modbus)}, firedoor.Drop, true, false},
		{"a protocol that IP does not carry", nil, []policy.Rule{rule(firedoor.Pass, goose)}, firedoor.Drop, false, false},
		{"such a one, and Modbus", nil, []policy.Rule{rule(firedoor.Pass, policy.Match{Protocols: []string{"goose", "modbus"}})}, firedoor.Drop, true, false},
		{"a protocol that only its content tells", nil, []policy.Rule{rule(firedoor.Pass, policy.Match{Protocols: []string{"quiet"}})}, firedoor.Drop, true, true},
		{"a protocol is stopped, the default passes", nil, []policy.Rule{rule(firedoor.Drop, modbus)}, firedoor.Pass, true, true},
		{"frames without IP", nil, []policy.Rule{rule(firedoor.Pass, policy.Match{Ports: []policy.Port{{Transport: policy.Link}}})}, firedoor.Drop, false, false},
	} {
		p := plant(policy.Enforce, c.rules...)
		p.Conduits[0].NeverBlock, p.Conduits[0].Default = c.never, c.otherwise
		plan := compile(t, p)
		r := plan.Route(place(plan, "10.0.1.1"), place(plan, "10.0.2.1"), 6, 502)
		if plan.Admits(&r) != c.admits || plan.Judges(&r) != c.judges {
			t.Errorf("%s: admits %t, judges %t", c.name, plan.Admits(&r), plan.Judges(&r))
		}
	}
	for _, m := range []policy.Match{{Protocols: []string{"goose"}, Ports: []policy.Port{{Number: 502}}}, {Protocols: []string{"ecat"}, Ports: []policy.Port{{Transport: policy.Link}}},
		{Protocols: []string{"modbus", "goose"}, Ports: []policy.Port{{Transport: policy.Link, Number: 0x88b9}}}} {
		if _, faults := policy.Compile(plant(policy.Test, rule(firedoor.Pass, m)), known()); len(faults) != 1 {
			t.Errorf("%+v: faults %+v", m, faults)
		}
	}
}
