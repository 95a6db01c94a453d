package s7comm

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Ways to address a variable (syntax identifiers). syntaxVariableTable and
// syntaxBlock are our own: address records of variable tables, names of blocks.
const (
	syntaxAny           = 0x10
	syntaxNCK           = 0x82
	syntaxNCKMetric     = 0x83
	syntaxNCKInch       = 0x84
	syntaxDBRead        = 0xb0
	syntaxSymbol        = 0xb2
	syntaxVariableTable = 0x01
	syntaxBlock         = 0x02
)

// variableSpec begins every address record.
const variableSpec = 0x12

// symbolDB is the area of symbolic variables in data blocks.
const symbolDB = 0x8a0e

// item is one variable as a request names it, small enough to be remembered
// until its answer.
type item struct {
	syntax uint8
	size   uint8 // transport size of the request
	area   uint8
	more   bool // the next item shares this one's place in the answer
	count  uint16
	db     uint16
	addr   uint32
	x, y   uint32
}

// Areas of memory.
const (
	areaDB      = 0x84
	areaCounter = 0x1c
	areaTimer   = 0x1d
)

var areas = [256]*firedoor.Space{
	0x01: spaceDR, 0x03: spaceSI, 0x05: spaceSF, 0x06: spaceAI, 0x07: spaceAQ,
	areaCounter: spaceC, areaTimer: spaceT, 0x1e: spaceHC, 0x1f: spaceHT,
	0x80: spaceP, 0x81: spaceI, 0x82: spaceQ, 0x83: spaceM, areaDB: spaceDB, 0x85: spaceDI,
	0x86: spaceL, 0x87: spaceV,
}

// Transport sizes of requests.
const (
	sizeBit  = 0x01
	sizeByte = 0x02
	sizeWord = 0x04
	sizeLong = 0x06
)

// sizes tells for each transport size of a request how its elements are laid
// out, how many of those make one, and the letter in an object's name.
var sizes = [256]struct {
	typ    firedoor.ValueType
	parts  uint8
	letter byte
}{
	sizeBit: {firedoor.Bool, 1, 'X'}, sizeByte: {firedoor.U8, 1, 'B'}, 0x03: {firedoor.U8, 1, 'B'},
	sizeWord: {firedoor.U16, 1, 'W'}, 0x05: {firedoor.I16, 1, 'W'}, sizeLong: {firedoor.U32, 1, 'D'},
	0x07: {firedoor.I32, 1, 'D'}, 0x08: {firedoor.F32, 1, 'D'},
	0x09: {firedoor.U16, 1, 'W'},                                                             // DATE: days
	0x0a: {firedoor.U32, 1, 'D'},                                                             // TIME_OF_DAY: ms
	0x0b: {firedoor.I32, 1, 'D'},                                                             // TIME: ms
	0x0c: {firedoor.U16, 1, 'W'},                                                             // S5TIME
	0x0f: {firedoor.U8, 8, 'B'},                                                              // DATE_AND_TIME
	0x1c: {firedoor.U16, 1, 'W'}, 0x1d: {firedoor.U16, 1, 'W'}, 0x1e: {firedoor.U32, 1, 'D'}, // S7 counter, S7 timer, IEC timer
	0x1f: {firedoor.U16, 1, 'W'}, 0x20: {firedoor.U32, 1, 'D'}, // IEC counter, fast counter
}

// object is what the item names.
func (it *item) object() firedoor.Object {
	switch it.syntax {
	case syntaxAny, syntaxDBRead, syntaxVariableTable:
		return it.memory()
	case syntaxBlock:
		return firedoor.Object{Space: spaceBlock, At: [4]uint32{uint32(it.area), it.addr, it.x}}
	case syntaxNCK, syntaxNCKMetric, syntaxNCKInch:
		return firedoor.Object{Space: spaceNCK, At: [4]uint32{uint32(it.area), it.x, uint32(it.db), it.addr}}
	case syntaxSymbol:
		return firedoor.Object{Space: spaceSymbol, At: [4]uint32{uint32(it.count)<<16 | uint32(it.db), it.addr, it.x, it.y}}
	}
	return firedoor.Object{Space: spaceSyntax, At: [4]uint32{uint32(it.syntax)}}
}

