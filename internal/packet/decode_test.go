package packet

import (
	"strings"
	"testing"

	"firedoor"
)

// want is what a table test says of a packet; zero members are checked too,
// except SrcMAC, WireLen and those of the TCP header.
type want struct {
	layer   Layer
	et      uint16
	src     string // "10.0.0.1" or "" for none
	proto   uint8
	ports   [2]uint16
	payload string
	missing uint32
	scope   string
	broken  string
}

const hello = "hello, plant"

// inner is the packet that tunnels carry in these tests, told from the outer by
// its ports.
func inner() []byte { return ip4(UDP, udpDatagram(1111, 2222, hello)) }

func wantInner(scope string) want {
	return want{LayerTransport, 0x0800, "10.0.0.1", UDP, [2]uint16{1111, 2222}, hello, 0, scope, ""}
}

func wantTCP(scope string) want {
	return want{LayerTransport, 0x0800, "10.0.0.1", TCP, [2]uint16{40000, 502}, hello, 0, scope, ""}
}

func check(t *testing.T, p *Packet, w want) {
	t.Helper()
	if p.Layer != w.layer || p.EtherType != w.et || p.Broken != w.broken {
		t.Errorf("layer %d, type %#x, broken %q; want %d, %#x, %q", p.Layer, p.EtherType, p.Broken, w.layer, w.et, w.broken)
	}
	if got := p.SrcIP.String(); got != w.src {
		t.Errorf("source %q, want %q", got, w.src)
	}
	if p.Proto != w.proto || [2]uint16{p.SrcPort, p.DstPort} != w.ports {
		t.Errorf("protocol %d, ports %d %d; want %d, %d", p.Proto, p.SrcPort, p.DstPort, w.proto, w.ports)
	}
	if string(p.Payload) != w.payload || p.Missing != w.missing {
		t.Errorf("payload %.80q of %d bytes, missing %d; want %.80q of %d bytes, missing %d",
			p.Payload, len(p.Payload), p.Missing, w.payload, len(w.payload), w.missing)
	}
	if got := ScopeName(p.Scope); got != w.scope {
		t.Errorf("scope %s, want %s", got, w.scope)
	}
}

type decodeCase struct {
	name string
	link LinkType
	data []byte
	want want
}

func run(t *testing.T, cases []decodeCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := Packet{Flags: 0xff, Broken: "left over", Fragment: true, Scope: Scope{Overlay: 9}, RedundancySeq: 3, SrcPort: 1}
			Decode(&p, &Frame{Link: c.link, WireLen: uint32(len(c.data)), Data: c.data})
			check(t, &p, c.want)
			if p.Fragment || p.WireLen != uint32(len(c.data)) {
				t.Errorf("fragment %v, wire length %d", p.Fragment, p.WireLen)
			}
		})
	}
}

func tcpHello() []byte { return ip4(TCP, tcpSegment(40000, 502, hello)) }

