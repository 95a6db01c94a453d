package sbus

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is S-Bus on Ethernet.
var Protocol = &protocol.Protocol{
	Name:       "sbus",
	UDP:        []uint16{5050},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "SAIA S-Bus", Depth: protocol.Recognised, By: "descriptions of the format in open dissectors",
		Unread: []string{"content of program memory, texts and blocks", "multi-media requests", "Profi-S-Bus and serial S-Bus"}},
	Functions: listFunctions,
	Further:   []string{"answer", "acknowledgement"},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    spaces,
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventIdentity, firedoor.EventMalformed},
}

// A telegram: length of all of it (4), version, type, sequence (2), attribute; a
// request then has the station and the command; a check value (2) ends it.
const (
	versionAt   = 4
	typeAt      = 5
	sequenceAt  = 6
	attributeAt = 8
	stationAt   = 9
	commandAt   = 10
	dataAt      = 11 // of a request
	answerAt    = 9  // data of an answer
	checkSize   = 2
	maxTelegram = 2048
)

// Attributes.
const (
	request     = 0
	response    = 1
	acknowledge = 2
)

// least are the bytes of the shortest telegram of an attribute.
var least = [...]int{request: dataAt + checkSize, response: answerAt + checkSize, acknowledge: answerAt + 2 + checkSize}

// probe wants a whole telegram: its length, what exists, and its check value.
func probe(b []byte) protocol.Match {
	switch {
	case len(b) < 4 && !zeros(b[:min(len(b), 2)]):
		return protocol.No
	case len(b) < 4:
		return protocol.More
	}
	n := int(binary.BigEndian.Uint32(b))
	switch {
	case n < least[response] || n > protocol.MaxProbe || len(b) > n:
		return protocol.No
	case len(b) > versionAt && b[versionAt] > 1,
		len(b) > typeAt && b[typeAt] != 0,
		len(b) > attributeAt && b[attributeAt] > acknowledge:
		return protocol.No
	case len(b) < n:
		return protocol.More
	case !sound(b):
		return protocol.No
	}
	return protocol.Yes
}

func zeros(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// sound tells whether b is a whole telegram with a right check value.
func sound(b []byte) bool {
	return framed(b) && check(b[:len(b)-checkSize]) == binary.BigEndian.Uint16(b[len(b)-checkSize:])
}

func framed(b []byte) bool {
	return len(b) >= least[response] && len(b) <= maxTelegram && binary.BigEndian.Uint32(b) == uint32(len(b)) &&
		b[versionAt] <= 1 && b[typeAt] == 0 && b[attributeAt] <= acknowledge && len(b) >= least[b[attributeAt]]
}

// check is the CRC of 16 bits with polynomial 0x1021, from zero on.
func check(b []byte) uint16 {
	var r uint16
	for _, c := range b {
		r ^= uint16(c) << 8
		for range 8 {
			if r&0x8000 != 0 {
				r = r<<1 ^ 0x1021
			} else {
				r <<= 1
			}
		}
	}
	return r
}

// orient: the attribute tells.
func orient(b []byte) protocol.Orientation {
	switch {
	case len(b) <= attributeAt:
		return protocol.OrientUnknown
	case b[attributeAt] == request:
		return protocol.SentByClient
	default:
		return protocol.SentByServer
	}
}
