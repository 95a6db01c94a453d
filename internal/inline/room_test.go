package inline_test

import (
	"testing"

	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
)

// TestMadeUpHoldsNothing holds that frames of connections that are none leave room to hold those of
// one that is, and that they are let go when the server says that there is no such connection.
func TestMadeUpHoldsNothing(t *testing.T) {
	for name, resets := range map[string]bool{"its server is silent": false, "its server resets": true} {
		b := newBench(t, trial.Guarded(t, nil))
		b.connect()
		b.say(trial.ReadSome(1))
		b.acknowledge()
		most := uint64(0)
		for _, size := range []int{1400, 10} {
			for i := range uint16(390 + 1400/size) {
				bad := trial.HMI.At(1 + i + uint16(size))
				for k := range 8 {
					b.frame(inline.Inside, trial.TCP(bad, trial.PLC, 5000+uint32(k*1400), 1, trial.ACK, make([]byte, size)))
					if resets && k%4 == 3 {
						b.frame(inline.Outside, trial.TCP(trial.PLC, bad, 1, 0, trial.RST, nil))
					}
					most = max(most, b.gate.Counts.Held)
				}
			}
		}
		if resets && most > 8 || b.gate.Counts.Held != 0 == resets {
			t.Errorf("%s: %d frames wait, %d at most", name, b.gate.Counts.Held, most)
		}
		b.told, b.toPLC = nil, nil
		one, two := trial.ReadSome(2), trial.ReadSome(3)
		b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client+uint32(len(one)), b.server, trial.ACK, two))
		b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client, b.server, trial.ACK, one))
		if got := string(payloads(b.toPLC)); got != "\x00"+string(one)+string(two) { // the server is asked where it is
			t.Errorf("%s: an honest segment that came early: %d bytes went on, %v", name, len(got), b.told)
		}
		if c := b.gate.Counts; c.In != c.Passed+c.Changed+c.Dropped+c.Held {
			t.Errorf("%s: counts: %+v", name, c)
		}
	}
}
