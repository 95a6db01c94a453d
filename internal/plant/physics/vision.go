package physics

import "math"

// vision looks at every bottle behind the capper. Its results follow the product
// unless it is fed one and the same picture.
type vision struct {
	p *Plant

	box                                        *Controller
	run, state, threshold, result, score       *Tag
	inspected, rejected, frame, lamp, exposure *Tag
	scoreNow                                   float64
	dim                                        float64 // share of light lost
	frozenScore                                float64
	out                                        belt // the table before the robot
	chance                                     random
}

func (v *vision) build(p *Plant) {
	v.p = p
	c := p.controller("vision-box", true, 75)
	v.box = c
	v.run = c.bit(Command, "RUN", "inspection runs", 1)
	v.state = c.add(State, Int, "STATE", "inspection: "+lineStates, "", 0, 3, 0, 6, 1, lineRuns)
	v.threshold = c.add(Setpoint, Int, "THRESHOLD", "score below which a bottle is rejected", "", 65, 75, 40, 95, 1, 70)
	v.result = c.add(State, Bool, "RESULT", "last bottle passed", "", 0, 1, 0, 1, 1, 1)
	v.score = c.add(Measure, Real, "SCORE", "score of the last bottle", "", 30, 100, 0, 100, 10, 92)
	v.inspected = c.count("INSPECTED", "bottles inspected", "")
	v.rejected = c.count("REJECTED", "bottles rejected", "")
	v.frame = c.count("FRAME", "pictures taken", "")
	v.lamp = c.add(Measure, Real, "LAMP", "light of the lamp, as its photodiode sees it", "%", 92, 100, 0, 110, 10, 97)
	v.exposure = c.add(Setpoint, Int, "EXPOSURE", "exposure time", "µs", 400, 600, 50, 2000, 1, 500)
	v.out.room = 400
	for range 60 {
		v.out.put(0)
	}
	v.chance, v.scoreNow, v.frozenScore = p.chance.split(), 92, 92
}

// FreezeVision feeds the vision box one and the same picture, or the camera's
// again: results stop to follow the product, counters go on. It is the breakage
// "vision-frozen".
func (p *Plant) FreezeVision(on bool) { p.setBreakage(brokenFrozen, Vision, on) }

func (v *vision) control() {
	if !v.box.scanning() {
		return
	}
	state := lineRuns
	switch {
	case !v.p.free(Vision) || !v.run.on():
		state = lineStopped
	case v.out.blocked():
		state = lineBlocked
	case v.p.capper.out.n == 0:
		state = lineStarved
	}
	v.state.set(state)
	v.lamp.set(float64(97 * (1 - v.dim) * (1 + float64(0.004*v.chance.normal()))))
}

// move inspects what came from the capper, at most four bottles in a second. A box
// that does not scan lets bottles pass unseen.
func (v *vision) move() {
	if v.p.broken[brokenLamp] {
		v.dim = math.Min(v.dim+0.00005, 0.6)
	} else {
		v.dim = 0
	}
	if !v.p.free(Vision) || v.box.scanning() && !v.run.on() {
		return
	}
	for n := 0; n < 4 && v.p.capper.out.n > 0 && !v.out.full(); n++ {
		b := v.p.capper.out.get()
		if v.box.scanning() && !v.inspect(b) {
			v.p.packed(0, 1)
			continue
		}
		v.out.put(b)
	}
}

// inspect gives a bottle its score and says whether it passes.
func (v *vision) inspect(b bottle) bool {
	mean, spread := 92.0, 2.2
	if b&(flawCap|flawLabel) != 0 {
		mean, spread = 46, 7
	}
	light := (1 - v.dim) * clamp(v.exposure.Value, 1, 5000) / 500
	dark := float64(math.Abs(light-1) * 40)
	s := clamp(mean+float64(spread*v.chance.normal())-dark, 0, 100)
	if v.p.broken[brokenFrozen] {
		s = v.frozenScore
	} else {
		v.frozenScore = s
	}
	v.score.set(s)
	v.frame.set(v.frame.Value + 1)
	v.inspected.set(v.inspected.Value + 1)
	passes := s >= v.threshold.Value || !v.box.limited()
	v.result.set(number(passes))
	if !passes {
		v.rejected.set(v.rejected.Value + 1)
	}
	return passes
}
