package cclinkief

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is CC-Link IE Field Basic.
var Protocol = &protocol.Protocol{
	Name:       "cclink_ief",
	UDP:        []uint16{61450, 61451},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "CC-Link IE Field Network Basic", Depth: protocol.Recognised, Golden: "the layouts of the open stack c-link of rt-labs", By: "CC-Link Partner Association, BAP-C2010 and published descriptions",
		Unread: []string{"vendor and model: as numbers"}},
	Functions: listFunctions,
	Whole:     true,
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&stations, &nodes},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventMalformed},
}

// A message begins with its kind; numbers behind it have the least byte first.
// Those of cyclic data are followed by the target (5) and the length of what
// follows (2), those of node search by a serial number (2) and two zeros before
// these. Requests then have a timer (2), a command (2) and a subcommand (2),
// answers an end code (2).
const (
	kindCyclic       = 0x50
	kindCyclicAnswer = 0xd0
	kindNode         = 0x54
	kindNodeAnswer   = 0xd4

	cyclicLength = 7 // where the length stands
	nodeLength   = 11

	commandCyclic = 0x0e70
	commandSearch = 0x0e30
	commandSet    = 0x0e31
)

// Sizes of messages, and of a station's part in them.
const (
	cyclicRequest = 67 // and for each station address (4), words (64), bits (8)
	cyclicAnswer  = 59 // and for each station words (64), bits (8)
	stationID     = 4
	stationWords  = 64
	stationBits   = 8
	maxStations   = 16

	searchRequest = 30
	searchAnswer  = 66
	setRequest    = 58
	setAnswer     = 21
	nodeError     = 24
)

// header tells the kind of a datagram whose header is as it must be: target 0,
// 255, 0x3ff, 0, and a length that fits.
func header(b []byte) (kind byte, ok bool) {
	if len(b) < 15 || b[1] != 0 {
		return 0, false
	}
	at := cyclicLength
	if b[0] == kindNode || b[0] == kindNodeAnswer {
		if at = nodeLength; b[4] != 0 || b[5] != 0 {
			return 0, false
		}
	}
	t := b[at-5:]
	if t[0] != 0 || t[1] != 0xff || t[2] != 0xff || t[3] != 3 || t[4] != 0 {
		return 0, false
	}
	return b[0], int(binary.LittleEndian.Uint16(b[at:])) == len(b)-at-2
}

// command is the command of a request, or of the error answer to one.
func command(b []byte) uint16 {
	switch b[0] {
	case kindCyclic:
		return binary.LittleEndian.Uint16(b[11:])
	case kindNode:
		return binary.LittleEndian.Uint16(b[15:])
	default:
		return binary.LittleEndian.Uint16(b[20:])
	}
}

// probe wants what no other use of SLMP has: the cyclic command with its inner
// offsets, or a node search by its command or by its length and the sizes of
// addresses in it. The answer to the setting of an address looks like any other.
func probe(b []byte) protocol.Match {
	kind, ok := header(b)
	if !ok {
		return protocol.No
	}
	switch kind {
	case kindCyclic:
		ok = len(b) >= cyclicRequest && command(b) == commandCyclic && b[19] == 36 && stationsOf(len(b)-cyclicRequest, stationID+stationWords+stationBits) > 0
	case kindCyclicAnswer:
		ok = len(b) >= cyclicAnswer && (b[11] == 1 || b[11] == 2) && b[15] == 40 && b[16] == 0 && stationsOf(len(b)-cyclicAnswer, stationWords+stationBits) > 0
	case kindNode:
		ok = len(b) == searchRequest && command(b) == commandSearch || len(b) == setRequest && command(b) == commandSet
	case kindNodeAnswer:
		ok = len(b) == searchAnswer && b[21] == 4 && b[32] == 4 ||
			len(b) == nodeError && (command(b) == commandSearch || command(b) == commandSet)
	default:
		ok = false
	}
	if ok {
		return protocol.Yes
	}
	return protocol.No
}

// stationsOf is how many stations have their data in so many bytes, 0 if they do
// not fill them or are too many.
func stationsOf(size, each int) int {
	if n := size / each; n*each == size && n <= maxStations {
		return n
	}
	return 0
}

// orient: answers have the highest bit of their kind set.
func orient(b []byte) protocol.Orientation {
	switch {
	case len(b) == 0:
		return protocol.OrientUnknown
	case b[0] >= 0x80:
		return protocol.SentByServer
	default:
		return protocol.SentByClient
	}
}
