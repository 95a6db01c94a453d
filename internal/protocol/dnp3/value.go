package dnp3

import (
	"encoding/binary"

	"firedoor"
)

// maxRun is how many values are put side by side at once: a longer range of them
// is told in pieces.
const maxRun = 1024

// pieces is how many objects of a layout are told at once: as many as there are
// where values lie side by side on the wire.
func (l *layout) pieces(count uint32) int {
	if l.form == formBits || l.form == formText || l.form == formNumber && int(l.size) == l.kind.Size() {
		return int(count)
	}
	return min(int(count), maxRun)
}

// form is how the value stands in an object.
type form uint8

const (
	formNone   form = iota // nothing is read of it
	formBits               // one bit an object, eight objects to a byte
	formDouble             // two bits an object
	formState              // bit 7 of the flags
	formStates             // bits 6 and 7 of the flags
	formNumber
	formBlock // relay output block
	formText  // the whole object
)

// layout is what is known of a variation: size in bytes without prefix, 0 where
// it varies or is not known.
type layout struct {
	size  uint8
	form  form
	at    uint8 // of a number
	flags bool  // byte 0 says how good the value is
	kind  firedoor.ValueType
}

var layouts = allLayouts()

// allLayouts lists the objects of a fixed size (Annex A), by group and variation.
func allLayouts() *[256][]layout {
	const (
		i16, i32, u16, u32, f32, f64 = firedoor.I16, firedoor.I32, firedoor.U16, firedoor.U32, firedoor.F32, firedoor.F64
		time, short                  = 6, 2 // sizes of times
	)
	bits := layout{form: formBits, kind: firedoor.Bit}
	state := func(time uint8) layout { return layout{1 + time, formState, 0, true, firedoor.Bool} }
	states := func(time uint8) layout { return layout{1 + time, formStates, 0, true, firedoor.U8} }
	flagged := func(kind firedoor.ValueType, time int) layout {
		return layout{uint8(1 + kind.Size() + time), formNumber, 1, true, kind}
	}
	plain := func(kind firedoor.ValueType) layout { return layout{uint8(kind.Size()), formNumber, 0, false, kind} }
	block := func(kind firedoor.ValueType) layout {
		return layout{uint8(kind.Size() + 1), formNumber, 0, false, kind}
	}
	opaque := func(size uint8) layout { return layout{size: size} }
	none := layout{}
	command := func(time uint8) layout { return layout{1 + time, formState, 0, false, firedoor.Bool} }
	answered := func(kind firedoor.ValueType, time int) layout { // a status in place of flags
		return layout{uint8(1 + kind.Size() + time), formNumber, 1, false, kind}
	}
	frozen := []layout{none, flagged(u32, 0), flagged(u16, 0), flagged(u32, 0), flagged(u16, 0),
		flagged(u32, time), flagged(u16, time), flagged(u32, time), flagged(u16, time)}
	analog := []layout{none, flagged(i32, 0), flagged(i16, 0), flagged(i32, time), flagged(i16, time),
		flagged(f32, 0), flagged(f64, 0), flagged(f32, time), flagged(f64, time)}
	return &[256][]layout{
		1:  {none, bits, state(0)},
		2:  {none, state(0), state(time), state(short)},
		3:  {none, {form: formDouble, kind: firedoor.U8}, states(0)},
		4:  {none, states(0), states(time), states(short)},
		10: {none, bits, state(0)},
		11: {none, state(0), state(time)},
		12: {none, {11, formBlock, 0, false, u32}, {11, formBlock, 0, false, u32}, bits},
		13: {none, command(0), command(time)},
		20: {none, flagged(u32, 0), flagged(u16, 0), flagged(u32, 0), flagged(u16, 0), plain(u32), plain(u16), plain(u32), plain(u16)},
		21: append(frozen[:9:9], plain(u32), plain(u16), plain(u32), plain(u16)),
		22: frozen,
		23: frozen,
		30: {none, flagged(i32, 0), flagged(i16, 0), plain(i32), plain(i16), flagged(f32, 0), flagged(f64, 0)},
		31: {none, flagged(i32, 0), flagged(i16, 0), flagged(i32, time), flagged(i16, time), plain(i32), plain(i16), flagged(f32, 0), flagged(f64, 0)},
		32: analog,
		33: analog,
		34: {none, plain(u16), plain(u32), plain(f32)},
		40: {none, flagged(i32, 0), flagged(i16, 0), flagged(f32, 0), flagged(f64, 0)},
		41: {none, block(i32), block(i16), block(f32), block(f64)},
		42: analog,
		43: {none, answered(i32, 0), answered(i16, 0), answered(i32, time), answered(i16, time),
			answered(f32, 0), answered(f64, 0), answered(f32, time), answered(f64, time)},
		50:  {none, opaque(time), opaque(time + 4), opaque(time), opaque(time + 5)},
		51:  {none, opaque(time), opaque(time)},
		52:  {none, plain(u16), plain(u16)},
		80:  {none, bits},
		81:  {none, opaque(3)},
		101: {none, opaque(2), opaque(4), opaque(8)},
		102: {none, plain(firedoor.U8)},
		120: {none, none, none, opaque(6), opaque(2)},
		121: {none, {7, formNumber, 3, false, u32}},
		122: {none, {7, formNumber, 3, false, u32}, {13, formNumber, 3, false, u32}},
	}
}

