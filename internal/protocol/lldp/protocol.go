package lldp

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is LLDP.
var Protocol = &protocol.Protocol{
	Name:     "lldp",
	Ethernet: []uint16{0x88cc},
	New:      func() protocol.Parser { return &parser{} },
	Events:   []firedoor.EventKind{firedoor.EventIdentity, firedoor.EventMalformed},
}
