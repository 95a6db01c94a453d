package capture

import (
	"math"
	"math/bits"

	"firedoor/internal/packet"
)

// Block types and options of pcapng (draft-ietf-opsawg-pcapng) that matter
// here; all other blocks are skipped.
const (
	ngSectionHeader  = 0x0a0d0d0a // the same in both byte orders
	ngInterface      = 1
	ngPacket         = 2 // obsolete
	ngSimplePacket   = 3
	ngEnhancedPacket = 6

	ngByteOrder = 0x1a2b3c4d

	optionEnd        = 0
	optionResolution = 9
	optionFCS        = 13
	optionOffset     = 14
)

// maxInterfaces is how many interfaces a section may describe.
const maxInterfaces = 1 << 16

// ngFormat is what the section and its interfaces say of the packets.
type ngFormat struct {
	swapped    bool // big-endian section
	interfaces []ngIface
}

type ngIface struct {
	link   packet.LinkType
	fcs    uint32
	snap   uint32
	clock  ngClock
	offset int64 // seconds
}

// ngClock turns a time stamp into nanoseconds: ts / div * mul, one of which is
// 1, or, where shift is not 0, as seconds in units of 1 / 2^shift.
type ngClock struct {
	mul, div uint64
	shift    uint8
}

func (g *ngFormat) u16(b []byte) uint16 {
	if g.swapped {
		return be.Uint16(b)
	}
	return le.Uint16(b)
}

func (g *ngFormat) u32(b []byte) uint32 {
	v := le.Uint32(b)
	if g.swapped {
		v = bits.ReverseBytes32(v)
	}
	return v
}

// stamp reads a time stamp, upper half first in either byte order.
func (g *ngFormat) stamp(b []byte) uint64 { return uint64(g.u32(b))<<32 | uint64(g.u32(b[4:])) }

// firstSection reads the section header that a pcapng file begins with.
func (r *Reader) firstSection() error {
	size, _, err := r.blockHeader()
	if err != nil {
		return err
	}
	b, err := r.wholeBlock(size)
	if err != nil {
		return err
	}
	if err := r.section(b); err != nil {
		return err
	}
	r.win.r += int(size)
	return nil
}

// blockHeader reads type and length of the next block without consuming it; in
// a section header it learns the byte order.
func (r *Reader) blockHeader() (size int64, kind uint32, err error) {
	w, g := &r.win, r.ng
	if !w.need(12) {
		if w.r == w.w {
			return 0, 0, r.end()
		}
		return 0, 0, r.cut("block header", 12)
	}
	b := w.buf[w.r:w.w]
	kind = g.u32(b)
	if kind == ngSectionHeader {
		switch mark := le.Uint32(b[8:]); mark {
		case ngByteOrder:
			g.swapped = false
		case bits.ReverseBytes32(ngByteOrder):
			g.swapped = true
		default:
			return 0, 0, r.damage("a section header has no byte order mark")
		}
	}
	length := g.u32(b[4:])
	if length < 12 || length%4 != 0 {
		return 0, 0, r.damage("a block says it is %d bytes long", length)
	}
	return int64(length), kind, nil
}

// nextBlock reads blocks up to and including the next one that holds a frame.
// A block is consumed when all of it was understood, so that damage is reported
// where the block begins.
func (r *Reader) nextBlock(f *packet.Frame) error {
	for {
		size, kind, err := r.blockHeader()
		if err != nil {
			return err
		}
		found := false
		switch kind {
		case ngSectionHeader, ngInterface, ngPacket, ngSimplePacket, ngEnhancedPacket:
			b, err := r.wholeBlock(size)
			if err != nil {
				return err
			}
			if found, err = r.block(f, kind, b); err != nil {
				return err
			}
			r.win.r += int(size)
		default:
			if err := r.skipBlock(size); err != nil {
				return err
			}
		}
		if found {
			return nil
		}
	}
}

