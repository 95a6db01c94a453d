package enip

import (
	"encoding/binary"
	"strconv"

	"firedoor"
)

// raw is bytes nobody described.
func raw(b []byte) firedoor.Values {
	if len(b) == 0 {
		return firedoor.Values{}
	}
	return firedoor.Values{Type: firedoor.U8, Count: len(b), Raw: b}
}

// elementary maps data type codes (CIP volume 1, C-6.1).
var elementary = [256]firedoor.ValueType{
	0xc1: firedoor.Bool,
	0xc2: firedoor.I8,
	0xc3: firedoor.I16,
	0xc4: firedoor.I32,
	0xc5: firedoor.I64,
	0xc6: firedoor.U8,
	0xc7: firedoor.U16,
	0xc8: firedoor.U32,
	0xc9: firedoor.U64,
	0xca: firedoor.F32,
	0xcb: firedoor.F64,
	0xd1: firedoor.U8,
	0xd2: firedoor.U16,
	0xd3: firedoor.U32,
	0xd4: firedoor.U64,
}

// splitType takes the data type in front of tag data off: a code, or for
// structures 0x02a0 and a handle. Structures and types without a number's form
// are given out as bytes, each of which is a part of an element.
func splitType(b []byte) (t firedoor.ValueType, part bool, rest []byte, ok bool) {
	const structure = 0x02a0
	if len(b) < 2 {
		return 0, false, nil, false
	}
	code := binary.LittleEndian.Uint16(b)
	if code == structure {
		if len(b) < 4 {
			return 0, false, nil, false
		}
		return firedoor.U8, true, b[4:], true
	}
	if t = elementary[uint8(code)]; t == firedoor.NoValue || code > 0xff {
		return firedoor.U8, true, b[2:], true
	}
	return t, false, b[2:], true
}

// typed gives out all of b as elements of t.
func typed(t firedoor.ValueType, b []byte) firedoor.Values {
	if len(b) == 0 {
		return firedoor.Values{}
	}
	return firedoor.Values{Type: t, Little: true, Count: len(b) / t.Size(), Raw: b}
}

// written finds the values a request carries, and the quantity it names.
func (it *item) written(data []byte) {
	switch {
	case !it.tag:
		switch it.service {
		case svcSetSingle:
			if it.action.verb.Changes() {
				it.values = it.attributeValue(data)
			}
		case svcSetAll, svcSetList, svcSetMember, svcInsertMember:
			if it.action.verb.Changes() && !secretive(it.class) {
				it.values = raw(data)
			}
		case svcReadTag:
			if it.class == classTemplate && len(data) >= 6 { // offset, bytes
				it.hasQty, it.quantity = true, uint32(binary.LittleEndian.Uint16(data[4:]))
			}
		}
	case it.service == svcReadTag || it.service == svcReadFragment:
		if len(data) >= 2 {
			it.hasQty, it.quantity = true, uint32(binary.LittleEndian.Uint16(data))
		}
	case it.service == svcWriteTag || it.service == svcWriteFragment:
		it.writtenTag(data)
	case it.service == svcModifyTag && len(data) >= 2:
		it.values = raw(data[2:]) // both masks
	}
}

func (it *item) writtenTag(data []byte) {
	t, part, rest, ok := splitType(data)
	if !ok || len(rest) < 2 {
		return
	}
	it.hasQty, it.quantity = true, uint32(binary.LittleEndian.Uint16(rest))
	rest = rest[2:]
	if it.service == svcWriteFragment {
		const offset = 4
		if len(rest) < offset {
			return
		}
		it.values = it.measured(typed(t, rest[offset:]), part, false)
		return
	}
	it.values = it.measured(typed(t, rest), part, true)
	it.values.Count = min(it.values.Count, int(it.quantity)*structSize(t, it.quantity, rest))
}

// structSize is how many values an element has: one, or for structures, which
// are given out as bytes, all that is there.
func structSize(t firedoor.ValueType, quantity uint32, rest []byte) int {
	if t != firedoor.U8 || quantity == 0 {
		return 1
	}
	return max(1, len(rest)/int(quantity))
}

// measured says how many of the bytes of structures make one of them, which all of them tell.
func (it *item) measured(v firedoor.Values, part, whole bool) firedoor.Values {
	if !part {
		return v
	}
	v.Each = firedoor.Unmeasured
	if n := int(it.quantity); whole && n > 0 && v.Count >= n && v.Count%n == 0 {
		v.Each = int32(v.Count / n)
	}
	return v
}

// answerValues finds the values an answer carries.
func (it *item) answerValues(data []byte) firedoor.Values {
	switch {
	case it.tag && (it.service == svcReadTag || it.service == svcReadFragment):
		t, part, rest, ok := splitType(data)
		if !ok {
			return firedoor.Values{}
		}
		return it.measured(typed(t, rest), part, !it.more && it.fragment() == 0)
	case it.service == svcGetSingle:
		if it.action.verb.Changes() {
			return firedoor.Values{}
		}
		return it.attributeValue(data)
	}
	switch v := it.action.verb; it.service {
	case svcGetAll, svcGetList, svcGetMember:
		if !v.Changes() && !secretive(it.class) {
			return raw(data)
		}
	case svcReadTag, svcInstanceList:
		if v == firedoor.VerbRead {
			return raw(data)
		}
	}
	return firedoor.Values{}
}

// fragment is the byte offset that a request starts from, where its service moves
// a long object in parts.
func (it *item) fragment() uint32 {
	b := it.data
	switch {
	case it.tag && it.service == svcReadFragment && len(b) >= 6: // elements, offset
		return binary.LittleEndian.Uint32(b[2:])
	case it.tag && it.service == svcWriteFragment:
		if _, _, rest, ok := splitType(b); ok && len(rest) >= 6 {
			return binary.LittleEndian.Uint32(rest[2:])
		}
	case it.class == classTemplate && it.service == svcReadTag && len(b) >= 6: // offset, bytes
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// part adds the offset of a later part to the object: its values are not those at
// the object's beginning.
func (m *message) part(it *item) {
	offset := it.fragment()
	if offset == 0 || it.object.Space == nil {
		return
	}
	start := len(m.text)
	m.text = it.object.AppendTo(m.text)
	m.text = strconv.AppendUint(append(m.text, "/offset:"...), uint64(offset), 10)
	space := &pathSpace
	if it.object.Space == &tagSpace {
		space = &tagSpace
	}
	it.object = firedoor.Object{Space: space, Text: m.text[start:len(m.text):len(m.text)]}
}
