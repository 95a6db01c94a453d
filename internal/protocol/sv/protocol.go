package sv

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is sampled values.
var Protocol = &protocol.Protocol{
	Name:       "sv",
	Ethernet:   []uint16{0x88ba},
	Industrial: true,
	New:        func() protocol.Parser { return newParser() },
	Spaces:     []*firedoor.Space{&streams},
	Events:     []firedoor.EventKind{firedoor.EventSample, firedoor.EventIdentity, firedoor.EventMalformed},
}
