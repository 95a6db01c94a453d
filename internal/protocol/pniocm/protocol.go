package pniocm

import (
	"bytes"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Protocol is PROFINET IO's context management.
var Protocol = &protocol.Protocol{
	Name:       "pniocm",
	UDP:        []uint16{34964},
	Elsewhere:  true,
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "PROFINET IO context management over DCE/RPC", Holds: "8 requests with 1,000 records of 56 bytes each, two messages of 64 KiB being joined", Depth: protocol.Deep, By: "IEC 61158-5-10 and -6-10, C706 (DCE 1.1: RPC)",
		Unread: []string{"details of alarm relations", "answers from another port than was asked, where that was not 34964: not joined with their requests"}},
	Functions: listFunctions,
	Further:   []string{safetyFunction},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&relations, &communications, &records},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventIdentity, firedoor.EventMalformed},
}

// objectPrefix begins the UUIDs of PROFINET's objects, which differ in the last six
// bytes.
const objectPrefix = "\xde\xa0\x00\x00\x6c\x97\x11\xd1\x82\x71"

// endpointMapper is its UUID (C706, appendix O).
const endpointMapper = "\xe1\xaf\x83\x08\x5d\x1f\x11\xc9\x91\xa4\x08\x00\x2b\x14\xa0\xfa"

// tower is how an interface of PROFINET ends in the endpoint mapper's towers, which
// are little-endian.
const tower = "\x97\x6c\xd1\x11\x82\x71\x00\xa0\x24\x42\xdf\x7d"

func isMapper(u *wire.UUID) bool { return string(u[:]) == endpointMapper }

// probe asks for the whole header: the interface is in its middle.
func probe(b []byte) protocol.Match {
	if !wire.RPCBegins(b) {
		return protocol.No
	}
	if len(b) < wire.RPCHeader {
		return protocol.More
	}
	var m wire.RPC
	m.Read(b)
	switch {
	case m.Kind == wire.RPCFack: // of either side: who is the client is better told by another
		return protocol.No
	case wire.ProfinetInterface(&m.Interface):
		return protocol.Yes
	case isMapper(&m.Interface) && (bytes.Contains(m.Body, []byte(tower)) || bytes.Contains(m.Body, []byte(wire.ProfinetFamily))):
		return protocol.Yes
	}
	return protocol.No
}

// orient goes by the type of message: most are sent by one side only.
func orient(b []byte) protocol.Orientation {
	var m wire.RPC
	if !m.Read(b) {
		return protocol.OrientUnknown
	}
	switch m.Kind {
	case wire.RPCRequest, wire.RPCPing, wire.RPCAck, wire.RPCCancel:
		return protocol.SentByClient
	case wire.RPCFack: // of either
		return protocol.OrientUnknown
	}
	return protocol.SentByServer
}
