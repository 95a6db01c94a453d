package bsap

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is BSAP.
var Protocol = &protocol.Protocol{
	Name:       "bsap",
	UDP:        []uint16{1234, 1235},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "Bristol BSAP over UDP, serial frames and over IP", Depth: protocol.Recognised,
		By:     "the description and logs of CISA's ICSNPP-BSAP",
		Golden: "ICSNPP-BSAP, its parser and its logs",
		Holds:  "for each of 256 requests that wait 64 bytes and 1 KB of names",
		Unread: []string{"values of signals that are read without their types; written ones but numbers and switch-offs", "all by list: function only", "alarms and reports by exception: function only", "form over IP: never seen"}},
	Functions: listFunctions,
	Further:   []string{"database access"},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&signals, &addresses},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventMalformed},
}

// signals go by their names, and where a computer has asked for them, by addresses.
var (
	signals   = firedoor.Space{Name: "signal", Append: func(dst []byte, o *firedoor.Object) []byte { return append(dst, o.Text...) }}
	addresses = firedoor.Space{Name: "address"}
)

// Octets of a serial frame.
const (
	dle = 0x10
	stx = 0x02
	etx = 0x03
)

// maxFrame is the longest frame that is read.
const maxFrame = 512

// Headers of the form over IP.
const (
	ipHeader     = 14
	ipHeaderLong = 22
	ipMessage    = 11 // length, an octet, sequence, function or return code, node status
	maxMessages  = 16
	typeAnswer   = 5
)

func asksOverIP(kind uint16) bool { return kind == 6 || kind == 0x84 || kind == 0x86 }

// unframe takes a serial frame apart; ok if its checksum is right and nothing stands
// around it.
func unframe(b, buf []byte) (frame []byte, ok bool) {
	if len(b) < 8 || b[0] != dle || b[1] != stx {
		return nil, false
	}
	out := buf[:0]
	for i := 2; i+1 < len(b); i++ {
		c := b[i]
		if c == dle {
			if i++; b[i] == etx {
				return out, i+3 == len(b) && crc(out) == binary.LittleEndian.Uint16(b[i+1:])
			}
			if b[i] != dle {
				return nil, false
			}
		}
		if len(out) == maxFrame {
			return nil, false
		}
		out = append(out, c)
	}
	return nil, false
}

// crc is the checksum with the polynomial 0x1021, reflected, from ones on, over a frame
// and what ends it.
func crc(b []byte) uint16 {
	c := uint16(0xffff)
	step := func(x byte) {
		c ^= uint16(x)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ 0x8408
			} else {
				c >>= 1
			}
		}
	}
	for _, x := range b {
		step(x)
	}
	step(etx)
	return c
}

// overIP tells whether a datagram has the header of the form over IP and as many
// messages as it says, which fill it.
func overIP(b []byte) bool {
	if len(b) < ipHeader+ipMessage {
		return false
	}
	size, n, kind := int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:])), binary.LittleEndian.Uint16(b[4:])
	if size != ipHeader && size != ipHeaderLong || n == 0 || n > maxMessages || kind != typeAnswer && !asksOverIP(kind) {
		return false
	}
	rest := b[min(size, len(b)):]
	for range n {
		if len(rest) < ipMessage {
			return false
		}
		length := binary.LittleEndian.Uint32(rest)
		if length < ipMessage || uint64(length) > uint64(len(rest)) {
			return false
		}
		rest = rest[length:]
	}
	return len(rest) == 0
}

// probe wants a whole frame with its checksum, or a whole message over IP.
func probe(b []byte) protocol.Match {
	var buf [maxFrame]byte
	if m, ok := unframe(b, buf[:]); ok && len(m) >= 3 || overIP(b) {
		return protocol.Yes
	}
	return protocol.No
}

// orient goes by who asks.
func orient(b []byte) protocol.Orientation {
	var buf [maxFrame]byte
	if m, ok := unframe(b, buf[:]); ok {
		h := header(m)
		switch {
		case h.data == nil:
			return protocol.OrientUnknown
		case h.answers():
			return protocol.SentByServer
		}
		return protocol.SentByClient
	}
	if !overIP(b) {
		return protocol.OrientUnknown
	}
	if asksOverIP(binary.LittleEndian.Uint16(b[4:])) {
		return protocol.SentByClient
	}
	return protocol.SentByServer
}
