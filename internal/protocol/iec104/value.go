package iec104

import "firedoor"

// value makes v a view of an element's value; what does not stand on the wire as
// an octet of its own is put into one. It returns the quality, 0 where it is
// good. d is as long as the type says.
func (s *scratch) value(e element, d []byte) (v firedoor.Values, quality byte) {
	octet := func(t firedoor.ValueType, b byte) firedoor.Values {
		s.octet[0] = b
		return firedoor.Values{Type: t, Count: 1, Raw: s.octet[:]}
	}
	number := func(t firedoor.ValueType, n int) firedoor.Values {
		return firedoor.Values{Type: t, Little: true, Count: n, Raw: d[:n*t.Size()]}
	}
	switch e {
	case elementSingle:
		return octet(firedoor.Bool, d[0]&1), d[0] & 0xf0
	case elementDouble:
		return octet(firedoor.U8, d[0]&3), d[0] & 0xf0
	case elementStep: // seven bits with a sign, bit 7: in transit
		return octet(firedoor.I8, d[0]<<1&0x80|d[0]&0x7f), d[1]
	case elementBits:
		return number(firedoor.U32, 1), d[4]
	case elementNormal, elementScaled:
		return number(firedoor.I16, 1), d[2]
	case elementFloat:
		return number(firedoor.F32, 1), d[4]
	case elementCounter: // five bits of the octet behind are a sequence number
		return number(firedoor.I32, 1), d[4] & 0xe0
	case elementEvent:
		return octet(firedoor.U8, d[0]&3), d[0] & 0xf8
	case elementStart:
		return octet(firedoor.U8, d[0]&0x3f), d[1] & 0xf8
	case elementCircuit:
		return octet(firedoor.U8, d[0]&0x0f), d[1] & 0xf8
	case elementPacked: // sixteen states, and which of them changed
		return number(firedoor.U16, 2), d[4]
	case elementBare, elementSetNormal:
		return number(firedoor.I16, 1), 0
	case elementOn:
		return octet(firedoor.Bool, d[0]&1), 0
	case elementTwo:
		return octet(firedoor.U8, d[0]&3), 0
	case elementSetFloat:
		return number(firedoor.F32, 1), 0
	case elementSetBits:
		return number(firedoor.U32, 1), 0
	case elementOctet:
		return octet(firedoor.U8, d[0]), 0
	case elementInit: // bit 7: parameters were changed
		return octet(firedoor.U8, d[0]&0x7f), 0
	case elementDelay:
		return number(firedoor.U16, 1), 0
	}
	return firedoor.Values{}, 0
}
