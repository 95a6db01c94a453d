package lan

import (
	"encoding/binary"
	"net/netip"

	"firedoor"
)

const (
	udpLen = 8
	// MaxDatagram is the longest payload SendUDP takes, over IPv4 in fragments.
	MaxDatagram = fragmentRoom - ip4Len - udpLen
)

// ListenUDP hears datagrams to a port, to groups and broadcasts too; nil ends it.
// b is borrowed.
func (h *Host) ListenUDP(port uint16, fn func(from, to netip.AddrPort, b []byte)) {
	if fn == nil {
		delete(h.udp, port)
		return
	}
	h.udp[port] = fn
}

// SendUDP sends a datagram from a local port (0: an ephemeral one) and returns that
// port. Over IPv4 what is longer than a packet goes in fragments; over IPv6, and
// above MaxDatagram, it is not sent.
func (h *Host) SendUDP(local uint16, to netip.AddrPort, b []byte) uint16 {
	if local == 0 {
		local = h.ephemeral(func(p uint16) bool { return h.udp[p] == nil })
	}
	h.sendUDP(netip.AddrPortFrom(h.source(to.Addr()), local), to, 0, b)
	return local
}

// SendUDPFrom sends a datagram from any address: a virtual one, or a forged one.
func (h *Host) SendUDPFrom(from, to netip.AddrPort, b []byte) { h.sendUDP(from, to, 0, b) }

// SendUDPVia sends a datagram to a station by its MAC address, without resolving:
// as a DHCP server answers a client that has no address yet.
func (h *Host) SendUDPVia(mac firedoor.MAC, local uint16, to netip.AddrPort, b []byte) {
	h.sendUDP(netip.AddrPortFrom(h.source(to.Addr()), local), to, mac, b)
}

func (h *Host) sendUDP(from, to netip.AddrPort, via firedoor.MAC, b []byte) {
	if !h.powered || !to.Addr().Is4() && !from.Addr().Is6() {
		return
	}
	p := packet{src: from.Addr(), dst: to.Addr(), proto: protoUDP, to: via}
	if p.dst.IsMulticast() {
		p.ttl = 1
		if p.dst.IsLinkLocalMulticast() {
			p.ttl = 255 // it cannot leave the cable, and proves that it did not come from afar
		}
	}
	at := payloadAt(p.dst)
	size := udpLen + len(b)
	if size > mtu+headerLen-at {
		if p.dst.Is4() && len(b) <= MaxDatagram {
			h.sendFragments(p, from.Port(), to.Port(), b)
		}
		return
	}
	f := h.w.newFrame()
	putUDP(f.buf[at:at+size], from, to, b)
	h.send(f, p, size)
}

// putUDP writes header and payload; dst is exactly as long.
func putUDP(dst []byte, from, to netip.AddrPort, b []byte) {
	binary.BigEndian.PutUint16(dst[0:], from.Port())
	binary.BigEndian.PutUint16(dst[2:], to.Port())
	binary.BigEndian.PutUint16(dst[4:], uint16(len(dst)))
	dst[6], dst[7] = 0, 0
	copy(dst[udpLen:], b)
	check := fold(sum(dst, pseudo(from.Addr(), to.Addr(), protoUDP, len(dst))))
	if check == 0 {
		check = 0xffff // RFC 768: zero says "none"
	}
	binary.BigEndian.PutUint16(dst[6:], check)
}

func (h *Host) udpIn(f *frame, d *datagram) {
	b := d.payload
	if len(b) < udpLen {
		return
	}
	size := int(binary.BigEndian.Uint16(b[4:]))
	if size < udpLen || size > len(b) {
		return
	}
	d.payload = b[:size]
	if (b[6] != 0 || b[7] != 0) && !d.sound(f) {
		return
	}
	from := netip.AddrPortFrom(d.src, binary.BigEndian.Uint16(b[0:]))
	to := netip.AddrPortFrom(d.dst, binary.BigEndian.Uint16(b[2:]))
	if fn := h.udp[to.Port()]; fn != nil {
		fn(from, to, b[udpLen:size])
		return
	}
	if !d.group && h.manners.PortUnreachable && h.owns(d.dst) {
		h.unreachable(d, 3)
	}
}

