package physics

import (
	"strings"
	"time"
)

// day is the number of seconds in one, whatever a time zone does.
const day int64 = 24 * 3600

// Step is the time one step of the plant takes.
const Step = time.Second

// Cell is a part of the plant that is started, paused and stopped on its own.
type Cell uint8

// The cells.
const (
	Mixer1 Cell = iota
	Mixer2
	Filler
	Capper
	Vision
	Robot
	Boiler
	Utility
	cells
)

var cellNames = [...]string{"mixer-1", "mixer-2", "filler", "capper", "vision", "robot", "boiler", "utility"}

// String gives the cell's name.
func (c Cell) String() string { return cellNames[c] }

// Cells lists all cells in their order.
func Cells() []Cell {
	return []Cell{Mixer1, Mixer2, Filler, Capper, Vision, Robot, Boiler, Utility}
}

// CellByName finds a cell by its name.
func CellByName(name string) (Cell, bool) {
	for i, n := range cellNames {
		if n == name {
			return Cell(i), true
		}
	}
	return 0, false
}

// station is what all cells have: the emergency stop's circuit, which no
// controller and no network can talk away, and the wait after it.
type station struct {
	stopped bool // emergency stop
	wait    int  // seconds until the cell may move again
}

func (s *station) free() bool { return !s.stopped && s.wait == 0 }

// Plant is the standard plant. It belongs to one goroutine.
type Plant struct {
	now    int64
	second int64 // of the day, UTC
	chance random
	room   float64 // °C, in the hall
	mains  float64 // °C, of cold water and ingredients

	controllers []*Controller
	sensors     []*Sensor
	stations    [cells]station
	powered     bool
	broken      [breakages]bool

	mixers  [2]mixer
	filler  filler
	capper  capper
	vision  vision
	robot   robot
	boiler  boiler
	safety  safety
	utility utility
	meter   meter

	mass, energy        Book
	events, eventsSpare []Event
	eventsLost          int
	good, bad           int64
	minutes             [60]int64 // good parts in each of the last 60 minutes
	minute              int
	production          Production
}

// New gives the plant at time start, in normal production. Plants of one seed
// and start are the same in every value for ever.
func New(seed uint64, start time.Time) *Plant {
	p := &Plant{
		now: start.UnixNano(), chance: seeded(seed), powered: true, mains: 14,
		events: make([]Event, 0, MaxEvents), eventsSpare: make([]Event, 0, MaxEvents),
	}
	p.second = (start.Unix()%day + day) % day
	p.room = p.weather()
	p.production.p = p
	p.mixers[0].build(p, 0)
	p.mixers[1].build(p, 1)
	p.filler.build(p)
	p.capper.build(p)
	p.robot.build(p)
	p.boiler.build(p)
	p.safety.build(p)
	p.vision.build(p)
	p.meter.build(p)
	p.utility.build(p)
	p.look()
	p.chance = p.chance.split() // from here on it is the mains' own
	p.mass.Before, p.energy.Before = p.stored()
	return p
}

// controller adds a controller to the plant.
func (p *Plant) controller(name string, holds bool, boots int) *Controller {
	c := newController(name, holds, boots)
	p.controllers = append(p.controllers, c)
	return c
}

// sensor wires a sensor with noise sigma and range low..high to a tag.
func (p *Plant) sensor(c *Controller, t *Tag, sigma, low, high float64) *Sensor {
	s := &Sensor{controller: c, tag: t, sigma: sigma, low: low, high: high, perUnit: converterSteps / (high - low), noise: p.chance.split(), junk: p.chance.split()}
	p.sensors = append(p.sensors, s)
	return s
}

