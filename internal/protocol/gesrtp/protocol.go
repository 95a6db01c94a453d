package gesrtp

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is GE-SRTP.
var Protocol = &protocol.Protocol{
	Name:       "ge_srtp",
	TCP:        []uint16{18245},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "GE-SRTP", Depth: protocol.Recognised, Golden: "the tables of Denton and others (Digital Investigation 22, 2017) and open programs that speak it", By: "published descriptions of the protocol, which has no public specification",
		Unread: []string{"content of programs on their way: how the packets of store and load follow each other is not public", "what the controller says of its type"}},
	Functions: listFunctions,
	Further:   []string{"initialise", "service request"},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&memories},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventIdentity, firedoor.EventLogin, firedoor.EventMalformed},
}

// A message: 56 bytes, then a text of the length that stands in two of them,
// least byte first. Bytes from 24 on are the mailbox.
const (
	headerSize = 56
	sequenceAt = 2 // two bytes: the answer repeats them
	lengthAt   = 4 // of the text, two bytes
	mailboxAt  = 31
	targetAt   = 36 // mailbox of the controller: slot * 16, 14, two zeros
	shortAt    = 42 // service, or status, of a message without text
	textAt     = 50 // service of a request with text
)

// Types of message.
const (
	typeInit     = 0
	typeInitDone = 1
	typeRequest  = 2
	typeAnswer   = 3
)

// Types of mailbox message.
const (
	mailRequest     = 0xc0
	mailRequestText = 0x80
	mailDone        = 0xd4
	mailDoneText    = 0x94
	mailError       = 0xd1
)

// size is how many bytes the message takes that b begins with; b holds its header.
func size(b []byte) int { return headerSize + int(binary.LittleEndian.Uint16(b[lengthAt:])) }

// sound tells whether b begins with a message, as far as it goes: its type, and
// zeros where all descriptions have them.
func sound(b []byte) bool {
	if len(b) > 0 && b[0] > typeAnswer || len(b) > 1 && b[1] != 0 {
		return false
	}
	if len(b) == 0 || b[0] >= typeRequest {
		return zeros(b, 6, 9) && zeros(b, 10, 17) && zeros(b, 18, 26)
	}
	return zeros(b, 1, 8) && zeros(b, 9, headerSize)
}

// zeros tells whether the bytes from one place to another are zero, as far as
// they are there.
func zeros(b []byte, from, to int) bool {
	for i := from; i < min(to, len(b)); i++ {
		if b[i] != 0 {
			return false
		}
	}
	return true
}

// probe wants a request or an answer whose mailbox fits. A connection begins with
// 56 zeros, which anybody may send: they say nothing yet, only their answer does.
func probe(b []byte) protocol.Match {
	if len(b) > 0 && b[0] == typeInit {
		if !zeros(b, 0, headerSize) {
			return protocol.No
		}
		if len(b) <= headerSize {
			return protocol.More
		}
		if b = b[headerSize:]; b[0] != typeRequest {
			return protocol.No
		}
	}
	switch {
	case !sound(b):
		return protocol.No
	case len(b) < headerSize:
		return protocol.More
	case b[0] == typeInitDone || fits(b):
		return protocol.Yes
	}
	return protocol.No
}

// fits tells whether the mailbox belongs to the type of message, and text is
// there where it says so.
func fits(b []byte) bool {
	text := size(b) > headerSize
	switch b[mailboxAt] {
	case mailRequest:
		return b[0] == typeRequest && !text && b[targetAt+1] == 14 && serviceOf(b[shortAt]).name != unassigned
	case mailRequestText:
		return b[0] == typeRequest && text && b[targetAt+1] == 14 && serviceOf(b[textAt]).name != unassigned
	case mailDone, mailError:
		return b[0] == typeAnswer && !text
	case mailDoneText:
		return b[0] == typeAnswer && text
	}
	return false
}

// orient: even types are the client's.
func orient(b []byte) protocol.Orientation {
	switch {
	case len(b) == 0:
		return protocol.OrientUnknown
	case b[0]&1 == 0:
		return protocol.SentByClient
	default:
		return protocol.SentByServer
	}
}
