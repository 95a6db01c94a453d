package hsms

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is HSMS on TCP.
var Protocol = &protocol.Protocol{
	Name:       "hsms",
	TCP:        []uint16{5000, 5001},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "SECS/GEM over HSMS", Depth: protocol.Recognised, By: "descriptions of SEMI E37 and E5", Holds: "270 bytes of a long message",
		Unread: []string{"values of reports, traces and variables that are text or lists", "of several variables or constants that are asked for at once those that are named by text", "all but the first object of a message", "what equipment asks of its host", "commands of a host that waits for its equipment to connect", "programs of more than 96 KiB: no sum", "programs in several messages (S7F36 and on, stream 13)"}},
	Functions: listFunctions,
	Further:   []string{"select", "deselect", "linktest", "separate", "other message"},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&commands, &constants, &programs, &events, &alarms, &traces, &jobs, &variables, &reports, &samples},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventFileTransfer, firedoor.EventMalformed},
}

// A message: length (4) of what follows; session (2), two bytes that are stream and
// function of data, presentation (0), type, system bytes (4); then an item (E37, 8).
const (
	lengthSize = 4
	headSize   = 14
	maxWhole   = 96 << 10
	maxLength  = 16 << 20
	noSession  = 0xffff
	lastStream = 21 // that E5 assigns
)

// Types of message (E37, 8.2.6).
const (
	typeData       = 0
	typeSelect     = 1
	typeSelected   = 2
	typeDeselect   = 3
	typeDeselected = 4
	typeLinktest   = 5
	typeLinked     = 6
	typeReject     = 7
	typeSeparate   = 9
)

// sound tells whether b, a header at least, begins with a message that can be.
func sound(b []byte) bool {
	n := binary.BigEndian.Uint32(b)
	if n < headSize-lengthSize || n > maxLength || b[8] != 0 {
		return false
	}
	switch b[9] {
	case typeData:
		return b[4] < 0x80
	case typeSelect, typeSelected, typeDeselect, typeDeselected, typeLinktest, typeLinked, typeReject, typeSeparate:
		return n == headSize-lengthSize
	}
	return false
}

// probe wants a control message of no session, or data of a stream that E5 assigns
// whose body is an item, or none.
func probe(b []byte) protocol.Match {
	if len(b) > 0 && b[0] != 0 {
		return protocol.No
	}
	if len(b) < headSize {
		return protocol.More
	}
	if !sound(b) {
		return protocol.No
	}
	n := lengthSize + int(binary.BigEndian.Uint32(b))
	if b[9] != typeData {
		if binary.BigEndian.Uint16(b[4:]) != noSession || b[9]&1 != 0 && b[9] != typeReject && b[6]|b[7] != 0 {
			return protocol.No
		}
		return protocol.Yes
	}
	stream := b[6] & 0x7f
	switch {
	case stream == 0 || stream > lastStream || b[6]&0x80 != 0 && b[7]&1 == 0:
		return protocol.No
	case n == headSize:
		if word(stream, b[7]|1).name == "" {
			return protocol.No
		}
		return protocol.Yes
	case n > protocol.MaxProbe:
		return protocol.No
	case len(b) < n:
		return protocol.More
	case whole(b[headSize:n]):
		return protocol.Yes
	}
	return protocol.No
}

func orient(b []byte) protocol.Orientation {
	if len(b) < headSize {
		return protocol.OrientUnknown
	}
	switch b[9] {
	case typeSelect:
		return protocol.SentByClient
	case typeSelected:
		return protocol.SentByServer
	case typeData:
		switch stream := b[6] & 0x7f; {
		case b[7]&1 == 0:
		case stream == 5 && b[7] == 1, stream == 6 && word(6, b[7]).sample, stream == 9:
			return protocol.SentByServer // equipment
		case stream == 2 && b[7] != 17, stream == 7:
			return protocol.SentByClient
		}
	}
	return protocol.OrientUnknown
}
