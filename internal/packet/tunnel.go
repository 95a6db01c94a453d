package packet

import "firedoor"

const (
	vxlanPort    = 4789
	oldVXLANPort = 8472 // before IANA gave it one; still the default of Linux
	genevePort   = 6081
	tzspPort     = 37008
)

// overUDP decodes what a datagram to a port of tunnels carries. False, and nothing changed, if it is something else.
func overUDP(p *Packet, port uint16, b []byte, missing, depth int) bool {
	switch port {
	case vxlanPort, oldVXLANPort:
		return vxlan(p, b, missing, depth)
	case genevePort:
		return geneve(p, b, missing, depth)
	case tzspPort:
		return tzsp(p, b, missing, depth)
	}
	return false
}

// enter forgets the outer network layer: from here on the inner one counts.
func enter(p *Packet, t Tunnel, overlay uint32) {
	p.Scope.Tunnel = t
	p.Scope.Overlay = overlay
	p.SrcIP, p.DstIP = firedoor.IP{}, firedoor.IP{}
	p.Proto, p.TTL, p.IPID = 0, 0, 0
}

// innerEthernet decodes a frame carried by a tunnel: its own tags count, not
// those of the frame that carried it.
func innerEthernet(p *Packet, b []byte, wire, depth int) {
	p.Scope.Vlans = [2]uint16{}
	ethernet(p, b, wire, depth+1)
}

// PPPoE (RFC 2516, 4): version and type, code of session data, session, length; and the
// protocols of PPP (RFC 1661, 2) that are looked into.
const (
	pppoeHeader  = 6
	pppoeVersion = 0x11
	pppIPv4      = 0x0021
	pppIPv6      = 0x0057
)

// overEthernet decodes IP in a session of PPPoE; what else there is (LCP, authentication) stays
// the payload.
func overEthernet(p *Packet, b []byte, wire, depth int) {
	p.EtherType = typePPPoE
	if depth >= MaxNesting {
		stop(p, LayerLink, b, wire-len(b), "")
		return
	}
	if len(b) < pppoeHeader+1 || b[0] != pppoeVersion || b[1] != 0 {
		stop(p, LayerLink, b, wire-len(b), "pppoe header")
		return
	}
	inner, left := b[pppoeHeader:], int(be.Uint16(b[4:]))
	if len(inner) > left {
		inner = inner[:left] // the rest is padding
	}
	if len(inner) == 0 {
		stop(p, LayerLink, b, wire-len(b), "pppoe header")
		return
	}
	proto, size := uint16(inner[0]), 1
	if inner[0]&1 == 0 { // not compressed
		if len(inner) < 2 {
			stop(p, LayerLink, b, wire-len(b), "pppoe header")
			return
		}
		proto, size = be.Uint16(inner), 2
	}
	switch proto {
	case pppIPv4:
		enter(p, TunnelPPPoE, 0)
		ipv4(p, inner[size:], left-size, depth+1)
	case pppIPv6:
		enter(p, TunnelPPPoE, 0)
		ipv6(p, inner[size:], left-size, depth+1)
	default:
		stop(p, LayerLink, b, wire-len(b), "")
	}
}

// ipInIP decodes IPv4 (RFC 2003) or IPv6 (RFC 4213) carried by IP.
func ipInIP(p *Packet, proto uint8, b []byte, missing, depth int) {
	if depth >= MaxNesting {
		p.Proto = proto
		stop(p, LayerNetwork, b, missing, "nested too deep")
		return
	}
	enter(p, TunnelIP, 0)
	if proto == protoIPv4 {
		ipv4(p, b, len(b)+missing, depth+1)
	} else {
		ipv6(p, b, len(b)+missing, depth+1)
	}
}

// vxlan decodes RFC 7348, 5: flags with the I bit (and the group policy bit
// some add), network identifier, frame. False, and nothing changed, if this is
// something else on that port.
func vxlan(p *Packet, b []byte, missing, depth int) bool {
	const head = 8
	if len(b) < head+etherHeader || b[0]&0x7f != 0x08 || b[7] != 0 || depth >= MaxNesting {
		return false
	}
	enter(p, TunnelVXLAN, be.Uint32(b[4:])>>8)
	innerEthernet(p, b[head:], len(b)-head+missing, depth)
	return true
}

// geneve decodes RFC 8926, 3.4: version 0 and the length of the options, flags, type of what is carried, network
// identifier, options. What a control packet carries is for the ends of the tunnel.
func geneve(p *Packet, b []byte, missing, depth int) bool {
	const head, control, reserved = 8, 0x80, 0x3f
	if len(b) < head || b[0]>>6 != 0 || b[1]&(control|reserved) != 0 || b[7] != 0 || depth >= MaxNesting {
		return false
	}
	size, overlay := head+int(b[0]&0x3f)*4, be.Uint32(b[4:])>>8
	if len(b) < size {
		return false
	}
	inner := b[size:]
	switch be.Uint16(b[2:]) {
	case typeTEB:
		if len(inner) < etherHeader {
			return false
		}
		enter(p, TunnelGeneve, overlay)
		innerEthernet(p, inner, len(inner)+missing, depth)
	case typeIPv4:
		if len(inner) < ipv4Header {
			return false
		}
		enter(p, TunnelGeneve, overlay)
		ipv4(p, inner, len(inner)+missing, depth+1)
	case typeIPv6:
		if len(inner) < ipv6Header {
			return false
		}
		enter(p, TunnelGeneve, overlay)
		ipv6(p, inner, len(inner)+missing, depth+1)
	default:
		return false
	}
	return true
}

