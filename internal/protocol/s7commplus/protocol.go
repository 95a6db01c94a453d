package s7commplus

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Protocol is S7comm-plus. It is handed a connection by cotp or s7comm, and finds
// its own way when a capture begins inside one.
var Protocol = &protocol.Protocol{
	Name:       "s7comm-plus",
	TCP:        []uint16{102},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "Siemens S7comm-plus", Holds: "2,048 items of 56 bytes, 512 references of 64 bytes, two messages of 64 KiB being joined, four sums", Depth: protocol.Deep, By: "published descriptions of the protocol, which has no public specification",
		Golden: "T. Wiens' dissector, and for states and what is invoked the tables of the library s7commplus",
		Unread: []string{"texts and structures as values", "alarm objects", "invoked methods: name only", "all of it over TLS: as encrypted"}},
	Functions: listFunctions,
	Further:   []string{loginCall.name, "cpu stop", "cpu start", "cpu start redundant", "cpu memory reset", "create session", "delete session", "create subscription"},
	New:       func() protocol.Parser { return newParser() },
	Spaces: []*firedoor.Space{spaceSymbol, spaceBytes, spaceMemory, spaceBit, spaceAttribute, spaceSession, spaceGiven, spaceBlock,
		spaceClass, spaceMethod, spaceRef, wire.SpaceTSAP},
	Events: []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventLogin,
		firedoor.EventFileTransfer, firedoor.EventEncrypted, firedoor.EventMalformed, firedoor.EventHandOver},
}

const (
	// probeNeeds is how much of a message a probe wants: header, digest, and the
	// data up to the sequence number.
	probeNeeds = headerSize + 1 + digestSize + 9
)

// find passes over keep-alives and reads the first message as far as it is in, in
// however many TPDUs it comes; More while there is too little of it.
func find(b []byte, unit *wire.Beginning) protocol.Match {
	match := unit.Read(b, probeNeeds, true)
	head := unit.Bytes()
	if match == protocol.More && len(head) > 0 && head[0] != protocolID && !wire.TLSRecord(head, unit.Size) {
		return protocol.No
	}
	return match
}

// probe wants a message whose lengths agree and whose data begin as they must, or
// a TLS record that fills a data unit: nobody else puts one there.
func probe(b []byte) protocol.Match {
	var unit wire.Beginning
	if m := find(b, &unit); m != protocol.Yes {
		return m
	}
	if head := unit.Bytes(); wire.TLSRecord(head, unit.Size) || begins(head, unit.Size) {
		return protocol.Yes
	}
	return protocol.No
}

// begins tells whether a TSDU of so many bytes begins with a message.
func begins(b []byte, size int) bool {
	if len(b) < headerSize || b[0] != protocolID {
		return false
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n+headerSize > size {
		return false
	}
	if b[1] == versionEvent {
		return n+headerSize == size && n >= eventSize && len(b) >= 8 && binary.BigEndian.Uint32(b[4:]) == 0
	}
	if n+headerSize != size && n+headerSize+trailerSize != size {
		return false
	}
	data := b[headerSize:min(len(b), headerSize+n)]
	switch b[1] {
	case version1, version2:
	case version3:
		if len(data) < 1+digestSize || data[0] != digestSize {
			return false
		}
		data = data[1+digestSize:]
	default:
		return false
	}
	return head(data)
}

// head tells whether data begins as a message does, and not like the middle of one.
func head(data []byte) bool {
	if len(data) < 9 {
		return false
	}
	switch data[0] {
	case opRequest, opResponse, opResponse2:
		fn := binary.BigEndian.Uint16(data[3:])
		return data[1] == 0 && data[2] == 0 && data[5] == 0 && data[6] == 0 && fn >= firstFunction && fn <= lastFunction
	case opNotification:
		return binary.BigEndian.Uint32(data[1:]) != 0 && binary.BigEndian.Uint16(data[5:]) == subscription
	}
	return false
}

// orient: requests come from the client, all else from the server.
func orient(b []byte) protocol.Orientation {
	var unit wire.Beginning
	m := find(b, &unit)
	tsdu := unit.Bytes()
	if m != protocol.Yes || !begins(tsdu, unit.Size) || tsdu[1] == versionEvent {
		return protocol.OrientUnknown
	}
	at := headerSize
	if tsdu[1] == version3 {
		at += 1 + digestSize
	}
	if tsdu[at] == opRequest {
		return protocol.SentByClient
	}
	return protocol.SentByServer
}
