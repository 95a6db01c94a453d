package plant

import (
	"encoding/binary"
	"net/netip"

	"firedoor"
)

// The EtherCAT master, its frames when they come back, and where they are sent.
const (
	ecatMaster = firedoor.MAC(0x00_01_05_00_26_10)
	ecatBack   = firedoor.MAC(0x02_01_05_00_26_10)
	ecatGroup  = firedoor.MAC(0x01_01_05_01_00_00)
	etherECAT  = 0x88a4
	portECAT   = 34980
)

var (
	ecatHost  = &Host{Name: "motion", MAC: 0x02_00_00_00_26_11, IP: netip.MustParseAddr("10.10.26.11")}
	ecatSlave = &Host{Name: "segment", MAC: 0x02_00_00_00_26_12, IP: netip.MustParseAddr("10.10.26.12")}
)

// ecatGram is a datagram.
type ecatGram struct {
	command  byte
	at       uint32 // offset and position, or logical address
	data     []byte
	counter  uint16
	position uint16
}

func ecatFrame(kind uint16, body []byte) []byte {
	return append(binary.LittleEndian.AppendUint16(nil, kind<<12|uint16(len(body))), body...)
}

func ecatGrams(grams ...ecatGram) []byte {
	var b []byte
	for i, g := range grams {
		b = append(b, g.command, byte(i))
		if g.command < 10 || g.command > 12 {
			g.at = g.at<<16 | uint32(g.position)
		}
		b = binary.LittleEndian.AppendUint32(b, g.at)
		length := uint16(len(g.data))
		if i+1 < len(grams) {
			length |= 0x8000
		}
		b = binary.LittleEndian.AppendUint16(b, length)
		b = append(append(b, 0, 0), g.data...)
		b = binary.LittleEndian.AppendUint16(b, g.counter)
	}
	return ecatFrame(1, b)
}

func ecatOut(n *Net, grams ...ecatGram) {
	n.Ethernet(ecatMaster, ecatGroup, 0, etherECAT, ecatGrams(grams...))
}
func ecatIn(n *Net, grams ...ecatGram) {
	n.Ethernet(ecatBack, ecatGroup, 0, etherECAT, ecatGrams(grams...))
}

// ecatMail is a mailbox of 32 bytes.
func ecatMail(kind byte, body ...byte) []byte {
	b := []byte{byte(len(body)), 0, 0, 0, 0, 0x10 | kind}
	b = append(b, body...)
	return append(b, make([]byte, max(0, 32-len(b)))...)
}

// ecatPoll is cyclic data with the state of all slaves and their clock.
func ecatPoll(n *Net) {
	for i := range byte(10) {
		ecatOut(n, ecatGram{command: 14, at: 0x0910, position: 1001, data: make([]byte, 8)}, ecatGram{command: 12, at: 0x0100_0000, data: []byte{i, 1, 2}},
			ecatGram{command: 11, at: 0x0100_0800, data: []byte{i, 0, 0, 0}}, ecatGram{command: 10, at: 0x0100_1000, data: []byte{0, 0}}, ecatGram{command: 7, at: 0x0130, data: []byte{0, 0}})
		ecatIn(n, ecatGram{command: 14, at: 0x0910, position: 1001, data: []byte{1, 2, 3, 4, 5, 6, 7, i}, counter: 3}, ecatGram{command: 12, at: 0x0100_0000, data: []byte{7, i, 2}, counter: 3},
			ecatGram{command: 11, at: 0x0100_0800, data: []byte{i, 0, 0, 0}, counter: 1}, ecatGram{command: 10, at: 0x0100_1000, data: []byte{i, 9}, counter: 1},
			ecatGram{command: 7, at: 0x0130, position: 3, data: []byte{8, 0}, counter: 3})
	}
}

// ecatBoth sends a datagram and what comes back of it.
func ecatBoth(n *Net, out, in ecatGram) {
	ecatOut(n, out)
	in.command, in.at = out.command, out.at
	in.position, in.counter = out.position, 1
	ecatIn(n, in)
}

