package plant

// lldpSeen is a switch, a controller that names its station the PROFINET way,
// and a telephone-like device with LLDP-MED's inventory.
func lldpSeen(n *Net) {
	n.LLDP(itSwitch, "port-7", "SWITCH-3", "Industrial switch, firmware 4.2", 0x14)
	frame := func(tlvs ...[]byte) {
		var b []byte
		for _, t := range tlvs {
			b = append(b, t...)
		}
		n.Ethernet(itServer.MAC+1, lldpGroup, 0, etherLLDP, append(b, 0, 0))
	}
	ttl := appendTLV(nil, 3, []byte{0, 20})
	own := appendTLV(nil, 127, appendMAC([]byte{0, 0x0e, 0xcf, 5}, itServer.MAC))
	frame(appendTLV(nil, 1, []byte("\x07PLC-X 300  order 100-2AB")), appendTLV(nil, 2, []byte("\x07port-001.mixer-plc")), ttl, own)
	frame(appendTLV(nil, 1, []byte("\x07mixer-io")), appendTLV(nil, 2, []byte("\x07port-002")), ttl, own)
	med := func(kind byte, text string) []byte {
		return appendTLV(nil, 127, append([]byte{0, 0x12, 0xbb, kind}, text...))
	}
	frame(appendTLV(nil, 1, append([]byte{5, 1}, itDesk.IP.AsSlice()...)), appendTLV(nil, 2, appendMAC([]byte{3}, itDesk.MAC)), ttl,
		med(5, "rev B"), med(6, "boot 1.0"), med(7, "app 2.3"), med(8, "SN0042"), med(9, "Maker"), med(10, "Panel 7"), med(11, "A-17"), med(1, "\x00\x00"))
}

const lldpGroup = 0x01_80_c2_00_00_0e

// lldpMalformed breaks one rule at a time.
func lldpMalformed(n *Net) {
	send := func(b []byte) { n.Ethernet(itSwitch.MAC, lldpGroup, 0, etherLLDP, b) }
	head := appendTLV(nil, 1, appendMAC([]byte{4}, itSwitch.MAC))
	send(append(append([]byte(nil), head...), 0, 0))
	head = appendTLV(head, 2, []byte("\x07port-1"))
	head = appendTLV(head, 3, []byte{0, 120})
	send(append(appendTLV(append([]byte(nil), head...), 7, []byte{0, 4}), 0, 0))
	send(append(appendTLV(append([]byte(nil), head...), 127, []byte{0, 0x12}), 0, 0))
	send(append(append([]byte(nil), head...), 0x0b, 0xff, 'x'))
}

// lldpPoll announces a switch again and again.
func lldpPoll(n *Net) {
	for range 12 {
		n.LLDP(itSwitch, "port-7", "SWITCH-3", "Industrial switch, firmware 4.2", 4)
	}
}
