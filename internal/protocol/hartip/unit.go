package hartip

import "encoding/binary"

// Frame types of a HART PDU (TS20081, 5.2), in the low bits of its delimiter.
const (
	frameBurst = 1
	frameAsk   = 2
	frameReply = 6
)

// kinds are the frame types that belong to the types of message.
var kinds = [...]byte{typeRequest: frameAsk, typeResponse: frameReply, typePublish: frameBurst}

// extended is the command that says: the number has 16 bits and stands in the data.
const extended = 31

// unit is a HART PDU.
type unit struct {
	kind    byte
	long    bool
	short   byte   // polling address
	device  uint32 // expanded device type of a long address, without its two highest bits
	serial  uint32 // device identifier, 24 bits
	command uint32
	code    byte // response code; not of requests
	data    []byte
	checked bool // the check byte is right
}

// readUnit reads a PDU: delimiter, address (1 or 5), expansion bytes, command,
// byte count, data, check byte. Preambles may stand before it.
func readUnit(b []byte) (u unit, ok bool) {
	for len(b) > 0 && b[0] == 0xff {
		b = b[1:]
	}
	if len(b) < 5 {
		return u, false
	}
	u.kind, u.long = b[0]&7, b[0]&0x80 != 0
	at := 2
	if u.long {
		at = 6
	}
	address := at
	at += int(b[0] >> 5 & 3)
	if len(b) < at+3 || len(b) != at+3+int(b[at+1]) {
		return u, false
	}
	if u.long {
		u.device = uint32(binary.BigEndian.Uint16(b[1:])) & 0x3fff
		u.serial = binary.BigEndian.Uint32(b[address-4:]) & 0xffffff
	} else {
		u.short = b[1] & 0x3f
	}
	u.command, u.data = uint32(b[at]), b[at+2:len(b)-1]
	var sum byte
	for _, c := range b {
		sum ^= c
	}
	u.checked = sum == 0
	if u.kind != frameAsk {
		if len(u.data) < 2 { // response code and status of the device
			return u, false
		}
		u.code, u.data = u.data[0], u.data[2:]
	}
	if u.command == extended && len(u.data) >= 2 {
		u.command, u.data = uint32(binary.BigEndian.Uint16(u.data)), u.data[2:]
	}
	return u, true
}

// walk goes over the commands of a direct PDU: number (2), byte count, data. The
// status of the device (2) stands before the first.
type walk struct {
	body    []byte
	at      int
	count   int
	command uint32
	data    []byte
}

func (w *walk) next() bool {
	if len(w.body)-w.at < 3 {
		return false
	}
	n := int(w.body[w.at+2])
	if len(w.body)-w.at-3 < n {
		return false
	}
	w.command = uint32(binary.BigEndian.Uint16(w.body[w.at:]))
	w.data = w.body[w.at+3 : w.at+3+n]
	w.at += 3 + n
	w.count++
	return true
}

// whole tells whether the commands fill the body; ask when next said no.
func (w *walk) whole() bool { return w.at == len(w.body) }

// inner is the command that a PDU for a device behind an I/O system carries
// (command 77: card, channel, preambles, delimiter, address, command).
func inner(data []byte) (command uint32, ok bool) {
	at := 5
	if len(data) > 3 && data[3]&0x80 != 0 {
		at = 9
	}
	if len(data) <= at {
		return 0, false
	}
	return uint32(data[at]), true
}
