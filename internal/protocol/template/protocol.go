package template

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is all that the outside knows of this folder: plain data. Everything
// else in the folder is unexported.
var Protocol = &protocol.Protocol{
	Name:       "template", // the folder's name
	TCP:        []uint16{4001},
	UDP:        []uint16{4001}, // sample flows whose announcement was not seen
	Industrial: true,
	Sheet: protocol.Sheet{Title: "Template", Depth: protocol.Deep, By: "doc.go: nobody speaks it", // the specification
		Unread: []string{"what of it is not read, each in a few words"}},
	Probe:     probe,
	Orient:    orient,
	Functions: listFunctions,
	New:       func() protocol.Parser { return newParser() },
	// The captures in testdata must show each of these, and no other.
	Spaces: []*firedoor.Space{&registers},
	Events: []firedoor.EventKind{
		firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventLookup,
		firedoor.EventLogin, firedoor.EventMalformed, firedoor.EventExpect, firedoor.EventHandOver,
	},
}

// Header of a message.
const (
	magic      = 0x7e54
	typeAt     = 2
	numberAt   = 3
	lengthAt   = 5
	headerSize = 7
	maxBody    = 1024
	answerBit  = 0x80
)

// probe decides on the header: magic, a type that exists and a length that fits
// the type. Three bytes of structure are the least that keeps other protocols'
// traffic away; with fewer, want the whole message, or a second one behind it.
//
// It is called with growing prefixes of what one side sends, so it says More
// while all that is there fits, and No as soon as something does not. It must
// not say More to MaxProbe bytes.
func probe(b []byte) protocol.Match {
	for i, want := range [...]byte{magic >> 8, magic & 0xff} {
		if len(b) > i && b[i] != want {
			return protocol.No
		}
	}
	if len(b) > typeAt && !known(b[typeAt]) {
		return protocol.No
	}
	if len(b) < headerSize {
		return protocol.More
	}
	n := int(binary.BigEndian.Uint16(b[lengthAt:]))
	if n > maxBody || n < requests[b[typeAt]&^answerBit].least && b[typeAt] < answerBit {
		return protocol.No
	}
	return protocol.Yes
}

func known(kind byte) bool {
	return requests[kind&^answerBit].name != "" || kind == kindSample
}

// orient tells who sent the first message of a connection that was picked up in
// the middle. A protocol whose two directions look alike leaves Orient nil, and
// the registered port decides.
func orient(b []byte) protocol.Orientation {
	switch {
	case len(b) < headerSize:
		return protocol.OrientUnknown
	case b[typeAt] >= answerBit, b[typeAt] == kindSample:
		return protocol.SentByServer
	default:
		return protocol.SentByClient
	}
}
