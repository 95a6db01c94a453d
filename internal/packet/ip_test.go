package packet

import (
	"reflect"
	"strings"
	"testing"
)

func equalFlat(a, b *Packet) bool { return reflect.DeepEqual(a, b) }

func TestDecodeIP(t *testing.T) {
	seg := tcpSegment(40000, 502, hello)
	ext := func(next byte, words byte) []byte { return join([]byte{next, words}, make([]byte, 6+8*int(words))) }
	six := func(payload string, broken string) want {
		return want{LayerTransport, 0x86dd, "2001:db8::1", TCP, [2]uint16{40000, 502}, payload, 0, "untagged", broken}
	}
	badVersion := tcpHello()
	badVersion[0] = 0x55
	shortHead := tcpHello()
	shortHead[0] = 0x44
	long := strings.Repeat("x", 70_000)
	manyExt := append(ext(0, 0), nil...)
	for range MaxExtensions {
		manyExt = append(manyExt, ext(0, 0)...)
	}
	jumbo := ip6(TCP, tcpSegment(40000, 502, long))
	jumbo[4], jumbo[5] = 0, 0
	total0 := ip4With(TCP, -20-32, 0x4000, nil, tcpSegment(40000, 502, hello))
	wantLong := wantTCP("untagged")
	wantLong.payload = long
	run(t, []decodeCase{
		{"options", LinkEthernet, ether(0x0800, ip4With(TCP, 0, 0x4000, make([]byte, 40), seg)), wantTCP("untagged")},
		{"padding", LinkEthernet, ether(0x0800, tcpHello(), make([]byte, 20)), wantTCP("untagged")},
		{"padding IPv6", LinkEthernet, ether(0x86dd, ip6(TCP, seg), make([]byte, 20)), six(hello, "")},
		{"total length 0", LinkEthernet, ether(0x0800, total0), wantTCP("untagged")},
		{"total length 0, large", LinkEthernet, ether(0x0800, ip4With(TCP, -40-len(long), 0x4000, nil, tcpSegment(40000, 502, long))), wantLong},
		{"IPv6 length 0, large", LinkEthernet, ether(0x86dd, jumbo), six(long, "")},
		{"total length in the header", LinkEthernet, ether(0x0800, ip4With(TCP, -40, 0x4000, nil, seg)),
			want{layer: LayerLink, et: 0x0800, payload: string(ip4With(TCP, -40, 0x4000, nil, seg)), scope: "untagged", broken: "ipv4 header"}},
		{"bad version", LinkEthernet, ether(0x0800, badVersion), want{layer: LayerLink, et: 0x0800, payload: string(badVersion), scope: "untagged", broken: "ipv4 header"}},
		{"bad header length", LinkEthernet, ether(0x0800, shortHead), want{layer: LayerLink, et: 0x0800, payload: string(shortHead), scope: "untagged", broken: "ipv4 header"}},
		{"header cut", LinkEthernet, ether(0x0800, tcpHello()[:19]), want{layer: LayerLink, et: 0x0800, payload: string(tcpHello()[:19]), scope: "untagged", broken: "ipv4 header"}},
		{"IPv6 header cut", LinkEthernet, ether(0x86dd, jumbo[:39]), want{layer: LayerLink, et: 0x86dd, payload: string(jumbo[:39]), scope: "untagged", broken: "ipv6 header"}},
		{"ICMP", LinkEthernet, ether(0x0800, ip4(ICMP, []byte("echo"))), want{LayerNetwork, 0x0800, "10.0.0.1", ICMP, [2]uint16{}, "echo", 0, "untagged", ""}},
		{"AH in IPv4", LinkEthernet, ether(0x0800, ip4(51, join([]byte{TCP, 4}, make([]byte, 22), seg))), wantTCP("untagged")},
		{"hop-by-hop", LinkEthernet, ether(0x86dd, ip6(0, join(ext(TCP, 1), seg))), six(hello, "")},
		{"all extensions", LinkEthernet, ether(0x86dd, ip6(0, join(ext(43, 0), ext(60, 2), ext(51, 0), []byte{135, 4}, make([]byte, 22), ext(TCP, 0), seg))), six(hello, "")},
		{"too many extensions", LinkEthernet, ether(0x86dd, ip6(0, manyExt)),
			want{LayerNetwork, 0x86dd, "2001:db8::1", 0, [2]uint16{}, "\x00\x00\x00\x00\x00\x00\x00\x00", 0, "untagged", "too many ipv6 extension headers"}},
		{"extension cut", LinkEthernet, ether(0x86dd, ip6(60, ext(TCP, 1)[:15])),
			want{LayerNetwork, 0x86dd, "2001:db8::1", 60, [2]uint16{}, string(ext(TCP, 1)[:15]), 0, "untagged", "ipv6 extension header"}},
		{"atomic fragment", LinkEthernet, ether(0x86dd, ip6(44, join([]byte{TCP, 0, 0, 0}, u32(99), seg))), six(hello, "")},
		{"no next header", LinkEthernet, ether(0x86dd, ip6(59, []byte("x"))), want{LayerNetwork, 0x86dd, "2001:db8::1", 59, [2]uint16{}, "x", 0, "untagged", ""}},
	})
}

