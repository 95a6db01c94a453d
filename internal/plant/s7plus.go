package plant

import (
	"bytes"
	"encoding/binary"
)

// Functions of S7comm-plus.
const (
	plusError         = 0x04b1
	plusExplore       = 0x04bb
	plusCreate        = 0x04ca
	plusDelete        = 0x04d4
	plusSet           = 0x04f2
	plusGet           = 0x04fc
	plusAddLink       = 0x0506
	plusRemoveLink    = 0x051a
	plusGetLink       = 0x0524
	plusSetMulti      = 0x0542
	plusGetMulti      = 0x054c
	plusBeginSequence = 0x0556
	plusEndSequence   = 0x0560
	plusInvoke        = 0x056b
	plusSetStreamed   = 0x057c
	plusGetStreamed   = 0x0586
	plusGetAddress    = 0x0590
	plusAbort         = 0x059a
	plusInitSSL       = 0x05b3
)

// plusAsk and plusQuiet are the flags of requests that want an answer and that
// want none.
const (
	plusAsk   = 0x34
	plusQuiet = 0x74
)

// s7Plus is one side of an S7comm-plus session.
type s7Plus struct {
	version byte
	session uint32
	seq     uint16
	split   int // bytes of data in a fragment; 0: it is never split
}

// ask appends a whole request with its packets.
func (s *s7Plus) ask(fn uint16, body ...[]byte) []byte { return s.request(plusAsk, fn, body...) }

func (s *s7Plus) request(flags byte, fn uint16, body ...[]byte) []byte {
	s.seq++
	d := s.head(0x31, fn)
	d = append(binary.BigEndian.AppendUint32(d, s.session), flags)
	return s.message(append(append(d, bytes.Join(body, nil)...), s.tail()...))
}

// answer appends a whole response to what was asked last.
func (s *s7Plus) answer(fn uint16, body ...[]byte) []byte {
	d := append(s.head(0x32, fn), plusAsk)
	return s.message(append(append(d, bytes.Join(body, nil)...), s.tail()...))
}

func (s *s7Plus) head(op byte, fn uint16) []byte {
	d := binary.BigEndian.AppendUint16([]byte{op, 0, 0}, fn)
	return binary.BigEndian.AppendUint16(append(d, 0, 0), s.seq)
}

// tail is the number for integrity that follows a body, four zeros, and with
// version 2 a digest.
func (s *s7Plus) tail() []byte {
	switch s.version {
	case 1:
		return []byte{0, 0, 0, 0}
	case 2:
		return append([]byte{byte(s.seq & 0x7f), 32}, bytes.Repeat([]byte{0xd1}, 32)...)
	}
	return []byte{byte(s.seq & 0x7f), 0, 0, 0, 0}
}

// notify appends a notification of a subscription.
func (s *s7Plus) notify(object uint32, count byte, values ...[]byte) []byte {
	d := binary.BigEndian.AppendUint32([]byte{0x33}, object)
	d = append(d, 4, 0, 0, 0, 0, 0, count, count)
	if object > 0x70000000 {
		d = append(d, 1)
	}
	d = append(d, bytes.Join(values, nil)...)
	return s.message(append(d, 0, 0, 0, 0, 0))
}

// message gives data headers, digests and a trailer.
func (s *s7Plus) message(data []byte) []byte {
	var b []byte
	for s.split > 0 && len(data) > s.split {
		b = append(b, cotpData(s.fragment(data[:s.split])...)...)
		data = data[s.split:]
	}
	return append(b, cotpData(append(s.fragment(data), 0x72, s.version, 0, 0)...)...)
}

// fragment is a header with its data.
func (s *s7Plus) fragment(data []byte) []byte {
	if s.version == 3 {
		data = append(append([]byte{32}, bytes.Repeat([]byte{0xd3}, 32)...), data...)
	}
	return append(binary.BigEndian.AppendUint16([]byte{0x72, s.version}, uint16(len(data))), data...)
}

// plusNumber packs a number: seven bits in a byte.
func plusNumber(v uint32) []byte {
	b := []byte{byte(v & 0x7f)}
	for v >>= 7; v > 0; v >>= 7 {
		b = append([]byte{byte(v&0x7f | 0x80)}, b...)
	}
	return b
}

func plusNumbers(v ...uint32) []byte {
	var b []byte
	for _, n := range v {
		b = append(b, plusNumber(n)...)
	}
	return b
}

func plusLong(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

// Values: flags, type, and what they hold.
func plusValue(kind byte, b ...byte) []byte { return append([]byte{0, kind}, b...) }

func plusArray(kind, count byte, b ...byte) []byte { return append([]byte{0x10, kind, count}, b...) }

func plusUDInt(v uint32) []byte { return plusValue(4, plusNumber(v)...) }

func plusText(s string) []byte { return plusValue(0x15, append(plusNumber(uint32(len(s))), s...)...) }

func plusBlob(b []byte) []byte {
	return plusValue(0x14, append(append([]byte{0}, plusNumber(uint32(len(b)))...), b...)...)
}

// plusList is an array of packed numbers that names things.
func plusList(v ...uint32) []byte {
	return append(append([]byte{0x20, 4}, plusNumber(uint32(len(v)))...), plusNumbers(v...)...)
}

// plusStruct is a structure: a type, and members with their numbers.
func plusStruct(id uint32, members ...[]byte) []byte {
	return append(append(plusValue(0x17, plusLong(id)...), bytes.Join(members, nil)...), 0)
}

func plusMember(id uint32, value []byte) []byte { return append(plusNumber(id), value...) }

// plusObject is an object with what it holds.
func plusObject(object, class uint32, held ...[]byte) []byte {
	b := append(append([]byte{0xa1}, plusLong(object)...), plusNumber(class)...)
	return append(append(append(b, 0, 0), bytes.Join(held, nil)...), 0xa2)
}

func plusAttribute(id uint32, value []byte) []byte {
	return append(append([]byte{0xa3}, plusNumber(id)...), value...)
}

// plusQualifier follows the objects of most requests.
func plusQualifier() []byte {
	return append(plusLong(1256), 0x89, 0x69, 0, 0x12, 0, 0, 0, 0, 0x89, 0x6a, 0, 0x13, 0, 0x89, 0x6b, 0, 4, 0, 0)
}

// plusAddress names a variable: checksum of its symbol, area, attribute, way.
func plusAddress(crc, area uint32, way ...uint32) []byte {
	return plusNumbers(append([]uint32{crc, area, uint32(len(way))}, way...)...)
}

// plusItems begins a request over variables.
func plusItems(fields uint32, items ...[]byte) []byte {
	return append(append(plusLong(0), plusNumbers(uint32(len(items)), fields)...), bytes.Join(items, nil)...)
}
