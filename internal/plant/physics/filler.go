package physics

import "math"

const (
	tankCapacity = 6000.0 // kg, at 100 %
	tankHeel     = 60.0   // kg
	tankLoss     = 0.12   // kW/K
	tankHeating  = 8.0    // kW, electric trace heating that keeps product warm
	changeOver   = 600    // s without bottles when the format changes
	fillerNozzle = 110.0  // g/s through one nozzle
	weightWindow = 0.02   // share by which a bottle may miss its format's weight
	warmBottles  = 16     // bottles after a standstill that turn out uneven
)

// formatSet is what the filler loads for a bottle format.
type formatSet struct{ weight, speed float64 } // g, bottles a minute

// trim is how far from its format's speed a filler usually runs, bottles a minute.
const trim = 10

var formats = [Formats]formatSet{{500, 125}, {250, 160}, {1000, 70}}

// filler is the buffer tank behind the mixers and the machine that fills bottles.
type filler struct {
	p *Plant

	plc                                     *Controller
	run, clean, format, state, stopTag      *Tag
	speedSP, speedOP, weightSP              *Tag
	good, reject, nozzles, fillTime, belted *Tag
	product, weightPV                       *Tag
	speedS, weightS, levelS, temperatureS   *Sensor
	pressureS                               *Sensor

	loaded       float64
	change       int // seconds left of a change-over
	cleaningStep int
	cleanSeconds int
	dosed        bool // tank holds water

	mass, heat, spoilt float64 // kg, kJ, kg of spoilt product
	speed, due         float64 // bottles a minute; bottles begun
	lastWeight         float64 // g
	wear, slip         float64 // g too much; share of flow lost
	overflowing        bool
	starved            bool
	belt               belt // to the capper
	fresh              int  // bottles since the last standstill, up to warmBottles
	jam                jam
	chance             random
}

func (f *filler) build(p *Plant) {
	f.p = p
	c := p.controller("filler-plc", false, 60)
	f.plc = c
	f.run = c.bit(Command, "RUN", "filler runs", 1)
	f.clean = c.bit(Command, "CLEAN", "clean tank and filler with hot water", 0)
	f.format = c.add(Recipe, Int, "FORMAT", "bottle format: 1 500 g 2 250 g 3 1000 g", "", 1, 3, 1, 3, 1, 1)
	f.state = c.add(State, Int, "STATE", "filler: "+lineStates, "", 0, 6, 0, 6, 1, lineRuns)
	f.speedSP = c.add(Setpoint, Real, "SPEED.SP", "filler speed setpoint", "1/min", 70, 160, 20, 170, 10, formats[0].speed)
	f.speedOP = c.add(Output, Real, "SPEED.OP", "speed asked of the filler's drive", "1/min", 0, 160, 0, 250, 10, formats[0].speed)
	speed := c.add(Measure, Real, "SPEED.PV", "filler speed", "1/min", 0, 162, 0, 300, 10, formats[0].speed)
	f.weightSP = c.add(Setpoint, Real, "WEIGHT.SP", "weight a bottle is filled to", "g", 250, 1000, 100, 1100, 10, formats[0].weight)
	weight := c.add(Measure, Real, "WEIGHT.PV", "weight of the last bottle", "g", 245, 1010, 0, 1500, 10, formats[0].weight)
	level := c.add(Measure, Real, "TANK.LEVEL", "level of the buffer tank", "%", 5, 95, 0, 110, 10, 55)
	temp := c.add(Measure, Real, "TANK.TEMP", "product temperature in the tank", "°C", 35, 66, 0, 120, 10, 58)
	pressure := c.add(Measure, Real, "PRODUCT.PRESS", "pressure before the nozzles", "bar", 0.5, 2.2, 0, 6, 100, 1.6)
	f.good = c.count("COUNT.GOOD", "bottles filled within the weight window", "")
	f.reject = c.count("COUNT.REJECT", "bottles rejected by weight", "")
	f.nozzles = c.add(Setpoint, Int, "NOZZLES", "nozzles in use", "", 12, 12, 1, 12, 1, 12)
	f.fillTime = c.add(State, Real, "FILL.TIME", "time a nozzle takes for a bottle", "s", 2, 10, 0, 30, 100, 4.55)
	f.belted = c.add(State, Int, "BELT.COUNT", "bottles on the belt to the capper", "", 0, 60, 0, 60, 1, 10)
	f.product = c.bit(State, "LAH201", "tank level high", 0)
	f.stopTag = c.bit(State, "ESTOP", "emergency stop pressed", 0)
	f.speedS = p.sensor(c, speed, 0.12, 0, 300)
	f.weightS = p.sensor(c, weight, 0.25, 0, 1500)
	f.levelS = p.sensor(c, level, 0.1, -2, 110)
	f.temperatureS = p.sensor(c, temp, 0.1, 0, 120)
	f.pressureS = p.sensor(c, pressure, 0.01, 0, 6)
	f.weightPV, f.loaded, f.chance = weight, f.format.Value, p.chance.split()
	f.usual()
	f.mass = 0.55 * tankCapacity
	f.heat = float64(f.mass * productHeat * 58)
	f.speed, f.lastWeight = formats[0].speed, formats[0].weight
	f.belt.room = 60
	f.fresh = warmBottles
	f.jam = jam{every: 7000, chance: p.chance.split()}
	for range 10 {
		f.belt.put(0)
	}
}

