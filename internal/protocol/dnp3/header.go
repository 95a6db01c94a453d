package dnp3

import (
	"encoding/binary"

	"firedoor"
)

// Reasons of malformed objects.
const (
	reasonHeader    = "object header ends too early"
	reasonQualifier = "qualifier that is none"
	reasonRange     = "range ends before it begins"
	reasonUnknown   = "object whose size is not known: what follows cannot be read"
	reasonObject    = "objects end too early"
)

// unit is what becomes an operation or a sample: the objects of a header, or one
// of them where each has an index or a size of its own.
type unit struct {
	group, variation byte
	all              bool   // no range at all
	indexed          bool   // first is a point's number
	first            uint32 // point
	count            uint32
	data             []byte // of all objects; nil where a request has none
	layout           layout
	header, end      int // where the header and the unit stand in the fragment
}

// walk goes through the objects of a fragment (4.2.2.7).
type walk struct {
	b      []byte
	pos    int
	code   byte
	reason string // what is wrong; the walk ends there

	left uint32 // objects of the header at hand that have a prefix
	unit
	prefix byte
	single bool // objects without prefix that are told one by one
}

// Prefix codes: index or size before each object.
const (
	prefixNone  = 0
	prefixSize  = 4 // and 5 and 6: size of the object
	prefixCodes = 7
)

// next finds the next unit; false at the end, or where reason says why not.
func (w *walk) next() bool {
	if w.left > 0 {
		return w.object()
	}
	if w.pos == len(w.b) || w.reason != "" {
		return false
	}
	if !w.read() {
		return false
	}
	if w.left > 0 {
		return w.object()
	}
	if w.all || !w.holdsData() {
		w.end = w.pos
		return true
	}
	return w.body()
}

// read reads an object header.
func (w *walk) read() bool {
	if len(w.b)-w.pos < 3 {
		return w.fail(reasonHeader)
	}
	h := w.b[w.pos:]
	w.unit = unit{group: h[0], variation: h[1], header: w.pos}
	qualifier := h[2]
	w.pos += 3
	w.prefix = qualifier >> 4 & prefixCodes
	code := qualifier & 0x0f
	switch code {
	case 0, 1, 2, 3, 4, 5: // start and stop, numbers or addresses
		start, ok := w.number(1 << (code % 3))
		stop, ok2 := w.number(1 << (code % 3))
		if !ok || !ok2 {
			return w.fail(reasonHeader)
		}
		if stop < start {
			return w.fail(reasonRange)
		}
		w.indexed, w.first, w.count = true, start, stop-start+1
		if w.count == 0 { // the whole range of four bytes
			w.count = stop
		}
	case 6:
		w.all = true
	case 7, 8, 9:
		count, ok := w.number(1 << (code - 7))
		if !ok {
			return w.fail(reasonHeader)
		}
		w.count = count
	case 11: // objects of any size, counted
		count, ok := w.number(1)
		if !ok {
			return w.fail(reasonHeader)
		}
		w.count = count
	default:
		return w.fail(reasonQualifier)
	}
	w.single = false
	switch {
	case w.prefix == prefixCodes || w.prefix != prefixNone && w.all:
		return w.fail(reasonQualifier)
	case w.prefix != prefixNone:
		w.left = w.count
	case (w.group == groupOutputBlock && w.variation != 3 || w.group == groupAnalogBlock) && w.holdsData():
		w.single, w.left = true, w.count
	}
	return true
}

// number reads a number of size 1, 2 or 4, little-endian.
func (w *walk) number(size int) (uint32, bool) {
	if len(w.b)-w.pos < size {
		return 0, false
	}
	b := w.b[w.pos:]
	w.pos += size
	switch size {
	case 1:
		return uint32(b[0]), true
	case 2:
		return uint32(binary.LittleEndian.Uint16(b)), true
	}
	return binary.LittleEndian.Uint32(b), true
}

func (w *walk) fail(reason string) bool {
	w.reason, w.left = reason, 0
	return false
}

// broken is fail where it is known what the object is: it is told all the same,
// without data.
func (w *walk) broken(reason string) bool {
	w.fail(reason)
	w.data, w.end, w.pos = nil, len(w.b), len(w.b)
	return true
}