// layoutOf tells how an object is laid out; ok is false for what is not known or
// tells its own size. Strings have as many bytes as their variation says.
func layoutOf(group, variation byte) (l layout, ok bool) {
	switch group {
	case groupString, groupStringEvent:
		return layout{size: variation, form: formText, kind: firedoor.U8}, true
	case groupTerminal, groupTerminalEvent:
		return layout{size: variation}, true
	}
	if all := layouts[group]; int(variation) < len(all) {
		l = all[variation]
	}
	return l, l.size > 0 || l.form != formNone
}

// bytes is what count objects take.
func (l *layout) bytes(count uint32) uint64 {
	switch n := uint64(count); l.form {
	case formBits:
		return (n + 7) / 8
	case formDouble:
		return (n + 3) / 4
	default:
		return n * uint64(l.size)
	}
}

// values gives the values of n objects from number first on, n being at most
// what pieces said and first a multiple of it; the objects are whole. What does
// not stand side by side on the wire is put so.
func (s *scratch) values(l *layout, data []byte, first, n int) firedoor.Values {
	v := firedoor.Values{Type: l.kind, Little: true, Count: n}
	size := int(l.size)
	switch l.form {
	case formNone:
		return firedoor.Values{}
	case formBits:
		v.Raw = data[first/8:]
		return v
	case formText:
		v.Count, v.Raw = n*size, data[first*size:]
		return v
	case formBlock: // one at a time
		v.Count, v.Raw = 4, s.run[:16]
		binary.LittleEndian.PutUint32(v.Raw, uint32(data[0]))
		binary.LittleEndian.PutUint32(v.Raw[4:], uint32(data[1]))
		copy(v.Raw[8:], data[2:10])
		return v
	case formDouble:
		for i := range n {
			s.run[i] = data[(first+i)/4] >> ((first + i) % 4 * 2) & 3
		}
	case formState, formStates:
		shift := 7
		if l.form == formStates {
			shift = 6
		}
		for i := range n {
			s.run[i] = data[(first+i)*size] >> shift
		}
	case formNumber:
		wide := l.kind.Size()
		if n == 1 || size == wide {
			v.Raw = data[first*size+int(l.at):]
			return v
		}
		for i := range n {
			at := (first+i)*size + int(l.at)
			copy(s.run[i*wide:(i+1)*wide], data[at:at+wide])
		}
	}
	v.Raw = s.run[:]
	return v
}

// flagOnline alone in the flags says that a value is good (11.6).
const flagOnline = 0x01

// quality collects the flags of n objects from number first on; ok is true if
// all are plainly online, or there are none.
func (s *scratch) quality(g *group, l *layout, data []byte, first, n int) (ok bool) {
	if !l.flags {
		return true
	}
	mask := byte(0xff)
	switch {
	case g.state:
		mask = 0x7f
	case g.double:
		mask = 0x3f
	}
	ok = true
	for i := range n {
		f := data[(first+i)*int(l.size)] & mask
		s.flags[i] = f
		ok = ok && f == flagOnline
	}
	return ok
}