func (it *item) memory() firedoor.Object {
	o := firedoor.Object{Space: areas[it.area], At: [4]uint32{uint32(it.db), it.addr >> 3, it.addr & 7, 'B'}}
	if letter := sizes[it.size].letter; letter != 0 {
		o.At[3] = uint32(letter)
	}
	switch o.Space {
	case spaceC, spaceT, spaceHC, spaceHT:
		o.At = [4]uint32{0, it.addr}
	case nil:
		o.Space, o.At[0] = spaceArea, uint32(it.area)
	}
	return o
}

// parts is how many elements, as an object's name counts them, one of the request has: a date and time is eight octets.
func (it *item) parts() uint8 {
	if it.syntax > syntaxAny && it.syntax != syntaxDBRead {
		return 1
	}
	return sizes[it.size].parts
}

// quantity is how many elements the item names; false where it does not say.
func (it *item) quantity() (uint32, bool) {
	switch it.syntax {
	case syntaxAny, syntaxDBRead, syntaxVariableTable, syntaxNCK, syntaxNCKMetric, syntaxNCKInch:
		return uint32(it.count) * uint32(max(it.parts(), 1)), true
	}
	return 0, false
}

// Transport sizes of data.
const (
	dataBit   = 0x03
	dataBytes = 0x04
	dataInt   = 0x05
	dataReal  = 0x07
)

// values gives the data meant for the item its type; the data's own transport
// size tells it where the item says nothing.
func (it *item) values(transport byte, data []byte) firedoor.Values {
	v := firedoor.Values{Type: firedoor.U8, Raw: data, Count: len(data)}
	if it == nil || sizes[it.size].parts == 0 || it.syntax > syntaxAny && it.syntax != syntaxDBRead {
		switch transport {
		case dataBit:
			v.Type = firedoor.Bool
		case dataInt:
			v.Type, v.Count = firedoor.I16, len(data)/2
		case dataReal:
			v.Type, v.Count = firedoor.F32, len(data)/4
		}
		if it != nil && it.syntax >= syntaxNCK && it.syntax <= syntaxNCKInch {
			it.lines(&v)
		}
		return v
	}
	s := &sizes[it.size]
	v.Type, v.Count = s.typ, int(it.count)*int(s.parts)
	v.Count = v.Len()
	return v
}

// lines says whether each value is one of a variable's lines.
func (it *item) lines(v *firedoor.Values) {
	switch {
	case it.count == 1 && v.Count > 1:
		v.Each = int32(v.Count)
	case v.Count != int(it.count):
		v.Each = firedoor.Unmeasured
	}
}

// Items remembered between request and answer.
const (
	firstItems = 64
	maxItems   = 4096
)

// itemRing holds the items of the requests of one flow that may still be
// answered, by position; the oldest are overwritten when maxItems are held.
type itemRing struct {
	slots []item
	next  uint32
}

// add remembers an item.
func (r *itemRing) add(it item) {
	if r.slots == nil {
		r.slots = make([]item, firstItems)
	}
	r.slots[int(r.next)&(len(r.slots)-1)] = it
	r.next++
}

// room makes sure that the live items and n more fit, if the limit allows.
func (r *itemRing) room(live, n int) {
	for len(r.slots) < live+n && len(r.slots) < maxItems {
		grown := make([]item, max(firstItems, 2*len(r.slots)))
		for i := range len(r.slots) {
			at := r.next - uint32(len(r.slots)) + uint32(i)
			grown[int(at)&(len(grown)-1)] = r.slots[int(at)&(len(r.slots)-1)]
		}
		r.slots = grown
	}
}

// at returns the item at a position, nil if it was overwritten.
func (r *itemRing) at(pos uint32) *item {
	if age := r.next - pos; age == 0 || age > uint32(len(r.slots)) {
		return nil
	}
	return &r.slots[int(pos)&(len(r.slots)-1)]
}

