package lan

import (
	"encoding/binary"
	"net/netip"
	"time"

	"firedoor"
)

// ICMPv6 types (RFC 4443, RFC 4861, RFC 3810).
const (
	icmp6EchoRequest   = 128
	icmp6EchoReply     = 129
	icmp6RouterSolicit = 133
	icmp6Solicit       = 135
	icmp6Advertise     = 136
	icmp6Report        = 143
)

// linkLocal is the address made of a MAC address (RFC 4291 appendix A).
func linkLocal(m firedoor.MAC) netip.Addr {
	var b [16]byte
	b[0], b[1] = 0xfe, 0x80
	putMAC(b[8:14], m)
	copy(b[13:16], b[11:14])
	b[8] ^= 2
	b[11], b[12] = 0xff, 0xfe
	return netip.AddrFrom16(b)
}

// solicited is the group whose members own addresses with these last 24 bits (RFC
// 4291 section 2.7.1).
func solicited(a netip.Addr) netip.Addr {
	b := a.As16()
	return netip.AddrFrom16([16]byte{0: 0xff, 1: 2, 11: 1, 12: 0xff, 13: b[13], 14: b[14], 15: b[15]})
}

func group6(last uint16) netip.Addr {
	return netip.AddrFrom16([16]byte{0: 0xff, 1: 2, 14: byte(last >> 8), 15: byte(last)})
}

// wanted6 says which IPv6 group frames the host looks at.
func (h *Host) wanted6(b []byte) bool {
	own := false
	group := binary.BigEndian.Uint32(b[2:6])
	for _, p := range h.addrs {
		if !p.Addr().Is6() {
			continue
		}
		own = true
		if a := p.Addr().As16(); b[2] == 0xff && a[13] == b[3] && a[14] == b[4] && a[15] == b[5] {
			return true
		}
	}
	if !own {
		return false
	}
	if group == 1 { // all nodes
		return true
	}
	return h.joined(netip.AddrFrom16([16]byte(b[38:54])))
}

// solicit asks for an address, or, from the unspecified address, whether somebody
// has it (RFC 4862 section 5.4.2).
func (n *nic) solicit(src, target netip.Addr, to firedoor.MAC) {
	f := n.w.newFrame()
	size := 24
	if !src.IsUnspecified() {
		size = 32
	}
	b := f.buf[headerLen+ip6Len:][:size]
	clear(b)
	b[0] = icmp6Solicit
	t := target.As16()
	copy(b[8:24], t[:])
	if size == 32 {
		b[24], b[25] = 1, 1
		putMAC(b[26:32], n.mac)
	}
	n.sendICMP(f, packet{src: src, dst: solicited(target), proto: protoICMP6, ttl: 255, to: to}, b)
}

func (n *nic) askND(nb *neighbour) { n.solicit(n.source(nb.addr), nb.addr, 0) }

// advertise tells a neighbour (or all) of an own address.
func (n *nic) advertise(target, to netip.Addr, flags byte) {
	f := n.w.newFrame()
	b := f.buf[headerLen+ip6Len:][:32]
	clear(b)
	b[0], b[4] = icmp6Advertise, flags
	t := target.As16()
	copy(b[8:24], t[:])
	b[24], b[25] = 2, 1
	putMAC(b[26:32], n.mac)
	n.sendICMP(f, packet{src: target, dst: to, proto: protoICMP6, ttl: 255}, b)
}

func (h *Host) icmp6In(f *frame, d *datagram) {
	b := d.payload
	if !d.v6 || len(b) < icmpLen || !d.sound(f) {
		return
	}
	switch b[0] {
	case icmp6EchoRequest:
		if !d.group {
			h.answerEcho(d, icmp6EchoReply, 0)
		}
	case icmp6EchoReply:
		h.answered(d)
	case icmp6Solicit, icmp6Advertise:
		if len(b) >= 24 && d.ttl == 255 {
			h.neighbourIn(d)
		}
	}
}

// neighbourIn handles a solicitation or an advertisement.
func (h *Host) neighbourIn(d *datagram) {
	b := d.payload
	target := netip.AddrFrom16([16]byte(b[8:24]))
	mac := firedoor.MAC(0)
	if len(b) >= 32 && (b[24] == 1 || b[24] == 2) && b[25] == 1 {
		mac = firedoor.MACFrom(b[26:32])
	}
	if b[0] == icmp6Advertise {
		if mac != 0 {
			h.met(target, mac, false)
		}
		return
	}
	if !h.owns(target) {
		return
	}
	if d.src.IsUnspecified() { // somebody else wants the address
		h.advertise(target, group6(1), 0x20)
		return
	}
	if mac != 0 {
		h.met(d.src, mac, true)
	}
	h.advertise(target, d.src, 0x60) // solicited, override
}

