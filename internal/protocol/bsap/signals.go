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
	if how == byAddress {
		if len(list) < 2 {
			return o, nil, false
		}
		o = firedoor.Object{Space: &addresses, At: [4]uint32{uint32(binary.LittleEndian.Uint16(list))}}
		return o, list[2:], true
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
