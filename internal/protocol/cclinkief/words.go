package cclinkief

import (
	"encoding/binary"
	"strconv"

	"firedoor"
)

// Areas of a station.
const (
	areaRWw = iota
	areaRY
	areaRWr
	areaRX
	areaEnd
)

var areas = [...]string{"RWw", "RY", "RWr", "RX", "end-code"}

// stations are the points of a slave station: its address, an area, and the first
// point, counted from zero. Nodes are known by their MAC address alone.
var (
	stations = firedoor.Space{Name: "station", Axis: 3, Append: func(dst []byte, o *firedoor.Object) []byte {
		dst = append(dst, "station:"...)
		for shift := 24; shift >= 0; shift -= 8 {
			if dst = strconv.AppendUint(dst, uint64(o.At[0]>>shift&255), 10); shift > 0 {
				dst = append(dst, '.')
			}
		}
		dst = append(append(dst, '/'), areas[o.At[1]%uint32(len(areas))]...)
		return strconv.AppendUint(append(dst, ':'), uint64(o.At[2]), 10)
	}}
	nodes = firedoor.Space{Name: "node", Append: func(dst []byte, o *firedoor.Object) []byte {
		dst = append(dst, "node:"...)
		mac := uint64(o.At[0])<<32 | uint64(o.At[1])
		for shift := 40; shift >= 0; shift -= 8 {
			if dst = digits(dst, byte(mac>>shift)); shift > 0 {
				dst = append(dst, ':')
			}
		}
		return dst
	}}
)

func digits(dst []byte, x byte) []byte {
	const set = "0123456789abcdef"
	return append(dst, set[x>>4], set[x&15])
}

// hex writes a number whose least byte comes first.
func hex(dst, b []byte) []byte {
	for i := len(b) - 1; i >= 0; i-- {
		dst = digits(dst, b[i])
	}
	return dst
}

// macAt reads a MAC address, whose last byte comes first.
func macAt(b []byte) firedoor.MAC {
	return firedoor.MAC(binary.LittleEndian.Uint32(b)) | firedoor.MAC(binary.LittleEndian.Uint16(b[4:]))<<32
}

func nodeAt(b []byte) [4]uint32 {
	m := macAt(b)
	return [4]uint32{uint32(m >> 32), uint32(m)}
}

// endCode is the word for an end code of the network.
func endCode(code uint16) string {
	switch code {
	case 0xc059:
		return "command-error"
	case 0xc05c:
		return "request-message-error"
	case 0xc61c:
		return "request-data-length-mismatch"
	case 0xcee0:
		return "busy"
	case 0xcf20:
		return "cannot-be-set"
	case 0xcfe0:
		return "master-station-duplication"
	case 0xcfe1:
		return "wrong-number-of-occupied-stations"
	case 0xcff0:
		return "slave-station-error"
	case 0xcfff:
		return "disconnection-requested"
	}
	return ""
}
