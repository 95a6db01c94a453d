package tristation

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is TriStation.
var Protocol = &protocol.Protocol{
	Name:       "tristation",
	UDP:        []uint16{1502},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "Triconex TriStation (safety controllers)", Depth: protocol.Recognised,
		Golden: "Nozomi's dissector in Lua (tricotools), plain answers against FireEye's dissector too", By: "published research on TRITON (Nozomi Networks, FireEye, CISA MAR-17-352-01)",
		Holds:  "for each of 256 requests that wait 32 bytes; 4 transfers",
		Unread: []string{"points and system variables: function only", "name and version of a project on its way: programs and functions are told by number", "what programs do", "chassis status"}},
	Functions: listFunctions,
	Further:   []string{"connect", "disconnect", "ping"},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&programs, &functions},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventIdentity, firedoor.EventFileTransfer, firedoor.EventMalformed},
}

// Objects.
var (
	programs  = firedoor.Space{Name: "program"}
	functions = firedoor.Space{Name: "function"}
)

// A datagram, and the message in it.
const (
	outer     = 4 // before the message
	crcSize   = 2
	header    = 10 // of the message
	bodyAt    = outer + header
	atLength  = 2
	atWay     = 4
	atCode    = 6
	atNumber  = 7
	atInner   = 12
	least     = outer + crcSize
	mostBytes = 1500
)

// frame tells whether b is one datagram whose lengths and checksum fit.
func frame(b []byte) bool {
	if len(b) < least || len(b) > mostBytes || b[0] == 0 || b[0] > typeFailed {
		return false
	}
	length := int(binary.LittleEndian.Uint16(b[atLength:]))
	if length != len(b)-least || length > 0 && length < header {
		return false
	}
	if length > 0 && (b[atWay] > 1 || int(binary.LittleEndian.Uint16(b[atInner:])) != length) {
		return false
	}
	n := len(b) - crcSize
	return crc16(b[:n]) == binary.LittleEndian.Uint16(b[n:])
}

// probe wants a whole datagram: its checksum leaves one in 65,536 of what is none.
func probe(b []byte) protocol.Match {
	if frame(b) {
		return protocol.Yes
	}
	return protocol.No
}

// orient goes by the direction that messages carry.
func orient(b []byte) protocol.Orientation {
	switch {
	case !frame(b):
		return protocol.OrientUnknown
	case len(b) > bodyAt && b[atWay] == 1:
		return protocol.SentByServer
	case len(b) > bodyAt, b[0] == typeConnect, b[0] == typeDisconnect:
		return protocol.SentByClient
	case b[0] == typePing, b[0] == typeCommand:
		return protocol.OrientUnknown
	}
	return protocol.SentByServer
}

// crc16 is the checksum with the polynomial 0x8005, reflected, from zero on.
func crc16(b []byte) uint16 {
	c := uint16(0)
	for _, x := range b {
		c = crcNibble[(c^uint16(x))&15] ^ c>>4
		c = crcNibble[(c^uint16(x)>>4)&15] ^ c>>4
	}
	return c
}

var crcNibble = [16]uint16{0x0000, 0xcc01, 0xd801, 0x1400, 0xf001, 0x3c00, 0x2800, 0xe401, 0xa001, 0x6c00, 0x7800, 0xb401, 0x5000, 0x9c01, 0x8801, 0x4400}
