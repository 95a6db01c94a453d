package packet

import (
	"strings"
	"testing"
)

func TestDecodeTunnels(t *testing.T) {
	in := inner()
	vx := func(flags uint32, frame []byte) []byte {
		return ip4(UDP, udpDatagram(50000, 4789, string(join(u32(flags<<24, 5001<<8), frame))))
	}
	gre := func(parts ...[]byte) []byte { return ip4(GRE, join(parts...)) }
	span2 := func(vlan, en uint16) []byte { return join(u16(1<<12|vlan, en<<11|0x0a5), u32(3)) }
	span3 := func(bits uint16) []byte { return join(u16(2<<12|30, 0x00a5), u32(0), u16(0, bits)) }
	outer := func(proto uint8, payload, broken string) want {
		return want{LayerNetwork, 0x0800, "10.0.0.1", proto, [2]uint16{}, payload, 0, "untagged", broken}
	}
	plainVXLAN := join(u32(0x08000000, 5001<<8), etherFrom(1, 0x0800, in)[:13])
	run(t, []decodeCase{
		{"GRE", LinkEthernet, ether(0x0800, gre(u16(0, 0x0800), in)), wantInner("gre:0")},
		{"GRE in a VLAN with key", LinkEthernet, ether(0x8100, vlanBytes(10, 0x0800), gre(u16(0x2000, 0x0800), u32(7), in)), wantInner("vlan:10/gre:7")},
		{"GRE with everything", LinkEthernet, ether(0x0800, gre(u16(0xb000, 0x0800), u32(0xabcd0000, 7, 9), in)), wantInner("gre:7")},
		{"GRE IPv6", LinkEthernet, ether(0x0800, gre(u16(0, 0x86dd), ip6(UDP, udpDatagram(1, 2, "x")))),
			want{LayerTransport, 0x86dd, "2001:db8::1", UDP, [2]uint16{1, 2}, "x", 0, "gre:0", ""}},
		{"GRE bridged", LinkEthernet, ether(0x8100, vlanBytes(10, 0x0800), gre(u16(0x2000, 0x6558), u32(7), etherFrom(1, 0x8100, vlanBytes(20, 0x0800), in))), wantInner("vlan:20/gre:7")},
		{"GRE over IPv6", LinkEthernet, ether(0x86dd, ip6(GRE, join(u16(0, 0x0800), in))), wantInner("gre:0")},
		{"GRE of something", LinkEthernet, ether(0x0800, gre(u16(0, 0x1234), []byte("x"))), outer(GRE, "\x00\x00\x12\x34x", "")},
		{"GRE version 1", LinkEthernet, ether(0x0800, gre(u16(0x2001, 0x880b), u32(1))), outer(GRE, "\x20\x01\x88\x0b\x00\x00\x00\x01", "")},
		{"GRE cut", LinkEthernet, ether(0x0800, gre(u16(0x2000, 0x0800), []byte{0})), outer(GRE, "\x20\x00\x08\x00\x00", "gre header")},
		{"GRE short", LinkEthernet, ether(0x0800, gre([]byte{0, 0, 8})), outer(GRE, "\x00\x00\x08", "gre header")},
		{"GRE bridged cut", LinkEthernet, ether(0x0800, gre(u16(0, 0x6558), []byte("short"))), outer(GRE, "\x00\x00\x65\x58short", "ethernet header in gre")},
		{"ERSPAN I", LinkEthernet, ether(0x0800, gre(u16(0, 0x88be), etherFrom(1, 0x0800, in))), wantInner("erspan:0")},
		{"ERSPAN II", LinkEthernet, ether(0x8100, vlanBytes(99, 0x0800), gre(u16(0x1000, 0x88be), u32(1), span2(30, 0), etherFrom(1, 0x0800, in))), wantInner("erspan:165")},
		{"ERSPAN II, frame tagged", LinkEthernet, ether(0x0800, gre(u16(0x1000, 0x88be), u32(1), span2(30, 3), etherFrom(1, 0x8100, vlanBytes(31, 0x0800), in))), wantInner("vlan:31/erspan:165")},
		{"ERSPAN II, tag moved", LinkEthernet, ether(0x0800, gre(u16(0x1000, 0x88be), u32(1), span2(30, 2), etherFrom(1, 0x0800, in))), wantInner("vlan:30/erspan:165")},
		{"ERSPAN III", LinkEthernet, ether(0x0800, gre(u16(0x1000, 0x22eb), u32(1), span3(0), etherFrom(1, 0x0800, in))), wantInner("erspan:165")},
		{"ERSPAN III with subheader", LinkEthernet, ether(0x0800, gre(u16(0x1000, 0x22eb), u32(1), span3(1), make([]byte, 8), etherFrom(1, 0x0800, in))), wantInner("erspan:165")},
		{"ERSPAN II of a wrong version", LinkEthernet, ether(0x0800, gre(u16(0x1000, 0x88be), make([]byte, 26))),
			outer(GRE, "\x10\x00\x88\xbe"+strings.Repeat("\x00", 26), "erspan header")},
		{"VXLAN", LinkEthernet, ether(0x8100, vlanBytes(10, 0x0800), vx(8, etherFrom(1, 0x0800, in))), wantInner("vxlan:5001")},
		{"VXLAN on the old port", LinkEthernet, ether(0x0800, ip4(UDP, udpDatagram(50000, 8472, string(join(u32(0x08000000, 5001<<8), etherFrom(1, 0x0800, in)))))), wantInner("vxlan:5001")},
		{"VXLAN tagged", LinkEthernet, ether(0x0800, vx(0x88, etherFrom(1, 0x8100, vlanBytes(20, 0x0800), in))), wantInner("vlan:20/vxlan:5001")},
		{"VXLAN of ARP", LinkEthernet, ether(0x0800, vx(8, etherFrom(1, 0x0806, []byte("arp")))), want{layer: LayerLink, et: 0x0806, payload: "arp", scope: "vxlan:5001"}},
		{"VXLAN without its flag", LinkEthernet, ether(0x0800, vx(0, etherFrom(1, 0x0800, in))),
			want{LayerTransport, 0x0800, "10.0.0.1", UDP, [2]uint16{50000, 4789}, string(join(u32(0, 5001<<8), etherFrom(1, 0x0800, in))), 0, "untagged", ""}},
		{"VXLAN cut", LinkEthernet, ether(0x0800, ip4(UDP, udpDatagram(50000, 4789, string(plainVXLAN)))),
			want{LayerTransport, 0x0800, "10.0.0.1", UDP, [2]uint16{50000, 4789}, string(plainVXLAN), 0, "untagged", ""}},
		{"IP in IP", LinkEthernet, ether(0x0800, ip4(4, in)), wantInner("ip")},
		{"IP in IP in a VLAN", LinkEthernet, ether(0x8100, vlanBytes(10, 0x0800), ip4(4, in)), wantInner("vlan:10/ip")},
		{"6in4", LinkEthernet, ether(0x0800, ip4(41, ip6(UDP, udpDatagram(1, 2, "x")))),
			want{LayerTransport, 0x86dd, "2001:db8::1", UDP, [2]uint16{1, 2}, "x", 0, "ip", ""}},
		{"4in6", LinkEthernet, ether(0x86dd, ip6(4, in)), wantInner("ip")},
		{"inner header broken", LinkEthernet, ether(0x0800, ip4(4, []byte("\x45short"))), want{layer: LayerLink, et: 0x0800, payload: "\x45short", scope: "ip", broken: "ipv4 header"}},
		{"last tunnel counts", LinkEthernet, ether(0x0800, vx(8, etherFrom(1, 0x8100, vlanBytes(20, 0x0800), gre(u16(0x2000, 0x0800), u32(7), in)))), wantInner("vlan:20/gre:7")},
	})
}