func TestDecodeLinks(t *testing.T) {
	ip, ip6t := tcpHello(), ip6(TCP, tcpSegment(40000, 502, hello))
	v4 := wantTCP("untagged")
	v6 := want{LayerTransport, 0x86dd, "2001:db8::1", TCP, [2]uint16{40000, 502}, hello, 0, "untagged", ""}
	sll := func(hw, proto uint16) []byte {
		return join(u16(0, hw, 6), testSrc, u16(0, proto))
	}
	sll2 := func(hw, proto uint16) []byte {
		return join(u16(proto, 0), u32(3), u16(hw), []byte{0, 6}, testSrc, u16(0))
	}
	run(t, []decodeCase{
		{"ethernet", LinkEthernet, ether(0x0800, ip), v4},
		{"ethernet ipv6", LinkEthernet, ether(0x86dd, ip6t), v6},
		{"ethernet arp", LinkEthernet, ether(0x0806, []byte("arp")), want{layer: LayerLink, et: 0x0806, payload: "arp", scope: "untagged"}},
		{"ethernet short", LinkEthernet, []byte("short"), want{payload: "short", scope: "untagged", broken: "ethernet header"}},
		{"ethernet empty", LinkEthernet, nil, want{scope: "untagged", broken: "ethernet header"}},
		{"802.3 LLC", LinkEthernet, ether(5, []byte("\x42\x42\x03ab padding")), want{layer: LayerLink, et: 5, payload: "\x42\x42\x03ab", scope: "untagged"}},
		{"802.3 cut", LinkEthernet, ether(9, []byte("\x42\x42\x03ab")), want{layer: LayerLink, et: 9, payload: "\x42\x42\x03ab", missing: 4, scope: "untagged"}},
		{"SNAP", LinkEthernet, ether(uint16(8+len(ip)), u32(0xaaaa0300), u16(0, 0x0800), ip), v4},
		{"SNAP with a tag behind it", LinkEthernet, ether(uint16(12+len(ip)), u32(0xaaaa0300), u16(0, 0x8100, 5, 0x0800), ip),
			want{layer: LayerLink, et: uint16(12 + len(ip)), payload: "\xaa\xaa\x03\x00\x00\x00\x81\x00\x00\x05\x08\x00" + string(ip), scope: "untagged"}},
		{"SNAP of a vendor", LinkEthernet, ether(9, u32(0xaaaa0300), u16(0x000c, 0x2000), []byte("x")),
			want{layer: LayerLink, et: 9, payload: "\xaa\xaa\x03\x00\x00\x0c\x20\x00x", scope: "untagged"}},
		{"SLL", LinkSLL, join(sll(1, 0x0800), ip), v4},
		{"SLL tagged", LinkSLL, join(sll(1, 0x8100), vlanBytes(7, 0x0800), ip), wantTCP("vlan:7")},
		{"SLL LLC", LinkSLL, join(sll(1, 4), []byte("\x42\x42\x03ab")), want{layer: LayerLink, et: 4, payload: "\x42\x42\x03ab", scope: "untagged"}},
		{"SLL short", LinkSLL, sll(1, 0x0800)[:15], want{payload: string(sll(1, 0x0800)[:15]), scope: "untagged", broken: "sll header"}},
		{"SLL2", LinkSLL2, join(sll2(1, 0x86dd), ip6t), v6},
		{"SLL2 short", LinkSLL2, sll2(1, 0x86dd)[:19], want{payload: string(sll2(1, 0x86dd)[:19]), scope: "untagged", broken: "sll2 header"}},
		{"raw 101", LinkRaw, ip, v4},
		{"raw 12", LinkRawBSD, ip6t, v6},
		{"raw 14", LinkRawOpenBSD, ip, v4},
		{"IPv4 228", LinkIPv4, ip, v4},
		{"IPv6 229", LinkIPv6, ip6t, v6},
		{"raw of no version", LinkRaw, []byte("\x10\x00"), want{payload: "\x10\x00", scope: "untagged", broken: "ip version"}},
		{"raw empty", LinkRaw, nil, want{scope: "untagged", broken: "ip header"}},
		{"NULL little-endian", LinkNull, join([]byte{2, 0, 0, 0}, ip), v4},
		{"NULL big-endian", LinkNull, join([]byte{0, 0, 0, 2}, ip), v4},
		{"NULL IPv6", LinkNull, join([]byte{30, 0, 0, 0}, ip6t), v6},
		{"LOOP", LinkLoop, join([]byte{0, 0, 0, 24}, ip6t), v6},
		{"NULL of no family", LinkNull, []byte{0, 0, 0, 99, 1}, want{payload: "\x01", scope: "untagged", broken: "loopback family unknown"}},
		{"NULL short", LinkNull, []byte{2, 0, 0}, want{payload: "\x02\x00\x00", scope: "untagged", broken: "loopback header"}},
		{"PPP", LinkPPP, join([]byte{0xff, 3, 0, 0x21}, ip), v4},
		{"PPP compressed", LinkPPP, join([]byte{0x57}, ip6t), v6},
		{"PPP other", LinkPPPSerial, []byte{0xff, 3, 0xc0, 0x21, 1}, want{payload: "\x01", scope: "untagged", broken: "ppp protocol unknown"}},
		{"PPP short", LinkPPP, []byte{0xff}, want{payload: "\xff", scope: "untagged", broken: "ppp header"}},
		{"HDLC", LinkCiscoHDLC, join([]byte{0x0f, 0}, u16(0x0800), ip), v4},
		{"unknown", LinkType(105), []byte("wlan"), want{payload: "wlan", scope: "untagged", broken: "link type unknown"}},
	})
}

