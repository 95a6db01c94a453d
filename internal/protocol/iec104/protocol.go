package iec104

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is IEC 60870-5-104.
var Protocol = &protocol.Protocol{
	Name:       "iec104",
	TCP:        []uint16{2404},
	Sealed:     []uint16{19998, 2404},
	Industrial: true,
	Declines:   true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "IEC 60870-5-104", Depth: protocol.Deep, By: "IEC 60870-5-101 and -104, edition 2",
		Unread: []string{"authentication of 60870-5-7 (types 81 to 87): named only"}},
	Functions: listFunctions,
	Further:   []string{controls[0].name, controls[1].name, controls[2].name},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&objects, &qualities, &files},
	Events: []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample,
		firedoor.EventFileTransfer, firedoor.EventMalformed},
}

// A frame (5.1): start, length of what follows, four octets of control, and in
// information frames one ASDU.
const (
	startOctet = 0x68
	lengthEnds = 2   // octets that the length does not count
	controlAt  = 2   // four octets
	asduAt     = 6   // type, number of objects, cause, common address, objects
	minLength  = 4   // the control field alone
	maxLength  = 253 // longest frame 255 octets (5.1)
	causeAt    = asduAt + 2
	smallest   = asduAt + 5 // an ASDU with the shortest fields and one address
)

// Functions of unnumbered frames (5.1): the first control octet with exactly one
// bit beside the two lowest.
const (
	startAct = 0x07
	startCon = 0x0b
	stopAct  = 0x13
	stopCon  = 0x23
	testAct  = 0x43
	testCon  = 0x83
)

func unnumbered(c byte) bool {
	switch c {
	case startAct, startCon, stopAct, stopCon, testAct, testCon:
		return true
	}
	return false
}

// frameSize is the size of the frame that starts with the two bytes of b.
func frameSize(b []byte) int { return lengthEnds + int(b[1]) }

// header tells whether b, complete or not, can be the beginning of a frame as
// the specification wants it.
func header(b []byte) bool {
	if len(b) > 0 && b[0] != startOctet {
		return false
	}
	if len(b) > 1 && (b[1] < minLength || b[1] > maxLength) {
		return false
	}
	if len(b) <= controlAt {
		return true
	}
	switch c := b[controlAt]; {
	case c&1 == 0:
		return information(b)
	case c == 1:
		return b[1] == minLength && (len(b) < 4 || b[3] == 0) && (len(b) < 5 || b[4]&1 == 0)
	default:
		return b[1] == minLength && unnumbered(c) && (len(b) < 4 || b[3] == 0) &&
			(len(b) < 5 || b[4] == 0) && (len(b) < 6 || b[5] == 0)
	}
}

// information is header for frames with an ASDU: a type somebody assigned, one
// object at least, a cause that exists.
func information(b []byte) bool {
	if b[1] < smallest-lengthEnds-2 { // types of authentication have no object address
		return false
	}
	if len(b) > 3 && b[1] == b[2] && b[3] == startOctet { // a serial frame (FT 1.2)
		return false
	}
	return (len(b) < 5 || b[4]&1 == 0) && (len(b) <= asduAt || kinds[b[asduAt]].group != groupOther) &&
		(len(b) <= asduAt+1 || b[asduAt+1]&maxObjects != 0) && (len(b) <= causeAt || causeKnown(b[causeAt]&causeBits))
}

// probe wants one whole frame. Frames without data have hardly a bit to choose;
// an ASDU must fit its type exactly, or be followed by another frame. One octet
// may stand before it: captures begin with a keep-alive, which repeats the last
// octet of what was sent before.
func probe(b []byte) protocol.Match {
	if len(b) > 0 && b[0] != startOctet {
		b = b[1:]
	}
	if !header(b) {
		return protocol.No
	}
	if len(b) < asduAt || len(b) < frameSize(b) {
		return protocol.More
	}
	n := frameSize(b)
	if b[controlAt]&1 != 0 || standard.fits(b[asduAt:n]) {
		return protocol.Yes
	}
	switch rest := b[n:]; {
	case !header(rest):
		return protocol.No
	case len(rest) < asduAt:
		return protocol.More
	}
	return protocol.Yes
}

// orient tells who sent a frame that only one of the two stations sends.
func orient(b []byte) protocol.Orientation {
	if len(b) < asduAt || len(b) < frameSize(b) {
		return protocol.OrientUnknown
	}
	switch c := b[controlAt]; {
	case c == startAct, c == stopAct:
		return protocol.SentByClient
	case c == startCon, c == stopCon:
		return protocol.SentByServer
	case c&1 != 0 || len(b) <= causeAt:
		return protocol.OrientUnknown
	}
	k, cause := &kinds[b[asduAt]], b[causeAt]&causeBits
	switch {
	case k.group == groupMonitor || answers(cause):
		return protocol.SentByServer
	case asks(cause) && k.group != groupFile:
		return protocol.SentByClient
	}
	return protocol.OrientUnknown
}
