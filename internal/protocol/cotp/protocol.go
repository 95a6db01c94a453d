package cotp

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Protocol is TPKT and COTP, found by a connection's first message or, in the
// middle of one, by an inner protocol that has no parser of its own.
var Protocol = &protocol.Protocol{
	Name:       "cotp",
	TCP:        []uint16{102},
	Sealed:     []uint16{102, 3782},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "ISO transport class 0 over TPKT", Depth: protocol.Recognised, By: "RFC 1006, ISO 8073",
		Unread: []string{"classes 1 to 4"}},
	Functions: listFunctions,
	Whole:     true,
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{wire.SpaceTSAP},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventMalformed, firedoor.EventHandOver},
}

// probe wants a whole connect request or confirm that names a transport
// selector, or a data unit that begins like an ISO session, in however many TPDUs it
// comes. What begins like S7comm or S7comm-plus is left to their own probes.
func probe(b []byte) protocol.Match {
	var c wire.COTP
	var unit wire.Beginning
	for range maxParts {
		size, ok := wire.TPKT(b)
		switch {
		case !ok:
			return protocol.No
		case size == 0 || len(b) < wire.TPKTHeader+3:
			return protocol.More
		case b[5]&0xf0 != wire.COTPData && b[5]&0xf0 != wire.COTPConnect && b[5]&0xf0 != wire.COTPConfirm:
			return protocol.No
		case len(b) < size && size <= protocol.MaxProbe:
			return protocol.More
		case !wire.ReadCOTP(b[wire.TPKTHeader:min(size, len(b))], &c):
			return protocol.No
		}
		if c.Type != wire.COTPData {
			return matchControl(&c)
		}
		unit.Add(c.Data, len(c.Data), c.EOT)
		if wire.CarriesOf(unit.Bytes(), unit.Size) == wire.CarriesOSI {
			return protocol.Yes
		}
		if c.EOT || len(b) < size || !mayCarry(&unit) {
			return protocol.No
		}
		if b = b[size:]; len(b) == 0 {
			return protocol.More
		}
	}
	return protocol.No
}

// maxParts is how many TPDUs of one data unit, or keep-alives, which say nothing, a
// probe goes through.
const maxParts = 32

// mayCarry tells whether what is to come can make an ISO session of a data unit: of a
// beginning of one, or of nothing yet.
func mayCarry(unit *wire.Beginning) bool {
	head := unit.Bytes()
	if len(head) == 0 {
		return true
	}
	switch head[0] {
	case 0x01: // give tokens, of which the first bytes are not all there
		return len(head) < wire.CarriesHead
	case 0x0d, 0x0e, 0x0c, 0x19: // a length that comes up to the whole unit
		return len(head) < 2 || int(head[1])+2 > unit.Size
	}
	return false
}

func matchControl(c *wire.COTP) protocol.Match {
	if c.NamesTSAP() && len(c.Data) == 0 {
		return protocol.Yes
	}
	return protocol.No
}

func orient(b []byte) protocol.Orientation {
	var c wire.COTP
	size, ok := wire.TPKT(b)
	if !ok || size == 0 || len(b) < size || !wire.ReadCOTP(b[wire.TPKTHeader:size], &c) {
		return protocol.OrientUnknown
	}
	switch c.Type {
	case wire.COTPConnect:
		return protocol.SentByClient
	case wire.COTPConfirm:
		return protocol.SentByServer
	case wire.COTPData:
		return orientMMS(c.Data)
	}
	return protocol.OrientUnknown
}

// orientMMS tells who sends the beginning of a session of MMS, or a unit of it:
// clients ask, servers answer and report.
func orientMMS(tsdu []byte) protocol.Orientation {
	if !wire.CarriesMMS(tsdu) {
		return protocol.OrientUnknown
	}
	kind := tsdu[0]
	if kind == 1 {
		_, unit := wire.PresentationData(tsdu[4:])
		kind = unit[0] // CarriesMMS saw it
	}
	switch kind {
	case 0x0d, 0xa8, 0xa0, 0x8b:
		return protocol.SentByClient
	case 0x0e, 0xa1, 0xa2, 0xa3, 0x8c:
		return protocol.SentByServer
	}
	return protocol.OrientUnknown
}
