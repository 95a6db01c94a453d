package goose

import (
	"encoding/binary"
	"math/bits"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Tags of data (IEC 61850-8-1, the type Data of MMS). Arrays and structures are
// also met without the mark of what is composed.
const (
	composed     = 0x20
	tagArray     = 0xa1
	tagStructure = 0xa2
	tagBoolean   = 0x83
	tagBits      = 0x84
	tagInteger   = 0x85
	tagUnsigned  = 0x86
	tagFloat     = 0x87
	tagUTC       = 0x91
)

// maxValues bounds the samples of one message; values behind it are not told.
const maxValues = 256

// maxDepth is how deep structures and arrays are followed: as deep as an object
// has places.
const maxDepth = 8

// walk tells the values of a level and returns how many elements it has, -1 if
// the level is broken.
func (p *parser) walk(m *message, b []byte, depth int) int {
	r := wire.ReadBER(b)
	n := 0
	for r.Len() > 0 {
		tag, content := r.Any()
		if r.Failed() {
			p.voice.Malformed(p.emit, "data longer than what holds them", p.at)
			return -1
		}
		n++
		switch {
		case tag|composed != tagArray && tag|composed != tagStructure:
			p.value(m, tag, content, depth, n)
		case depth+1 == maxDepth:
			p.voice.Malformed(p.emit, "data nested deeper than is read", p.at)
			return -1
		default:
			if m.way(depth, n); p.walk(m, content, depth+1) < 0 {
				return -1
			}
		}
	}
	return n
}

// way notes the place of the element at hand, counted from one.
func (m *message) way(depth, n int) {
	half := depth % 2 * 16
	m.at[depth/2] = m.at[depth/2]&(1<<half-1) | uint32(min(n, 0xffff))<<half
	for i := depth/2 + 1; i < len(m.at); i++ {
		m.at[i] = 0
	}
}

// value tells one value.
func (p *parser) value(m *message, tag byte, content []byte, depth, n int) {
	if p.values++; p.values > maxValues {
		return
	}
	m.way(depth, n)
	p.begin(m, &dataWords)
	p.sample.Object.At = m.at
	v := &p.sample.Values
	*v = firedoor.Values{Type: firedoor.U8, Count: len(content), Raw: content}
	ok := true
	switch tag {
	case tagBoolean:
		v.Type, ok = firedoor.Bool, len(content) == 1
	case tagBits:
		ok = p.bits(content)
	case tagInteger, tagUnsigned:
		ok = p.integer(tag, content)
	case tagFloat:
		ok = p.float(content)
	case tagUTC:
		v.Type, v.Count, ok = firedoor.U32, 2, len(content) == 8
	}
	if !ok {
		p.voice.Malformed(p.emit, "value of a size that its type cannot have", p.at)
		return
	}
	p.emit(&p.event)
}

// bits reads a bit string, whose first octet counts the unused bits at its end.
// Strings longer than the scratch stay bytes.
func (p *parser) bits(content []byte) bool {
	if len(content) == 0 || content[0] > 7 || len(content) == 1 && content[0] != 0 {
		return false
	}
	v := &p.sample.Values
	octets := content[1:]
	v.Count, v.Raw = len(octets), octets
	if len(octets) > len(p.scratch) {
		return true
	}
	for i, o := range octets {
		p.scratch[i] = bits.Reverse8(o)
	}
	*v = firedoor.Values{Type: firedoor.Bit, Count: 8*len(octets) - int(content[0]), Raw: p.scratch[:len(octets)]}
	return true
}

func (p *parser) integer(tag byte, content []byte) bool {
	if len(content) == 9 && content[0] == 0 && (tag == tagUnsigned || content[1] < 0x80) {
		content = content[1:] // a zero in front, needed or not
	}
	v, ok := wire.BERInt(content)
	if !ok {
		return false
	}
	typ := firedoor.I64
	if tag == tagUnsigned {
		v, typ = unsigned(content), firedoor.U64
	}
	p.sample.Values = firedoor.Values{Type: typ, Count: 1, Raw: binary.BigEndian.AppendUint64(p.scratch[:0], uint64(v))}
	return true
}

// unsigned reads at most eight bytes, the highest bit as any other: not all write
// the zero in front of it.
func unsigned(content []byte) int64 {
	v := int64(0)
	for _, c := range content {
		v = v<<8 | int64(c)
	}
	return v
}

// float reads a number behind the octet that says how wide its exponent is.
func (p *parser) float(content []byte) bool {
	v := &p.sample.Values
	switch {
	case len(content) == 5 && content[0] == 8:
		*v = firedoor.Values{Type: firedoor.F32, Count: 1, Raw: content[1:]}
	case len(content) == 9 && content[0] == 11:
		*v = firedoor.Values{Type: firedoor.F64, Count: 1, Raw: content[1:]}
	default:
		return false
	}
	return true
}
