package physics

import "math"

const (
	loopCapacity  = 33500.0 // kJ/K, cooling water
	loopFlow      = 8.0     // kg/s
	chillerPower  = 450.0   // kW
	loopGain      = 1.5     // kW/K, from the hall
	receiver      = 4.0     // Nm³ of air in a bar
	compressorAir = 6.0     // Nm³/min of each compressor
	airNeeded     = 4.5     // bar, below which a switch stops filler and robot
	airStopsAt    = 9.0     // bar, the controller's own limit
	airReliefAt   = 10.0    // bar
)

// utility makes compressed air and cooling water for all cells.
type utility struct {
	p *Plant

	plc                                       *Controller
	run, airSP, waterSP, waterOP, first, both *Tag
	firstHours, bothHours, high               *Tag
	airS, flowS, dewS, waterS, returnS        *Sensor
	waterFlowS, roomS                         *Sensor
	chiller                                   loop
	pressure, use                             float64 // bar, Nm³/min
	water, back                               float64 // °C supply and return
	load                                      float64 // kW taken up in this second
	blowing, weak                             bool
	seconds                                   [2]int
}

func (u *utility) build(p *Plant) {
	u.p = p
	c := p.controller("utility-plc", true, 30)
	u.plc = c
	u.run = c.bit(Command, "RUN", "air and cooling water run", 1)
	u.airSP = c.add(Setpoint, Real, "PIC401.SP", "compressed air setpoint", "bar", 6.8, 7.2, 5, 8, 100, 7)
	air := c.add(Measure, Real, "PI401.PV", "compressed air", "bar", 6.1, 7.6, 0, 16, 100, 7)
	flow := c.add(Measure, Real, "FI401.PV", "air taken by the cells", "Nm³/min", 0.8, 6, 0, 20, 100, 5)
	dew := c.add(Measure, Real, "AI401.PV", "dew point of the air", "°C", 1, 6, -20, 30, 10, 3)
	u.first = c.bit(Output, "COMP1.RUN", "first compressor loads", 1)
	u.both = c.bit(Output, "COMP2.RUN", "second compressor loads", 0)
	u.first.Low, u.both.High = 0, 1
	u.firstHours = c.count("COMP1.HOURS", "load hours of the first compressor", "h")
	u.firstHours.set(21400)
	u.bothHours = c.count("COMP2.HOURS", "load hours of the second compressor", "h")
	u.bothHours.set(8830)
	u.high = c.bit(State, "PAH401", "air pressure high, compressors stopped", 0)
	u.waterSP = c.add(Setpoint, Real, "TIC402.SP", "cooling water setpoint", "°C", 11, 13, 6, 18, 10, 12)
	water := c.add(Measure, Real, "TIC402.PV", "cooling water, supply", "°C", 11, 14, 0, 60, 10, 12)
	u.waterOP = c.add(Output, Real, "TIC402.OP", "chiller load", "%", 0, 100, 0, 100, 10, 10)
	back := c.add(Measure, Real, "TI403.PV", "cooling water, return", "°C", 11, 24, 0, 60, 10, 12.5)
	waterFlow := c.add(Measure, Real, "FI402.PV", "cooling water flow", "kg/s", 7.6, 8.4, 0, 15, 100, loopFlow)
	room := c.add(Measure, Real, "TI404.PV", "temperature in the hall", "°C", 17, 25, -10, 60, 10, 21)
	u.airS = p.sensor(c, air, 0.01, 0, 16)
	u.flowS = p.sensor(c, flow, 0.05, 0, 20)
	u.dewS = p.sensor(c, dew, 0.1, -20, 30)
	u.waterS = p.sensor(c, water, 0.05, 0, 60)
	u.returnS = p.sensor(c, back, 0.06, 0, 60)
	u.waterFlowS = p.sensor(c, waterFlow, 0.03, 0, 15)
	u.roomS = p.sensor(c, room, 0.08, -10, 60)
	u.chiller = loop{kp: -25, ti: 300, low: 0, high: 100, sum: 8}
	u.pressure, u.use, u.water, u.back = 7, 5, 12, 12.5
}

