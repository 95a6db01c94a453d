package rtps

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is DDS-RTPS on UDP. The ports are those of domain 0 and its first
// participants (9.6.1.1).
var Protocol = &protocol.Protocol{
	Name:       "rtps",
	UDP:        []uint16{7400, 7401, 7410, 7411, 7412, 7413},
	Industrial: true,
	Probe:      probe,
	Sheet: protocol.Sheet{Title: "DDS-RTPS 2.x", Depth: protocol.Recognised, By: "OMG DDSI-RTPS 2.5", Holds: "256 topics, 256 facts that were told",
		Unread: []string{"data of topics", "heartbeats, acknowledgements and gaps", "RTPS 1.x, RTPS over TCP and shared memory", "what DDS Security protects", "the topic of a writer announced on another flow"}},
	New:    func() protocol.Parser { return newParser() },
	Spaces: []*firedoor.Space{&topics, &writers},
	Events: []firedoor.EventKind{firedoor.EventSample, firedoor.EventIdentity, firedoor.EventEncrypted, firedoor.EventMalformed},
}

// A message begins with "RTPS", version (2), vendor (2), prefix of the sender's
// identifiers (12); submessages follow (8.3.3).
const (
	header    = 20
	subHeader = 4
	major     = 2
	ping      = "NDDSPING" // what Connext sends where a prefix begins: no message at all
)

// Kinds of submessage (9.4.5.1.1).
const (
	subPad      = 0x01
	subTime     = 0x09
	subSource   = 0x0c
	subData     = 0x15
	subFragment = 0x16
	subVendor   = 0x80 // and up: a vendor's own
)

// exists tells whether a kind of submessage is one of version 2.
func exists(kind byte) bool {
	switch kind {
	case subPad, 0x06, 0x07, 0x08, subTime, subSource, 0x0d, 0x0e, 0x0f, 0x12, 0x13, subData, subFragment, 0x17:
		return true
	}
	return kind >= subVendor || secured(kind)
}

// secured tells whether a submessage is one of DDS Security, 7.3.7.
func secured(kind byte) bool { return kind >= 0x30 && kind <= 0x34 }

// submessage takes the next one from b; ok if it is whole. A length of 0 is all that
// follows, but where nothing may follow (9.4.5.1.3).
func submessage(b []byte) (body []byte, size int, ok bool) {
	if len(b) < subHeader {
		return nil, 0, false
	}
	n := int(orderOf(b[1]).Uint16(b[2:]))
	if n == 0 && b[0] != subPad && b[0] != subTime {
		n = len(b) - subHeader
	}
	if len(b) < subHeader+n {
		return nil, 0, false
	}
	return b[subHeader : subHeader+n], subHeader + n, true
}

func orderOf(flags byte) binary.ByteOrder {
	if flags&1 != 0 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// probe wants a header and submessages that fill the datagram, or a ping.
func probe(b []byte) protocol.Match {
	if len(b) < header-4 || string(b[:4]) != "RTPS" || b[4] != major || b[6] > 1 {
		return protocol.No
	}
	if string(b[8:16]) == ping {
		return protocol.Yes
	}
	if len(b) < header+subHeader {
		return protocol.No
	}
	for b = b[header:]; len(b) > 0; {
		_, size, ok := submessage(b)
		if !ok || !exists(b[0]) {
			return protocol.No
		}
		b = b[size:]
	}
	return protocol.Yes
}
