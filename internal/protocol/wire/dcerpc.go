package wire

import "encoding/binary"

// Message types of connectionless RPC (C706, 12.5.3).
const (
	RPCRequest   = 0
	RPCPing      = 1
	RPCResponse  = 2
	RPCFault     = 3
	RPCWorking   = 4
	RPCNoCall    = 5
	RPCReject    = 6
	RPCAck       = 7
	RPCCancel    = 8
	RPCFack      = 9
	RPCCancelled = 10
)

// RPCHeader is the size of the header of connectionless RPC (C706, 12.5.2).
const RPCHeader = 80

const (
	rpcVersion   = 4
	rpcLastPart  = 1 << 1 // first set of flags
	rpcPart      = 1 << 2
	rpcNoFlag    = 0x81 // of the first set, reserved
	rpcLengthAt  = 74
	rpcVersionIf = 60
)

// UUID is a UUID in the order in which it is written, whatever it had on the wire.
type UUID [16]byte

// RPC is a message of connectionless DCE/RPC, as far as those who are carried by it
// need it. Body is a view.
type RPC struct {
	Kind       uint8
	Part, Last bool // one of several fragments; the last of them
	Little     bool // numbers of the body are little-endian
	Short      bool // the body is shorter than its length says
	Opnum      uint16
	Fragment   uint16
	Sequence   uint32
	Version    uint32 // of the interface
	Object     UUID
	Interface  UUID
	Activity   UUID
	Body       []byte
}

// Read reads a datagram; false if no header of connectionless RPC begins it. What
// stands behind the body (an authentication trailer) is passed over.
func (m *RPC) Read(b []byte) bool {
	if len(b) < RPCHeader || !rpcBegins(b) {
		return false
	}
	flags := b[2]
	m.Kind, m.Part, m.Last, m.Little = b[1], flags&rpcPart != 0, flags&rpcLastPart != 0, b[4]&0x10 != 0
	m.Object, m.Interface, m.Activity = m.uuid(b[8:]), m.uuid(b[24:]), m.uuid(b[40:])
	m.Version, m.Sequence = m.U32(b[rpcVersionIf:]), m.U32(b[64:])
	m.Opnum, m.Fragment = m.u16(b[68:]), m.u16(b[76:])
	n := int(m.u16(b[rpcLengthAt:]))
	m.Short = n > len(b)-RPCHeader
	n = min(n, len(b)-RPCHeader)
	m.Body = b[RPCHeader : RPCHeader+n : RPCHeader+n]
	return true
}

// RPCBegins tells whether b may begin a message of connectionless RPC: nothing in
// its first bytes, as far as they are there, says otherwise.
func RPCBegins(b []byte) bool { return len(b) == 0 || rpcBegins(b) }

func rpcBegins(b []byte) bool {
	switch {
	case b[0] != rpcVersion,
		len(b) > 1 && b[1] > RPCCancelled,
		len(b) > 2 && b[2]&rpcNoFlag != 0,
		len(b) > 4 && b[4]&^0x11 != 0, // byte order and character set (C706, 14.2.5)
		len(b) > 5 && b[5] > 3,        // form of real numbers
		len(b) > 6 && b[6] != 0:
		return false
	}
	return true
}

func (m *RPC) u16(b []byte) uint16 {
	if m.Little {
		return binary.LittleEndian.Uint16(b)
	}
	return binary.BigEndian.Uint16(b)
}

// U32 reads a number in the byte order of the message; b has four bytes or more.
func (m *RPC) U32(b []byte) uint32 {
	if m.Little {
		return binary.LittleEndian.Uint32(b)
	}
	return binary.BigEndian.Uint32(b)
}

// uuid reads a UUID: its first three parts are numbers (C706, appendix A).
func (m *RPC) uuid(b []byte) (u UUID) {
	copy(u[:], b)
	if m.Little {
		u[0], u[1], u[2], u[3] = b[3], b[2], b[1], b[0]
		u[4], u[5], u[6], u[7] = b[5], b[4], b[7], b[6]
	}
	return u
}
