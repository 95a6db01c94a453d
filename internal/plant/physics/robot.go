package physics

import "math"

const (
	caseSize       = 12    // bottles the gripper takes at once
	cycleTime      = 5.2   // s at 100 % override
	bottlePitch    = 0.09  // m between bottles on the conveyor
	topplesAbove   = 30.0  // m/min, above which bottles topple
	vacuumNeeded   = 40.0  // kPa below the air, under which the gripper loses bottles
	safeOverride   = 110.0 // %, above which the arm shakes bottles off
	sealTimeToFail = 3600.0
)

// robot takes bottles from the table and packs them in cases.
type robot struct {
	p *Plant

	plc                                           *Controller
	run, state, reset, stopTag, gate              *Tag
	conveyorSP, conveyorOP, override              *Tag
	cycleTime, cyclePhase, cycles, parts, dropped *Tag
	tabled                                        *Tag
	conveyorS, vacuumS                            *Sensor
	axes                                          [4]*Sensor
	axis                                          [4]float64
	speed, vacuum                                 float64 // m/min, kPa
	zone                                          float64 // bottles the conveyor could still bring
	held                                          [caseSize]bottle
	taken                                         int
	at                                            float64 // how far the cycle is, 0..1
	busy, open, latched, tellDanger               bool
	latchedSeconds                                int
	calm                                          int // seconds since bottles were lost
	wear                                          float64
	chance                                        random
	jam                                           jam
}

func (r *robot) build(p *Plant) {
	r.p = p
	c := p.controller("robot-plc", false, 90)
	r.plc = c
	r.run = c.bit(Command, "RUN", "robot cell runs", 1)
	r.reset = c.bit(Command, "RESET", "acknowledge a fault", 0)
	r.state = c.add(State, Int, "STATE", "robot: "+lineStates, "", 0, 6, 0, 6, 1, lineRuns)
	r.conveyorSP = c.add(Setpoint, Real, "CONVEYOR.SP", "conveyor speed setpoint", "m/min", 18, 22, 5, 28, 10, 20)
	r.conveyorOP = c.add(Output, Real, "CONVEYOR.OP", "speed asked of the conveyor's drive", "m/min", 0, 22, 0, 60, 10, 20)
	conveyor := c.add(Measure, Real, "CONVEYOR.PV", "conveyor speed", "m/min", 0, 22.5, 0, 80, 10, 20)
	r.override = c.add(Setpoint, Int, "OVERRIDE", "robot speed, share of full", "%", 100, 100, 10, 100, 1, 100)
	vacuum := c.add(Measure, Real, "GRIP.VACUUM", "gripper vacuum, below the air", "kPa", 0, 70, 0, 100, 10, 0)
	r.cyclePhase = c.add(State, Int, "CYCLE.PHASE", "0 waits 1 reaches 2 grips 3 lifts 4 places 5 returns", "", 0, 5, 0, 5, 1, 0)
	r.cycleTime = c.add(State, Real, "CYCLE.TIME", "time of a cycle", "s", 5, 5.5, 0, 60, 100, cycleTime)
	r.cycles = c.count("CYCLES", "cycles made", "")
	r.parts = c.count("PARTS", "bottles packed", "")
	r.dropped = c.count("DROPPED", "bottles lost by the gripper or fallen on the conveyor", "")
	words := [4]string{"turn of the arm", "reach of the arm", "height of the arm", "turn of the gripper"}
	units := [4]string{"°", "mm", "mm", "°"}
	names := [4]string{"AXIS1.POS", "AXIS2.POS", "AXIS3.POS", "AXIS4.POS"}
	high := [4]float64{95, 850, 620, 185}
	for i := range r.axes {
		t := c.add(Measure, Real, names[i], words[i], units[i], -5, high[i], -180, 1000, 10, 0)
		r.axes[i] = p.sensor(c, t, 0.02, -200, 1200)
	}
	r.gate = c.bit(State, "GATE", "gate of the cell is shut", 1)
	r.tabled = c.add(State, Int, "TABLE.COUNT", "bottles on the table before the robot", "", 0, 400, 0, 400, 1, 60)
	r.stopTag = c.bit(State, "ESTOP", "emergency stop pressed", 0)
	r.conveyorS = p.sensor(c, conveyor, 0.04, 0, 80)
	r.vacuumS = p.sensor(c, vacuum, 0.3, 0, 100)
	r.speed, r.chance = 20, p.chance.split()
	r.calm = 3600
	r.jam = jam{every: 9000, chance: p.chance.split()}
}

// control is one scan of the robot's controller.
func (r *robot) control() {
	if !r.plc.scanning() {
		return
	}
	p := r.p
	r.gate.set(number(!r.open))
	r.stopTag.set(number(p.stations[Robot].stopped))
	r.tabled.set(float64(p.vision.out.n))
	if r.open && r.plc.limited() && p.free(Robot) && !r.latched && r.run.on() {
		r.latched, r.latchedSeconds = true, 0
		p.event(Robot, EventTrip, "robot stops: the gate is open", 0)
	}
	if r.latched && !r.open {
		r.latchedSeconds++
		r.latched = !r.reset.on() && r.latchedSeconds < 120
	}
	r.reset.set(0)
	state := lineRuns
	switch {
	case !p.free(Robot) || !r.run.on():
		state = lineStopped
	case r.latched || p.utility.weak || r.jam.step(r.busy):
		state = lineFaulted
	case !r.busy && p.vision.out.n < caseSize:
		state = lineStarved
	}
	if r.jam.left > 0 && state == lineFaulted && r.state.Value < lineFaulted {
		p.event(Robot, EventJam, "a carton sticks in the robot's cell", float64(r.jam.left))
	}
	r.state.set(state)
	r.conveyorOP.set(0)
	if state == lineRuns || state == lineStarved {
		r.conveyorOP.set(r.conveyorSP.Value)
	}
	r.cycleTime.set(cycleTime * 100 / clamp(r.override.Value, 10, 100))
	r.cyclePhase.set(r.step())
}