// sendFragments sends a datagram in as many packets as it takes (RFC 791 section
// 3.2).
func (h *Host) sendFragments(p packet, from, to uint16, b []byte) {
	whole := make([]byte, udpLen+len(b))
	putUDP(whole, netip.AddrPortFrom(p.src, from), netip.AddrPortFrom(p.dst, to), b)
	const most = (mtu - ip4Len) &^ 7
	ident := h.nextIdent(false)
	for offset := 0; offset < len(whole); offset += most {
		part := whole[offset:min(offset+most, len(whole))]
		flags := uint16(offset >> 3)
		if offset+most < len(whole) {
			flags |= moreFragments
		}
		f := h.w.newFrame()
		copy(f.buf[headerLen+ip4Len:], part)
		h.head4(f, p, len(part), ident, flags)
		h.launch(f, p)
	}
}

// pieces are the fragments of a datagram that is not whole yet.
type pieces struct {
	src, dst netip.Addr
	ident    uint16
	proto    uint8
	expires  int64
	have     []bool // by 8 bytes
	total    int    // 0: not known
	b        []byte
}

// whole takes a fragment in, and makes d the whole datagram when this was the last
// that was missing.
func (h *Host) whole(d *datagram) bool {
	p := h.piecesOf(d)
	start := int(d.offset&0x1fff) << 3
	end := start + len(d.payload)
	if p == nil || end > fragmentRoom || len(d.payload) == 0 {
		return false
	}
	if end > len(p.b) {
		p.b = append(p.b, make([]byte, end-len(p.b))...)
		p.have = append(p.have, make([]bool, (end+7)>>3-len(p.have))...)
	}
	copy(p.b[start:], d.payload)
	for i := start >> 3; i < (end+7)>>3; i++ {
		p.have[i] = true
	}
	if d.offset&moreFragments == 0 {
		p.total = end
	}
	if p.total == 0 || p.total > len(p.b) {
		return false
	}
	for _, have := range p.have[:(p.total+7)>>3] {
		if !have {
			return false
		}
	}
	d.payload = p.b[:p.total]
	d.offset = 0
	p.expires = 0
	return true
}

func (h *Host) piecesOf(d *datagram) *pieces {
	kept := h.pieces[:0]
	var found *pieces
	for _, p := range h.pieces {
		if p.expires <= h.w.now {
			continue
		}
		kept = append(kept, p)
		if p.src == d.src && p.dst == d.dst && p.ident == d.ident && p.proto == d.proto {
			found = p
		}
	}
	h.pieces = kept
	if found == nil && len(h.pieces) < MaxFragmented {
		found = &pieces{src: d.src, dst: d.dst, ident: d.ident, proto: d.proto, expires: h.w.now + int64(fragmentLife)}
		h.pieces = append(h.pieces, found)
	}
	return found
}

// ephemeral chooses a local port that is free in the manner of the kind; 0 when
// there is none.
func (h *Host) ephemeral(free func(uint16) bool) uint16 {
	m := h.manners
	width := int(m.PortLast) - int(m.PortFirst) + 1
	if m.PortRandom {
		h.nextPort = m.PortFirst + uint16(h.random.N(width))
	}
	for range width {
		p := h.nextPort
		if h.nextPort++; h.nextPort > m.PortLast || h.nextPort < m.PortFirst {
			h.nextPort = m.PortFirst
		}
		if free(p) {
			return p
		}
	}
	return 0
}

// firstPort chooses where the ephemeral ports begin after a start: embedded stacks
// begin at the bottom, others anywhere.
func (h *Host) firstPort() {
	m := h.manners
	h.nextPort = m.PortFirst
	if width := int(m.PortLast) - int(m.PortFirst); width > 12000 {
		h.nextPort += uint16(h.random.N(width))
	}
}
