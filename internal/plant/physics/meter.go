package physics

// meter sums the electric power of the cells. It controls nothing.
type meter struct {
	p *Plant

	box                  *Controller
	total                *Tag
	cell                 [5]*Sensor // mixers, filler and capper, robot, boiler, utilities
	sum, current, factor *Sensor
	volts                [3]*Sensor
	frequency            *Sensor
	power                [5]float64 // kW
	kwh, hertz, grid     float64    // energy so far, frequency, voltage
	chance               random
}

func (m *meter) build(p *Plant) {
	m.p = p
	c := p.controller("power-meter", true, 15)
	m.box = c
	names := [5]string{"P.MIXERS", "P.FILLER", "P.ROBOT", "P.BOILER", "P.UTILITY"}
	words := [5]string{"power of the mixers", "power of filler and capper", "power of the robot cell", "power of the boiler house", "power of air and cooling"}
	high := [5]float64{45, 25, 10, 20, 180}
	for i := range names {
		t := c.add(Measure, Real, names[i], words[i], "kW", 0, high[i], 0, 300, 10, high[i]/2)
		m.cell[i] = p.sensor(c, t, 0.15, 0, 300)
	}
	sum := c.add(Measure, Real, "P.TOTAL", "power of the plant", "kW", 20, 260, 0, 600, 10, 100)
	current := c.add(Measure, Real, "I.TOTAL", "current, mean of the phases", "A", 30, 420, 0, 1000, 10, 160)
	factor := c.add(Measure, Real, "PF", "power factor", "", 0.85, 0.97, 0, 1, 1000, 0.93)
	m.sum, m.current = p.sensor(c, sum, 0.3, 0, 600), p.sensor(c, current, 0.5, 0, 1000)
	m.factor = p.sensor(c, factor, 0.002, 0, 1)
	phases := [3]string{"U.L1", "U.L2", "U.L3"}
	for i := range phases {
		t := c.add(Measure, Real, phases[i], "voltage of a phase to neutral", "V", 222, 238, 0, 300, 10, 230)
		m.volts[i] = p.sensor(c, t, 0.2, 0, 300)
	}
	frequency := c.add(Measure, Real, "FREQ", "mains frequency", "Hz", 49.9, 50.1, 45, 55, 1000, 50)
	m.frequency = p.sensor(c, frequency, 0.001, 45, 55)
	m.total = c.count("E.TOTAL", "energy", "kWh")
	m.kwh, m.hertz, m.grid = 812000, 50, 230
	m.total.set(m.kwh)
	m.chance = p.chance.split()
}

func (m *meter) control() {
	if m.box.scanning() {
		m.total.set(m.kwh)
	}
}

func (m *meter) move() {
	p := m.p
	m.hertz = 50 + float64(0.995*(m.hertz-50)) + float64(0.0015*m.chance.normal())
	m.grid = 230 + float64(0.998*(m.grid-230)) + float64(0.08*m.chance.normal())
	m.power = [5]float64{}
	if !p.powered {
		m.hertz, m.grid = 50, 230
		return
	}
	for i := range p.mixers {
		d := &p.mixers[i].drive
		m.power[0] += 0.5 + float64(1.12*d.shaft) + float64(0.02*d.amps)
	}
	m.power[1] = 2.5 + float64(0.06*p.filler.speed) + float64(0.025*p.capper.rate)
	m.power[2] = 1.2 + float64(0.05*p.robot.speed)
	if p.robot.busy && p.robot.moves() {
		m.power[2] += 3.2
	}
	m.power[3] = 1.5 + float64(4*p.boiler.blower.field) + float64(6*p.boiler.burning) + float64(2*p.boiler.valve)
	m.power[4] = 6 + float64(41*p.utility.first.field) + float64(41*p.utility.both.field) + float64(1.1*p.utility.waterOP.field)
	for _, kw := range m.power {
		m.kwh += kw / 3600
	}
}

func (m *meter) look() {
	sum := 0.0
	for i, kw := range m.power {
		m.cell[i].sense(kw)
		sum += kw
	}
	on := number(m.p.powered)
	factor := 0.95 - 1.5/(sum+20)
	m.sum.sense(sum)
	m.current.sense(sum * 1000 / (3 * 230 * factor))
	m.factor.sense(factor)
	for _, s := range m.volts {
		s.sense(float64(m.grid * on))
	}
	m.frequency.sense(m.hertz)
}
