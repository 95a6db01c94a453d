package bacnet

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// The BACnet virtual link (annex J.2): type, function, length of all of it.
const (
	linkType   = 0x81
	linkType6  = 0x82 // IPv6 (annex U.2)
	linkHeader = 4

	linkResult         = 0
	linkWritePeers     = 1
	linkReadPeers      = 2
	linkReadPeersAck   = 3
	linkForwarded      = 4
	linkRegister       = 5
	linkReadForeign    = 6
	linkReadForeignAck = 7
	linkDeleteForeign  = 8
	linkDistribute     = 9
	linkUnicast        = 0xa
	linkBroadcast      = 0xb
	linkSecure         = 0xc

	link6Unicast    = 1
	link6Broadcast  = 2
	link6Forwarded  = 8
	link6Register   = 9
	link6Delete     = 0xa
	link6Secure     = 0xb
	link6Distribute = 0xc

	peerSize    = 10 // address, port, mask
	foreignSize = 10 // address, port, time to live, time left
	addressSize = 6
)

// link is the virtual link's part of a datagram.
type link struct {
	six      bool
	function uint8
	size     int
	origin   firedoor.IP // of a forwarded message
	body     []byte
	bodyAt   int
	carries  bool // body is a network message
}

// readLink reads the header; reason says what is wrong with it.
func readLink(b []byte) (l link, reason string) {
	if len(b) < linkHeader || b[0] != linkType && b[0] != linkType6 {
		return l, "no virtual link header"
	}
	l.six, l.function, l.size = b[0] == linkType6, b[1], int(binary.BigEndian.Uint16(b[2:]))
	if l.size < linkHeader || l.size > len(b) {
		return l, "length of the virtual link does not fit"
	}
	b = b[:l.size]
	l.bodyAt = linkHeader
	if l.six {
		return l, l.read6(b)
	}
	switch l.function {
	case linkForwarded:
		if l.size < linkHeader+addressSize {
			return l, reasonShort
		}
		l.origin = firedoor.IPv4(binary.BigEndian.Uint32(b[linkHeader:]))
		l.bodyAt, l.carries = linkHeader+addressSize, true
	case linkUnicast, linkBroadcast, linkDistribute:
		l.carries = true
	}
	l.body = b[l.bodyAt:]
	return l, ""
}

// read6 reads what annex U adds: virtual addresses of three octets, and the IPv6
// address and port of who sent a forwarded message.
func (l *link) read6(b []byte) string {
	const virtual = 3
	l.bodyAt += virtual
	switch l.function {
	case link6Unicast:
		l.bodyAt, l.carries = l.bodyAt+virtual, true
	case link6Broadcast, link6Distribute:
		l.carries = true
	case link6Forwarded:
		l.bodyAt, l.carries = l.bodyAt+18, true
		if len(b) >= l.bodyAt {
			l.origin = firedoor.IPv6(b[l.bodyAt-18 : l.bodyAt-2])
		}
	case link6Secure:
		l.bodyAt = linkHeader
	}
	if len(b) < l.bodyAt {
		return reasonShort
	}
	l.body = b[l.bodyAt:]
	return ""
}

// toAll tells whether a message was sent to everybody.
func (l *link) toAll() bool {
	if l.six {
		return l.function != link6Unicast
	}
	return l.function != linkUnicast
}

// fits tells whether a message that is no carrier has the size its function needs.
func (l *link) fits() bool {
	n := len(l.body)
	if l.six {
		return l.fits6(n)
	}
	switch l.function {
	case linkResult, linkRegister:
		return n == 2
	case linkWritePeers, linkReadPeersAck, linkReadForeignAck:
		return n%peerSize == 0
	case linkReadPeers, linkReadForeign:
		return n == 0
	case linkDeleteForeign:
		return n == addressSize
	}
	return l.function == linkSecure
}

func (l *link) fits6(n int) bool {
	switch l.function {
	case linkResult, link6Register:
		return n == 2
	case 3, 5, 6, 7: // address resolution
		return n == 3 || n == 0
	case 4: // the same, forwarded
		return n == 21 || n == 18
	case link6Delete:
		return n == 18
	}
	return l.function == link6Secure
}

