package plant

import "encoding/binary"

// Ports of EtherNet/IP (CIP Networks Library Volume 2, 2-2).
const (
	PortENIP = 44818
	PortIO   = 2222
)

// CIP services and types.
const (
	CIPGetAll          = 0x01
	CIPMultiple        = 0x0a
	CIPGetSingle       = 0x0e
	CIPSetSingle       = 0x10
	CIPReadTag         = 0x4c
	CIPWriteTag        = 0x4d
	CIPForwardClose    = 0x4e
	CIPUnconnected     = 0x52
	CIPForwardOpen     = 0x54
	CIPTypeBool        = 0xc1
	CIPTypeInt         = 0xc3
	CIPTypeDint        = 0xc4
	CIPTypeReal        = 0xca
	CIPPathUnknown     = 0x05
	CIPPrivilege       = 0x0f
	enipListServices   = 0x04
	enipListIdentity   = 0x63
	enipListInterfaces = 0x64
	enipRegister       = 0x65
	enipUnregister     = 0x66
	enipUnconnected    = 0x6f
	enipConnected      = 0x70
	cpfListIdentity    = 0x000c
	cpfConnectedAddr   = 0x00a1
	cpfConnectedData   = 0x00b1
	cpfUnconnected     = 0x00b2
	cpfSequencedAddr   = 0x8002
	enipHeader         = 24
)

// ENIP is what the encapsulation header says. Every method appends one whole
// encapsulation message.
type ENIP struct {
	Session uint32
	Context uint64
}

func (e ENIP) begin(b []byte, command uint16) []byte {
	b = binary.LittleEndian.AppendUint16(b, command)
	b = append(b, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, e.Session)
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, e.Context)
	return append(b, 0, 0, 0, 0)
}

func (e ENIP) end(b []byte, at int) []byte {
	binary.LittleEndian.PutUint16(b[at+2:], uint16(len(b)-at-enipHeader))
	return b
}

// Register opens a session; the answer is the same with the session's number.
func (e ENIP) Register(b []byte) []byte {
	at := len(b)
	return e.end(append(e.begin(b, enipRegister), 1, 0, 0, 0), at)
}

// Unregister ends it; there is no answer.
func (e ENIP) Unregister(b []byte) []byte { return e.begin(b, enipUnregister) }

// ListServices asks what the encapsulation carries; the answer is one service,
// explicit messages and cyclic data.
func (e ENIP) ListServices(b []byte) []byte { return e.begin(b, enipListServices) }

// ListServicesAnswer answers it.
func (e ENIP) ListServicesAnswer(b []byte) []byte {
	at := len(b)
	b = append(e.begin(b, enipListServices), 1, 0, 0, 1, 20, 0, 1, 0, 0x20, 1)
	return e.end(append(append(b, "Communications"...), 0, 0), at)
}

// ListInterfacesAnswer says that there are none.
func (e ENIP) ListInterfacesAnswer(b []byte) []byte {
	at := len(b)
	return e.end(append(e.begin(b, enipListInterfaces), 0, 0), at)
}

// Refuse answers a command with a status and nothing else.
func (e ENIP) Refuse(b []byte, command uint16, status uint8) []byte {
	at := len(b)
	b = e.begin(b, command)
	b[at+8] = status
	return b
}

// ListIdentity asks who is there.
func (e ENIP) ListIdentity(b []byte) []byte { return e.begin(b, enipListIdentity) }

// CIPIdentity is a device's identity object.
type CIPIdentity struct {
	Vendor, Type, Product uint16
	Major, Minor          uint8
	Status                uint16
	Serial                uint32
	Name                  string
}

// Append appends the object's attributes 1 to 7 as Get_Attributes_All has them.
func (i CIPIdentity) Append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, i.Vendor)
	b = binary.LittleEndian.AppendUint16(b, i.Type)
	b = binary.LittleEndian.AppendUint16(b, i.Product)
	b = append(b, i.Major, i.Minor)
	b = binary.LittleEndian.AppendUint16(b, i.Status)
	b = binary.LittleEndian.AppendUint32(b, i.Serial)
	b = append(b, byte(len(i.Name)))
	return append(b, i.Name...)
}

