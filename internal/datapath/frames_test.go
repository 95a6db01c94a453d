package datapath

import (
	"net"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Frames are built by gopacket, which knows nothing of our reading of them.

var (
	clientMAC = net.HardwareAddr{2, 0, 0, 97, 0, 1}
	serverMAC = net.HardwareAddr{2, 0, 0, 97, 0, 2}
)

// wire is a frame to be: from client to server unless back is set.
type wire struct {
	back     bool
	vlans    []uint16
	six      bool
	sport    uint16 // the sender's
	dport    uint16
	payload  string
	tcp      *layers.TCP // with flags and sequence; else UDP
	fragment uint16      // offset, in 8 bytes
	more     bool
	options  int // bytes of IPv4 options
	from, to string
}

func (w wire) frame(t testing.TB) []byte {
	t.Helper()
	eth := &layers.Ethernet{SrcMAC: clientMAC, DstMAC: serverMAC}
	from, to := "10.97.0.1", "10.97.0.2"
	if w.six {
		from, to = "fd61::1", "fd61::2"
	}
	if w.from != "" {
		from, to = w.from, w.to
	}
	if w.back {
		from, to, eth.SrcMAC, eth.DstMAC = to, from, serverMAC, clientMAC
	}
	all := []gopacket.SerializableLayer{eth}
	network := layers.EthernetTypeIPv4
	if w.six {
		network = layers.EthernetTypeIPv6
	}
	eth.EthernetType = network
	for i, id := range w.vlans {
		tag := &layers.Dot1Q{VLANIdentifier: id, Type: network}
		if i == 0 {
			eth.EthernetType = layers.EthernetTypeDot1Q
		}
		if i+1 < len(w.vlans) {
			tag.Type = layers.EthernetTypeDot1Q
		}
		all = append(all, tag)
	}
	proto := layers.IPProtocolUDP
	if w.tcp != nil {
		proto = layers.IPProtocolTCP
	}
	var ip gopacket.NetworkLayer
	if w.six {
		six := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: proto, SrcIP: net.ParseIP(from), DstIP: net.ParseIP(to)}
		ip, all = six, append(all, six)
	} else {
		four := &layers.IPv4{Version: 4, TTL: 64, Protocol: proto, SrcIP: net.ParseIP(from), DstIP: net.ParseIP(to), FragOffset: w.fragment}
		if w.more {
			four.Flags = layers.IPv4MoreFragments
		}
		if w.options > 0 {
			four.Options = []layers.IPv4Option{{OptionType: 7, OptionLength: uint8(w.options), OptionData: make([]byte, w.options-2)}}
		}
		ip, all = four, append(all, four)
	}
	if w.tcp != nil {
		tcp := *w.tcp
		tcp.SrcPort, tcp.DstPort = layers.TCPPort(w.sport), layers.TCPPort(w.dport)
		_ = tcp.SetNetworkLayerForChecksum(ip)
		all = append(all, &tcp)
	} else {
		udp := &layers.UDP{SrcPort: layers.UDPPort(w.sport), DstPort: layers.UDPPort(w.dport)}
		_ = udp.SetNetworkLayerForChecksum(ip)
		all = append(all, udp)
	}
	all = append(all, gopacket.Payload(w.payload))
	return serialize(t, all...)
}

func serialize(t testing.TB, all ...gopacket.SerializableLayer) []byte {
	t.Helper()
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, all...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// typed is a frame without IP.
func typed(t testing.TB, src, dst net.HardwareAddr, kind uint16) []byte {
	return serialize(t, &layers.Ethernet{SrcMAC: src, DstMAC: dst, EthernetType: layers.EthernetType(kind)}, gopacket.Payload(make([]byte, 46)))
}

// mbap is a Modbus request of one function code, whole.
func mbap(code byte) string {
	return string([]byte{0, 1, 0, 0, 0, 6, 1, code, 0, 40, 0, 1})
}