func TestDecodeGeneve(t *testing.T) {
	in := inner()
	gv := func(first, flags uint8, carries uint16, parts ...[]byte) []byte {
		return join([]byte{first, flags}, u16(carries), u32(5001<<8), join(parts...))
	}
	over := func(b []byte) []byte { return ether(0x0800, ip4(UDP, udpDatagram(50000, 6081, string(b)))) }
	other := func(b []byte) want {
		return want{LayerTransport, 0x0800, "10.0.0.1", UDP, [2]uint16{50000, 6081}, string(b), 0, "untagged", ""}
	}
	frame := etherFrom(1, 0x0800, in)
	control, next, reserved := gv(0, 0x80, 0x6558, frame), gv(0x40, 0, 0x6558, frame), gv(0, 0x01, 0x6558, frame)
	short, options, something, shortIP := gv(0, 0, 0x6558, frame[:13]), gv(2, 0, 0x6558, u32(1)), gv(0, 0, 0x1234, frame), gv(0, 0, 0x86dd, in)
	run(t, []decodeCase{
		{"a frame", LinkEthernet, over(gv(0, 0, 0x6558, frame)), wantInner("geneve:5001")},
		{"options", LinkEthernet, over(gv(2, 0x40, 0x6558, u32(0x01038001, 7), frame)), wantInner("geneve:5001")},
		{"a tagged frame in a VLAN", LinkEthernet, ether(0x8100, vlanBytes(10, 0x0800), ip4(UDP, udpDatagram(50000, 6081, string(gv(0, 0, 0x6558, etherFrom(1, 0x8100, vlanBytes(20, 0x0800), in)))))), wantInner("vlan:20/geneve:5001")},
		{"IPv4", LinkEthernet, over(gv(0, 0, 0x0800, in)), wantInner("geneve:5001")},
		{"IPv6", LinkEthernet, over(gv(0, 0, 0x86dd, ip6(UDP, udpDatagram(1, 2, "x")))), want{LayerTransport, 0x86dd, "2001:db8::1", UDP, [2]uint16{1, 2}, "x", 0, "geneve:5001", ""}},
		{"control", LinkEthernet, over(control), other(control)},
		{"another version", LinkEthernet, over(next), other(next)},
		{"reserved", LinkEthernet, over(reserved), other(reserved)},
		{"short", LinkEthernet, over(short), other(short)},
		{"options that are not there", LinkEthernet, over(options), other(options)},
		{"of something", LinkEthernet, over(something), other(something)},
	})
	var p Packet
	Decode(&p, &Frame{Link: LinkEthernet, Data: over(shortIP)})
	if p.Broken == "" || p.Layer != LayerLink {
		t.Errorf("IPv4 that is called IPv6: %+v", p)
	}
	DecodeOuter(&p, &Frame{Link: LinkEthernet, Data: over(gv(0, 0, 0x6558, frame))})
	check(t, &p, other(gv(0, 0, 0x6558, frame)))
}

