package egd

import (
	"encoding/binary"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is Ethernet Global Data.
var Protocol = &protocol.Protocol{
	Name:       "egd",
	UDP:        []uint16{18246},
	Industrial: true,
	Probe:      probe,
	Sheet: protocol.Sheet{Title: "GE Ethernet Global Data", Depth: protocol.Recognised, By: "GE Fanuc GFK-2224",
		Unread: []string{"commands to the configuration server (UDP 7937)"}},
	New:    func() protocol.Parser { return newParser() },
	Spaces: []*firedoor.Space{&exchanges},
	Events: []firedoor.EventKind{firedoor.EventSample, firedoor.EventIdentity, firedoor.EventMalformed},
}

// A message has, the least byte first: type, version, request (2), producer (4, an
// address), exchange (4), time (4 seconds, 4 nanoseconds), status (4), signature of
// the configuration (4), four zeros, data.
const (
	typeData  = 13
	version   = 1
	header    = 32
	maxData   = 1400
	maxStatus = 30
)

// probe wants a header in which all that is fixed or small is so.
func probe(b []byte) protocol.Match {
	if len(b) <= header || len(b) > header+maxData || b[0] != typeData || b[1] != version ||
		b[4] == 0 || binary.LittleEndian.Uint32(b[8:]) == 0 ||
		binary.LittleEndian.Uint32(b[16:]) >= 1e9 || binary.LittleEndian.Uint32(b[20:]) > maxStatus ||
		binary.LittleEndian.Uint32(b[28:]) != 0 {
		return protocol.No
	}
	return protocol.Yes
}

// exchanges are told by their producer and their number.
var exchanges = firedoor.Space{Name: "exchange", Append: func(dst []byte, o *firedoor.Object) []byte {
	dst = append(address(append(dst, "producer:"...), o.At[0]), "/exchange:"...)
	return strconv.AppendUint(dst, uint64(o.At[1]), 10)
}}

func address(dst []byte, ip uint32) []byte {
	for shift := 24; shift >= 0; shift -= 8 {
		if dst = strconv.AppendUint(dst, uint64(ip>>shift&255), 10); shift > 0 {
			dst = append(dst, '.')
		}
	}
	return dst
}
