package dlms

import (
	"firedoor"
	"firedoor/internal/protocol/wire"
)

// scalars are the types of A-XDR data with one number (IEC 62056-5-3, 9.5: Data).
var scalars = [...]firedoor.ValueType{3: firedoor.Bool, 5: firedoor.I32, 6: firedoor.U32, 13: firedoor.U8, 15: firedoor.I8, 16: firedoor.I16,
	17: firedoor.U8, 18: firedoor.U16, 20: firedoor.I64, 21: firedoor.U64, 22: firedoor.U8, 23: firedoor.F32, 24: firedoor.F64}

const (
	tagArray     = 1
	tagStructure = 2
	tagBits      = 4
	tagOctets    = 9
	tagVisible   = 10
	tagUTF8      = 12
)

// Differences to a value before: of one, two and four bytes, signed and not.
const firstDelta, lastDelta = 28, 33

// value is a single number or string, viewed.
type value struct {
	number firedoor.Values
	text   []byte
	octets bool // the string is one of octets, which may be anything
}

// datum reads the data that b begins with: how long it is, 0 when it is not whole
// or of a type whose length is not told by its tag.
func datum(b []byte) (size int, v value) {
	at := 0
	for left := 1; left > 0; left-- {
		if len(b)-at < 1 {
			return 0, value{}
		}
		tag := b[at]
		at++
		switch tag {
		case tagArray, tagStructure:
			n, used := length(b[at:])
			if used == 0 || n > len(b)-at-used { // an element has a byte at least
				return 0, value{}
			}
			at += used
			left += n
			continue
		}
		n, start := extent(tag, b[at:])
		if start+n > len(b)-at || n < 0 {
			return 0, value{}
		}
		content := b[at+start : at+start+n]
		at += start + n
		if at == 1+start+n { // the first element
			v = view(tag, content)
		}
	}
	return at, v
}

func view(tag byte, content []byte) (v value) {
	switch {
	case tag == tagOctets || tag == tagVisible || tag == tagUTF8:
		v.text, v.octets = content, tag == tagOctets
	case int(tag) < len(scalars) && scalars[tag] != firedoor.NoValue:
		v.number = firedoor.Values{Type: scalars[tag], Count: 1, Raw: content}
	}
	return v
}

// words are the texts of an object: a string of characters, or one of octets where the
// object is text by the standard. Of other objects than those that hold values, and of
// a maker's own, nobody knows what they keep.
func (v *value) words(o *firedoor.Object, to *wire.Texts) [][]byte {
	if !public(o) || v.octets && (factOf(o) == 0 || !printable(v.text)) {
		return nil
	}
	return to.One(nil, v.text)
}

// extent is how long the content of an element is and where it starts; -1 if
// its tag does not tell.
func extent(tag byte, b []byte) (n, start int) {
	switch tag {
	case 0, 255:
		return 0, 0
	case tagBits, tagOctets, tagVisible, tagUTF8:
		n, start = length(b)
		if start == 0 {
			return -1, 0
		}
		if tag == tagBits {
			n = (n + 7) / 8
		}
		return n, start
	case 25:
		return 12, 0
	case 26:
		return 5, 0
	case 27:
		return 4, 0
	}
	if int(tag) < len(scalars) && scalars[tag] != firedoor.NoValue {
		return scalars[tag].Size(), 0
	}
	if tag >= firstDelta && tag <= lastDelta {
		return 1 << ((tag - firstDelta) % 3), 0
	}
	return -1, 0
}

// length reads a length or a count; used is 0 when it is not whole.
func length(b []byte) (n, used int) {
	if len(b) == 0 {
		return 0, 0
	}
	if b[0] < 0x80 {
		return int(b[0]), 1
	}
	used = 1 + int(b[0]&0x7f)
	if used > 4 || used < 2 || len(b) < used {
		return 0, 0
	}
	for _, c := range b[1:used] {
		n = n<<8 | int(c)
	}
	return n, used
}
