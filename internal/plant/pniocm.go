package plant

import "encoding/binary"

// PortPROFINET is where devices and controllers wait for context management.
const PortPROFINET = 34964

// Interfaces of PROFINET's context management, by number of its UUID; 0 is the
// endpoint mapper.
const (
	RPCMapper     = 0
	RPCDevice     = 1
	RPCController = 2
)

// RPC is a message of connectionless DCE/RPC with PROFINET's UUIDs.
type RPC struct {
	Kind, Flags byte
	Little      bool
	Interface   byte
	Activity    byte
	Sequence    uint32
	Opnum       uint16
	Fragment    uint16
	Body        []byte
}

func (m *RPC) order() binary.AppendByteOrder {
	if m.Little {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// uuid appends a UUID in the byte order of the message.
func (m *RPC) uuid(b []byte, first uint32, second, third uint16, rest string) []byte {
	b = m.order().AppendUint32(b, first)
	b = m.order().AppendUint16(b, second)
	b = m.order().AppendUint16(b, third)
	return append(b, rest...)
}

// Bytes is the datagram.
func (m *RPC) Bytes() []byte {
	drep := byte(0)
	if m.Little {
		drep = 0x10
	}
	o := m.order()
	b := []byte{4, m.Kind, m.Flags, 0, drep, 0, 0, 0}
	b = m.uuid(b, 0xdea00000, 0x6c97, 0x11d1, "\x82\x71\x00\x01\x03\x01\x00\x2a") // instance, device, vendor
	if m.Interface == RPCMapper {
		b = m.uuid(b, 0xe1af8308, 0x5d1f, 0x11c9, "\x91\xa4\x08\x00\x2b\x14\xa0\xfa")
	} else {
		b = m.uuid(b, 0xdea00000|uint32(m.Interface), 0x6c97, 0x11d1, "\x82\x71\x00\xa0\x24\x42\xdf\x7d")
	}
	b = m.uuid(b, 0x0badcafe, 0x1234, 0x5678, string([]byte{0x9a, 0xbc, 0, 0, 0, 0, 0, m.Activity}))
	b = o.AppendUint32(b, 0) // boot time
	b = o.AppendUint32(b, 1) // version of the interface
	b = o.AppendUint32(b, m.Sequence)
	b = o.AppendUint16(b, m.Opnum)
	b = append(b, 0xff, 0xff, 0xff, 0xff) // hints
	b = o.AppendUint16(b, uint16(len(m.Body)))
	b = o.AppendUint16(b, m.Fragment)
	return append(append(b, 0, 0), m.Body...)
}

// Arguments puts blocks behind the head of a request's or answer's arguments; first
// is the greatest answer or the status.
func (m *RPC) Arguments(first uint32, blocks []byte) []byte {
	n := uint32(len(blocks))
	var b []byte
	for _, v := range [...]uint32{first, n, n, 0, n} {
		b = m.order().AppendUint32(b, v)
	}
	return append(b, blocks...)
}

// PNBlock makes a block of PROFINET: type, length, version 1.0, body.
func PNBlock(kind uint16, body []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(2+len(body)))
	return append(append(b, 1, 0), body...)
}

// PNRecord makes the header of a record; status stands in the answer to a write only.
func PNRecord(kind uint16, slot, subslot, index uint16, size, status uint32) []byte {
	o := binary.BigEndian
	b := append(o.AppendUint16(nil, 1), pnRelation...)
	b = o.AppendUint32(b, 0)
	b = o.AppendUint16(o.AppendUint16(b, slot), subslot)
	b = o.AppendUint16(append(b, 0, 0), index)
	b = o.AppendUint32(b, size)
	b = o.AppendUint32(append(b, 0, 0, 0, 0), status)
	return PNBlock(kind, append(b, make([]byte, 16)...))
}

// pnRelation is the UUID of the captures' relation.
var pnRelation = []byte("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10")
