package inline_test

import (
	"testing"

	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
)

// TestPlaceLost holds that a gate does not judge by what it knew before others had a connection, of which
// nobody knows any more how far they let it go: its server is asked.
func TestPlaceLost(t *testing.T) {
	for name, lose := range map[string]func(*line){
		"another has its place": func(l *line) { l.streams.at = inline.Position{} },
		"there is none":         func(l *line) { l.streams.full = true },
		"much went by unseen":   func(l *line) { l.streams.behind = true },
	} {
		l := newLine(t, trial.Guarded(t, trial.More))
		l.connect()
		first := l.client
		device := &trial.Device{Next: first}
		reach(device, [][]byte{trial.TCP(trial.HMI, trial.PLC, first, l.server, trial.ACK, trial.ReadSome(1))}) // it passes in the kernel
		lose(l)
		l.toPLC = nil
		l.say(straddling())
		l.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, l.server, device.Next, trial.ACK, nil))
		if reach(device, l.toPLC); device.Harm() > 0 {
			t.Errorf("%s: a forbidden write passed: % x; %v", name, device.Got, l.told)
		}
	}
}

// TestGoesOnBehindWhatPassed holds that an honest client's connection goes on behind what passed unseen, also where this gate
// left it last, and that nothing of it is taken for what it was asked for before.
func TestGoesOnBehindWhatPassed(t *testing.T) {
	plan, _ := trial.Guarded(t, nil).With([]policy.Isolation{{ID: 1, Verb: policy.RateCap, Host: "plc", Cap: 1 << 20}}) // the gate keeps all of it
	l := newLine(t, plan)
	l.connect()
	l.say(trial.ReadSome(1))
	l.acknowledge()
	if !l.streams.at.Left {
		t.Fatal("the gate did not keep it")
	}
	l.streams.behind = true
	l.client += 24 // two polls that never came by
	l.toPLC = nil
	l.say(trial.ReadSome(2))
	if n := len(payloads(l.toPLC)); n > 1 {
		t.Fatalf("%d bytes went on before the server was heard", n)
	}
	l.client -= 12
	l.acknowledge()
	l.client += 12
	if got := payloads(l.toPLC); len(got) < 12 || string(got[len(got)-12:]) != string(trial.ReadSome(2)) {
		t.Errorf("% x went on; %v", got, l.told)
	}
}
