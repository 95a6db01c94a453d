package physics

import (
	"math"
	"testing"
	"time"
)

func TestControllersAreAllThere(t *testing.T) {
	want := []string{
		"mixer-1-plc", "mixer-1-drive", "mixer-2-plc", "mixer-2-drive", "filler-plc", "capper-plc", "robot-plc",
		"boiler-plc", "boiler-safety", "vision-box", "power-meter", "utility-plc",
	}
	p := New(1, early)
	if len(p.Controllers()) != len(want) {
		t.Fatalf("%d controllers, want %d", len(p.Controllers()), len(want))
	}
	for i, name := range want {
		c := p.Controllers()[i]
		if c.Name != name || p.Controller(name) != c || len(c.Tags) < 8 || len(c.Tags) > 25 {
			t.Errorf("controller %d is %s with %d tags, want %s with 8 to 25", i, c.Name, len(c.Tags), name)
		}
		for _, x := range c.Tags {
			if c.Tag(x.Name) != x {
				t.Errorf("%s/%s is there twice", c.Name, x.Name)
			}
		}
	}
	for i, x := range p.Controllers()[0].Tags {
		if y := p.Controllers()[2].Tags[i]; y.Name != x.Name {
			t.Errorf("mixers differ: %s and %s", x.Name, y.Name)
		}
	}
	if p.Controller("none") != nil || p.Sensor("none") != nil || p.Controllers()[0].Tag("none") != nil {
		t.Error("something was found that is not there")
	}
	if s := p.Sensor("mixer-2-plc/TIC101.PV"); s == nil || s.Controller() != "mixer-2-plc" || s.Name() != "TIC101.PV" {
		t.Errorf("full name found %v", s)
	}
}

func TestWritesTakeEverything(t *testing.T) {
	p := New(1, early)
	c, x := tag(t, p, "mixer-1-plc", "TIC101.SP")
	for _, v := range []struct{ in, held float64 }{
		{150.04, 150}, {-40, -40}, {math.NaN(), 0}, {1e300, maxFloat32}, {math.Inf(-1), -maxFloat32}, {62, 62},
	} {
		c.Write(x, v.in)
		if math.Abs(x.Value-v.held) > math.Abs(v.held)*1e-9 {
			t.Errorf("wrote %g, memory holds %g, want %g", v.in, x.Value, v.held)
		}
		p.Step()
	}
	_, run := tag(t, p, "mixer-1-plc", "RUN")
	c.Write(run, 7)
	if run.Value != 1 {
		t.Errorf("a switch holds %g", run.Value)
	}
}

// TestWildWritesKeepThePlantFinite writes wild numbers everywhere, again and again.
func TestWildWritesKeepThePlantFinite(t *testing.T) {
	p := New(1, early)
	r := seeded(99)
	wild := []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 0, 1, 2, 7, 50, 255, 65535, 1e9, -1e9, 1e300, 0.001}
	for range 4000 {
		c := p.controllers[r.Next()%uint64(len(p.controllers))]
		c.Write(c.Tags[r.Next()%uint64(len(c.Tags))], wild[r.Next()%uint64(len(wild))])
		for range 5 {
			p.Step()
		}
		p.Events()
		for _, v := range matter(p) {
			if math.IsNaN(v) || math.Abs(v) > 1e12 {
				t.Fatalf("matter holds %g", v)
			}
		}
	}
	closed(t, p)
}

func TestRestAndRun(t *testing.T) {
	p := New(1, early)
	r := p.Production()
	r.Pause(Mixer1)
	r.Pause(Mixer2)
	run(p, 3*time.Hour)
	for i := range p.mixers {
		if m := &p.mixers[i]; m.phase != idle || m.mass > 60 {
			t.Errorf("mixer %d did not come to rest: phase %d, %g kg", i+1, m.phase, m.mass)
		}
	}
	r.PauseAll()
	run(p, 30*time.Minute)
	good := p.Good()
	run(p, 62*time.Hour)
	if p.Good() != good || p.GoodPerHour() != 0 {
		t.Errorf("packed %d bottles over a weekend", p.Good()-good)
	}
	_, pressure := tag(t, p, "boiler-plc", "PIC301.PV")
	if pressure.Value < 3 || pressure.Value > 5.5 {
		t.Errorf("boiler waits at %g bar, standby is %g", pressure.Value, standbyAt)
	}
	r.RunAll()
	if e := run(p, time.Hour); find(e, Boiler, EventTrip) != nil || pressure.Value < 8 || pressure.Value > 9.2 {
		t.Errorf("an hour after the weekend the boiler is at %g bar: %v", pressure.Value, e)
	}
	run(p, 5*time.Hour)
	if n := p.GoodPerHour(); n < 6000 {
		t.Errorf("%d parts an hour, six hours after the start", n)
	}
	closed(t, p)
}

