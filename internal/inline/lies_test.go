package inline_test

import (
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
)

// TestFalseLengths holds that a forbidden write does not go on, wholly or in part, that
// servers which go by the function read before its length says that it is whole.
func TestFalseLengths(t *testing.T) {
	lie := func(at int, b byte, request []byte) []byte { request[at] = b; return request }
	for name, stream := range map[string][]byte{
		"one register, too long":         lie(5, 200, trial.WriteOne(1, 41, 7)),
		"one register, far too long":     lie(4, 2, trial.WriteOne(1, 41, 7)),
		"one register, too short":        lie(5, 2, trial.WriteOne(1, 41, 7)),
		"no length":                      lie(5, 0, trial.WriteOne(1, 41, 7)),
		"another protocol":               lie(3, 1, trial.WriteOne(1, 41, 7)),
		"a read, too long":               append(lie(5, 18, trial.ReadSome(1)), trial.WriteOne(2, 41, 7)...),
		"a coil, too long":               lie(5, 7, trial.Request(1, 5, 0, 41, 255, 0)),
		"a mask, too long":               lie(5, 9, trial.Request(1, 22, 0, 41, 0, 0, 0, 7)),
		"registers, too long":            lie(5, 60, trial.Request(1, 16, 0, 41, 0, 1, 2, 0, 7)),
		"registers, a false byte count":  append(trial.Request(1, 16, 0, 5, 0, 1, 2, 0, 7, 0, 0, 0), trial.WriteOne(2, 41, 7)...),
		"registers, a false quantity":    trial.Request(1, 16, 0, 5, 0, 2, 2, 0, 7),
		"coils, too long":                lie(5, 60, trial.Request(1, 15, 0, 41, 0, 1, 1, 1)),
		"read and write, too long":       lie(5, 60, trial.Request(1, 23, 0, 0, 0, 1, 0, 41, 0, 1, 2, 0, 7)),
		"an exception":                   trial.Request(1, 0x86, 0, 41, 0, 7),
		"behind a function that is none": trial.Request(1, 0, trial.WriteOne(0, 41, 7)...),
	} {
		for _, unjudged := range []policy.Unjudged{policy.Reads, policy.Open, policy.Closed} {
			for _, standard := range []firedoor.Action{firedoor.Refuse, firedoor.Pass} {
				b := newBench(t, trial.Guarded(t, func(p *policy.Policy) {
					c := &p.Conduits[0]
					trial.More(p)
					if c.Unjudged = unjudged; standard == firedoor.Pass {
						c.Default = firedoor.Pass
						c.Rules = append(c.Rules, policy.Rule{Verdict: firedoor.Refuse, Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}}})
					}
				}))
				b.connect()
				b.say(stream)
				if got := payloads(b.toPLC); len(got) > 0 {
					t.Errorf("%s, unjudged %s, default %s: % x went on", name, unjudged, standard, got)
				}
				if len(b.told) == 0 {
					t.Errorf("%s: nothing was told", name)
				}
			}
		}
	}
}

// throws is what makes libmodbus throw away all that comes until it answers.
func throws(id uint16) []byte { return trial.Request(id, 43, 14, 1, 0) }

