package plant

import (
	"encoding/binary"
	"math"
)

// PortBACnet is the registered port (ASHRAE 135, J.2.1).
const PortBACnet = 47808

// BACnet object types and properties of the captures (ASHRAE 135, 21).
const (
	bacAnalogInput  = 0
	bacAnalogOutput = 1
	bacAnalogValue  = 2
	bacBinaryOutput = 4
	bacDevice       = 8
	bacFile         = 10
	bacTrendLog     = 20

	bacPresent  = 85
	bacPriority = 87
)

// bacID is an object identifier.
func bacID(kind, instance uint32) uint32 { return kind<<22 | instance }

// bacTag is a tag with a content; class is 0 for application, 8 for context tags.
func bacTag(number, class byte, content ...byte) []byte {
	var b []byte
	first, n := number<<4, len(content)
	if number >= 15 {
		first = 0xf0
	}
	if n < 5 {
		b = append(b, first|class|byte(n))
	} else {
		b = append(b, first|class|5)
	}
	if number >= 15 {
		b = append(b, number)
	}
	switch {
	case n < 5:
	case n < 254:
		b = append(b, byte(n))
	default:
		b = binary.BigEndian.AppendUint16(append(b, 254), uint16(n))
	}
	return append(b, content...)
}

// bacNumber is the shortest form of an unsigned number.
func bacNumber(v uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, v)
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

// Context tags.
func bacC(n byte, v uint32) []byte { return bacTag(n, 8, bacNumber(v)...) }

func bacO(n byte, id uint32) []byte { return bacTag(n, 8, binary.BigEndian.AppendUint32(nil, id)...) }

// bacIn encloses in an opening and a closing tag.
func bacIn(n byte, parts ...[]byte) []byte {
	b := []byte{n<<4 | 0xe}
	return append(append(b, bacAll(parts...)...), n<<4|0xf)
}

func bacAll(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// Application tags.
var bacNull = []byte{0}

func bacBool(v byte) []byte { return []byte{0x10 | v} }
func bacU(v uint32) []byte  { return bacTag(2, 0, bacNumber(v)...) }
func bacE(v uint32) []byte  { return bacTag(9, 0, bacNumber(v)...) }
func bacI(v int16) []byte {
	return bacTag(3, 0, binary.BigEndian.AppendUint16(nil, uint16(v))...)
}

func bacReal(v float32) []byte {
	return bacTag(4, 0, binary.BigEndian.AppendUint32(nil, math.Float32bits(v))...)
}

func bacDouble(v float64) []byte {
	return bacTag(5, 0, binary.BigEndian.AppendUint64(nil, math.Float64bits(v))...)
}
func bacOctets(b string) []byte { return bacTag(6, 0, []byte(b)...) }
func bacText(s string) []byte   { return bacTag(7, 0, append([]byte{0}, s...)...) }
func bacObject(id uint32) []byte {
	return bacTag(12, 0, binary.BigEndian.AppendUint32(nil, id)...)
}

// bacDate and bacTime are a Monday morning.
var (
	bacDate = []byte{0xa4, 126, 3, 2, 1}
	bacTime = []byte{0xb4, 6, 0, 0, 0}
)

// BVLC functions (J.2).
const (
	bacForwarded = 4
	bacUnicast   = 0xa
	bacBroadcast = 0xb
)

// bacLink is a datagram with a function of the virtual link.
func bacLink(function byte, body ...byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0x81, function}, uint16(4+len(body)))
	return append(b, body...)
}

// bacUni sends an application message to a device on the same network.
func bacUni(apdu []byte) []byte { return bacLink(bacUnicast, append([]byte{1, 0}, apdu...)...) }

// bacAsk is a confirmed request that takes answers of 1476 octets.
func bacAsk(invoke, service byte, parts ...[]byte) []byte {
	return bacUni(append([]byte{0, 5, invoke, service}, bacAll(parts...)...))
}

// bacData and bacAck are answers with and without data.
func bacData(invoke, service byte, parts ...[]byte) []byte {
	return bacUni(append([]byte{0x30, invoke, service}, bacAll(parts...)...))
}
func bacAck(invoke, service byte) []byte { return bacUni([]byte{0x20, invoke, service}) }

// bacError is an error of a class and code.
func bacError(invoke, service byte, class, code uint32) []byte {
	return bacUni(bacAll([]byte{0x50, invoke, service}, bacE(class), bacE(code)))
}

// bacCry is an unconfirmed message to everybody, everywhere.
func bacCry(service byte, parts ...[]byte) []byte {
	head := []byte{1, 0x20, 0xff, 0xff, 0, 255, 0x10, service}
	return bacLink(bacBroadcast, append(head, bacAll(parts...)...)...)
}

// bacTell is an unconfirmed message to one device.
func bacTell(service byte, parts ...[]byte) []byte {
	return bacUni(append([]byte{0x10, service}, bacAll(parts...)...))
}