func TestDecodeTCPAndUDP(t *testing.T) {
	tcpBad := func(words byte) []byte { return tcpWith(40000, 502, words, nil, hello) }
	network := func(proto uint8, payload, broken string) want {
		return want{LayerNetwork, 0x0800, "10.0.0.1", proto, [2]uint16{}, payload, 0, "untagged", broken}
	}
	udp := func(payload, broken string) want {
		return want{LayerTransport, 0x0800, "10.0.0.1", UDP, [2]uint16{1111, 2222}, payload, 0, "untagged", broken}
	}
	run(t, []decodeCase{
		{"tcp options", LinkEthernet, ether(0x0800, ip4(TCP, tcpWith(40000, 502, 15, make([]byte, 40), hello))), wantTCP("untagged")},
		{"tcp offset small", LinkEthernet, ether(0x0800, ip4(TCP, tcpBad(4))), network(TCP, string(tcpBad(4)), "tcp data offset")},
		{"tcp offset large", LinkEthernet, ether(0x0800, ip4(TCP, tcpBad(9))), network(TCP, string(tcpBad(9)), "tcp data offset")},
		{"tcp cut", LinkEthernet, ether(0x0800, ip4(TCP, tcpBad(5)[:19])), network(TCP, string(tcpBad(5)[:19]), "tcp header")},
		{"udp", LinkEthernet, ether(0x0800, inner()), udp(hello, "")},
		{"udp shorter than the packet", LinkEthernet, ether(0x0800, ip4(UDP, udpWith(1111, 2222, -2, hello))), udp(hello[:len(hello)-2], "")},
		{"udp longer than the packet", LinkEthernet, ether(0x0800, ip4(UDP, udpWith(1111, 2222, 1, hello))), udp(hello, "udp length")},
		{"udp length 0", LinkEthernet, ether(0x0800, ip4(UDP, udpWith(1111, 2222, -8-len(hello), hello))), udp(hello, "")},
		{"udp length 7", LinkEthernet, ether(0x0800, ip4(UDP, udpWith(1111, 2222, -1-len(hello), hello))),
			network(UDP, string(udpWith(1111, 2222, -1-len(hello), hello)), "udp length")},
		{"udp cut", LinkEthernet, ether(0x0800, ip4(UDP, []byte("1234567"))), network(UDP, "1234567", "udp header")},
	})
}

// TestDecodeTruncated cuts a frame as a snapshot length does: what is missing is
// told by the IP length, whatever the padding.
func TestDecodeTruncated(t *testing.T) {
	padding := make([]byte, 30)
	for _, c := range []struct {
		name    string
		data    []byte
		keep    int
		layer   Layer
		payload string
		missing uint32
		broken  string
	}{
		{"tcp payload", ether(0x0800, tcpHello(), padding), 14 + 40 + 5, LayerTransport, hello[:5], 7, ""},
		{"tcp payload, IPv6", ether(0x86dd, ip6(TCP, tcpSegment(1, 2, hello)), padding), 14 + 60 + 5, LayerTransport, hello[:5], 7, ""},
		{"padding only", ether(0x0800, tcpHello(), padding), 14 + 40 + 12, LayerTransport, hello, 0, ""},
		{"tcp options", ether(0x0800, ip4(TCP, tcpWith(1, 2, 8, make([]byte, 12), hello))), 14 + 40 + 4, LayerTransport, "", 12, ""},
		{"tcp header", ether(0x0800, tcpHello()), 14 + 20 + 10, LayerNetwork, string(tcpSegment(40000, 502, "")[:10]), 22, "tcp header"},
		{"udp payload", ether(0x0800, inner()), 14 + 28 + 2, LayerTransport, hello[:2], 10, ""},
		{"udp shorter than the packet", ether(0x0800, ip4(UDP, udpWith(1, 2, -4, hello))), 14 + 28 + 2, LayerTransport, hello[:2], 6, ""},
		{"ip options", ether(0x0800, ip4With(TCP, 0, 0, make([]byte, 8), []byte(hello))), 14 + 24, LayerLink, string(ip4With(TCP, 0, 0, make([]byte, 8), []byte(hello))[:24]), 16, "ipv4 options"},
		{"arp", ether(0x0806, make([]byte, 46)), 14 + 28, LayerLink, strings.Repeat("\x00", 28), 18, ""},
		{"vxlan", ether(0x0800, ip4(UDP, join(udpDatagram(9, 4789, strings.Repeat("v", 8+14+40+len(hello)))[:8], u32(0x08000000, 5<<8), etherFrom(1, 0x0800, inner(), padding[:12])))),
			14 + 28 + 8 + 14 + 28 + 2, LayerTransport, hello[:2], 10, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p Packet
			Decode(&p, &Frame{Link: LinkEthernet, WireLen: uint32(len(c.data)), Data: c.data[:c.keep]})
			if p.Layer != c.layer || string(p.Payload) != c.payload || p.Missing != c.missing || p.Broken != c.broken {
				t.Errorf("layer %d, payload %q, missing %d, broken %q", p.Layer, p.Payload, p.Missing, p.Broken)
			}
		})
	}
}

