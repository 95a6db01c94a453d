package s7commplus

import (
	"strconv"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Spaces of variables and objects.
var (
	// spaceSymbol is a variable by its symbol: At is {area, checksum of the symbol,
	// attribute}, Text its way through data block and structures as packed numbers.
	spaceSymbol = &firedoor.Space{Name: "sym", Append: appendSymbol}
	// spaceBytes and spaceBit are plain memory: At is {area, byte, bit}.
	spaceBytes = &firedoor.Space{Name: "bytes", Axis: 2, Append: appendBytes, Place: func(o *firedoor.Object, _ *firedoor.Values) firedoor.Object {
		return firedoor.Object{Space: spaceMemory, At: o.At}
	}}
	// spaceMemory is where values wider than a byte stand in it, for points only.
	spaceMemory = &firedoor.Space{Name: "memory", Bytes: 2, Append: appendBytes}
	spaceBit    = &firedoor.Space{Name: "bit", Append: appendBit}
	// spaceAttribute is an attribute of an object that every controller has: At is
	// {object, attribute}, Text what follows.
	spaceAttribute = &firedoor.Space{Name: "object", Append: appendAttribute}
	// spaceSession and spaceGiven are attributes of the session's own object and of
	// others to which the controller gave a number for the time being: At is {0,
	// attribute}.
	spaceSession = &firedoor.Space{Name: "session", Append: appendAttribute}
	spaceGiven   = &firedoor.Space{Name: "given", Append: appendAttribute}
	// spaceBlock is a block: At is {class, number}, and an attribute or 0.
	spaceBlock = &firedoor.Space{Name: "block", Append: appendBlock}
	// spaceClass is a kind of object that is created.
	spaceClass = &firedoor.Space{Name: "class", Append: appendClass}
	// spaceMethod is what is invoked: At is {object, method}.
	spaceMethod = &firedoor.Space{Name: "method", Append: appendMethod}
	// spaceRef is a value of a subscription whose beginning was not seen.
	spaceRef = &firedoor.Space{Name: "ref"}
)

// Numbers of objects and of their classes.
const (
	objPLCProgram   = 3
	objExecUnit     = 52
	objInputs       = 80
	objOutputs      = 81
	objFlags        = 82
	objCounters     = 83
	objTimers       = 84
	objNew          = 211
	firstGiven      = 0x70000000
	firstBlock      = 0x80000000
	classSession    = 287
	classSubscribed = 1001
	classAlarms     = 2662
	classDB         = 2574
	classFB         = 2578
	classFC         = 2579
	classOB         = 2610
	classUDT        = 3932
)

// Numbers of attributes.
const (
	attrName            = 233
	attrApplication     = 297
	attrHost            = 298
	attrComment         = 301
	attrChallenge       = 303
	attrResponse        = 304
	attrVersion         = 306
	attrPassword        = 309
	attrVersionString   = 319
	attrReferences      = 1048
	attrSessionKey      = 1830
	attrLegitimate      = 1846
	attrOperatingState  = 2167
	attrClock           = 2421
	attrDBInitial       = 2548
	attrDBActual        = 2550
	attrCode            = 2580
	attrAreaActual      = 3736
	lidBytes            = 3 // first step of a way that is an address
	maxWay              = 24
	noAttribute         = 0
	operatingStateStop  = 1
	operatingStateReset = 2
	operatingStateRun   = 3
	operatingStatePair  = 4 // with the other controller of a redundant pair
)

// dbNumber is the number of a data block's area.
func dbNumber(area uint32) (uint32, bool) {
	return area & 0xffff, area>>16 == 0x8000|classDB
}

// isArea tells whether an object holds process data.
func isArea(o uint32) bool {
	_, db := dbNumber(o)
	return db || o >= objInputs && o <= objTimers
}

// isBlock tells whether an object's number says class and number of a block.
func isBlock(o uint32) bool { return o >= firstBlock && blockName(o>>16&0x7fff) != "" }

// noNumber is the number of a block that the controller will number.
const noNumber = ^uint32(0)

// holdsContent tells whether an attribute of a block is what the block does: the
// code, or the initial values of a data block.
func holdsContent(attribute uint32) bool { return attribute == attrCode || attribute == attrDBInitial }

func blockName(class uint32) string {
	switch class {
	case classDB:
		return "DB"
	case classFB:
		return "FB"
	case classFC:
		return "FC"
	case classOB:
		return "OB"
	case classUDT:
		return "UDT"
	}
	return ""
}

// item is an object small enough to be remembered until the answer.
type item struct {
	space *firedoor.Space
	at    [4]uint32
	count uint32 // elements, 0 where nothing is said
	nway  uint8
	way   [maxWay]byte // packed numbers
}

// object is what the item names; it is valid as long as the item.
func (it *item) object() firedoor.Object {
	o := firedoor.Object{Space: it.space, At: it.at}
	if it.nway > 0 {
		o.Text = it.way[:it.nway]
	}
	return o
}

// setWay keeps a way as it stands on the wire. One that is too long is cut, and
// its sum tells it from others.
func (it *item) setWay(b []byte) {
	it.nway = uint8(copy(it.way[:], b))
	if len(b) > maxWay {
		for it.nway > 0 && it.way[it.nway-1]&0x80 != 0 { // not in the middle of a number
			it.nway--
		}
		it.at[3] = uint32(wire.Sum(b))
	}
}

// address reads the address of a variable: checksum of the symbol, area, how
// many numbers follow, an attribute, and the way. session is the number of the
// session's own object.
func (it *item) address(w *walk, session uint32) {
	crc, area := w.u32(), w.u32()
	it.place(w, session, crc, area, w.u32())
}

// place reads n numbers, an attribute and the way, of an address in an area.
func (it *item) place(w *walk, session, crc, area, n uint32) {
	*it = item{}
	attribute := uint32(noAttribute)
	if n > 0 {
		attribute = w.u32()
		n--
	}
	if uint64(n) > uint64(w.Len()) {
		w.bad = true
		return
	}
	way := *w
	for range n {
		w.u32()
	}
	if w.broken() {
		return
	}
	raw := way.Bytes(w.Pos() - way.Pos())
	if isArea(area) && (attribute == attrDBActual || attribute == attrAreaActual) && crc == 0 && it.memory(area, raw, n) {
		return
	}
	if isArea(area) {
		it.space, it.at = spaceSymbol, [4]uint32{area, crc, attribute}
		if attribute == attrDBActual || attribute == attrAreaActual {
			it.at[2] = 0
		}
	} else {
		it.attribute(session, area, attribute)
	}
	it.setWay(raw)
}

// memory reads a way that is an address: 3, byte, and how many bytes, or 1 and a
// bit.
func (it *item) memory(area uint32, way []byte, n uint32) bool {
	w := walk{Reader: readerOf(way)}
	if n < 3 || n > 4 || w.u32() != lidBytes {
		return false
	}
	at, count := w.u32(), w.u32()
	it.space, it.at, it.count = spaceBytes, [4]uint32{area, at}, count
	if n == 4 {
		it.space, it.at[2], it.count = spaceBit, w.u32(), 1
	}
	return true
}

// attribute names an attribute of an object.
func (it *item) attribute(session, object, attribute uint32) {
	switch {
	case object == session && session != 0:
		it.space, it.at = spaceSession, [4]uint32{0, attribute}
	case isBlock(object):
		it.space, it.at = spaceBlock, [4]uint32{object >> 16 & 0x7fff, object & 0xffff, attribute}
	case object >= firstGiven && object < firstBlock:
		it.space, it.at = spaceGiven, [4]uint32{0, attribute}
	default:
		it.space, it.at = spaceAttribute, [4]uint32{object, attribute}
	}
}

func appendArea(dst []byte, area uint32) []byte {
	if n, ok := dbNumber(area); ok {
		return strconv.AppendUint(append(dst, "DB"...), uint64(n), 10)
	}
	switch area {
	case objInputs:
		return append(dst, 'I')
	case objOutputs:
		return append(dst, 'Q')
	case objFlags:
		return append(dst, 'M')
	case objCounters:
		return append(dst, 'C')
	case objTimers:
		return append(dst, 'T')
	}
	return strconv.AppendUint(dst, uint64(area), 10)
}

func appendSymbol(dst []byte, o *firedoor.Object) []byte {
	dst = appendArea(append(dst, "sym:"...), o.At[0])
	if o.At[1] != 0 {
		dst = appendHex(append(dst, "/crc:"...), o.At[1])
	}
	if o.At[2] != 0 {
		dst = strconv.AppendUint(append(dst, "/aid:"...), uint64(o.At[2]), 10)
	}
	return appendWay(dst, o)
}

// appendWay writes the numbers of a way with dots between them.
func appendWay(dst []byte, o *firedoor.Object) []byte {
	if len(o.Text) == 0 {
		return dst
	}
	dst = append(dst, "/lid:"...)
	w := walk{Reader: readerOf(o.Text)}
	for i := 0; w.Len() > 0; i++ {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = strconv.AppendUint(dst, uint64(w.u32()), 10)
	}
	if o.At[3] != 0 {
		dst = appendHex(append(dst, "/sum:"...), o.At[3])
	}
	return dst
}

func appendBytes(dst []byte, o *firedoor.Object) []byte { return appendMemory(dst, o, 'B') }

func appendBit(dst []byte, o *firedoor.Object) []byte {
	dst = append(appendMemory(dst, o, 'X'), '.')
	return strconv.AppendUint(dst, uint64(o.At[2]), 10)
}

// appendMemory writes "DB1.DBB4", "MB4", or with the letter X "DB1.DBX4", "M4".
func appendMemory(dst []byte, o *firedoor.Object, letter byte) []byte {
	dst = appendArea(dst, o.At[0])
	_, db := dbNumber(o.At[0])
	if db {
		dst = append(dst, ".DB"...)
	}
	if db || letter != 'X' {
		dst = append(dst, letter)
	}
	return strconv.AppendUint(dst, uint64(o.At[1]), 10)
}

func appendAttribute(dst []byte, o *firedoor.Object) []byte {
	dst = append(dst, o.Space.Name...)
	if o.Space.Name == "object" { // the others have no lasting number
		dst = strconv.AppendUint(append(dst, ':'), uint64(o.At[0]), 10)
	}
	if o.At[1] != noAttribute {
		dst = strconv.AppendUint(append(dst, "/aid:"...), uint64(o.At[1]), 10)
	}
	return appendWay(dst, o)
}

func appendBlock(dst []byte, o *firedoor.Object) []byte {
	dst = appendBlockName(append(dst, "block:"...), o)
	if o.At[2] != noAttribute {
		dst = strconv.AppendUint(append(dst, "/aid:"...), uint64(o.At[2]), 10)
	}
	return appendWay(dst, o)
}

func appendBlockName(dst []byte, o *firedoor.Object) []byte {
	if name := blockName(o.At[0]); name != "" {
		dst = append(dst, name...)
	} else {
		dst = append(strconv.AppendUint(append(dst, "class:"...), uint64(o.At[0]), 10), '/')
	}
	if o.At[1] == noNumber {
		return dst
	}
	return strconv.AppendUint(dst, uint64(o.At[1]), 10)
}

func appendClass(dst []byte, o *firedoor.Object) []byte {
	dst = append(dst, "class:"...)
	if name := blockName(o.At[0]); name != "" {
		return append(dst, name...)
	}
	return strconv.AppendUint(dst, uint64(o.At[0]), 10)
}

func appendMethod(dst []byte, o *firedoor.Object) []byte {
	dst = append(dst, "method:"...)
	if o.At[0] != 0 {
		dst = append(strconv.AppendUint(dst, uint64(o.At[0]), 10), '/')
	}
	return strconv.AppendUint(dst, uint64(o.At[1]), 10)
}

func appendHex(dst []byte, v uint32) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, "0x"...)
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, hex[v>>shift&0xf])
	}
	return dst
}
