package ecat

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is EtherCAT.
var Protocol = &protocol.Protocol{
	Name:       "ecat",
	UDP:        []uint16{34980},
	Ethernet:   []uint16{0x88a4},
	Industrial: true,
	Probe:      probe,
	Returns:    true,
	Sheet: protocol.Sheet{Title: "EtherCAT", Depth: protocol.Recognised, Holds: "32 places of safety containers of 16 bytes each, 32 of those with one checksum of 20 bytes each", By: "ETG.1000.4 and ETG.1000.6 (IEC 61158-4-12, -6-12), ETG.5100",
		Unread: []string{"FSoE with up to two bytes of safe data: nothing in a frame proves it", "object dictionaries, servo and AoE mailboxes: named only",
			"content of files", "writes of which only the returning frame is seen", "mailbox gateway over TCP"}},
	Functions: listFunctions,
	Further:   []string{"distribute clock", "foe read", "foe write", "foe error", "read eeprom", "write eeprom", "reload eeprom", "sdo information"},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&registers, &objects, &logical, &variables, &mailboxes, &containers},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventMalformed},
}

// A frame begins with 11 bits of length, one reserved and 4 of type, the least byte
// first. Those of type 1 hold datagrams: command, index, address (4), length (11
// bits; 3 reserved, circulating, more follow), interrupts (2), data, working
// counter (2).
const (
	frameHeader = 2
	lengthMask  = 0x7ff

	typeDatagrams = 1
	typeVariables = 4
	typeMailbox   = 5

	header  = 10
	counter = 2
	more    = 0x8000
)

// frame tells what a frame holds; ok if its length fits. Short frames are padded.
func frame(b []byte) (kind uint16, body []byte, ok bool) {
	if len(b) < frameHeader {
		return 0, nil, false
	}
	h := binary.LittleEndian.Uint16(b)
	n := int(h & lengthMask)
	if n > len(b)-frameHeader {
		return h >> 12, b[frameHeader:], false
	}
	return h >> 12, b[frameHeader : frameHeader+n], true
}

// datagram is one command of a frame.
type datagram struct {
	command  byte
	index    byte   // the master's own, which comes back
	nth      byte   // in its frame
	position uint16 // or station
	offset   uint16
	data     []byte
	counter  uint16
	end      int // where it ends
}

// next reads the datagram at b[at:]; ok if there is a whole one.
func next(b []byte, at int) (d datagram, last, ok bool) {
	if len(b)-at < header+counter {
		return d, true, false
	}
	h := b[at:]
	length := binary.LittleEndian.Uint16(h[6:])
	n := int(length & lengthMask)
	if len(h) < header+n+counter {
		return d, true, false
	}
	return datagram{command: h[0], index: h[1], position: binary.LittleEndian.Uint16(h[2:]), offset: binary.LittleEndian.Uint16(h[4:]),
		data: h[header : header+n], counter: binary.LittleEndian.Uint16(h[header+n:]), end: at + header + n + counter}, length&more == 0, true
}

// probe is asked of UDP alone, and wants datagrams of commands that exist, or a
// mailbox, that fill their frame to the byte.
func probe(b []byte) protocol.Match {
	kind, body, ok := frame(b)
	if !ok || len(body) != len(b)-frameHeader || b[1]&8 != 0 {
		return protocol.No
	}
	switch kind {
	case typeDatagrams:
		for at := 0; ; {
			d, last, ok := next(body, at)
			if !ok || int(d.command) >= len(commands) || body[at+7]&0x38 != 0 {
				return protocol.No
			}
			if at = d.end; last {
				if at == len(body) {
					return protocol.Yes
				}
				return protocol.No
			}
		}
	case typeMailbox:
		if m, ok := mailbox(body); ok && m.end == len(body) {
			return protocol.Yes
		}
	}
	return protocol.No
}
