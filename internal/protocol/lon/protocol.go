package lon

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is LonTalk over IP.
var Protocol = &protocol.Protocol{
	Name:       "lon",
	UDP:        []uint16{1628, 1629},
	Industrial: true,
	Probe:      probe,
	Sheet: protocol.Sheet{Title: "LonTalk over IP (EIA-852)", Depth: protocol.Recognised, By: "ISO/IEC 14908-1 and 14908-4",
		Unread: []string{"what configuration packets of EIA-852 hold", "authentication", "what is in application messages and foreign frames", "repetitions to members of a group"}},
	Functions: listFunctions,
	Further:   []string{"network variable poll", "network variable update", "response"},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&nodes, &variables},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventIdentity, firedoor.EventMalformed},
}

// A packet begins with length (2), version, type, size of the extended header in
// words of four bytes, flags and protocol, vendor (2), session (4), sequence (4),
// time (4).
const (
	header    = 20
	version   = 1
	flagMAC   = 0x20 // 16 bytes of authentication at the end
	maskCode  = 0x1f // 0: LonTalk
	sizeMAC   = 16
	maxExtend = 8
)

// packet takes a packet from b; ok if its header is sound.
func packet(b []byte) (kind byte, body []byte, size int, ok bool) {
	if len(b) < header {
		return 0, nil, 0, false
	}
	size = int(binary.BigEndian.Uint16(b))
	start, end := header+4*int(b[4]), size
	if b[5]&flagMAC != 0 {
		end -= sizeMAC
	}
	if b[2] != version || b[4] > maxExtend || b[5]&0xc0 != 0 || size > len(b) || end < start {
		return 0, nil, 0, false
	}
	return b[3], b[start:end], size, true
}

// probe wants packets that fill their datagram, of types that exist, and in those
// with data a LonTalk packet that is one.
func probe(b []byte) protocol.Match {
	for left := b; ; {
		kind, body, size, ok := packet(left)
		if !ok || kinds(kind).name == "" {
			return protocol.No
		}
		if kind == typeData {
			if n, ok := read(body); left[5]&maskCode != 0 || !ok || n.body == nil {
				return protocol.No
			}
		} else if len(body) < 4 {
			return protocol.No
		}
		if left = left[size:]; len(left) == 0 {
			return protocol.Yes
		}
	}
}