// Network layer messages (6.4).
const (
	networkWhoIsRouter  = 0
	networkIAmRouter    = 1
	networkCouldBe      = 2
	networkReject       = 3
	networkBusy         = 4
	networkAvailable    = 5
	networkInitialize   = 6
	networkInitialized  = 7
	networkEstablish    = 8
	networkDisconnect   = 9
	networkFirstSecure  = 0xa
	networkLastSecure   = 0x11
	networkWhatIsNumber = 0x12
	networkNumberIs     = 0x13
	networkProprietary  = 0x80

	networkVersion  = 1
	controlMessage  = 0x80
	controlReserved = 0x50
	controlTo       = 0x20
	controlFrom     = 0x08
	everywhere      = 0xffff // the network number of a global broadcast
)

// network is the network layer's part (6.2).
type network struct {
	message  bool
	kind     uint8
	reserved bool   // bits are set that must not be
	to, from []byte // network, length, address as on the wire; nil for none
	body     []byte
	bodyAt   int
}

// readNetwork reads the header of the network layer.
func readNetwork(b []byte) (n network, reason string) {
	r := protocol.Read(b)
	version, control := r.U8(), r.U8()
	if r.Failed() {
		return n, reasonShort
	}
	if version != networkVersion {
		return n, "unknown version of the network layer"
	}
	n.reserved = control&controlReserved != 0
	if control&controlTo != 0 {
		n.to = route(&r, b)
	}
	if control&controlFrom != 0 {
		n.from = route(&r, b)
		if !r.Failed() && (n.from[2] == 0 || binary.BigEndian.Uint16(n.from) == everywhere) {
			return n, "source address that nobody can have"
		}
	}
	if control&controlTo != 0 {
		r.Skip(1) // hop count
		if !r.Failed() && binary.BigEndian.Uint16(n.to) == everywhere {
			n.to = nil
		}
	}
	if n.message = control&controlMessage != 0; n.message {
		if n.kind = r.U8(); n.kind >= networkProprietary {
			r.Skip(2) // vendor
		}
	}
	n.bodyAt = r.Pos()
	if n.body = r.Rest(); r.Failed() {
		return n, reasonShort
	}
	return n, ""
}

// route views a network number with an address.
func route(r *protocol.Reader, b []byte) []byte {
	start := r.Pos()
	r.Skip(2)
	r.Skip(int(r.U8()))
	if r.Failed() {
		return nil
	}
	return b[start:r.Pos():r.Pos()]
}

// Kinds of application message (20.1).
const (
	kindConfirmed   = 0
	kindUnconfirmed = 1
	kindSimpleAck   = 2
	kindComplexAck  = 3
	kindSegmentAck  = 4
	kindError       = 5
	kindReject      = 6
	kindAbort       = 7

	flagSegmented = 8
	flagMore      = 4
	flagServer    = 1
)

// application is the application layer's header.
type application struct {
	kind      uint8
	flags     uint8
	invoke    uint8
	sequence  uint8
	service   uint8 // or the reason of a reject or abort
	serviceAt int
	body      []byte
}

func (a *application) segmented() bool { return a.flags&flagSegmented != 0 }

// readApplication reads the header.
func readApplication(b []byte) (a application, ok bool) {
	r := protocol.Read(b)
	first := r.U8()
	a.kind, a.flags = first>>4, first&0xf
	switch a.kind {
	case kindUnconfirmed:
		a.flags = 0
	case kindConfirmed, kindComplexAck:
		if a.kind == kindConfirmed {
			r.Skip(1) // how much the client can take
		}
		a.invoke = r.U8()
		if a.segmented() {
			a.sequence = r.U8()
			r.Skip(1) // window
		}
	case kindSegmentAck:
		a.invoke, a.sequence = r.U8(), r.U8()
	case kindSimpleAck, kindError, kindReject, kindAbort:
		a.invoke = r.U8()
	default:
		return a, false
	}
	a.serviceAt = r.Pos()
	a.service = r.U8()
	a.body = r.Rest()
	return a, !r.Failed()
}
