package packet

import "firedoor"

// EtherTypes that Decode looks into.
const (
	typeIPv4       = 0x0800
	typeTEB        = 0x6558 // transparent Ethernet bridging
	typeVLAN       = 0x8100
	typeIPv6       = 0x86dd
	typeMPLS       = 0x8847
	typeMPLSUp     = 0x8848 // upstream-assigned
	typePPPoE      = 0x8864 // session stage
	typeServiceTag = 0x88a8
	typePRP        = 0x88fb
	typeQinQ       = 0x9100 // before 802.1ad
	typeQinQ2      = 0x9200
	typeHSR        = 0x892f
	typeERSPAN     = 0x88be // types I and II
	typeERSPAN3    = 0x22eb

	lowestType = 0x600 // below it is an 802.3 length
)

const etherHeader = 14

// ethernet decodes from the destination address on. wire counts the bytes on
// the wire from b on, so wire-len(b) is what the capture did not keep.
func ethernet(p *Packet, b []byte, wire, depth int) {
	if len(b) < etherHeader {
		stop(p, LayerNone, b, wire-len(b), "ethernet header")
		return
	}
	p.DstMAC = firedoor.MAC(be.Uint64(b) >> 16)
	p.SrcMAC = firedoor.MAC(be.Uint64(b[6:]) >> 16)
	et := be.Uint16(b[12:])
	if et == typeIPv4 {
		ipv4(p, b[etherHeader:], wire-etherHeader, depth)
		return
	}
	etherType(p, et, b[etherHeader:], wire-etherHeader, depth)
}

// etherType decodes what follows an EtherType, through any tags.
func etherType(p *Packet, et uint16, b []byte, wire, depth int) {
	for tags := 0; ; tags++ {
		size := 4
		switch et {
		case typeIPv4:
			ipv4(p, b, wire, depth)
			return
		case typeIPv6:
			ipv6(p, b, wire, depth)
			return
		case typeMPLS, typeMPLSUp:
			mpls(p, et, b, wire, depth)
			return
		case typePPPoE:
			overEthernet(p, b, wire, depth)
			return
		case typeVLAN, typeServiceTag, typeQinQ, typeQinQ2:
		case typeHSR:
			size = 6
		default:
			if et < lowestType {
				logicalLink(p, et, b, wire, depth)
				return
			}
			p.EtherType = et
			stop(p, LayerLink, b, wire-len(b), "")
			return
		}
		if len(b) < size || tags == MaxTags {
			p.EtherType = et
			stop(p, LayerLink, b, wire-len(b), tagProblem(tags))
			return
		}
		if size == 6 {
			hsrTag(p, b)
		} else {
			vlanTag(&p.Scope, be.Uint16(b)&0xfff)
		}
		et = be.Uint16(b[size-2:])
		b, wire = b[size:], wire-size
	}
}

func isTag(et uint16) bool {
	return et == typeVLAN || et == typeServiceTag || et == typeQinQ || et == typeQinQ2
}

func tagProblem(tags int) string {
	if tags == MaxTags {
		return "too many tags"
	}
	return "tag"
}

// vlanTag notes the next tag inwards: the outermost stays, the innermost
// replaces those between.
func vlanTag(s *Scope, vid uint16) {
	switch {
	case vid == 0: // a priority tag names no VLAN
	case s.Vlans[0] == 0:
		s.Vlans[0] = vid
	default:
		s.Vlans[1] = vid
	}
}

// hsrTag reads IEC 62439-3, 5.6: path (4 bits), size (12 bits), sequence number.
func hsrTag(p *Packet, b []byte) {
	p.HasRedundancy = true
	p.RedundancyLAN = b[0] >> 4
	p.RedundancySeq = be.Uint16(b[2:])
}

// logicalLink decodes 802.3 with LLC behind the length field. What is longer
// than the length is padding. SNAP with OUI 0 carries an EtherType (RFC 1042), but no tag
// of a VLAN: where there is one it is left as it is, as the kernel's program does.
func logicalLink(p *Packet, length uint16, b []byte, wire, depth int) {
	size := int(length)
	if size <= 4 && p.DstMAC == 0 { // cooked capture: a frame type, not a length
		size = wire
	}
	wire = size
	if len(b) > size {
		b = b[:size]
	}
	if len(b) >= 8 && be.Uint32(b) == 0xaaaa0300 && be.Uint16(b[4:]) == 0 {
		if et := be.Uint16(b[6:]); et >= lowestType && !isTag(et) && depth <= MaxNesting {
			etherType(p, et, b[8:], wire-8, depth+1)
			return
		}
	}
	p.EtherType = length
	stop(p, LayerLink, b, wire-len(b), "")
}

