package packet

import (
	"bytes"
	"encoding/binary"
)

// Hand-made headers for the tests: each function returns its header followed by
// what it carries.

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func u16(v ...uint16) []byte {
	var b []byte
	for _, x := range v {
		b = binary.BigEndian.AppendUint16(b, x)
	}
	return b
}

func u32(v ...uint32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, x)
	}
	return b
}

var (
	testDst = []byte{0x00, 0x1b, 0x1b, 0x01, 0x02, 0x03}
	testSrc = []byte{0x00, 0x80, 0xf4, 0x0a, 0x0b, 0x0c}
)

func ether(et uint16, parts ...[]byte) []byte {
	return join(testDst, testSrc, u16(et), join(parts...))
}

func etherFrom(src byte, et uint16, parts ...[]byte) []byte {
	return join([]byte{2, 0, 0, 0, 0, 0xdd}, []byte{2, 0, 0, 0, 0, src}, u16(et), join(parts...))
}

func vlanBytes(tci, et uint16) []byte { return u16(tci, et) }

func ip4(proto uint8, payload []byte) []byte { return ip4With(proto, 0, 0x4000, nil, payload) }

// ip4With adds to the total length, sets the fragment field and the options.
func ip4With(proto uint8, more int, frag uint16, options, payload []byte) []byte {
	head := 20 + len(options)
	return join([]byte{0x40 | byte(head/4), 0}, u16(uint16(head+len(payload)+more), 0x1234, frag), []byte{64, proto, 0, 0},
		[]byte{10, 0, 0, 1}, []byte{10, 0, 0, 2}, options, payload)
}

func ip6(next uint8, payload []byte) []byte {
	src := join(u16(0x2001, 0xdb8), make([]byte, 11), []byte{1})
	dst := join(u16(0x2001, 0xdb8), make([]byte, 11), []byte{2})
	return join(u32(6<<28), u16(uint16(len(payload))), []byte{next, 63}, src, dst, payload)
}

func tcpSegment(src, dst uint16, payload string) []byte {
	return tcpWith(src, dst, 5, nil, payload)
}

func tcpWith(src, dst uint16, words byte, options []byte, payload string) []byte {
	return join(u16(src, dst), u32(0x01020304, 0x05060708), []byte{words << 4, PSH | ACK}, u16(0x2000, 0xbeef, 0), options, []byte(payload))
}

func udpDatagram(src, dst uint16, payload string) []byte { return udpWith(src, dst, 0, payload) }

// udpWith adds to the length.
func udpWith(src, dst uint16, more int, payload string) []byte {
	return join(u16(src, dst, uint16(8+len(payload)+more), 0xcafe), []byte(payload))
}

// redundant appends a trailer of IEC 62439-3 whose size is off by wrong.
func redundant(lan byte, seq uint16, wrong int, frame []byte) []byte {
	size := len(frame) - 14 + 6
	if binary.BigEndian.Uint16(frame[12:]) == 0x8100 {
		size -= 4
	}
	return join(frame, u16(seq, uint16(lan)<<12|uint16(size+wrong), 0x88fb))
}
