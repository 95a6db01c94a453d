package physics

import "math"

// Role says what a value is for, and so who writes it.
type Role uint8

// The roles. Operators write Setpoint, Command and Recipe; the controller
// writes the others.
const (
	Setpoint Role = iota // what a loop shall reach
	Measure              // what a sensor tells
	Output               // what the controller tells an actuator
	State                // discrete: phase, alarm, fault word
	Counter              // only grows, and survives a power failure
	Command              // start, stop, automatic or by hand, reset
	Recipe               // chooses a set of setpoints
)

var roleNames = [...]string{"setpoint", "measure", "output", "state", "counter", "command", "recipe"}

// String gives the role's word.
func (r Role) String() string { return roleNames[r] }

// Writable says whether operators write values of this role.
func (r Role) Writable() bool { return r == Setpoint || r == Command || r == Recipe }

// Type is how the controller holds a value.
type Type uint8

// The types.
const (
	Bool Type = iota // 0 or 1
	Int              // whole numbers
	Real             // steps of 1/Scale
)

var typeNames = [...]string{"bool", "int", "real"}

// String gives the type's word.
func (t Type) String() string { return typeNames[t] }

// Tag is one value of a controller's memory.
type Tag struct {
	Name  string // "TIC101.SP": unique in the controller, ISA style
	Words string // "mixer temperature setpoint"
	Unit  string // "°C", "bar", "%", "rpm"; "" for a plain number
	Role  Role
	Type  Type
	// Low and High bound the value in normal production (99 % of the time for
	// measures). Counters have Low 0 and High 0: they have no usual range. Those
	// of the filler's speed and weight follow its bottle format.
	Low, High float64
	Min, Max  float64 // what an operator's panel lets through
	Scale     float64 // whole number on the wire = Value*Scale rounded; 1 for Bool and Int
	Value     float64 // engineering units, in the steps the controller holds

	// What the actuator receives; safe is what it falls to without power.
	field, safe float64
}

// maxFloat32 is the largest number a 32-bit real of a controller holds.
const maxFloat32 = 3.40282346638528859811704183484516925440e+38

// set stores v in the steps the tag holds. What is no number becomes 0 and what
// is beyond a 32-bit real becomes its largest: no loop ever sees a value it
// cannot calculate with.
func (t *Tag) set(v float64) {
	switch {
	case v != v:
		v = 0
	case t.Type == Bool:
		v = number(v != 0)
	default:
		v = clamp(v, -maxFloat32, maxFloat32)
	}
	t.Value = math.Floor(float64(v*t.Scale)+0.5) / t.Scale
}

// on reads the tag as a switch.
func (t *Tag) on() bool { return t.Value != 0 }
