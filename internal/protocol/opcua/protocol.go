package opcua

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Protocol is OPC UA over TCP.
var Protocol = &protocol.Protocol{
	Name:       "opcua",
	TCP:        []uint16{4840, 4841, 48010, 48020},
	Sealed:     []uint16{4843, 4840},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "OPC UA binary over TCP", Depth: protocol.Deep, By: "OPC 10000-4, -6",
		Unread: []string{"structures as values, texts of calls: the node only", "of requests longer than 128 KiB what stands behind an item that has 32 KiB beside its long values: said, and a gateway stops it", "services with SignAndEncrypt: peers and rhythm only"},
		Holds:  "of subscriptions 2,048 items with 64 KiB of names, and as many of the server's numbers for them; for each of 8 requests about items 2,048 of 12 bytes; of a request longer than 128 KiB the item that is not whole, 40 KiB",
		Peers:  []string{"gopcua", "node-opcua"}},
	Functions: listFunctions,
	Whole:     true,
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&spaceNode, &spaceElement, &spacePath, &spaceMethod, &spacePolicy, &spaceToken, &spaceHandle},
	Events: []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity,
		firedoor.EventLogin, firedoor.EventEncrypted, firedoor.EventMalformed},
}

// probe decides on the header of a message: one of seven types, a chunk mark that
// the type can have, and a length that fits.
func probe(b []byte) protocol.Match {
	kind := kindUnknown
	for k := kindHello; k <= kindClose; k++ {
		if n := min(len(b), 3); string(b[:n]) == kindNames[k][:n] {
			kind = k
			break
		}
	}
	if kind == kindUnknown {
		return protocol.No
	}
	if len(b) > markAt && !markFits(kind, b[markAt]) {
		return protocol.No
	}
	if len(b) < headerSize {
		return protocol.More
	}
	size := binary.LittleEndian.Uint32(b[sizeAt:])
	if !sizeFits(kind, size) {
		return protocol.No
	}
	if kind == kindHello {
		return probeHello(b, size)
	}
	return protocol.Yes
}

// probeHello checks that the URL is as long as its message says (7.1.2.3).
func probeHello(b []byte, size uint32) protocol.Match {
	if len(b) < helloSize {
		return protocol.More
	}
	url := binary.LittleEndian.Uint32(b[helloSize-4:])
	if url != wire.UANull && url != size-helloSize {
		return protocol.No
	}
	return protocol.Yes
}

// orient tells who sends a message by its type, else by the service in it.
func orient(b []byte) protocol.Orientation {
	if probe(b) != protocol.Yes {
		return protocol.OrientUnknown
	}
	switch kindOf(b) {
	case kindHello, kindClose:
		return protocol.SentByClient
	case kindAcknowledge:
		return protocol.SentByServer
	case kindMessage:
		if len(b) < bodyAt {
			return protocol.OrientUnknown
		}
		switch _, half, _ := serviceAt(b[bodyAt:]); half {
		case asks:
			return protocol.SentByClient
		case answers:
			return protocol.SentByServer
		}
	}
	return protocol.OrientUnknown
}
