package flow

import (
	"math/bits"

	"firedoor"
	"firedoor/internal/packet"
)

// Key names a flow the same way in both directions: of its two ends, (IP,
// port), the smaller one is Lo.
//
// Where a packet has no IP header the ends are MAC addresses in the form MACEnd
// gives, LoPort is the EtherType (0 for 802.3 frames with LLC, whose field is a
// length), HiPort is 0 and Proto is 0. Where it has no ports (ICMP, fragments)
// both are 0.
type Key struct {
	Lo, Hi         firedoor.IP
	LoPort, HiPort uint16
	Segment        firedoor.Segment
	Proto          uint8 // IP protocol
}

// macMark is the upper half of the address that stands for a MAC: the
// discard-only prefix 100::/64 (RFC 6666), which no station owns.
const macMark = 0x0100_0000_0000_0000

// firstEtherType is the smallest EtherType; below it the field is a length
// (IEEE 802.3, 3.2.6).
const firstEtherType = 0x600

// MACEnd is the address that stands for a MAC in a Key.
func MACEnd(m firedoor.MAC) firedoor.IP { return firedoor.IP{Hi: macMark, Lo: uint64(m)} }

// IsMAC tells whether the ends of k are MAC addresses (their Lo words).
func (k *Key) IsMAC() bool { return k.Lo.Hi == macMark && k.Hi.Hi == macMark && k.Proto == 0 }

// KeyOf names the packet's flow in a segment, and the side that sent it: 0 for
// the Lo end, 1 for the Hi end; 0 when both ends are the same.
func KeyOf(p *packet.Packet, seg firedoor.Segment) (k Key, side int) {
	side = k.Set(p, seg)
	return k, side
}

// Set is KeyOf in place, for where every nanosecond counts: copying a Key that
// was just written stalls the processor.
func (k *Key) Set(p *packet.Packet, seg firedoor.Segment) (side int) {
	k.Segment = seg
	if p.Layer < packet.LayerNetwork {
		return k.setLink(p)
	}
	var src, dst uint16
	if p.Layer == packet.LayerTransport {
		src, dst = p.SrcPort, p.DstPort
	}
	// Which end is smaller is as good as random: no branch on it, but one long
	// subtraction (IP, port as one number) and a masked swap.
	_, less := bits.Sub64(uint64(dst), uint64(src), 0)
	_, less = bits.Sub64(p.DstIP.Lo, p.SrcIP.Lo, less)
	_, less = bits.Sub64(p.DstIP.Hi, p.SrcIP.Hi, less)
	swap := -less
	hi := (p.SrcIP.Hi ^ p.DstIP.Hi) & swap
	lo := (p.SrcIP.Lo ^ p.DstIP.Lo) & swap
	port := (src ^ dst) & uint16(swap)
	k.Lo.Hi, k.Lo.Lo = p.SrcIP.Hi^hi, p.SrcIP.Lo^lo
	k.Hi.Hi, k.Hi.Lo = p.DstIP.Hi^hi, p.DstIP.Lo^lo
	k.LoPort, k.HiPort = src^port, dst^port
	k.Proto = p.Proto
	return int(less)
}

func (k *Key) setLink(p *packet.Packet) (side int) {
	if p.EtherType >= firstEtherType {
		return k.SetLink(p, k.Segment, p.EtherType)
	}
	return k.SetLink(p, k.Segment, 0)
}

// SetLink names the flow of an EtherType between the MAC addresses of a packet,
// whatever else it holds, and tells the side that sent the packet.
func (k *Key) SetLink(p *packet.Packet, seg firedoor.Segment, etherType uint16) (side int) {
	k.Lo, k.Hi = MACEnd(p.SrcMAC), MACEnd(p.DstMAC)
	k.LoPort, k.HiPort, k.Proto, k.Segment = etherType, 0, 0, seg
	if k.Hi.Less(k.Lo) {
		k.Lo, k.Hi, side = k.Hi, k.Lo, 1
	}
	return side
}

// Odd constants of PairHash: digits of the square roots of 2, 3, 5 and 7.
const (
	mixA = 0x6a09e667f3bcc909
	mixB = 0xbb67ae8584caa73b
	mixC = 0x3c6ef372fe94f82b
	mixD = 0xa54ff53a5f1d36f1
)

// PairHash mixes the two addresses of a packet, IP or else MAC, into a number
// that is the same for both directions and in every process. Ports, VLANs and
// tunnels are left out: fragments, side connections and copies whose tags were
// stripped must meet in one lane.
//
// There is no secret in it, because the lane must be the same in every run. So
// whoever chooses addresses can choose the lane: the worst it gets is one
// crowded lane. Tables are keyed by another, seeded hash.
func PairHash(p *packet.Packet) uint64 {
	if p.Layer < packet.LayerNetwork {
		return LinkHash(p)
	}
	return mix(mixEnd(p.SrcIP.Lo, p.SrcIP.Hi)+mixEnd(p.DstIP.Lo, p.DstIP.Hi), mixD)
}

// LinkHash is the PairHash of what is sent straight on Ethernet between the MAC
// addresses of a packet. Some frames come back to their sender with its address marked
// as a local one: they must meet those that went out.
func LinkHash(p *packet.Packet) uint64 {
	return mix(mixEnd(uint64(p.SrcMAC.Universal()), macMark)+mixEnd(uint64(p.DstMAC.Universal()), macMark), mixD)
}

func mixEnd(lo, hi uint64) uint64 { return mix(lo^mixA, hi^mixB) ^ lo*mixC }

// mix folds a 128-bit product: every bit of the result hangs on every bit of both.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
