package bsap

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Where a request by address has the number of signals, and where one by name. Those that
// read by name begin with bits for each octet of a selection that follows, and end with a
// security level.
const (
	addressCount = 3
	nameCount    = 1
	selected     = 2 // the bits, and the level
	addressSize  = 2
)

// list finds the signals in what stands behind the function: how many, and where they
// begin.
func (how by) list(data []byte) (list []byte, n int) {
	var at int
	switch {
	case how == byNothing || len(data) == 0:
		return nil, 0
	case how == byAddress:
		at = addressCount
	case how == byName:
		at = nameCount
	case how == byAddresses:
		at = 1 + bits.OnesCount8(data[0]) + addressCount
		if len(data) <= at || len(data) != at+1+addressSize*int(data[at]) {
			return nil, 0
		}
	default:
		at = selected + bits.OnesCount8(data[0])
	}
	if len(data) <= at {
		return nil, 0
	}
	return data[at+1:], int(data[at])
}

// next takes the next signal; whole is false where the list ends in it.
func (how by) next(list []byte) (o firedoor.Object, rest []byte, whole bool) {
	if how == byAddress || how == byAddresses {
		if len(list) < addressSize {
			return o, nil, false
		}
		o = firedoor.Object{Space: &addresses, At: [4]uint32{uint32(binary.LittleEndian.Uint16(list))}}
		return o, list[addressSize:], true
	}
	end := bytes.IndexByte(list, 0)
	if end < 0 {
		return o, nil, false
	}
	return firedoor.Object{Space: &signals, Text: list[:min(end, wire.MaxText)]}, list[end+1:], true
}

// How a written value is described: a switch that is turned off, and a number of four
// octets. The others were not seen.
const (
	writesOff    = 0x0a
	writesNumber = 0x0b
)

// written is what is written to a signal, which is the last where that is all there is, and what stands
// behind it; nil where nobody knows.
func written(b []byte, last bool) (v firedoor.Values, rest []byte) {
	switch {
	case len(b) >= 5 && b[0] == writesNumber && (!last || len(b) == 5):
		return firedoor.Values{Type: firedoor.F32, Little: true, Count: 1, Raw: b[1:5]}, b[5:]
	case len(b) >= 1 && b[0] == writesOff && (!last || len(b) == 1):
		return firedoor.Values{Type: firedoor.Bool, Count: 1, Raw: off[:]}, b[1:]
	}
	return firedoor.Values{}, nil
}

var off [1]byte

// Parts of a signal that a request selects, in the order in which its answer has them; those of the second
// octet stand in the upper half. Of the others it is not known how long they are.
const (
	partType    = 0x80
	partValue   = 0x40
	partAddress = 0x10
	partVersion = 0x100
	partsKnown  = partType | partValue | partAddress | partVersion
)

// parts reads what a read selects; 0 where that is not all known.
func (how by) parts(data []byte) uint16 {
	if how != bySelection && how != byAddresses || len(data) < 3 {
		return 0
	}
	parts := uint16(0)
	switch data[0] {
	case 1:
		parts = uint16(data[1])
	case 3:
		parts = binary.LittleEndian.Uint16(data[1:])
	}
	if parts&^partsKnown != 0 {
		return 0
	}
	return parts
}

// Sizes of values, by their type: a logical signal, and a number.
const (
	typeLogical = 0
	sizeLogical = 1
	sizeNumber  = 4
)

// locate finds the values of n signals in an answer. They are told only where the answer has their types too,
// nothing is left over, and the version, which is that of the whole database, is the same with each.
func locate(parts uint16, n int, b []byte, found *[maxSignals][2]int) bool {
	if parts&(partType|partValue) != partType|partValue || n > maxSignals {
		return false
	}
	version := -1
	at := 0
	for i := range n {
		if at >= len(b) {
			return false
		}
		size := sizeNumber
		if b[at] == typeLogical {
			size = sizeLogical
		}
		found[i] = [2]int{at + 1, at + 1 + size}
		if at += 1 + size; parts&partAddress != 0 {
			at += addressSize
		}
		if parts&partVersion != 0 {
			if at += 2; at > len(b) {
				return false
			}
			this := int(binary.LittleEndian.Uint16(b[at-2:]))
			if version >= 0 && this != version {
				return false
			}
			version = this
		}
	}
	return n > 0 && at == len(b)
}

// signalValue is what stands in the place of a value.
func signalValue(b []byte) firedoor.Values {
	if len(b) == sizeLogical {
		return firedoor.Values{Type: firedoor.Bool, Count: 1, Raw: b}
	}
	return firedoor.Values{Type: firedoor.F32, Little: true, Count: 1, Raw: b}
}