// Of TZSP: its version, the types of packet that carry a frame, the type of frame, and tags.
const (
	tzspHeader   = 4
	tzspVersion  = 1
	tzspReceived = 0
	tzspToSend   = 1
	tzspEthernet = 1
	tzspPadding  = 0
	tzspEnd      = 1
	maxTZSPTags  = 16
)

// tzsp decodes a frame that a router mirrors (TaZmen Sniffer Protocol): version, type, what is carried, tags of a
// type, a length and a value, the last of which is an end.
func tzsp(p *Packet, b []byte, missing, depth int) bool {
	if len(b) < tzspHeader || b[0] != tzspVersion || b[1] != tzspReceived && b[1] != tzspToSend || be.Uint16(b[2:]) != tzspEthernet || depth >= MaxNesting {
		return false
	}
	at := tzspHeader
	for range maxTZSPTags {
		if len(b) <= at {
			return false
		}
		switch b[at] {
		case tzspPadding:
			at++
			continue
		case tzspEnd:
			inner := b[at+1:]
			if len(inner) < etherHeader {
				return false
			}
			enter(p, TunnelTZSP, 0)
			innerEthernet(p, inner, len(inner)+missing, depth)
			return true
		}
		if len(b) < at+2 {
			return false
		}
		at += 2 + int(b[at+1])
	}
	return false
}

// Flags of the GRE header.
const (
	greChecksum = 0x8000
	greRoute    = 0x4000
	greKey      = 0x2000
	greSequence = 0x1000
	greVersion  = 0x0007
)

// greHead is the size of a GRE header with these flags, and its key if b has it.
func greHead(flags uint16, b []byte) (size int, key uint32) {
	size = 4
	if flags&greChecksum != 0 {
		size += 4
	}
	if flags&greKey != 0 {
		size += 4
		if len(b) >= size {
			key = be.Uint32(b[size-4:])
		}
	}
	if flags&greSequence != 0 {
		size += 4
	}
	return size, key
}

// gre decodes RFC 2784 with the key and sequence number of RFC 2890. What it
// does not look into (source routes, version 1, other payloads) stays the
// payload of the outer packet, GRE header included.
func gre(p *Packet, b []byte, missing, depth int) {
	p.Proto = GRE
	if len(b) < 4 {
		stop(p, LayerNetwork, b, missing, "gre header")
		return
	}
	flags, et := be.Uint16(b), be.Uint16(b[2:])
	size, key := greHead(flags, b)
	broken := ""
	switch {
	case flags&(greRoute|greVersion) != 0:
		stop(p, LayerNetwork, b, missing, "")
		return
	case len(b) < size:
		broken = "gre header"
	case depth >= MaxNesting:
		broken = "nested too deep"
	}
	if broken != "" {
		stop(p, LayerNetwork, b, missing, broken)
		return
	}
	inner := b[size:]
	switch et {
	case typeIPv4:
		enter(p, TunnelGRE, key)
		ipv4(p, inner, len(inner)+missing, depth+1)
	case typeIPv6:
		enter(p, TunnelGRE, key)
		ipv6(p, inner, len(inner)+missing, depth+1)
	case typeTEB:
		if len(inner) < etherHeader {
			stop(p, LayerNetwork, b, missing, "ethernet header in gre")
			return
		}
		enter(p, TunnelGRE, key)
		innerEthernet(p, inner, len(inner)+missing, depth)
	case typeERSPAN, typeERSPAN3:
		if !erspan(p, et, flags&greSequence != 0, inner, missing, depth) {
			stop(p, LayerNetwork, b, missing, "erspan header")
		}
	default:
		stop(p, LayerNetwork, b, missing, "")
	}
}

// erspan decodes a mirrored frame (draft-foschiano-erspan-03, 4): type I has no
// header of its own and no GRE sequence number, type II has 8 bytes, type III
// 12 and possibly 8 more. False, and nothing changed, if it is not.
func erspan(p *Packet, et uint16, sequence bool, b []byte, missing, depth int) bool {
	size, version := 0, uint8(0)
	switch {
	case et == typeERSPAN3:
		size, version = 12, 2
	case sequence:
		size, version = 8, 1
	}
	if len(b) < size+etherHeader || size > 0 && b[0]>>4 != version {
		return false
	}
	session, vlan := uint32(0), uint16(0)
	if size > 0 {
		session = uint32(be.Uint16(b[2:]) & 0x3ff)
		if b[2]>>3&3 == 2 { // the frame's 802.1Q tag was moved into this header
			vlan = be.Uint16(b) & 0xfff
		}
	}
	if size == 12 {
		if b[10]>>2&0x1f != 0 && b[10]>>7 == 1 { // frame type: other than Ethernet
			return false
		}
		if b[11]&1 == 1 {
			size += 8
		}
		if len(b) < size+etherHeader {
			return false
		}
	}
	b = b[size:]
	enter(p, TunnelERSPAN, session)
	innerEthernet(p, b, len(b)+missing, depth)
	if p.Scope.Tunnel == TunnelERSPAN && p.Scope.Vlans[0] == 0 {
		p.Scope.Vlans[0] = vlan
	}
	return true
}