func TestDecodeTZSP(t *testing.T) {
	in := inner()
	frame := etherFrom(1, 0x0800, in)
	over := func(parts ...[]byte) []byte {
		return ether(0x0800, ip4(UDP, udpDatagram(50000, 37008, string(join(parts...)))))
	}
	other := func(parts ...[]byte) want {
		return want{LayerTransport, 0x0800, "10.0.0.1", UDP, [2]uint16{50000, 37008}, string(join(parts...)), 0, "untagged", ""}
	}
	received, end, many := []byte{1, 0, 0, 1}, []byte{1}, make([]byte, 16)
	run(t, []decodeCase{
		{"received", LinkEthernet, over(received, end, frame), wantInner("tzsp")},
		{"to be sent, tagged", LinkEthernet, over([]byte{1, 1, 0, 1}, end, etherFrom(1, 0x8100, vlanBytes(20, 0x0800), in)), wantInner("vlan:20/tzsp")},
		{"with tags", LinkEthernet, over(received, []byte{0, 10, 1, 0xd0, 0x29, 2, 0, 77, 0}, end, frame), wantInner("tzsp")},
		{"a keep-alive", LinkEthernet, over([]byte{1, 4, 0, 0}), other([]byte{1, 4, 0, 0})},
		{"of a radio", LinkEthernet, over([]byte{1, 0, 0, 18}, end, frame), other([]byte{1, 0, 0, 18}, end, frame)},
		{"another version", LinkEthernet, over([]byte{2, 0, 0, 1}, end, frame), other([]byte{2, 0, 0, 1}, end, frame)},
		{"without an end", LinkEthernet, over(received, []byte{10, 200}, frame), other(received, []byte{10, 200}, frame)},
		{"nothing but padding", LinkEthernet, over(received, many, end, frame), other(received, many, end, frame)},
		{"short", LinkEthernet, over(received, end, frame[:13]), other(received, end, frame[:13])},
	})
	data := over(received, end, frame)
	for range MaxNesting {
		data = over(received, end, data)
	}
	var p Packet
	Decode(&p, &Frame{Link: LinkEthernet, Data: data})
	if p.Layer != LayerTransport || p.DstPort != 37008 || p.Scope.Tunnel != TunnelTZSP {
		t.Errorf("one mirror more than are looked into: %+v", p)
	}
	DecodeOuter(&p, &Frame{Link: LinkEthernet, Data: over(received, end, frame)})
	check(t, &p, other(received, end, frame))
}

