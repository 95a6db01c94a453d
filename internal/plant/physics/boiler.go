package physics

import "math"

const (
	drumCapacity  = 8000.0 // kg of water, at 100 %
	drumLeast     = 200.0  // kg that never boil away in these books
	drumHeat      = 4.35   // kJ/(kg·K)
	steamHeat     = 2770.0 // kJ/kg that leave with steam
	waterHeat     = 398.0  // kJ/kg in feed water and condensate, 95 °C
	burnerPower   = 2500.0 // kW into the water at 100 %
	feedFlow      = 2.0    // kg/s, valve open
	drumLoss      = 0.18   // kW/K
	standbyAt     = 4.0    // bar, kept while paused
	reliefOpens   = 12.0   // bar
	reliefShuts   = 11.2   // bar
	reliefFlow    = 2.0    // kg/s
	mostSteam     = 2.2    // kg/s the pipe lets through
	purgeTime     = 90     // s of air before a flame
	igniteTime    = 10     // s
	lowestFire    = 15.0   // %
	lowWaterAt    = 28.0   // %, the controller's own cut-off
	dryAt         = 8.0    // %, below which tubes are damaged
	wetAt         = 74.0   // %, above which steam carries water
	reliefTooLong = 60.0   // s of blowing after which the boiler is damaged
)

// States of the burner, as BURNER.STATE holds it.
const (
	burnerOff float64 = iota
	burnerPurges
	burnerIgnites
	burnerBurns
	burnerLocked
)

// boiler makes saturated steam for the mixers, the cleaning and the other halls.
type boiler struct {
	p *Plant

	plc                                   *Controller
	run, state, lowWater, stopTag, permit *Tag
	pressureSP, pressureOP, auto          *Tag
	levelSP, levelOP                      *Tag
	starts, fuel, blower, standbySP       *Tag
	pressureS, levelS, steamS, feedS      *Sensor
	flueS, oxygenS, feedTempS             *Sensor
	fire                                  loop
	water                                 loop
	seconds                               int

	mass, heat            float64
	burning               float64 // share of burnerPower
	valve                 float64 // feed, 0..1
	flue                  float64 // °C
	drawn, feed, others   float64 // kg/s
	soot                  float64 // share of heat lost into the flue
	blowing, damaged, dry bool
	blown                 float64 // seconds of blowing, slowly forgotten
	wet                   bool
	calm                  int     // seconds since the relief valve blew
	burnt                 float64 // kWh of fuel
	chance                random
}

