package gateway

import (
	"bytes"
	"encoding/binary"

	"firedoor/internal/inline"
)

// Offsets of times in tpacket2_hdr.
const (
	atSeconds     = 16
	atNanoseconds = 20
)

// lookBack fills in frames of the same two ends that came before one that was stopped.
// They still lie in the rings, for the kernel has not come round to their places: so
// nothing is kept for it while nothing is stopped. One that the kernel overwrites
// meanwhile may be torn; it is as old as the ring is long.
func (w *worker) lookBack(p *place) {
	want, ok := endsOf(p.frame)
	if !ok {
		return
	}
	var at [2]int // how far back each ring was looked at
	for range lookBack {
		from, newest := inline.Inside, int64(0)
		for side, r := range w.rings {
			if t := r.timeOf(at[side] + 1); r != nil && t > newest && t < p.time {
				from, newest = inline.Port(side), t
			}
		}
		if newest == 0 {
			break
		}
		at[from]++
		frame := w.rings[from].past(at[from])
		if got, ok := endsOf(frame); !ok || got != want || bytes.Equal(frame, p.frame) {
			continue
		}
		p.keep(newest, from, frame)
		if p.nBefore == maxBefore {
			break
		}
	}
	for i, j := 0, p.nBefore-1; i < j; i, j = i+1, j-1 { // oldest first
		p.before[i], p.before[j] = p.before[j], p.before[i]
	}
}

func (p *place) keep(time int64, from inline.Port, frame []byte) {
	b := &p.before[p.nBefore]
	b.time, b.from, b.b = time, from, append(b.b[:0], frame...)
	p.nBefore++
}

// place gives the place n before the one that is read next.
func (r *ring) place(n int) []byte {
	i := (r.at - n + 2*ringFrames) % ringFrames
	return r.mem[i*r.size : (i+1)*r.size]
}

// timeOf is when the frame n places back came, 0 if there was none.
func (r *ring) timeOf(n int) int64 {
	if n >= ringFrames/2 {
		return 0
	}
	b := r.place(n)
	return int64(binary.NativeEndian.Uint32(b[atSeconds:]))*1e9 + int64(binary.NativeEndian.Uint32(b[atNanoseconds:]))
}

// past is the frame n places back; it is not to be relied on.
func (r *ring) past(n int) []byte {
	b := r.place(n)
	from, length := int(binary.NativeEndian.Uint16(b[atMAC:])), int(binary.NativeEndian.Uint32(b[atKept:]))
	if from < headBytes || length > len(b)-from {
		return nil
	}
	return b[from : from+length]
}

// twoEnds is what tells a conversation from others: addresses, and ports where they
// stand; the same for both directions.
type twoEnds struct {
	a, b   [16]byte
	pa, pb uint16
}

// endsOf reads the two ends of a frame; false where it has no IP header.
func endsOf(frame []byte) (e twoEnds, ok bool) {
	at := 12
	for range 2 { // tags
		if len(frame) >= at+4 && (frame[at] == 0x81 && frame[at+1] == 0 || frame[at] == 0x88 && frame[at+1] == 0xa8) {
			at += 4
		}
	}
	if len(frame) < at+2+20 {
		return e, false
	}
	kind, ip := binary.BigEndian.Uint16(frame[at:]), frame[at+2:]
	var transport int
	switch {
	case kind == 0x0800 && ip[0]>>4 == 4:
		copy(e.a[:], ip[12:16])
		copy(e.b[:], ip[16:20])
		transport = 4 * int(ip[0]&15)
	case kind == 0x86dd && len(ip) >= 40:
		copy(e.a[:], ip[8:24])
		copy(e.b[:], ip[24:40])
		transport = 40
	default:
		return e, false
	}
	if len(ip) >= transport+4 {
		e.pa, e.pb = binary.BigEndian.Uint16(ip[transport:]), binary.BigEndian.Uint16(ip[transport+2:])
	}
	if c := bytes.Compare(e.a[:], e.b[:]); c > 0 || c == 0 && e.pa > e.pb {
		e.a, e.b, e.pa, e.pb = e.b, e.a, e.pb, e.pa
	}
	return e, true
}
