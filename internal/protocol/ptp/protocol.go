package ptp

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is PTP.
var Protocol = &protocol.Protocol{
	Name:       "ptp",
	UDP:        []uint16{319, 320}, // event messages, all others
	Ethernet:   []uint16{0x88f7},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "Precision Time Protocol (PTP, gPTP)", Depth: protocol.Recognised, By: "IEEE 1588-2008 and -2019, IEEE 802.1AS, as published descriptions have them",
		Unread: []string{"version 1", "times, delays and corrections", "data sets and tables in management messages: that they were asked for", "elements of organisations and profiles, path traces",
			"authentication: not even whether it is there"},
		Holds: "what was told last of 64 ports of clocks, 40 bytes each; of further ones nothing is told but what is asked of them"},
	Functions: listFunctions,
	Whole:     true,
	Further:   []string{otherWords[actionGet], otherWords[actionSet], otherWords[actionCommand], unicastOther, cancelOther},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&clocks, &states, &grandmasters, &settings},
	Units:     0xff,
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventMalformed},
}

// A message begins with the organisation of its profile (the high half of the first byte)
// and its type, the version (its lesser half is 2), length (2), domain, the organisation's
// part, flags (2), correction (8), 4 bytes by type, the port of its sender (clock 8, number
// 2), sequence (2), a code for the type as version 1 had it, and an interval.
const (
	headerSize = 34

	domainAt   = 4
	partAt     = 5
	flagsAt    = 6
	clockAt    = 20
	portAt     = 28
	sequenceAt = 30
	controlAt  = 32

	version    = 2
	versionOne = 1
	minorMax   = 1
)

// Flags, the first byte as the higher one.
const (
	flagUnicast  = 0x0400
	flagsLasting = 0x01ff // another master beside it; of the time that is announced
	flagsUnused  = 0x1880
)

// Types of message.
const (
	typeSync          = 0x0
	typeDelayRequest  = 0x1
	typePeerRequest   = 0x2
	typePeerResponse  = 0x3
	typeFollowUp      = 0x8
	typeDelayResponse = 0x9
	typePeerFollowUp  = 0xa
	typeAnnounce      = 0xb
	typeSignaling     = 0xc
	typeManagement    = 0xd
)

// kind is what a type of message is called and how long it is at least, with the header.
type kind struct {
	words   string
	least   int
	control byte
	timed   bool // a time of 6 + 4 bytes stands behind the header
}

var kinds = [16]kind{
	typeSync:          {"sync", 44, 0, true},
	typeDelayRequest:  {"delay request", 44, 1, true},
	typePeerRequest:   {"peer delay request", 54, 5, true},
	typePeerResponse:  {"peer delay response", 54, 5, true},
	typeFollowUp:      {"follow up", 44, 2, true},
	typeDelayResponse: {"delay response", 54, 3, true},
	typePeerFollowUp:  {"peer delay response follow up", 54, 5, true},
	typeAnnounce:      {"announce", 64, 5, true},
	typeSignaling:     {"signaling", 44, 5, false},
	typeManagement:    {"management", 48, 4, false},
}

// header is what a message says of itself and its sender.
type header struct {
	clock    uint64
	size     int
	port     uint16
	sequence uint16
	flags    uint16
	kind     byte
	domain   byte
	sdo      byte
}

// read reads a header; fault is "" if a whole message of its type is there, and at where it is not.
func (h *header) read(b []byte) (fault string, at int) {
	if len(b) < headerSize {
		return "shorter than its header", len(b)
	}
	*h = header{kind: b[0] & 0xf, sdo: b[0] >> 4, size: int(binary.BigEndian.Uint16(b[2:])), domain: b[domainAt], flags: binary.BigEndian.Uint16(b[flagsAt:]),
		clock: binary.BigEndian.Uint64(b[clockAt:]), port: binary.BigEndian.Uint16(b[portAt:]), sequence: binary.BigEndian.Uint16(b[sequenceAt:])}
	least := kinds[h.kind].least
	switch {
	case b[1]&0xf != version:
		return "version that does not exist", 1
	case least == 0:
		return "type of message that does not exist", 0
	case h.size < least:
		return "shorter than its type can be", 2
	case h.size > len(b):
		return "longer than what carries it", 2
	}
	return "", 0
}

// unicast tells whether a message says that it is for one other alone.
func (h *header) unicast() bool { return h.flags&flagUnicast != 0 }

// maxBehind is how many bytes may follow a message in a datagram that is believed: senders over
// IPv6 add two, so that a clock on the way can keep the checksum.
const maxBehind = 16

// maxProfile is the last organisation that makes profiles: 0 is IEEE 1588, 1 IEEE 802.1AS, 2 what both
// measure together.
const maxProfile = 2

// nanoseconds of a second.
const second = 1_000_000_000

// probe is asked of UDP alone. It wants all of a header as it must be.
func probe(b []byte) protocol.Match {
	var h header
	if fault, _ := h.read(b); fault != "" || len(b)-h.size > maxBehind {
		return protocol.No
	}
	k := &kinds[h.kind]
	switch {
	case b[1]>>4 > minorMax, h.sdo > maxProfile, b[partAt] != 0, h.flags&flagsUnused != 0,
		b[controlAt] != k.control && b[controlAt] != 0,
		h.clock == 0 || h.clock == allClocks || h.port == 0 || h.port == allPorts,
		k.timed && binary.BigEndian.Uint32(b[headerSize+6:]) >= second,
		h.kind == typeManagement && b[actionAt]&0xf > actionAcknowledge:
		return protocol.No
	}
	return protocol.Yes
}

// orient: masters give time to those who ask them. What is not for one other alone says nothing: there is
// nobody who answers; nor do peers, who ask each other.
func orient(b []byte) protocol.Orientation {
	var h header
	if fault, _ := h.read(b); fault != "" || !h.unicast() {
		return protocol.OrientUnknown
	}
	switch h.kind {
	case typeSync, typeFollowUp, typeDelayResponse, typeAnnounce:
		return protocol.SentByServer
	case typeDelayRequest:
		return protocol.SentByClient
	case typeSignaling:
		return orientSignaling(b[:h.size])
	case typeManagement:
		if action := b[actionAt] & 0xf; action == actionResponse || action == actionAcknowledge {
			return protocol.SentByServer
		}
		return protocol.SentByClient
	}
	return protocol.OrientUnknown
}