// holdsData tells whether objects follow the header at hand: in responses and
// in requests that bring something.
func (w *walk) holdsData() bool {
	switch w.code {
	case fnWrite, fnSelect, fnOperate, fnDirect, fnDirectNoResponse, fnResponse, fnUnsolicited, fnAuthenticateResponse,
		fnOpenFile, fnCloseFile, fnDeleteFile, fnFileInformation, fnAuthenticateFile, fnAbortFile, fnActivate,
		fnAuthenticate, fnAuthenticateNo:
		return true
	case fnFreezeAtTime, fnFreezeAtTimeNo:
		return w.group == groupTime
	}
	return w.group == groupAuthentication && !w.all && w.variation == 3 // requests that authenticate themselves
}

// object takes the next object of a header whose objects have a prefix, or are
// told one by one.
func (w *walk) object() bool {
	w.left--
	if w.single {
		if w.end > w.header {
			w.first++
		}
		w.count = 1
		var known bool
		if w.layout, known = layoutOf(w.group, w.variation); !known {
			return w.broken(reasonUnknown)
		}
		return w.take(uint64(w.layout.size))
	}
	size := 1 << ((w.prefix - 1) % 3)
	n, ok := w.number(size)
	if !ok {
		return w.fail(reasonObject)
	}
	w.count = 1
	if w.prefix >= prefixSize {
		w.first, w.layout = 0, layout{}
		return w.take(uint64(n))
	}
	w.first, w.indexed = n, true
	w.data = nil
	if !w.holdsData() {
		w.end = w.pos
		return true
	}
	if w.group == groupAttribute {
		return w.attribute()
	}
	var known bool
	if w.layout, known = layoutOf(w.group, w.variation); !known {
		return w.broken(reasonUnknown)
	}
	return w.take(w.layout.bytes(1))
}

// take takes the data of the unit at hand.
func (w *walk) take(n uint64) bool {
	if n > uint64(len(w.b)-w.pos) {
		return w.broken(reasonObject)
	}
	w.data = w.b[w.pos : w.pos+int(n)]
	w.pos += int(n)
	w.end = w.pos
	return true
}

// body takes the objects of a header that lie side by side.
func (w *walk) body() bool {
	if w.group == groupAttribute {
		return w.attribute()
	}
	var known bool
	if w.layout, known = layoutOf(w.group, w.variation); !known {
		return w.broken(reasonUnknown)
	}
	return w.take(w.layout.bytes(w.count))
}

// attribute takes device attributes (group 0), which tell their own length: type,
// length, content. Of a range only one is known to occur.
func (w *walk) attribute() bool {
	if len(w.b)-w.pos < 2 {
		return w.broken(reasonObject)
	}
	return w.take(2 + uint64(w.b[w.pos+1]))
}

// place names the unit at hand. In requests, buffers of events have names of
// their own; in responses an event is told of its point.
func (u *unit) place() place {
	g := &groups[u.group]
	switch {
	case g.points == nil, u.group == groupClass && (u.variation < 1 || u.variation > 4):
		return place{&others, [2]uint32{uint32(u.group), uint32(u.variation)}}
	case g.buffer != nil && !u.indexed:
		return place{space: g.buffer}
	}
	switch u.group {
	case groupAttribute, groupAuthentication:
		return place{g.points, [2]uint32{uint32(u.variation)}}
	case groupClass:
		return place{g.points, [2]uint32{uint32(u.variation) - 1}}
	case groupTime, groupCommonTime, groupDelay, groupFile, groupApplication:
		return place{space: g.points}
	}
	if u.all || !u.indexed && u.data == nil {
		return place{g.points, [2]uint32{0, everything}}
	}
	return place{g.points, [2]uint32{u.first}}
}

// counts tells whether a number of elements means something.
func (u *unit) counts() bool {
	switch u.group {
	case groupClass: // at most so many events (qualifiers 07 and 08)
		return !u.all && !u.indexed
	case groupAttribute, groupAuthentication, groupFile, groupApplication, groupTime, groupCommonTime, groupDelay:
		return false
	}
	return !u.all && groups[u.group].points != nil
}

// verb is what the function at hand means for the unit.
func (u *unit) verb(code byte) firedoor.Verb {
	switch code {
	case fnRead:
		if u.group == groupAttribute {
			return firedoor.VerbIdentify
		}
	case fnSelect, fnOperate, fnDirect, fnDirectNoResponse:
		if u.group == groupAnalogBlock { // a set point
			return firedoor.VerbWrite
		}
	case fnWrite:
		switch u.group {
		case groupAttribute, 34, groupTime, groupCommonTime, groupIndication, groupAuthentication:
			return firedoor.VerbConfigure
		case groupFile, groupApplication:
			return firedoor.VerbProgram
		case 10, groupOutputBlock:
			return firedoor.VerbControl
		}
	}
	return functions[code].verb
}
