package physics

import "math"

// capper puts caps and labels on bottles and rejects by its own torque.
type capper struct {
	p *Plant

	plc                                        *Controller
	run, state, torqueSP, rateSP, rateOP, caps *Tag
	good, reject, stopTag, chuckHours          *Tag
	torqueS, rateS                             *Sensor
	rate, due, torque                          float64 // 1/min, bottles begun, N·m of the last cap
	wear                                       float64 // share of torque lost
	magazine                                   float64 // caps left
	seconds                                    int
	out                                        belt // to the vision box
	chance                                     random
}

const (
	torqueLow, torqueHigh   = 1.4, 2.2 // N·m, what the capper lets pass
	torqueLoose, torqueRips = 1.25, 2.5
	magazineSize            = 4000.0
)

func (k *capper) build(p *Plant) {
	k.p = p
	c := p.controller("capper-plc", false, 55)
	k.plc = c
	k.run = c.bit(Command, "RUN", "capper runs", 1)
	k.state = c.add(State, Int, "STATE", "capper: "+lineStates, "", 0, 3, 0, 6, 1, lineRuns)
	k.torqueSP = c.add(Setpoint, Real, "TORQUE.SP", "cap torque setpoint", "N·m", 1.7, 1.9, 1.2, 2.4, 100, 1.8)
	torque := c.add(Measure, Real, "TORQUE.PV", "torque of the last cap", "N·m", 1.55, 2.05, 0, 5, 100, 1.8)
	k.rateSP = c.add(Setpoint, Real, "RATE.SP", "capper speed setpoint", "1/min", 170, 180, 30, 200, 10, 175)
	k.rateOP = c.add(Output, Real, "RATE.OP", "speed asked of the capper's drive", "1/min", 0, 180, 0, 250, 10, 175)
	rate := c.add(Measure, Real, "RATE.PV", "capper speed", "1/min", 0, 182, 0, 300, 10, 175)
	k.good = c.count("COUNT.GOOD", "bottles capped within the torque window", "")
	k.reject = c.count("COUNT.REJECT", "bottles rejected by torque", "")
	k.caps = c.add(State, Int, "CAPS", "caps in the magazine", "%", 20, 100, 0, 100, 1, 80)
	k.chuckHours = c.count("CHUCK.HOURS", "hours on this chuck", "h")
	k.stopTag = c.bit(State, "ESTOP", "emergency stop pressed", 0)
	k.torqueS = p.sensor(c, torque, 0.008, 0, 5)
	k.rateS = p.sensor(c, rate, 0.12, 0, 300)
	k.rate, k.torque, k.magazine = 175, 1.8, 0.8*magazineSize
	k.chuckHours.set(310)
	k.out.room = 12
	k.chance = p.chance.split()
}

func (k *capper) control() {
	if !k.plc.scanning() {
		return
	}
	state := lineRuns
	switch {
	case !k.p.free(Capper) || !k.run.on():
		state = lineStopped
	case k.out.blocked():
		state = lineBlocked
	case k.p.filler.belt.n == 0 && k.p.filler.speed < 1:
		state = lineStarved
	}
	k.state.set(state)
	k.stopTag.set(number(k.p.stations[Capper].stopped))
	k.caps.set(float64(k.magazine / magazineSize * 100))
	k.rateOP.set(0)
	if state == lineRuns {
		k.rateOP.set(k.rateSP.Value)
		k.seconds++
		if k.seconds == 3600 {
			k.seconds = 0
			k.chuckHours.set(k.chuckHours.Value + 1)
		}
	}
}

func (k *capper) move() {
	p := k.p
	target := clamp(k.rateOP.field, 0, 250)
	if !p.free(Capper) {
		target = 0
	}
	k.rate = ramp(k.rate, target, 12)
	if p.broken[brokenChuck] {
		k.wear = math.Min(k.wear+0.0001, 0.35)
	} else {
		k.wear = 0
	}
	if k.magazine < 0.22*magazineSize && k.rate > 1 {
		k.magazine = magazineSize // somebody refills in time
	}
	k.due = math.Min(k.due+k.rate/60, 4)
	for k.due >= 1 {
		k.due--
		if p.filler.belt.n == 0 || k.out.full() {
			continue
		}
		k.cap(p.filler.belt.get())
	}
}

// cap closes one bottle.
func (k *capper) cap(b bottle) {
	k.magazine--
	spread := 0.035 + float64(0.3*k.wear)
	k.torque = math.Max(float64(clamp(k.torqueSP.Value, 0, 5)*(1-k.wear))+float64(spread*k.chance.normal()), 0)
	if k.torque < torqueLoose || k.torque > torqueRips || k.chance.unit() < 0.0015 {
		b |= flawCap
	}
	seen := k.torque < torqueLow || k.torque > torqueHigh
	if seen && k.plc.limited() {
		if k.plc.scanning() {
			k.reject.set(k.reject.Value + 1)
		}
		k.p.packed(0, 1)
		return
	}
	if k.plc.scanning() {
		k.good.set(k.good.Value + 1)
	}
	k.out.put(b)
}

func (k *capper) look() {
	k.torqueS.sense(k.torque)
	k.rateS.sense(k.rate)
}
