package melsec

import (
	"encoding/binary"

	"firedoor"
)

// maxValues is how many octets of values are turned over at a time: of bits that
// do not lie as the wire's neighbours want them, and of ASCII.
const maxValues = 8192

// fields walks a body in binary or ASCII; the first read past the end makes every
// later one zero and failed true.
type fields struct {
	b      []byte
	ascii  bool
	paired bool // in ASCII too bits come in twos: behind an odd one there is a digit more
	failed bool
}

// oldFields are those of 1E.
func oldFields(b []byte, ascii bool) fields { return fields{b: b, ascii: ascii, paired: true} }

// wide is how long so many octets are here.
func (f *fields) wide(octets int) int {
	if f.ascii {
		return 2 * octets
	}
	return octets
}

func (f *fields) take(n int) []byte {
	if f.failed || n < 0 || n > len(f.b) {
		f.failed = true
		return nil
	}
	b := f.b[:n:n]
	f.b = f.b[n:]
	return b
}

// number reads so many octets, or twice as many digits.
func (f *fields) number(octets int) uint32 {
	v := uint32(0)
	if !f.ascii {
		b := f.take(octets)
		for i := len(b) - 1; i >= 0; i-- {
			v = v<<8 | uint32(b[i])
		}
		return v
	}
	for _, c := range f.take(2 * octets) {
		d, ok := digit(c)
		if !ok {
			f.failed = true
		}
		v = v<<4 | d
	}
	return v
}

func (f *fields) u8() uint32  { return f.number(1) }
func (f *fields) u16() uint32 { return f.number(2) }
func (f *fields) u32() uint32 { return f.number(4) }

// digit reads an upper-case hexadecimal digit.
func digit(c byte) (uint32, bool) {
	switch {
	case c >= '0' && c <= '9':
		return uint32(c - '0'), true
	case c >= 'A' && c <= 'F':
		return uint32(c-'A') + 10, true
	}
	return 0, false
}

// octets is a view of so many octets; in ASCII they are put together in the scratch.
func (f *fields) octets(n int, scratch *[maxValues]byte) []byte {
	if !f.ascii {
		return f.take(n)
	}
	b := f.take(2 * n)
	n = min(len(b)/2, maxValues)
	for i := range n {
		high, ok1 := digit(b[2*i])
		low, ok2 := digit(b[2*i+1])
		if !ok1 || !ok2 {
			f.failed = true
		}
		scratch[i] = byte(high<<4 | low)
	}
	return scratch[:n]
}

// bytes reads n octets as values.
func (f *fields) bytes(n int, scratch *[maxValues]byte) firedoor.Values {
	raw := f.octets(n, scratch)
	if f.failed {
		return firedoor.Values{}
	}
	return firedoor.Values{Type: firedoor.U8, Count: len(raw), Raw: raw}
}

// shape is how elements lie on the wire.
type shape uint8

// Shapes.
const (
	shapeNone   shape = iota
	shapeWord         // 16 bits: a word, or 16 bit devices
	shapeDouble       // 32 bits
	shapeBit          // a bit device each, two in an octet, the first in its upper half
	shapeFlag         // one bit device in a number of its own
	shapeLong         // the same in one of two octets
)

// values reads n elements. Numbers of ASCII stand with their highest digit first
// and are turned into little-endian ones. Where n is nothing less is given: a body
// that ends too early gives no values.
func (f *fields) values(s shape, n int, bit bool, scratch *[maxValues]byte) firedoor.Values {
	size := 2
	switch s {
	case shapeBit:
		return f.bits(n, scratch)
	case shapeFlag, shapeLong:
		if s == shapeFlag {
			size = 1
		}
		if scratch[0] = byte(f.number(size) & 1); f.failed {
			return firedoor.Values{}
		}
		return firedoor.Values{Type: firedoor.Bool, Count: 1, Raw: scratch[:1]}
	case shapeDouble:
		size = 4
	case shapeNone:
		return firedoor.Values{}
	}
	raw := f.octets(size*n, scratch)
	if f.failed {
		return firedoor.Values{}
	}
	if f.ascii {
		for i := 0; i+size <= len(raw); i += size {
			for a, z := i, i+size-1; a < z; a, z = a+1, z-1 {
				raw[a], raw[z] = raw[z], raw[a]
			}
		}
	}
	v := firedoor.Values{Type: firedoor.U16, Little: true, Count: len(raw) / size, Raw: raw}
	switch {
	case bit:
		v.Type, v.Count = firedoor.Bit, 8*len(raw)
	case s == shapeDouble:
		v.Type = firedoor.U32
	}
	return v
}

// bits reads bit devices: in ASCII a digit each.
func (f *fields) bits(n int, scratch *[maxValues]byte) firedoor.Values {
	if f.ascii {
		b := f.take(n)
		n = min(len(b), maxValues)
		for i := range n {
			scratch[i] = b[i] & 1
		}
		if f.paired {
			f.take(len(b) & 1)
		}
	} else {
		b := f.take((n + 1) / 2)
		n = min(n, 2*len(b), maxValues)
		for i := range n {
			scratch[i] = b[i/2] >> (4 &^ (4 * (i & 1))) & 1
		}
	}
	if f.failed {
		return firedoor.Values{}
	}
	return firedoor.Values{Type: firedoor.Bool, Count: n, Raw: scratch[:n]}
}

// little reads 16 bits.
func little(b []byte) uint32 { return uint32(binary.LittleEndian.Uint16(b)) }
