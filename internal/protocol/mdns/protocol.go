package mdns

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Protocol is multicast DNS.
var Protocol = &protocol.Protocol{
	Name:   "mdns",
	UDP:    []uint16{5353},
	Probe:  probe,
	Sheet:  protocol.Sheet{Title: "Multicast DNS", Depth: protocol.Names, By: "RFC 6762"},
	New:    func() protocol.Parser { return &parser{} },
	Events: []firedoor.EventKind{firedoor.EventLookup, firedoor.EventIdentity, firedoor.EventMalformed},
}

func probe(b []byte) protocol.Match {
	d, ok := wire.ReadDNS(b)
	if !ok || d.Opcode() != 0 || d.Rcode() != 0 || !d.Whole() || d.Kind() != wire.MulticastDNS {
		return protocol.No
	}
	return protocol.Yes
}
