package snmp

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is SNMP.
var Protocol = &protocol.Protocol{
	Name:   "snmp",
	UDP:    []uint16{161, 162},
	Probe:  probe,
	Orient: orient,
	Sheet: protocol.Sheet{Title: "SNMP v1 and v2c", Depth: protocol.Recognised, By: "RFC 3416",
		Unread: []string{"version 3 with privacy: as encrypted", "tables beyond the first variables"}},
	Functions: listFunctions,
	Whole:     true,
	New:       func() protocol.Parser { return &parser{} },
	Spaces:    []*firedoor.Space{oids},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventIdentity, firedoor.EventEncrypted, firedoor.EventMalformed},
}

// probe asks for a whole message: every length fits its parent, the unit is
// known, and nothing is left over.
func probe(b []byte) protocol.Match {
	m, reason := read(b)
	if reason != "" || m.size != len(b) {
		return protocol.No
	}
	return protocol.Yes
}

func orient(b []byte) protocol.Orientation {
	m, reason := read(b)
	switch {
	case reason != "" || m.encrypted:
		return protocol.OrientUnknown
	case m.unit == unitResponse || m.unit == unitReport:
		return protocol.SentByServer
	}
	return protocol.SentByClient
}
