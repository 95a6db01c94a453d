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
	Whole:     true,
	Further:   []string{wire.COTPWord(wire.COTPConnect), wire.COTPWord(wire.COTPDisconnect)},
	New:       func() protocol.Parser { return newParser() },
	Spaces: append([]*firedoor.Space{spaceP, spaceI, spaceQ, spaceM, spaceL, spaceV, spaceSI, spaceSF, spaceAI, spaceAQ, spaceDR, spaceDB, spaceDI,
		spaceC, spaceT, spaceHC, spaceHT, spaceArea, spaceMemory, spaceNCK, spaceLines, spaceSymbol, spaceSyntax, spaceSZL, spaceBlock, spaceFile,
		spaceUpload, spacePI, spaceMode, spaceAlarm, spaceEvent, spaceEvents, spaceJob, spaceRID, wire.SpaceTSAP}, rows...),
	Events: []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity,
		firedoor.EventLogin, firedoor.EventFileTransfer, firedoor.EventMalformed, firedoor.EventHandOver},
}

// find passes over keep-alives and reads the first message's header, in however many
// TPDUs it comes; More while it is not in.
func find(b []byte, unit *wire.Beginning, m *message) protocol.Match {
	match := unit.Read(b, leastHeader+2, false)
	if head := unit.Bytes(); len(head) > 0 && head[0] != protocolID {
		return protocol.No
	}
	if match != protocol.Yes {
		return match
	}
	if m.header(unit.Bytes()) && (!unit.Whole || m.size() == unit.Size) {
		return protocol.Yes
	}
	return protocol.No
}

func probe(b []byte) protocol.Match {
	var unit wire.Beginning
	var m message
	return find(b, &unit, &m)
}

// orient: jobs come from the client, except those by which a controller fetches
// a program; answers come from the server.
func orient(b []byte) protocol.Orientation {
	var unit wire.Beginning
	var m message
	if find(b, &unit, &m) != protocol.Yes {
		return protocol.OrientUnknown
	}
	asked := m.kind == kindJob
	function := byte(0)
	if body := unit.Bytes()[m.head:]; len(body) > 6 {
		function = body[0]
		if m.kind == kindUserdata {
			asked = classOf(body[5]) == classRequest
			function = 0
		}
	}
	if fetches := function == fnDownloadBlock || function == fnDownloadEnded; asked != fetches {
		return protocol.SentByClient
	}
	return protocol.SentByServer
}
