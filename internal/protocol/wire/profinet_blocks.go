package wire

import "encoding/binary"

// What PROFINET's context management and those who listen to it both read
// (IEC 61158-6-10, by names of fields).

// ProfinetFamily is what the UUIDs of PROFINET's interfaces end with; they differ in
// the first four bytes: 0xdea00001 device, 2 controller, 3 supervisor, 4 parameter
// server. 0xdea00000 begins the UUIDs of objects.
const ProfinetFamily = "\x6c\x97\x11\xd1\x82\x71\x00\xa0\x24\x42\xdf\x7d"

const (
	profinetPrefix        = "\xde\xa0\x00"
	profinetLastInterface = 4
)

// ProfinetInterface tells whether a UUID is that of an interface of PROFINET.
func ProfinetInterface(u *UUID) bool {
	return string(u[:3]) == profinetPrefix && u[3] >= 1 && u[3] <= profinetLastInterface && string(u[4:]) == ProfinetFamily
}

// ProfinetArguments is what stands before the blocks of a message: the length that
// the answer may have, or the status; the length of the arguments; and NDR's three of
// an array.
const ProfinetArguments = 20

// ProfinetBlock is the header of a block: type 2, length 2 (of what is behind),
// version 2.
const ProfinetBlock = 6

// ProfinetBlocks goes through blocks, each padded to four bytes at most.
type ProfinetBlocks struct {
	B   []byte
	Bad bool // a block is longer than what holds it
}

// Next cuts off the first block, with its header; nil if there is none.
func (w *ProfinetBlocks) Next() (kind uint16, b []byte) {
	be := binary.BigEndian
	for len(w.B) >= 2 && be.Uint16(w.B) == 0 { // no block has this type: it is padding
		w.B = w.B[2:]
	}
	if len(w.B) < ProfinetBlock {
		return 0, nil
	}
	n := 4 + int(be.Uint16(w.B[2:]))
	if n < ProfinetBlock || n > len(w.B) {
		w.Bad, w.B = true, nil
		return 0, nil
	}
	b, w.B = w.B[:n:n], w.B[n:]
	return be.Uint16(b), b
}