// step is the part of the cycle the arm is in, 0 when it waits.
func (r *robot) step() float64 {
	if !r.busy {
		return 0
	}
	return 1 + math.Floor(float64(math.Min(r.at, 0.999)*5))
}

// moves says whether the arm has drive power.
func (r *robot) moves() bool {
	return r.p.free(Robot) && r.plc.scanning() && r.run.on() && !r.latched && r.jam.left == 0 && !r.p.utility.weak
}

func (r *robot) move() {
	p := r.p
	target := clamp(r.conveyorOP.field, 0, 60)
	if !p.free(Robot) {
		target = 0
	}
	if p.broken[brokenConveyor] {
		target = float64(target * 0.55)
	}
	r.speed = ramp(r.speed, target, 4)
	if p.broken[brokenGripper] {
		r.wear = math.Min(r.wear+1/sealTimeToFail, 1)
	} else {
		r.wear = math.Min(r.wear+1.0/(400*24*3600), 0.2)
		if r.wear >= 0.2 {
			r.wear = 0 // cups are changed before they fail
		}
	}
	r.calm++
	r.convey()
	if r.moves() {
		r.cycle()
	}
	suck := 0.0
	if r.busy && r.at > 0.2 && r.at < 0.8 {
		suck = float64(62 * clamp(p.utility.pressure/6, 0, 1.1) * (1 - float64(0.6*r.wear)))
	}
	r.vacuum = toward(r.vacuum, suck, 1.2)
	r.pose()
}

// convey brings bottles into the picking zone, and topples some when too fast.
func (r *robot) convey() {
	p := r.p
	r.zone = math.Min(r.zone+r.speed/60/bottlePitch, 2*caseSize)
	if r.speed <= topplesAbove {
		return
	}
	share := (r.speed - topplesAbove) / 60
	if p.vision.out.n > caseSize && r.chance.unit() < share*2 {
		p.vision.out.get()
		r.lose(1, "bottles topple: the conveyor is too fast")
	}
}

// lose counts bottles that fell.
func (r *robot) lose(n int, words string) {
	r.p.packed(0, int64(n))
	if r.plc.scanning() {
		r.dropped.set(r.dropped.Value + float64(n))
	}
	if r.calm > 600 {
		r.p.event(Robot, EventDrop, words, float64(n))
	}
	r.calm = 0
}

// cycle moves the arm: a case is gripped, lifted, placed.
func (r *robot) cycle() {
	p := r.p
	if r.open {
		if !r.tellDanger {
			p.event(Robot, EventDanger, "robot moves with its gate open", 0)
		}
		r.tellDanger = true
	} else {
		r.tellDanger = false
	}
	step := clamp(r.override.Value, 0, 150) / 100 / cycleTime
	if !r.busy {
		if p.vision.out.n < caseSize || r.zone < caseSize {
			return
		}
		r.busy = true
		r.zone -= caseSize
		r.taken = 0
	}
	before := r.at
	r.at += step
	if before < 0.4 && r.at >= 0.4 && r.taken == 0 {
		r.taken = min(caseSize, p.vision.out.n)
		for i := range r.taken {
			r.held[i] = p.vision.out.get()
		}
	}
	if r.at >= 1 {
		r.at -= 1
		r.busy = false
		r.place()
	}
}

// place packs what the gripper still holds.
func (r *robot) place() {
	if r.plc.scanning() {
		r.cycles.set(r.cycles.Value + 1)
	}
	weak, fast := vacuumNeeded-r.vacuumHeld(), r.override.Value-safeOverride
	switch {
	case weak > 0 && r.chance.unit() < weak/20:
		r.lose(r.taken, "bottles fall: the gripper has no vacuum")
		r.taken = 0
		return
	case fast > 0 && r.chance.unit() < fast/40:
		r.lose(r.taken, "bottles fall: the robot is too fast")
		r.taken = 0
		return
	}
	var good, bad int64
	for _, b := range r.held[:r.taken] {
		if b == 0 {
			good++
		} else {
			bad++
		}
	}
	r.p.packed(good, bad)
	if r.plc.scanning() {
		r.parts.set(r.parts.Value + float64(r.taken))
	}
	r.taken = 0
}

// vacuumHeld is the vacuum a whole grip would reach.
func (r *robot) vacuumHeld() float64 {
	return float64(62 * clamp(r.p.utility.pressure/6, 0, 1.1) * (1 - float64(0.6*r.wear)))
}

// pose gives the axes their place in the cycle, along straight lines.
func (r *robot) pose() {
	path := [6][4]float64{{0, 400, 600, 0}, {5, 820, 300, 0}, {5, 820, 80, 0}, {45, 600, 600, 90}, {90, 700, 120, 180}, {0, 400, 600, 0}}
	x := float64(r.at * 5)
	i := int(math.Min(x, 4))
	f := x - float64(i)
	for k := range r.axis {
		a, b := path[i][k], path[i+1][k]
		r.axis[k] = a + float64((b-a)*f)
	}
}

func (r *robot) look() {
	r.conveyorS.sense(r.speed)
	r.vacuumS.sense(r.vacuum)
	for k, s := range r.axes {
		s.sense(r.axis[k])
	}
}
