package rocplus

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is ROC Plus.
var Protocol = &protocol.Protocol{
	Name:       "roc_plus",
	TCP:        []uint16{4000},
	Industrial: true,
	Probe:      probe,
	Sheet: protocol.Sheet{Title: "ROC Plus", Depth: protocol.Recognised, By: "ROC Plus Protocol Specifications Manual (2022), as an open analyser names its fields", Golden: "ICSNPP-ROC-Plus, its parser",
		Unread: []string{"values of several parameters that are written at once or in a row, or read so that their sizes are not sure; texts", "whether a number is a real one", "history, alarms and events", "messages that are stored and forwarded"}, Holds: "name of a file on its way, at most 125 bytes"},
	Functions: listFunctions,
	Further:   []string{"logout", "request session key", "open file to write"},
	Varied:    []uint32{opLogin},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&points, &tables, &historyPoints},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventLogin, firedoor.EventFileTransfer, firedoor.EventMalformed},
}

// A message: unit and group it is for, unit and group it comes from, opcode,
// length of the data, data, check value (2, least byte first).
const (
	opcodeAt   = 4
	lengthAt   = 5
	headerSize = 6
	checkSize  = 2
)

// Seeds of the check value: the newer manual has it as Modbus does, older devices
// begin with zero.
const (
	seedNew = 0xffff
	seedOld = 0
)

func size(b []byte) int { return headerSize + int(b[lengthAt]) + checkSize }

// sound tells whether the message's check value is right by either seed.
func sound(b []byte) bool {
	n := len(b) - checkSize
	want := binary.LittleEndian.Uint16(b[n:])
	return check(b[:n], seedNew) == want || check(b[:n], seedOld) == want
}

func check(b []byte, r uint16) uint16 {
	for _, c := range b {
		r = table[byte(r)^c] ^ r>>8
	}
	return r
}

// table holds the check value of each byte: bytes are sought through for a message
// after a gap, so that it must be quick.
var table = makeTable()

func makeTable() (t [256]uint16) {
	for i := range t {
		r := uint16(i)
		for range 8 {
			if r&1 != 0 {
				r = r>>1 ^ 0xa001
			} else {
				r >>= 1
			}
		}
		t[i] = r
	}
	return t
}

// A write of one register in serial Modbus framing looks the same when its value
// is opcode * 256: such messages alone do not do.
const modbusWrite = 6

// likeGenisys tells whether the n bytes that b begins with may be a message of Genisys, which has
// the same check value: a header from 0xf1 to 0xfe in front, a station, pairs of less than 0xf0, and
// 0xf6 behind. Yet to come, it leaves the message for what follows to tell.
func likeGenisys(b []byte, n int) protocol.Match {
	const firstHeader, lastHeader, escape, end = 0xf1, 0xfe, 0xf0, 0xf6
	if b[0] < firstHeader || b[0] > lastHeader || n%2 != 0 || check(b[:n-checkSize], seedNew) != binary.LittleEndian.Uint16(b[n-checkSize:]) {
		return protocol.No
	}
	for _, c := range b[1 : n-checkSize] {
		if c >= escape {
			return protocol.No
		}
	}
	switch {
	case len(b) == n:
		return protocol.More
	case b[n] == end:
		return protocol.Yes
	}
	return protocol.No
}

// probe wants a message with an opcode that exists and its check value, and that it is not Genisys.
func probe(b []byte) protocol.Match {
	for len(b) > 0 {
		switch {
		case len(b) > opcodeAt && !opcodes[b[opcodeAt]].plus:
			return protocol.No
		case len(b) < headerSize || len(b) < size(b):
			return protocol.More
		case b[opcodeAt] == opError && b[lengthAt] == 0: // errors say which; a coil that is switched on looks so
			return protocol.No
		}
		n := size(b)
		if !sound(b[:n]) {
			return protocol.No
		}
		switch likeGenisys(b, n) {
		case protocol.Yes:
			return protocol.No
		case protocol.More:
			return protocol.More
		}
		if b[lengthAt] > 0 || b[1] != modbusWrite {
			return protocol.Yes
		}
		b = b[n:]
	}
	return protocol.More
}
