package lan

import (
	"encoding/binary"
	"net/netip"

	"firedoor"
)

const (
	ip4Len = 20
	ip6Len = 40

	dontFragment  = 0x4000
	moreFragments = 0x2000
)

// payloadAt is where in a frame the payload of a packet to dst begins.
func payloadAt(dst netip.Addr) int {
	if dst.Is4() {
		return headerLen + ip4Len
	}
	return headerLen + ip6Len
}

// packet says how a packet differs from the usual.
type packet struct {
	src, dst netip.Addr
	proto    uint8
	ttl      uint8 // 0: as the kind does
	to       firedoor.MAC
}

// send makes a packet of the size bytes of payload that lie in the frame behind the
// headers, and sends it; the reference goes with it. It is dropped when there is
// no way to dst.
func (n *nic) send(f *frame, p packet, size int) {
	if p.dst.Is4() {
		flags := uint16(0)
		if n.manners.DontFragmentAll || n.manners.DontFragment && p.proto == protoTCP {
			flags = dontFragment
		}
		n.head4(f, p, size, n.nextIdent(flags != 0), flags)
	} else {
		n.head6(f, p, size)
	}
	n.launch(f, p)
}

// launch sends a finished packet to its next hop.
func (n *nic) launch(f *frame, p packet) {
	to := p.to
	if to == 0 {
		to = n.group(p.dst)
	}
	if to != 0 {
		putMAC(f.buf[0:6], to)
		putMAC(f.buf[6:12], n.mac)
		n.transmit(f)
		return
	}
	hop, ok := n.route(p.dst)
	if !ok {
		n.w.stats.Unresolved++
		n.w.release(f)
		return
	}
	if n.owns(p.dst) { // to itself: it never leaves the host
		n.loop(f)
		return
	}
	n.sendVia(n.near(hop), f)
}

// loop hands a packet back to the stack it came from.
func (n *nic) loop(f *frame) {
	putMAC(f.buf[0:6], n.mac)
	putMAC(f.buf[6:12], n.mac)
	f.pad()
	n.w.queue.push(true, n.w.now+int64(n.manners.Latency), &event{kind: eventHost, nic: n, frame: f})
}

// group is the Ethernet address of a broadcast or multicast address (RFC 1112
// section 6.4, RFC 2464 section 7); 0 for an address of one station.
func (n *nic) group(dst netip.Addr) firedoor.MAC {
	if dst.Is4() {
		a := number4(dst)
		if a>>28 == 0xe {
			return firedoor.MAC(0x01005e000000 | uint64(a&0x7fffff))
		}
		if n.broadcast4(a) {
			return Broadcast
		}
		return 0
	}
	if b := dst.As16(); b[0] == 0xff {
		return firedoor.MAC(0x333300000000 | uint64(binary.BigEndian.Uint32(b[12:])))
	}
	return 0
}

func (n *nic) broadcast4(a uint32) bool {
	if a == 0xffffffff {
		return true
	}
	for _, p := range n.addrs {
		if !p.Addr().Is4() || p.Bits() > 30 {
			continue
		}
		hosts := uint32(1)<<(32-p.Bits()) - 1
		if a&hosts == hosts && (a^number4(p.Addr()))&^hosts == 0 {
			return true
		}
	}
	return false
}

func (n *nic) head4(f *frame, p packet, size int, ident, flags uint16) {
	binary.BigEndian.PutUint16(f.buf[12:14], etherIPv4)
	h := f.buf[headerLen : headerLen+ip4Len]
	h[0], h[1] = 0x45, 0
	binary.BigEndian.PutUint16(h[2:], uint16(ip4Len+size))
	binary.BigEndian.PutUint16(h[4:], ident)
	binary.BigEndian.PutUint16(h[6:], flags)
	h[8], h[9] = or(p.ttl, n.manners.TTL), p.proto
	h[10], h[11] = 0, 0
	putAddr4(h[12:16], p.src)
	putAddr4(h[16:20], p.dst)
	binary.BigEndian.PutUint16(h[10:], fold(sum(h, 0)))
	f.n = headerLen + ip4Len + size
	f.trusted = true
}

func (n *nic) head6(f *frame, p packet, size int) {
	binary.BigEndian.PutUint16(f.buf[12:14], etherIPv6)
	h := f.buf[headerLen : headerLen+ip6Len]
	binary.BigEndian.PutUint32(h[0:], 0x60000000)
	binary.BigEndian.PutUint16(h[4:], uint16(size))
	h[6], h[7] = p.proto, or(p.ttl, n.manners.HopLimit)
	src, dst := p.src.As16(), p.dst.As16()
	copy(h[8:24], src[:])
	copy(h[24:40], dst[:])
	f.n = headerLen + ip6Len + size
	f.trusted = true
}

// pseudo is the sum over the pseudo header (RFC 9293 section 3.1, RFC 8200 section
// 8.1).
func pseudo(src, dst netip.Addr, proto uint8, size int) uint64 {
	s := uint64(proto) + uint64(size)
	if dst.Is4() {
		d := dst.As4()
		s = sum(d[:], s)
		if src.Is4() {
			a := src.As4()
			s = sum(a[:], s)
		}
		return s
	}
	a, d := src.As16(), dst.As16()
	return sum(d[:], sum(a[:], s))
}

// arrived4 is what the header of an IPv4 packet says.
type datagram struct {
	src, dst netip.Addr
	proto    uint8
	ttl      uint8
	ident    uint16
	offset   uint16 // flags and offset, IPv4
	v6       bool
	payload  []byte // borrowed
	group    bool   // sent to many
	packet   []byte // the whole packet, for ICMP to quote
}

// open4 reads the header of the IPv4 packet in a frame; false when it is damaged.
func open4(f *frame, d *datagram) bool {
	b := f.bytes()[headerLen:]
	if len(b) < ip4Len || b[0]>>4 != 4 {
		return false
	}
	head, total := int(b[0]&15)<<2, int(binary.BigEndian.Uint16(b[2:]))
	if head < ip4Len || total < head || total > len(b) {
		return false
	}
	if !f.trusted && fold(sum(b[:head], 0)) != 0 {
		return false
	}
	d.src, d.dst = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	d.proto, d.ttl = b[9], b[8]
	d.ident, d.offset = binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])
	d.payload, d.packet = b[head:total], b[:total]
	return true
}

// open6 reads the header of the IPv6 packet in a frame, a hop-by-hop header too.
func open6(f *frame, d *datagram) bool {
	b := f.bytes()[headerLen:]
	if len(b) < ip6Len || b[0]>>4 != 6 {
		return false
	}
	total := ip6Len + int(binary.BigEndian.Uint16(b[4:]))
	if total > len(b) {
		return false
	}
	d.src, d.dst = netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
	d.proto, d.ttl, d.v6 = b[6], b[7], true
	d.payload, d.packet = b[ip6Len:total], b[:total]
	if d.proto == 0 && len(d.payload) >= 8 { // RFC 8200 section 4.3
		size := (int(d.payload[1]) + 1) << 3
		if size > len(d.payload) {
			return false
		}
		d.proto, d.payload = d.payload[0], d.payload[size:]
	}
	return true
}

// sound verifies the checksum over a payload with pseudo header.
func (d *datagram) sound(f *frame) bool {
	if f.trusted {
		return true
	}
	return fold(sum(d.payload, pseudo(d.src, d.dst, d.proto, len(d.payload)))) == 0
}
