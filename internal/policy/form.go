package policy

import (
	"encoding/binary"
	"math"

	"firedoor"
)

// Form is how a number lies in the elements of a protocol that says no more of them than that
// they have 16 bits, as the registers of Modbus. A protocol that says itself what it writes needs none.
type Form uint8

// Forms.
const (
	AsWritten  Form = iota // each element is a number
	F32                    // two 16-bit elements are one, the high word first
	F32Swapped             // the low word first
	I16                    // each element is a number with a sign
	I32                    // two elements are one with a sign, the high word first
	I32Swapped             // the low word first
	U32                    // two elements are one, the high word first
	U32Swapped             // the low word first
)

var formNames = [...]string{"", "f32", "f32-swapped", "i16", "i32", "i32-swapped", "u32", "u32-swapped"}

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

// FormWords are the words of all forms but that of what is written as it stands.
func FormWords() []string { return formNames[1:] }

// One tells whether a number of the form lies in one element: then what is known of an element
// is what is known of the number.
func (f Form) One() bool { return f == AsWritten || f == I16 }

// whole tells whether values are numbers of the form already.
func (f Form) whole(v *firedoor.Values) bool {
	switch v.Type {
	case firedoor.F32, firedoor.F64:
		return f == AsWritten || f == F32 || f == F32Swapped
	case firedoor.I16, firedoor.I32, firedoor.I64, firedoor.U32, firedoor.U64:
		return f != F32 && f != F32Swapped
	default:
		return f == AsWritten
	}
}

// count is how many numbers there are in values; 0 where they have another form.
func (f Form) count(v *firedoor.Values) int {
	n := v.Len()
	switch {
	case f.whole(v):
		return n
	case v.Type.Size() != 2 || v.Little:
		return 0
	case f.One():
		return n
	case n%2 != 0:
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
	if f == I16 {
		return float64(int16(binary.BigEndian.Uint16(v.Raw[2*i:])))
	}
	bits := binary.BigEndian.Uint32(v.Raw[4*i:])
	if f.swapped() {
		bits = bits<<16 | bits>>16
	}
	switch f {
	case F32, F32Swapped:
		return float64(math.Float32frombits(bits))
	case I32, I32Swapped:
		return float64(int32(bits))
	default:
		return float64(bits)
	}
}

func (f Form) swapped() bool { return f == F32Swapped || f == I32Swapped || f == U32Swapped }

// signed is a number of the form of which the bits are known as a number without a sign.
func (f Form) signed(v float64) float64 {
	if f == I16 && v > math.MaxInt16 && v <= math.MaxUint16 {
		return v - (math.MaxUint16 + 1)
	}
	return v
}

// write is a number as the form has it in 16-bit elements; not ok where it has no such number.
func (f Form) write(to []byte, n float64) (out []byte, ok bool) {
	var bits uint32
	switch f {
	case I16:
		return binary.BigEndian.AppendUint16(to, uint16(int16(n))), n == math.Trunc(n) && n >= math.MinInt16 && n <= math.MaxInt16
	case F32, F32Swapped:
		bits, ok = math.Float32bits(float32(n)), float64(float32(n)) == n
	case I32, I32Swapped:
		bits, ok = uint32(int32(n)), n == math.Trunc(n) && n >= math.MinInt32 && n <= math.MaxInt32
	case U32, U32Swapped:
		bits, ok = uint32(n), n == math.Trunc(n) && n >= 0 && n <= math.MaxUint32
	}
	if f.swapped() {
		bits = bits<<16 | bits>>16
	}
	return binary.BigEndian.AppendUint32(to, bits), ok
}
