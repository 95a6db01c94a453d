package plant

import "time"

// Object identifiers of the captures, encoded.
var (
	snmpObjectID = []byte{0x2b, 6, 1, 2, 1, 1, 2, 0}
	snmpUptime   = []byte{0x2b, 6, 1, 2, 1, 1, 3, 0}
	snmpLocation = []byte{0x2b, 6, 1, 2, 1, 1, 6, 0}
	snmpSerial   = []byte{0x2b, 6, 1, 2, 1, 0x2f, 1, 1, 1, 1, 0x0b, 1}
	snmpAdmin    = []byte{0x2b, 6, 1, 2, 1, 2, 2, 1, 7, 3} // ifAdminStatus.3
	snmpTable    = []byte{0x2b, 6, 1, 2, 1, 2, 2, 1, 10}   // ifInOctets
)

// snmpVar is one variable of a message.
func snmpVar(oid []byte, tag byte, value ...byte) []byte {
	return ber(0x30, append(ber(6, oid), ber(tag, value)...))
}

// snmpPDU is a message of version 2c with its three numbers and its variables.
func snmpPDU(version, pdu byte, id, status, index uint8, vars ...[]byte) []byte {
	var list []byte
	for _, v := range vars {
		list = append(list, v...)
	}
	body := append([]byte{2, 1, id, 2, 1, status, 2, 1, index}, ber(0x30, list)...)
	head := append([]byte{2, 1, version}, ber(4, []byte("hunter2"))...)
	return ber(0x30, append(head, ber(pdu, body)...))
}

// snmpSystem reads what a switch says about itself and sets one port down.
func snmpSystem(n *Net) {
	ask := func(request, answer []byte) {
		n.UDP(itDesk, itSwitch, 52161, 161, request)
		n.Wait(2 * time.Millisecond)
		n.UDP(itSwitch, itDesk, 161, 52161, answer)
	}
	objects := [][]byte{SNMPDescription, SNMPName}
	ask(SNMPGet(nil, "hunter2", 300, objects...), SNMPAnswer(nil, "hunter2", 300, objects, "Industrial switch, firmware 4.2", "SWITCH-3"))
	null := func(oid []byte) []byte { return snmpVar(oid, 5) }
	ask(snmpPDU(1, 0xa0, 1, 0, 0, null(snmpObjectID), null(snmpUptime), null(snmpLocation), null(snmpSerial)),
		snmpPDU(1, 0xa2, 1, 0, 0, snmpVar(snmpObjectID, 6, 0x2b, 6, 1, 4, 1, 0x81, 0x78, 14, 1),
			snmpVar(snmpUptime, 0x43, 0, 0xc0, 0xff, 0xee), snmpVar(snmpLocation, 4, []byte("Hall 2")...), snmpVar(snmpSerial, 0x81)))
	ask(snmpPDU(0, 0xa0, 2, 0, 0, null(snmpUptime)), snmpPDU(0, 0xa2, 2, 2, 1, null(snmpUptime)))
	ask(snmpPDU(1, 0xa3, 3, 0, 0, snmpVar(snmpAdmin, 2, 2)), snmpPDU(1, 0xa2, 3, 0, 0, snmpVar(snmpAdmin, 2, 2)))
	ask(snmpPDU(1, 0xa3, 4, 0, 0, snmpVar(snmpLocation, 4, []byte("S3cr3t")...)), snmpPDU(1, 0xa2, 4, 17, 1, snmpVar(snmpLocation, 4, []byte("S3cr3t")...)))
	ask(snmpPDU(1, 0xa1, 5, 0, 0, null(snmpTable)), snmpPDU(1, 0xa2, 5, 0, 0, snmpVar(append(snmpTable, 1), 0x41, 0x12, 0x34)))
	ask(snmpPDU(1, 0xa5, 6, 0, 3, null(snmpTable)), snmpPDU(1, 0xa2, 6, 0, 0, snmpVar(append(snmpTable, 1), 0x41, 1),
		snmpVar(append(snmpTable, 2), 0x41, 2), snmpVar(append(snmpTable, 3), 0x82)))
	ask(snmpPDU(1, 0xa0, 7, 0, 0, null(snmpUptime)), snmpPDU(1, 0xa2, 7, 5, 0))
	n.UDP(itSwitch, itDesk, 161, 52161, snmpPDU(1, 0xa2, 99, 0, 0, snmpVar(snmpUptime, 0x43, 9))) // its request was not seen
}