// begin opens the second's account of heat taken up.
func (u *utility) begin() { u.load = 0 }

// warm lets the cooling water take up kW; a loop without pump takes none, and who
// asks must take that for granted: jackets ask before the pump stops mattering.
func (u *utility) warm(kw float64) { u.load += kw }

func (u *utility) control() {
	if !u.plc.scanning() {
		return
	}
	p := u.p
	on := u.run.on() && p.free(Utility)
	air, sp := u.airS.tag.Value, u.airSP.Value
	one := air < sp-0.3 || u.first.on() && air < sp+0.3
	two := air < sp-0.7 || u.both.on() && air < sp
	high := u.plc.limited() && (air > airStopsAt || u.high.on() && air > airStopsAt-0.5)
	if high && !u.high.on() {
		p.event(Utility, EventTrip, "compressors stopped: air pressure high", air)
	}
	u.high.set(number(high))
	u.first.set(number(one && on && !high))
	u.both.set(number(two && on && !high))
	u.waterOP.set(0)
	if on {
		u.waterOP.set(u.chiller.step(u.waterSP.Value, u.waterS.tag.Value))
	}
	u.hours(0, u.first, u.firstHours)
	u.hours(1, u.both, u.bothHours)
}

func (u *utility) hours(i int, running, hours *Tag) {
	if !running.on() {
		return
	}
	u.seconds[i]++
	if u.seconds[i] == 3600 {
		u.seconds[i] = 0
		hours.set(hours.Value + 1)
	}
}

func (u *utility) move() {
	p := u.p
	made := 0.0
	if p.free(Utility) {
		if !p.broken[brokenCompressor] {
			made += float64(u.first.field * compressorAir)
		}
		made += float64(u.both.field * compressorAir)
	}
	use := 0.9
	if p.filler.speed > 1 {
		use += 1.4
	}
	if p.robot.moves() {
		use += 1.2
		if p.robot.busy {
			use += 1.5
		}
	}
	if p.broken[brokenAir] {
		use += 4.5
	}
	use = float64(use * clamp(u.pressure/7, 0, 1.5)) // less flows out of an empty receiver
	u.use = toward(u.use, use, 6)
	u.pressure = math.Max(u.pressure+(made-u.use)/60/receiver, 0)
	if u.pressure > airReliefAt {
		u.pressure = airReliefAt
		if !u.blowing {
			u.blowing = true
			p.event(Utility, EventRelief, "relief valve of the air receiver lifts", u.pressure)
		}
	} else if u.pressure < airReliefAt-0.5 {
		u.blowing = false
	}
	low := u.pressure < airNeeded || u.weak && u.pressure < airNeeded+0.5
	if low && !u.weak {
		p.event(Utility, EventFault, "compressed air too low: filler and robot stand still", u.pressure)
	}
	u.weak = low
	u.cool()
}

// cool balances the cooling water.
func (u *utility) cool() {
	p := u.p
	taken := 0.0
	if p.free(Utility) && !p.broken[brokenChiller] {
		taken = float64(clamp(u.waterOP.field/100, 0, 1) * chillerPower)
	}
	gain := float64(loopGain * (p.room - u.water))
	u.water += (u.load + gain - taken) / loopCapacity
	p.energy.Lost -= gain
	p.energy.Out += taken
	u.back = toward(u.back, u.water+u.load/loopFlow/4.19, 20)
}

func (u *utility) look() {
	running := number(u.p.free(Utility) && u.run.on())
	u.airS.sense(u.pressure)
	u.flowS.sense(u.use)
	u.dewS.sense(3 + float64(0.1*(u.p.room-21)) + u.use/10)
	u.waterS.sense(u.water)
	u.returnS.sense(u.back)
	u.waterFlowS.sense(float64(loopFlow * running))
	u.roomS.sense(u.p.room)
}