const redundancyTrailerSize = 6

// redundancyTrailer cuts off the trailer of the Parallel Redundancy Protocol
// (IEC 62439-3, 4.1.10): sequence number, LAN (0xA or 0xB, 4 bits), size (12
// bits), suffix. Payload can end like that by chance, so the size must be that
// of everything behind the EtherType (tag not counted) and the trailer must lie
// behind what the payload says of its own length.
func redundancyTrailer(p *Packet, b []byte, wire int) ([]byte, int) {
	n := len(b)
	if n < etherHeader+redundancyTrailerSize || b[n-1] != typePRP&0xff || b[n-2] != typePRP>>8 || wire != n {
		return b, wire
	}
	lan := b[n-4] >> 4
	size := int(be.Uint16(b[n-4:]) & 0xfff)
	if lan != 0xa && lan != 0xb {
		return b, wire
	}
	start := etherHeader
	et := be.Uint16(b[12:])
	for et == typeVLAN || et == typeServiceTag {
		if size == n-start || start+4+redundancyTrailerSize > n { // some senders count the tag
			break
		}
		et = be.Uint16(b[start+2:])
		start += 4
	}
	if size != n-start || selfLength(et, b[start:]) > n-start-redundancyTrailerSize {
		return b, wire
	}
	p.HasRedundancy = true
	p.RedundancyLAN = lan
	p.RedundancySeq = be.Uint16(b[n-6:])
	return b[:n-redundancyTrailerSize], wire - redundancyTrailerSize
}

// selfLength is what a link payload says of its own length, 0 if nothing.
func selfLength(et uint16, b []byte) int {
	if et != typeVLAN && et != typeServiceTag {
		return selfLengthInner(et, b)
	}
	if len(b) < 4 {
		return 0
	}
	return 4 + selfLengthInner(be.Uint16(b[2:]), b[4:])
}

func selfLengthInner(et uint16, b []byte) int {
	switch {
	case et == typeIPv4 && len(b) >= 20:
		return int(be.Uint16(b[2:]))
	case et == typeIPv6 && len(b) >= 40:
		return 40 + int(be.Uint16(b[4:]))
	case et < lowestType:
		return int(et)
	}
	return 0
}

// mpls walks the label stack to its bottom (RFC 3032). The bottom label names
// the service and so the scope. What follows is not told by the stack: IP by
// its version, a pseudowire by the zero nibble of its control word (RFC 4385).
func mpls(p *Packet, et uint16, b []byte, wire, depth int) {
	rest, left := b, wire
	for range MaxLabels {
		if len(rest) < 4 {
			p.EtherType = et
			stop(p, LayerLink, b, wire-len(b), "mpls label")
			return
		}
		entry := be.Uint32(rest)
		rest, left = rest[4:], left-4
		if entry&0x100 == 0 {
			continue
		}
		if !labelled(p, entry>>12, rest, left, depth) {
			p.EtherType = et
			stop(p, LayerLink, b, wire-len(b), "mpls payload")
		}
		return
	}
	p.EtherType = et
	stop(p, LayerLink, b, wire-len(b), "too many mpls labels")
}

// labelled decodes what lies under the bottom label; false if it cannot tell.
func labelled(p *Packet, label uint32, b []byte, wire, depth int) bool {
	if len(b) < 4 || depth >= MaxNesting {
		return false
	}
	switch b[0] >> 4 {
	case 4:
		enter(p, TunnelMPLS, label)
		ipv4(p, b, wire, depth+1)
		return true
	case 6:
		enter(p, TunnelMPLS, label)
		ipv6(p, b, wire, depth+1)
		return true
	case 0:
		if len(b) < 4+etherHeader {
			return false
		}
		enter(p, TunnelMPLS, label)
		innerEthernet(p, b[4:], wire-4, depth)
		return true
	}
	return false
}
