package plant

import "net/netip"

// Hosts of the captures of names, addresses and logins.
var (
	itDesk   = &Host{Name: "desk", MAC: 0x02_00_00_00_05_10, IP: netip.MustParseAddr("10.10.5.10"), TTL: 128}
	itServer = &Host{Name: "server", MAC: 0x02_00_00_00_05_20, IP: netip.MustParseAddr("10.10.5.20")}
	itSwitch = &Host{Name: "switch", MAC: 0x02_00_00_00_05_30, IP: netip.MustParseAddr("10.10.5.30"), TTL: 255}
	itAll    = &Host{Name: "all", MAC: Broadcast, IP: netip.MustParseAddr("10.10.5.255")}
	itNobody = &Host{Name: "nobody", MAC: 0x02_00_00_00_05_10, IP: netip.IPv4Unspecified(), TTL: 128}
	itEvery  = &Host{Name: "every", MAC: Broadcast, IP: netip.MustParseAddr("255.255.255.255")}
)

// arpSeen is a probe, an announcement, a request and its answer.
func arpSeen(n *Net) {
	n.ARP(itNobody, itDesk.IP)
	n.ARP(itDesk, itDesk.IP)
	n.ARP(itDesk, itServer.IP)
	n.ARPAnswer(itServer, itDesk)
}

// arpMalformed breaks one field at a time, and sends what is passed over: other
// hardware, the reverse form.
func arpMalformed(n *Net) {
	good := []byte{0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 5, 0x10, 10, 10, 5, 10, 2, 0, 0, 0, 5, 0x20, 10, 10, 5, 20}
	send := func(at int, v ...byte) {
		b := append([]byte(nil), good...)
		copy(b[at:], v)
		n.Ethernet(itDesk.MAC, Broadcast, 0, etherARP, b)
	}
	send(4, 8)                                  // a hardware address of eight bytes
	send(8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) // everybody's MAC
	send(14, 239, 1, 2, 3)                      // a group's IP address
	send(0, 0, 6)                               // IEEE 802 hardware
	send(6, 0, 3)                               // reverse ARP
	n.Frame(appendLink(nil, itDesk.MAC, Broadcast, 0, etherARP)[:14:14])
	n.Frame(append(appendLink(nil, itDesk.MAC, Broadcast, 0, etherARP), good[:20]...))
	n.Frame(append(appendLink(nil, itDesk.MAC, Broadcast, 0, etherARP), good[:5]...))
}

// arpPoll is a host that looks for another again and again.
func arpPoll(n *Net) {
	for range 12 {
		n.ARP(itDesk, itServer.IP)
	}
}
