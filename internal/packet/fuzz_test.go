package packet

import "testing"

// seeds are frames that reach every corner of Decode.
func seeds() [][]byte {
	ip := tcpHello()
	return [][]byte{
		ether(0x0800, ip),
		ether(0x8100, vlanBytes(10, 0x86dd), ip6(0, join([]byte{44, 0}, make([]byte, 6), []byte{TCP, 0, 0, 1}, u32(5), ip))),
		ether(0x8847, u32(16<<12|0x1ff, 5), etherFrom(1, 0x0800, ip)),
		ether(0x892f, u16(0x1064, 77, 0x0800), ip),
		redundant(0xa, 77, 0, ether(0x0800, ip)),
		ether(8, u32(0xaaaa0300), u16(0, 0x0800), ip),
		ether(0x0800, ip4(GRE, join(u16(0xb000, 0x6558), u32(0, 7, 9), etherFrom(1, 0x0800, ip)))),
		ether(0x0800, ip4(GRE, join(u16(0x1000, 0x88be), u32(1, 0x10001000, 0), etherFrom(1, 0x0800, ip)))),
		ether(0x0800, ip4(GRE, join(u16(0x1000, 0x22eb), u32(1, 0x20000000, 0, 1), make([]byte, 8), etherFrom(1, 0x0800, ip)))),
		ether(0x0800, ip4(UDP, udpDatagram(1, 4789, string(join(u32(8<<24, 5<<8), etherFrom(1, 0x0800, ip)))))),
		ether(0x0800, ip4(4, ip4(41, ip6(UDP, udpDatagram(1, 2, hello))))),
		join(u16(0, 1, 6), testSrc, u16(0, 0x0800), ip),
		join([]byte{2, 0, 0, 0}, ip),
		join([]byte{0xff, 3, 0, 0x21}, ip),
	}
}

var seedLinks = []LinkType{LinkEthernet, LinkSLL, LinkSLL2, LinkRaw, LinkNull, LinkLoop, LinkPPP, LinkCiscoHDLC, LinkIPv4, LinkIPv6}

// FuzzDecode checks what must hold of any bytes: no panic, the payload is a part
// of the frame, nothing is left from before, and decoding twice gives the same.
func FuzzDecode(f *testing.F) {
	for i, b := range seeds() {
		for _, l := range seedLinks {
			f.Add(uint16(l), uint32(i%3*10), b)
		}
	}
	f.Fuzz(func(t *testing.T, link uint16, more uint32, data []byte) {
		frame := Frame{Time: 1, Capture: 2, Number: 3, Link: LinkType(link), WireLen: uint32(len(data)) + more%70000, Data: data}
		var p Packet
		Decode(&p, &frame)
		q := Packet{Index: 7, Seq: 5, Flags: 0xff, HasRedundancy: true, Payload: []byte("old"), Missing: 9, TTL: 9, IPID: 9, More: true}
		Decode(&q, &frame)
		if !samePacket(&p, &q) {
			t.Fatalf("decoding again gave\n%+v, before\n%+v", q, p)
		}
		if len(p.Payload) > len(data) || p.Layer > LayerTransport || p.Layer == LayerNone && p.Broken == "" {
			t.Fatalf("%+v", p)
		}
		if len(p.Payload) > 0 && !within(p.Payload, data) {
			t.Fatalf("the payload does not lie in the frame")
		}
		if p.Fragment && p.Layer != LayerNetwork {
			t.Fatalf("a fragment of layer %d", p.Layer)
		}
		if p.Layer >= LayerNetwork && p.SrcIP.IsZero() && p.EtherType == typeIPv4 {
			t.Fatalf("no address: %+v", p)
		}
		if ScopeName(p.Scope) == "" {
			t.Fatal("a scope without a name")
		}
		DecodeTransport(&p, uint8(more), data)
		if p.Fragment && p.Scope.Tunnel == q.Scope.Tunnel && p.Scope.Overlay == q.Scope.Overlay && uint8(more) != protoFragment && uint8(more) == TCP {
			t.Fatalf("reassembled, and a fragment again: %+v", p)
		}
	})
}

// within tells whether part is a slice of whole's memory.
func within(part, whole []byte) bool {
	for i := range whole {
		if &whole[i] == &part[0] {
			return i+len(part) <= len(whole)
		}
	}
	return false
}

// TestDecodeAllocatesNothing decodes every kind of frame.
func TestDecodeAllocatesNothing(t *testing.T) {
	var p Packet
	for i, b := range seeds() {
		for _, l := range seedLinks {
			f := Frame{Link: l, Data: b}
			if n := testing.AllocsPerRun(10, func() { Decode(&p, &f) }); n != 0 {
				t.Errorf("frame %d as link type %d: %v allocations", i, l, n)
			}
		}
	}
	segment := tcpSegment(1, 2, hello)
	if n := testing.AllocsPerRun(10, func() { DecodeTransport(&p, TCP, segment) }); n != 0 {
		t.Errorf("DecodeTransport: %v allocations", n)
	}
}