func TestRecipesAndFormats(t *testing.T) {
	p := New(1, early)
	r := p.Production()
	if r.Recipe(1, 3) != nil || r.Format(2) != nil {
		t.Fatal("a recipe or format is refused")
	}
	if r.Recipe(3, 1) == nil || r.Recipe(1, 9) == nil || r.Format(0) == nil || r.Clean(Boiler, true) == nil {
		t.Error("what does not exist is taken")
	}
	_, sp := tag(t, p, "mixer-1-plc", "TIC101.SP")
	_, speed := tag(t, p, "filler-plc", "SPEED.PV")
	_, weight := tag(t, p, "filler-plc", "WEIGHT.PV")
	run(p, 2*time.Minute)
	if sp.Value != recipes[2].temperature || speed.Value > 1 {
		t.Errorf("setpoint %g, filler at %g in the change-over", sp.Value, speed.Value)
	}
	events := run(p, 30*time.Minute)
	if math.Abs(speed.Value-160) > 2 || math.Abs(weight.Value-250) > 8 || weight.High > 260 || weight.Low < 240 {
		t.Errorf("format 2 runs at %g with %g g: %v", speed.Value, weight.Value, events)
	}
	run(p, 3*time.Hour)
	_, pv := tag(t, p, "mixer-1-plc", "TIC101.PV")
	if n := p.GoodPerHour(); n < 6000 || pv.Value > 70 {
		t.Errorf("%d parts an hour, %g °C", n, pv.Value)
	}
}

func TestCleaning(t *testing.T) {
	p := New(1, early)
	r := p.Production()
	if err := r.Clean(Mixer1, true); err != nil {
		t.Fatal(err)
	}
	_, hot := tag(t, p, "mixer-1-plc", "TIC101.PV")
	highest := 0.0
	for range 3 * 3600 {
		p.Step()
		if p.mixers[0].phase == cleaning {
			highest = math.Max(highest, hot.Value)
		}
	}
	if err := r.Clean(Mixer1, false); err != nil {
		t.Fatal(err)
	}
	if err := r.Clean(Filler, true); err != nil { // mixers keep their batches meanwhile
		t.Fatal(err)
	}
	events := append(p.Events(), run(p, 2*time.Hour)...)
	if level := p.filler.levelS.tag.Value; level > 25 || p.filler.degrees() < 50 {
		t.Errorf("tank in cleaning holds %g %% at %g °C", level, p.filler.degrees())
	}
	if err := r.Clean(Filler, false); err != nil {
		t.Fatal(err)
	}
	events = append(events, run(p, 5*time.Hour)...)
	if find(events, Mixer1, EventCleaned) == nil || find(events, Filler, EventCleaned) == nil || highest < 65 {
		t.Errorf("cleaning reached %g °C: %v", highest, events)
	}
	if n := p.GoodPerHour(); n < 6000 {
		t.Errorf("%d parts an hour after cleaning", n)
	}
	if p.filler.spoilt > 1 {
		t.Errorf("%g kg in the tank are spoilt after cleaning", p.filler.spoilt)
	}
	closed(t, p)
}

// TestWeekend pauses everything and cleans mixers and filler at once, as plants do
// on a Saturday: last batches come out, all is cleaned, and Monday works.
func TestWeekend(t *testing.T) {
	for minutes := 0; minutes < 90; minutes += 15 { // wherever the batches are
		p := New(1, early)
		r := p.Production()
		run(p, time.Duration(60+minutes)*time.Minute)
		r.PauseAll()
		run(p, 25*time.Minute)
		for _, c := range []Cell{Mixer1, Mixer2, Filler} {
			if err := r.Clean(c, true); err != nil {
				t.Fatal(err)
			}
		}
		events := run(p, 4*time.Hour)
		for _, c := range []Cell{Mixer1, Mixer2, Filler} {
			if err := r.Clean(c, false); err != nil {
				t.Fatal(err)
			}
		}
		events = append(events, run(p, 40*time.Hour)...)
		for _, c := range []Cell{Mixer1, Mixer2, Filler} {
			if find(events, c, EventCleaned) == nil {
				t.Errorf("%d minutes: %s was not cleaned", minutes, c)
			}
		}
		for _, kind := range []EventKind{EventTrip, EventOverflow, EventBatchSpoilt, EventOverheat, EventFault} {
			for c := range cells {
				if e := find(events, c, kind); e != nil {
					t.Errorf("%d minutes: %s over the weekend: %v", minutes, kind, *e)
				}
			}
		}
		if p.mixers[0].phase != idle || p.mixers[1].phase != idle || p.filler.mass > 100 {
			t.Errorf("%d minutes: phases %d and %d, %g kg in the tank after cleaning", minutes, p.mixers[0].phase, p.mixers[1].phase, p.filler.mass)
		}
		r.RunAll()
		run(p, 4*time.Hour)
		if n := p.GoodPerHour(); n < 6000 {
			t.Errorf("%d minutes: %d parts an hour on Monday", minutes, n)
		}
		closed(t, p)
	}
}

