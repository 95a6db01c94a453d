package gateway

import (
	"testing"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/policy"
)

// TestAnswersFromElsewhereInTheKernel holds that the worker is asked about what comes back from a
// port of which no rule speaks, where a device may answer from one: also where all of its protocol
// passes, for the worker must know what was asked. While nobody answers it does not pass, one way
// or the other.
func TestAnswersFromElsewhereInTheKernel(t *testing.T) {
	for name, c := range map[string]struct {
		match     policy.Match
		elsewhere []string
		asked     bool
	}{
		"reads":            {policy.Match{Protocols: []string{"pniocm"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}, []string{"pniocm"}, true},
		"all of it":        {policy.Match{Protocols: []string{"pniocm"}}, []string{"pniocm"}, true},
		"another protocol": {policy.Match{Protocols: []string{"pniocm"}}, nil, false},
		"a port":           {policy.Match{Ports: []policy.Port{{Transport: 17, Number: 34964}}}, []string{"pniocm"}, false},
	} {
		known := policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: 17, Number: 34964}} }, Protocols: []string{"pniocm"}, Elsewhere: c.elsewhere}
		plan, faults := policy.Compile(testPlan(t, policy.Rule{}).Policy, known)
		if len(faults) > 0 {
			t.Fatalf("%s: %+v", name, faults)
		}
		plan.Policy.Conduits[0].Rules = []policy.Rule{{Verdict: firedoor.Pass, Match: c.match}}
		if plan, faults = policy.Compile(plan.Policy, known); len(faults) > 0 {
			t.Fatalf("%s: %+v", name, faults)
		}
		tables := Tables(plan, nil)
		if err := tables.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		of := func(client, server string) (g datapath.Gate, found bool) {
			a, _ := plan.Named(client)
			b, _ := plan.Named(server)
			for _, j := range tables.Joined {
				if j.Client == uint32(a) && j.Server == uint32(b) {
					return tables.Pairs[j.Pair].Default, true
				}
			}
			return tables.Pairs[0].Default, false
		}
		there, _ := of("office", "cell")
		back, found := of("cell", "office")
		if asks := there.Action == datapath.Ask && there.Floor == datapath.FloorDrop; asks != c.asked {
			t.Errorf("%s: what has no gate of its own: %+v", name, there)
		}
		if back.Action != datapath.Drop || found != c.asked || (back.Floor == datapath.FloorDrop) != c.asked {
			t.Errorf("%s: and the other way: %+v", name, back)
		}
		for _, g := range tables.Gates {
			if g.Port == 34964 && g.Transport == 17 && (g.Gate.Action == datapath.Ask) != c.asked {
				t.Errorf("%s: at its own port: %+v", name, g.Gate)
			}
		}
	}
}
