package codesys

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is CODESYS V3.
var Protocol = &protocol.Protocol{
	Name:       "codesys",
	TCP:        []uint16{11740, 11741, 11742, 11743},
	UDP:        []uint16{1740, 1741, 1742, 1743},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "CODESYS V3", Depth: protocol.Recognised, By: "published descriptions of the protocol, which has no public specification",
		Golden: "Microsoft's ICS forensics tools and a client made after recordings of CODESYS 3.5.18 (xy585/codesysV3)", Holds: "a service of 16,384 bytes each way",
		Unread: []string{"what answers to a search for addresses say", "all but the first block of a service that moves no file", "content of applications that are loaded as such, not as files"}},
	Functions: listFunctions,
	Further:   []string{addressWord.name, "open channel", "close channel", "resolve address", "resolve name", "device information"},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&files},
	Events: []firedoor.EventKind{
		firedoor.EventOperation, firedoor.EventIdentity, firedoor.EventLogin, firedoor.EventFileTransfer,
		firedoor.EventEncrypted, firedoor.EventMalformed,
	},
}

// Over TCP a block of eight bytes stands before each datagram: magic, and the
// length of both, least byte first.
const (
	blockMagic = 0xe8170100
	blockSize  = 8
	maxBlock   = 8192 // 512 by the manual
)

// Services of the datagram layer.
const (
	addressAsk    = 1
	addressAnswer = 2
	namingAsk     = 3
	namingAnswer  = 4
	channels      = 64
)

// datagram is one packet: magic 0xc5, header length and hops, parameters,
// service, message, lengths of both addresses; receiver, sender, and zeros to a
// multiple of four.
type datagram struct {
	service  byte
	sender   int // octets of its address
	receiver int
	body     []byte
}

const datagramSize = 6

func readDatagram(b []byte) (d datagram, ok bool) {
	if len(b) < datagramSize || b[0] != 0xc5 || b[1]&7 != datagramSize/2 {
		return d, false
	}
	d = datagram{service: b[3], sender: 2 * int(b[5]>>4), receiver: 2 * int(b[5]&15)}
	at := datagramSize + d.receiver + d.sender
	at += at % 4 // all are even
	if len(b) < at {
		return d, false
	}
	d.body = b[at:]
	return d, true
}

// block tells how long the block is that b begins with; ok is false if it is none.
// Fewer than eight bytes give 0.
func block(b []byte) (n int, ok bool) {
	var magic [4]byte
	binary.LittleEndian.PutUint32(magic[:], blockMagic)
	for i := range min(len(b), len(magic)) {
		if b[i] != magic[i] {
			return 0, false
		}
	}
	if len(b) < blockSize {
		return 0, true
	}
	size := binary.LittleEndian.Uint32(b[4:])
	return int(size), size >= blockSize+datagramSize && size <= maxBlock
}

// probe wants a whole datagram with a message of a kind that is known; the block
// driver's magic alone is enough to know what begins there.
func probe(b []byte) protocol.Match {
	if len(b) == 0 {
		return protocol.More
	}
	if b[0] == 0xc5 {
		if d, ok := readDatagram(b); ok && d.fits() {
			return protocol.Yes
		}
		return protocol.No
	}
	n, ok := block(b)
	switch {
	case !ok:
		return protocol.No
	case len(b) < blockSize+datagramSize || n == 0:
		return protocol.More
	case b[blockSize] != 0xc5 || b[blockSize+1]&7 != datagramSize/2:
		return protocol.No
	}
	return protocol.Yes
}

// fits tells whether the body is a message of its service.
func (d *datagram) fits() bool {
	switch d.service {
	case namingAsk, namingAnswer:
		if len(d.body) < namingSize {
			return false
		}
		_, ok := namingWord(binary.LittleEndian.Uint16(d.body))
		return ok
	case channels:
		return fitsChannel(d.body)
	case addressAsk: // of nobody, by one with an address of UDP: a port and the end of its own
		return d.receiver == 0 && d.sender == 2 && len(d.body) == 0
	}
	return false
}

// orient goes by what only one side says.
func orient(b []byte) protocol.Orientation {
	if len(b) > blockSize && b[0] != 0xc5 {
		b = b[blockSize:]
	}
	d, ok := readDatagram(b)
	if !ok {
		return protocol.OrientUnknown
	}
	client := protocol.OrientUnknown
	switch d.service {
	case namingAsk, addressAsk:
		client = protocol.SentByClient
	case namingAnswer, addressAnswer:
		client = protocol.SentByServer
	case channels:
		client = orientChannel(d.body)
	}
	return client
}
