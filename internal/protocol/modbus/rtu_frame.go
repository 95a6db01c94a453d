package modbus

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Sizes of a frame on a serial line (2.5.1): unit, function, data, checksum.
const (
	maxRTU  = 256
	minRTU  = 4
	sumRTU  = 2
	maxUnit = 247 // 0 is for all
)

// Sizes that rtuSize cannot give: more bytes are needed to know, only the
// checksum tells, or no frame begins like this.
const (
	sizeMore = -iota
	sizeBySum
	sizeNone
)

// rtuSize is the size of the frame that b begins with, if the given side sent it.
func rtuSize(dir firedoor.Direction, b []byte) int {
	if len(b) < 1 {
		return sizeMore
	}
	if b[0] > maxUnit {
		return sizeNone
	}
	if len(b) < 2 {
		return sizeMore
	}
	code := b[1]
	if dir == firedoor.FromClient {
		if code == 0 || code >= exceptionBit {
			return sizeNone
		}
		return rtuAsked(code, b)
	}
	if code >= exceptionBit {
		return 5
	}
	return rtuAnswered(code, b)
}

// counted is the size of a frame with a count of bytes at a place and as many
// bytes behind it.
func counted(b []byte, at int) int {
	if len(b) <= at {
		return sizeMore
	}
	return within(at + 1 + int(b[at]) + sumRTU)
}

// within is n if a frame may be that long.
func within(n int) int {
	if n > maxRTU {
		return sizeNone
	}
	return n
}

func rtuAsked(code byte, b []byte) int {
	switch functions[code].form {
	case formRead, formWriteOne:
		return 8
	case formStatus, formCounter, formLog, formServerID:
		return minRTU
	case formDiagnostics:
		return rtuDiagnostics(b)
	case formWriteMany:
		return counted(b, 6)
	case formReadFile, formWriteFile:
		return counted(b, 2)
	case formMask:
		return 10
	case formReadWrite:
		return counted(b, 10)
	case formQueue:
		return 6
	case formEncapsulated:
		if len(b) < 3 {
			return sizeMore
		}
		if b[2] == meiDeviceID {
			return 7
		}
	}
	return sizeBySum
}

func rtuAnswered(code byte, b []byte) int {
	switch functions[code].form {
	case formRead, formReadWrite, formLog, formServerID, formReadFile, formWriteFile:
		return counted(b, 2)
	case formWriteOne, formWriteMany, formCounter:
		return 8
	case formStatus:
		return 5
	case formDiagnostics:
		return rtuDiagnostics(b)
	case formMask:
		return 10
	case formQueue:
		if len(b) < 4 {
			return sizeMore
		}
		return within(4 + int(binary.BigEndian.Uint16(b[2:])) + sumRTU)
	case formEncapsulated:
		return rtuIdentity(b)
	}
	return sizeBySum
}

// rtuDiagnostics: what is echoed may have any length, all else has two words.
func rtuDiagnostics(b []byte) int {
	switch {
	case len(b) < 4:
		return sizeMore
	case b[2] == 0 && b[3] == subEcho:
		return sizeBySum
	}
	return 8
}

// rtuIdentity walks the objects of a device identification (6.21).
func rtuIdentity(b []byte) int {
	if len(b) < 3 {
		return sizeMore
	}
	if b[2] != meiDeviceID {
		return sizeBySum
	}
	if len(b) < 8 {
		return sizeMore
	}
	at := 8
	for range b[7] {
		if at > maxRTU {
			return sizeNone
		}
		if len(b) < at+2 {
			return sizeMore
		}
		at += 2 + int(b[at+1])
	}
	return within(at + sumRTU)
}

// rtuFrame finds the whole frame that b begins with, if the given side sent it.
func rtuFrame(dir firedoor.Direction, b []byte) (size int, m protocol.Match) {
	n := rtuSize(dir, b)
	switch {
	case n == sizeNone:
		return 0, protocol.No
	case n == sizeMore:
		return 0, protocol.More
	case n == sizeBySum:
		return rtuBySum(b)
	case len(b) < n:
		return 0, protocol.More
	case crc(crcBegin, b[:n]) != 0:
		return 0, protocol.No
	}
	return n, protocol.Yes
}

// rtuBySum finds the first place where a checksum fits what is before it.
func rtuBySum(b []byte) (size int, m protocol.Match) {
	sum := uint16(crcBegin)
	for i, c := range b[:min(len(b), maxRTU)] {
		sum = crcTable[byte(sum)^c] ^ sum>>8
		if i >= minRTU && sum == 0 { // a byte of data at least
			return i + 1, protocol.Yes
		}
	}
	if len(b) >= maxRTU {
		return 0, protocol.No
	}
	return 0, protocol.More
}

// The checksum (Modbus over Serial Line, 6.2.2), least significant byte first, so
// that the sum over a frame and its checksum is zero.
const (
	crcBegin = 0xffff
	crcPoly  = 0xa001
)

var crcTable = makeTable()

func makeTable() (t [256]uint16) {
	for i := range t {
		sum := uint16(i)
		for range 8 {
			if sum&1 != 0 {
				sum = sum>>1 ^ crcPoly
			} else {
				sum >>= 1
			}
		}
		t[i] = sum
	}
	return t
}

func crc(sum uint16, b []byte) uint16 {
	for _, c := range b {
		sum = crcTable[byte(sum)^c] ^ sum>>8
	}
	return sum
}
