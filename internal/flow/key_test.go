package flow

import (
	"math"
	"testing"

	"firedoor"
	"firedoor/internal/packet"

	"pgregory.net/rapid"
)

func drawPacket(t *rapid.T) packet.Packet {
	ip := func(name string) firedoor.IP {
		if rapid.Bool().Draw(t, name+" v4") {
			return firedoor.IPv4(rapid.Uint32Range(0, 3).Draw(t, name))
		}
		return firedoor.IP{Hi: rapid.Uint64Range(0, 2).Draw(t, name+" hi"), Lo: rapid.Uint64Range(0, 2).Draw(t, name+" lo")}
	}
	return packet.Packet{
		Layer:     packet.Layer(rapid.IntRange(0, int(packet.LayerTransport)).Draw(t, "layer")),
		SrcMAC:    firedoor.MAC(rapid.Uint64Range(0, 2).Draw(t, "source MAC")),
		DstMAC:    firedoor.MAC(rapid.Uint64Range(0, 2).Draw(t, "destination MAC")),
		EtherType: rapid.SampledFrom([]uint16{0, 60, 0x5ff, 0x600, 0x88cc}).Draw(t, "type"),
		SrcIP:     ip("source"), DstIP: ip("destination"),
		SrcPort: rapid.Uint16Range(0, 2).Draw(t, "source port"), DstPort: rapid.Uint16Range(0, 2).Draw(t, "destination port"),
		Proto: rapid.SampledFrom([]uint8{1, 6, 17}).Draw(t, "proto"),
	}
}

func reversed(p packet.Packet) packet.Packet {
	p.SrcMAC, p.DstMAC = p.DstMAC, p.SrcMAC
	p.SrcIP, p.DstIP = p.DstIP, p.SrcIP
	p.SrcPort, p.DstPort = p.DstPort, p.SrcPort
	return p
}

func TestKeyIsTheSameBothWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPacket(t)
		q := reversed(p)
		seg := firedoor.Segment(rapid.Uint32().Draw(t, "segment"))
		k, side := KeyOf(&p, seg)
		back, other := KeyOf(&q, seg)
		if k != back {
			t.Fatalf("%+v one way, %+v the other", k, back)
		}
		same := k.Lo == k.Hi && (k.LoPort == k.HiPort || k.IsMAC())
		if same && (side != 0 || other != 0) || !same && side == other {
			t.Fatalf("sides %d and %d of %+v", side, other, k)
		}
		if k.Segment != seg || k.Hi.Less(k.Lo) {
			t.Fatalf("%+v", k)
		}
		if PairHash(&p) != PairHash(&q) {
			t.Fatal("PairHash depends on the direction")
		}
	})
}

func TestKeyOf(t *testing.T) {
	a, b := firedoor.IPv4(0x0a000001), firedoor.IPv4(0x0a000002)
	cases := []struct {
		name string
		p    packet.Packet
		want Key
		side int
	}{
		{"tcp from the high end",
			packet.Packet{Layer: packet.LayerTransport, SrcIP: b, DstIP: a, SrcPort: 5000, DstPort: 502, Proto: 6},
			Key{Lo: a, Hi: b, LoPort: 502, HiPort: 5000, Segment: 9, Proto: 6}, 1},
		{"one host, ports decide",
			packet.Packet{Layer: packet.LayerTransport, SrcIP: a, DstIP: a, SrcPort: 7, DstPort: 3, Proto: 17},
			Key{Lo: a, Hi: a, LoPort: 3, HiPort: 7, Segment: 9, Proto: 17}, 1},
		{"a fragment has no ports",
			packet.Packet{Layer: packet.LayerNetwork, SrcIP: a, DstIP: b, SrcPort: 7, DstPort: 3, Proto: 17},
			Key{Lo: a, Hi: b, Segment: 9, Proto: 17}, 0},
		{"no IP: MACs and EtherType",
			packet.Packet{Layer: packet.LayerLink, SrcMAC: 5, DstMAC: 2, SrcIP: a, EtherType: 0x8892, Proto: 6},
			Key{Lo: MACEnd(2), Hi: MACEnd(5), LoPort: 0x8892, Segment: 9}, 1},
		{"a length is no type",
			packet.Packet{Layer: packet.LayerLink, SrcMAC: 1, DstMAC: 2, EtherType: 39},
			Key{Lo: MACEnd(1), Hi: MACEnd(2), Segment: 9}, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			k, side := KeyOf(&c.p, 9)
			if k != c.want || side != c.side {
				t.Errorf("%+v side %d\nwant %+v side %d", k, side, c.want, c.side)
			}
			reused := Key{LoPort: 99, HiPort: 99, Proto: 99}
			if again := reused.Set(&c.p, 9); reused != k || again != side {
				t.Errorf("Set over an old key: %+v side %d", reused, again)
			}
			if k.IsMAC() != (c.p.Layer < packet.LayerNetwork) {
				t.Error("IsMAC is wrong")
			}
		})
	}
}

