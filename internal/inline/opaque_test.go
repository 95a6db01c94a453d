package inline_test

import (
	"encoding/binary"
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
)

// carriedBy is a packet of a protocol of IP from HMI to PLC, or back.
func carriedBy(proto byte, back bool) []byte {
	from, to := trial.HMI, trial.PLC
	if back {
		from, to = to, from
	}
	b := append(trial.TCP(from, to, 1, 1, 0, nil)[:34:34], trial.TCP(trial.HMI, trial.PLC, 1, 1, trial.ACK, trial.WriteOne(1, 1, 1))...)
	b[23] = proto
	binary.BigEndian.PutUint16(b[16:], uint16(len(b)-14))
	return b
}

// TestOpaqueIsNoRead holds that what nobody looks into (a tunnel of a kind that is not known, SCTP) goes nowhere where a
// change would be stopped, as a datagram of no known protocol: not as a request, nor as the answer to one that may only read.
func TestOpaqueIsNoRead(t *testing.T) {
	rule := func(verdict firedoor.Action, verbs ...firedoor.Verb) policy.Rule {
		return policy.Rule{Verdict: verdict, Match: policy.Match{Verbs: verbs}}
	}
	reads, noWrite, all := rule(firedoor.Pass, firedoor.VerbRead), rule(firedoor.Drop, firedoor.VerbWrite), rule(firedoor.Pass)
	of := func(mode policy.Mode, unjudged policy.Unjudged, rules ...policy.Rule) *policy.Plan {
		return trial.Guarded(t, func(p *policy.Policy) {
			c := &p.Conduits[0]
			c.Mode, c.Default, c.Instead, c.Unjudged, c.Rules = mode, firedoor.Drop, firedoor.Drop, unjudged, rules
		})
	}
	isolated := func(verb policy.IsolationVerb) *policy.Plan {
		plan, unknown := of(policy.Enforce, policy.Reads, all).With([]policy.Isolation{{ID: 1, Verb: verb, Host: "plc", Cap: 100}})
		if len(unknown) > 0 {
			t.Fatal(unknown)
		}
		return plan
	}
	for name, c := range map[string]struct {
		plan     *policy.Plan
		on, back bool
	}{
		"all passes":                     {of(policy.Enforce, policy.Reads, all), true, true},
		"reads pass":                     {of(policy.Enforce, policy.Reads, reads), false, false},
		"all but writes pass":            {of(policy.Enforce, policy.Reads, noWrite, all), false, false},
		"what cannot be judged is open":  {of(policy.Enforce, policy.Open, reads), true, true},
		"a test":                         {of(policy.Test, policy.Reads, reads), true, true},
		"no-write":                       {isolated(policy.NoWrite), false, false},
		"no-program":                     {isolated(policy.NoProgram), false, false},
		"rate-cap":                       {isolated(policy.RateCap), true, true},
		"nothing passes between the two": {of(policy.Enforce, policy.Reads), false, false},
	} {
		for _, proto := range []byte{33, 47, 50, 97, 108, 115, 132, 136, 253} {
			for _, back := range []bool{false, true} {
				g, want, from := inline.New(c.plan, nil, nil), c.on, inline.Inside
				if back {
					want, from = c.back, inline.Outside
				}
				g.Frame(1772323200*second, from, carriedBy(proto, back), func(inline.Port, []byte) {})
				if passed := g.Counts.Passed == 1; passed != want {
					t.Errorf("%s, protocol %d of IP, back %v: passed %v; %v", name, proto, back, passed, g.Counts.Reasons)
				}
			}
		}
		g := inline.New(c.plan, nil, nil)
		echo := carriedBy(1, false)
		echo[34] = 8
		g.Frame(1772323200*second, inline.Inside, echo, func(inline.Port, []byte) {})
		if ping := name != "nothing passes between the two"; (g.Counts.Passed == 1) != ping {
			t.Errorf("%s: ICMP passed %d", name, g.Counts.Passed)
		}
	}
}
