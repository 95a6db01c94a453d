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
	Sealed:     []uint16{2221, 44818},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "EtherNet/IP encapsulation", Holds: "eight transfers of 300 bytes, eight names of files, 512 items of a message", Depth: protocol.Deep, By: "The CIP Networks Library, Volume 2",
		Unread: []string{"encapsulation commands of vendors: number only"},
		Inside: []protocol.Inner{{Name: "pccc", Sheet: protocol.Sheet{Title: "PCCC in CIP: SLC, MicroLogix and PLC-5", Depth: protocol.Deep,
			By:     "DF1 Protocol and Command Set (1770-6.5.16)",
			Unread: []string{"transfers of PLC-5 by physical address: name only"}}}}},
	Functions: listFunctions,
	Further:   []string{"execute pccc", "list instances", "lock", "unlock", "read code", "write code", "read data", "write data", "read template", "reset error", "safety forward open"},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&classSpace, &instanceSpace, &attributeSpace, &memberSpace, &pointSpace, &pathSpace, &tagSpace, &fileSpace, &elementSpace, &byteSpace, &fileElements, &fileSlots},
	Events: []firedoor.EventKind{
		firedoor.EventOperation, firedoor.EventIdentity, firedoor.EventMalformed, firedoor.EventExpect,
		firedoor.EventFileTransfer, firedoor.EventEncrypted,
	},
}
