package hsms

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Formats of an item (E5, 6.6), without the two bits that tell how many bytes its
// length has.
const (
	formatList   = 0
	formatBinary = 0x20
	formatASCII  = 0x40
)

// item is an element of a message: a list has a count, all others bytes.
type item struct {
	format byte
	count  int
	data   []byte
}

// next takes an item from b; of a list only its head.
func next(b []byte) (it item, size int, ok bool) {
	if len(b) < 2 {
		return it, 0, false
	}
	width := int(b[0] & 3)
	if width == 0 || len(b) < 1+width {
		return it, 0, false
	}
	n := 0
	for _, c := range b[1 : 1+width] {
		n = n<<8 | int(c)
	}
	it.format, size = b[0]&^3, 1+width
	if it.format == formatList {
		it.count = n
		return it, size, true
	}
	if _, known := typeOf(it.format); !known || n > len(b)-size {
		return it, 0, false
	}
	it.data = b[size : size+n]
	return it, size + n, true
}

// typeOf is how the values of a format are laid out; texts have none.
func typeOf(format byte) (t firedoor.ValueType, known bool) {
	switch format {
	case formatBinary, 0xa4:
		return firedoor.U8, true
	case 0x24:
		return firedoor.Bool, true
	case formatASCII, 0x44, 0x48:
		return firedoor.NoValue, true
	case 0x60:
		return firedoor.I64, true
	case 0x64:
		return firedoor.I8, true
	case 0x68:
		return firedoor.I16, true
	case 0x70:
		return firedoor.I32, true
	case 0x80:
		return firedoor.F64, true
	case 0x90:
		return firedoor.F32, true
	case 0xa0:
		return firedoor.U64, true
	case 0xa8:
		return firedoor.U16, true
	case 0xb0:
		return firedoor.U32, true
	}
	return firedoor.NoValue, false
}

// whole tells whether b is one item with all that is in it.
func whole(b []byte) bool {
	for left := 1; left > 0; left-- {
		it, size, ok := next(b)
		if !ok {
			return false
		}
		b, left = b[size:], left+it.count
	}
	return len(b) == 0
}

// leaf finds the item number i, from 0, that is no list.
func leaf(b []byte, i int) (item, bool) {
	for {
		it, size, ok := next(b)
		if !ok {
			return it, false
		}
		b = b[size:]
		if it.format == formatList {
			continue
		}
		if i == 0 {
			return it, true
		}
		i--
	}
}

// values is a view of numbers.
func (it *item) values() firedoor.Values {
	t, _ := typeOf(it.format)
	if t == firedoor.NoValue || len(it.data) == 0 {
		return firedoor.Values{}
	}
	return firedoor.Values{Type: t, Count: len(it.data) / t.Size(), Raw: it.data}
}

// words are the text of an item that belongs to what is called name.
func (it *item) words(name []byte, to *wire.Texts) [][]byte {
	if it.format != formatASCII {
		return nil
	}
	return to.One(name, it.data)
}

// object is what an item names: by text, or by a number of at most four bytes.
func (it *item) object(space *firedoor.Space) firedoor.Object {
	o := firedoor.Object{Space: space}
	switch n := len(it.data); {
	case it.format == formatASCII && n > 0:
		o.Text = it.data[:min(n, maxName)]
	case it.format == formatASCII || n == 0:
		return firedoor.Object{}
	case n == 1:
		o.At[0] = uint32(it.data[0])
	case n == 2:
		o.At[0] = uint32(binary.BigEndian.Uint16(it.data))
	case n == 3:
		return firedoor.Object{}
	default:
		o.At[0] = binary.BigEndian.Uint32(it.data[n-4:])
	}
	return o
}
