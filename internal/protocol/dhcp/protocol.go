package dhcp

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is DHCP, which contains BOOTP.
var Protocol = &protocol.Protocol{
	Name:   "dhcp",
	UDP:    []uint16{67, 68},
	Probe:  probe,
	Orient: orient,
	Sheet: protocol.Sheet{Title: "DHCP for IPv4", Depth: protocol.Names, By: "RFC 2131, RFC 2132",
		Unread: []string{"DHCPv6"}},
	New:    func() protocol.Parser { return &parser{} },
	Events: []firedoor.EventKind{firedoor.EventIdentity, firedoor.EventMalformed},
}

// probe asks for the fixed fields, the magic cookie and an option list that is
// well formed up to its end.
func probe(b []byte) protocol.Match {
	if len(b) < optionsAt || b[0] != bootRequest && b[0] != bootReply || b[2] > 16 || b[3] > maxHops ||
		binary.BigEndian.Uint32(b[cookieAt:]) != cookie {
		return protocol.No
	}
	o := options{b: b, at: optionsAt}
	for o.next() {
	}
	if o.broken {
		return protocol.No
	}
	return protocol.Yes
}

func orient(b []byte) protocol.Orientation {
	if len(b) > 0 && b[0] == bootReply {
		return protocol.SentByServer
	}
	return protocol.SentByClient
}