func (f *filler) degrees() float64 { return f.heat / (f.mass * productHeat) }

// admits says whether the tank takes a batch of this mixer now. The mixers' and
// the filler's controllers agree over wires of their own, from the tank's level
// as its sensor tells it.
func (f *filler) admits(from Cell) bool {
	if !f.plc.scanning() || f.p.mixers[1-from].phase == draining {
		return false
	}
	if f.cleaning() && (f.cleaningStep > cleanEmpties || f.p.mixers[from].run.on()) {
		return false
	}
	return f.levelS.tag.Value < tankFull-batchVolume
}

func (f *filler) cleaning() bool { return f.clean.on() || f.cleaningStep > 0 }

// take receives mass (kg) and heat (kJ) from a mixer. A full tank overflows.
func (f *filler) take(mass, heat float64, bad bool) {
	f.mass += mass
	f.heat += heat
	if bad {
		f.spoilt += mass
	}
	over := f.mass - tankCapacity
	if over <= 0 {
		f.overflowing = f.overflowing && f.mass > tankCapacity-50
		return
	}
	f.p.mass.Lost += over
	f.p.energy.Lost += f.remove(over)
	if !f.overflowing {
		f.overflowing = true
		f.p.event(Filler, EventOverflow, "buffer tank overflows: product on the floor", 100)
	}
}

// remove takes mass out of the tank and gives the heat that went with it.
func (f *filler) remove(mass float64) float64 {
	share := mass / f.mass
	heat := float64(f.heat * share)
	f.spoilt -= float64(f.spoilt * share)
	f.mass -= mass
	f.heat -= heat
	return heat
}

// control is one scan of the filler's controller.
func (f *filler) control() {
	if !f.plc.scanning() {
		return
	}
	p := f.p
	f.stopTag.set(number(p.stations[Filler].stopped))
	f.belted.set(float64(f.belt.n))
	f.product.set(number(f.levelS.tag.Value > 95))
	f.load()
	f.fillTime.set(f.weightSP.Value / (fillerNozzle * (1 - f.slip)))
	level := f.levelS.tag.Value
	f.starved = level < 6 || f.starved && level < 12
	state := lineRuns
	switch {
	case !p.free(Filler) || !f.run.on() && !f.cleaning():
		state = lineStopped
	case f.cleaning():
		state = lineCleans
	case f.change > 0:
		state = lineChanges
		f.change--
	case p.utility.weak || f.jam.step(f.speed > 1):
		state = lineFaulted
	case f.starved:
		state = lineStarved
	case f.belt.blocked():
		state = lineBlocked
	}
	if state == lineStarved && f.state.Value != lineStarved {
		p.event(Filler, EventStarved, "filler starved: the tank is empty", level)
	}
	if f.jam.left > 0 && state == lineFaulted && f.state.Value == lineRuns {
		p.event(Filler, EventJam, "bottles jam before the filler", float64(f.jam.left))
	}
	if state == lineBlocked && f.state.Value != lineBlocked {
		p.event(Filler, EventBlocked, "filler blocked: bottles back up from behind", float64(f.belt.n))
	}
	f.state.set(state)
	f.speedOP.set(0)
	if state == lineRuns {
		f.speedOP.set(f.speedSP.Value)
	}
}

func (f *filler) load() {
	n := f.format.Value
	if n == f.loaded || n < 1 || n > Formats {
		return
	}
	f.loaded, f.change = n, changeOver
	set := &formats[int(n)-1]
	f.speedSP.set(set.speed)
	f.weightSP.set(set.weight)
	f.usual()
	f.p.event(Filler, EventFormat, "bottle format changes", n)
}

// usual gives the tags whose range depends on the format the range of this one.
func (f *filler) usual() {
	set := &formats[int(f.loaded)-1]
	f.speedSP.Low, f.speedSP.High = set.speed-trim, set.speed+trim
	f.weightSP.Low, f.weightSP.High = float64(set.weight*0.996), float64(set.weight*1.004)
	f.weightPV.Low, f.weightPV.High = float64(set.weight*0.975), float64(set.weight*1.025)
}

