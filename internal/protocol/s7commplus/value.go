package s7commplus

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Data types of values.
const (
	typeNull      = 0x00
	typeBool      = 0x01
	typeUSInt     = 0x02
	typeUInt      = 0x03
	typeUDInt     = 0x04
	typeULInt     = 0x05
	typeSInt      = 0x06
	typeInt       = 0x07
	typeDInt      = 0x08
	typeLInt      = 0x09
	typeByte      = 0x0a
	typeWord      = 0x0b
	typeDWord     = 0x0c
	typeLWord     = 0x0d
	typeReal      = 0x0e
	typeLReal     = 0x0f
	typeTimestamp = 0x10
	typeTimespan  = 0x11
	typeRID       = 0x12 // a number of an object
	typeAID       = 0x13 // a number of an attribute
	typeBlob      = 0x14
	typeWString   = 0x15
	typeVariant   = 0x16
	typeStruct    = 0x17
)

// Flags of values.
const (
	flagArray        = 0x10
	flagAddressArray = 0x20
	flagSparseArray  = 0x40
)

// fixedTypes are the types that stand on the wire as they are.
var fixedTypes = [...]firedoor.ValueType{
	typeBool: firedoor.Bool, typeUSInt: firedoor.U8, typeUInt: firedoor.U16, typeSInt: firedoor.I8, typeInt: firedoor.I16,
	typeByte: firedoor.U8, typeWord: firedoor.U16, typeDWord: firedoor.U32, typeLWord: firedoor.U64,
	typeReal: firedoor.F32, typeLReal: firedoor.F64, typeTimestamp: firedoor.U64, typeRID: firedoor.U32,
}

// packedTypes are the types whose numbers take only the bytes they need.
var packedTypes = [...]firedoor.ValueType{
	typeUDInt: firedoor.U32, typeULInt: firedoor.U64, typeDInt: firedoor.I32, typeLInt: firedoor.I64,
	typeTimespan: firedoor.I64, typeAID: firedoor.U32,
}

func fixedType(t byte) firedoor.ValueType {
	if int(t) < len(fixedTypes) {
		return fixedTypes[t]
	}
	return firedoor.NoValue
}

func packedType(t byte) firedoor.ValueType {
	if int(t) < len(packedTypes) {
		return packedTypes[t]
	}
	return firedoor.NoValue
}

const (
	maxDepth    = 16   // values inside values, objects inside objects
	maxUnpacked = 1024 // bytes of unpacked numbers that are told of one value
)

// walk is a reader that knows packed numbers and values. depth bounds what lies
// inside each other.
type walk struct {
	protocol.Reader
	depth int
	bad   bool // a value that nobody can read
}

func (w *walk) broken() bool { return w.bad || w.Failed() }

// u32 reads a packed number of at most five bytes.
func (w *walk) u32() uint32 {
	v := uint32(0)
	for range 5 {
		c := w.U8()
		v = v<<7 | uint32(c&0x7f)
		if c&0x80 == 0 {
			return v
		}
	}
	return v
}

// u64 reads a packed number of at most nine bytes; the ninth has eight bits.
func (w *walk) u64() uint64 {
	v := uint64(0)
	for range 8 {
		c := w.U8()
		v = v<<7 | uint64(c&0x7f)
		if c&0x80 == 0 {
			return v
		}
	}
	return v<<8 | uint64(w.U8())
}

// i64 reads a packed number whose first byte has the sign in bit 6; most is how
// many bytes of seven bits it may have.
func (w *walk) i64(most int) int64 {
	v := int64(0)
	for i := range most {
		c := w.U8()
		if i == 0 && c&0x40 != 0 {
			v = -1
		}
		v = v<<7 | int64(c&0x7f)
		if c&0x80 == 0 {
			return v
		}
	}
	if most == 8 {
		v = v<<8 | int64(w.U8())
	}
	return v
}

// value is a value of a message.
type value struct {
	kind    byte
	count   uint32          // elements
	scalar  uint64          // the only element, where it is a number that is no float
	values  firedoor.Values // borrowed, or unpacked in the parser's room
	content []byte          // what a blob or text holds, or the elements of an array of bytes
}

// value reads a value and what lies inside it; room takes unpacked numbers. With
// see set it is given the members of structures.
func (w *walk) value(v *value, room []byte, see func(id uint32, v *value)) {
	flags := w.U8()
	*v = value{kind: w.U8(), count: 1}
	switch {
	case v.kind == typeStruct:
		w.structure(flags, v, room, see)
	case flags&flagSparseArray != 0:
		w.sparse(v)
	case flags&(flagArray|flagAddressArray) != 0:
		v.count = w.u32()
		w.elements(v, room)
	default:
		w.elements(v, room)
		if v.values.Len() == 1 && v.values.Type != firedoor.F32 && v.values.Type != firedoor.F64 {
			v.scalar = uint64(v.values.Int(0))
		}
	}
}

