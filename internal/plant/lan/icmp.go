package lan

import (
	"encoding/binary"
	"net/netip"
	"time"

	"firedoor"
)

// echo is a ping under way.
type echo struct {
	to   netip.Addr
	done func(ok bool)
}

const icmpLen = 8

// Ping sends an echo request with size bytes of payload (at most 1400) and calls done
// once: with true when the answer is there, with false after a second without.
// done may be nil.
func (h *Host) Ping(to netip.Addr, size int, done func(ok bool)) {
	h.echoes++
	key := uint32(h.echoes)
	if done == nil {
		done = func(bool) {}
	}
	if !h.powered || len(h.asked) >= MaxAsked || h.asked[key] != nil {
		h.w.After(defaultTimeout, func() { done(false) })
		return
	}
	if h.asked == nil {
		h.asked = map[uint32]*echo{}
	}
	e := &echo{to, done}
	h.asked[key] = e
	h.w.After(defaultTimeout, func() {
		if h.asked[key] == e {
			delete(h.asked, key)
			done(false)
		}
	})
	size = min(max(size, 0), 1400)
	f := h.w.newFrame()
	p := packet{src: h.source(to), dst: to, proto: protoICMP}
	b := f.buf[payloadAt(to):][:icmpLen+size]
	b[0], b[1] = 8, 0
	if !to.Is4() {
		p.proto, b[0] = protoICMP6, 128
	}
	binary.BigEndian.PutUint16(b[4:], uint16(h.ticks>>16))
	binary.BigEndian.PutUint16(b[6:], h.echoes)
	h.fill(b[icmpLen:])
	h.sendICMP(f, p, b)
}

// fill writes the payload of an echo request as the kind does.
func (h *Host) fill(b []byte) {
	if h.manners.TTL == 128 { // the alphabet up to w, again and again
		for i := range b {
			b[i] = 'a' + byte(i%23)
		}
		return
	}
	for i := range b {
		b[i] = byte(i)
	}
	if len(b) >= 16 { // the time of sending
		binary.LittleEndian.PutUint64(b, uint64(h.w.now/int64(time.Second)))
		binary.LittleEndian.PutUint64(b[8:], uint64(h.w.now%int64(time.Second)/1000))
	}
}

// sendICMP ends and sends an ICMP message that lies in its place in the frame.
func (n *nic) sendICMP(f *frame, p packet, b []byte) {
	b[2], b[3] = 0, 0
	s := uint64(0)
	if !p.dst.Is4() {
		s = pseudo(p.src, p.dst, protoICMP6, len(b))
	}
	binary.BigEndian.PutUint16(b[2:], fold(sum(b, s)))
	n.send(f, p, len(b))
}

func (h *Host) icmpIn(f *frame, d *datagram) {
	b := d.payload
	if len(b) < icmpLen || d.v6 || !f.trusted && fold(sum(b, 0)) != 0 {
		return
	}
	switch b[0] {
	case 8:
		if !d.group {
			h.answerEcho(d, 0, 0)
		}
	case 0:
		h.answered(d)
	case 3:
		h.refusedByICMP(b[icmpLen:])
	}
}

// answerEcho sends an echo request back, to a station (0: by the usual way).
func (n *nic) answerEcho(d *datagram, kind byte, to firedoor.MAC) {
	if len(d.payload) > mtu-ip6Len {
		return
	}
	f := n.w.newFrame()
	b := f.buf[payloadAt(d.src):][:len(d.payload)]
	copy(b, d.payload)
	b[0], b[1] = kind, 0
	n.sendICMP(f, packet{src: d.dst, dst: d.src, proto: d.proto, to: to}, b)
}

func (h *Host) answered(d *datagram) {
	key := uint32(binary.BigEndian.Uint16(d.payload[6:]))
	e := h.asked[key]
	if e == nil || e.to != d.src || binary.BigEndian.Uint16(d.payload[4:]) != uint16(h.ticks>>16) {
		return
	}
	delete(h.asked, key)
	e.done(true)
}

// unreachable answers a packet with ICMP "destination unreachable" (RFC 792, RFC
// 4443 section 3.1). Code 3 is the closed port.
func (n *nic) unreachable(d *datagram, code byte) {
	if d.v6 {
		n.complain(d, 1, code+1, 1232, 0)
		return
	}
	n.complain(d, 3, code, 28, 0)
}

// complain sends an ICMP error that quotes at most so many bytes of a packet, to a
// station (0: by the usual way).
func (n *nic) complain(d *datagram, kind, code byte, quote int, to firedoor.MAC) {
	f := n.w.newFrame()
	at := payloadAt(d.src)
	quoted := d.packet[:min(len(d.packet), quote)]
	b := f.buf[at : at+icmpLen+len(quoted)]
	clear(b[:icmpLen])
	b[0], b[1] = kind, code
	copy(b[icmpLen:], quoted)
	p := packet{src: n.source(d.src), dst: d.src, proto: protoICMP, to: to}
	if d.v6 {
		p.proto = protoICMP6
	}
	n.sendICMP(f, p, b)
}

// complainVia sends an ICMP error by way of a neighbour, if it is known: nobody asks for
// an address in order to complain.
func (n *nic) complainVia(d *datagram, kind, code byte, hop netip.Addr) {
	if nb := n.neighbour[hop]; nb != nil && nb.mac != 0 {
		n.complain(d, kind, code, 28, nb.mac)
	}
}

// refusedByICMP ends the attempt to connect that the quoted packet belongs to.
func (h *Host) refusedByICMP(quoted []byte) {
	if len(quoted) < ip4Len+4 || quoted[0] != 0x45 || quoted[9] != protoTCP {
		return
	}
	src, dst := netip.AddrFrom4([4]byte(quoted[12:16])), netip.AddrFrom4([4]byte(quoted[16:20]))
	from, to := binary.BigEndian.Uint16(quoted[20:]), binary.BigEndian.Uint16(quoted[22:])
	c := h.conns[keyOf(netip.AddrPortFrom(dst, to), netip.AddrPortFrom(src, from))]
	if c != nil && c.state == synSent {
		c.end(ErrUnreachable)
	}
}

// unresolved ends attempts to connect by way of somebody who does not answer.
func (h *Host) unresolved(_ *nic, hop *neighbour, _ []*frame) {
	for c := h.first; c != nil; {
		next := c.next
		if c.state == synSent && c.hop == hop {
			c.end(ErrUnreachable)
		}
		c = next
	}
}
