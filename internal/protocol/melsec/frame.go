package melsec

import (
	"firedoor/internal/protocol"
)

// variant is a kind of frame.
type variant uint8

// Variants.
const (
	variantMC variant = iota + 1 // 3E and 4E
	variantOld
	variantMelsoft
	variantLink
)

// frame is one message.
type frame struct {
	variant  variant
	ascii    bool
	answers  bool
	numbered bool // 4E
	size     int
	serial   uint32
	unit     uint32
	code     uint32 // of a request, and where the answer repeats it
	sub      uint32
	end      uint32
	front    int  // octets before the command
	failed   bool // an answer that says where it went wrong
	endless  bool // an answer of 1E whose size nobody knows: its data are passed over
	data     fields
}

// Sizes and limits.
const (
	minRequest  = 6 // timer, command, subcommand
	minAnswer   = 2 // end code
	errorSize   = 9 // address, command, subcommand behind a failed answer's end code
	maxLength   = 0x2000
	oldHeader   = 4
	oldRequest  = 12
	softHeader  = 21
	softAsk     = 24
	softAnswer  = 26
	softCommand = 6
	linkAsk     = 4
	linkShort   = 14
	linkLong    = 28
	ownIO       = 0x03ff
	ownPC       = 0xff
)

// read looks at the beginning of b: No if it is no frame, More while it is not
// whole. An answer of 1E cannot be told without its request.
func (f *frame) read(b []byte) protocol.Match {
	*f = frame{}
	if len(b) == 0 {
		return protocol.More
	}
	switch b[0] {
	case 0x50, 0x54, 0xd0, 0xd4:
		return f.readMC(b, false)
	case '5', 'D':
		return f.readMC(b, true)
	case '0', '1', '3':
		return f.readOld(b, true)
	case 0x57, 0xd7:
		return f.readMelsoft(b)
	case 0x5a, 0xda:
		return f.readLink(b)
	}
	return f.readOld(b, false)
}

// readMC reads 3E and 4E.
func (f *frame) readMC(b []byte, ascii bool) protocol.Match {
	f.variant, f.ascii = variantMC, ascii
	r := fields{b: b, ascii: ascii}
	kind, zero := r.u8(), r.u8()
	if !r.failed && (kind&^0x84 != 0x50 || zero != 0) {
		return protocol.No
	}
	if f.numbered = kind&4 != 0; f.numbered {
		f.serial = r.u16()
		if zero = r.u16(); !r.failed && zero != 0 {
			return protocol.No
		}
	}
	f.answers = kind&0x80 != 0
	network, pc, io, station, length := r.u8(), r.u8(), r.u16(), r.u8(), r.u16()
	if r.failed {
		return partial(b, ascii)
	}
	if !routable(network, pc, io, station) {
		return protocol.No
	}
	f.unit = unitOf(network, pc, io, station)
	header := len(b) - len(r.b)
	scale := 1
	if ascii {
		scale = 2
	}
	least := minRequest
	if f.answers {
		least = minAnswer
	}
	if length < uint32(least*scale) || length > maxLength*uint32(scale) {
		return protocol.No
	}
	if len(r.b) < int(length) {
		return partial(b, ascii)
	}
	f.size = header + int(length)
	r.b = r.b[:length]
	if f.answers {
		f.end = r.u16()
		f.data = r
		f.failed = f.end != 0 && len(r.b) == errorSize*scale
		if f.failed {
			r.number(5)
			f.code, f.sub = r.u16(), r.u16()
		}
	} else {
		r.u16() // the monitoring timer
		f.front = f.size - len(r.b)
		f.code, f.sub = r.u16(), r.u16()
		f.data = r
	}
	if r.failed {
		return protocol.No // ASCII that is no digits
	}
	return protocol.Yes
}

// partial tells whether b can become a frame with more octets: the header of 3E in
// ASCII holds digits only.
func partial(b []byte, ascii bool) protocol.Match {
	if ascii {
		for _, c := range b[:min(len(b), 18)] {
			if _, ok := digit(c); !ok {
				return protocol.No
			}
		}
	}
	return protocol.More
}