// ecatStart brings slaves up: registers of each purpose, EEPROM, mailboxes.
func ecatStart(n *Net) {
	ecatBoth(n, ecatGram{command: 7, at: 0, data: []byte{0}}, ecatGram{data: []byte{0x11}})
	ecatBoth(n, ecatGram{command: 1, at: 0, position: 0xffff, data: []byte{0, 0, 0, 0}}, ecatGram{data: []byte{0x11, 0, 2, 0}})
	ecatBoth(n, ecatGram{command: 2, at: 0x10, position: 0xffff, data: []byte{0xea, 3}}, ecatGram{data: []byte{0xea, 3}})
	write := func(at uint32, data ...byte) {
		ecatBoth(n, ecatGram{command: 5, at: at, position: 1002, data: data}, ecatGram{data: data})
	}
	read := func(at uint32, data ...byte) {
		ecatBoth(n, ecatGram{command: 4, at: at, position: 1002, data: make([]byte, len(data))}, ecatGram{data: data})
	}
	for _, at := range []uint32{0x20, 0x40, 0x100, 0x110, 0x120, 0x130, 0x140, 0x200, 0x300, 0x400, 0x500, 0x510, 0x600, 0x800, 0x900, 0xe00, 0xf00, 0x1100} {
		write(at, 2, 0)
		read(at, 2, 0)
	}
	write(0x502, 0, 1, 8, 0, 0, 0)
	read(0x502, 0, 0x80, 8, 0, 0, 0, 0, 0, 0, 0)
	read(0x502, 0, 0, 8, 0, 0, 0, 2, 0, 0, 0, 0x52, 0x30, 0xd8, 7)
	write(0x502, 0, 1, 12, 0, 0, 0)
	read(0x502, 0, 0, 12, 0, 0, 0, 0, 0, 0x10, 0, 0x39, 0x30, 0, 0)
	write(0x502, 1, 2, 4, 0, 0, 0)
	write(0x502, 0, 4)
	ecatBoth(n, ecatGram{command: 8, at: 0x120, data: []byte{1, 0}}, ecatGram{data: []byte{1, 0}})
	ecatBoth(n, ecatGram{command: 6, at: 0x120, position: 1002, data: []byte{8, 0}}, ecatGram{data: []byte{8, 0}})
	ecatOut(n, ecatGram{command: 4, at: 0x130, position: 1009, data: []byte{0, 0}}, ecatGram{})
	ecatIn(n, ecatGram{command: 4, at: 0x130, position: 1009, data: []byte{0, 0}}, ecatGram{}) // nobody there
	n.Ethernet(ecatMaster, 0x02_00_00_00_26_13, 0, etherECAT, ecatGrams(ecatGram{command: 7, at: 0x130, data: []byte{0, 0}}))
	n.Ethernet(ecatMaster, 0x02_00_00_00_26_13, 0, etherECAT, ecatGrams(ecatGram{command: 7, at: 0x130, data: []byte{1, 0}, counter: 4}))
	variable := []byte{10, 0, 26, 10, 1, 1, 2, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 7, 9, 2, 0, 0, 0, 1, 0, 0, 0, 4}
	n.Ethernet(ecatMaster, ecatGroup, 0, etherECAT, ecatFrame(4, variable))
}

