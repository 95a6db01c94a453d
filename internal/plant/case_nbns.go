package plant

// nbnsSeen registers a name and a workgroup, asks for a name that is found and
// one that is not, and asks a host for all its names.
func nbnsSeen(n *Net) {
	port := uint16(137)
	n.UDP(itDesk, itAll, port, port, NBNSRegister(nil, 0x4001, "DESK-7", itDesk.IP))
	group := NBNSRegister(nil, 0x4002, "PLANT", itDesk.IP)
	group[len(group)-6] = 0x80 // a group's name
	n.UDP(itDesk, itAll, port, port, group)
	n.UDP(itDesk, itAll, port, port, NBNSQuery(nil, 0x4003, "SERVER-1"))
	name := appendNetBIOS(nil, "SERVER-1")
	found := append([]byte{0, 0}, itServer.IP.AsSlice()...)
	n.UDP(itServer, itDesk, port, port, dnsMessage(0x4003, 0x8500, [4]uint16{0, 1}, dnsData(append(name, 0, 0x20, 0, 1), 300, found)))
	n.UDP(itDesk, itServer, port, port, NBNSQuery(nil, 0x4004, "LOST"))
	n.UDP(itServer, itDesk, port, port, dnsMessage(0x4004, 0x8583, [4]uint16{0, 1},
		dnsData(append(appendNetBIOS(nil, "LOST"), 0, 0x0a, 0, 1), 0, nil)))

	star := append([]byte{32, 'C', 'K'}, make([]byte, 31)...)
	for i := 3; i < 33; i++ {
		star[i] = 'A'
	}
	n.UDP(itDesk, itServer, 50137, port, dnsMessage(0x4005, 0, [4]uint16{1}, star, []byte{0, 0x21, 0, 1}))
	status := []byte{3}
	status = append(append(status, "SERVER-1       \x00"...), 4, 0)
	status = append(append(status, "PLANT          \x00"...), 0x84, 0)
	status = append(append(status, "\x01\x02__MSBROWSE__\x02\x01"...), 0x84, 0)
	status = append(appendMAC(status, itServer.MAC), make([]byte, 40)...)
	n.UDP(itServer, itDesk, port, 50137, dnsMessage(0x4005, 0x8400, [4]uint16{0, 1}, dnsData(append(star, 0, 0x21, 0, 1), 0, status)))
}

// nbnsMalformed begins well, so that the parser and not the probe meets the rest.
func nbnsMalformed(n *Net) {
	send := func(b []byte) { n.UDP(itDesk, itAll, 137, 137, b) }
	good := NBNSRegister(nil, 0x5001, "DESK-7", itDesk.IP)
	send(good)
	send(good[:10])
	send(good[:len(good)-3])
	bad := append([]byte(nil), good...)
	bad[20] = 'z' // no half byte
	send(bad)
	name := append(appendNetBIOS(nil, "DESK-7"), 0, 0x20, 0, 1)
	send(dnsMessage(0x5002, 0x2910, [4]uint16{1, 0, 0, 1}, name, dnsData([]byte{0xc0, 12, 0, 0x20, 0, 1}, 300, []byte{0, 0, 10, 10})))
	send(dnsMessage(0x5003, 0x8500, [4]uint16{0, 1}, dnsData(name, 300, []byte{0, 0, 10})))
	send(dnsMessage(0x5004, 0x8400, [4]uint16{0, 1}, dnsData(append(appendNetBIOS(nil, "X"), 0, 0x21, 0, 1), 0, []byte{9, 'S'})))
}

// nbnsPoll asks for a name again and again.
func nbnsPoll(n *Net) {
	for i := range uint16(12) {
		n.UDP(itDesk, itAll, 137, 137, NBNSQuery(nil, i, "SERVER-1"))
	}
}
