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
	if p.Layer < packet.LayerNetwork {
		return linkKey(p, seg)
	}
	var src, dst uint16
	if p.Layer == packet.LayerTransport {
		src, dst = p.SrcPort, p.DstPort
	}
	k.Segment, k.Proto = seg, p.Proto
	if p.DstIP.Less(p.SrcIP) || p.DstIP == p.SrcIP && dst < src {
		k.Lo, k.Hi, k.LoPort, k.HiPort = p.DstIP, p.SrcIP, dst, src
		return k, 1
	}
	k.Lo, k.Hi, k.LoPort, k.HiPort = p.SrcIP, p.DstIP, src, dst
	return k, 0
}

func linkKey(p *packet.Packet, seg firedoor.Segment) (k Key, side int) {
	k.Lo, k.Hi, k.Segment = MACEnd(p.SrcMAC), MACEnd(p.DstMAC), seg
	if p.EtherType >= firstEtherType {
		k.LoPort = p.EtherType
	}
	if k.Hi.Less(k.Lo) {
		k.Lo, k.Hi, side = k.Hi, k.Lo, 1
	}
	return k, side
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
		return mix(mixEnd(uint64(p.SrcMAC), macMark)+mixEnd(uint64(p.DstMAC), macMark), mixD)
	}
	return mix(mixEnd(p.SrcIP.Lo, p.SrcIP.Hi)+mixEnd(p.DstIP.Lo, p.DstIP.Hi), mixD)
}

func mixEnd(lo, hi uint64) uint64 { return mix(lo^mixA, hi^mixB) ^ lo*mixC }

// mix folds a 128-bit product: every bit of the result hangs on every bit of both.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