func TestDecodeTags(t *testing.T) {
	ip := tcpHello()
	hsr := func(path, seq, et uint16) []byte { return u16(path<<12|100, seq, et) }
	tags := func(n int, et uint16) []byte {
		var b []byte
		for i := range n {
			next := uint16(0x8100)
			if i == n-1 {
				next = et
			}
			b = append(b, vlanBytes(uint16(100+i), next)...)
		}
		return b
	}
	run(t, []decodeCase{
		{"VLAN", LinkEthernet, ether(0x8100, vlanBytes(0xe00a, 0x0800), ip), wantTCP("vlan:10")},
		{"priority tag", LinkEthernet, ether(0x8100, vlanBytes(0xe000, 0x0800), ip), wantTCP("untagged")},
		{"QinQ 802.1ad", LinkEthernet, ether(0x88a8, vlanBytes(10, 0x8100), vlanBytes(20, 0x0800), ip), wantTCP("vlan:10.20")},
		{"QinQ 0x9100", LinkEthernet, ether(0x9100, vlanBytes(10, 0x8100), vlanBytes(20, 0x0800), ip), wantTCP("vlan:10.20")},
		{"QinQ 0x9200", LinkEthernet, ether(0x9200, vlanBytes(10, 0x0800), ip), wantTCP("vlan:10")},
		{"priority tag outside", LinkEthernet, ether(0x8100, vlanBytes(0, 0x8100), vlanBytes(20, 0x0800), ip), wantTCP("vlan:20")},
		{"three tags", LinkEthernet, ether(0x8100, tags(3, 0x0800), ip), wantTCP("vlan:100.102")},
		{"eight tags", LinkEthernet, ether(0x8100, tags(8, 0x0800), ip), wantTCP("vlan:100.107")},
		{"nine tags", LinkEthernet, ether(0x8100, tags(9, 0x0800), []byte("x")),
			want{layer: LayerLink, et: 0x8100, payload: "\x00\x6c\x08\x00x", scope: "vlan:100.107", broken: "too many tags"}},
		{"tag cut", LinkEthernet, ether(0x8100, []byte{0, 1, 8}), want{layer: LayerLink, et: 0x8100, payload: "\x00\x01\x08", scope: "untagged", broken: "tag"}},
		{"tag before LLC", LinkEthernet, ether(0x8100, vlanBytes(10, 3), []byte("\x42\x42\x03pad")),
			want{layer: LayerLink, et: 3, payload: "\x42\x42\x03", scope: "vlan:10"}},
		{"HSR", LinkEthernet, ether(0x892f, hsr(1, 77, 0x0800), ip), wantTCP("untagged")},
		{"HSR behind a tag", LinkEthernet, ether(0x8100, vlanBytes(10, 0x892f), hsr(1, 77, 0x0800), ip), wantTCP("vlan:10")},
		{"HSR cut", LinkEthernet, ether(0x892f, hsr(1, 77, 0)[:5]), want{layer: LayerLink, et: 0x892f, payload: "\x10\x64\x00\x4d\x00", scope: "untagged", broken: "tag"}},
		{"MPLS", LinkEthernet, ether(0x8847, u32(16<<12|0x1ff), ip), wantTCP("mpls:16")},
		{"MPLS stack", LinkEthernet, ether(0x8848, u32(16<<12|0xff, 17<<12|0x1ff), ip6(UDP, udpDatagram(1, 2, "x"))),
			want{LayerTransport, 0x86dd, "2001:db8::1", UDP, [2]uint16{1, 2}, "x", 0, "mpls:17", ""}},
		{"MPLS in a VLAN", LinkEthernet, ether(0x8100, vlanBytes(10, 0x8847), u32(16<<12|0x1ff), ip), wantTCP("vlan:10/mpls:16")},
		{"pseudowire", LinkEthernet, ether(0x8100, vlanBytes(10, 0x8847), u32(16<<12|0x1ff, 5), etherFrom(1, 0x0800, ip)), wantTCP("mpls:16")},
		{"pseudowire tagged", LinkEthernet, ether(0x8847, u32(16<<12|0x1ff, 5), etherFrom(1, 0x8100, vlanBytes(30, 0x0800), ip)), wantTCP("vlan:30/mpls:16")},
		{"MPLS without bottom", LinkEthernet, ether(0x8847, u32(16<<12)), want{layer: LayerLink, et: 0x8847, payload: "\x00\x01\x00\x00", scope: "untagged", broken: "mpls label"}},
		{"MPLS of something", LinkEthernet, ether(0x8847, u32(16<<12|0x100, 0x10000000)),
			want{layer: LayerLink, et: 0x8847, payload: "\x00\x01\x01\x00\x10\x00\x00\x00", scope: "untagged", broken: "mpls payload"}},
		{"MPLS too deep", LinkEthernet, ether(0x8847, make([]byte, 17*4)),
			want{layer: LayerLink, et: 0x8847, payload: strings.Repeat("\x00", 17*4), scope: "untagged", broken: "too many mpls labels"}},
	})
}

