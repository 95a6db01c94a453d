package wire

import "encoding/binary"

// TPKT framing (RFC 1006, 6): version 3, a reserved zero, and the length of the
// whole packet.
const (
	TPKTHeader  = 4
	tpktVersion = 3
	tpktLeast   = TPKTHeader + 3 // the shortest TPDU is a DT header
)

// TPKT reads the packet header at the start of b. Size is the length of the
// whole packet, 0 while the header is not in; ok is false when it is no header.
func TPKT(b []byte) (size int, ok bool) {
	if len(b) > 0 && b[0] != tpktVersion || len(b) > 1 && b[1] != 0 {
		return 0, false
	}
	if len(b) < TPKTHeader {
		return 0, true
	}
	size = int(binary.BigEndian.Uint16(b[2:]))
	return size, size >= tpktLeast
}
