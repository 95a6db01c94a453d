package fins

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is FINS.
var Protocol = &protocol.Protocol{
	Name:       "fins",
	UDP:        []uint16{9600},
	TCP:        []uint16{9600},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "Omron FINS over UDP and TCP", Holds: "for each of 64 requests that wait 192 items of 32 bytes; 4 transfers", Depth: protocol.Deep, By: "Omron W227, W342 and the CJ-series communications commands reference",
		Unread: []string{"status, clock and logs: operation only", "a file write has no end of its own"}},
	Functions: listFunctions,
	Further:   []string{"node address", "frame send error"},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    spaces(),
	Events: []firedoor.EventKind{
		firedoor.EventOperation, firedoor.EventIdentity, firedoor.EventFileTransfer, firedoor.EventMalformed,
	},
}

// The header (W342, 3-1-1): ICF, RSV, GCT, DNA, DA1, DA2, SNA, SA1, SA2, SID.
const (
	atICF      = 0
	atRSV      = 1
	atGCT      = 2
	atDNA      = 3
	atDA1      = 4
	atDA2      = 5
	atSNA      = 6
	atSA1      = 7
	atSA2      = 8
	atSID      = 9
	atCommand  = 10
	bodyAt     = 12 // of a command
	answerAt   = 14 // of an answer, behind its end code
	icfAnswer  = 0x40
	icfSilent  = 0x01 // no answer is wanted
	icfGateway = 0x80
	maxNetwork = 0x7f
)

// The header of FINS/TCP (W421, 7-4).
const (
	tcpMagic      = "FINS"
	tcpHeader     = 16
	tcpLengthEnds = 8 // octets that the length does not count
	tcpAtLength   = 4
	tcpAtCommand  = 8
	tcpAtError    = 12
	// maxTCP is the longest length read: a frame has 2,012 octets at most.
	maxTCP = 4096

	tcpClientNode = 0
	tcpServerNode = 1
	tcpFrame      = 2
	tcpError      = 3
	tcpConfirm    = 6
)

// header tells whether b begins with a FINS header that can be: reserved bits are
// zero, networks and units exist.
func header(b []byte) bool {
	if len(b) < bodyAt || b[atICF]&^(icfAnswer|icfSilent) != icfGateway || b[atRSV] != 0 || b[atGCT] > 7 {
		return false
	}
	if b[atDNA] > maxNetwork || b[atSNA] > maxNetwork {
		return false
	}
	return b[atICF]&icfAnswer == 0 || len(b) >= answerAt
}

// whole tells whether b is one whole message with a known command and as many
// octets as it may have.
func whole(b []byte) bool {
	if !header(b) {
		return false
	}
	c := find(binary.BigEndian.Uint16(b[atCommand:]))
	if c == nil {
		return false
	}
	if b[atICF]&icfAnswer != 0 {
		code := binary.BigEndian.Uint16(b[bodyAt:])
		return endCode(code).Kind == firedoor.OutcomeOK || endNames[endWord(code)] != ""
	}
	return unitExists(b[atDA2]) && c.fits(len(b)-bodyAt)
}

// unitExists tells whether a unit address has a meaning: the CPU, a unit of the
// CPU bus, the inner board, a computer, the unit on the network.
func unitExists(u byte) bool { return u == 0 || u >= 0x10 && u <= 0x1f || u == 0xe1 || u == 0xfe }

// probe wants one whole message. GCT is 2 as senders set it, 7 where eight
// networks can be crossed, or less behind a gateway.
func probe(b []byte) protocol.Match {
	n := min(len(b), len(tcpMagic))
	if string(b[:n]) != tcpMagic[:n] {
		if whole(b) {
			return protocol.Yes
		}
		return protocol.No
	}
	if len(b) < tcpHeader {
		return protocol.More
	}
	if _, ok := tcpSize(b); !ok {
		return protocol.No
	}
	return protocol.Yes
}

// tcpSize reads the header of FINS/TCP: the size of the whole message, and whether
// there can be such a one.
func tcpSize(b []byte) (size int, ok bool) {
	length := binary.BigEndian.Uint32(b[tcpAtLength:])
	command := binary.BigEndian.Uint32(b[tcpAtCommand:])
	if length < tcpHeader-tcpLengthEnds || length > maxTCP {
		return 0, false
	}
	switch command {
	case tcpClientNode, tcpServerNode, tcpFrame, tcpError, tcpConfirm:
		return tcpLengthEnds + int(length), true
	}
	return 0, false
}

// orient takes who asks for the client.
func orient(b []byte) protocol.Orientation {
	if len(b) >= tcpHeader && string(b[:len(tcpMagic)]) == tcpMagic {
		switch binary.BigEndian.Uint32(b[tcpAtCommand:]) {
		case tcpClientNode:
			return protocol.SentByClient
		case tcpServerNode, tcpError:
			return protocol.SentByServer
		case tcpFrame:
			b = b[tcpHeader:]
		}
	}
	switch {
	case !header(b):
		return protocol.OrientUnknown
	case b[atICF]&icfAnswer != 0:
		return protocol.SentByServer
	default:
		return protocol.SentByClient
	}
}
