package plant

import "encoding/binary"

const etherPTP = 0x88f7

// Ports of PTP over UDP: messages that are timed, and all others.
const (
	ptpEvent   = 319
	ptpGeneral = 320
)

// ptpUnicastFlag marks messages for one other alone.
const ptpUnicastFlag = 0x0400

// PTP is a message; Body is what follows its header.
type PTP struct {
	Type     byte
	Profile  byte // whose: 1 is gPTP
	Minor    byte // of version 2
	Domain   byte
	Flags    uint16
	Clock    uint64
	Port     uint16
	Sequence uint16
	Interval int8
	Body     []byte
}

// ptpControls is how version 1 called the types.
var ptpControls = [16]byte{1: 1, 2: 5, 3: 5, 8: 2, 9: 3, 0xa: 5, 0xb: 5, 0xc: 5, 0xd: 4}

// Encode writes the message as it stands in a frame or a datagram.
func (p *PTP) Encode() []byte {
	b := []byte{p.Profile<<4 | p.Type, p.Minor<<4 | 2}
	b = binary.BigEndian.AppendUint16(b, uint16(34+len(p.Body)))
	b = append(b, p.Domain, 0)
	b = binary.BigEndian.AppendUint16(b, p.Flags)
	b = append(b, make([]byte, 12)...)
	b = binary.BigEndian.AppendUint64(b, p.Clock)
	b = binary.BigEndian.AppendUint16(b, p.Port)
	b = binary.BigEndian.AppendUint16(b, p.Sequence)
	return append(append(b, ptpControls[p.Type], byte(p.Interval)), p.Body...)
}

// PTPTime is a time, which a port may follow (the one that was asked).
func PTPTime(seconds, nanoseconds uint32, port ...byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte{0, 0}, seconds)
	return append(binary.BigEndian.AppendUint32(b, nanoseconds), port...)
}

// PTPState is what an Announce says.
type PTPState struct {
	UTC                        int16
	Priority1, Class, Accuracy byte
	Variance                   uint16
	Priority2                  byte
	Grandmaster                uint64
	Steps                      uint16
	Source                     byte
}

// Encode writes the body of an Announce, with elements behind it.
func (s *PTPState) Encode(elements ...[]byte) []byte {
	b := binary.BigEndian.AppendUint16(PTPTime(0, 0), uint16(s.UTC))
	b = append(b, 0, s.Priority1, s.Class, s.Accuracy)
	b = binary.BigEndian.AppendUint16(b, s.Variance)
	b = binary.BigEndian.AppendUint64(append(b, s.Priority2), s.Grandmaster)
	b = append(binary.BigEndian.AppendUint16(b, s.Steps), s.Source)
	for _, e := range elements {
		b = append(b, e...)
	}
	return b
}

// PTPElement is an element of a message.
func PTPElement(kind uint16, data ...byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, kind)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(data))), data...)
}

// PTPPort is a port of a clock, as it stands in messages.
func PTPPort(clock uint64, port uint16) []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint64(nil, clock), port)
}

// PTPManagement is the body of a management message to a port.
func PTPManagement(clock uint64, port uint16, hops [2]byte, action byte, element []byte) []byte {
	return append(append(PTPPort(clock, port), hops[0], hops[1], action, 0), element...)
}

// PTPSetting is an element of management.
func PTPSetting(id uint16, data ...byte) []byte {
	return PTPElement(1, append(binary.BigEndian.AppendUint16(nil, id), data...)...)
}
