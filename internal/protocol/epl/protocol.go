package epl

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is Ethernet POWERLINK.
var Protocol = &protocol.Protocol{
	Name:       "epl",
	Ethernet:   []uint16{0x88ab},
	Industrial: true,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "Ethernet POWERLINK", Depth: protocol.Recognised, By: "EPSG DS 301",
		Unread: []string{"service data objects over UDP", "segments of service data objects behind the first",
			"error entries of a status", "openSAFETY: lies among process data, and nothing in a frame tells where"}},
	Functions: listFunctions,
	Further:   []string{"nmt request", "sdo abort"},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&nodes, &objects},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventMalformed},
}

// orient: only the managing node sends these.
func orient(b []byte) protocol.Orientation {
	if len(b) < 4 {
		return protocol.OrientUnknown
	}
	switch b[0] & typeMask {
	case typeSoC, typePReq, typeSoA:
		return protocol.SentByClient
	case typeASnd:
		if b[3] == serviceCommand {
			return protocol.SentByClient
		}
	}
	return protocol.OrientUnknown
}
