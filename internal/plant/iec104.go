package plant

import "encoding/binary"

// PortIEC104 is the registered port (IEC 60870-5-104, 7.1).
const PortIEC104 = 2404

// Types of IEC 60870-5-101 (7.2.1.1) and -104 (6) that the captures use by name.
const (
	IECSinglePoint   = 1
	IECDoublePoint   = 3
	IECFloat         = 13
	IECFloatTagged   = 36
	IECSingleCommand = 45
	IECSetNormal     = 48
	IECSetFloat      = 50
	IECInitEnd       = 70
	IECInterrogation = 100
	IECCounters      = 101
	IECRead          = 102
	IECClock         = 103
)

// Causes of transmission (IEC 60870-5-101, 7.2.3).
const (
	IECPeriodic     = 1
	IECSpontaneous  = 3
	IECInitialized  = 4
	IECRequest      = 5
	IECActivate     = 6
	IECConfirm      = 7
	IECDeactivate   = 8
	IECDeactConfirm = 9
	IECTerminate    = 10
	IECFile         = 13
	IECInterrogated = 20
	IECNegative     = 0x40 // added to a cause
)

// Functions of frames that control the connection (IEC 60870-5-104, 5.1).
const (
	IECStart    = 0x07
	IECStartCon = 0x0b
	IECStop     = 0x13
	IECStopCon  = 0x23
	IECTest     = 0x43
	IECTestCon  = 0x83
)

// IEC104 numbers the frames of one station and builds them. The sizes of the
// fields may be changed; 0 is the standard's.
type IEC104 struct {
	Common           uint16 // common address
	sent             uint16
	received         *IEC104 // the other station: what it sent is acknowledged
	causeSize, sizes int     // octets of the cause; of common and object address, 10 * c + o
}

// IECPair returns two stations that acknowledge each other.
func IECPair(common uint16) (controlling, controlled *IEC104) {
	a, b := &IEC104{Common: common}, &IEC104{Common: common}
	a.received, b.received = b, a
	return a, b
}

// Control is a frame without data.
func (s *IEC104) Control(function byte) []byte { return []byte{0x68, 4, function, 0, 0, 0} }

// Ack is a supervisory frame.
func (s *IEC104) Ack() []byte {
	return append([]byte{0x68, 4, 1, 0}, binary.LittleEndian.AppendUint16(nil, s.received.sent<<1)...)
}

// Raw is an information frame with any ASDU.
func (s *IEC104) Raw(asdu ...byte) []byte {
	b := []byte{0x68, byte(4 + len(asdu))}
	b = binary.LittleEndian.AppendUint16(b, s.sent<<1)
	b = binary.LittleEndian.AppendUint16(b, s.received.sent<<1)
	s.sent = (s.sent + 1) & 0x7fff
	return append(b, asdu...)
}

// head is an ASDU up to the first object.
func (s *IEC104) head(kind, number, cause byte) []byte {
	b := []byte{kind, number, cause}
	if s.causeSize != 1 {
		b = append(b, 0)
	}
	b = append(b, byte(s.Common))
	if s.sizes < 10 || s.sizes >= 20 {
		b = append(b, byte(s.Common>>8))
	}
	return b
}

func (s *IEC104) address(b []byte, at uint32) []byte {
	width := s.sizes % 10
	if width == 0 {
		width = 3
	}
	return append(b, binary.LittleEndian.AppendUint32(nil, at)[:width]...)
}

// One is an information frame with one object.
func (s *IEC104) One(kind, cause byte, address uint32, element ...byte) []byte {
	return s.Raw(append(s.address(s.head(kind, 1, cause), address), element...)...)
}

// Each is an information frame with an address before every element.
func (s *IEC104) Each(kind, cause byte, first uint32, elements ...[]byte) []byte {
	b := s.head(kind, byte(len(elements)), cause)
	for i, e := range elements {
		b = append(s.address(b, first+10*uint32(i)), e...)
	}
	return s.Raw(b...)
}

// Row is an information frame with one address and a row of elements (SQ = 1).
func (s *IEC104) Row(kind, cause byte, first uint32, elements ...[]byte) []byte {
	b := s.address(s.head(kind, 0x80|byte(len(elements)), cause), first)
	for _, e := range elements {
		b = append(b, e...)
	}
	return s.Raw(b...)
}
