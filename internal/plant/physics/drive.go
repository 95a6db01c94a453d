package physics

import "math"

// Of the agitator's motor and drive.
const (
	ratedTorque   = 955.0 // N·m at the agitator, full vessel at 120 rpm
	magnetising   = 10.0  // A
	driveMaximum  = 300.0 // rpm, mechanically
	driveRamp     = 8.0   // rpm/s
	overcurrentAt = 45.0  // A
	overheatAt    = 85.0  // °C, heat sink
	windingAt     = 145.0 // °C, winding, the drive's own limit
	burntAt       = 160.0 // °C, winding
)

// Bits of the drive's fault word.
const (
	faultOvercurrent  = 1
	faultOverheat     = 2
	faultUndervoltage = 4
	faultMotor        = 8
)

// drive is a frequency converter with its motor: a controller of its own.
type drive struct {
	box                                    *Controller
	remote, reference, driveReset, faultW  *Tag
	driveHours, running                    *Tag
	speedS, currentS, torqueS, busS, sinkS *Sensor
	speed                                  float64 // rpm
	torque, amps                           float64 // N·m, A
	shaft                                  float64 // kW into the product
	bus, sink, winding                     float64 // V, °C, °C
	friction                               float64 // N·m, grows with wear
	over, faultAge                         int
	asked                                  float64
	busySeconds                            int
}

func (d *drive) build(p *Plant, name string, boots int) {
	c := p.controller(name, true, boots)
	d.box = c
	d.remote = c.bit(Command, "DRIVE.REMOTE", "speed comes from the controller", 1)
	d.reference = c.add(Setpoint, Real, "DRIVE.REF", "speed reference", "rpm", 0, 140, 0, 160, 10, 0)
	speed := c.add(Measure, Real, "DRIVE.SPEED", "motor speed at the agitator", "rpm", 0, 140, 0, 300, 10, 0)
	current := c.add(Measure, Real, "DRIVE.CURRENT", "motor current", "A", 0, 36, 0, 80, 10, 0)
	torque := c.add(Measure, Real, "DRIVE.TORQUE", "torque, share of rated", "%", -3, 170, -20, 300, 10, 0)
	bus := c.add(Measure, Int, "DRIVE.DCBUS", "voltage of the intermediate circuit", "V", 545, 580, 0, 800, 1, 563)
	sink := c.add(Measure, Real, "DRIVE.HEATSINK", "heat sink temperature", "°C", 18, 60, 0, 120, 10, 35)
	d.running = c.bit(State, "DRIVE.RUN", "motor turns", 0)
	d.running.High = 1
	d.faultW = c.add(State, Int, "DRIVE.FAULT", "fault word: 1 overcurrent 2 too hot 4 undervoltage 8 motor", "", 0, 0, 0, 65535, 1, 0)
	d.driveReset = c.bit(Command, "DRIVE.RESET", "acknowledge a fault", 0)
	d.driveHours = c.count("DRIVE.HOURS", "hours under load", "h")
	d.driveHours.set(float64(9000 + p.chance.Next()%8000))
	d.speedS = p.sensor(c, speed, 0.15, 0, 320)
	d.currentS = p.sensor(c, current, 0.1, 0, 80)
	d.torqueS = p.sensor(c, torque, 0.6, -20, 300)
	d.busS = p.sensor(c, bus, 1.2, 0, 800)
	d.sinkS = p.sensor(c, sink, 0.1, 0, 120)
	d.bus, d.sink, d.winding, d.friction = 563, 38, 70, 25
}

// control is the drive's own logic: reference, faults. asked is what the mixer's
// controller wants; it comes over wires of their own. Nobody acknowledges the
// fault of a burnt motor before another one is built in.
func (d *drive) control(burnt bool) {
	if !d.box.scanning() {
		return
	}
	if d.remote.on() {
		d.reference.set(d.asked)
	}
	d.running.set(number(d.speed > 1))
	if d.faultW.Value == 0 {
		d.faultAge = 0
		return
	}
	d.faultAge++
	if (d.driveReset.on() || d.faultAge > staffTime) && !burnt {
		d.faultW.set(0)
		d.faultAge = 0
	}
	d.driveReset.set(0)
}

