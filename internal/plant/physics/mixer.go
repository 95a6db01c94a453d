package physics

import "math"

// Units in this package: kg, kJ, kW, °C, seconds, unless a name says otherwise.
const (
	mixerCapacity  = 2600.0 // kg, at 100 %
	mixerHeel      = 30.0   // kg that no pump gets out
	mixerFlow      = 5.0    // kg/s through an open inlet or outlet valve
	productHeat    = 3.8    // kJ/(kg·K), also taken for water in mixers and tank
	jacketCapacity = 500.0  // kJ/K
	jacketSteam    = 5.0    // kW/K, steam to jacket, valve open
	jacketCooling  = 5.0    // kW/K, jacket to cooling water, valve open
	jacketProduct  = 6.0    // kW/K, jacket to product, full vessel at 120 rpm
	wallLoss       = 0.06   // kW/K, to the hall
	reactionHeat   = 42.0   // kJ/kg, set free when the ingredients react
	evaporation    = 2200.0 // kJ/kg
)

// Limits of the product and of the vessel.
const (
	mixerTripAt    = 92.0 // °C, the controller's own interlock on heating
	mixerReleaseAt = 75.0 // °C, below which the interlock lets go
	scorchAt       = 78.0 // °C, above which product is spoilt in scorchTime
	scorchTime     = 120  // s
	boilAt         = 100.0
	enoughTurns    = 700.0 // revolutions a batch needs in its mixing phase
	cookAt         = 52.0  // °C, below which the ingredients do not react
	foamAbove      = 170.0 // rpm, above which product foams and is spoilt
)

// phase of a mixer's batch, as the tag PHASE holds it.
type phase uint8

const (
	idle phase = iota
	filling
	heating
	mixing
	holding
	draining
	cleaning
	faulted
)

// recipeSet is what a mixer's controller loads for a recipe.
type recipeSet struct{ temperature, speed, level float64 }

var recipes = [Recipes]recipeSet{{62, 120, 75}, {59, 110, 72}, {65, 135, 76}}

// mixer is a stirred vessel with a jacket, its controller and its drive.
type mixer struct {
	p    *Plant
	cell Cell

	plc                                     *Controller
	run, clean, hold, reset, recipe         *Tag
	phaseTag, phaseTime, batches, spoiltTag *Tag
	tempSP, tempPV, tempOP, tempAuto        *Tag
	levelSP, levelPV, levelOP, outOP        *Tag
	speedSP, speedPV, speedOP, current      *Tag
	trip, stopTag                           *Tag
	temperature, jacketSensor, level        *Sensor
	speedSensor, currentSensor              *Sensor
	heater                                  loop
	phase                                   phase
	seconds, cleanPhase                     int
	loaded                                  float64 // recipe whose setpoints are in force

	mass, heat, jacket                float64
	inlet, outlet, steam, cool        float64 // valves, 0..1
	unreacted                         float64 // kJ
	turns                             float64 // revolutions in the mixing phase
	cooked                            int     // seconds warm enough in the mixing phase
	fouled                            float64 // share of the jacket's heat that dirt holds back
	supply                            float64 // how well this batch flows in, about 1
	chance                            random
	hot                               int // seconds above scorchAt
	spoilt, water                     bool
	overflowing, boiling, overheating bool

	drive
}