// move fills bottles for a second and lets tank and product cool.
func (f *filler) move() {
	p := f.p
	target := clamp(f.speedOP.field, 0, 250)
	if !p.free(Filler) {
		target = 0
	}
	if target == 0 {
		f.speed = ramp(f.speed, 0, 15)
		if f.speed == 0 {
			f.fresh = 0
		}
	} else {
		f.speed = ramp(f.speed, target, 1)
	}
	f.age()
	f.rinse()
	heating := 0.0
	if p.powered && f.degrees() < 57 && !f.cleaning() && f.mass > 4*tankHeel {
		heating = tankHeating
	}
	loss := float64(tankLoss * (f.degrees() - p.room))
	f.heat += heating - loss
	p.energy.In += heating
	p.energy.Lost += loss
	f.due += f.speed / 60
	for f.due >= 1 {
		f.due--
		if f.belt.full() || f.mass < 2*tankHeel || f.dosed {
			continue
		}
		f.fill()
	}
}

// age wears nozzles and pump.
func (f *filler) age() {
	f.wear = f.wear + 1.0/(40*24*3600)
	if f.p.broken[brokenNozzle] {
		f.wear = math.Min(f.wear+0.004, 25)
	} else if f.wear > 3 {
		f.wear = 0
	}
	f.slip = 0
	if f.p.broken[brokenProductPump] {
		f.slip = 0.35
	}
}

// fill fills one bottle and weighs it.
func (f *filler) fill() {
	p := f.p
	set := &formats[int(f.loaded)-1]
	weight := clamp(f.weightSP.Value, 0, 1500)
	// A nozzle has only as long as the carousel turns: too fast, and the bottle stays light.
	most := fillerNozzle * (1 - f.slip) * clamp(f.nozzles.Value, 0, 12) * 60 / math.Max(f.speed, 1)
	weight = math.Min(weight, most)
	uneven := 1.2 + float64(0.25*f.wear)
	if f.fresh < warmBottles {
		f.fresh++
		uneven = float64(uneven * 3.2)
	}
	weight = math.Max(weight+f.wear+float64(uneven*f.chance.normal()), 0)
	share := f.spoilt / f.mass
	heat := f.remove(math.Min(weight/1000, f.mass-tankHeel))
	p.mass.Out += weight / 1000
	p.energy.Out += heat
	f.lastWeight = weight
	b := bottle(0)
	if f.chance.unit() < share {
		b |= flawProduct
	}
	if f.chance.unit() < 0.003 {
		b |= flawLabel
	}
	if math.Abs(weight-set.weight) > weightWindow*set.weight {
		b |= flawWeight
	}
	if b&flawWeight != 0 && f.plc.limited() {
		f.tell(f.reject)
		p.packed(0, 1)
		return
	}
	f.tell(f.good)
	f.belt.put(b)
}

// tell counts in the controller's memory, if it scans.
func (f *filler) tell(counter *Tag) {
	if f.plc.scanning() {
		counter.set(counter.Value + 1)
	}
}

// Steps of cleaning the filler.
const (
	cleanRests = iota
	cleanEmpties
	cleanFills
	cleanSoaks
	cleanDrains
)

// rinse cleans the tank: product out, hot water in, water out. It waits for the
// last batches of mixers that are coming to rest; what is left goes to waste.
func (f *filler) rinse() {
	p := f.p
	if !p.free(Filler) || !f.plc.scanning() {
		return
	}
	switch f.cleaningStep {
	case cleanRests:
		if f.clean.on() {
			f.cleaningStep = cleanEmpties
		}
	case cleanEmpties, cleanDrains:
		out := math.Min(mixerFlow, f.mass-tankHeel)
		if out > 0 {
			p.mass.Out += out
			p.energy.Out += f.remove(out)
		}
		if f.mass > tankHeel+1 || f.cleaningStep == cleanEmpties && (p.mixers[0].lastBatch() || p.mixers[1].lastBatch()) {
			return
		}
		f.cleaningStep++
		if f.cleaningStep > cleanDrains {
			f.cleaningStep, f.dosed, f.spoilt = cleanRests, false, 0
			p.event(Filler, EventCleaned, "filler cleaned", 0)
		}
	case cleanFills:
		f.dosed = true
		h := p.boiler.deliver(float64(mixerFlow * productHeat * (cleanDegrees - p.mains)))
		cold := float64(mixerFlow * productHeat * p.mains)
		f.mass += mixerFlow
		f.heat += h + cold
		p.mass.In += mixerFlow
		p.energy.In += cold
		if f.mass > 0.2*tankCapacity {
			f.cleaningStep, f.cleanSeconds = cleanSoaks, 0
		}
	case cleanSoaks:
		f.cleanSeconds++
		if f.cleanSeconds > 2*cleanTime && !f.clean.on() {
			f.cleaningStep = cleanDrains
		}
	}
}

func (f *filler) look() {
	f.speedS.sense(f.speed)
	f.weightS.sense(f.lastWeight)
	f.levelS.sense(float64(f.mass / tankCapacity * 100))
	f.temperatureS.sense(f.degrees())
	f.pressureS.sense(float64((0.9 + float64(0.9*f.mass/tankCapacity)) * (1 - f.slip) * number(f.p.powered)))
}
