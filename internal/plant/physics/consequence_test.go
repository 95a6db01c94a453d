package physics

import (
	"testing"
	"time"
)

// TestForbiddenSettingsHaveConsequences: each setting, on an otherwise undisturbed
// plant, leads to its event within the time given.
func TestForbiddenSettingsHaveConsequences(t *testing.T) {
	type set struct {
		controller, tag string
		value           float64
	}
	for _, c := range []struct {
		name    string
		sets    []set
		program string // controller that gets the program without its limit
		within  time.Duration
		cell    Cell
		kind    EventKind
	}{
		{"too hot: interlock", []set{{"mixer-1-plc", "TIC101.SP", 150}}, "", 2 * time.Hour, Mixer1, EventTrip},
		{"too hot: scorched", []set{{"mixer-1-plc", "TIC101.SP", 85}}, "", 2 * time.Hour, Mixer1, EventBatchSpoilt},
		{"too hot, no interlock: boils", []set{{"mixer-1-plc", "TIC101.SP", 150}}, "mixer-1-plc", 2 * time.Hour, Mixer1, EventBoil},
		{"by hand, no interlock: boils", []set{{"mixer-1-plc", "TIC101.AUTO", 0}, {"mixer-1-plc", "TIC101.OP", 100}}, "mixer-1-plc", 2 * time.Hour, Mixer1, EventBoil},
		{"too cold", []set{{"mixer-1-plc", "TIC101.SP", 20}}, "", 3 * time.Hour, Mixer1, EventBatchSpoilt},
		{"level too high", []set{{"mixer-2-plc", "LIC101.SP", 120}}, "", time.Hour, Mixer2, EventOverflow},
		{"agitator too fast: drive trips", []set{{"mixer-1-plc", "SIC101.SP", 280}}, "", time.Hour, Mixer1, EventTrip},
		{"agitator too fast: foam", []set{{"mixer-1-plc", "SIC101.SP", 175}}, "", time.Hour, Mixer1, EventBatchSpoilt},
		{"agitator too fast, no limit: motor burns", []set{{"mixer-1-plc", "SIC101.SP", 280}}, "mixer-1-drive", time.Hour, Mixer1, EventDamage},
		{"drive taken over", []set{{"mixer-1-drive", "DRIVE.REMOTE", 0}, {"mixer-1-drive", "DRIVE.REF", 280}}, "", time.Hour, Mixer1, EventTrip},
		{"agitator stands", []set{{"mixer-1-plc", "SIC101.SP", 0}}, "", 3 * time.Hour, Mixer1, EventBatchSpoilt},
		{"pressure too high: safety trips", []set{{"boiler-plc", "PIC301.SP", 14}}, "", time.Hour, Boiler, EventTrip},
		{"pressure too high, bypassed: relief", []set{{"boiler-plc", "PIC301.SP", 14}, {"boiler-safety", "BYPASS", 1}}, "", 2 * time.Hour, Boiler, EventRelief},
		{"pressure too high, bypassed: damage", []set{{"boiler-plc", "PIC301.SP", 14}, {"boiler-safety", "BYPASS", 1}}, "", 4 * time.Hour, Boiler, EventDamage},
		{"pressure too high, safety without limits", []set{{"boiler-plc", "PIC301.SP", 14}}, "boiler-safety", 2 * time.Hour, Boiler, EventRelief},
		{"pressure limit moved", []set{{"boiler-plc", "PIC301.SP", 14}, {"boiler-safety", "PSH301.LIM", 16}}, "", 2 * time.Hour, Boiler, EventRelief},
		{"drum level too low", []set{{"boiler-plc", "LIC301.SP", 5}}, "", 4 * time.Hour, Boiler, EventTrip},
		{"drum too low, nothing stops it", []set{{"boiler-plc", "LIC301.SP", 0}, {"boiler-safety", "BYPASS", 1}}, "boiler-plc", 6 * time.Hour, Boiler, EventDamage},
		{"drum too full", []set{{"boiler-plc", "LIC301.SP", 99}}, "", 3 * time.Hour, Boiler, EventDanger},
		{"conveyor too fast", []set{{"robot-plc", "CONVEYOR.SP", 50}}, "", 10 * time.Minute, Robot, EventDrop},
		{"robot too fast", []set{{"robot-plc", "OVERRIDE", 150}}, "", 10 * time.Minute, Robot, EventDrop},
		{"air too high", []set{{"utility-plc", "PIC401.SP", 12}}, "", 30 * time.Minute, Utility, EventTrip},
		{"air too high, no limit", []set{{"utility-plc", "PIC401.SP", 12}}, "utility-plc", 30 * time.Minute, Utility, EventRelief},
		{"air too low", []set{{"utility-plc", "PIC401.SP", 2}}, "", 30 * time.Minute, Utility, EventFault},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := New(2, early)
			run(p, 10*time.Minute)
			if c.program != "" {
				p.Controller(c.program).Download(ProgramLimitRemoved)
			}
			for _, s := range c.sets {
				write(t, p, s.controller, s.tag, s.value)
			}
			if events := run(p, c.within); find(events, c.cell, c.kind) == nil {
				t.Errorf("no %s in %s within %s: %v", c.kind, c.cell, c.within, events)
			}
			closed(t, p)
		})
	}
}