func (b *boiler) build(p *Plant) {
	b.p = p
	c := p.controller("boiler-plc", false, 50)
	b.plc = c
	b.run = c.bit(Command, "RUN", "boiler gives steam; else it waits at standby pressure", 1)
	b.pressureSP = c.add(Setpoint, Real, "PIC301.SP", "steam pressure setpoint", "bar", 8.2, 8.8, 2, 9.5, 100, 8.5)
	pressure := c.add(Measure, Real, "PIC301.PV", "steam pressure", "bar", 7.9, 9.1, 0, 16, 100, 8.5)
	b.pressureOP = c.add(Output, Real, "PIC301.OP", "firing rate asked of the burner", "%", 0, 100, 0, 100, 10, 40)
	b.auto = c.bit(Command, "PIC301.AUTO", "pressure loop in automatic", 1)
	b.levelSP = c.add(Setpoint, Real, "LIC301.SP", "drum level setpoint", "%", 48, 52, 35, 65, 10, 50)
	level := c.add(Measure, Real, "LIC301.PV", "drum level", "%", 46, 54, 0, 100, 10, 50)
	b.levelOP = c.add(Output, Real, "LIC301.OP", "feed water valve", "%", 0, 80, 0, 100, 10, 25)
	steam := c.add(Measure, Real, "FI301.PV", "steam flow", "t/h", 0.5, 4, 0, 10, 100, 1.6)
	feed := c.add(Measure, Real, "FI302.PV", "feed water flow", "t/h", 0, 5, 0, 10, 100, 1.6)
	flue := c.add(Measure, Real, "TI301.PV", "flue gas temperature", "°C", 155, 245, 0, 400, 10, 195)
	feedTemp := c.add(Measure, Real, "TI302.PV", "feed water temperature", "°C", 93, 97, 0, 150, 10, 95)
	oxygen := c.add(Measure, Real, "AI301.PV", "oxygen in the flue gas", "%", 2.8, 6, 0, 21, 10, 4)
	b.state = c.add(State, Int, "BURNER.STATE", "burner: 0 off 1 purges 2 ignites 3 burns 4 locked", "", 3, 3, 0, 4, 1, burnerBurns)
	b.blower = c.bit(Output, "BURNER.BLOWER", "burner's blower runs", 1)
	b.permit = c.bit(State, "BURNER.PERMIT", "safety controller lets the burner burn", 1)
	b.lowWater = c.bit(State, "LSLL301", "burner locked: drum level too low", 0)
	b.standbySP = c.add(Setpoint, Real, "STANDBY.SP", "pressure kept while paused", "bar", standbyAt, standbyAt, 1, 8, 100, standbyAt)
	b.starts = c.count("BURNER.STARTS", "burner starts", "")
	b.starts.set(1840)
	b.fuel = c.count("FUEL.TOTAL", "fuel burnt", "kWh")
	b.stopTag = c.bit(State, "ESTOP", "emergency stop pressed", 0)
	b.pressureS = p.sensor(c, pressure, 0.01, 0, 16)
	b.levelS = p.sensor(c, level, 0.15, 0, 100)
	b.steamS = p.sensor(c, steam, 0.015, 0, 10)
	b.feedS = p.sensor(c, feed, 0.015, 0, 10)
	b.flueS = p.sensor(c, flue, 0.4, 0, 400)
	b.feedTempS = p.sensor(c, feedTemp, 0.1, 0, 150)
	b.oxygenS = p.sensor(c, oxygen, 0.05, 0, 21)
	b.fire = loop{kp: 45, ti: 180, low: 0, high: 100, sum: 45}
	b.water = loop{kp: 4, ti: 300, low: 0, high: 100, sum: 24}
	b.mass, b.burning, b.valve, b.flue, b.others = drumCapacity/2, 0.42, 0.24, 195, 0.28
	b.heat = float64(b.mass * drumHeat * 175.3)
	b.burnt, b.calm = 5200, 2*staffTime
	b.chance = p.chance.split()
}

// degrees is the temperature of water and steam in the drum.
func (b *boiler) degrees() float64 { return b.heat / (b.mass * drumHeat) }

// pressure in bar above the air: the fourth power of the temperature, which is
// within some per cent of the steam table between 100 and 200 °C, and exact to
// calculate on every machine.
func (b *boiler) pressure() float64 {
	x := b.degrees() / 100
	x = float64(x * x)
	return math.Max(float64(x*x)-1.013, 0)
}

// begin opens the second's account of steam.
func (b *boiler) begin() { b.drawn = 0 }

// deliver condenses steam that gives heat kJ, as far as there is steam, and says
// how much came.
func (b *boiler) deliver(heat float64) float64 {
	if heat <= 0 {
		return 0
	}
	steam := b.draw(heat / (steamHeat - waterHeat))
	b.p.mass.Out += steam
	b.p.energy.Out += float64(steam * waterHeat)
	return float64(steam * (steamHeat - waterHeat))
}

// draw takes up to steam kg/s out of the drum.
func (b *boiler) draw(steam float64) float64 {
	open := clamp(b.pressure()/2, 0, 1) // little flows out of a boiler that hardly steams
	steam = clamp(steam, 0, math.Min(float64(mostSteam*open)-b.drawn, b.mass-drumLeast))
	if steam <= 0 {
		return 0
	}
	b.drawn += steam
	b.mass -= steam
	b.heat -= float64(steam * steamHeat)
	return steam
}