func TestDecodePPPoE(t *testing.T) {
	in := inner()
	session := func(proto []byte, b []byte) []byte {
		return join([]byte{0x11, 0, 0x12, 0x34}, u16(uint16(len(proto)+len(b))), proto, b)
	}
	other := func(payload []byte, broken string) want {
		return want{layer: LayerLink, et: 0x8864, payload: string(payload), scope: "untagged", broken: broken}
	}
	lcp := session(u16(0xc021), []byte("\x09\x01\x00\x08echo"))
	search := session(u16(0x0021), in)
	search[1] = 7
	run(t, []decodeCase{
		{"IPv4", LinkEthernet, ether(0x8864, session(u16(0x0021), in)), wantInner("pppoe")},
		{"padded", LinkEthernet, ether(0x8864, session(u16(0x0021), in), make([]byte, 9)), wantInner("pppoe")},
		{"protocol compressed", LinkEthernet, ether(0x8864, session([]byte{0x21}, in)), wantInner("pppoe")},
		{"in a VLAN", LinkEthernet, ether(0x8100, vlanBytes(7, 0x8864), session(u16(0x0021), in)), wantInner("vlan:7/pppoe")},
		{"IPv6", LinkEthernet, ether(0x8864, session(u16(0x0057), ip6(UDP, udpDatagram(1, 2, "x")))),
			want{LayerTransport, 0x86dd, "2001:db8::1", UDP, [2]uint16{1, 2}, "x", 0, "pppoe", ""}},
		{"LCP", LinkEthernet, ether(0x8864, lcp), other(lcp, "")},
		{"another code", LinkEthernet, ether(0x8864, search), other(search, "pppoe header")},
		{"cut", LinkEthernet, ether(0x8864, lcp[:7]), other(lcp[:7], "pppoe header")},
	})
	var p Packet
	DecodeOuter(&p, &Frame{Link: LinkEthernet, Data: ether(0x8864, session(u16(0x0021), in))})
	check(t, &p, other(session(u16(0x0021), in), ""))
	data := ether(0x8864, session(u16(0x0021), in))
	Decode(&p, &Frame{Link: LinkEthernet, WireLen: uint32(len(data)), Data: data[:len(data)-2]})
	if p.Layer != LayerTransport || p.Missing != 2 {
		t.Errorf("of a frame that was cut: layer %d, %d missing", p.Layer, p.Missing)
	}
}

func TestDecodeNesting(t *testing.T) {
	nest := func(n int) []byte {
		b := inner()
		for range n {
			b = ip4(4, b)
		}
		return ether(0x0800, b)
	}
	var p Packet
	Decode(&p, &Frame{Link: LinkEthernet, Data: nest(MaxNesting)})
	check(t, &p, wantInner("ip"))
	Decode(&p, &Frame{Link: LinkEthernet, Data: nest(MaxNesting + 1)})
	if p.Broken != "nested too deep" || p.Layer != LayerNetwork || p.Proto != 4 || string(p.Payload) != string(inner()) {
		t.Errorf("one too deep: %+v", p)
	}
}