// ecatMailboxes are objects read and written, files, and what went wrong.
func ecatMailboxes(n *Net) {
	ask := func(mail []byte) {
		ecatBoth(n, ecatGram{command: 5, at: 0x1800, position: 1002, data: mail}, ecatGram{data: mail})
	}
	reply := func(mail []byte) {
		ecatBoth(n, ecatGram{command: 4, at: 0x1c00, position: 1002, data: make([]byte, len(mail))}, ecatGram{data: mail})
	}
	ask(ecatMail(3, 0, 0x20, 0x40, 8, 0x10, 0, 0, 0, 0, 0))
	reply(ecatMail(3, append([]byte{0, 0x30, 0x41, 8, 0x10, 0, 6, 0, 0, 0}, "EL7201"...)...))
	for sub, v := range []uint32{2, 0x1c213052, 0x00110000, 4711} {
		ask(ecatMail(3, 0, 0x20, 0x40, 0x18, 0x10, byte(sub+1), 0, 0, 0, 0))
		reply(ecatMail(3, binary.LittleEndian.AppendUint32([]byte{0, 0x30, 0x43, 0x18, 0x10, byte(sub + 1)}, v)...))
	}
	ask(ecatMail(3, 0, 0x20, 0x2f, 0x12, 0x1c, 0, 0, 0, 0, 0))
	reply(ecatMail(3, 0, 0x30, 0x60, 0x12, 0x1c, 0, 0, 0, 0, 0))
	ask(ecatMail(3, 0, 0x20, 0x2f, 0x13, 0x1c, 0, 0, 0, 0, 0))
	reply(ecatMail(3, 0, 0x30, 0x60, 0x13, 0x1c, 0)) // some end here
	out := ecatGram{command: 5, at: 0x1800, position: 1009, data: ecatMail(3, 0, 0x20, 0x2f, 0x13, 0x1c, 0, 0, 0, 0, 0)}
	ecatOut(n, out)
	ecatIn(n, out) // nobody there
	out = ecatGram{command: 5, at: 0x120, position: 1009, data: []byte{8, 0}}
	ecatOut(n, out)
	ecatIn(n, out)
	ask(ecatMail(3, 0, 0x20, 0x2b, 0x40, 0x60, 0, 15, 0, 0, 0))
	reply(ecatMail(3, 0, 0x20, 0x80, 0x40, 0x60, 0, 0x22, 0, 0, 8))
	ask(ecatMail(3, 0, 0x20, 0x31, 0x00, 0x80, 0, 6, 0, 0, 0, 1, 2, 3, 4, 5, 6))
	reply(ecatMail(3, 0, 0x20, 0x80, 0x00, 0x80, 0, 1, 2, 3, 4))
	ask(ecatMail(3, 0, 0x20, 0x01, 1, 2, 3, 4, 5, 6, 7))
	reply(ecatMail(3, 0, 0x30, 0x20, 0, 0, 0, 0, 0, 0, 0))
	ask(ecatMail(3, 0, 0x20, 0x60, 0, 0, 0, 0, 0, 0, 0))
	reply(ecatMail(3, 0, 0x30, 0x01, 1, 2, 3, 4, 5, 6, 7))
	ask(ecatMail(3, 0, 0x80, 1, 0, 0, 0, 1, 0))
	reply(ecatMail(3, 0, 0x10, 0x00, 0x10, 0x81, 0, 0, 0, 0, 0))
	ask(ecatMail(4, append([]byte{2, 0, 'S', '3', 'c', 'r'}, "firmware.efw"...)...))
	reply(ecatMail(4, 4, 0, 0, 0, 0, 0))
	ask(ecatMail(4, 3, 0, 1, 0, 0, 0, 9, 9, 9))
	reply(ecatMail(4, 5, 0, 2, 0x80, 0, 0))
	ask(ecatMail(4, append([]byte{1, 0, 0, 0, 0, 0}, "log.txt"...)...))
	ask(ecatMail(3, 0, 0x20, 0xc0, 1, 2, 3, 4, 5, 6, 7)) // no such specifier: memory like any other
}

// ecatDatagrams is EtherCAT over UDP, with a mailbox through the master.
func ecatDatagrams(n *Net) {
	for i := range byte(3) {
		n.UDP(ecatHost, ecatSlave, portECAT, portECAT, ecatGrams(ecatGram{command: 12, at: 0x10000, data: []byte{i, 1}}))
		n.UDP(ecatSlave, ecatHost, portECAT, portECAT, ecatGrams(ecatGram{command: 12, at: 0x10000, data: []byte{i, 2}, counter: 3}))
	}
	mail := func(from, to *Host, body ...byte) {
		b := ecatMail(3, body...)[:6+len(body)]
		b[2], b[3] = 0xea, 3
		n.UDP(from, to, portECAT, portECAT, ecatFrame(5, b))
	}
	mail(ecatHost, ecatSlave, 0, 0x20, 0x40, 0x18, 0x10, 4, 0, 0, 0, 0)
	mail(ecatSlave, ecatHost, 0, 0x30, 0x43, 0x18, 0x10, 4, 1, 2, 0, 0)
}

// ecatMalformed breaks each rule once.
func ecatMalformed(n *Net) {
	send := func(b []byte) { n.Ethernet(ecatMaster, ecatGroup, 0, etherECAT, b) }
	good := ecatGrams(ecatGram{command: 5, at: 0x120, position: 1002, data: []byte{8, 0}})
	long := append([]byte(nil), good...)
	long[0], long[1] = 0xff, 0x17
	send(long)
	more := append([]byte(nil), good...)
	more[9] |= 0x80
	send(more)
	send(ecatGrams(ecatGram{command: 99, at: 0x120, data: []byte{1}}, ecatGram{command: 7, at: 0x120, data: []byte{0, 0}}))
	send(ecatFrame(3, []byte{1, 2, 3}))
	send(ecatFrame(4, []byte{1, 2, 3}))
	send(ecatFrame(4, []byte{10, 0, 26, 10, 1, 1, 1, 0, 5, 0, 0, 0, 1, 0, 0, 0, 20, 0, 0, 0}))
	send(ecatFrame(5, []byte{200, 0, 0, 0, 0, 0x13, 0, 0}))
	send(good)
}
