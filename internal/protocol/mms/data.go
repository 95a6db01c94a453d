package mms

import (
	"encoding/binary"
	"math"
	"math/bits"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Tags of data (ISO 9506-2, 14.4.2).
const (
	tagFailure   = 0x80
	tagSuccess   = 0x81 // of a write
	tagArray     = 0xa1
	tagStructure = 0xa2
	tagBoolean   = 0x83
	tagBits      = 0x84
	tagInteger   = 0x85
	tagUnsigned  = 0x86
	tagFloat     = 0x87
	tagOctets    = 0x89
	tagText      = 0x8a // VisibleString
	tagTime      = 0x8c
	tagWideText  = 0x90 // MMSString
	tagUTC       = 0x91
)

// maxValues bounds the values told of one variable, maxDepth how deep structures
// are followed.
const (
	maxValues = 4096
	maxDepth  = 16
)

// Kinds of element that a variable is made of.
const (
	hasBool = 1 << iota
	hasBits
	hasInt
	hasUnsigned
	hasF32
	hasF64
	hasUTC
)

// values collects the elements of a variable: eight bytes for each number, and the
// texts.
type values struct {
	kinds uint8
	mixed bool // it is a structure, or has one in it
	b     []byte
	real  []uint64 // bit for each element that is a real number
	bits  []byte   // the bit string, if it is the only element
	nbits int
	more  int // numbers that found no room
	texts wire.Texts
}

func (v *values) reset() {
	v.kinds, v.mixed, v.more, v.b, v.real = 0, false, 0, v.b[:0], v.real[:0]
	v.texts.Reset()
}

// words are the texts of an object: nil if there are numbers among them, if it is not
// called by a name of its own (a member of a list is not), or if its name says that
// they are a secret.
func (v *values) words(o *firedoor.Object) [][]byte {
	if v.kinds != 0 || o.Space != &variables && o.Space != &addresses || wire.Secretive(o.Text) {
		return nil
	}
	return v.texts.List()
}

func (v *values) add(kind uint8, x uint64) {
	n := len(v.b) / 8
	if n == maxValues {
		v.more++
		return
	}
	v.kinds |= kind
	v.b = binary.BigEndian.AppendUint64(v.b, x)
	if n&63 == 0 {
		v.real = append(v.real, 0)
	}
	if kind&(hasF32|hasF64) != 0 {
		v.real[n>>6] |= 1 << (n & 63)
	}
}

// data reads one element of data and all inside; false if it breaks the rules.
// single tells that it is not inside of something.
func (v *values) data(tag byte, content []byte, depth int, single bool) bool {
	switch tag {
	case tagArray, tagStructure:
		if depth == maxDepth {
			return false
		}
		v.mixed = v.mixed || tag == tagStructure || depth > 0
		r := wire.ReadBER(content)
		for r.Len() > 0 {
			inner, c := r.Any()
			if r.Failed() || !v.data(inner, c, depth+1, false) {
				return false
			}
		}
	case tagBoolean:
		if len(content) != 1 {
			return false
		}
		v.add(hasBool, uint64(min(content[0], 1)))
	case tagBits:
		return v.bitString(content)
	case tagInteger, tagUnsigned:
		return v.integer(tag, content)
	case tagFloat:
		switch {
		case len(content) == 5 && content[0] == 8:
			v.add(hasF32, uint64(binary.BigEndian.Uint32(content[1:])))
		case len(content) == 9 && content[0] == 11:
			v.add(hasF64, binary.BigEndian.Uint64(content[1:]))
		default:
			return false
		}
	case tagText, tagWideText:
		v.texts.Add(content)
	case tagUTC:
		if len(content) != 8 {
			return false
		}
		if single {
			v.add(hasUTC, uint64(binary.BigEndian.Uint32(content)))
			v.add(hasUTC, uint64(binary.BigEndian.Uint32(content[4:])))
		}
	}
	return true
}

func (v *values) bitString(content []byte) bool {
	if len(content) == 0 || content[0] > 7 || len(content) == 1 && content[0] != 0 {
		return false
	}
	octets := content[1:]
	v.bits, v.nbits = octets, 8*len(octets)-int(content[0])
	x := uint64(0)
	for _, o := range octets[:min(len(octets), 8)] {
		x = x<<8 | uint64(o)
	}
	if len(octets) <= 8 {
		x >>= content[0]
	}
	v.add(hasBits, x)
	return true
}

func (v *values) integer(tag byte, content []byte) bool {
	if len(content) == 9 && content[0] == 0 && tag == tagUnsigned {
		content = content[1:]
	}
	x, ok := wire.BERInt(content)
	if !ok {
		return false
	}
	if tag == tagInteger {
		v.add(hasInt, uint64(x))
		return true
	}
	u := uint64(0)
	for _, c := range content {
		u = u<<8 | uint64(c)
	}
	v.add(hasUnsigned, u)
	return true
}

// view gives what was collected as one type.
func (v *values) view() firedoor.Values {
	out := v.flat()
	out.Count += v.more
	if v.mixed {
		out.Each = firedoor.Unmeasured
	}
	return out
}

func (v *values) flat() firedoor.Values {
	n := len(v.b) / 8
	b := v.b
	switch v.kinds {
	case 0:
		return firedoor.Values{}
	case hasBool:
		for i := range n {
			b[i] = b[8*i+7]
		}
		return firedoor.Values{Type: firedoor.Bool, Count: n, Raw: b[:n]}
	case hasBits:
		if n == 1 {
			v.b = v.b[:0]
			for _, o := range v.bits {
				v.b = append(v.b, bits.Reverse8(o))
			}
			return firedoor.Values{Type: firedoor.Bit, Count: v.nbits, Raw: v.b}
		}
	case hasF32, hasUTC:
		for i := range n {
			copy(b[4*i:4*i+4], b[8*i+4:8*i+8])
		}
		typ := firedoor.F32
		if v.kinds == hasUTC {
			typ = firedoor.U32
		}
		return firedoor.Values{Type: typ, Count: n, Raw: b[:4*n]}
	case hasF64:
		return firedoor.Values{Type: firedoor.F64, Count: n, Raw: b}
	case hasUnsigned:
		return firedoor.Values{Type: firedoor.U64, Count: n, Raw: b}
	}
	if v.kinds&(hasF32|hasF64) == 0 {
		return firedoor.Values{Type: firedoor.I64, Count: n, Raw: b}
	}
	for i := range n {
		x := binary.BigEndian.Uint64(b[8*i:])
		switch {
		case v.real[i>>6]>>(i&63)&1 == 0:
			x = math.Float64bits(float64(int64(x)))
		case x>>32 == 0: // no real number of 64 bits but zero looks like this
			x = math.Float64bits(float64(math.Float32frombits(uint32(x))))
		}
		binary.BigEndian.PutUint64(b[8*i:], x)
	}
	return firedoor.Values{Type: firedoor.F64, Count: n, Raw: b}
}
