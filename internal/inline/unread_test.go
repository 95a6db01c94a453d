package inline_test

import (
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/bacnet"
)

// TestUnreadIsNoRead holds that what is of no protocol that anybody knows goes to no port where a write would be
// stopped, whether the port is open for any or not: nobody knows that it writes nothing.
func TestUnreadIsNoRead(t *testing.T) {
	ports := map[string][]policy.Port{"bacnet": {{Transport: 17, Number: 47808}}}
	pass, at := policy.Rule{Verdict: firedoor.Pass}, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Ports: []policy.Port{{Transport: 17, Number: 9999}}}}
	noWrite := policy.Rule{Verdict: firedoor.Drop, Match: policy.Match{Verbs: []firedoor.Verb{firedoor.VerbWrite}}}
	open := openFor(t, firedoor.Pass, ports)
	isolated := func(verb policy.IsolationVerb) *policy.Plan {
		plan, unknown := open.With([]policy.Isolation{{ID: 1, Verb: verb, Host: "plc", Cap: 100}})
		if len(unknown) > 0 {
			t.Fatal(unknown)
		}
		return plan
	}
	for name, c := range map[string]struct {
		plan   *policy.Plan
		passes bool
		reason firedoor.Reason
	}{
		"open for any":                  {open, true, 0},
		"no-write":                      {isolated(policy.NoWrite), false, firedoor.ReasonNoWrite},
		"no-program":                    {isolated(policy.NoProgram), false, firedoor.ReasonNoProgram},
		"rate-cap":                      {isolated(policy.RateCap), true, 0},
		"a rule stops writes":           {openFor(t, firedoor.Drop, ports, noWrite, pass), false, firedoor.ReasonUnjudged},
		"a rule opens the port before":  {openFor(t, firedoor.Drop, ports, at, noWrite, pass), true, 0},
		"only reads pass, of any":       {openFor(t, firedoor.Drop, ports, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Verbs: []firedoor.Verb{firedoor.VerbRead}}}), false, firedoor.ReasonUnjudged},
		"writes of another port stop":   {openFor(t, firedoor.Drop, ports, policy.Rule{Verdict: firedoor.Drop, Match: policy.Match{Protocols: []string{"bacnet"}, Verbs: noWrite.Match.Verbs}}, pass), true, 0},
		"reads stop, and nothing else":  {openFor(t, firedoor.Drop, ports, policy.Rule{Verdict: firedoor.Drop, Match: policy.Match{Verbs: []firedoor.Verb{firedoor.VerbRead}}}, pass), true, 0},
		"nobody's words were to change": {openFor(t, firedoor.Pass, ports, noWrite), false, firedoor.ReasonUnjudged},
	} {
		g := inline.New(c.plan, []*protocol.Protocol{bacnet.Protocol}, nil)
		g.Frame(1772323200*1e9, inline.Inside, datagram(t, 9999, "nobody knows me"), func(inline.Port, []byte) {})
		if passed := g.Counts.Passed == 1; passed != c.passes || !passed && g.Counts.Reasons[c.reason] != 1 {
			t.Errorf("%s: passed %v, %v", name, passed, g.Counts.Reasons)
		}
	}
}
