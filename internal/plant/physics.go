package plant

import "firedoor/internal/plant/chance"

// The processes are first order and counted in integers: a value goes towards
// its target by a fixed share each second, with a little noise. Integers, because
// floating point may come out differently on another processor.

// toward moves a value by 1/share of the way to its target, at least by one.
func toward(value, target, share int) int {
	step := (target - value) / share
	if step == 0 && value != target {
		step = 1
		if target < value {
			step = -1
		}
	}
	return value + step
}

// mixer is a stirred, heated vessel that is filled and emptied in turn.
type mixer struct {
	level, temperature, speed, current int // mm, 0.1 °C, rpm, 0.1 A
	temperatureSP, speedSP, recipe     int
	filling                            bool
	batches                            int
}

func newMixer() mixer {
	return mixer{level: 420, temperature: 610, speed: 118, current: 82, temperatureSP: 620, speedSP: 120, recipe: 2, filling: true}
}

func (m *mixer) step(r *chance.Random) {
	if m.filling {
		m.level += 7 + r.N(3)
	} else {
		m.level -= 11 + r.N(3)
	}
	if m.level > 900 {
		m.filling = false
	}
	if m.level < 150 && !m.filling {
		m.filling = true
		m.batches++
	}
	m.temperature = toward(m.temperature, m.temperatureSP, 25) + r.N(3) - 1
	m.speed = toward(m.speed, m.speedSP, 4) + r.N(3) - 1
	m.current = 20 + m.speed*m.level/1000 + r.N(3)
}

// boiler makes steam: the burner follows the pressure, the feed pump the level.
type boiler struct {
	pressure, level, temperature, burner, flow int // 0.01 bar, mm, 0.1 °C, %, 0.1 t/h
	pressureSP, levelSP                        int
}

func newBoiler() boiler {
	return boiler{pressure: 848, level: 1210, temperature: 1770, burner: 46, flow: 52, pressureSP: 850, levelSP: 1200}
}

func (b *boiler) step(r *chance.Random) {
	b.flow = max(30, min(80, b.flow+r.N(5)-2))
	b.burner = max(0, min(100, b.flow*4/5+(b.pressureSP-b.pressure)/4))
	b.pressure += (b.burner*5/4 - b.flow) / 3
	b.pressure = max(100, b.pressure+r.N(3)-1)
	b.level = toward(b.level, b.levelSP, 10) + r.N(5) - 2
	b.temperature = 1200 + b.pressure*2/3
}

// filler fills bottles; running is false while its controller stands.
type filler struct {
	running             bool
	speed, speedSP      int // bottles a minute
	weight, count, tank int // 0.1 g, bottles, mm
}

func newFiller() filler {
	return filler{running: true, speed: 178, speedSP: 180, weight: 5002, count: 128340, tank: 655}
}

func (f *filler) step(r *chance.Random) {
	if !f.running {
		f.speed = toward(f.speed, 0, 3)
		return
	}
	f.speed = toward(f.speed, f.speedSP, 6)
	f.count += f.speed / 60
	f.weight = 5000 + r.N(9) - 4
	f.tank = 600 + (f.tank-600+r.N(11)-4)%140
}

// robot packs what the filler gives it, over a conveyor.
type robot struct {
	cycles, position, conveyor, conveyorSP, grip int
}

func newRobot() robot { return robot{cycles: 40211, conveyor: 300, conveyorSP: 300} }

func (o *robot) step(r *chance.Random) {
	o.position += 15
	if o.position >= 360 {
		o.position -= 360
		o.cycles++
	}
	o.grip = o.position / 180
	o.conveyor = toward(o.conveyor, o.conveyorSP, 5) + r.N(3) - 1
}
