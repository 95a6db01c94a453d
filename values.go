package firedoor

import (
	"encoding/binary"
	"math"
	"strconv"
)

// ValueType is how the elements of Values are laid out.
type ValueType uint8

// Value types. Bit packs eight to a byte, least significant first; Bool takes
// a byte each.
const (
	NoValue ValueType = iota
	Bit
	Bool
	U8
	I8
	U16
	I16
	U32
	I32
	U64
	I64
	F32
	F64
)

var valueTypes = [...]struct {
	name string
	size int
}{{"", 0}, {"bit", 0}, {"bool", 1}, {"u8", 1}, {"i8", 1}, {"u16", 2}, {"i16", 2},
	{"u32", 4}, {"i32", 4}, {"u64", 8}, {"i64", 8}, {"f32", 4}, {"f64", 8}}

// String is the word used in files: "u16", "f32".
func (t ValueType) String() string { return valueTypes[t].name }

// Size is the bytes an element takes, 0 for Bit and NoValue.
func (t ValueType) Size() int { return valueTypes[t].size }

// Values is a view of values as they stand on the wire: borrowed bytes, read
// without copying. The zero Values means "none".
type Values struct {
	Type   ValueType
	Little bool // little-endian elements
	// Each is how many of them make one element of the object: the bytes of a structure or of
	// a text; Unmeasured or Filled. 0: every one is an element itself.
	Each  int32
	Count int    // elements; only those that Raw really holds are given out, the others were not kept
	Raw   []byte // elements in wire order
}

// Unmeasured says that elements of an object take several values, and not how many; Filled
// that the one value is that of all elements an operation names.
const (
	Unmeasured = -1
	Filled     = -2
)

// Limits of the texts beside values: what is longer is cut where it is written.
const (
	MaxTexts = 16  // of one operation or sample
	MaxText  = 256 // bytes of one
)

// Len is how many elements there are: Count, or fewer when Raw is shorter.
func (v *Values) Len() int {
	have := 0
	switch v.Type {
	case NoValue:
	case Bit:
		have = len(v.Raw) * 8
	default:
		have = len(v.Raw) / valueTypes[v.Type].size
	}
	return max(0, min(have, v.Count))
}

// Cut tells whether there were more elements than are given out.
func (v *Values) Cut() bool { return v.Count > v.Len() }

// bits returns element i as raw bits, 0 <= i < Len().
func (v *Values) bits(i int) uint64 {
	switch valueTypes[v.Type].size {
	case 0:
		return uint64(v.Raw[i>>3] >> (i & 7) & 1)
	case 1:
		return uint64(v.Raw[i])
	case 2:
		if v.Little {
			return uint64(binary.LittleEndian.Uint16(v.Raw[2*i:]))
		}
		return uint64(binary.BigEndian.Uint16(v.Raw[2*i:]))
	case 4:
		if v.Little {
			return uint64(binary.LittleEndian.Uint32(v.Raw[4*i:]))
		}
		return uint64(binary.BigEndian.Uint32(v.Raw[4*i:]))
	default:
		if v.Little {
			return binary.LittleEndian.Uint64(v.Raw[8*i:])
		}
		return binary.BigEndian.Uint64(v.Raw[8*i:])
	}
}

// Int returns element i, 0 <= i < Len(), as the integer on the wire: floats
// give their bit pattern, U64 wraps above the int64 range.
func (v *Values) Int(i int) int64 {
	b := v.bits(i)
	switch v.Type {
	case Bool:
		if b != 0 {
			return 1
		}
		return 0
	case I8:
		return int64(int8(b))
	case I16:
		return int64(int16(b))
	case I32:
		return int64(int32(b))
	default:
		return int64(b)
	}
}

// Float returns element i, 0 <= i < Len(), as the number it stands for.
func (v *Values) Float(i int) float64 {
	switch v.Type {
	case F32:
		return float64(math.Float32frombits(uint32(v.bits(i))))
	case F64:
		return math.Float64frombits(v.bits(i))
	case U64:
		return float64(v.bits(i))
	default:
		return float64(v.Int(i))
	}
}

// AppendJSON appends the elements as a JSON array of integers in wire order
// (floats as their bit pattern: exact, and a number for every pattern).
func (v *Values) AppendJSON(dst []byte) []byte {
	dst = append(dst, '[')
	for i, n := 0, v.Len(); i < n; i++ {
		if i > 0 {
			dst = append(dst, ',')
		}
		if v.Type == U64 || v.Type == F64 {
			dst = strconv.AppendUint(dst, v.bits(i), 10)
		} else {
			dst = strconv.AppendInt(dst, v.Int(i), 10)
		}
	}
	return append(dst, ']')
}