// arrive6 is what a host says on a cable it comes up on (RFC 4862, RFC 3810, RFC
// 4861 section 6.3.7).
func (h *Host) arrive6() {
	a := h.LinkLocal()
	if !a.IsValid() {
		return
	}
	h.reportMLD(netip.IPv6Unspecified(), solicited(a))
	h.solicit(netip.IPv6Unspecified(), a, 0)
	h.After(time.Second, func() {
		h.reportMLD(a, solicited(a))
		h.askRouters(a)
	})
}

func (h *Host) askRouters(src netip.Addr) {
	f := h.w.newFrame()
	b := f.buf[headerLen+ip6Len:][:16]
	clear(b)
	b[0] = icmp6RouterSolicit
	b[8], b[9] = 1, 1
	putMAC(b[10:16], h.mac)
	h.sendICMP(f, packet{src: src, dst: group6(2), proto: protoICMP6, ttl: 255}, b)
}

// Join makes the host a member of a multicast group and reports it (IGMPv2, MLDv2).
// It returns false when the host is in MaxGroups groups already.
func (h *Host) Join(group netip.Addr) bool {
	if h.joined(group) {
		return true
	}
	if len(h.groups) >= MaxGroups || !group.IsMulticast() {
		return false
	}
	h.groups = append(h.groups, group)
	h.report(group)
	return true
}

// Leave ends a membership, and says so over IPv4.
func (h *Host) Leave(group netip.Addr) {
	for i, g := range h.groups {
		if g != group {
			continue
		}
		h.groups = append(h.groups[:i], h.groups[i+1:]...)
		if group.Is4() && h.powered {
			h.sendIGMP(0x17, group, netip.AddrFrom4([4]byte{224, 0, 0, 2}))
		}
		return
	}
}

func (h *Host) report(group netip.Addr) {
	if !h.powered {
		return
	}
	if group.Is4() {
		h.sendIGMP(0x16, group, group)
		return
	}
	if src := h.LinkLocal(); src.IsValid() {
		h.reportMLD(src, group)
	}
}

// sendIGMP sends an IGMPv2 message with the router alert option (RFC 2236 section 2).
func (h *Host) sendIGMP(kind byte, group, to netip.Addr) {
	f := h.w.newFrame()
	b := f.buf[headerLen+ip4Len+4:][:8]
	clear(b)
	b[0] = kind
	putAddr4(b[4:8], group)
	binary.BigEndian.PutUint16(b[2:], fold(sum(b, 0)))
	p := packet{src: h.source(to), dst: to, proto: protoIGMP, ttl: 1}
	if !p.src.IsValid() {
		p.src = netip.IPv4Unspecified()
	}
	h.head4(f, p, 4+8, h.nextIdent(true), 0)
	head := f.buf[headerLen : headerLen+ip4Len+4]
	head[0], head[10], head[11] = 0x46, 0, 0
	copy(head[20:], []byte{0x94, 4, 0, 0})
	binary.BigEndian.PutUint16(head[10:], fold(sum(head, 0)))
	h.launch(f, p)
}

// reportMLD says of a group that the host is in it (RFC 3810 section 5.2), behind a
// hop-by-hop header with the router alert.
func (h *Host) reportMLD(src, group netip.Addr) {
	f := h.w.newFrame()
	const hop = 8
	b := f.buf[headerLen+ip6Len:][:hop+28]
	clear(b)
	copy(b, []byte{protoICMP6, 0, 5, 2, 0, 0, 1, 0})
	m := b[hop:]
	m[0], m[7] = icmp6Report, 1
	m[8] = 4 // change to "exclude nothing"
	g := group.As16()
	copy(m[12:28], g[:])
	p := packet{src: src, dst: group6(0x16), proto: 0, ttl: 1}
	binary.BigEndian.PutUint16(m[2:], fold(sum(m, pseudo(p.src, p.dst, protoICMP6, len(m)))))
	h.head6(f, p, len(b))
	h.launch(f, p)
}