func (r *Reader) block(f *packet.Frame, kind uint32, b []byte) (frame bool, err error) {
	switch kind {
	case ngSectionHeader:
		return false, r.section(b)
	case ngInterface:
		return false, r.describe(b)
	case ngSimplePacket:
		return true, r.simple(f, b)
	default:
		return true, r.stamped(f, kind, b)
	}
}

// wholeBlock makes a block available without consuming it.
func (r *Reader) wholeBlock(size int64) ([]byte, error) {
	if size > MaxBlock {
		return nil, r.damage("a block of %d bytes is larger than the limit of %d", size, MaxBlock)
	}
	if !r.win.need(int(size)) {
		return nil, r.cut("block", size)
	}
	b := r.win.buf[r.win.r : r.win.r+int(size)]
	if last := r.ng.u32(b[size-4:]); int64(last) != size {
		return nil, r.damage("a block's two lengths differ: %d and %d", size, last)
	}
	return b, nil
}

// skipBlock passes over a block, which may be larger than any buffer.
func (r *Reader) skipBlock(size int64) error {
	start := r.win.offset()
	if !r.win.skip(size-4) || !r.win.need(4) {
		have := r.win.offset() + int64(r.win.w-r.win.r) - start
		return r.cutAt(start, "block", have, size)
	}
	if last := r.ng.u32(r.win.buf[r.win.r:]); int64(last) != size {
		return r.damageAt(start, "a block's two lengths differ: %d and %d", size, last)
	}
	r.win.r += 4
	return nil
}

// section reads a section header: interfaces count anew from here.
func (r *Reader) section(b []byte) error {
	if len(b) < 28 {
		return r.damage("a section header is only %d bytes long", len(b))
	}
	if major, minor := r.ng.u16(b[12:]), r.ng.u16(b[14:]); major != 1 {
		return r.damage("pcapng version %d.%d is not supported", major, minor)
	}
	r.ng.interfaces = r.ng.interfaces[:0]
	return nil
}

// describe reads an interface description: link type, snapshot length, options.
func (r *Reader) describe(b []byte) error {
	g := r.ng
	if len(b) < 20 {
		return r.damage("an interface description is only %d bytes long", len(b))
	}
	if len(g.interfaces) == maxInterfaces {
		return r.damage("more than %d interfaces in a section", maxInterfaces)
	}
	face := ngIface{link: packet.LinkType(g.u16(b[8:])), snap: g.u32(b[12:]), clock: clockOf(6)}
	for o := b[16 : len(b)-4]; len(o) >= 4; {
		code, size := g.u16(o), int(g.u16(o[2:]))
		if o = o[4:]; code == optionEnd || size > len(o) {
			break
		}
		face.option(g, code, o[:size])
		o = o[min((size+3)&^3, len(o)):]
	}
	g.interfaces = append(g.interfaces, face)
	return nil
}

func (i *ngIface) option(g *ngFormat, code uint16, value []byte) {
	switch {
	case code == optionResolution && len(value) >= 1:
		i.clock = clockOf(value[0])
	case code == optionFCS && len(value) >= 1 && i.link == packet.LinkEthernet:
		i.fcs = uint32(value[0])
	case code == optionOffset && len(value) >= 8:
		v := value
		hi, lo := g.u32(v), g.u32(v[4:])
		if !g.swapped { // a 64-bit number, unlike time stamps
			hi, lo = lo, hi
		}
		i.offset = int64(uint64(hi)<<32 | uint64(lo))
	}
}