// move turns the agitator for a second.
func (d *drive) move(m *mixer) {
	p, at := m.p, breakage(m.cell)
	d.asked = m.speedOP.field
	if !p.free(m.cell) {
		d.asked = 0
	}
	target := clamp(d.reference.Value, 0, driveMaximum)
	switch {
	case !d.box.Powered() || !p.free(m.cell) || d.faultW.Value != 0 || p.broken[brokenMotor1+at]:
		d.speed = toward(d.speed, 0, 6) // coasts
	case !d.box.running:
		d.speed = ramp(d.speed, 0, driveRamp)
	default:
		d.speed = ramp(d.speed, target, driveRamp)
	}
	if d.speed < 0.05 {
		d.speed = 0
	}
	d.wear(p.broken[brokenBearing1+at])
	viscosity := clamp(1.6-float64(0.01*m.degrees()), 0.5, 1.6)
	share := d.speed / 120
	fluid := float64(ratedTorque * share * share * viscosity * math.Min(m.mass/1900, 1.2))
	d.torque = fluid + float64(d.friction*math.Min(float64(share*20), 1))
	load := 20 * d.torque / ratedTorque
	d.amps = 0
	if d.speed > 0 && p.powered {
		d.amps = math.Sqrt(float64(magnetising*magnetising) + float64(load*load))
	}
	d.shaft = float64(d.torque * d.speed * (2 * math.Pi / 60 / 1000))
	d.warm(m, p.broken[brokenFan1+at])
}

// wear lets a dry bearing's friction grow by the hour and a sound one's by the year.
func (d *drive) wear(dry bool) {
	if dry {
		d.friction = math.Min(d.friction+0.25, 1200)
		return
	}
	if d.friction > 60 { // a new bearing
		d.friction = 25
	}
	d.friction += 1.0 / (30 * 24 * 3600)
	if d.speed > 1 {
		d.busySeconds++
		if d.busySeconds == 3600 {
			d.busySeconds = 0
			d.driveHours.set(d.driveHours.Value + 1)
		}
	}
}

// warm follows heat sink, winding and voltage and draws the consequences.
func (d *drive) warm(m *mixer, fanStands bool) {
	p := m.p
	rise := float64(0.65 * d.amps)
	if fanStands {
		rise = float64(3.2 * d.amps)
	}
	d.sink = toward(d.sink, p.room+rise, 400)
	d.winding = toward(d.winding, p.room+float64(0.1*float64(d.amps*d.amps)), 240)
	d.bus = toward(d.bus, float64((565-float64(0.15*d.amps))*number(p.powered)), 5)
	if !d.box.scanning() {
		return
	}
	if d.amps > overcurrentAt {
		d.over++
	} else {
		d.over = 0
	}
	switch {
	case d.faultW.Value != 0:
	case d.over > 8 && d.box.limited():
		d.fault(m, faultOvercurrent, "drive tripped: overcurrent", d.amps)
	case d.sink > overheatAt && d.box.limited():
		d.fault(m, faultOverheat, "drive tripped: heat sink too hot", d.sink)
	case d.winding > windingAt && d.box.limited():
		d.fault(m, faultOverheat, "drive tripped: motor too hot", d.winding)
	case d.winding > burntAt && d.speed > 0:
		d.fault(m, faultMotor, "agitator motor burnt", d.winding)
		p.setBreakage(brokenMotor1+breakage(m.cell), m.cell, true)
	case p.broken[brokenMotor1+breakage(m.cell)] && d.reference.Value > 0:
		d.fault(m, faultMotor, "drive tripped: motor does not turn", 0)
	}
}

func (d *drive) fault(m *mixer, bit float64, words string, v float64) {
	d.faultW.set(bit)
	kind := EventTrip
	if bit == faultMotor {
		kind = EventDamage
	}
	m.p.event(m.cell, kind, words, v)
}

// look lets the drive's sensors measure; look of the mixer calls it.
func (d *drive) look() {
	d.speedS.sense(d.speed)
	d.currentS.sense(d.amps)
	d.torqueS.sense(float64(d.torque / ratedTorque * 100))
	d.busS.sense(d.bus)
	d.sinkS.sense(d.sink)
}