func (m *mixer) build(p *Plant, i int) {
	m.p, m.cell = p, Mixer1+Cell(i)
	names := [2]string{"mixer-1", "mixer-2"}
	c := p.controller(names[i]+"-plc", true, []int{45, 55}[i])
	m.plc = c
	m.run = c.bit(Command, "RUN", "begin new batches", 1)
	m.hold = c.bit(Command, "HOLD", "hold the batch: valves shut, agitator stopped", 0)
	m.clean = c.bit(Command, "CLEAN", "clean with hot water when empty", 0)
	m.reset = c.bit(Command, "RESET", "acknowledge a fault", 0)
	m.recipe = c.add(Recipe, Int, "RECIPE", "recipe of the next batches", "", 1, 3, 1, 3, 1, float64(1+i))
	m.phaseTag = c.add(State, Int, "PHASE", "phase: 0 idle 1 fill 2 heat 3 mix 4 hold 5 drain 6 clean 7 fault", "", 0, 5, 0, 7, 1, 0)
	m.phaseTime = c.add(State, Int, "PHASE.TIME", "time in this phase", "s", 0, 5400, 0, 65535, 1, 0)
	m.batches = c.count("BATCH.COUNT", "batches made", "")
	r := recipes[i]
	m.tempSP = c.add(Setpoint, Real, "TIC101.SP", "mixer temperature setpoint", "°C", 58, 66, 20, 80, 10, r.temperature)
	m.tempPV = c.add(Measure, Real, "TIC101.PV", "mixer temperature", "°C", 10, 68, 0, 150, 10, 40)
	m.tempOP = c.add(Output, Real, "TIC101.OP", "mixer temperature output: above 50 heats, below cools", "%", 0, 100, 0, 100, 10, 50)
	m.tempAuto = c.bit(Command, "TIC101.AUTO", "temperature loop in automatic", 1)
	jacket := c.add(Measure, Real, "TI102.PV", "jacket temperature", "°C", 10, 135, 0, 200, 10, 40)
	m.levelSP = c.add(Setpoint, Real, "LIC101.SP", "mixer level a batch is filled to", "%", 70, 78, 20, 90, 10, r.level)
	m.levelPV = c.add(Measure, Real, "LIC101.PV", "mixer level", "%", 0, 80, 0, 110, 10, 40)
	m.levelOP = c.add(Output, Real, "LIC101.OP", "inlet valve", "%", 0, 100, 0, 100, 10, 0)
	m.outOP = c.add(Output, Real, "XV102.OP", "outlet valve", "%", 0, 100, 0, 100, 10, 0)
	m.speedSP = c.add(Setpoint, Real, "SIC101.SP", "agitator speed setpoint", "rpm", 100, 140, 30, 160, 10, r.speed)
	m.speedPV = c.add(Measure, Real, "SIC101.PV", "agitator speed", "rpm", 0, 140, 0, 300, 10, 0)
	m.speedOP = c.add(Output, Real, "SIC101.OP", "speed asked of the drive", "rpm", 0, 140, 0, 300, 10, 0)
	m.current = c.add(Measure, Real, "II101.PV", "agitator current", "A", 0, 36, 0, 80, 10, 0)
	m.spoiltTag = c.bit(State, "BATCH.ALARM", "batch left the limits of its recipe", 0)
	m.trip = c.bit(State, "TSH101", "heating locked: temperature too high", 0)
	m.stopTag = c.bit(State, "ESTOP", "emergency stop pressed", 0)
	m.tempOP.safe = 50 // neither steam nor cooling
	m.temperature = p.sensor(c, m.tempPV, 0.12, 0, 150)
	m.jacketSensor = p.sensor(c, jacket, 0.25, 0, 200)
	m.level = p.sensor(c, m.levelPV, 0.12, -2, 110)
	m.speedSensor = p.sensor(c, m.speedPV, 0.25, 0, 300)
	m.currentSensor = p.sensor(c, m.current, 0.15, 0, 80)
	m.heater = loop{kp: 9, ti: 500, low: 0, high: 100, sum: 50}
	m.loaded, m.supply, m.chance = m.recipe.Value, 1, p.chance.split()
	m.drive.build(p, names[i]+"-drive", []int{20, 25}[i])
	m.begin(i)
}

// begin puts the mixers half a batch apart, in the midst of production.
func (m *mixer) begin(i int) {
	m.mass, m.phase = []float64{1950, 1100}[i], []phase{mixing, filling}[i]
	temperature := []float64{recipes[0].temperature, m.p.mains}[i]
	m.heat = float64(m.mass * productHeat * temperature)
	m.unreacted = float64(m.mass * reactionHeat * []float64{0.5, 1}[i])
	m.jacket = temperature
	m.speed = []float64{recipes[0].speed, 0}[i]
}

// degrees is the temperature of what is in the vessel; the heel keeps it defined.
func (m *mixer) degrees() float64 { return m.heat / (m.mass * productHeat) }

// move lets a second pass in vessel and jacket.
func (m *mixer) move() {
	m.valves()
	m.flows()
	m.drive.move(m)
	m.exchange()
	m.boil()
	m.judge()
}

// valves follow the outputs within some seconds; they spring shut without power
// and at an emergency stop.
func (m *mixer) valves() {
	in, out, split := m.levelOP.field/100, m.outOP.field/100, m.tempOP.field
	if !m.p.free(m.cell) {
		in, out, split = 0, 0, 50
	}
	steam, cool := clamp((split-50)/50, 0, 1), clamp((50-split)/50, 0, 1)
	if m.p.broken[brokenCooling1+breakage(m.cell)] {
		cool = 0
	}
	if m.p.broken[brokenSteamValve1+breakage(m.cell)] {
		steam = math.Max(steam, 0.35)
	}
	m.inlet = toward(m.inlet, clamp(in, 0, 1), 3)
	m.outlet = toward(m.outlet, clamp(out, 0, 1), 3)
	m.steam = toward(m.steam, steam, 4)
	m.cool = toward(m.cool, cool, 4)
}