// stamped reads an enhanced packet block or an obsolete packet block: they
// differ in the width of the interface number only.
func (r *Reader) stamped(f *packet.Frame, kind uint32, b []byte) error {
	const head = 28
	g := r.ng
	if len(b) < head+4 {
		return r.damage("a packet block is only %d bytes long", len(b))
	}
	number := g.u32(b[8:])
	if kind == ngPacket {
		number = uint32(g.u16(b[8:]))
	}
	kept := g.u32(b[20:])
	if int64(kept) > int64(len(b)-head-4) {
		return r.damage("a packet block of %d bytes cannot hold a frame of %d", len(b), kept)
	}
	face, err := r.face(number, kept)
	if err != nil {
		return err
	}
	f.Time = face.time(g.stamp(b[12:]))
	r.deliver(f, face.link, b[head:head+int(kept)], g.u32(b[24:]), face.fcs)
	return nil
}

// simple reads a simple packet block: it belongs to the first interface and has
// no time, which is given as 0.
func (r *Reader) simple(f *packet.Frame, b []byte) error {
	const head = 12
	if len(b) < head+4 {
		return r.damage("a packet block is only %d bytes long", len(b))
	}
	wire := r.ng.u32(b[8:])
	kept := wire
	if len(r.ng.interfaces) > 0 && r.ng.interfaces[0].snap > 0 {
		kept = min(kept, r.ng.interfaces[0].snap)
	}
	if int64(kept) > int64(len(b)-head-4) {
		return r.damage("a packet block of %d bytes cannot hold a frame of %d", len(b), kept)
	}
	face, err := r.face(0, kept)
	if err != nil {
		return err
	}
	f.Time = 0
	r.deliver(f, face.link, b[head:head+int(kept)], wire, face.fcs)
	return nil
}

// face finds the interface of a frame and checks the frame's size.
func (r *Reader) face(number, kept uint32) (*ngIface, error) {
	if uint64(number) >= uint64(len(r.ng.interfaces)) {
		return nil, r.damage("a frame of interface %d, but the section describes %d", number, len(r.ng.interfaces))
	}
	if kept > MaxFrame {
		return nil, r.damage("a frame of %d bytes is larger than the limit of %d", kept, MaxFrame)
	}
	return &r.ng.interfaces[number], nil
}

// clockOf reads an if_tsresol option: a power of ten, or of two if the top bit is set.
func clockOf(v uint8) ngClock {
	power := v & 0x7f
	if v&0x80 != 0 && power > 0 {
		return ngClock{shift: min(power, 64), mul: 1, div: 1}
	}
	c := ngClock{mul: 1, div: 1}
	for ; power < 9; power++ {
		c.mul *= 10
	}
	for power = min(power, 9+19); power > 9; power-- {
		c.div *= 10
	}
	return c
}

// time is ns since 1970; what does not fit is the nearest that does.
func (i *ngIface) time(ts uint64) int64 {
	c := i.clock
	var hi, ns uint64
	switch c.shift {
	case 0:
		if c.div > 1 { // a division takes as long as all the rest
			ts /= c.div
		}
		hi, ns = bits.Mul64(ts, c.mul)
	default:
		var sec uint64
		frac := ts
		if c.shift < 64 {
			sec = ts >> c.shift
			frac = ts & (1<<c.shift - 1)
		}
		fh, fl := bits.Mul64(frac, 1e9)
		frac = fh
		if c.shift < 64 {
			frac = fh<<(64-c.shift) | fl>>c.shift
		}
		var carry uint64
		hi, ns = bits.Mul64(sec, 1e9)
		ns, carry = bits.Add64(ns, frac, 0)
		hi += carry
	}
	t := int64(math.MaxInt64)
	if hi == 0 && ns <= math.MaxInt64 {
		t = int64(ns)
	}
	return addSeconds(t, i.offset)
}

// addSeconds adds without wrapping round.
func addSeconds(t, sec int64) int64 {
	const most = int64(math.MaxInt64) / 1_000_000_000
	switch {
	case sec == 0:
		return t
	case sec > most:
		return math.MaxInt64
	case sec < -most:
		return math.MinInt64
	}
	sum := t + sec*1e9
	if sec > 0 && sum < t {
		return math.MaxInt64
	}
	return sum
}
