package physics

import (
	"math"
	"testing"
	"time"
)

// twins runs two plants of one seed side by side, the second with something done
// to it, and gives both values of a tag every second.
func twins(t *testing.T, controller, name string, d time.Duration, do func(*Plant)) (plain, other []float64) {
	t.Helper()
	a, b := New(4, early), New(4, early)
	run(a, 10*time.Minute)
	run(b, 10*time.Minute)
	do(b)
	_, x := tag(t, a, controller, name)
	_, y := tag(t, b, controller, name)
	for range int(d / Step) {
		a.Step()
		b.Step()
		plain, other = append(plain, x.Value), append(other, y.Value)
	}
	return plain, other
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

func deviation(v []float64) float64 {
	m, sum := mean(v), 0.0
	for _, x := range v {
		sum += (x - m) * (x - m)
	}
	return math.Sqrt(sum / float64(len(v)))
}

// TestFaultsShowInTheTag uses the flue gas sensor, which no loop listens to.
func TestFaultsShowInTheTag(t *testing.T) {
	const controller, name = "boiler-plc", "TI301.PV"
	fail := func(f Fault) func(*Plant) {
		return func(p *Plant) { p.Sensor(name).Fail(f) }
	}
	plain, other := twins(t, controller, name, time.Hour, fail(Fault{Kind: Stuck}))
	if deviation(other) > 1e-9 || deviation(plain) < 1 {
		t.Errorf("stuck: deviation %g, honest %g", deviation(other), deviation(plain))
	}
	_, other = twins(t, controller, name, time.Hour, fail(Fault{Kind: Zero}))
	if mean(other) != 0 {
		t.Errorf("zero: tells %g", mean(other))
	}
	_, other = twins(t, controller, name, time.Hour, fail(Fault{Kind: Junk}))
	if d := deviation(other); d < 90 || d > 140 { // 400 °C wide and uniform: 115
		t.Errorf("junk over 0..400: deviation %g", d)
	}
	_, other = twins(t, controller, name, time.Hour, fail(Fault{Kind: Junk, Low: 150, High: 180}))
	if m := mean(other); m < 160 || m > 170 {
		t.Errorf("junk over 150..180: mean %g", m)
	}
	plain, other = twins(t, controller, name, time.Hour, fail(Fault{Kind: Offset, Amount: 12}))
	if d := mean(other) - mean(plain); math.Abs(d-12) > 0.1 {
		t.Errorf("offset of 12: tells %g too much", d)
	}
	plain, other = twins(t, controller, name, time.Hour, fail(Fault{Kind: Offset, Amount: 12, Over: time.Hour}))
	if d := mean(other) - mean(plain); math.Abs(d-6) > 0.2 {
		t.Errorf("offset growing to 12 in this hour: tells %g too much in the mean", d)
	}
	plain, other = twins(t, controller, name, 2*time.Hour, fail(Fault{Kind: Drift, Amount: 3}))
	if d := other[7199] - plain[7199]; math.Abs(d-6) > 0.3 {
		t.Errorf("drift of 3 an hour: %g too much after two hours", d)
	}
	plain, other = twins(t, controller, name, 2*time.Hour, fail(Fault{Kind: Drift, Amount: 3, Over: time.Hour}))
	if d := other[7199] - plain[7199]; math.Abs(d-3) > 0.3 {
		t.Errorf("drift of 3 an hour for an hour: %g too much after two hours", d)
	}
	plain, other = twins(t, controller, name, time.Hour, fail(Fault{Kind: Gain, Amount: 1.1}))
	if d := mean(other) / mean(plain); math.Abs(d-1.1) > 0.002 {
		t.Errorf("gain of 1.1: tells %g times as much", d)
	}
	plain, other = twins(t, controller, name, time.Hour, func(p *Plant) {
		p.Sensor(name).Fail(Fault{Kind: Junk})
		p.Sensor(name).Heal()
	})
	if d := deviation(other) - deviation(plain); d != 0 {
		t.Errorf("healed sensor differs by %g", d)
	}
}

// TestSlowDriftIsSlow: half a sigma in thirty days is there, and cannot be seen in
// a day: the scenario of a calibration that goes wrong.
func TestSlowDriftIsSlow(t *testing.T) {
	p, q := New(4, early), New(4, early)
	s := q.Sensor("TI404.PV")
	s.Fail(Fault{Kind: Drift, Amount: s.Sigma() / 2 / (30 * 24), Over: 30 * 24 * time.Hour})
	_, x := tag(t, p, "utility-plc", "TI404.PV")
	_, y := tag(t, q, "utility-plc", "TI404.PV")
	gap := func(d time.Duration) float64 {
		sum := 0.0
		for range int(d / Step) {
			p.Step()
			q.Step()
			sum += y.Value - x.Value
		}
		return sum / d.Seconds() / s.Sigma()
	}
	first := gap(24 * time.Hour)
	if first > 0.03 || first <= 0 {
		t.Errorf("first day: %g sigma too much in the mean, want about 0.008", first)
	}
	for range 3 {
		gap(24 * time.Hour)
	}
	if fifth := gap(24 * time.Hour); fifth < 0.06 || fifth > 0.09 {
		t.Errorf("fifth day: %g sigma too much in the mean, want 0.075", fifth)
	}
}

// TestLyingSensorsMisleadTheirLoops: the loop trusts the sensor, matter does not.
func TestLyingSensorsMisleadTheirLoops(t *testing.T) {
	p := New(4, early)
	p.Sensor("mixer-1-plc/TIC101.PV").Fail(Fault{Kind: Stuck})
	p.mixers[0].temperature.held = 50 // stuck while it was still cold
	if find(run(p, 3*time.Hour), Mixer1, EventOverheat) == nil {
		t.Error("temperature stuck below the setpoint: the loop heats on, and nothing gets too hot")
	}
	q := New(4, early)
	q.Sensor("LIC301.PV").Fail(Fault{Kind: Offset, Amount: 45})
	if find(run(q, 4*time.Hour), Boiler, EventTrip) == nil {
		t.Error("the drum seems full and runs dry, and the safety controller's own sensor does not trip")
	}
	r := New(4, early)
	r.Sensor("mixer-2-plc/LIC101.PV").Fail(Fault{Kind: Zero})
	if find(run(r, time.Hour), Mixer2, EventOverflow) == nil {
		t.Error("level at zero for ever, inlet open, and nothing overflows")
	}
}

// TestNoiseIsWhatSigmaSays compares the flow of cooling water, constant in truth.
func TestNoiseIsWhatSigmaSays(t *testing.T) {
	p := New(4, early)
	s := p.Sensor("FI402.PV")
	var v []float64
	for range 20000 {
		p.Step()
		v = append(v, s.Tag().Value)
	}
	if d := deviation(v); math.Abs(d-s.Sigma()) > s.Sigma()*0.05 {
		t.Errorf("deviation %g, sigma %g", d, s.Sigma())
	}
}

// TestFaultsChangeNothingElse: a fault in a sensor nobody listens to leaves every
// other value of the plant as it was, to the last bit.
func TestFaultsChangeNothingElse(t *testing.T) {
	p, q := New(4, early), New(4, early)
	q.Sensor("TI404.PV").Fail(Fault{Kind: Junk})
	for i := range 3 * 3600 {
		p.Step()
		q.Step()
		for k, c := range p.controllers {
			for n, x := range c.Tags {
				if y := q.controllers[k].Tags[n]; x.Value != y.Value && y.Name != "TI404.PV" {
					t.Fatalf("after %d s %s/%s is %g instead of %g", i, c.Name, y.Name, y.Value, x.Value)
				}
			}
		}
	}
}

// TestBreakagesShow: each breakage moves at least one of the tags it names, by
// mean or by scatter, and Mend takes it away.
func TestBreakagesShow(t *testing.T) {
	const d = 3 * time.Hour
	for _, b := range New(4, early).Breakages() {
		t.Run(b.Name, func(t *testing.T) {
			plain, broken := New(4, early), New(4, early)
			if err := broken.Break(b.Name); err != nil {
				t.Fatal(err)
			}
			shown := map[string][2][]float64{}
			for range int(d / Step) {
				plain.Step()
				broken.Step()
				for _, name := range b.Tags {
					_, x := tag(t, plain, b.Controller, name)
					_, y := tag(t, broken, b.Controller, name)
					v := shown[name]
					v[0], v[1] = append(v[0], x.Value), append(v[1], y.Value)
					shown[name] = v
				}
			}
			seen := false
			for _, v := range shown {
				shift := math.Abs(mean(v[1]) - mean(v[0]))
				spread := math.Abs(deviation(v[1]) - deviation(v[0]))
				seen = seen || shift > 0.02*math.Abs(mean(v[0])) || spread > 0.1*deviation(v[0])
			}
			if !seen {
				t.Errorf("after %s none of %v shows it", d, b.Tags)
			}
			if e := find(broken.Events(), b.Cell, EventBreakage); e == nil || e.Words != b.Words {
				t.Errorf("no event tells of it: %v", e)
			}
			if err := broken.Mend(b.Name); err != nil {
				t.Fatal(err)
			}
			for _, now := range broken.Breakages() {
				if now.Name == b.Name && now.Broken {
					t.Error("still broken after it was mended")
				}
			}
			closed(t, broken)
		})
	}
	if New(4, early).Break("mixer-3-cooling") == nil {
		t.Error("an unknown breakage is no error")
	}
}

// TestTooHotWithoutTheNetwork is the scenario of a machine that gets too hot while
// all setpoints are as they should be.
func TestTooHotWithoutTheNetwork(t *testing.T) {
	for _, name := range []string{"mixer-1-cooling", "mixer-1-steam-valve"} {
		p := New(4, early)
		if err := p.Break(name); err != nil {
			t.Fatal(err)
		}
		_, x := tag(t, p, "mixer-1-plc", "TIC101.PV")
		highest := 0.0
		for range 3 * 3600 {
			p.Step()
			highest = math.Max(highest, x.Value)
		}
		if highest < x.High+1 {
			t.Errorf("%s: mixer reaches %g °C only, %g is usual", name, highest, x.High)
		}
	}
}