// routable tells whether an address can be (SLMP reference manual, 4.1).
func routable(network, pc, io, station uint32) bool {
	if network > 0xef && network != 0xfe || station > 0x1f {
		return false
	}
	if pc > 0x78 && pc != 0x7d && pc != 0x7e && pc != ownPC {
		return false
	}
	return io <= 0x1ff || io >= 0x3d0 && io <= 0x3d3 || io >= 0x3e0 && io <= 0x3e3 || io == ownIO
}

// unitOf makes one number of an address: 0 is the station that is connected.
func unitOf(network, pc, io, station uint32) uint32 {
	if network == 0 && pc == ownPC && io == ownIO && station == 0 {
		return 0
	}
	return network<<24 | pc<<16 | station<<8 | io&0xff
}

// readOld reads a request of 1E.
func (f *frame) readOld(b []byte, ascii bool) protocol.Match {
	f.variant, f.ascii = variantOld, ascii
	r := oldFields(b, ascii)
	if len(b) < r.wide(1) {
		return protocol.More
	}
	f.code = r.u8()
	c := find(old, uint16(f.code))
	if c == nil || r.failed {
		return protocol.No
	}
	if len(b) < r.wide(2) {
		return protocol.More
	}
	pc := r.u8()
	if r.failed || pc > 0x78 && pc != ownPC {
		return protocol.No
	}
	size, match := oldSize(c, oldFields(b, ascii))
	if match != protocol.Yes {
		return match
	}
	if f.size = r.wide(size); len(b) < f.size {
		return protocol.More
	}
	if pc != ownPC {
		f.unit = pc << 16
	}
	f.data = oldFields(b[r.wide(oldHeader):f.size], ascii)
	return protocol.Yes
}

// Sizes in requests of 1E: how many and a zero, a device, the block of one, an address in a
// module.
const (
	oldBlock  = 2
	oldCounts = 2
	oldDevice = 6
	oldBuffer = 6
)

// oldSize is how many octets a request of 1E has; in ASCII each is two digits, and each field has
// its place but for the name and the number of a device, which stand the other way round.
func oldSize(c *command, r fields) (n int, match protocol.Match) {
	counted, each := 0, 0 // where the octet is that says how many, and of what
	block, value := 0, 1
	if c.blocked() {
		block = oldBlock
	}
	if c.words() {
		value = 2
	}
	switch c.form {
	case formLoopback:
		n, counted, each = oldHeader+1, oldHeader, 1
	case formRead:
		n = oldRequest + block
	case formWrite:
		n, counted = oldRequest+block, oldRequest+block-oldCounts
	case formOldRandom:
		n, counted, each = oldHeader+oldCounts, oldHeader, oldDevice+block+value
	case formOldRegister:
		n, counted, each = oldHeader+oldCounts, oldHeader, oldDevice+block
	case formOldBuffer:
		n = oldHeader + oldBuffer
	case formOldBufferWrite:
		n, counted = oldHeader+oldBuffer, oldHeader+3
	default:
		return oldHeader, protocol.Yes
	}
	if len(r.b) < r.wide(n) {
		return n, protocol.More
	}
	r.take(r.wide(counted))
	many := byte(r.u8())
	if r.failed {
		return n, protocol.No
	}
	switch c.form {
	case formWrite:
		n += oldBytes(c, oldCount(many))
	case formOldBufferWrite:
		n += oldCount(many)
	default:
		n += each * int(many)
	}
	return n, protocol.Yes
}

// oldCount is how many a request of 1E is about: 0 stands for 256.
func oldCount(b byte) int {
	if b == 0 {
		return 256
	}
	return int(b)
}

// oldBytes is how many octets so many devices have.
func oldBytes(c *command, n int) int {
	if !c.words() {
		return (n + 1) / 2
	}
	return 2 * n
}