func (m *mixer) flows() {
	p := m.p
	if in := float64(m.inlet * mixerFlow * m.supply); in > 0.001 {
		m.mass += in
		h := float64(in * productHeat * p.mains)
		m.heat += h
		p.mass.In += in
		p.energy.In += h
		if !m.water {
			m.unreacted += float64(in * reactionHeat)
		}
	}
	if over := m.mass - mixerCapacity; over > 0 {
		h := float64(over * productHeat * m.degrees())
		m.mass -= over
		m.heat -= h
		p.mass.Lost += over
		p.energy.Lost += h
		if !m.overflowing {
			p.event(m.cell, EventOverflow, "mixer overflows: product on the floor", m.levelSP.Value)
		}
		m.overflowing = true
	} else if m.mass < mixerCapacity-20 {
		m.overflowing = false
	}
	out := math.Min(float64(m.outlet*mixerFlow), m.mass-mixerHeel)
	if out <= 0 {
		return
	}
	h := float64(out * productHeat * m.degrees())
	m.unreacted -= m.unreacted * out / m.mass
	m.mass -= out
	m.heat -= h
	if m.phase == cleaning {
		p.mass.Out += out
		p.energy.Out += h
		return
	}
	p.filler.take(out, h, m.spoilt || m.water)
}

// exchange moves heat: steam, jacket, product, cooling water, hall, reaction, work.
func (m *mixer) exchange() {
	p := m.p
	t := m.degrees()
	in := float64(jacketSteam * m.steam * math.Max(p.boiler.degrees()-m.jacket, 0))
	in = p.boiler.deliver(in)
	out := float64(jacketCooling * m.cool * math.Max(m.jacket-p.utility.water, 0))
	p.utility.warm(out)
	wet := math.Min(m.mass/1900, 1)
	stir := 0.5 + float64(0.5*math.Min(m.speed/120, 1.2))
	through := float64(jacketProduct * (1 - m.fouled) * wet * stir * (m.jacket - t))
	jacketLoss := float64(wallLoss * (m.jacket - p.room))
	m.jacket += (in - out - through - jacketLoss) / jacketCapacity
	reaction := 0.0
	if t > 50 {
		reaction = m.unreacted / 500
		m.unreacted -= reaction
	}
	loss := float64(wallLoss * wet * (t - p.room))
	m.heat += through + m.shaft + reaction - loss
	p.energy.In += m.shaft + reaction
	p.energy.Lost += loss + jacketLoss
}

// boil lets heat above the boiling point leave as vapour through the relief valve.
func (m *mixer) boil() {
	excess := m.heat - float64(m.mass*productHeat*boilAt)
	if excess <= 0 {
		m.boiling = m.boiling && m.degrees() > boilAt-3
		return
	}
	const vapour = evaporation + float64(productHeat*boilAt) // kJ/kg that leave with it
	away := math.Min(excess/20/vapour, math.Max(m.mass-mixerHeel, 0)/2)
	m.mass -= away
	m.heat -= float64(away * vapour)
	m.p.mass.Lost += away
	m.p.energy.Lost += float64(away * vapour)
	if !m.boiling {
		m.p.event(m.cell, EventBoil, "product boils: the vessel's relief valve lifts", m.degrees())
		m.boiling = true
	}
}

// judge keeps the books on the batch's quality.
func (m *mixer) judge() {
	t := m.degrees()
	if m.water || m.mass < 4*mixerHeel {
		m.hot, m.overheating = 0, false
		return
	}
	if t > scorchAt {
		m.hot++
		if !m.overheating {
			m.p.event(m.cell, EventOverheat, "product too hot", t)
			m.overheating = true
		}
	} else if t < scorchAt-4 {
		m.hot, m.overheating = 0, false
	}
	m.fouled = math.Min(m.fouled+1.0/(60*24*3600), 0.2) // a twentieth in three days, until cleaned
	if m.phase == mixing {
		m.turns += m.speed / 60
		if t > cookAt {
			m.cooked++
		}
	}
	if (m.hot > scorchTime || m.speed > foamAbove) && !m.spoilt {
		m.spoilt = true
		words := "batch spoilt: product scorched"
		if m.hot <= scorchTime {
			words = "batch spoilt: product foams, agitator too fast"
		}
		m.p.event(m.cell, EventBatchSpoilt, words, t)
	}
}

// look lets the sensors of vessel and drive measure.
func (m *mixer) look() {
	m.temperature.sense(m.degrees())
	m.jacketSensor.sense(m.jacket)
	m.level.sense(float64(m.mass / mixerCapacity * 100))
	m.speedSensor.sense(m.speed)
	m.currentSensor.sense(m.amps)
	m.drive.look()
}
