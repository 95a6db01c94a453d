package inline_test

import (
	"testing"
	"time"

	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
)

// paced writes values to register 5, each some time after the one before, and tells how many
// of them went on.
func paced(t *testing.T, rule func(*policy.Match), values []uint16, after time.Duration) (passed int) {
	b := newBench(t, trial.Guarded(t, func(p *policy.Policy) {
		m := &p.Conduits[0].Rules[1].Match
		m.Values = nil
		rule(m)
	}))
	b.connect()
	b.reads(1, 5, values[0])
	for _, v := range values {
		b.now += int64(after)
		if b.writes(1, 5, v, true) {
			passed++
		}
	}
	return passed
}

// TestRamp holds that steps of which each is small go as far as the rate has it within its time
// and no further, and that slow ones do.
func TestRamp(t *testing.T) {
	ramp := []uint16{100}
	for v := uint16(110); v <= 600; v += 10 {
		ramp = append(ramp, v)
	}
	step := func(m *policy.Match) { m.Step = 10 }
	rate := func(m *policy.Match) { m.Step, m.Rate = 10, policy.Rate{Most: 50, Within: time.Second} }
	if n := paced(t, step, ramp, time.Millisecond); n != len(ramp) {
		t.Errorf("a step alone: %d of %d", n, len(ramp))
	}
	if n := paced(t, rate, ramp, time.Millisecond); n != 6 {
		t.Errorf("within less than a second: %d of %d, want the first and 5 steps of 10", n, len(ramp))
	}
	if n := paced(t, rate, ramp, 250*time.Millisecond); n != len(ramp) {
		t.Errorf("40 a second: %d of %d", n, len(ramp))
	}
	if n := paced(t, func(m *policy.Match) { m.Rate = policy.Rate{Most: 50, Within: time.Minute} }, []uint16{100, 150, 200}, 31*time.Second); n != 2 {
		t.Errorf("50 a minute: %d of 3", n)
	}
}

// TestRateWithoutRoom holds that values of which it is not remembered how far they went do not pass
// by a rule with a rate, however many others were written before.
func TestRateWithoutRoom(t *testing.T) {
	b := newBench(t, trial.Guarded(t, func(p *policy.Policy) {
		m := &p.Conduits[0].Rules[1].Match
		p.Conduits[0].Unjudged = policy.Open
		m.Values, m.Rate, m.Objects[0].To = nil, policy.Rate{Most: 50, Within: time.Second}, 65535
	}))
	b.connect()
	write := func(register, value uint16) bool { return b.writes(1, register, value, true) }
	for register := uint16(100); register < 100+16384; register++ {
		write(register, 1)
		write(register, 2)
	}
	if !write(100, 40) || write(101, 500) {
		t.Error("what is followed is judged in another way")
	}
	if write(50, 1); write(50, 2) {
		t.Error("there was no room to follow it, and it passes")
	}
}
