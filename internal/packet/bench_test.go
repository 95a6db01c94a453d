package packet

import "testing"

func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"eth-ip-tcp", ether(0x0800, ip4(TCP, tcpSegment(502, 40000, "polling")))},
		{"eth-vlan-ip-tcp", ether(0x8100, vlanBytes(10, 0x0800), ip4(TCP, tcpSegment(502, 40000, "polling")))},
		{"eth-ip-udp", ether(0x0800, ip4(UDP, udpDatagram(2222, 2222, "polling")))},
		{"eth-ip6-tcp", ether(0x86dd, ip6(TCP, tcpSegment(502, 40000, "polling")))},
		{"eth-arp", ether(0x0806, make([]byte, 46))},
	} {
		b.Run(c.name, func(b *testing.B) {
			f := Frame{Link: LinkEthernet, WireLen: uint32(len(c.data)), Data: c.data}
			var p Packet
			b.ReportAllocs()
			for b.Loop() {
				Decode(&p, &f)
			}
		})
	}
}
