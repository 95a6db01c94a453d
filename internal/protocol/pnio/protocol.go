package pnio

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is PROFINET IO on Ethernet.
var Protocol = &protocol.Protocol{
	Name:       "pnio",
	Ethernet:   []uint16{0x8892},
	Industrial: true,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "PROFINET on Ethernet: DCP, cyclic data, alarms", Depth: protocol.Deep, By: "IEC 61158-6-10",
		Holds:  "of two stations 8 relations with 1,024 submodules of 16 bytes in all, two messages of 64 KiB being joined while they connect",
		Unread: []string{"frames of a relation whose beginning was not seen: by frame, not by submodule", "consumers' status", "which bytes of a safety telegram are status and checksum: its format is engineering data", "fragments and time synchronisation: named only"}},
	Beside:    &beside,
	Functions: listFunctions,
	Further:   []string{setLasting},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&blocks, &frames, &submodules, &shares},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventMalformed},
}

// Frame ids (coding of the field FrameID).
const (
	idIsochronous    = 0x0100 // to 0x0fff: real-time class 3
	idIsochronousEnd = 0x0fff
	idCyclic         = 0x8000 // to 0xfbff: real-time classes 1 and 2, unicast and multicast
	idCyclicEnd      = 0xfbff
	idAlarmHigh      = 0xfc01
	idAlarmLow       = 0xfe01
	idHello          = 0xfefc
	idGetSet         = 0xfefd
	idIdentify       = 0xfefe
	idIdentified     = 0xfeff
)

// orient tells from a DCP frame who sent it: a device that answers is the
// server. Cyclic data and alarms go both ways and say nothing.
func orient(b []byte) protocol.Orientation {
	if len(b) < dcpHeader {
		return protocol.OrientUnknown
	}
	if id := binary.BigEndian.Uint16(b); id < idHello || id > idIdentified {
		return protocol.OrientUnknown
	}
	switch b[dcpTypeAt] {
	case typeRequest:
		return protocol.SentByClient
	case typeSuccess, typeUnsupported:
		return protocol.SentByServer
	}
	return protocol.OrientUnknown
}
