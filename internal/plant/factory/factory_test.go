package factory

import (
	"fmt"
	"hash/fnv"
	"os"
	"strings"
	"testing"
	"time"

	"firedoor/internal/mishap"
	"firedoor/internal/plant/scenario"
)

// TestEverybodyIsAnswered: in an hour of normal life every poll gets its answer,
// none is an error, and no connection breaks.
func TestEverybodyIsAnswered(t *testing.T) {
	f, err := New(Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	f.Run(time.Hour)
	for _, name := range sortedKeys(f.operator) {
		s := f.operator[name]
		if strings.HasPrefix(name, "scada-2") {
			if s.sent != 0 {
				t.Errorf("%s: the server that is not in service asked %d times", name, s.sent)
			}
			continue
		}
		least := uint64(100)
		if strings.HasPrefix(name, "robot-plc>") {
			least = 1 // cyclic data needs no question
		}
		if s.sent < least || s.answered+1 < s.sent || s.refused > 0 || s.broken > 0 || s.dropped > 0 {
			t.Errorf("%s: %d sent, %d answered, %d of them with an error, %d found no room, %d connections broke", name, s.sent, s.answered, s.refused, s.dropped, s.broken)
		}
	}
}

// digest is all frames of a while in one number.
func digest(t *testing.T, o Options, length time.Duration) (string, int) {
	t.Helper()
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	h, n := fnv.New64a(), 0
	f.Tap(func(at int64, b []byte) {
		_, _ = fmt.Fprint(h, at) // a hash takes everything
		_, _ = h.Write(b)
		n++
	})
	f.Run(length)
	return fmt.Sprintf("%x", h.Sum64()), n
}

// TestSameSeedSameBytes: the seed is all that is left to chance.
func TestSameSeedSameBytes(t *testing.T) {
	first, n := digest(t, Options{Seed: 7}, 20*time.Minute)
	again, _ := digest(t, Options{Seed: 7}, 20*time.Minute)
	other, _ := digest(t, Options{Seed: 8}, 20*time.Minute)
	if first != again || first == other || n < 100_000 {
		t.Errorf("%d frames: %s, again %s, with another seed %s", n, first, again, other)
	}
}

// TestScenarios: every scenario of the list happens in the plant: it has hosts and
// an end, and those that ask something of controllers do ask it.
func TestScenarios(t *testing.T) {
	for _, s := range scenario.Builtin() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			f, err := New(Options{Seed: 3, Scenarios: []Planned{{Scenario: s, At: time.Minute}}})
			if err != nil {
				t.Fatal(err)
			}
			length := min(s.Lasts, 40*time.Minute) + 3*time.Minute
			f.Run(length)
			found := 0
			for _, e := range f.Truth().Entries {
				if e.Scenario != s.Name {
					continue
				}
				found++
				if len(e.Hosts) == 0 || s.Lasts <= 40*time.Minute && e.Open() {
					t.Errorf("hosts %v, from %s to %s", e.Hosts, e.Start, e.End)
				}
				if asks(s) && e.OperationsTotal == 0 {
					t.Error("nothing was asked of any controller")
				}
			}
			if found != 1 {
				t.Errorf("%d entries of the scenario", found)
			}
			for _, a := range f.acts {
				for _, name := range sortedKeys(a.sessions) {
					if x := a.sessions[name]; x.sent > 0 && x.answered == 0 && s.Name != "controller-flood" {
						t.Errorf("%s: %d asked, none answered", name, x.sent)
					}
				}
			}
		})
	}
}

// asks tells whether a scenario has a step that is a request to a controller.
func asks(s *scenario.Scenario) bool {
	for i := range s.Steps {
		switch s.Steps[i].Do {
		case scenario.Identify, scenario.Read, scenario.Write, scenario.Toggle, scenario.Poll, scenario.Ramp, scenario.Stop, scenario.Start,
			scenario.Mode, scenario.Download, scenario.Upload, scenario.ScanFunctions:
			return true
		}
	}
	return false
}

const tellDigest = "FIREDOOR_TELL_DIGEST"

// TestTellDigest tells the frames of an eventful while to TestSameBytesElsewhere.
func TestTellDigest(t *testing.T) {
	if os.Getenv(tellDigest) == "" {
		t.Skip("only for builds for other machines")
	}
	fmt.Println(mishap.OtherMark + eventful(t))
}

// eventful is a while in which the plant works, a shift changes and mixers are attacked.
func eventful(t *testing.T) string {
	t.Helper()
	o := Options{Seed: 11, Start: wall(3, 13, 50)}
	for _, name := range []string{"setpoint-write", "junk-sensor"} {
		s, err := scenario.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		o.Scenarios = append(o.Scenarios, Planned{Scenario: s, At: 2 * time.Minute})
	}
	d, _ := digest(t, o, 20*time.Minute)
	return d
}

// TestSameBytesElsewhere: the same seed gives the same frames on other machines.
func TestSameBytesElsewhere(t *testing.T) {
	want := eventful(t)
	for _, b := range mishap.OtherBuilds {
		t.Run(b.Name, func(t *testing.T) {
			if got := b.Told(t, "TestTellDigest", tellDigest); got != want {
				t.Errorf("%s, here %s", got, want)
			}
		})
	}
}