// TestThrownAway holds that nothing goes on in parts to a server that may be throwing away what
// comes, nor the rest of a request that it takes for whole.
func TestThrownAway(t *testing.T) {
	write := trial.WriteOne(0, 41, 7)
	many := trial.Request(2, 16, append([]byte{0, 0, 0, 7, 14, 0, 0}, write...)...)
	first := len(many) - len(write)
	fresh := func() *bench {
		b := newBench(t, trial.Guarded(t, trial.More))
		b.connect()
		return b
	}
	b := fresh()
	echo := append(trial.Request(1, 8, make([]byte, len(write))...)[:8], write...)
	b.say(echo[:8])
	b.say(echo[8:])
	if got := payloads(b.toPLC); len(got) > 0 {
		t.Errorf("an echo in parts: % x went on", got)
	}
	b = fresh()
	b.say(echo)
	if got := payloads(b.toPLC); string(got) != string(echo) {
		t.Errorf("an echo at once: % x went on", got)
	}
	b = fresh()
	b.say(throws(1))
	b.acknowledge()
	b.toPLC = nil
	b.say(many[:first])
	if got := payloads(b.toPLC); len(got) > 0 {
		t.Errorf("in parts behind what is not answered: % x went on", got)
	}
	b = fresh()
	b.say(throws(1))
	b.answers([]byte{0, 1, 0, 0, 0, 3, 1, 43 | 0x80, 1})
	b.toPLC = nil
	b.say(many[:first])
	b.say(many[first:])
	if got := payloads(b.toPLC); string(got) != string(many) {
		t.Errorf("in parts behind what was answered: % x went on, told %q", got, b.told)
	}
	b = fresh()
	b.say(throws(1))
	b.say(many)
	b.toPLC = nil
	b.client -= uint32(len(many))
	b.say(many[:first])
	if got := payloads(b.toPLC); len(got) > 0 {
		t.Errorf("a part once more, while nothing is answered: % x went on", got)
	}
	b.say(many[first:])
	b.client -= uint32(len(many))
	b.say(many)
	if got := payloads(b.toPLC); string(got) != string(many[first:])+string(many) {
		t.Errorf("all of it once more: % x went on", got)
	}
}

// answers has the server say something.
func (b *bench) answers(payload []byte) {
	b.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, b.server, b.client, trial.ACK, payload))
	b.server += uint32(len(payload))
}

// TestLateRest holds that the rest of a request goes on within a time and not later.
func TestLateRest(t *testing.T) {
	request := trial.WriteOne(1, 5, 50)
	for _, c := range []struct {
		after int64
		want  string
	}{{second, string(request)}, {3 * second, string(request[:9])}} {
		b := newBench(t, trial.Guarded(t, nil))
		b.connect()
		b.say(request[:9])
		b.now += c.after
		b.say(request[9:])
		if got := payloads(b.toPLC); string(got) != c.want {
			t.Errorf("after %d ns: % x went on", c.after, got)
		}
	}
	b := newBench(t, trial.Guarded(t, nil))
	b.connect()
	b.say(request[:6])
	for range 5 { // each segment ends within the next request
		b.now += second
		b.say(append(append([]byte(nil), request[6:]...), request[:6]...))
	}
	if b.gate.Counts.Resets > 0 {
		t.Error("a stream whose segments end within requests is cut")
	}
}

// TestHalfOfAllNumbersAhead holds that a segment that is half of all numbers away, before and behind at once, is one of the
// past to nobody's harm, of either end, also where it waited until it was known where its end stands.
func TestHalfOfAllNumbersAhead(t *testing.T) {
	const half = 1 << 31
	for name, do := range map[string]func(*bench){
		"of a client": func(b *bench) {
			b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client+half, b.server, trial.ACK, trial.WriteOne(7, 20, 1)))
		},
		"of a server": func(b *bench) {
			b.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, b.server+half, b.client, trial.ACK, []byte{0, 1, 0, 0, 0, 5, 1, 3, 2, 0, 0}))
		},
		"that waits": func(b *bench) {
			b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client+half-1, b.server, trial.ACK, trial.WriteOne(7, 20, 1)))
			b.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, b.server, b.client-1, trial.ACK, nil))
		},
	} {
		plan, _ := trial.Guarded(t, trial.More).With([]policy.Isolation{{ID: 1, Verb: policy.RateCap, Host: "plc", Cap: 1 << 20}})
		b := newBench(t, plan)
		if name != "that waits" {
			b.connect()
			b.say(trial.ReadSome(1))
			b.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, b.server, b.client, trial.ACK, []byte{0, 1, 0, 0, 0, 5, 1, 3, 2, 0, 0}))
			b.server += 11
		}
		b.toPLC = nil
		if do(b); len(payloads(b.toPLC)) > 1 {
			t.Errorf("%s: % x goes on", name, payloads(b.toPLC))
		}
		if name == "that waits" {
			continue
		}
		b.toPLC = nil
		if b.say(trial.ReadSome(2)); string(payloads(b.toPLC)) != string(trial.ReadSome(2)) {
			t.Errorf("%s: afterwards % x goes on", name, payloads(b.toPLC))
		}
	}
}
