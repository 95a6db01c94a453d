package uadp

import (
	"encoding/binary"

	"firedoor/internal/protocol/wire"
)

// Bits of the flags that begin a NetworkMessage (7.2.4.4.2).
const (
	versionMask = 0x0f
	version     = 1

	hasPublisher = 1 << 4
	hasGroup     = 1 << 5
	hasPayload   = 1 << 6 // the payload's header
	hasExtended  = 1 << 7

	publisherKind = 7
	hasClass      = 1 << 3
	hasSecurity   = 1 << 4
	hasTime       = 1 << 5
	hasPicos      = 1 << 6
	hasExtended2  = 1 << 7

	isChunk     = 1 << 0
	hasPromoted = 1 << 1
	typeMask    = 7 << 2
	hasAction   = 1 << 5
	reserved2   = 3 << 6
)

// Types of NetworkMessage, as they stand in the flags.
const (
	typeData     = 0 << 2
	typeRequest  = 1 << 2
	typeResponse = 2 << 2
)

// Kinds of publisher id.
const (
	publisherU8 = iota
	publisherU16
	publisherU32
	publisherU64
	publisherText
)

// Parts of the group's header.
const (
	groupID = 1 << iota
	groupVersion
	groupNumber
	groupSequence
	groupReserved = 0xf0
)

// Parts of the security header (7.2.4.4.3.2).
const (
	isSigned = 1 << iota
	isEncrypted
	hasFooter
	keyReset
	securityReserved = 0xf0
)

// signature is what both policies put behind a message: HMAC with SHA-256.
const signature = 32

// maxNonce is what the nonce of both policies has.
const maxNonce = 8

// header is what a NetworkMessage says before its payload.
type header struct {
	flags, extended, extended2 byte

	publisher uint64
	text      []byte // the publisher's id if it is one

	groupParts       byte
	group            uint16
	number, sequence uint16

	writers []byte // two bytes each
	time    uint64

	promoted   []byte
	promotedAt int

	security byte
	nonce    int
	footer   int

	at      int // where the payload begins
	payload []byte
}

// Faults of messages.
const (
	faultVersion  = "version that does not exist"
	faultReserved = "reserved bits are set"
	faultShort    = "message ends too early"
	faultSigned   = "shorter than its signature"
	faultSizes    = "sizes of the data sets do not fit the message"
	faultEncoding = "field encoding that does not exist"
	faultRest     = "bytes behind the last field"
	faultValue    = "broken value"
	faultRequest  = "broken discovery request"
	faultResponse = "broken discovery response"
	faultChunk    = "broken chunk"
)

// read reads the header of a message; what it returns is what is wrong with it.
func (h *header) read(b []byte) (fault string) {
	r := wire.ReadUA(b)
	*h = header{flags: r.U8()}
	if h.flags&versionMask != version && !r.Failed() {
		return faultVersion
	}
	if h.flags&hasExtended != 0 {
		h.extended = r.U8()
	}
	if h.extended&hasExtended2 != 0 {
		h.extended2 = r.U8()
	}
	if h.extended&publisherKind > publisherText || h.extended2&reserved2 != 0 || h.extended2&typeMask > typeResponse {
		return faultReserved
	}
	h.readPublisher(&r)
	if h.extended&hasClass != 0 {
		r.Skip(16)
	}
	if h.flags&hasGroup != 0 {
		h.readGroup(&r)
	}
	if h.flags&hasPayload != 0 {
		h.readWriters(&r)
	}
	if h.extended&hasTime != 0 {
		h.time = r.U64LE()
	}
	if h.extended&hasPicos != 0 {
		r.Skip(2)
	}
	if h.extended2&hasPromoted != 0 {
		n := int(r.U16LE())
		h.promotedAt = r.Pos()
		h.promoted = r.Bytes(n)
	}
	if h.extended&hasSecurity != 0 {
		h.readSecurity(&r)
	}
	switch {
	case r.Failed():
		return faultShort
	case h.groupParts&groupReserved != 0 || h.security&securityReserved != 0:
		return faultReserved
	}
	h.at = r.Pos()
	h.payload = r.Rest()
	return h.unsign()
}

func (h *header) readPublisher(r *wire.UA) {
	if h.flags&hasPublisher == 0 {
		return
	}
	switch h.extended & publisherKind {
	case publisherU8:
		h.publisher = uint64(r.U8())
	case publisherU16:
		h.publisher = uint64(r.U16LE())
	case publisherU32:
		h.publisher = uint64(r.U32LE())
	case publisherU64:
		h.publisher = r.U64LE()
	default:
		h.text = r.Text()
		h.publisher = wire.Sum(h.text)
	}
}

func (h *header) readGroup(r *wire.UA) {
	h.groupParts = r.U8()
	if h.groupParts&groupID != 0 {
		h.group = r.U16LE()
	}
	if h.groupParts&groupVersion != 0 {
		r.Skip(4)
	}
	if h.groupParts&groupNumber != 0 {
		h.number = r.U16LE()
	}
	if h.groupParts&groupSequence != 0 {
		h.sequence = r.U16LE()
	}
}

// readWriters reads the payload's header: of a chunk one writer, else the number of
// writers and each. Discovery messages have none, but in early editions their chunks.
func (h *header) readWriters(r *wire.UA) {
	switch {
	case h.extended2&isChunk != 0:
		h.writers = r.Bytes(2)
	case h.kind() == typeData:
		h.writers = r.Bytes(2 * int(r.U8()))
	}
}

func (h *header) readSecurity(r *wire.UA) {
	h.security = r.U8()
	r.Skip(4) // which key
	h.nonce = int(r.U8())
	r.Skip(h.nonce)
	if h.security&hasFooter != 0 {
		h.footer = int(r.U16LE())
	}
}

// unsign takes from the payload what security puts behind it.
func (h *header) unsign() (fault string) {
	behind := h.footer
	if h.security&(isSigned|isEncrypted) != 0 {
		behind += signature
	}
	if behind > len(h.payload) {
		return faultSigned
	}
	h.payload = h.payload[:len(h.payload)-behind]
	return ""
}

func (h *header) kind() byte { return h.extended2 & typeMask }

// count is how many data sets there are, 0 if the message does not say.
func (h *header) count() int { return len(h.writers) / 2 }

func (h *header) writer(i int) uint16 { return binary.LittleEndian.Uint16(h.writers[2*i:]) }
