package physics

import (
	"math"
	"time"
)

// FaultKind is a way in which a sensor lies.
type FaultKind uint8

// The kinds of fault.
const (
	None   FaultKind = iota
	Stuck            // tells for ever what it told last
	Zero             // tells the physical value 0, or the end of its range next to it
	Junk             // tells anything between Low and High; its whole range if these are equal
	Offset           // tells Amount too much
	Drift            // tells more and more too much: Amount each hour
	Gain             // tells Amount times the truth
)

var faultNames = [...]string{"none", "stuck", "zero", "junk", "offset", "drift", "gain"}

// String gives the kind's word, as scenarios write it.
func (k FaultKind) String() string { return faultNames[k] }

// FaultByName finds a kind by its word.
func FaultByName(word string) (FaultKind, bool) {
	for i, n := range faultNames {
		if n == word {
			return FaultKind(i), true
		}
	}
	return None, false
}

// Fault is what is wrong with a sensor.
type Fault struct {
	Kind   FaultKind
	Amount float64 // Offset: units; Drift: units an hour; Gain: a factor
	// Over is how long Offset and Gain take to grow to Amount (0: at once) and
	// how long Drift goes on growing (0: without end).
	Over      time.Duration
	Low, High float64 // of Junk, units
}

// Sensor turns a physical value into a tag: noise, fault, range, 12-bit steps.
type Sensor struct {
	controller *Controller
	tag        *Tag
	sigma      float64
	low, high  float64 // range of the transmitter
	perUnit    float64 // steps of the converter in a unit
	noise      random
	junk       random // apart, so that the noise is the same with and without the fault
	fault      Fault
	age        int64 // seconds since the fault began
	held       float64
	actual     float64
}

const converterSteps = 4095 // 12 bits

// Name is the tag the sensor feeds; Controller and it name one sensor.
func (s *Sensor) Name() string { return s.tag.Name }

// Controller is the name of the controller the sensor is wired to.
func (s *Sensor) Controller() string { return s.controller.Name }

// Tag is the value the sensor feeds.
func (s *Sensor) Tag() *Tag { return s.tag }

// Sigma is the deviation of the sensor's noise in engineering units.
func (s *Sensor) Sigma() float64 { return s.sigma }

// Actual is the physical value the sensor measured last, whatever it told.
func (s *Sensor) Actual() float64 { return s.actual }

// Range is what the transmitter can tell at all.
func (s *Sensor) Range() (low, high float64) { return s.low, s.high }

// Fault is what is wrong with the sensor now.
func (s *Sensor) Fault() Fault { return s.fault }

// Fail makes the sensor lie from now on; a fault before it is forgotten.
func (s *Sensor) Fail(f Fault) {
	s.fault, s.age = f, 0
	s.held = s.tag.Value
}

// Heal makes the sensor honest.
func (s *Sensor) Heal() { s.fault = Fault{} }

// sense measures the physical value x. The memory changes only while the
// controller scans; a fault ages all the same.
func (s *Sensor) sense(x float64) {
	s.actual = x
	v := x + float64(s.sigma*s.noise.normal())
	if s.fault.Kind != None {
		v = s.lie(v)
	}
	if !s.controller.scanning() {
		return
	}
	v = clamp(v, s.low, s.high)
	steps := math.Floor(float64((v-s.low)*s.perUnit) + 0.5)
	s.tag.set(s.low + steps/s.perUnit)
}

func (s *Sensor) lie(v float64) float64 {
	s.age++
	f, age := &s.fault, float64(s.age)
	grown := 1.0
	if over := float64(f.Over / time.Second); over > 0 {
		grown = math.Min(age/over, 1)
		if f.Kind == Drift {
			age = math.Min(age, over)
		}
	}
	switch f.Kind {
	case Stuck:
		return s.held
	case Zero:
		return 0
	case Junk:
		low, high := f.Low, f.High
		if low == high {
			low, high = s.low, s.high
		}
		return low + float64((high-low)*s.junk.unit())
	case Offset:
		return v + float64(f.Amount*grown)
	case Drift:
		return v + f.Amount*age/3600
	case Gain:
		return float64(v * (1 + float64((f.Amount-1)*grown)))
	}
	return v
}