// oldAnswers tells whether an answer of 1E may begin so: nothing else in ASCII does.
func oldAnswers(first byte) bool {
	return first >= 0x80 || first == '8' || first == '9' || first == 'B'
}

// oldAnswer tells whether b begins as an answer of 1E to a request that nobody saw.
func oldAnswer(b []byte) bool {
	if !oldAnswers(b[0]) {
		return false
	}
	ascii := b[0] < 0x80
	r := oldFields(b, ascii)
	code, end := r.u8(), uint32(0)
	if ascii { // digits are not rare enough to go by two of them
		end = r.u8()
	}
	return !r.failed && find(old, uint16(code&^0x80)) != nil && (end == 0 || oldNames[end] != "")
}

// readOldAnswer reads the answer of 1E to a request.
func (f *frame) readOldAnswer(b []byte, q *request) protocol.Match {
	*f = frame{variant: variantOld, answers: true, ascii: q.ascii}
	r := oldFields(b, q.ascii)
	if len(b) < r.wide(2) {
		return protocol.More
	}
	code := r.u8()
	f.code, f.end = code&^0x80, r.u8()
	if r.failed || code != q.code|0x80 {
		return protocol.No
	}
	size := 2
	switch {
	case f.end == 0x5b, f.end == 0 && q.command.form == formOldModel:
		size = 4
	case f.end == 0 && q.command.form == formLoopback:
		if len(b) < r.wide(3) {
			return protocol.More
		}
		size = 3 + int(r.u8())
	case f.end == 0 && q.command.form == formRead && len(q.items) > 0:
		size += oldBytes(q.command, q.items[0].points)
	case f.end == 0 && q.command.form == formOldBuffer && len(q.items) > 0:
		size += q.items[0].points
	case f.end == 0 && q.command.form == formOldMonitor:
		size += int(q.size)
		f.endless = q.size == 0 // what was entered was not seen
	}
	if f.size = r.wide(size); len(b) < f.size {
		return protocol.More
	}
	f.unit = q.unit
	f.data = oldFields(b[r.wide(2):f.size], q.ascii)
	return protocol.Yes
}

// readMelsoft reads a frame of the engineering tools.
func (f *frame) readMelsoft(b []byte) protocol.Match {
	f.variant, f.answers = variantMelsoft, b[0]&0x80 != 0
	if len(b) > 1 && (b[1] > 1 || b[1] == 0 && !f.answers) {
		return protocol.No
	}
	if len(b) < softHeader+3 {
		return protocol.More
	}
	length := int(little(b[19:]))
	header, kind, rest := softAsk, byte(0x1c), byte(0x16)
	if f.answers {
		header, kind, rest = softAnswer, 0x9c, 0x18
	}
	if length < header+softCommand || length > maxLength || b[softHeader] != kind || b[softHeader+2] != rest {
		return protocol.No
	}
	f.size = softHeader + length
	if len(b) < f.size {
		return protocol.More
	}
	if f.answers {
		f.end = little(b[softHeader+4:])
	}
	body := b[softHeader+header : f.size]
	f.code, f.serial = uint32(body[0])<<8|uint32(body[1]), little(body[2:])
	data := body[softCommand:]
	if n := int(little(body[4:])); n > 0 { // what follows is a footer
		data = data[:min(n, len(data))]
	}
	f.data = fields{b: data}
	return protocol.Yes
}

// readLink reads a frame that finds or opens a link.
func (f *frame) readLink(b []byte) protocol.Match {
	f.variant, f.answers = variantLink, b[0]&0x80 != 0
	n := min(len(b), 3)
	if n > 1 && b[1] != 0 || n > 2 && b[2] != 0 {
		return protocol.No
	}
	if len(b) < linkAsk {
		return protocol.More
	}
	f.code = linkCode | uint32(b[3])
	if find(links, uint16(f.code)) == nil {
		return protocol.No
	}
	f.size = linkAsk
	if f.answers {
		if f.size = linkShort; b[3] == 0xff {
			f.size = linkLong
		}
	}
	if len(b) < f.size {
		return protocol.More
	}
	return protocol.Yes
}
