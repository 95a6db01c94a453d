package hartip

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is HART-IP.
var Protocol = &protocol.Protocol{
	Name:       "hart_ip",
	TCP:        []uint16{5094},
	UDP:        []uint16{5094},
	Sealed:     []uint16{5094},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "HART-IP", Depth: protocol.Recognised, By: "FieldComm Group TS20085, HCF_SPEC-127 and -151",
		Unread: []string{"values that are written, and read ones other than of variables (commands 1, 2, 3, 9, 33)", "commands of device families: number only"}},
	Functions: listFunctions,
	Whole:     true,
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&devices},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventMalformed},
}

// Header of a message (TS20085, 5): version, type, identifier, status, sequence
// number (2), length with the header (2).
const (
	headerSize = 8
	maxMessage = 8192 // audit logs are the longest and have about 1,000 bytes
)

// Types of message.
const (
	typeRequest  = 0
	typeResponse = 1
	typePublish  = 2
	typeError    = 3
	typeNAK      = 15
)

// Identifiers of messages.
const (
	idInitiate  = 0
	idClose     = 1
	idKeepAlive = 2
	idToken     = 3
	idDirect    = 4
	idAudit     = 5
)

// sound tells whether b begins with a header, as far as b goes.
func sound(b []byte) bool {
	if len(b) > 0 && b[0] != 1 && b[0] != 2 {
		return false
	}
	if len(b) > 1 && b[1] > typeError && b[1] != typeNAK {
		return false
	}
	if len(b) > 2 && b[2] > idAudit {
		return false
	}
	if len(b) < headerSize {
		return true
	}
	n := int(binary.BigEndian.Uint16(b[6:]))
	return n >= headerSize && n <= maxMessage
}

// probe wants a whole message whose body fits its header to the byte: the header
// alone is little more than small numbers.
func probe(b []byte) protocol.Match {
	switch {
	case !sound(b):
		return protocol.No
	case len(b) < headerSize:
		return protocol.More
	case b[1] == typeRequest && b[3] != 0:
		return protocol.No
	}
	n := int(binary.BigEndian.Uint16(b[6:]))
	id, kind := b[2], b[1]
	switch {
	case kind >= typeError:
		if n != headerSize+1 {
			return protocol.No
		}
	case id == idInitiate:
		if n != headerSize+5 || kind == typePublish {
			return protocol.No
		}
	case id == idClose || id == idKeepAlive:
		if n != headerSize || kind == typePublish || b[3] != 0 {
			return protocol.No
		}
	case n > protocol.MaxProbe:
		return protocol.No // the probe would never see it whole
	}
	if len(b) < n {
		return protocol.More
	}
	if !fits(kind, id, b[headerSize:n]) {
		return protocol.No
	}
	return protocol.Yes
}

// fits tells whether a body is what its message must hold.
func fits(kind, id byte, body []byte) bool {
	switch {
	case kind >= typeError:
		return id == idInitiate || body[0] != 0
	case id == idInitiate:
		return body[0] <= 1 && body[1] == 0 // an inactivity of less than 4.6 hours
	case id == idToken:
		u, ok := readUnit(body)
		return ok && u.checked && u.kind == kinds[kind]
	case id == idDirect:
		w := walk{body: body, at: 2}
		for w.next() {
		}
		return w.count > 0 && w.whole()
	case id == idAudit:
		return kind == typeRequest && len(body) == 2 || kind == typeResponse && len(body) >= 8
	}
	return true
}

// orient goes by the type of the first message.
func orient(b []byte) protocol.Orientation {
	switch {
	case len(b) < headerSize:
		return protocol.OrientUnknown
	case b[1] == typeRequest:
		return protocol.SentByClient
	default:
		return protocol.SentByServer
	}
}
