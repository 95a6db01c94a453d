package lan

import (
	"encoding/binary"

	"firedoor"
)

// EtherTypes and protocol numbers this package speaks.
const (
	etherIPv4 = 0x0800
	etherARP  = 0x0806
	etherIPv6 = 0x86dd
	etherLLDP = 0x88cc

	protoICMP  = 1
	protoIGMP  = 2
	protoTCP   = 6
	protoUDP   = 17
	protoICMP6 = 58
)

// Broadcast is the address all stations of a VLAN listen to.
const Broadcast = firedoor.MAC(0xffffffffffff)

const frameRoom = 1536

// frame is a frame under way. Whoever holds it holds a reference; the last to let
// go gives it back to the pool. Its bytes do not change while it is shared.
type frame struct {
	n    int // bytes used
	refs int32
	vlan uint16
	// seen: a mirror port has recorded it. trusted: its checksums were made here, so
	// that nobody has to verify them again.
	seen, trusted bool
	next          *frame // in the pool
	buf           [frameRoom]byte
}

func (f *frame) bytes() []byte { return f.buf[:f.n] }

// pad fills a frame up to the shortest one allowed, as every network adapter does.
func (f *frame) pad() {
	if f.n < minFrame {
		clear(f.buf[f.n:minFrame])
		f.n = minFrame
	}
}

func (w *World) newFrame() *frame {
	f := w.pool
	if f == nil {
		f = new(frame)
	} else {
		w.pool = f.next
		f.next = nil
	}
	f.refs, f.seen, f.trusted, f.vlan = 1, false, false, 0
	w.underWay++
	return f
}

func (w *World) release(f *frame) {
	f.refs--
	if f.refs > 0 {
		return
	}
	w.underWay--
	f.next = w.pool
	w.pool = f
}

// copyOf makes a frame of bytes; nil when they are no frame.
func (w *World) copyOf(b []byte) *frame {
	if len(b) < headerLen || len(b) > headerLen+mtu {
		return nil
	}
	f := w.newFrame()
	f.n = copy(f.buf[:], b)
	f.pad()
	return f
}

func putMAC(b []byte, m firedoor.MAC) {
	_ = b[5]
	b[0], b[1], b[2] = byte(m>>40), byte(m>>32), byte(m>>24)
	b[3], b[4], b[5] = byte(m>>16), byte(m>>8), byte(m)
}

func putEther(b []byte, dst, src firedoor.MAC, etherType uint16) {
	putMAC(b[0:6], dst)
	putMAC(b[6:12], src)
	binary.BigEndian.PutUint16(b[12:14], etherType)
}

func etherType(b []byte) uint16 { return binary.BigEndian.Uint16(b[12:14]) }

// sum adds b to a running sum of 16-bit words (RFC 1071). 32-bit words are added,
// which comes to the same, for 2^16 = 1 modulo 2^16-1.
func sum(b []byte, s uint64) uint64 {
	for len(b) >= 8 {
		v := binary.BigEndian.Uint64(b)
		s += v>>32 + v&0xffffffff
		b = b[8:]
	}
	for len(b) >= 2 {
		s += uint64(b[0])<<8 | uint64(b[1])
		b = b[2:]
	}
	if len(b) == 1 {
		s += uint64(b[0]) << 8
	}
	return s
}

// fold ends a running sum: the complement, ready to be written.
func fold(s uint64) uint16 {
	for s>>16 != 0 {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}