// ListIdentityAnswer says who is there.
func (e ENIP) ListIdentityAnswer(b []byte, host *Host, id CIPIdentity) []byte {
	at := len(b)
	b = append(e.begin(b, enipListIdentity), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, cpfListIdentity)
	b = binary.LittleEndian.AppendUint16(b, uint16(34+len(id.Name)))
	b = append(b, 1, 0, 0, 2, PortENIP>>8, PortENIP&0xff)
	ip := host.IP.As4()
	b = append(append(b, ip[:]...), 0, 0, 0, 0, 0, 0, 0, 0)
	return e.end(append(id.Append(b), 3), at)
}

// Unconnected carries a CIP message outside any connection.
func (e ENIP) Unconnected(b, message []byte) []byte {
	at := len(b)
	b = append(e.begin(b, enipUnconnected), 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, cpfUnconnected)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(message)))
	return e.end(append(b, message...), at)
}

// Connected carries a CIP message on a class 3 connection.
func (e ENIP) Connected(b []byte, connection uint32, sequence uint16, message []byte) []byte {
	at := len(b)
	b = append(e.begin(b, enipConnected), 0, 0, 0, 0, 0, 0, 2, 0)
	b = binary.LittleEndian.AppendUint16(b, cpfConnectedAddr)
	b = append(b, 4, 0)
	b = binary.LittleEndian.AppendUint32(b, connection)
	b = binary.LittleEndian.AppendUint16(b, cpfConnectedData)
	b = binary.LittleEndian.AppendUint16(b, uint16(2+len(message)))
	b = binary.LittleEndian.AppendUint16(b, sequence)
	return e.end(append(b, message...), at)
}

// ClassIO is a datagram of cyclic data. From the scanner data starts with the
// run/idle header.
func ClassIO(b []byte, connection, sequence uint32, data []byte) []byte {
	b = append(b, 2, 0)
	b = binary.LittleEndian.AppendUint16(b, cpfSequencedAddr)
	b = append(b, 8, 0)
	b = binary.LittleEndian.AppendUint32(b, connection)
	b = binary.LittleEndian.AppendUint32(b, sequence)
	b = binary.LittleEndian.AppendUint16(b, cpfConnectedData)
	b = binary.LittleEndian.AppendUint16(b, uint16(2+len(data)))
	b = binary.LittleEndian.AppendUint16(b, uint16(sequence))
	return append(b, data...)
}

// CIPClass is the path of a class, instance and, unless 0, attribute.
func CIPClass(class, instance, attribute uint8) []byte {
	if attribute == 0 {
		return []byte{0x20, class, 0x24, instance}
	}
	return []byte{0x20, class, 0x24, instance, 0x30, attribute}
}

// CIPSymbol is the path of a tag.
func CIPSymbol(tag string) []byte { return AppendCIPSymbol(nil, tag) }

// AppendCIPSymbol appends it.
func AppendCIPSymbol(b []byte, tag string) []byte {
	b = append(append(b, 0x91, byte(len(tag))), tag...)
	if len(tag)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// CIPRequest appends a request.
func CIPRequest(b []byte, service uint8, path []byte, data ...byte) []byte {
	b = append(b, service, byte(len(path)/2))
	return append(append(b, path...), data...)
}

// CIPAnswer appends a response with a general status.
func CIPAnswer(b []byte, service, status uint8, data ...byte) []byte {
	return append(append(b, service|0x80, 0, status, 0), data...)
}

// CIPRefuse appends a response with a general status and one word that extends
// it.
func CIPRefuse(b []byte, service, status uint8, extended uint16) []byte {
	return append(b, service|0x80, 0, status, 1, byte(extended), byte(extended>>8))
}

// CIPRead asks for elements of a tag.
func CIPRead(b []byte, tag string, elements uint16) []byte {
	return CIPRequest(b, CIPReadTag, CIPSymbol(tag), byte(elements), byte(elements>>8))
}

// CIPReadAnswer answers with a type and the elements' bytes.
func CIPReadAnswer(b []byte, kind uint16, values []byte) []byte {
	return append(CIPAnswer(b, CIPReadTag, 0, byte(kind), byte(kind>>8)), values...)
}

// CIPWrite writes elements of a tag.
func CIPWrite(b []byte, tag string, kind, elements uint16, values []byte) []byte {
	b = CIPRequest(b, CIPWriteTag, CIPSymbol(tag), byte(kind), byte(kind>>8), byte(elements), byte(elements>>8))
	return append(b, values...)
}

// CIPTogether packs messages into one (Volume 1, A-4.10): requests for the
// message router, or their answers.
func CIPTogether(b []byte, answer bool, messages ...[]byte) []byte {
	if answer {
		b = CIPAnswer(b, CIPMultiple, 0)
	} else {
		b = CIPRequest(b, CIPMultiple, CIPClass(2, 1, 0))
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(messages)))
	at := 2 + 2*len(messages)
	for _, m := range messages {
		b = binary.LittleEndian.AppendUint16(b, uint16(at))
		at += len(m)
	}
	for _, m := range messages {
		b = append(b, m...)
	}
	return b
}

