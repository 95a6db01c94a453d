package inline_test

import (
	"testing"

	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
)

// TestNoRateAnew holds that a client that may ask five times a second does not ask more often by
// beginning its connection anew from the same port, nor from others, and that it may ask again in
// the next second.
func TestNoRateAnew(t *testing.T) {
	const most = 5
	plan, unknown := trial.Guarded(t, nil).With([]policy.Isolation{{ID: 1, Verb: policy.RateCap, Host: "plc", Cap: most}})
	if len(unknown) > 0 {
		t.Fatal(unknown)
	}
	for name, next := range map[string]uint16{"the same port": 0, "others": 1} {
		b := newBench(t, plan)
		b.now -= b.now % second
		port, until := uint16(50000), b.now+second
		for range 2 {
			passed := 0
			for b.now < until-20*1e6 {
				b.client, b.server, port = b.client+70000, b.server+5000, port+next
				hmi := trial.HMI.At(port)
				b.frame(inline.Inside, trial.TCP(hmi, trial.PLC, b.client-1, 0, trial.SYN, nil))
				b.frame(inline.Outside, trial.TCP(trial.PLC, hmi, b.server-1, b.client, trial.SYN|trial.ACK, nil))
				b.frame(inline.Inside, trial.TCP(hmi, trial.PLC, b.client, b.server, trial.ACK, nil))
				for i := range uint16(3) {
					b.toPLC = nil
					b.frame(inline.Inside, trial.TCP(hmi, trial.PLC, b.client, b.server, trial.ACK, trial.ReadSome(i)))
					b.client += uint32(len(trial.ReadSome(i)))
					if string(payloads(b.toPLC)) == string(trial.ReadSome(i)) { // and not refused
						passed++
					}
				}
				b.frame(inline.Inside, trial.TCP(hmi, trial.PLC, b.client, b.server, trial.RST|trial.ACK, nil))
			}
			if passed != most {
				t.Errorf("%s: %d requests passed in a second, %d may", name, passed, most)
			}
			b.now, until = until, until+second
		}
	}
}