func TestDecodeFragments(t *testing.T) {
	seg := tcpSegment(40000, 502, hello)
	six := func(offset, more uint16) []byte {
		return ether(0x86dd, ip6(44, join([]byte{TCP, 0}, u16(offset|more), u32(0xaabbccdd), []byte(hello))))
	}
	for _, c := range []struct {
		name   string
		data   []byte
		more   bool
		offset uint32
		id     uint32
		rest   string
	}{
		{"first", ether(0x0800, ip4With(TCP, 0, 0x2000, nil, seg)), true, 0, 0x1234, string(seg)},
		{"middle", ether(0x0800, ip4With(TCP, 0, 0x2000|185, nil, []byte(hello))), true, 1480, 0x1234, hello},
		{"last", ether(0x0800, ip4With(TCP, 0, 370, nil, []byte(hello)), make([]byte, 14)), false, 2960, 0x1234, hello},
		{"farthest", ether(0x0800, ip4With(TCP, 0, 0x1fff, nil, nil)), false, 65528, 0x1234, ""},
		{"IPv6 first", six(0, 1), true, 0, 0xaabbccdd, hello},
		{"IPv6 last", six(1480, 0), false, 1480, 0xaabbccdd, hello},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p Packet
			Decode(&p, &Frame{Link: LinkEthernet, Data: c.data})
			if !p.Fragment || p.Layer != LayerNetwork || p.Proto != TCP || p.Broken != "" || p.SrcPort != 0 {
				t.Fatalf("not a fragment: %+v", p)
			}
			if p.More != c.more || p.FragOffset != c.offset || p.IPID != c.id || string(p.Payload) != c.rest {
				t.Errorf("more %v, offset %d, id %#x, payload %q", p.More, p.FragOffset, p.IPID, p.Payload)
			}
		})
	}
}

func TestDecodeTransportAfterReassembly(t *testing.T) {
	var p Packet
	Decode(&p, &Frame{Link: LinkEthernet, Data: ether(0x8100, vlanBytes(10, 0x0800), ip4With(UDP, 0, 0x2000, nil, []byte("12345678")))})
	DecodeTransport(&p, UDP, udpDatagram(1111, 2222, hello))
	check(t, &p, wantInner("vlan:10"))
	if p.Fragment || p.More || p.IPID != 0x1234 {
		t.Errorf("fragment %v, more %v, id %#x", p.Fragment, p.More, p.IPID)
	}
	DecodeTransport(&p, GRE, join(u16(0x2000, 0x0800), u32(7), tcpHello()))
	check(t, &p, wantTCP("vlan:10/gre:7"))
	DecodeTransport(&p, 60, join([]byte{TCP, 0, 0, 0, 0, 0, 0, 0}, tcpSegment(40000, 502, hello)))
	check(t, &p, wantTCP("vlan:10/gre:7"))
	DecodeTransport(&p, TCP, []byte("short"))
	check(t, &p, want{LayerNetwork, 0x0800, "10.0.0.1", TCP, [2]uint16{}, "short", 0, "vlan:10/gre:7", "tcp header"})
}

// TestMappedAddress holds that a packet of IPv6 with an address of IPv4 in it has no ends: it must not be on the wire, and
// nobody is to take it for that address's.
func TestMappedAddress(t *testing.T) {
	for name, c := range map[string]struct {
		at    int // of the address in the frame
		bytes []byte
		want  string
	}{
		"source":      {22, []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 1, 1}, "ipv4-mapped address"},
		"destination": {38, []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 1, 1}, "ipv4-mapped address"},
		"beside it":   {22, []byte{0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0xff, 0xff, 10, 0, 1, 1}, ""},
		"translated":  {22, []byte{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 10, 0, 1, 1}, ""},
	} {
		b := append([]byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 8, 17, 64}, make([]byte, 32)...)
		b[22], b[38] = 0xfd, 0xfd
		copy(b[c.at:], c.bytes)
		b = append(b, 0x13, 0x88, 0x13, 0x89, 0, 8, 0, 0)
		var p Packet
		Decode(&p, &Frame{Link: LinkEthernet, WireLen: uint32(len(b)), Data: b})
		if p.Broken != c.want || (c.want != "") != (p.Layer == LayerLink && p.SrcIP.IsZero() && p.DstIP.IsZero() && p.Proto == 0) {
			t.Errorf("%s: %+v", name, p)
		}
	}
}
