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
	Sheet: protocol.Sheet{Title: "IEC 61850 sampled values", Depth: protocol.Deep, By: "IEC 61850-9-2, IEC 61869-9",
		Unread: []string{"simulated streams' signatures"}},
	New:    func() protocol.Parser { return newParser() },
	Spaces: []*firedoor.Space{&streams},
	Events: []firedoor.EventKind{firedoor.EventSample, firedoor.EventIdentity, firedoor.EventMalformed},
}
