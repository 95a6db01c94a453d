package enip

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is EtherNet/IP with CIP in it.
var Protocol = &protocol.Protocol{
	Name:       "enip",
	TCP:        []uint16{44818},
	UDP:        []uint16{44818},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	New:        func() protocol.Parser { return newParser() },
	Spaces:     []*firedoor.Space{&classSpace, &instanceSpace, &attributeSpace, &memberSpace, &pointSpace, &pathSpace, &tagSpace, &fileSpace},
	Events: []firedoor.EventKind{
		firedoor.EventOperation, firedoor.EventIdentity, firedoor.EventMalformed, firedoor.EventExpect,
		firedoor.EventFileTransfer, firedoor.EventEncrypted,
	},
}
