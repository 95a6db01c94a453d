package device

import "math"

// Kind is how a controller's memory holds a value.
type Kind uint8

// The kinds of value.
const (
	Bool Kind = iota
	Int16
	Uint16
	Int32
	Float32
)

// Size is how many bytes of memory a value takes; a Bool counts as one.
func (k Kind) Size() int {
	switch k {
	case Bool:
		return 1
	case Int16, Uint16:
		return 2
	}
	return 4
}

// words is how many Modbus registers a value takes.
func (k Kind) words() int { return (k.Size() + 1) / 2 }

// Value is one value of a controller's memory as protocols address it.
type Value struct {
	Name  string
	Kind  Kind
	Scale float64        // raw = round(engineering*Scale) for integer kinds; 0 is 1
	Load  func() float64 // in engineering units
	Store func(float64)  // nil: read-only
}

// raw is the value's bits as the wire has them, right-justified.
func (v *Value) raw() uint32 { return rawOf(v.Kind, v.Scale, v.Load()) }

// store sets the value from the wire's bits; the caller has looked at Store.
func (v *Value) store(raw uint32) { v.Store(engineering(v.Kind, v.Scale, raw)) }

// rawOf turns engineering units into bits. What does not fit is held at the
// nearest end of the range, as a controller's conversion does; what is no number
// is 0 in integers.
func rawOf(k Kind, scale, x float64) uint32 {
	if k == Float32 {
		return math.Float32bits(float32(x))
	}
	if k == Bool {
		if x != 0 {
			return 1
		}
		return 0
	}
	if scale != 0 {
		x *= scale
	}
	x = math.Round(x)
	if x != x { // not a number
		return 0
	}
	switch k {
	case Int16:
		return uint32(uint16(int16(min(max(x, math.MinInt16), math.MaxInt16))))
	case Uint16:
		return uint32(min(max(x, 0), math.MaxUint16))
	}
	return uint32(int32(min(max(x, math.MinInt32), math.MaxInt32)))
}

// engineering is the way back.
func engineering(k Kind, scale float64, raw uint32) float64 {
	var x float64
	switch k {
	case Bool:
		if raw != 0 {
			return 1
		}
		return 0
	case Float32:
		return float64(math.Float32frombits(raw))
	case Int16:
		x = float64(int16(raw))
	case Uint16:
		x = float64(uint16(raw))
	default:
		x = float64(int32(raw))
	}
	if scale != 0 {
		x /= scale
	}
	return x
}