// control is one scan of the boiler's controller.
func (b *boiler) control() {
	if !b.plc.scanning() {
		return
	}
	p := b.p
	b.stopTag.set(number(p.stations[Boiler].stopped))
	b.permit.set(p.safety.permit.field)
	level := b.levelS.tag.Value
	low := level < lowWaterAt || b.lowWater.on() && level < lowWaterAt+8
	low = low && b.plc.limited()
	if low && !b.lowWater.on() {
		p.event(Boiler, EventTrip, "burner locked: drum level too low", level)
	}
	b.lowWater.set(number(low))
	b.levelOP.set(b.water.step(b.levelSP.Value, level))
	if !p.free(Boiler) {
		b.levelOP.set(0)
	}
	sp := b.pressureSP.Value
	if !b.run.on() {
		sp = b.standbySP.Value
	}
	demand := b.pressureOP.Value
	if b.auto.on() {
		demand = b.fire.step(sp, b.pressureS.tag.Value)
	} else {
		b.fire.follow(demand)
	}
	b.burner(demand, sp, low || !b.permit.on() || !p.free(Boiler))
	b.fuel.set(b.burnt)
}

// burner is the burner's sequence: purge, ignite, burn.
func (b *boiler) burner(demand, sp float64, locked bool) {
	b.seconds++
	state, pv := b.state.Value, b.pressureS.tag.Value
	next := state
	switch {
	case locked:
		next = burnerLocked
	case state == burnerLocked:
		next = burnerOff
	case state == burnerOff:
		if demand > lowestFire && pv < sp {
			next = burnerPurges
		}
	case state == burnerPurges && b.seconds >= purgeTime:
		next = burnerIgnites
	case state == burnerIgnites && b.seconds >= igniteTime:
		next = burnerBurns
		b.starts.set(b.starts.Value + 1)
		b.fire.follow(lowestFire)
	case state == burnerBurns && pv > sp+0.8 && demand < lowestFire:
		next = burnerOff
	}
	if next != state {
		b.seconds = 0
	}
	b.state.set(next)
	b.blower.set(number(next >= burnerPurges && next <= burnerBurns))
	switch {
	case next == burnerBurns:
		demand = clamp(demand, lowestFire, 100)
		if pv < 2 {
			demand = math.Min(demand, 60) // cold steel is warmed gently
		}
	case b.auto.on():
		b.fire.follow(0)
		demand = 0
	}
	b.pressureOP.set(demand)
}

// move makes steam for a second; the mixers have drawn theirs already.
func (b *boiler) move() {
	p := b.p
	flame := 0.0
	if b.plc.scanning() && b.state.Value == burnerBurns && p.safety.permit.field != 0 && p.free(Boiler) {
		flame = clamp(b.pressureOP.field/100, 0, 1)
	}
	lag := 12.0
	if flame == 0 {
		lag = 2 // the fuel valve shuts at once
	}
	b.burning = toward(b.burning, flame, lag)
	if b.burning < 0.001 {
		b.burning = 0
	}
	b.foul()
	in := float64(burnerPower * b.burning * (1 - b.soot))
	b.burnt += burnerPower * b.burning / 0.9 / 3600
	loss := float64(drumLoss * (b.degrees() - p.room))
	b.heat += in - loss
	p.energy.In += in
	p.energy.Lost += loss
	b.fill()
	b.supply()
	b.relieve()
	b.flue = toward(b.flue, p.room+float64(b.heatShare()*(130+float64(95*b.burning)+float64(220*b.soot))), 60)
}

// heatShare says how warm the boiler's steel keeps the flue, with and without flame.
func (b *boiler) heatShare() float64 {
	return clamp(b.degrees()/175, 0.1, 1.2)
}

func (b *boiler) foul() {
	if b.p.broken[brokenBurner] {
		b.soot = math.Min(b.soot+0.00002, 0.25)
	} else {
		b.soot = 0
	}
}

