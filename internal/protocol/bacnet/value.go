package bacnet

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"firedoor"
)

// maxValueBytes is how much of a property's value is told; of longer lists it is
// the beginning.
const maxValueBytes = 8192

// layout is how a list of values is told.
type layout struct {
	kind firedoor.ValueType
	size int
}

// layoutOf says how values of an application tag with contents of at most n
// octets are told; false if they are no numbers.
func layoutOf(number uint8, n int) (layout, bool) {
	switch number {
	case tagBoolean:
		return layout{firedoor.Bool, 1}, n == 0
	case tagUnsigned, tagEnumerated:
		if n <= 4 {
			return layout{firedoor.U32, 4}, n > 0
		}
		return layout{firedoor.U64, 8}, n <= 8
	case tagSigned:
		if n <= 4 {
			return layout{firedoor.I32, 4}, n > 0
		}
		return layout{firedoor.I64, 8}, n <= 8
	case tagReal:
		return layout{firedoor.F32, 4}, n == 4
	case tagDouble:
		return layout{firedoor.F64, 8}, n == 8
	case tagObject:
		return layout{firedoor.U32, 4}, n == objectIDBytes
	}
	return layout{}, false
}

// values puts the numbers of a property's value into the scratch: one, or a list
// of one type. Everything else is no value.
func values(scratch *[maxValueBytes]byte, b []byte) firedoor.Values {
	t := readTags(b)
	if !t.more() {
		return firedoor.Values{}
	}
	first := t.next()
	if first.kind == applicationTag && first.number == tagBits && !t.more() {
		return flags(scratch, first.content)
	}
	count, longest := 1, len(first.content)
	for t.more() {
		g := t.next()
		if g.number != first.number || g.kind != applicationTag || len(g.content) == 0 && g.number != tagBoolean {
			return firedoor.Values{}
		}
		count, longest = count+1, max(longest, len(g.content))
	}
	l, ok := layoutOf(first.number, longest)
	if t.bad || first.kind != applicationTag || !ok {
		return firedoor.Values{}
	}
	t = readTags(b)
	at := 0
	for t.more() && at+l.size <= len(scratch) {
		put(scratch[at:at+l.size], l, t.next())
		at += l.size
	}
	return firedoor.Values{Type: l.kind, Count: count, Raw: scratch[:at]}
}

// put writes one value in the layout.
func put(dst []byte, l layout, g tag) {
	if g.number == tagBoolean {
		dst[0] = 0
		if g.truth {
			dst[0] = 1
		}
		return
	}
	v := wide(g.content)
	if n := len(g.content); g.number == tagSigned && n > 0 && n < 8 {
		shift := 64 - 8*n
		v = uint64(int64(v<<shift) >> shift)
	}
	if l.size == 4 {
		binary.BigEndian.PutUint32(dst, uint32(v))
	} else {
		binary.BigEndian.PutUint64(dst, v)
	}
}

// flags turns a bit string, whose first octet says how many bits of the last one
// are unused and whose first bit is the highest (20.2.10).
func flags(scratch *[maxValueBytes]byte, b []byte) firedoor.Values {
	if len(b) < 2 || b[0] > 7 {
		return firedoor.Values{}
	}
	unused, b := int(b[0]), b[1:]
	n := min(len(b), len(scratch))
	for i := range n {
		scratch[i] = bits.Reverse8(b[i])
	}
	return firedoor.Values{Type: firedoor.Bit, Count: 8*len(b) - unused, Raw: scratch[:n]}
}

// Character sets (20.2.9).
const (
	setUTF8   = 0
	setUCS4   = 3
	setUCS2   = 4
	setLatin1 = 5
	maxText   = 256
)

// readable tells whether a character string's content is in a set that is read here. The others, of
// one vendor's code pages and of Japan, are seldom used.
func readable(b []byte) bool {
	return len(b) > 0 && (b[0] == setUTF8 || b[0] == setUCS4 || b[0] == setUCS2 || b[0] == setLatin1)
}

// text is the text of a character string's content, "" in a set that is not readable.
func text(scratch *[3 * maxText]byte, b []byte) []byte {
	if len(b) < 2 {
		return nil
	}
	set, b := b[0], b[1:]
	out := scratch[:0]
	switch set {
	case setUTF8:
		return b
	case setLatin1:
		for _, c := range b[:min(len(b), maxText)] {
			out = appendRune(out, uint32(c))
		}
	case setUCS2:
		for b = b[:min(len(b), 2*maxText)]; len(b) >= 2; b = b[2:] {
			out = appendRune(out, uint32(binary.BigEndian.Uint16(b)))
		}
	case setUCS4:
		for b = b[:min(len(b), len(scratch))]; len(b) >= 4; b = b[4:] { // as many bytes come out, at most
			out = utf8.AppendRune(out, rune(binary.BigEndian.Uint32(b)))
		}
	}
	return out
}

// letters is text with room that is shared by several: the text, and the room behind it.
func letters(room, b []byte) (text, rest []byte) {
	if len(b) == 0 || b[0] == setUTF8 {
		return b[min(1, len(b)):], room
	}
	from, set, b := len(room), b[0], b[1:]
	for len(b) > 0 && cap(room)-len(room) >= utf8.UTFMax {
		switch {
		case set == setLatin1:
			room, b = appendRune(room, uint32(b[0])), b[1:]
		case set == setUCS2 && len(b) >= 2:
			room, b = appendRune(room, uint32(binary.BigEndian.Uint16(b))), b[2:]
		case set == setUCS4 && len(b) >= 4:
			room, b = utf8.AppendRune(room, rune(binary.BigEndian.Uint32(b))), b[4:]
		default:
			b = nil
		}
	}
	return room[from:len(room):len(room)], room
}

// appendRune appends a character of the basic plane as UTF-8; halves of
// surrogate pairs become question marks.
func appendRune(dst []byte, r uint32) []byte {
	switch {
	case r >= 0xd800 && r < 0xe000:
		return append(dst, '?')
	case r < 0x80:
		return append(dst, byte(r))
	case r < 0x800:
		return append(dst, 0xc0|byte(r>>6), 0x80|byte(r&0x3f))
	default:
		return append(dst, 0xe0|byte(r>>12), 0x80|byte(r>>6&0x3f), 0x80|byte(r&0x3f))
	}
}
