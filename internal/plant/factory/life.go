package factory

import (
	"fmt"
	"time"

	"firedoor/internal/plant/physics"
	"firedoor/internal/plant/truth"
)

// live starts the processes and the calendar of the people around them.
func (f *Factory) live() error {
	f.every(physics.Step, physics.Step, f.step)
	for _, at := range []time.Duration{6 * time.Hour, 14 * time.Hour, 22 * time.Hour} {
		f.daily(at, f.shiftChange)
	}
	f.adjust()
	f.daily(2*time.Hour+30*time.Minute, f.backup)
	f.daily(9*time.Hour+40*time.Minute, f.diagnose)
	for _, day := range []time.Weekday{time.Tuesday, time.Thursday} {
		f.weekly(weekly{day, 10 * time.Hour}, func(int) { f.changeFormat(2) })
		f.weekly(weekly{day, 15 * time.Hour}, func(int) { f.changeFormat(1) })
	}
	f.weekly(weekly{time.Saturday, 6 * time.Hour}, func(int) { f.weekend() })
	f.weekly(weekly{time.Saturday, 8 * time.Hour}, func(int) { f.cleaned() })
	f.weekly(weekly{time.Monday, 4*time.Hour + 30*time.Minute}, func(int) { f.startOfWeek() })
	f.weekly(weekly{time.Sunday, 3*time.Hour + 10*time.Minute}, func(int) { f.setClocks() })
	f.weekly(weekly{time.Wednesday, 13 * time.Hour}, inWeek(0, f.vendorVisit))
	f.weekly(weekly{time.Thursday, 15*time.Hour + 20*time.Minute}, inWeek(0, f.emergencyStop))
	f.weekly(weekly{time.Friday, 11 * time.Hour}, inWeek(0, f.switchOver))
	f.weekly(weekly{time.Tuesday, 21 * time.Hour}, inWeek(1, f.updateFirmware))
	f.weekly(weekly{time.Thursday, 9*time.Hour + 30*time.Minute}, inWeek(1, f.replaceDevice))
	f.weekly(weekly{time.Friday, 3*time.Hour + 12*time.Minute}, inWeek(1, f.powerFailure))
	return nil
}

// inWeek does something in every fourth week, beginning with one.
func inWeek(first int, do func()) func(int) {
	return func(week int) {
		if ((week%4)+4)%4 == first {
			do()
		}
	}
}

// daily does something every day at a time on the wall.
func (f *Factory) daily(at time.Duration, do func()) {
	var again func()
	again = func() {
		do()
		f.world.At(nextDaily(f.world.Now(), at), again)
	}
	f.world.At(nextDaily(f.world.Now(), at), again)
}

// weekly does something every week; it is told which week this is, counted from
// that of DefaultStart.
func (f *Factory) weekly(w weekly, do func(week int)) {
	var again func()
	again = func() {
		do(weekOf(f.world.Now()))
		f.world.At(w.next(f.world.Now()), again)
	}
	f.world.At(w.next(f.world.Now()), again)
}

// step moves the processes on, and lets people react to what happened in them.
func (f *Factory) step() {
	f.physics.Step()
	if f.Stepped != nil {
		f.Stepped()
	}
	for _, e := range f.physics.Events() {
		if f.Noticed != nil {
			f.Noticed(e)
		}
		if e.Kind == physics.EventBatchDone && e.Cell <= physics.Mixer2 {
			f.nextRecipe(int(e.Cell) + 1)
		}
	}
}

// busy tells whether it is a time of production: not the weekend.
func (f *Factory) busy() bool {
	wall := local(f.world.Now())
	switch wall.Weekday() {
	case time.Sunday:
		return false
	case time.Saturday:
		return wall.Hour() < 6
	case time.Monday:
		return wall.Hour() >= 5
	}
	return true
}

// begin writes down that something honest begins.
func (f *Factory) begin(kind string, class truth.Class, words string, order string, involved ...*unit) *truth.Entry {
	e := f.truth.Begin(truth.Entry{Kind: kind, Class: class, Words: words, Start: truth.Moment(f.world.Now()), WorkOrder: order})
	for _, u := range involved {
		f.truth.Involve(e, f.hostTruth(u, truth.Actor))
	}
	return e
}

// end ends it after a while.
func (f *Factory) end(e *truth.Entry, after time.Duration) {
	f.after(after, func() { f.truth.End(e, truth.Moment(f.world.Now())) })
}

// operate writes a value as an operator does at a panel: over its connection.
func (f *Factory) operate(e *truth.Entry, panel, server, tag string, value float64) {
	from, to := f.device(panel), f.device(server)
	p, t, ok := to.image.find(tag)
	if !ok {
		return
	}
	r := writeOf(p, value)
	e.Variables = append(e.Variables, truth.Variable{Controller: server, Tag: tag, Words: t.Words, Effect: fmt.Sprintf("%g instead of %g %s", value, t.Value, t.Unit)})
	f.truth.Involve(e, f.hostTruth(from, truth.Actor))
	f.truth.Involve(e, f.hostTruth(to, truth.Target))
	s := f.operatorSession(from, to)
	s.put(task{ask: r, entry: e, sent: func() { f.tell(e, from, to, s, &r) }})
}

// panels by the controller they belong to.
var panels = []struct{ panel, server string }{
	{"mixer-1-hmi", "mixer-1-plc"}, {"mixer-2-hmi", "mixer-2-plc"}, {"filler-hmi", "filler-plc"},
	{"filler-hmi", "capper-plc"}, {"robot-hmi", "robot-plc"}, {"boiler-hmi", "boiler-plc"},
}

