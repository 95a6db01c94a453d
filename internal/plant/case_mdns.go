package plant

import "net/netip"

// mdnsSeen is a question, an announcement, a printer's and a computer's
// description, the name of an address, and a goodbye.
func mdnsSeen(n *Net) {
	group := &Host{Name: "mdns", MAC: 0x01_00_5e_00_00_fb, IP: netip.MustParseAddr("224.0.0.251")}
	send := func(h *Host, b []byte) { n.UDP(h, group, 5353, 5353, b) }
	send(itDesk, dnsMessage(0, 0, [4]uint16{2}, dnsQuestion("_http._tcp.local", 12, 0x8001), dnsQuestion("Line-3.local", 28, 1)))
	send(itServer, MDNS(nil, "Line-3", "_http._tcp", 80, itServer.IP))
	send(itServer, dnsMessage(0, 0x8400, [4]uint16{0, 2, 0, 2},
		dnsRecord("Line 3._device-info._tcp.local", 16, 0x8001, 4500, []byte("\x0emodel=PanelX 7\x07other=1\x00")),
		dnsRecord("Line-3.local", 13, 0x8001, 120, []byte("\x06ARMV7L\x05LINUX")),
		dnsRecord("Printer._ipp._tcp.local", 16, 0x8001, 4500, []byte("\x0eusb_MFG=Maker \x0fty=LabelJet 200\x09txtvers=1")),
		dnsRecord("20.5.10.10.in-addr.arpa", 12, 0x8001, 120, appendName(nil, "Line-3.local"))))
	send(itServer, dnsMessage(0, 0x8400, [4]uint16{0, 1}, dnsRecord("Old-Name.local", 1, 0x8001, 0, itServer.IP.AsSlice())))
	// behind a good start: texts and addresses of wrong sizes, a record cut off
	send(itServer, dnsMessage(0, 0x8400, [4]uint16{0, 3},
		dnsRecord("a._http._tcp.local", 16, 1, 120, []byte("\x20short")),
		dnsRecord("a.local", 13, 1, 120, []byte("\x03cpu\x09os")),
		dnsRecord("a.local", 1, 1, 120, []byte{10, 10})))
	send(itServer, dnsMessage(0, 0x8400, [4]uint16{0, 2}, dnsRecord("a.local", 1, 1, 120, itServer.IP.AsSlice())))
	send(itServer, []byte{0, 0, 0x84, 0})
}

// mdnsPoll announces a service again and again.
func mdnsPoll(n *Net) {
	group := &Host{Name: "mdns", MAC: 0x01_00_5e_00_00_fb, IP: netip.MustParseAddr("224.0.0.251")}
	for range 12 {
		n.UDP(itServer, group, 5353, 5353, MDNS(nil, "Line-3", "_http._tcp", 80, itServer.IP))
	}
}
