package packet

import "firedoor"

// IP protocol numbers that only decoding needs.
const (
	protoHopByHop    = 0
	protoIPv4        = 4
	protoIPv6        = 41
	protoRouting     = 43
	protoFragment    = 44
	protoAH          = 51
	protoDestination = 60
	protoMobility    = 135
)

const (
	ipv4Header = 20
	ipv6Header = 40
)

// ipv4 decodes an IPv4 header (RFC 791) and what follows. A total length of
// zero comes from senders that leave segmentation to the network card: then
// all that follows belongs to the packet.
func ipv4(p *Packet, b []byte, wire, depth int) {
	p.EtherType = typeIPv4
	if len(b) < ipv4Header {
		stop(p, LayerLink, b, wire-len(b), "ipv4 header")
		return
	}
	head := int(b[0]&0xf) * 4
	total := int(be.Uint16(b[2:]))
	if total == 0 {
		total = wire
	}
	if b[0]>>4 != 4 || head < ipv4Header || total < head {
		stop(p, LayerLink, b, wire-len(b), "ipv4 header")
		return
	}
	if len(b) > total {
		b = b[:total] // the rest is padding
	}
	if head > len(b) {
		stop(p, LayerLink, b, total-len(b), "ipv4 options")
		return
	}
	missing := total - len(b)
	p.SrcIP = firedoor.IPv4(be.Uint32(b[12:]))
	p.DstIP = firedoor.IPv4(be.Uint32(b[16:]))
	p.IPID = uint32(be.Uint16(b[4:]))
	p.TTL = b[8]
	proto := b[9]
	if frag := be.Uint16(b[6:]); frag&0x3fff != 0 {
		p.Proto = proto
		p.Fragment = true
		p.More = frag&0x2000 != 0
		p.FragOffset = uint32(frag&0x1fff) * 8
		stop(p, LayerNetwork, b[head:], missing, "")
		return
	}
	if proto == TCP {
		tcp(p, b[head:], missing)
		return
	}
	if proto == protoAH {
		extensions(p, proto, b[head:], missing, depth)
		return
	}
	transport(p, proto, b[head:], missing, depth)
}

// largestIP is the most an IP length field can say.
const largestIP = 0xffff

// ipv6 decodes an IPv6 header (RFC 8200) and what follows. A payload length of
// zero on something larger than the field can say is a jumbogram (RFC 2675) or
// comes from a sender that leaves segmentation to the network card.
func ipv6(p *Packet, b []byte, wire, depth int) {
	p.EtherType = typeIPv6
	if len(b) < ipv6Header || b[0]>>4 != 6 {
		stop(p, LayerLink, b, wire-len(b), "ipv6 header")
		return
	}
	if mapped(b[8:]) || mapped(b[24:]) {
		stop(p, LayerLink, b, wire-len(b), "ipv4-mapped address")
		return
	}
	p.SrcIP = firedoor.IPv6(b[8:])
	p.DstIP = firedoor.IPv6(b[24:])
	p.TTL = b[7]
	p.IPID = 0
	next := b[6]
	size := int(be.Uint16(b[4:]))
	b, wire = b[ipv6Header:], wire-ipv6Header
	if size == 0 && wire > largestIP {
		size = wire
	}
	if len(b) > size {
		b = b[:size]
	}
	if next == TCP {
		tcp(p, b, size-len(b))
		return
	}
	extensions(p, next, b, size-len(b), depth)
}

// mapped tells whether an address of an IPv6 header stands for one of IPv4 (::ffff:0:0/96). Programs say so among themselves;
// on the wire it must not be (RFC 4942, 2.2), for who takes it takes it for IPv4, whose rules were not asked.
func mapped(b []byte) bool {
	return be.Uint64(b) == 0 && be.Uint32(b[8:]) == 0xffff
}

// extensions walks IPv6 extension headers (RFC 8200, 4; AH RFC 4302) to the
// transport header. An atomic fragment (RFC 6946) is a whole packet.
func extensions(p *Packet, next uint8, b []byte, missing, depth int) {
	for range MaxExtensions {
		size := 8
		switch next {
		case protoHopByHop, protoRouting, protoDestination, protoMobility:
			if len(b) >= 8 {
				size = 8 + int(b[1])*8
			}
		case protoAH:
			if len(b) >= 8 {
				size = 8 + int(b[1])*4
			}
		case protoFragment:
		default:
			transport(p, next, b, missing, depth)
			return
		}
		p.Proto = next
		if len(b) < size {
			stop(p, LayerNetwork, b, missing, "ipv6 extension header")
			return
		}
		if next == protoFragment {
			field := be.Uint16(b[2:])
			p.IPID = be.Uint32(b[4:])
			if field&0xfff9 != 0 {
				p.Proto = b[0]
				p.Fragment = true
				p.More = field&1 != 0
				p.FragOffset = uint32(field & 0xfff8)
				stop(p, LayerNetwork, b[8:], missing, "")
				return
			}
		}
		next, b = b[0], b[size:]
	}
	p.Proto = next
	stop(p, LayerNetwork, b, missing, "too many ipv6 extension headers")
}