// shiftChange: those who come in trim their machines a little, within the usual.
func (f *Factory) shiftChange() {
	if !f.busy() {
		return
	}
	e := f.begin("shift-change", truth.Routine, "the next shift comes in and trims its machines within the usual", "")
	for _, p := range panels {
		f.after(time.Minute+f.about(20*time.Minute), func() {
			if f.rnd.N(2) == 0 {
				f.trim(e, p.panel, p.server)
			}
		})
	}
	f.end(e, 25*time.Minute)
}

// trim moves one setpoint within its usual range.
func (f *Factory) trim(e *truth.Entry, panel, server string) {
	var list []*physics.Tag
	for _, t := range f.device(server).image.tags {
		if t.Role == physics.Setpoint && t.High > t.Low {
			list = append(list, t)
		}
	}
	if len(list) == 0 {
		return
	}
	t := list[f.rnd.N(len(list))]
	middle, half := (t.Low+t.High)/2, (t.High-t.Low)/2
	share := float64(f.rnd.N(101)-50) / 100
	f.operate(e, panel, server, t.Name, middle+float64(half*share))
}

// adjust: operators move a setpoint within the usual, now and then.
func (f *Factory) adjust() {
	for _, p := range panels {
		var again func()
		again = func() {
			if f.busy() {
				e := f.begin("adjustment", truth.Routine, "an operator moves a setpoint within the usual", "")
				f.trim(e, p.panel, p.server)
				f.end(e, time.Minute)
			}
			f.after(15*time.Minute+f.about(30*time.Minute), again)
		}
		f.after(2*time.Minute+f.about(20*time.Minute), again)
	}
}

// nextRecipe: the operator chooses what the next batch will be.
func (f *Factory) nextRecipe(line int) {
	name := []string{"mixer-1-", "mixer-2-"}[line-1]
	f.after(30*time.Second+f.about(time.Minute), func() {
		e := f.begin("recipe-change", truth.Routine, "the operator chooses the recipe of the next batch", "")
		f.operate(e, name+"hmi", name+"plc", "RECIPE", float64(1+f.rnd.N(physics.Recipes)))
		f.end(e, time.Minute)
	})
}

// changeFormat: other bottles for some hours.
func (f *Factory) changeFormat(n int) {
	e := f.begin("format-change", truth.Routine, "the filler is changed over to other bottles", "")
	f.operate(e, "filler-hmi", "filler-plc", "FORMAT", float64(n))
	f.end(e, 20*time.Minute)
}

// weekend: production comes to rest and the lines are cleaned.
func (f *Factory) weekend() {
	e := f.begin("weekend", truth.Routine, "production comes to rest for the weekend; mixers and filler are cleaned", "")
	for i, p := range panels {
		f.after(time.Duration(i)*3*time.Minute+f.about(time.Minute), func() { f.operate(e, p.panel, p.server, "RUN", 0) })
	}
	f.after(25*time.Minute, func() {
		for _, p := range panels[:3] {
			f.operate(e, p.panel, p.server, "CLEAN", 1)
		}
	})
	f.end(e, 40*time.Minute)
}

func (f *Factory) cleaned() {
	e := f.begin("cleaning-ends", truth.Routine, "cleaning is over", "")
	for _, p := range panels[:3] {
		f.operate(e, p.panel, p.server, "CLEAN", 0)
	}
	f.end(e, 10*time.Minute)
}

// startOfWeek: the boiler first, then everything.
func (f *Factory) startOfWeek() {
	e := f.begin("start-of-week", truth.Routine, "the plant starts into the week: boiler first, then the lines", "")
	f.operate(e, "boiler-hmi", "boiler-plc", "RUN", 1)
	for i, p := range panels {
		f.after(35*time.Minute+time.Duration(i)*4*time.Minute+f.about(time.Minute), func() { f.operate(e, p.panel, p.server, "RUN", 1) })
	}
	f.end(e, 70*time.Minute)
}

// emergencyStop: somebody presses the button of the robot's cell.
func (f *Factory) emergencyStop() {
	e := f.begin("emergency-stop", truth.Routine, "somebody presses the emergency stop of the robot's cell; it is released six minutes later", "", f.device("robot-plc"))
	f.physics.Production().EmergencyStop(physics.Robot, true)
	f.after(6*time.Minute, func() {
		f.physics.Production().EmergencyStop(physics.Robot, false)
		f.operate(e, "robot-hmi", "robot-plc", "RESET", 1)
	})
	f.end(e, 10*time.Minute)
}

// powerFailure: the mains fail for four minutes; everything on the floor comes up cold.
func (f *Factory) powerFailure() {
	e := f.begin("power-failure", truth.Notable, "the mains fail for four minutes, then everything starts cold", "")
	f.physics.Production().PowerOff()
	for _, u := range f.order {
		if !f.onFloor(u) {
			continue
		}
		u.host.Power(false)
		f.truth.Involve(e, f.hostTruth(u, truth.Target))
		f.after(4*time.Minute+20*time.Second+f.about(90*time.Second), func() { u.host.Power(true) })
	}
	f.after(4*time.Minute, f.physics.Production().PowerOn)
	f.end(e, 20*time.Minute)
}

// onFloor tells whether a device hangs on the mains of the floor; servers have
// batteries.
func (f *Factory) onFloor(u *unit) bool {
	switch u.network {
	case "line-1", "line-2":
		return true
	case "control":
		return u.manner != server && u.manner != linux && u.manner != switching
	}
	return false
}
