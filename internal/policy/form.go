package policy

import (
	"math"

	"firedoor"
)

// Form is how a number lies in elements that are smaller than it, as floating point does
// in the registers of Modbus. A protocol that says itself what it writes needs none.
type Form uint8

// Forms.
const (
	AsWritten  Form = iota // each element is a number
	F32                    // two 16-bit elements are one, the high word first
	F32Swapped             // the low word first
)

var formNames = [...]string{"", "f32", "f32-swapped"}

// String is the word used in files.
func (f Form) String() string { return formNames[f] }

// FormOf reads the word.
func FormOf(word string) (f Form, ok bool) {
	for i, name := range formNames {
		if name == word {
			return Form(i), true
		}
	}
	return 0, false
}

// whole tells whether values are numbers of the form already.
func (f Form) whole(v *firedoor.Values) bool {
	return f == AsWritten || v.Type == firedoor.F32 || v.Type == firedoor.F64
}

// count is how many numbers there are in values; 0 where they have another form.
func (f Form) count(v *firedoor.Values) int {
	switch n := v.Len(); {
	case f.whole(v):
		return n
	case v.Type.Size() != 2 || v.Little || n%2 != 0:
		return 0
	default:
		return n / 2
	}
}

// at is number i of values.
func (f Form) at(v *firedoor.Values, i int) float64 {
	if f.whole(v) {
		return v.Float(i)
	}
	b := v.Raw[4*i : 4*i+4]
	high, low := uint32(b[0])<<8|uint32(b[1]), uint32(b[2])<<8|uint32(b[3])
	if f == F32Swapped {
		high, low = low, high
	}
	return float64(math.Float32frombits(high<<16 | low))
}
