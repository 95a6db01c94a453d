package wire

import "firedoor/internal/protocol"

// Item types of the common packet format (CIP volume 2, 2-6).
const (
	CIPNullAddress      = 0x0000
	CIPConnectedAddress = 0x00a1
	CIPConnectedData    = 0x00b1
	CIPUnconnectedData  = 0x00b2
	CIPSocketOT         = 0x8000 // where the target wants originator-to-target data
	CIPSocketTO         = 0x8001 // where target-to-originator data goes
	CIPSequencedAddress = 0x8002
)

// CIPPacket is one common packet: an address item, a data item and, beside a
// Forward Open, the socket addresses of the connection it opens.
type CIPPacket struct {
	Address    uint16 // type of the address item
	Connection uint32 // connected and sequenced address items
	Sequence   uint32 // sequenced address items
	Type       uint16 // type of the data item
	Data       []byte // borrowed
	At         int    // where Data stands in what was read
	OT, TO     CIPSocket
}

// CIPSocket is a socket address item; the zero value means there was none.
type CIPSocket struct {
	IPv4 uint32
	Port uint16
}

// maxItems is how many items a packet may have: an address, data, two sockets
// and room for what a later edition adds.
const maxItems = 8

// ReadCIPPacket reads a common packet (CIP volume 2, 2-6) into k and tells
// whether it holds together: an address item, a data item and all their bytes.
// Bytes behind the last item are not looked at.
func ReadCIPPacket(b []byte, k *CIPPacket) bool {
	*k = CIPPacket{}
	r := protocol.Read(b)
	n := int(r.U16LE())
	if n < 2 || n > maxItems {
		return false
	}
	k.Address = r.U16LE()
	a := protocol.Read(r.Bytes(int(r.U16LE())))
	switch k.Address {
	case CIPNullAddress:
	case CIPConnectedAddress:
		k.Connection = a.U32LE()
	case CIPSequencedAddress:
		k.Connection, k.Sequence = a.U32LE(), a.U32LE()
	default:
		return false
	}
	if a.Failed() || a.Len() != 0 {
		return false
	}
	k.Type = r.U16LE()
	size := int(r.U16LE())
	k.At = r.Pos()
	k.Data = r.Bytes(size)
	for range n - 2 {
		t := r.U16LE()
		k.socket(t, r.Bytes(int(r.U16LE())))
	}
	return !r.Failed() && (k.Type == CIPConnectedData || k.Type == CIPUnconnectedData)
}

// socket reads a socket address item: a big-endian sockaddr_in (CIP volume 2, 2-6.3.3).
func (k *CIPPacket) socket(t uint16, b []byte) {
	r := protocol.Read(b)
	family, port, ip := r.U16(), r.U16(), r.U32()
	const inet = 2
	if r.Failed() || family != inet {
		return
	}
	switch t {
	case CIPSocketOT:
		k.OT = CIPSocket{IPv4: ip, Port: port}
	case CIPSocketTO:
		k.TO = CIPSocket{IPv4: ip, Port: port}
	}
}