func TestEmergencyStop(t *testing.T) {
	p := New(1, early)
	r := p.Production()
	run(p, 5*time.Minute)
	write(t, p, "mixer-1-drive", "DRIVE.REMOTE", 0) // the button works without the mixer's controller
	write(t, p, "mixer-1-drive", "DRIVE.REF", 100)
	for c := range cells {
		r.EmergencyStop(c, true)
	}
	run(p, time.Minute)
	for _, x := range []struct{ controller, tag string }{
		{"mixer-1-plc", "SIC101.PV"}, {"filler-plc", "SPEED.PV"}, {"capper-plc", "RATE.PV"}, {"robot-plc", "CONVEYOR.PV"}, {"boiler-plc", "PIC301.OP"},
	} {
		if _, v := tag(t, p, x.controller, x.tag); v.Value > 0.5 {
			t.Errorf("%s/%s is at %g a minute after the emergency stop", x.controller, x.tag, v.Value)
		}
	}
	if _, x := tag(t, p, "filler-plc", "ESTOP"); x.Value != 1 || !r.Stopped(Filler) {
		t.Error("the controller does not tell of the emergency stop")
	}
	good := p.Good()
	run(p, 10*time.Minute)
	if p.Good() != good {
		t.Error("bottles are packed in an emergency stop")
	}
	write(t, p, "mixer-1-drive", "DRIVE.REMOTE", 1)
	for c := range cells {
		r.EmergencyStop(c, false)
	}
	run(p, 3*time.Hour)
	if n := p.GoodPerHour(); n < 6000 {
		t.Errorf("%d parts an hour after the release", n)
	}
	closed(t, p)
}

func TestPowerFailureAndColdStart(t *testing.T) {
	p := New(1, early)
	r := p.Production()
	run(p, time.Hour)
	r.PowerOff()
	c, x := tag(t, p, "mixer-1-plc", "TIC101.SP")
	c.Write(x, 99)
	if x.Value == 99 || c.Powered() || c.Running() {
		t.Error("a controller without power works")
	}
	good := p.Good()
	run(p, 2*time.Hour)
	if p.Good() != good || p.mixers[0].speed != 0 || p.boiler.burning != 0 {
		t.Error("something moves without power")
	}
	r.PowerOn()
	if c.Powered() {
		t.Error("a controller boots in no time")
	}
	run(p, 100*time.Second)
	for _, c := range p.Controllers() {
		if !c.Powered() {
			t.Errorf("%s has not booted after 100 s", c.Name)
		}
	}
	run(p, time.Minute)
	if p.Good() != good {
		t.Error("parts are packed before people looked at the machines")
	}
	run(p, 4*time.Hour)
	if n := p.GoodPerHour(); n < 6000 {
		t.Errorf("%d parts an hour, four hours after the cold start", n)
	}
	closed(t, p)
}

func TestGateStopsTheRobot(t *testing.T) {
	p := New(1, early)
	r := p.Production()
	run(p, 5*time.Minute)
	r.Gate(true)
	good := p.Good()
	if e := run(p, time.Minute); find(e, Robot, EventTrip) == nil || p.Good() != good {
		t.Errorf("gate open: %d bottles packed, %v", p.Good()-good, e)
	}
	r.Gate(false)
	run(p, 5*time.Minute)
	if p.Good() == good {
		t.Error("gate shut again and the robot stands")
	}
	p.Controller("robot-plc").Download(ProgramLimitRemoved)
	r.Gate(true)
	if e := run(p, time.Minute); find(e, Robot, EventDanger) == nil {
		t.Errorf("no interlock, gate open, and nobody tells: %v", e)
	}
}

func TestProofTest(t *testing.T) {
	p := New(1, early)
	_, count := tag(t, p, "boiler-safety", "PROOF.COUNT")
	before := count.Value
	p.Production().ProofTest()
	e := run(p, 10*time.Second)
	if count.Value != before+1 || find(e, Boiler, EventTrip) == nil {
		t.Errorf("proof test: counter %g, then %g, %v", before, count.Value, e)
	}
	p.Production().Reset(Boiler)
	run(p, 10*time.Second)
	p.Production().Reset(Boiler)
	run(p, time.Hour)
	if _, x := tag(t, p, "boiler-plc", "BURNER.STATE"); x.Value != burnerBurns {
		t.Errorf("burner in state %g an hour after the proof test", x.Value)
	}
}

func TestEventsAreBounded(t *testing.T) {
	p := New(1, early)
	for range MaxEvents {
		p.Production().EmergencyStop(Robot, true)
		p.Production().EmergencyStop(Robot, false)
	}
	if n := len(p.Events()); n != MaxEvents || p.EventsLost() != MaxEvents {
		t.Errorf("%d events kept and %d lost, want %d each", n, p.EventsLost(), MaxEvents)
	}
	if n := len(p.Events()); n != 0 {
		t.Errorf("%d events told twice", n)
	}
}

func TestRestart(t *testing.T) {
	p := New(1, early)
	c := p.Controller("filler-plc")
	c.Stop()
	c.Restart()
	if c.Powered() || !c.Running() {
		t.Error("a controller that boots answers already, or forgot its mode")
	}
	run(p, 2*time.Minute)
	if !c.Powered() {
		t.Error("not booted after two minutes")
	}
}