// snmpPoll reads two counters again and again.
func snmpPoll(n *Net) {
	for i := range byte(12) {
		n.UDP(itDesk, itSwitch, 52162, 161, snmpPDU(1, 0xa0, i, 0, 0, snmpVar(snmpUptime, 5), snmpVar(append(snmpTable, 1), 5)))
		n.Wait(2 * time.Millisecond)
		n.UDP(itSwitch, itDesk, 161, 52162, snmpPDU(1, 0xa2, i, 0, 0, snmpVar(snmpUptime, 0x43, 1, i), snmpVar(append(snmpTable, 1), 0x46, 0x7f, i, 0, 0)))
		n.Wait(time.Second)
	}
}

// snmpThree is version 3: a discovery and a read in the clear, a request at the
// wrong time, then privacy.
func snmpThree(n *Net) {
	message := func(flags byte, scoped []byte) []byte {
		header := ber(0x30, append([]byte{2, 2, 0x10, 1, 2, 3, 0, 0xff, 0xe3}, append(ber(4, []byte{flags}), 2, 1, 3)...))
		security := ber(4, ber(0x30, append(append(ber(4, []byte("\x80\x00\x1f\x88")), 2, 1, 1, 2, 1, 9), append(ber(4, []byte("operator")), 4, 0, 4, 0)...)))
		return ber(0x30, append(append([]byte{2, 1, 3}, header...), append(security, scoped...)...))
	}
	plain := func(pdu byte, vars ...byte) []byte {
		body := append([]byte{2, 1, 7, 2, 1, 0, 2, 1, 0}, ber(0x30, vars)...)
		return ber(0x30, append(append(ber(4, nil), ber(4, nil)...), ber(pdu, body)...))
	}
	n.UDP(itDesk, itSwitch, 52163, 161, message(4, plain(0xa0)))
	n.UDP(itSwitch, itDesk, 161, 52163, message(0, plain(0xa8, snmpVar([]byte{0x2b, 6, 1, 6, 3, 15, 1, 1, 4, 0}, 0x41, 1)...)))
	n.UDP(itDesk, itSwitch, 52163, 161, message(4, plain(0xa0, snmpVar(SNMPName, 5)...)))
	n.UDP(itSwitch, itDesk, 161, 52163, message(0, plain(0xa2, snmpVar(SNMPName, 4, []byte("SWITCH-3")...)...)))
	n.UDP(itDesk, itSwitch, 52163, 161, message(4, plain(0xa0, snmpVar(SNMPName, 5)...)))
	n.UDP(itSwitch, itDesk, 161, 52163, message(0, plain(0xa8, snmpVar([]byte{0x2b, 6, 1, 6, 3, 15, 1, 1, 2, 0}, 0x41, 2)...)))
	sealed := ber(4, []byte("these bytes stand for ciphertext"))
	n.UDP(itDesk, itSwitch, 52163, 161, message(7, sealed))
	n.UDP(itSwitch, itDesk, 161, 52163, message(3, sealed))
}

// snmpMalformed begins well, so that the parser and not the probe meets the rest.
func snmpMalformed(n *Net) {
	send := func(b []byte) { n.UDP(itDesk, itSwitch, 52164, 161, b) }
	good := snmpPDU(1, 0xa0, 1, 0, 0, snmpVar(snmpUptime, 5))
	send(good)
	send(good[:len(good)-4])
	send(append(good[:len(good):len(good)], 0xff))
	send(snmpPDU(2, 0xa0, 1, 0, 0, snmpVar(snmpUptime, 5)))                // version 2 with parties was never used
	send(snmpPDU(1, 0xa9, 1, 0, 0, snmpVar(snmpUptime, 5)))                // no such unit
	send(snmpPDU(1, 0xa0, 1, 0, 0, snmpVar([]byte{0x2b, 6, 0x81}, 5)))     // an identifier without an end
	send(snmpPDU(1, 0xa0, 1, 0, 0, ber(0x30, ber(6, []byte{0x2b, 6, 1})))) // a variable without a value
	send(ber(0x30, append([]byte{2, 1, 1}, ber(4, []byte("hunter2"))...))) // no unit
}
