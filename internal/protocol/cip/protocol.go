package cip

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Protocol is CIP class 0 and 1 I/O over UDP.
var Protocol = &protocol.Protocol{
	Name:       "cip",
	UDP:        []uint16{2222},
	Industrial: true,
	Probe:      probe,
	Sheet: protocol.Sheet{Title: "Common Industrial Protocol", Depth: protocol.Deep, By: "The CIP Networks Library, Volume 1, and Logix 5000 Controllers Data Access (1756-PM020)",
		Unread: []string{"services of vendors: number and class only", "names of Logix programs and routines on their way: instances", "Logix routines that take more than one message to read or write: by analogy, none was seen", "members of structures: as bytes", "names of tags on their way in symbol lists"}},
	New:    func() protocol.Parser { return newParser() },
	Spaces: []*firedoor.Space{&assembly, &tag, &tagBytes, &connection},
	Events: []firedoor.EventKind{firedoor.EventSample, firedoor.EventMalformed},
}

// probe wants exactly one sequenced address and one connected data item that
// fill the datagram, and a connection id that means something.
func probe(b []byte) protocol.Match {
	var k wire.CIPPacket
	if !wire.ReadCIPPacket(b, &k) || k.Address != wire.CIPSequencedAddress ||
		k.Type != wire.CIPConnectedData || k.At+len(k.Data) != len(b) || b[0] != 2 {
		return protocol.No
	}
	if k.Connection == 0 || k.Connection == 0xffffffff {
		return protocol.No
	}
	return protocol.Yes
}