// The lane must not change between runs: these are values, not properties.
func TestPairHashIsFixed(t *testing.T) {
	p := packet.Packet{Layer: packet.LayerTransport, SrcIP: firedoor.IPv4(0x0a000001), DstIP: firedoor.IPv4(0x0a000002)}
	q := packet.Packet{Layer: packet.LayerLink, SrcMAC: 0x001b1b123456, DstMAC: 0x010ecf000000}
	if got, want := [2]uint64{PairHash(&p), PairHash(&q)}, [2]uint64{0xfe356e0a2c37228b, 0x88784397760a72a2}; got != want {
		t.Errorf("%#x, want %#x", got, want)
	}
	r := p
	r.SrcPort, r.Scope.Vlans[0], r.SrcMAC, r.Layer = 7, 100, 3, packet.LayerNetwork
	if PairHash(&r) != PairHash(&p) {
		t.Error("something else than the address pair counts")
	}
}

// Neighbouring addresses, as plants have them, spread evenly over 64 lanes,
// taken from either end of the hash.
func TestPairHashSpreads(t *testing.T) {
	for _, shift := range []int{0, 58} {
		var lanes [64]int
		n := 0
		for i := range uint32(64) {
			for j := range uint32(100) {
				p := packet.Packet{Layer: packet.LayerNetwork, SrcIP: firedoor.IPv4(0xc0a80000 + i), DstIP: firedoor.IPv4(0xc0a80100 + j)}
				lanes[PairHash(&p)>>shift&63]++
				n++
			}
		}
		var chi float64
		for _, c := range lanes {
			d := float64(c) - float64(n)/64
			chi += d * d / (float64(n) / 64)
		}
		if mean, sigma := 63.0, math.Sqrt(2*63); chi > mean+5*sigma {
			t.Errorf("shift %d: chi square %.0f, want about 63: %v", shift, chi, lanes)
		}
	}
}

func BenchmarkPairHash(b *testing.B) {
	p := packet.Packet{Layer: packet.LayerTransport, SrcIP: firedoor.IPv4(1), DstIP: firedoor.IPv4(2)}
	var sum uint64
	for i := range b.N {
		p.SrcIP.Lo = uint64(i)
		sum += PairHash(&p)
	}
	hashSum = sum
}

var hashSum uint64

func BenchmarkKeySet(b *testing.B) {
	p := packet.Packet{Layer: packet.LayerTransport, SrcIP: firedoor.IPv4(1), DstIP: firedoor.IPv4(2), SrcPort: 5, DstPort: 502, Proto: 6}
	var sum uint64
	var k Key
	for i := range b.N {
		p.SrcPort = uint16(i)
		side := k.Set(&p, 1)
		sum += uint64(k.LoPort) + uint64(side)
	}
	hashSum = sum
}
