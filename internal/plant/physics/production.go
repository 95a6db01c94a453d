package physics

import "fmt"

// Production is what people do at the machines: the same switches operators
// have on their panels, and some that no network reaches.
type Production struct{ p *Plant }

func (r *Production) runTag(c Cell) *Tag {
	p := r.p
	switch c {
	case Mixer1, Mixer2:
		return p.mixers[c-Mixer1].run
	case Filler:
		return p.filler.run
	case Capper:
		return p.capper.run
	case Vision:
		return p.vision.run
	case Robot:
		return p.robot.run
	case Boiler:
		return p.boiler.run
	default:
		return p.utility.run
	}
}

// Run lets a cell produce. Mixers begin a new batch when they are empty; the
// boiler comes up from standby in about half an hour.
func (r *Production) Run(c Cell) { r.runTag(c).set(1) }

// Pause lets a cell come to rest in good order: mixers finish their batch, the
// boiler goes to standby pressure, the others stop.
func (r *Production) Pause(c Cell) { r.runTag(c).set(0) }

// Running says whether the cell is meant to produce.
func (r *Production) Running(c Cell) bool { return r.runTag(c).on() }

// RunAll lets every cell produce.
func (r *Production) RunAll() {
	for c := range cells {
		r.Run(c)
	}
}

// PauseAll pauses every cell but the utilities, which others depend on. Who wants
// vessels and tank to be empty pauses the mixers first, and the filler when the
// tank is low: a finished batch waits in its mixer as long as the tank is full.
func (r *Production) PauseAll() {
	for c := range cells {
		if c != Utility {
			r.Pause(c)
		}
	}
}

// Recipes is the number of recipes a mixer knows, counted from 1.
const Recipes = 3

// Recipe chooses the recipe of a line (1 or 2, the mixer of the same number);
// the mixer's controller loads its setpoints.
func (r *Production) Recipe(line, n int) error {
	if line < 1 || line > len(r.p.mixers) || n < 1 || n > Recipes {
		return fmt.Errorf("recipe %d on line %d: lines are 1 and 2, recipes 1 to %d", n, line, Recipes)
	}
	r.p.mixers[line-1].recipe.set(float64(n))
	return nil
}

// Formats is the number of bottle formats, counted from 1: 500 g, 250 g, 1000 g.
const Formats = 3

// Format orders another bottle format. The filler stops for the change-over and
// comes up again to the speed of the format.
func (r *Production) Format(n int) error {
	if n < 1 || n > Formats {
		return fmt.Errorf("format %d: formats are 1 to %d", n, Formats)
	}
	r.p.filler.format.set(float64(n))
	return nil
}

// Clean starts or ends cleaning with hot water; only mixers and filler have it.
// Cleaning begins when the batch is out and ends after the rinse under way.
func (r *Production) Clean(c Cell, on bool) error {
	switch c {
	case Mixer1, Mixer2:
		r.p.mixers[c-Mixer1].clean.set(number(on))
	case Filler:
		r.p.filler.clean.set(number(on))
	default:
		return fmt.Errorf("cell %s has no cleaning: mixer-1, mixer-2 and filler have", c)
	}
	return nil
}

// EmergencyStop presses or releases the mushroom button of a cell. It works
// without any controller. After the release a cell waits 20 s.
func (r *Production) EmergencyStop(c Cell, on bool) {
	s := &r.p.stations[c]
	if s.stopped == on {
		return
	}
	s.stopped = on
	if on {
		r.p.event(c, EventStop, "emergency stop pressed", 0)
		return
	}
	s.wait = max(s.wait, 20)
	r.p.event(c, EventRelease, "emergency stop released", 0)
}

// Stopped says whether the emergency stop of a cell is pressed.
func (r *Production) Stopped(c Cell) bool { return r.p.stations[c].stopped }

// PowerOff takes the mains away from everything. Memory is kept, outputs fall.
func (r *Production) PowerOff() {
	if !r.p.powered {
		return
	}
	r.p.powered = false
	for _, c := range r.p.controllers {
		c.power(false)
	}
	r.p.event(Utility, EventPowerFailure, "mains power failed", 0)
}

// PowerOn gives it back: controllers boot one after the other (20 to 90 s), cells
// wait for people to look at them (2 to 6 minutes), utilities and boiler first.
func (r *Production) PowerOn() {
	if r.p.powered {
		return
	}
	r.p.powered = true
	for _, c := range r.p.controllers {
		c.power(true)
	}
	for c, wait := range [cells]int{Mixer1: 240, Mixer2: 270, Filler: 300, Capper: 320, Vision: 150, Robot: 360, Boiler: 180, Utility: 120} {
		r.p.stations[c].wait = wait
	}
	r.p.event(Utility, EventColdStart, "mains power is back, cold start", 0)
}

// Powered says whether the plant has mains power.
func (r *Production) Powered() bool { return r.p.powered }

// Gate opens or closes the gate of the robot's cell. Open, the robot stands still.
func (r *Production) Gate(open bool) { r.p.robot.open = open }

// ProofTest is the yearly test of the safety controller: it counts, and the burner
// is tripped and reset.
func (r *Production) ProofTest() { r.p.safety.test() }

// Reset acknowledges what is latched in a cell, as its people do. They also do it
// by themselves some minutes after the cause is gone.
func (r *Production) Reset(c Cell) {
	p := r.p
	switch c {
	case Mixer1, Mixer2:
		p.mixers[c-Mixer1].reset.set(1)
		p.mixers[c-Mixer1].driveReset.set(1)
	case Boiler:
		p.safety.reset.set(1)
	case Robot:
		p.robot.reset.set(1)
	}
}
