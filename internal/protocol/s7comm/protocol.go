package s7comm

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Protocol is S7comm. It is handed a connection by cotp, and finds its own way
// when a capture begins inside one.
var Protocol = &protocol.Protocol{
	Name:       "s7comm",
	TCP:        []uint16{102},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "Siemens S7comm over TPKT and COTP", Depth: protocol.Deep, By: "RFC 1006, ISO 8073, and descriptions of the protocol, which has no published specification",
		Unread: []string{"content of blocks (their sum alone)", "alarm texts and their associated values", "passwords of session protection"},
		Peers:  []string{"nodes7"}},
	Functions: listFunctions,
	New:       func() protocol.Parser { return newParser() },
	Spaces: []*firedoor.Space{spaceP, spaceI, spaceQ, spaceM, spaceL, spaceV, spaceSI, spaceSF, spaceAI, spaceAQ, spaceDR, spaceDB, spaceDI,
		spaceC, spaceT, spaceHC, spaceHT, spaceArea, spaceNCK, spaceSymbol, spaceSyntax, spaceSZL, spaceBlock, spaceFile,
		spaceUpload, spacePI, spaceMode, spaceAlarm, spaceEvent, spaceEvents, spaceJob, spaceRID, wire.SpaceTSAP},
	Events: []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity,
		firedoor.EventLogin, firedoor.EventFileTransfer, firedoor.EventMalformed, firedoor.EventHandOver},
}

// maxKeepAlives is how many empty data units a probe passes over.
const maxKeepAlives = 32

// find passes over keep-alives and reads the first message's header; More while
// it is not in.
func find(b []byte, m *message) protocol.Match {
	const head = wire.TPKTHeader + 3
	for range maxKeepAlives {
		size, ok := wire.TPKT(b)
		switch {
		case !ok:
			return protocol.No
		case size == 0 || len(b) < head:
			return protocol.More
		case b[4] != 2 || b[5] != wire.COTPData || b[6]&0x7f != 0:
			return protocol.No
		}
		if b[6] == 0 && size == head {
			if b = b[head:]; len(b) == 0 {
				return protocol.More
			}
			continue
		}
		pdu := b[head:min(size, len(b))]
		if len(pdu) > 0 && pdu[0] != protocolID {
			return protocol.No
		}
		if len(pdu) < leastHeader+2 && len(b) < size {
			return protocol.More
		}
		if m.header(pdu) && (b[6] == 0 || m.size() == size-head) {
			return protocol.Yes
		}
		return protocol.No
	}
	return protocol.No
}

func probe(b []byte) protocol.Match {
	var m message
	return find(b, &m)
}

// orient: jobs come from the client, except those by which a controller fetches
// a program; answers come from the server.
func orient(b []byte) protocol.Orientation {
	var m message
	if find(b, &m) != protocol.Yes {
		return protocol.OrientUnknown
	}
	asked := m.kind == kindJob
	function := byte(0)
	const head = wire.TPKTHeader + 3
	for b[6] == 0 && len(b) > 2*head && b[3] == head {
		b = b[head:]
	}
	if at := head + m.head; at+6 < len(b) {
		function = b[at]
		if m.kind == kindUserdata {
			asked = classOf(b[at+5]) == classRequest
			function = 0
		}
	}
	if fetches := function == fnDownloadBlock || function == fnDownloadEnded; asked != fetches {
		return protocol.SentByClient
	}
	return protocol.SentByServer
}