// TestSettingsThatSpoilParts: some settings only show in the parts.
func TestSettingsThatSpoilParts(t *testing.T) {
	reference := New(2, early)
	run(reference, time.Hour)
	for _, c := range []struct {
		controller, tag string
		value           float64
		bad             bool // more bad parts; else fewer good ones
	}{
		{"filler-plc", "SPEED.SP", 240, true},
		{"filler-plc", "SPEED.SP", 40, false},
		{"filler-plc", "WEIGHT.SP", 430, true},
		{"filler-plc", "NOZZLES", 4, true},
		{"filler-plc", "FORMAT", 3, false},
		{"filler-plc", "RUN", 0, false},
		{"capper-plc", "TORQUE.SP", 1, true},
		{"capper-plc", "TORQUE.SP", 3, true},
		{"capper-plc", "RATE.SP", 30, false},
		{"vision-box", "THRESHOLD", 97, true},
		{"vision-box", "EXPOSURE", 50, true},
		{"robot-plc", "CONVEYOR.SP", 5, false},
		{"robot-plc", "OVERRIDE", 20, false},
		{"robot-plc", "RUN", 0, false},
	} {
		p := New(2, early)
		write(t, p, c.controller, c.tag, c.value)
		run(p, time.Hour)
		if c.bad && p.Bad() < 10*reference.Bad() {
			t.Errorf("%s=%g: %d bad parts, %d without", c.tag, c.value, p.Bad(), reference.Bad())
		}
		if !c.bad && p.Good()*10 > reference.Good()*9 {
			t.Errorf("%s=%g: %d good parts, %d without", c.tag, c.value, p.Good(), reference.Good())
		}
	}
}

// TestRemovedQualityLimits: without its window a station rejects nothing, and flaws
// come through to the end.
func TestRemovedQualityLimits(t *testing.T) {
	for _, c := range []struct{ controller, tag, counter string }{
		{"filler-plc", "WEIGHT.SP", "COUNT.REJECT"},
		{"capper-plc", "TORQUE.SP", "COUNT.REJECT"},
		{"vision-box", "THRESHOLD", "REJECTED"},
	} {
		value := map[string]float64{"WEIGHT.SP": 470, "TORQUE.SP": 1.3, "THRESHOLD": 95}[c.tag]
		rejects := func(program uint32) float64 {
			p := New(2, early)
			p.Controller(c.controller).Download(program)
			write(t, p, c.controller, c.tag, value)
			run(p, time.Hour)
			_, x := tag(t, p, c.controller, c.counter)
			return x.Value
		}
		with, changed, without := rejects(ProgramOriginal), rejects(2), rejects(ProgramLimitRemoved)
		if with < 500 || changed != with || without != 0 {
			t.Errorf("%s rejects %g with its limit, %g with an honest change, %g without its limit", c.controller, with, changed, without)
		}
	}
}

