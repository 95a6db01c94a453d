package packet

import "firedoor"

// Link types that Decode knows (tcpdump.org/linktypes.html). Raw IP has three
// numbers, because the operating systems never agreed on one.
const (
	LinkNull       LinkType = 0 // BSD loopback, family in the capturing host's byte order
	LinkEthernet   LinkType = 1
	LinkPPP        LinkType = 9
	LinkRawBSD     LinkType = 12
	LinkRawOpenBSD LinkType = 14
	LinkPPPSerial  LinkType = 50
	LinkRaw        LinkType = 101
	LinkCiscoHDLC  LinkType = 104
	LinkLoop       LinkType = 108 // OpenBSD loopback, family in network byte order
	LinkSLL        LinkType = 113 // Linux cooked capture
	LinkIPv4       LinkType = 228
	LinkIPv6       LinkType = 229
	LinkSLL2       LinkType = 276 // Linux cooked capture, version 2
)

func otherLink(p *Packet, link LinkType, b []byte, wire int) {
	switch link {
	case LinkRaw, LinkRawBSD, LinkRawOpenBSD, LinkIPv4, LinkIPv6:
		rawIP(p, b, wire)
	case LinkSLL:
		cooked(p, b, wire)
	case LinkSLL2:
		cooked2(p, b, wire)
	case LinkNull, LinkLoop:
		loopback(p, b, wire)
	case LinkPPP, LinkPPPSerial:
		pointToPoint(p, b, wire)
	case LinkCiscoHDLC:
		if len(b) < 4 {
			stop(p, LayerNone, b, wire-len(b), "hdlc header")
			return
		}
		etherType(p, be.Uint16(b[2:]), b[4:], wire-4, 0)
	default:
		stop(p, LayerNone, b, wire-len(b), "link type unknown")
	}
}

// rawIP has no link header: the version nibble tells what it is.
func rawIP(p *Packet, b []byte, wire int) {
	if len(b) == 0 {
		stop(p, LayerNone, b, wire, "ip header")
		return
	}
	switch b[0] >> 4 {
	case 4:
		ipv4(p, b, wire, 0)
	case 6:
		ipv6(p, b, wire, 0)
	default:
		stop(p, LayerNone, b, wire-len(b), "ip version")
	}
}

// ARP hardware types of cooked captures whose link address is a MAC.
const (
	arpEthernet = 1
	arpLoopback = 772
)

// cooked reads the header of LINKTYPE_LINUX_SLL: packet type, hardware type,
// address length, address (8), protocol. Only the sender's address is known.
func cooked(p *Packet, b []byte, wire int) {
	if len(b) < 16 {
		stop(p, LayerNone, b, wire-len(b), "sll header")
		return
	}
	cookedMAC(p, be.Uint16(b[2:]), int(be.Uint16(b[4:])), b[6:])
	etherType(p, be.Uint16(b[14:]), b[16:], wire-16, 0)
}

// cooked2 reads the header of LINKTYPE_LINUX_SLL2: protocol, reserved,
// interface index (4), hardware type, packet type, address length, address (8).
func cooked2(p *Packet, b []byte, wire int) {
	if len(b) < 20 {
		stop(p, LayerNone, b, wire-len(b), "sll2 header")
		return
	}
	cookedMAC(p, be.Uint16(b[8:]), int(b[11]), b[12:])
	etherType(p, be.Uint16(b), b[20:], wire-20, 0)
}

func cookedMAC(p *Packet, hardware uint16, size int, addr []byte) {
	if size == 6 && (hardware == arpEthernet || hardware == arpLoopback) {
		p.SrcMAC = firedoor.MACFrom(addr)
	}
}

// loopback reads the four bytes of address family. They are in the byte order
// of whoever captured, which the file does not tell: families are small, so
// the order that gives a small number is the right one.
func loopback(p *Packet, b []byte, wire int) {
	if len(b) < 4 {
		stop(p, LayerNone, b, wire-len(b), "loopback header")
		return
	}
	family := be.Uint32(b)
	if family > 0xffff {
		family = uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
	}
	b, wire = b[4:], wire-4
	switch family {
	case 2: // AF_INET everywhere
		ipv4(p, b, wire, 0)
	case 10, 23, 24, 28, 30: // AF_INET6 of Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS
		ipv6(p, b, wire, 0)
	default:
		stop(p, LayerNone, b, wire-len(b), "loopback family unknown")
	}
}

// pointToPoint reads PPP with or without address and control, and with the
// protocol number compressed or not (RFC 1661, 6.5 and 6.6).
func pointToPoint(p *Packet, b []byte, wire int) {
	if len(b) >= 2 && b[0] == 0xff && b[1] == 0x03 {
		b, wire = b[2:], wire-2
	}
	if len(b) < 2 {
		stop(p, LayerNone, b, wire-len(b), "ppp header")
		return
	}
	proto, size := be.Uint16(b), 2
	if b[0]&1 == 1 {
		proto, size = uint16(b[0]), 1
	}
	b, wire = b[size:], wire-size
	switch proto {
	case pppIPv4:
		ipv4(p, b, wire, 0)
	case pppIPv6:
		ipv6(p, b, wire, 0)
	case 0x0281:
		mpls(p, typeMPLS, b, wire, 0)
	default:
		stop(p, LayerNone, b, wire-len(b), "ppp protocol unknown")
	}
}