func TestRedundancyTrailer(t *testing.T) {
	tagged := ether(0x8100, vlanBytes(10, 0x0800), tcpHello(), make([]byte, 4))
	full := ether(0x0800, ip4(TCP, tcpSegment(40000, 502, "0123456789012345678901234567890123456789")))
	// A payload whose last bytes look like a trailer of the right size.
	fake := ether(0x0800, ip4(TCP, tcpSegment(40000, 502, hello+string(u16(77, 0xa000|(20+20+12+6), 0x88fb)))))
	for _, c := range []struct {
		name string
		data []byte
		cut  int // bytes the capture did not keep
		is   bool
		lan  uint8
		tail string // what the payload ends with
	}{
		{"LAN A", redundant(0xa, 77, 0, full), 0, true, 0xa, "56789"},
		{"LAN B", redundant(0xb, 77, 0, full), 0, true, 0xb, "56789"},
		{"behind padding", redundant(0xa, 77, 0, ether(0x0800, tcpHello(), make([]byte, 8))), 0, true, 0xa, "plant"},
		{"tagged", redundant(0xb, 77, 0, tagged), 0, true, 0xb, "plant"},
		{"tagged, tag counted", redundant(0xb, 77, 4, tagged), 0, true, 0xb, "plant"},
		{"not IP", redundant(0xa, 77, 0, ether(0x88b8, []byte("goose"))), 0, true, 0xa, "goose"},
		{"no such LAN", redundant(0xc, 77, 0, full), 0, false, 0, "56789"},
		{"size too small", redundant(0xa, 77, -1, full), 0, false, 0, "56789"},
		{"size too large", redundant(0xa, 77, 1, full), 0, false, 0, "56789"},
		{"inside the payload", fake, 0, false, 0, "\x88\xfb"},
		{"cut frame", redundant(0xa, 77, 0, full), 3, false, 0, "56789"},
		{"size does not fit, not IP", redundant(0xa, 77, 2, ether(0x88b8, []byte("goose"))), 0, false, 0, "\x88\xfb"},
		{"tiny", join(testDst, testSrc, u16(0x88fb)), 0, false, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p Packet
			Decode(&p, &Frame{Link: LinkEthernet, WireLen: uint32(len(c.data)), Data: c.data[:len(c.data)-c.cut]})
			if p.HasRedundancy != c.is || p.RedundancyLAN != c.lan || c.is && p.RedundancySeq != 77 {
				t.Errorf("redundancy %v, LAN %x, sequence %d", p.HasRedundancy, p.RedundancyLAN, p.RedundancySeq)
			}
			if !strings.HasSuffix(string(p.Payload), c.tail) {
				t.Errorf("payload %q, want an end of %q", p.Payload, c.tail)
			}
		})
	}
	var p Packet
	Decode(&p, &Frame{Link: LinkEthernet, Data: ether(0x892f, u16(0x3000|60, 77, 0x88b8), []byte("goose"))})
	if !p.HasRedundancy || p.RedundancySeq != 77 || p.RedundancyLAN != 3 || string(p.Payload) != "goose" || p.EtherType != 0x88b8 {
		t.Errorf("HSR: %+v", p)
	}
}

func TestScopeName(t *testing.T) {
	for _, c := range []struct {
		scope Scope
		want  string
	}{
		{Scope{}, "untagged"},
		{Scope{Vlans: [2]uint16{10}}, "vlan:10"},
		{Scope{Vlans: [2]uint16{10, 20}}, "vlan:10.20"},
		{Scope{Tunnel: TunnelVXLAN, Overlay: 5001}, "vxlan:5001"},
		{Scope{Vlans: [2]uint16{10}, Tunnel: TunnelGRE, Overlay: 7}, "vlan:10/gre:7"},
		{Scope{Tunnel: TunnelIP}, "ip"},
		{Scope{Tunnel: TunnelPPPoE}, "pppoe"},
		{Scope{Tunnel: TunnelGeneve, Overlay: 7}, "geneve:7"},
		{Scope{Vlans: [2]uint16{10}, Tunnel: TunnelTZSP}, "vlan:10/tzsp"},
		{Scope{Tunnel: 99}, "unknown:0"},
	} {
		if got := ScopeName(c.scope); got != c.want {
			t.Errorf("%+v: %q, want %q", c.scope, got, c.want)
		}
	}
}
