package dnp3

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is DNP3.
var Protocol = &protocol.Protocol{
	Name:       "dnp3",
	TCP:        []uint16{20000},
	UDP:        []uint16{20000},
	Sealed:     []uint16{19999, 20000},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "DNP3 over TCP and UDP", Depth: protocol.Deep, By: "IEEE 1815-2012",
		Unread: []string{"secure authentication: named only", "octet strings and virtual terminals: no value"}},
	Functions: listFunctions,
	Whole:     true,
	New:       func() protocol.Parser { return newParser() },
	Spaces:    spaces(),
	Events: []firedoor.EventKind{
		firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventLogin,
		firedoor.EventFileTransfer, firedoor.EventMalformed,
	},
}

// A link frame (9.2.4): start 2, length 1 (control, addresses and user data),
// control 1, destination 2, source 2, check 2; then blocks of at most 16 bytes of
// user data, each with a check.
const (
	start0, start1 = 0x05, 0x64
	lengthAt       = 2
	controlAt      = 3
	destinationAt  = 4
	sourceAt       = 6
	headerChecked  = 8 // bytes under the header's check
	headerSize     = 10
	lengthCounts   = 5 // of the header
	blockSize      = 16
	checkSize      = 2
	maxUser        = 255 - lengthCounts
)

// The link control byte (9.2.4.1.3).
const (
	bitFromMaster = 0x80 // DIR
	bitPrimary    = 0x40 // PRM
	linkBits      = 0x0f

	linkReset     = 0 // primary functions
	linkResetUser = 1
	linkTest      = 2
	linkConfirmed = 3
	linkUser      = 4
	linkStatus    = 9

	linkAck         = 0 // secondary functions
	linkNack        = 1
	linkStatusIs    = 11
	linkNotWorking  = 14
	linkUnsupported = 15
)

// frameSize is the size of the link frame that starts with the three bytes of b.
func frameSize(b []byte) int {
	user := int(b[lengthAt]) - lengthCounts
	return headerSize + user + checkSize*((user+blockSize-1)/blockSize)
}

// probe wants a whole header with the right check: four bytes that agree with
// all the others.
func probe(b []byte) protocol.Match {
	switch {
	case len(b) > 0 && b[0] != start0, len(b) > 1 && b[1] != start1, len(b) > lengthAt && b[lengthAt] < lengthCounts:
		return protocol.No
	case len(b) < headerSize:
		return protocol.More
	case !checked(b, headerChecked):
		return protocol.No
	}
	return protocol.Yes
}

// orient goes by the function where the frame begins a fragment, as only masters
// ask; else by the direction bit.
func orient(b []byte) protocol.Orientation {
	if len(b) < headerSize {
		return protocol.OrientUnknown
	}
	fromMaster := b[controlAt]&bitFromMaster != 0
	if user := int(b[lengthAt]) - lengthCounts; user > applicationAt+functionAt && len(b) > headerSize+applicationAt+functionAt &&
		b[headerSize]&transportFirst != 0 {
		fromMaster = b[headerSize+applicationAt+functionAt] < fnResponse
	}
	if fromMaster {
		return protocol.SentByClient
	}
	return protocol.SentByServer
}

// addresses of the frame at hand.
func destination(b []byte) uint16 { return binary.LittleEndian.Uint16(b[destinationAt:]) }
func source(b []byte) uint16      { return binary.LittleEndian.Uint16(b[sourceAt:]) }

// broadcast addresses (9.2.4.1.4): no outstation answers to them.
func broadcast(address uint16) bool { return address >= 0xfffd }
