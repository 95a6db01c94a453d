package policy

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"firedoor"
)

// Elements of what a request names. Whoever remembers values by element must know one by whatever name it is
// asked for: else each name has a past of its own, and a step is counted from what was there long ago.

// MaxFilled is of how many elements it is remembered that one value was written to all of them: no frame takes longer.
// A step of one behind them is counted from what was there before, until it is read.
const MaxFilled = 1 << 12

// Elements is how many elements a request has values for: where one fills several each has that value.
func Elements(v *firedoor.Values, quantity uint32) int {
	if v.Len() == 1 && v.Each == firedoor.Filled {
		return int(min(quantity, MaxFilled))
	}
	return v.Len()
}

// ElementIn is Element for an object of a protocol: in memory it goes on from bit to bit, and in an array from index to
// index. Not ok where nobody knows which element it is: in a part of a tag that is moved in parts.
func ElementIn(to []byte, protocol string, object []byte, element uint64) (text []byte, ok bool) {
	number := layoutOf(protocol)
	if number > 0 && layouts[number].tree && bytes.Contains(object, offsetMark) {
		return to, false
	}
	if number == 0 || element == 0 {
		return Element(to, object, element), true
	}
	at, read := readIn(number, object)
	if !read || at.loose != fixed {
		return Element(to, object, element), true
	}
	at.from += element * at.unit
	return writeIn(to, number, &at, object[:at.cut]), true
}

// AppendPlace appends what is the same for each name of an element: where it lies, how wide it is, and whether a floating
// point number or another one is there by those who ask; the name itself where that is no place. In memory that has no
// types the bits of one are another number to who calls them something else.
func AppendPlace(to []byte, protocol string, element []byte, t firedoor.ValueType) []byte {
	number := layoutOf(protocol)
	if number == 0 {
		return append(to, element...)
	}
	at, ok := readIn(number, element)
	if !ok || at.loose != fixed {
		return append(to, element...)
	}
	to = binary.LittleEndian.AppendUint32(append(to, number, at.area), at.block)
	to = binary.LittleEndian.AppendUint64(append(to, byte(at.unit)), at.from)
	if !layouts[number].tree && (t == firedoor.F32 || t == firedoor.F64) {
		to = append(to, 'f')
	}
	for _, c := range element[:at.cut] {
		to = append(to, lower(c))
	}
	return to
}

// writeIn is layout.write, as readIn is layout.read; an element of an array has the letters of its name.
func writeIn(to []byte, number uint8, at *place, name []byte) []byte {
	switch layouts[number] {
	case &s7:
		return writeS7(to, at, "")
	case &melsec:
		return writeMelsec(to, at, "")
	case &fins:
		return writeFins(to, at, "")
	case &gesrtp:
		return writeSRTP(to, at, "")
	}
	if to = append(to, name...); !bytes.HasSuffix(name, []byte{','}) {
		to = append(to, '[')
	}
	return append(strconv.AppendUint(to, at.from, 10), ']')
}
