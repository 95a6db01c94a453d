package kip

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is KNXnet/IP.
var Protocol = &protocol.Protocol{
	Name:       "kip",
	TCP:        []uint16{3671},
	UDP:        []uint16{3671},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "KNXnet/IP", Depth: protocol.Recognised, By: "KNX system specification 03_08 and 03_06_03",
		Unread: []string{"bus monitor, raw and polled telegrams", "object server", "values of what a property or memory cell holds", "what is secured"}},
	Functions: listFunctions,
	Further:   []string{"set programming mode", "transport connect", "transport disconnect"},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&groups, &devices, &properties, &memory, &own, &channels},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventEncrypted, firedoor.EventMalformed},
}

// A frame begins with the size of the header, the version, the service (2) and the
// whole length (2).
const (
	header   = 6
	version  = 0x10
	maxFrame = 4096
)

// sound tells whether b begins with a header, as far as b goes.
func sound(b []byte) bool {
	if len(b) > 0 && b[0] != header || len(b) > 1 && b[1] != version {
		return false
	}
	if len(b) < header {
		return true
	}
	n := binary.BigEndian.Uint16(b[4:])
	return n >= header && n <= maxFrame
}

// probe wants a whole frame of a service that exists, beginning as it must.
func probe(b []byte) protocol.Match {
	switch {
	case !sound(b):
		return protocol.No
	case len(b) < header:
		return protocol.More
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n > protocol.MaxProbe {
		return protocol.No
	}
	s := serviceOf(binary.BigEndian.Uint16(b[2:]))
	if s == nil || n-header < s.least {
		return protocol.No
	}
	if len(b) < n {
		return protocol.More
	}
	if !fits(s, b[header:n]) {
		return protocol.No
	}
	return protocol.Yes
}

// fits tells whether a body begins as its service wants it.
func fits(s *service, body []byte) bool {
	switch s.shape {
	case shapeHPAI:
		return body[0] == 8 && (body[1] == 1 || body[1] == 2)
	case shapeConnection:
		return body[0] == 4
	case shapeChannel:
		return body[1] == 0 || body[1] >= 0x20 && body[1] < 0x30
	case shapeDIB:
		return body[0] >= 4 && int(body[0]) <= len(body) && body[1] == dibDevice
	}
	return true
}

// orient goes by the service, and by the message code of what is carried.
func orient(b []byte) protocol.Orientation {
	if len(b) < header {
		return protocol.OrientUnknown
	}
	s := serviceOf(binary.BigEndian.Uint16(b[2:]))
	if s == nil {
		return protocol.OrientUnknown
	}
	if s.carries && s.shape == shapeConnection && len(b) > header+4 {
		switch b[header+4] {
		case codeDataReq, codePropRead, codePropWrite, codeFuncCmd, codeFuncRead, codeReset:
			return protocol.SentByClient
		}
		return protocol.SentByServer
	}
	return s.by
}
