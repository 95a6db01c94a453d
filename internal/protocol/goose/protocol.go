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
	Sheet: protocol.Sheet{Title: "IEC 61850 GOOSE", Depth: protocol.Deep, By: "IEC 61850-8-1",
		Unread: []string{"signatures of IEC 62351-6: their length only"}},
	New:    func() protocol.Parser { return newParser() },
	Spaces: []*firedoor.Space{&entries, &states},
	Events: []firedoor.EventKind{firedoor.EventSample, firedoor.EventIdentity, firedoor.EventMalformed},
}
