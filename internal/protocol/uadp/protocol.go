package uadp

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is OPC UA PubSub with UADP messages.
var Protocol = &protocol.Protocol{
	Name:       "uadp",
	UDP:        []uint16{4840},
	Ethernet:   []uint16{0xb62c},
	Industrial: true,
	Probe:      probe,
	Sheet: protocol.Sheet{Title: "OPC UA PubSub (UADP)", Depth: protocol.Deep, By: "OPC 10000-14, 7.2.4", Golden: "OPC 10000-14 (1.05), 7.2.4.4 to 7.2.4.6",
		Unread: []string{
			"texts of fields that were not described in the same flow, and structures: the field only", "raw data sets that were not described in the same flow: bytes",
			"chunks and actions: that they came", "encrypted messages: publisher, group, writer and size",
		},
		Holds: "what was described of up to 16 data sets: 64 fields and 1,024 bytes of names each"},
	Functions: listFunctions,
	Further:   []string{wordOther},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&spaceData},
	Events: []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity,
		firedoor.EventEncrypted, firedoor.EventMalformed},
}

// spaceData is all that is published: Text is the whole name.
var spaceData = firedoor.Space{Name: "data", Append: func(dst []byte, o *firedoor.Object) []byte {
	return append(dst, o.Text...)
}}
