package lan

import (
	"encoding/binary"
	"net/netip"

	"firedoor"
)

// Segment is a TCP segment of somebody who does not keep to the rules: a scan
// without connections, a reset for strangers, a write in another's name.
type Segment struct {
	From, To netip.AddrPort
	Seq, Ack uint32
	Flags    byte   // FIN 1, SYN 2, RST 4, PSH 8, ACK 16
	Window   uint16 // as it stands in the segment
	Options  []byte // a multiple of 4, at most 40
	Data     []byte
	TTL      uint8 // 0: as the kind does
}

// SendTCP sends one segment with right checksums, without any connection. What
// answers it is answered by the host's stack, usually with RST. A segment that is
// too long, or whose addresses differ in kind, is not sent.
func (h *Host) SendTCP(s Segment) {
	at := payloadAt(s.To.Addr())
	head := tcpLen + len(s.Options)
	size := head + len(s.Data)
	if len(s.Options)&3 != 0 || len(s.Options) > 40 || at+size > headerLen+mtu || !h.powered ||
		s.From.Addr().Is4() != s.To.Addr().Is4() {
		return
	}
	f := h.w.newFrame()
	b := f.buf[at : at+size]
	binary.BigEndian.PutUint16(b[0:], s.From.Port())
	binary.BigEndian.PutUint16(b[2:], s.To.Port())
	binary.BigEndian.PutUint32(b[4:], s.Seq)
	binary.BigEndian.PutUint32(b[8:], s.Ack)
	b[12], b[13] = byte(head<<2), s.Flags
	binary.BigEndian.PutUint16(b[14:], s.Window)
	binary.BigEndian.PutUint32(b[16:], 0)
	copy(b[tcpLen:], s.Options)
	copy(b[head:], s.Data)
	binary.BigEndian.PutUint16(b[16:], fold(sum(b, pseudo(s.From.Addr(), s.To.Addr(), protoTCP, size))))
	h.send(f, packet{src: s.From.Addr(), dst: s.To.Addr(), proto: protoTCP, ttl: s.TTL}, size)
}

// SendIP sends an IP packet of any protocol from any source. payload carries its own
// checksum; a longer one than fits in a frame is not sent.
func (h *Host) SendIP(src, dst netip.Addr, proto uint8, payload []byte) {
	at := payloadAt(dst)
	if at+len(payload) > headerLen+mtu || src.Is4() != dst.Is4() || !h.powered {
		return
	}
	f := h.w.newFrame()
	copy(f.buf[at:], payload)
	h.send(f, packet{src: src, dst: dst, proto: proto}, len(payload))
}

// SendARP sends an ARP packet as it is told, true or forged. An address that is not
// IPv4 is written as 0.0.0.0.
func (h *Host) SendARP(op uint16, senderMAC firedoor.MAC, senderIP netip.Addr, targetMAC firedoor.MAC, targetIP netip.Addr, dst firedoor.MAC) {
	h.sendARP(op, senderMAC, senderIP, targetMAC, targetIP, dst)
}

// Promiscuous gives fn the IPv4 frames that are addressed to the host's MAC address but
// to another's IP address: what comes to somebody in the middle after an ARP
// spoof. fn returns true to swallow a frame, false to have it forwarded as it is. It
// may call Forward with a changed one. frame is borrowed; nil ends it, and such
// frames are dropped.
func (h *Host) Promiscuous(fn func(frame []byte) (drop bool)) { h.between = fn }

// Sniff gives fn every frame that reaches the host's port, those for others too when
// a switch floods them; nil ends it. frame is borrowed.
func (h *Host) Sniff(fn func(frame []byte)) { h.sniff = fn }

// Forward sends the IPv4 packet in a frame on to whom it is for, by the host's own
// knowledge of who that is. Source address and TTL stay; checksums are made right,
// so that a caller may have changed the payload, but not its length. Anything else
// than a whole IPv4 packet is dropped.
func (h *Host) Forward(frame []byte) {
	f := h.w.copyOf(frame)
	if f == nil {
		return
	}
	var d datagram
	f.trusted = true // the checksums are made anew
	if etherType(f.buf[:]) != etherIPv4 || !open4(f, &d) {
		h.w.release(f)
		return
	}
	f.n = headerLen + len(d.packet)
	mend4(d.packet, len(d.packet)-len(d.payload))
	hop, ok := h.route(d.dst)
	if !ok || h.owns(d.dst) {
		h.w.release(f)
		return
	}
	h.sendVia(h.near(hop), f)
}

// mend4 makes the checksums of an IPv4 packet right. Fragments keep those of the
// datagram they are part of.
func mend4(b []byte, head int) {
	b[10], b[11] = 0, 0
	binary.BigEndian.PutUint16(b[10:], fold(sum(b[:head], 0)))
	if (binary.BigEndian.Uint16(b[6:]))&0x3fff != 0 {
		return
	}
	payload := b[head:]
	at := -1
	s := uint64(0)
	switch {
	case b[9] == protoTCP && len(payload) >= tcpLen:
		at = 16
	case b[9] == protoUDP && len(payload) >= udpLen:
		at = 6
	case b[9] == protoICMP && len(payload) >= icmpLen:
		at = 2
	}
	if at < 0 {
		return
	}
	if b[9] != protoICMP {
		s = sum(b[12:20], uint64(b[9])+uint64(len(payload)))
	}
	payload[at], payload[at+1] = 0, 0
	binary.BigEndian.PutUint16(payload[at:], fold(sum(payload, s)))
}