func TestDecodeMACs(t *testing.T) {
	for _, c := range []struct {
		name     string
		link     LinkType
		data     []byte
		src, dst string
	}{
		{"ethernet", LinkEthernet, ether(0x0800, tcpHello()), "00:80:f4:0a:0b:0c", "00:1b:1b:01:02:03"},
		{"SLL", LinkSLL, join(u16(0, 1, 6), testSrc, u16(0, 0x0800), tcpHello()), "00:80:f4:0a:0b:0c", ""},
		{"SLL of a tunnel", LinkSLL, join(u16(0, 776, 4), testSrc, u16(0, 0x0800), tcpHello()), "", ""},
		{"SLL2", LinkSLL2, join(u16(0x0800, 0), u32(3), u16(1), []byte{0, 6}, testSrc, u16(0), tcpHello()), "00:80:f4:0a:0b:0c", ""},
		{"raw", LinkRaw, tcpHello(), "", ""},
		{"inner frame", LinkEthernet, ether(0x0800, ip4(GRE, join(u16(0, 0x6558), etherFrom(1, 0x0800, inner())))), "02:00:00:00:00:01", "02:00:00:00:00:dd"},
		{"inner packet keeps the carrier's", LinkEthernet, ether(0x0800, ip4(GRE, join(u16(0, 0x0800), inner()))), "00:80:f4:0a:0b:0c", "00:1b:1b:01:02:03"},
	} {
		var p Packet
		Decode(&p, &Frame{Link: c.link, Data: c.data})
		if p.SrcMAC.String() != c.src || p.DstMAC.String() != c.dst {
			t.Errorf("%s: %s -> %s, want %s -> %s", c.name, p.SrcMAC, p.DstMAC, c.src, c.dst)
		}
	}
}

func TestDecodeTransportHeader(t *testing.T) {
	var p Packet
	Decode(&p, &Frame{Time: -5, Capture: 3, Number: 9, Link: LinkEthernet, WireLen: 2000, Data: ether(0x0800, tcpHello())})
	got := p
	got.Payload = nil
	want := Packet{Time: -5, Capture: 3, Frame: 9, SrcMAC: firedoor.MACFrom(testSrc), DstMAC: firedoor.MACFrom(testDst),
		SrcIP: firedoor.IPv4(0x0a000001), DstIP: firedoor.IPv4(0x0a000002), SrcPort: 40000, DstPort: 502,
		Seq: 0x01020304, Ack: 0x05060708, Window: 0x2000, Flags: PSH | ACK, Proto: TCP, TTL: 64, Layer: LayerTransport,
		EtherType: 0x0800, Checksum: 0xbeef, IPID: 0x1234, WireLen: 2000}
	if !samePacket(&got, &want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	Decode(&p, &Frame{Link: LinkEthernet, Data: ether(0x86dd, ip6(UDP, udpDatagram(5, 6, "")))})
	if p.TTL != 63 || p.Checksum != 0xcafe || p.DstIP.String() != "2001:db8::2" {
		t.Errorf("IPv6 and UDP header: %+v", p)
	}
}

// samePacket compares all but the payload.
func samePacket(a, b *Packet) bool {
	x, y := *a, *b
	same := string(x.Payload) == string(y.Payload)
	x.Payload, y.Payload = nil, nil
	return same && equalFlat(&x, &y)
}