// fill feeds water, and loses some through a leaking tube.
func (b *boiler) fill() {
	p := b.p
	b.valve = toward(b.valve, clamp(b.levelOP.field/100, 0, 1), 4)
	b.feed = float64(b.valve * feedFlow)
	if p.broken[brokenFeedPump] || !p.powered {
		b.feed = 0
	}
	b.mass += b.feed
	b.heat += float64(b.feed * waterHeat)
	p.mass.In += b.feed
	p.energy.In += float64(b.feed * waterHeat)
	if b.mass > drumCapacity {
		b.lose(b.mass-drumCapacity, float64(drumHeat*b.degrees()))
	}
	if p.broken[brokenTube] {
		b.lose(math.Min(0.15, math.Max(b.mass-drumLeast, 0)), float64(drumHeat*b.degrees()))
	} else {
		b.damaged = false
	}
	level := float64(b.mass / drumCapacity * 100)
	if level < dryAt && b.burning > 0.1 && !b.dry {
		b.dry = true
		b.damage("boiler tubes glow: no water over them", level)
	}
	b.dry = b.dry && level < dryAt+10
	b.carry(level)
}

// carry lets water go with the steam when the drum is too full.
func (b *boiler) carry(level float64) {
	if level < wetAt {
		b.wet = b.wet && level > wetAt-5
		return
	}
	b.lose(math.Min(b.drawn/4, 0.3), float64(drumHeat*b.degrees()))
	if !b.wet {
		b.wet = true
		b.p.event(Boiler, EventDanger, "water is carried into the steam pipe: the drum is too full", level)
	}
}

// lose lets mass kg with heat kJ/kg out of the drum.
func (b *boiler) lose(mass, heat float64) {
	h := float64(mass * heat)
	b.mass -= mass
	b.heat -= h
	b.p.mass.Lost += mass
	b.p.energy.Lost += h
}

// supply gives the other halls their steam: more by day than by night, and a little
// different every minute.
func (b *boiler) supply() {
	p := b.p
	if p.second%60 == 0 {
		day := 0.26
		if p.second > 5*3600 && p.second < 21*3600 {
			day = 0.32
		}
		if !b.run.on() {
			day = 0.02
		}
		b.others = clamp(b.others+(day-b.others)/8+float64(0.012*b.chance.normal()), 0, 0.6)
	}
	steam := b.draw(b.others)
	p.mass.Out += steam
	p.energy.Out += float64(steam * steamHeat)
}

// relieve is the spring-loaded valve that no controller holds shut.
func (b *boiler) relieve() {
	pressure := b.pressure()
	switch {
	case !b.blowing && pressure > reliefOpens:
		b.blowing = true
		if b.calm > staffTime { // it lifts again and again; once is told
			b.p.event(Boiler, EventRelief, "relief valve of the boiler lifts", pressure)
		}
	case b.blowing && pressure < reliefShuts:
		b.blowing = false
	}
	if !b.blowing {
		b.calm++
		b.blown = math.Max(b.blown-0.002, 0)
		return
	}
	b.lose(math.Min(reliefFlow, math.Max(b.mass-drumLeast, 0)), steamHeat)
	b.blown++
	b.calm = 0
	if b.blown > reliefTooLong {
		b.blown = 0
		b.damage("boiler damaged by overpressure: a tube leaks", pressure)
	}
}

func (b *boiler) damage(words string, v float64) {
	if b.damaged {
		return
	}
	b.damaged = true
	b.p.event(Boiler, EventDamage, words, v)
	b.p.setBreakage(brokenTube, Boiler, true)
}

func (b *boiler) look() {
	b.pressureS.sense(b.pressure())
	b.levelS.sense(float64(b.mass / drumCapacity * 100))
	b.steamS.sense(float64(b.drawn * 3.6))
	b.feedS.sense(float64(b.feed * 3.6))
	b.flueS.sense(b.flue)
	b.feedTempS.sense(95)
	oxygen := 20.9
	if b.burning > 0 {
		oxygen = 3.4 + float64(2.5*(1-b.burning)) + float64(6*b.soot)
	}
	b.oxygenS.sense(oxygen)
}
