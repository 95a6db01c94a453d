package dns

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Protocol is DNS.
var Protocol = &protocol.Protocol{
	Name:   "dns",
	TCP:    []uint16{53},
	UDP:    []uint16{53},
	Sealed: []uint16{853},
	Probe:  probe,
	Orient: orient,
	Sheet: protocol.Sheet{Title: "Domain Name System", Depth: protocol.Names, By: "RFC 1035",
		Unread: []string{"transfers of zones"}},
	New:    func() protocol.Parser { return newParser() },
	Events: []firedoor.EventKind{firedoor.EventLookup, firedoor.EventIdentity, firedoor.EventMalformed},
}

// frame is the length that precedes a message on TCP (RFC 1035, 4.2.2).
const frame = 2

// probe takes a datagram that is one whole message, or a TCP stream whose first
// message is whole; of one longer than can be probed, header and question must
// be sound. A flow does not say which of the two it is, and one cannot be taken
// for the other: two bytes of shift never leave both whole.
func probe(b []byte) protocol.Match {
	if isMessage(b) {
		return protocol.Yes
	}
	return probeStream(b)
}

func isMessage(b []byte) bool {
	d, ok := wire.ReadDNS(b)
	return ok && plausible(&d) && d.Whole() && d.Kind() == wire.UnicastDNS
}

func probeStream(b []byte) protocol.Match {
	if len(b) < frame {
		return protocol.More
	}
	n := int(binary.BigEndian.Uint16(b))
	if n < wire.DNSHeader+5 {
		return protocol.No
	}
	if len(b) >= frame+n {
		if isMessage(b[frame : frame+n]) {
			return protocol.Yes
		}
		return protocol.No
	}
	b = b[frame:]
	d, ok := wire.ReadDNS(b)
	if !ok {
		return probeHeader(b)
	}
	if !plausible(&d) || d.Count[wire.Question] != 1 {
		return protocol.No
	}
	var r wire.Record
	switch _, ok := d.Next(&r); {
	case ok && (r.Class != classIN || !known(r.Type)) || !ok && len(b) >= wire.DNSHeader+wire.MaxDNSName+4:
		return protocol.No
	case ok && frame+n > protocol.MaxProbe && frame+len(b) >= longEnough:
		return protocol.Yes
	}
	return protocol.More
}

// longEnough is how much of a message longer than MaxProbe must have come.
const longEnough = 512

// probeHeader looks at the part of a header that has come: no more than one
// question is asked on a stream.
func probeHeader(b []byte) protocol.Match {
	const opcode, count = 2, 5
	switch {
	case len(b) > opcode && b[opcode]>>3&0xf > opUpdate:
		return protocol.No
	case len(b) > count && (b[count-1] != 0 || b[count] != 1):
		return protocol.No
	}
	return protocol.More
}

// Classes a question may have: Internet, CHAOS, none (updates), any.
const (
	classIN    = 1
	classChaos = 3
	classNone  = 254
	classAny   = 255
)

// plausible checks what the header and first question of every real message keep.
func plausible(d *wire.DNS) bool {
	switch d.Opcode() {
	case opQuery:
		if !d.IsResponse() && (d.Count[wire.Question] == 0 || d.Count[wire.Answer] != 0 || d.Rcode() != 0) {
			return false
		}
	case opNotify, opUpdate:
	default:
		return false
	}
	if d.Count[wire.Question] == 0 && d.Count[wire.Answer] == 0 || d.Count[wire.Question] > 4 {
		return false
	}
	if d.Count[wire.Question] == 0 {
		return true
	}
	defer d.Rewind()
	var r wire.Record
	if _, ok := d.Next(&r); !ok {
		return true // too little of it is here: the caller asks for the whole
	}
	return known(r.Type) && (r.Class == classIN || r.Class == classChaos || r.Class == classNone || r.Class == classAny)
}

// known tells the record types one can ask for (IANA, DNS parameters) apart
// from numbers that nobody was given, and from 32, which only NBNS uses.
func known(t uint16) bool {
	return t >= 1 && t <= 110 && t != 32 || t >= 128 && t <= 132 || t >= 249 && t <= 262 || t == 32768 || t == 32769 || t >= 65280
}

func orient(b []byte) protocol.Orientation {
	if !isMessage(b) {
		if len(b) < frame {
			return protocol.OrientUnknown
		}
		b = b[frame:]
	}
	d, ok := wire.ReadDNS(b)
	switch {
	case !ok:
		return protocol.OrientUnknown
	case d.IsResponse():
		return protocol.SentByServer
	}
	return protocol.SentByClient
}