// CIPConnection is what Forward Open agrees on; the identifiers are chosen by
// the receiver of each direction. Class 1 is cyclic, 3 is for messages.
type CIPConnection struct {
	ToTarget, ToOriginator         uint32
	Serial, Vendor                 uint16
	Originator                     uint32
	Class                          uint8
	SizeToTarget, SizeToOriginator uint16 // bytes with sequence count, class 1 towards the target also run/idle
	Interval                       uint32 // µs
	Path                           []byte
}

// Open appends the Forward Open request.
func (c CIPConnection) Open(b []byte) []byte {
	b = CIPRequest(b, CIPForwardOpen, CIPClass(6, 1, 0), 10, 14)
	b = binary.LittleEndian.AppendUint32(b, c.ToTarget)
	b = binary.LittleEndian.AppendUint32(b, c.ToOriginator)
	b = c.triad(b)
	b = append(b, 1, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, c.Interval)
	b = binary.LittleEndian.AppendUint16(b, 0x4200|c.SizeToTarget) // point to point, variable
	b = binary.LittleEndian.AppendUint32(b, c.Interval)
	b = binary.LittleEndian.AppendUint16(b, 0x4200|c.SizeToOriginator)
	trigger := byte(0xa3) // server, application triggered, class 3
	if c.Class <= 1 {
		trigger = c.Class
	}
	b = append(b, trigger, byte(len(c.Path)/2))
	return append(b, c.Path...)
}

// OpenAnswer appends the successful answer.
func (c CIPConnection) OpenAnswer(b []byte) []byte {
	b = CIPAnswer(b, CIPForwardOpen, 0)
	b = binary.LittleEndian.AppendUint32(b, c.ToTarget)
	b = binary.LittleEndian.AppendUint32(b, c.ToOriginator)
	b = c.triad(b)
	b = binary.LittleEndian.AppendUint32(b, c.Interval)
	b = binary.LittleEndian.AppendUint32(b, c.Interval)
	return append(b, 0, 0)
}

// Close appends the Forward Close request.
func (c CIPConnection) Close(b []byte) []byte {
	b = CIPRequest(b, CIPForwardClose, CIPClass(6, 1, 0), 10, 14)
	b = append(c.triad(b), byte(len(c.Path)/2), 0)
	return append(b, c.Path...)
}

// CloseAnswer appends its answer.
func (c CIPConnection) CloseAnswer(b []byte) []byte {
	return append(c.triad(CIPAnswer(b, CIPForwardClose, 0)), 0, 0)
}

func (c CIPConnection) triad(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, c.Serial)
	b = binary.LittleEndian.AppendUint16(b, c.Vendor)
	return binary.LittleEndian.AppendUint32(b, c.Originator)
}

// CIPRouted wraps a message for the module in a slot of the backplane.
func CIPRouted(b, message []byte, slot uint8) []byte {
	b = CIPRequest(b, CIPUnconnected, CIPClass(6, 1, 0), 10, 14, byte(len(message)), byte(len(message)>>8))
	b = append(b, message...)
	if len(message)%2 == 1 {
		b = append(b, 0)
	}
	return append(b, 1, 0, 1, slot)
}
