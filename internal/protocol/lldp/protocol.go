package lldp

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is LLDP.
var Protocol = &protocol.Protocol{
	Name:     "lldp",
	Ethernet: []uint16{0x88cc},
	Sheet: protocol.Sheet{Title: "Link Layer Discovery Protocol", Depth: protocol.Names, By: "IEEE 802.1AB",
		Unread: []string{"extensions of organisations but PROFINET's"}},
	New:    func() protocol.Parser { return &parser{} },
	Events: []firedoor.EventKind{firedoor.EventIdentity, firedoor.EventMalformed},
}
