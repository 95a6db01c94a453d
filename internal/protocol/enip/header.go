package enip

import (
	"encoding/binary"

	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Commands of the encapsulation (CIP volume 2, table 2-3.2).
const (
	cmdNOP            = 0x00
	cmdListServices   = 0x04
	cmdListIdentity   = 0x63
	cmdListInterfaces = 0x64
	cmdRegister       = 0x65
	cmdUnregister     = 0x66
	cmdSendRRData     = 0x6f
	cmdSendUnitData   = 0x70
	cmdIndicateStatus = 0x72
	cmdCancel         = 0x73
	cmdStartDTLS      = 0xc8
)

// Lengths of the encapsulation (CIP volume 2, 2-3).
const (
	headerLen  = 24
	maxBody    = 65511
	carrierLen = 6 // interface handle and timeout before the common packet
)

// header is the encapsulation header; all fields are little-endian.
type header struct {
	command uint16
	length  int
	session uint32
	status  uint32
	context uint64
	options uint32
}

// readHeader reads a header; b holds at least headerLen bytes.
func readHeader(b []byte) header {
	_ = b[headerLen-1]
	return header{
		command: binary.LittleEndian.Uint16(b),
		length:  int(binary.LittleEndian.Uint16(b[2:])),
		session: binary.LittleEndian.Uint32(b[4:]),
		status:  binary.LittleEndian.Uint32(b[8:]),
		context: binary.LittleEndian.Uint64(b[12:]),
		options: binary.LittleEndian.Uint32(b[20:]),
	}
}

func (h *header) total() int { return headerLen + h.length }

// clean tells whether everything but the body is as the specification has it.
func (h *header) clean() bool {
	return commandOf(h.command) != nil && h.length <= maxBody && h.options == 0 && statusKnown(h.status)
}

// framed tells whether the length can still be believed: an unknown command
// alone, or a strange status alone, is a body to report and pass over.
func (h *header) framed() bool {
	c := commandOf(h.command)
	return h.length <= maxBody && (c != nil && c != &legacy || h.options == 0 && statusKnown(h.status))
}

// probe wants a clean header and a body of the shape its command has.
func probe(b []byte) protocol.Match {
	for {
		if len(b) < headerLen {
			return probeStart(b)
		}
		h := readHeader(b)
		if !h.clean() {
			return protocol.No
		}
		if h.status != 0 || h.command != cmdNOP && commandOf(h.command) != &legacy {
			return probeBody(&h, b[headerLen:])
		}
		// A NOP is almost all zeros and proves nothing, nor does a command that
		// is not described: see what follows.
		if h.total() > protocol.MaxProbe-headerLen || h == (header{}) {
			return protocol.No
		}
		b = b[min(h.total(), len(b)):]
	}
}

// probeStart looks at less than a header.
func probeStart(b []byte) protocol.Match {
	if len(b) >= 2 && commandOf(binary.LittleEndian.Uint16(b)) == nil {
		return protocol.No
	}
	return protocol.More
}

func probeBody(h *header, body []byte) protocol.Match {
	if h.status != 0 && h.length == 0 {
		return protocol.Yes
	}
	have := len(body)
	if have > h.length {
		body = body[:h.length]
	}
	switch h.command {
	case cmdSendRRData, cmdSendUnitData:
		return probeCarrier(h.length, body)
	case cmdRegister:
		if h.length != 4 {
			return protocol.No
		}
		if len(body) < 4 {
			return protocol.More
		}
		return match(binary.LittleEndian.Uint16(body) == 1 && body[2] == 0 && body[3] == 0)
	case cmdUnregister:
		return match(h.length == 0 && h.session != 0)
	case cmdListServices, cmdListIdentity, cmdListInterfaces:
		return probeList(h, body)
	default:
		return protocol.No // too rare and too shapeless to open a flow with
	}
}

// probeList checks a list request (no body) or the first item of an answer.
func probeList(h *header, body []byte) protocol.Match {
	const maxListed = 16
	if h.length == 0 {
		return protocol.Yes
	}
	if h.length < 2 {
		return protocol.No
	}
	if len(body) < 2 {
		return protocol.More
	}
	n := binary.LittleEndian.Uint16(body)
	if n == 0 || n > maxListed {
		return match(n == 0 && h.length == 2)
	}
	if h.length < 6 {
		return protocol.No
	}
	if len(body) < 6 {
		return protocol.More
	}
	item, size := binary.LittleEndian.Uint16(body[2:]), int(binary.LittleEndian.Uint16(body[4:]))
	if size > h.length-6 {
		return protocol.No
	}
	switch h.command {
	case cmdListIdentity:
		return match(item == itemIdentity)
	case cmdListServices:
		return match(item == itemServices)
	default:
		return protocol.Yes
	}
}

// probeCarrier checks the interface handle and the items of a common packet.
func probeCarrier(length int, body []byte) protocol.Match {
	const fixed = carrierLen + 2 + 4 // ... item count, address item header
	if length < fixed+4 {
		return protocol.No
	}
	if len(body) < fixed {
		return protocol.More
	}
	n, size := binary.LittleEndian.Uint16(body[6:]), int(binary.LittleEndian.Uint16(body[10:]))
	if binary.LittleEndian.Uint32(body) != 0 || n < 2 || n > 8 || length < fixed+size+4 {
		return protocol.No
	}
	switch binary.LittleEndian.Uint16(body[8:]) {
	case wire.CIPNullAddress:
		if size != 0 {
			return protocol.No
		}
	case wire.CIPConnectedAddress:
		if size != 4 {
			return protocol.No
		}
	case wire.CIPSequencedAddress:
		if size != 8 {
			return protocol.No
		}
	default:
		return protocol.No
	}
	body = body[fixed+size-min(size, max(0, fixed+size-len(body))):]
	if len(body) < 4 {
		return protocol.More
	}
	t, size2 := binary.LittleEndian.Uint16(body), int(binary.LittleEndian.Uint16(body[2:]))
	return match((t == wire.CIPConnectedData || t == wire.CIPUnconnectedData) &&
		fixed+size+4+size2 <= length)
}

func match(yes bool) protocol.Match {
	if yes {
		return protocol.Yes
	}
	return protocol.No
}

// orient tells who sent a message: list and register requests look different
// from their answers, and a CIP service has an answer bit.
func orient(b []byte) protocol.Orientation {
	if len(b) < headerLen {
		return protocol.OrientUnknown
	}
	h := readHeader(b)
	body := b[headerLen:min(len(b), h.total())]
	switch h.command {
	case cmdListServices, cmdListIdentity, cmdListInterfaces:
		return sentByClient(h.length == 0 && h.status == 0)
	case cmdRegister:
		return sentByClient(h.session == 0 && h.status == 0)
	case cmdUnregister:
		return protocol.SentByClient
	case cmdSendRRData, cmdSendUnitData:
		var k wire.CIPPacket
		if len(body) < carrierLen || !wire.ReadCIPPacket(body[carrierLen:], &k) {
			return protocol.OrientUnknown
		}
		if k.Type == wire.CIPConnectedData {
			k.Data = k.Data[min(2, len(k.Data)):]
		}
		if len(k.Data) == 0 {
			return protocol.OrientUnknown
		}
		return sentByClient(k.Data[0]&replyBit == 0)
	}
	return protocol.OrientUnknown
}

func sentByClient(yes bool) protocol.Orientation {
	if yes {
		return protocol.SentByClient
	}
	return protocol.SentByServer
}