// parse adds the variables of one address record and tells how many there
// were: several only for records over several blocks.
func (r *itemRing) parse(rd *protocol.Reader) (n int, ok bool) {
	spec, length := rd.U8(), int(rd.U8())
	body := protocol.Read(rd.Bytes(length))
	if rd.Failed() || spec != variableSpec || length == 0 {
		return 0, false
	}
	it := item{syntax: body.U8()}
	switch it.syntax {
	case syntaxAny:
		it.size, it.count, it.db = body.U8(), body.U16(), body.U16()
		it.area, it.addr = body.U8(), body.U24()
	case syntaxNCK, syntaxNCKMetric, syntaxNCKInch:
		it.area, it.db, it.addr = body.U8(), body.U16(), uint32(body.U16())
		it.x, it.count = uint32(body.U8()), uint16(body.U8())
	case syntaxDBRead:
		return r.parseBlocks(&body)
	case syntaxSymbol:
		body.Skip(1)
		it.count, it.db, it.addr = body.U16(), body.U16(), body.U32()
		if body.Len() >= 4 {
			it.x = body.U32() & 0x0fffffff
		}
		for body.Len() >= 4 {
			it.y = body.U32() & 0x0fffffff
		}
	}
	r.add(it)
	return 1, !body.Failed()
}

// parseBlocks reads the several areas of a record that reads data blocks.
func (r *itemRing) parseBlocks(body *protocol.Reader) (n int, ok bool) {
	count := int(body.U8())
	for i := range count {
		it := item{syntax: syntaxDBRead, size: sizeByte, area: areaDB, more: i+1 < count}
		it.count, it.db = uint16(body.U8()), body.U16()
		it.addr = uint32(body.U16()) << 3
		if body.Failed() {
			return 0, false
		}
		r.add(it)
	}
	return count, count > 0
}

// tableAreas are the memory areas of variable tables, by their high four bits.
var tableAreas = [16]uint8{0: 0x83, 1: 0x81, 2: 0x82, 3: 0x80, 5: areaTimer, 6: areaCounter, 7: areaDB}

// parseTable adds one address record of a variable table: area and size in a
// byte, then the count (of bits: the bit), the data block and the byte.
func (r *itemRing) parseTable(rd *protocol.Reader) bool {
	kind, count := rd.U8(), rd.U8()
	it := item{syntax: syntaxVariableTable, area: tableAreas[kind>>4], count: uint16(count), db: rd.U16()}
	it.addr = uint32(rd.U16())
	if rd.Failed() || it.area == 0 {
		return false
	}
	if it.area == areaTimer || it.area == areaCounter {
		it.size = sizeWord
		r.add(it)
		return true
	}
	it.addr <<= 3
	switch kind & 0xf {
	case 0:
		it.size, it.count = sizeBit, 1
		it.addr |= uint32(count) & 7
	case 1:
		it.size = sizeByte
	case 2:
		it.size = sizeWord
	case 3:
		it.size = sizeLong
	default:
		return false
	}
	r.add(it)
	return true
}

// dataItem is a return code with the data that came with it.
type dataItem struct {
	code      byte
	transport byte
	data      []byte
}

// Return codes.
const (
	codeReserved = 0x00
	codeOK       = 0xff
)

// readData reads one data record. Lengths are in bits for some transport sizes;
// a refused variable has no data whatever its length says; all but the last
// record are padded to an even length.
func readData(r *protocol.Reader, last bool) (d dataItem, ok bool) {
	d.code, d.transport = r.U8(), r.U8()
	n := int(r.U16())
	if d.transport == dataBit || d.transport == dataBytes || d.transport == dataInt {
		n = (n + 7) / 8
	}
	if d.code != codeOK && d.code != codeReserved {
		n = 0
	}
	d.data = r.Bytes(n)
	if n&1 == 1 && !last && r.Len() > 0 {
		r.Skip(1)
	}
	return d, !r.Failed()
}
