package inline_test

import (
	"testing"

	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
)

// TestNobodyAnswersItself holds that a client that also speaks in its server's name, from its own side, is not taken
// for that: neither where its connection begins, nor where a gate meets one that is under way. What its server says goes on.
func TestNobodyAnswersItself(t *testing.T) {
	for name, c := range map[string]struct {
		flags   byte
		payload []byte
		begins  bool // it is said before the server answers, else to another gate behind that
	}{
		"takes its own connection": {trial.SYN | trial.ACK, nil, true},
		"acknowledges":             {trial.ACK, nil, false},
		"says something":           {trial.ACK, []byte("x"), false},
		"takes it once more":       {trial.SYN | trial.ACK, nil, false},
	} {
		l := newLine(t, trial.Guarded(t, nil))
		forge := func() {
			l.frame(inline.Inside, trial.TCP(trial.PLC, trial.HMI, 77, l.client, c.flags, c.payload))
		}
		l.syn(l.client - 1)
		if c.begins {
			forge()
		}
		l.taken(l.server-1, l.client)
		l.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, l.client, l.server, trial.ACK, nil))
		device := &trial.Device{Next: l.client}
		if !c.begins {
			l.Restart(false)
			forge()
		}
		for _, request := range [][]byte{trial.ReadSome(1), trial.WriteOne(2, 200, 7)} {
			l.toPLC = nil
			l.say(request)
			reach(device, l.toPLC)
		}
		if device.Harm() > 0 || len(device.Got) != 24 {
			t.Errorf("%s: % x went on; %v", name, device.Got, l.told)
		}
	}
}
