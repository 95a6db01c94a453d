package inline_test

import (
	"testing"

	"firedoor"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
)

// TestNoWayRoundARefusal holds that where everything passes but writes of Modbus, what is no
// Modbus by its rules, and may be a write in the eyes of a device, does not pass either.
func TestNoWayRoundARefusal(t *testing.T) {
	elsewhere := trial.WriteOne(1, 41, 7)
	elsewhere[2], elsewhere[3] = 0x12, 0x34
	length := func(high, low byte) []byte {
		b := trial.WriteOne(1, 41, 7)
		b[4], b[5] = high, low
		return b
	}
	for _, u := range []policy.Unjudged{policy.Reads, policy.Open, policy.Closed} {
		plan := trial.Guarded(t, func(p *policy.Policy) {
			c := &p.Conduits[0]
			c.Default, c.Unjudged = firedoor.Pass, u
			c.Rules = []policy.Rule{{Verdict: firedoor.Refuse, Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}}}}
		})
		for name, said := range map[string][]byte{
			"another protocol by its header": elsewhere,
			"serial-line framing":            {1, 6, 0, 41, 0, 7, 0x19, 0xc0},
			"length 0":                       length(0, 0),
			"length 2":                       length(0, 2),
			"length 518":                     length(2, 6),
			"function of an answer":          trial.Request(1, 0x86, 0, 41, 0, 7),
		} {
			for _, after := range []bool{false, true} {
				b := newBench(t, plan)
				b.connect()
				b.toPLC = nil
				want := 0
				if after {
					b.say(trial.ReadSome(1))
					b.acknowledge()
					if want = len(b.toPLC); want == 0 {
						t.Fatalf("%s: a read does not pass", u)
					}
				}
				if b.say(said); len(b.toPLC) != want {
					t.Errorf("%s, after a read %t, unjudged %s: it goes on: % x", name, after, u, b.toPLC[len(b.toPLC)-1][54:])
				}
			}
		}
	}
}