// elements reads count elements of a type.
func (w *walk) elements(v *value, room []byte) {
	if uint64(v.count) > uint64(w.Len()) && v.kind != typeNull {
		w.bad = true
		return
	}
	switch fixed, packed := fixedType(v.kind), packedType(v.kind); {
	case fixed != firedoor.NoValue:
		raw := w.Bytes(int(v.count) * fixed.Size())
		v.values = firedoor.Values{Type: fixed, Count: int(v.count), Raw: raw}
		if fixed == firedoor.U8 {
			v.content = raw
		}
	case packed != firedoor.NoValue:
		w.unpack(v, packed, room)
	case v.kind == typeBlob:
		for range v.count {
			v.content = w.blob()
		}
	case v.kind == typeVariant:
		w.variants(v.count)
	case v.kind == typeWString:
		for range v.count {
			v.content = w.Bytes(int(w.u32()))
		}
	case v.kind == typeNull:
	default:
		w.bad = true
	}
}

// How a blob that says what it is a blob of goes on behind eight bytes.
const (
	plainBlobs  = 1 // the largest number of those that have neither these bytes nor what follows
	blobMembers = 0 // members, as in a structure
	blobBytes   = 3
)

// blob reads a blob and returns what it holds.
func (w *walk) blob() []byte {
	if w.u32() <= plainBlobs {
		return w.Bytes(int(w.u32()))
	}
	w.Skip(8)
	switch w.U8() {
	case blobMembers:
		from := *w
		w.members(nil, nil)
		return from.Bytes(w.Pos() - from.Pos())
	case blobBytes:
		return w.Bytes(int(w.u32()))
	default:
		w.bad = true
		return nil
	}
}

// variants passes over values that each say of what type they are.
func (w *walk) variants(count uint32) {
	if w.depth++; w.depth > maxDepth {
		w.bad = true
	}
	var one value
	for range count {
		if w.value(&one, nil, nil); w.broken() {
			break
		}
	}
	w.depth--
}

// unpack gives packed numbers their full size; what does not fit in the room is
// passed over.
func (w *walk) unpack(v *value, t firedoor.ValueType, room []byte) {
	out := room[:0]
	for range v.count {
		n := w.packed(v.kind)
		if len(out)+t.Size() > len(room) {
			continue
		}
		if t.Size() == 4 {
			out = binary.BigEndian.AppendUint32(out, uint32(n))
		} else {
			out = binary.BigEndian.AppendUint64(out, n)
		}
	}
	v.values = firedoor.Values{Type: t, Count: int(v.count), Raw: out}
}

func (w *walk) packed(kind byte) uint64 {
	switch kind {
	case typeULInt:
		return w.u64()
	case typeDInt:
		return uint64(w.i64(5))
	case typeLInt, typeTimespan:
		return uint64(w.i64(8))
	default:
		return uint64(w.u32())
	}
}

// sparse passes over an array whose elements have keys; a key of zero ends it.
func (w *walk) sparse(v *value) {
	var one value
	v.count = 0
	for !w.broken() && w.u32() != 0 {
		v.count++
		if v.kind == typeVariant { // the key is its type, and it a number
			w.u32()
			continue
		}
		one = value{kind: v.kind, count: 1}
		w.elements(&one, nil)
	}
}

// Structures of these numbers come as bytes whose layout only their type tells.
func packedStruct(id uint32) bool {
	return id > 0x90000000 && id < 0x9fffffff || id > 0x02000000 && id < 0x02ffffff
}

// structure reads a structure: its type and members, each with its number, or a
// packed one.
func (w *walk) structure(flags byte, v *value, room []byte, see func(id uint32, v *value)) {
	id := w.U32()
	if packedStruct(id) {
		w.Skip(8) // when its interface was changed
		transport := w.u32()
		n := w.u32()
		if transport&0x400 != 0 {
			n = w.u32()
		}
		w.Skip(int(n))
		return
	}
	if flags&flagAddressArray != 0 {
		v.count = w.u32()
	}
	for range v.count {
		if w.members(room, see); w.broken() {
			return
		}
	}
}

func (w *walk) members(room []byte, see func(id uint32, v *value)) {
	if w.depth++; w.depth > maxDepth {
		w.bad = true
	}
	var m value
	for !w.broken() {
		id := w.u32()
		if id == 0 {
			break
		}
		w.value(&m, room, see)
		if see != nil && !w.broken() {
			see(id, &m)
		}
	}
	w.depth--
}