// Step lets one second pass, everywhere: first all controllers scan what their
// sensors told last, then matter moves, then sensors look.
func (p *Plant) Step() {
	p.now += int64(Step)
	p.second++
	if p.second == day {
		p.second = 0
	}
	p.room = toward(p.room, p.weather(), 1800)
	if p.second%60 == 0 {
		p.mains = clamp(p.mains+(14-p.mains)/600+float64(0.04*p.chance.normal()), 11, 17)
	}
	for _, c := range p.controllers {
		if c.powered && c.boot > 0 {
			c.boot--
		}
	}
	for i := range p.stations {
		if p.powered && p.stations[i].wait > 0 && !p.stations[i].stopped {
			p.stations[i].wait--
		}
	}
	p.control()
	p.move()
	p.look()
	if p.second%60 == 0 {
		p.minute = (p.minute + 1) % len(p.minutes)
		p.minutes[p.minute] = 0
	}
}

func (p *Plant) control() {
	p.mixers[0].control()
	p.mixers[1].control()
	p.filler.control()
	p.capper.control()
	p.vision.control()
	p.robot.control()
	p.boiler.control()
	p.safety.control()
	p.utility.control()
	p.meter.control()
	for _, c := range p.controllers {
		c.latch()
	}
}

func (p *Plant) move() {
	p.utility.begin()
	p.boiler.begin()
	p.mixers[0].move()
	p.mixers[1].move()
	p.robot.move()
	p.vision.move()
	p.capper.move()
	p.filler.move()
	p.boiler.move()
	p.utility.move()
	p.meter.move()
}

func (p *Plant) look() {
	p.mixers[0].look()
	p.mixers[1].look()
	p.filler.look()
	p.capper.look()
	p.robot.look()
	p.boiler.look()
	p.safety.look()
	p.utility.look()
	p.meter.look()
}

// weather is the hall's temperature at this time of the day: warmest in the
// afternoon. Two parabolas stand in for a sine, which differs between machines.
func (p *Plant) weather() float64 {
	const mean, swing, coldest = 21.0, 2.5, 3 * 3600
	t := (p.second - coldest + day) % day
	x := float64(t) / (12 * 3600) // 0..2, two half waves
	sign := -1.0
	x -= 0.5 // the first half wave is centred on the coldest hour
	if x < 0 {
		x += 2
	}
	if x < 1 {
		sign = 1
	} else {
		x--
	}
	return mean + float64(float64(sign*swing)*float64(4*float64(x*(1-x))))
}

// Now is the plant's time in nanoseconds since 1970, UTC.
func (p *Plant) Now() int64 { return p.now }

// Controllers lists all controllers; the order never changes.
func (p *Plant) Controllers() []*Controller { return p.controllers }

// Controller finds a controller by name; nil when there is none.
func (p *Plant) Controller(name string) *Controller {
	for _, c := range p.controllers {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Sensors lists all sensors; the order never changes.
func (p *Plant) Sensors() []*Sensor { return p.sensors }

// Sensor finds a sensor by the tag it feeds, "PIC301.PV", or by controller and
// tag, "mixer-2-plc/TIC101.PV". The tag alone finds the first that has it; nil
// when there is none.
func (p *Plant) Sensor(name string) *Sensor {
	controller, tag, full := strings.Cut(name, "/")
	if !full {
		controller, tag = "", name
	}
	for _, s := range p.sensors {
		if s.tag.Name == tag && (controller == "" || s.controller.Name == controller) {
			return s
		}
	}
	return nil
}

// Production gives the levers of those who run the plant.
func (p *Plant) Production() *Production { return &p.production }

// Good is how many parts without a flaw were packed since the start.
func (p *Plant) Good() int64 { return p.good }

// Bad is how many parts were rejected, dropped, or packed with a flaw.
func (p *Plant) Bad() int64 { return p.bad }

// GoodPerHour is how many good parts were packed in the last hour.
func (p *Plant) GoodPerHour() int64 {
	var n int64
	for _, m := range p.minutes {
		n += m
	}
	return n
}

func (p *Plant) packed(good, bad int64) {
	p.good += good
	p.bad += bad
	p.minutes[p.minute] += good
}

// free says whether a cell may move: power, no emergency stop, no wait.
func (p *Plant) free(c Cell) bool { return p.powered && p.stations[c].free() }
