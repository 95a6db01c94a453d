package device

import (
	"encoding/binary"

	"firedoor/internal/plant"
)

// Transport sizes of the values in a message.
const (
	s7SizeBit   = 3 // length in bits
	s7SizeByte  = 4 // length in bits
	s7SizeInt   = 5 // length in bits
	s7SizeReal  = 7 // length in bytes
	s7SizeOctet = 9 // length in bytes
)

// s7ItemLength is an item of a request: variable specification by address.
const s7ItemLength = 12

// s7Type tells an item type's bytes and how its values are sent; 0 bytes: not
// served.
func s7Type(kind uint8) (size int, transport uint8) {
	switch kind {
	case plant.S7TypeBit:
		return 1, s7SizeBit
	case plant.S7TypeByte:
		return 1, s7SizeByte
	case plant.S7TypeChar:
		return 1, s7SizeOctet
	case plant.S7TypeWord:
		return 2, s7SizeByte
	case plant.S7TypeInt:
		return 2, s7SizeInt
	case plant.S7TypeDWord:
		return 4, s7SizeByte
	case plant.S7TypeDInt:
		return 4, s7SizeInt
	case plant.S7TypeReal:
		return 4, s7SizeReal
	}
	return 0, 0
}

// s7Length is how a length in bytes is told for a transport size.
func s7Length(transport uint8, n int) int {
	switch transport {
	case s7SizeByte, s7SizeInt:
		return 8 * n
	}
	return n
}

// s7Items takes the items of a read or write apart; only addresses are served.
func s7Items(param []byte) (items []byte, n int, ok bool) {
	if len(param) < 2 {
		return nil, 0, false
	}
	n = int(param[1])
	if n == 0 || len(param) != 2+n*s7ItemLength {
		return nil, 0, false
	}
	return param[2:], n, true
}

// s7Item reads item i; ok is false for another way to address.
func s7Item(items []byte, i int) (it plant.S7Item, ok bool) {
	b := items[i*s7ItemLength:]
	at := uint32(b[9])<<16 | uint32(b[10])<<8 | uint32(b[11])
	it = plant.S7Item{
		Area: b[8], Type: b[3], DB: binary.BigEndian.Uint16(b[6:]), Count: binary.BigEndian.Uint16(b[4:]),
		Byte: at >> 3, Bit: uint8(at & 7),
	}
	return it, b[0] == 0x12 && b[1] == 10 && b[2] == 0x10
}

// find is the memory of an item and how many bytes of it; a code says why not.
func (s *s7Session) find(it *plant.S7Item) (r *region, n int, code uint8) {
	size, _ := s7Type(it.Type)
	if size == 0 || it.Type == plant.S7TypeBit && it.Count != 1 {
		return nil, 0, s7BadType
	}
	r, code = s.server.area(it.Area, it.DB)
	if code != 0 {
		return nil, 0, code
	}
	n = size * int(it.Count)
	if n == 0 || !r.has(int(it.Byte), n) {
		return nil, 0, s7OutOfRange
	}
	return r, n, 0
}

// read answers a read: every item with its bytes or its own code.
func (s *s7Session) read(m s7Message, out []byte) []byte {
	items, n, ok := s7Items(m.param)
	if !ok {
		return m.Refuse(out, s7FnRead, s7Unknown)
	}
	at := len(out)
	out = append(m.Begin(out, plant.S7Ack), s7FnRead, byte(n))
	data := len(out)
	for i := range n {
		if (len(out)-data)%2 == 1 {
			out = append(out, 0)
		}
		it, ok := s7Item(items, i)
		if !ok {
			out = append(out, s7BadType, 0, 0, 0)
			continue
		}
		r, size, code := s.find(&it)
		if code != 0 {
			out = append(out, code, 0, 0, 0)
			continue
		}
		if len(out)-at-s7Headers+4+size > s.pdu {
			return m.Refuse(out[:at], s7FnRead, s7BadSize)
		}
		_, transport := s7Type(it.Type)
		length := s7Length(transport, size)
		out = append(out, s7OK, transport, byte(length>>8), byte(length))
		if it.Type == plant.S7TypeBit {
			out = append(out, r.loadBit(int(it.Byte), it.Bit))
		} else {
			out = append(out, r.load(int(it.Byte), size)...)
		}
	}
	if len(out)-at-s7Headers > s.pdu {
		return m.Refuse(out[:at], s7FnRead, s7BadSize)
	}
	return plant.S7End(out, at, data)
}

// write answers a write: every item with its own code.
func (s *s7Session) write(m s7Message, out []byte) []byte {
	items, n, ok := s7Items(m.param)
	if !ok || len(m.param)+len(m.data)+10 > s.pdu {
		return m.Refuse(out, s7FnWrite, s7BadSize)
	}
	at := len(out)
	out = append(m.Begin(out, plant.S7Ack), s7FnWrite, byte(n))
	data := len(out)
	rest := m.data
	for i := range n {
		var value []byte
		var transport uint8
		value, transport, rest, ok = s7Value(rest)
		if !ok {
			return m.Refuse(out[:at], s7FnWrite, s7BadSize)
		}
		it, plain := s7Item(items, i)
		if !plain {
			out = append(out, s7BadType)
			continue
		}
		out = append(out, s.writeItem(&it, transport, value))
	}
	return plant.S7End(out, at, data)
}

// s7Value takes the value of one item off the data of a write.
func s7Value(d []byte) (value []byte, transport uint8, rest []byte, ok bool) {
	if len(d) < 4 {
		return nil, 0, nil, false
	}
	transport = d[1]
	n := int(binary.BigEndian.Uint16(d[2:]))
	switch transport {
	case s7SizeByte, s7SizeInt:
		n = (n + 7) / 8
	}
	if len(d) < 4+n {
		return nil, 0, nil, false
	}
	value, rest = d[4:4+n], d[4+n:]
	if n%2 == 1 && len(rest) > 0 {
		rest = rest[1:]
	}
	return value, transport, rest, true
}

func (s *s7Session) writeItem(it *plant.S7Item, transport uint8, value []byte) uint8 {
	r, size, code := s.find(it)
	switch {
	case code != 0:
		return code
	case len(value) != size || (transport == s7SizeBit) != (it.Type == plant.S7TypeBit):
		return 7 // data type inconsistent
	case it.Type == plant.S7TypeBit:
		if !r.saveBit(int(it.Byte), it.Bit, value[0]&1) {
			return s7Denied
		}
		return s7OK
	case !r.writable(int(it.Byte), size):
		return s7Denied
	}
	r.save(int(it.Byte), value)
	return s7OK
}
