package synphasor

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is IEEE C37.118.
var Protocol = &protocol.Protocol{
	Name:       "synphasor",
	TCP:        []uint16{4712},
	UDP:        []uint16{4712, 4713},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "Synchrophasors", Holds: "layouts of 64 units", Depth: protocol.Recognised, By: "IEEE C37.118.2-2011",
		Unread: []string{"configuration frame 3 in pieces", "data frames of which no configuration was seen"}},
	Functions: listFunctions,
	Whole:     true,
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&streams, &units},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventMalformed},
}

// A frame (6.2): sync and type, size (2), identifier (2), second (4), fraction
// and quality (4), what its type says, check (2).
const (
	sync       = 0xaa
	headerSize = 14
	checkSize  = 2
	smallest   = headerSize + checkSize
)

// Types of frame (table 2), in bits 4-6 of the second byte.
const (
	frameData    = 0
	frameHeader  = 1
	frameConfig1 = 2
	frameConfig2 = 3
	frameCommand = 4
	frameConfig3 = 5
)

// least is the size of the shortest frame of a type.
var least = [...]int{frameData: smallest + 2, frameHeader: smallest, frameConfig1: smallest + 8, frameConfig2: smallest + 8,
	frameCommand: smallest + 2, frameConfig3: smallest + 10}

func frameType(b []byte) int { return int(b[1] >> 4) }

func frameSize(b []byte) int { return int(binary.BigEndian.Uint16(b[2:])) }

// sound tells whether b begins with sync, type, version (1-3) and size, as far as
// it goes.
func sound(b []byte) bool {
	if len(b) > 0 && b[0] != sync {
		return false
	}
	if len(b) > 1 && (frameType(b) > frameConfig3 || b[1]&15 < 1 || b[1]&15 > 3) {
		return false
	}
	return len(b) < 4 || frameSize(b) >= least[frameType(b)]
}

// probe wants a whole frame whose check is right.
func probe(b []byte) protocol.Match {
	switch {
	case !sound(b):
		return protocol.No
	case len(b) < 4:
		return protocol.More
	}
	n := frameSize(b)
	switch {
	case len(b) >= n && checked(b[:n]):
		return protocol.Yes
	case len(b) >= n || n > protocol.MaxProbe: // longer than what would be shown
		return protocol.No
	default:
		return protocol.More
	}
}

// orient: only who wants measurements sends commands.
func orient(b []byte) protocol.Orientation {
	switch {
	case len(b) < 2:
		return protocol.OrientUnknown
	case frameType(b) == frameCommand:
		return protocol.SentByClient
	default:
		return protocol.SentByServer
	}
}

// checked tells whether a frame's last two bytes are its check (annex B):
// x16+x12+x5+1 over what stands before, beginning with all ones.
func checked(b []byte) bool {
	c := uint16(0xffff)
	end := len(b) - checkSize
	for _, x := range b[:end] {
		t := byte(c>>8) ^ x
		t ^= t >> 4
		c = c<<8 ^ uint16(t)<<12 ^ uint16(t)<<5 ^ uint16(t)
	}
	return binary.BigEndian.Uint16(b[end:]) == c
}
