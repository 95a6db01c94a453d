package packet

import (
	"net"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"pgregory.net/rapid"

	"firedoor"
)

// TestDecodeOracle writes plain frames with gopacket, decodes them with it and
// with Decode, and compares.
func TestDecodeOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := drawFrame(t)
		keep := len(data)
		if rapid.Bool().Draw(t, "cut") {
			keep = rapid.IntRange(0, len(data)).Draw(t, "kept")
		}
		var p Packet
		Decode(&p, &Frame{Link: LinkEthernet, WireLen: uint32(len(data)), Data: data[:keep]})
		if keep == len(data) {
			compare(t, &p, data)
		}
		whole := Packet{}
		Decode(&whole, &Frame{Link: LinkEthernet, WireLen: uint32(len(data)), Data: data})
		if p.Layer > whole.Layer {
			t.Fatalf("layer %d of a cut frame, %d of the whole", p.Layer, whole.Layer)
		}
		if p.Layer == LayerTransport && len(p.Payload)+int(p.Missing) != len(whole.Payload) {
			t.Fatalf("cut at %d: %d bytes and %d missing, of %d", keep, len(p.Payload), p.Missing, len(whole.Payload))
		}
	})
}

func drawFrame(t *rapid.T) []byte {
	bytesOf := func(n int, what string) []byte { return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, what) }
	payload := gopacket.Payload(rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "payload"))
	eth := &layers.Ethernet{SrcMAC: bytesOf(6, "source"), DstMAC: bytesOf(6, "destination"), EthernetType: layers.EthernetTypeIPv4}
	stack := []gopacket.SerializableLayer{eth}
	six := rapid.Bool().Draw(t, "six")
	next := layers.EthernetTypeIPv4
	if six {
		next = layers.EthernetTypeIPv6
	}
	eth.EthernetType = next
	if n := rapid.IntRange(0, 2).Draw(t, "tags"); n > 0 {
		eth.EthernetType = layers.EthernetTypeDot1Q
		for i := range n {
			tag := &layers.Dot1Q{VLANIdentifier: rapid.Uint16Range(0, 4095).Draw(t, "vlan"), Type: layers.EthernetTypeDot1Q}
			if i == n-1 {
				tag.Type = next
			}
			stack = append(stack, tag)
		}
	}
	proto := rapid.SampledFrom([]layers.IPProtocol{layers.IPProtocolTCP, layers.IPProtocolUDP}).Draw(t, "protocol")
	var network gopacket.NetworkLayer
	if six {
		ip := &layers.IPv6{Version: 6, SrcIP: bytesOf(16, "from"), DstIP: bytesOf(16, "to"), NextHeader: proto, HopLimit: rapid.Byte().Draw(t, "hops")}
		network = ip
		stack = append(stack, ip)
	} else {
		ip := &layers.IPv4{Version: 4, SrcIP: bytesOf(4, "from"), DstIP: bytesOf(4, "to"), Protocol: proto, TTL: rapid.Byte().Draw(t, "hops"),
			Id: rapid.Uint16().Draw(t, "id"), TOS: rapid.Byte().Draw(t, "tos")}
		for range rapid.IntRange(0, 10).Draw(t, "options") {
			ip.Options = append(ip.Options, layers.IPv4Option{OptionType: 1})
		}
		network = ip
		stack = append(stack, ip)
	}
	if proto == layers.IPProtocolTCP {
		tcp := &layers.TCP{SrcPort: layers.TCPPort(rapid.Uint16().Draw(t, "sport")), DstPort: layers.TCPPort(rapid.Uint16().Draw(t, "dport")),
			Seq: rapid.Uint32().Draw(t, "seq"), Ack: rapid.Uint32().Draw(t, "ack"), Window: rapid.Uint16().Draw(t, "window"),
			SYN: rapid.Bool().Draw(t, "syn"), ACK: rapid.Bool().Draw(t, "ackflag"), FIN: rapid.Bool().Draw(t, "fin"),
			RST: rapid.Bool().Draw(t, "rst"), PSH: rapid.Bool().Draw(t, "psh"), URG: rapid.Bool().Draw(t, "urg")}
		for range rapid.IntRange(0, 10).Draw(t, "words") {
			tcp.Options = append(tcp.Options, layers.TCPOption{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{5, 0xb4}})
		}
		_ = tcp.SetNetworkLayerForChecksum(network)
		stack = append(stack, tcp)
	} else {
		udp := &layers.UDP{SrcPort: layers.UDPPort(rapid.Uint16().Draw(t, "sport")), DstPort: layers.UDPPort(rapid.Uint16Range(5000, 65535).Draw(t, "dport"))}
		_ = udp.SetNetworkLayerForChecksum(network)
		stack = append(stack, udp)
	}
	buf := gopacket.NewSerializeBuffer()
	opts := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buf, opts, append(stack, payload)...); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// compare holds p against what gopacket finds in the same frame.
func compare(t *rapid.T, p *Packet, data []byte) {
	g := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.Default)
	eth := g.Layer(layers.LayerTypeEthernet).(*layers.Ethernet)
	want := Packet{SrcMAC: firedoor.MACFrom(eth.SrcMAC), DstMAC: firedoor.MACFrom(eth.DstMAC), Layer: LayerTransport, WireLen: uint32(len(data))}
	for _, l := range g.Layers() {
		switch l := l.(type) {
		case *layers.Dot1Q:
			vlanTag(&want.Scope, l.VLANIdentifier)
		case *layers.IPv4:
			want.EtherType, want.TTL, want.Proto, want.IPID = 0x0800, l.TTL, uint8(l.Protocol), uint32(l.Id)
			want.SrcIP, want.DstIP = oracleIP(l.SrcIP), oracleIP(l.DstIP)
		case *layers.IPv6:
			want.EtherType, want.TTL, want.Proto = 0x86dd, l.HopLimit, uint8(l.NextHeader)
			want.SrcIP, want.DstIP = firedoor.IPv6(l.SrcIP), firedoor.IPv6(l.DstIP)
		case *layers.TCP:
			want.SrcPort, want.DstPort, want.Seq, want.Ack = uint16(l.SrcPort), uint16(l.DstPort), l.Seq, l.Ack
			want.Window, want.Checksum, want.Payload = l.Window, l.Checksum, l.Payload
			for i, set := range [...]bool{l.FIN, l.SYN, l.RST, l.PSH, l.ACK, l.URG} {
				if set {
					want.Flags |= 1 << i
				}
			}
		case *layers.UDP:
			want.SrcPort, want.DstPort, want.Checksum, want.Payload = uint16(l.SrcPort), uint16(l.DstPort), l.Checksum, l.Payload
		}
	}
	if !samePacket(p, &want) {
		t.Fatalf("frame % x\ngot  %+v\nwant %+v", data, *p, want)
	}
}

func oracleIP(ip net.IP) firedoor.IP { return firedoor.IPv4(be.Uint32(ip.To4())) }