// TestScorchedBatchesMakeBadParts follows spoilt product to the robot: bottles no
// station rejects, and that are bad all the same.
func TestScorchedBatchesMakeBadParts(t *testing.T) {
	p := New(2, early)
	write(t, p, "mixer-1-plc", "TIC101.SP", 85)
	run(p, 5*time.Hour)
	_, packed := tag(t, p, "robot-plc", "PARTS")
	hidden := packed.Value - float64(p.Good())
	if hidden < 2000 {
		t.Errorf("%g spoilt bottles packed after five hours of scorched batches", hidden)
	}
}

func TestStoppedControllers(t *testing.T) {
	t.Run("mixer freezes its outputs and overflows", func(t *testing.T) {
		p := New(2, early)
		c, out := tag(t, p, "mixer-2-plc", "LIC101.OP")
		run(p, time.Minute)
		if out.Value != 100 {
			t.Fatalf("mixer 2 begins with filling, its inlet is at %g", out.Value)
		}
		_, level := tag(t, p, "mixer-2-plc", "LIC101.PV")
		c.Stop()
		frozen := level.Value
		c.Write(out, 0) // reaches the memory, not the valve
		events := run(p, 10*time.Minute)
		if find(events, Mixer2, EventOverflow) == nil {
			t.Error("inlet stayed open for ten minutes and nothing overflowed")
		}
		if level.Value != frozen || c.Running() {
			t.Errorf("a stopped controller went on measuring: %g, then %g", frozen, level.Value)
		}
		c.Start()
		run(p, 2*time.Second)
		if level.Value < 99 {
			t.Errorf("started again, it tells a level of %g in an overflowing vessel", level.Value)
		}
	})
	for _, c := range []struct {
		name, other, tag string
		below            float64
		after            time.Duration
	}{
		{"filler-plc", "robot-plc", "TABLE.COUNT", 12, 10 * time.Minute},
		{"robot-plc", "filler-plc", "SPEED.PV", 1, 15 * time.Minute}, // blocked back to the filler
		{"boiler-plc", "boiler-safety", "PSH301.PV", 7, time.Hour},
		{"boiler-safety", "boiler-plc", "PIC301.PV", 7, time.Hour},
		{"mixer-1-drive", "mixer-1-plc", "SIC101.PV", 1, time.Minute},
		{"capper-plc", "filler-plc", "SPEED.PV", 1, 10 * time.Minute},
	} {
		p := New(2, early)
		run(p, time.Minute)
		p.Controller(c.name).Stop()
		good := p.Good()
		run(p, c.after)
		if _, x := tag(t, p, c.other, c.tag); x.Value >= c.below {
			t.Errorf("%s stopped: %s of %s is still at %g", c.name, c.tag, c.other, x.Value)
		}
		if c.name == "robot-plc" && p.Good() != good {
			t.Errorf("the robot packed %d bottles without a controller", p.Good()-good)
		}
	}
}

func TestFrozenVisionLetsFlawsPass(t *testing.T) {
	rejected := func(freeze bool) (float64, float64, int64) {
		p := New(2, early)
		p.FreezeVision(freeze)
		write(t, p, "capper-plc", "TORQUE.SP", 1)
		p.Controller("capper-plc").Download(ProgramLimitRemoved)
		run(p, time.Hour)
		_, r := tag(t, p, "vision-box", "REJECTED")
		_, n := tag(t, p, "vision-box", "INSPECTED")
		_, parts := tag(t, p, "robot-plc", "PARTS")
		return r.Value, n.Value, int64(parts.Value) - p.Good()
	}
	honest, _, few := rejected(false)
	frozen, seen, many := rejected(true)
	if honest < 1000 || frozen != 0 || seen < 5000 || many < 1000 || few > many/10 {
		t.Errorf("loose caps: honest box rejects %g and lets %d through, frozen one %g of %g and %d", honest, few, frozen, seen, many)
	}
}
