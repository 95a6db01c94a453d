package goose

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is GOOSE.
var Protocol = &protocol.Protocol{
	Name:       "goose",
	Ethernet:   []uint16{0x88b8},
	Industrial: true,
	New:        func() protocol.Parser { return newParser() },
	Spaces:     []*firedoor.Space{&entries},
	Events:     []firedoor.EventKind{firedoor.EventSample, firedoor.EventIdentity, firedoor.EventMalformed},
}
