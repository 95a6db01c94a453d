package ldap

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Protocol is LDAP on TCP.
var Protocol = &protocol.Protocol{
	Name:   "ldap",
	TCP:    []uint16{389, 3268},
	Sealed: []uint16{636, 3269},
	Probe:  probe,
	Orient: orient,
	Sheet: protocol.Sheet{Title: "Lightweight Directory Access Protocol", Depth: protocol.Names, By: "RFC 4511",
		Unread: []string{"everything but the bind"}},
	New:    func() protocol.Parser { return &parser{} },
	Events: []firedoor.EventKind{firedoor.EventLogin, firedoor.EventEncrypted, firedoor.EventHandOver, firedoor.EventMalformed},
}

// minMessage is the shortest message: an unbind.
const minMessage = 7

// probe asks for a message whose number and operation fit its length, which
// may be the start of a long one.
func probe(b []byte) protocol.Match {
	if len(b) > 0 && b[0] != wire.TagSequence {
		return protocol.No
	}
	if len(b) < minMessage {
		return protocol.More
	}
	_, head, size, ok := wire.BERHeader(b)
	if !ok || size < minMessage-2 {
		return protocol.No
	}
	if len(b) < head+size && len(b) < head+minHead {
		return protocol.More
	}
	op, ok := operation(b[head:min(len(b), head+size)], size)
	if !ok {
		return protocol.No
	}
	switch op.tag {
	case bindRequest:
		if op.version < 2 || op.version > 3 {
			return protocol.No
		}
	case extendedRequest, searchRequest, bindResponse, extendedResponse, searchEntry, searchDone:
	default:
		return protocol.No
	}
	return protocol.Yes
}

func orient(b []byte) protocol.Orientation {
	_, head, size, ok := wire.BERHeader(b)
	if !ok {
		return protocol.OrientUnknown
	}
	op, ok := operation(b[head:min(len(b), head+size)], size)
	switch {
	case !ok:
		return protocol.OrientUnknown
	case op.tag == bindResponse || op.tag == extendedResponse || op.tag == searchEntry || op.tag == searchDone:
		return protocol.SentByServer
	}
	return protocol.SentByClient
}
