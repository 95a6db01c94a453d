package arp

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is ARP.
var Protocol = &protocol.Protocol{
	Name:     "arp",
	Ethernet: []uint16{0x0806},
	Sheet:    protocol.Sheet{Title: "Address Resolution Protocol", Depth: protocol.Names, By: "RFC 826"},
	New:      func() protocol.Parser { return &parser{} },
	Events:   []firedoor.EventKind{firedoor.EventIdentity, firedoor.EventMalformed},
}
