package plant

import (
	"encoding/binary"

	"firedoor"
)

// Nodes of the POWERLINK captures and their groups, which end in the number of
// what is sent to them.
const (
	eplManager = firedoor.MAC(0x02_00_00_00_27_f0)
	eplNode    = firedoor.MAC(0x02_00_00_00_27_11)
	eplGroup   = firedoor.MAC(0x01_11_1e_00_00_00)
	etherEPL   = 0x88ab
)

func eplManage(n *Net, to firedoor.MAC, b ...byte) { n.Ethernet(eplManager, to, 0, etherEPL, b) }
func eplReply(n *Net, to firedoor.MAC, b ...byte)  { n.Ethernet(eplNode, to, 0, etherEPL, b) }

// eplPoll is cycles of a node that is polled, and its state asked for.
func eplPoll(n *Net) {
	for i := range byte(8) {
		eplManage(n, eplNode, 3, 0x11, 0xf0, 0, 1, 0, 0, 0, 4, 0, i, 1, 2, 3)
		eplReply(n, eplGroup+2, 4, 0xff, 0x11, 0xfd, i&1, 0, 0, 0, 3, 0, 9, i, 8)
		eplManage(n, eplGroup+3, 5, 0xff, 0xf0, 0xfd, 0, 0, 2, 0x11, 0x20, 0)
		eplReply(n, eplGroup+4, 6, 0xff, 0x11, 2, 8, 0, 0xfd, 0, 0, 0, 0, 0)
	}
}

// eplSDO is a message with a service data object.
func eplSDO(to, from, transaction, flags, command byte, data ...byte) []byte {
	b := []byte{6, to, from, 5, 2, 2, 0, 0, 0, transaction, flags, command, byte(len(data)), byte(len(data) >> 8), 0, 0}
	return append(b, data...)
}

// eplIdent is what a node says of itself.
func eplIdent(vendor, serial uint32, name string) []byte {
	b := make([]byte, 162)
	copy(b, []byte{6, 0xff, 0x11, 1, 8, 0, 0x1d, 0, 0x20})
	binary.LittleEndian.PutUint32(b[30:], vendor)
	binary.LittleEndian.PutUint32(b[34:], 0x1e37)
	binary.LittleEndian.PutUint32(b[38:], 2)
	binary.LittleEndian.PutUint32(b[42:], serial)
	copy(b[70:], []byte{17, 100, 168, 192})
	copy(b[82:], name)
	return b
}

// eplServices shows every command and answer.
func eplServices(n *Net) {
	eplManage(n, eplGroup+1, 1, 0xff, 0xf0, 0, 0, 0, 0, 0, 0, 0)
	for _, service := range []byte{1, 2, 3, 6, 0xff, 0xa0} {
		eplManage(n, eplGroup+3, 5, 0xff, 0xf0, 0x1d, 0, 0, service, 0x11, 0x20, 0)
	}
	eplReply(n, eplGroup+4, eplIdent(0x0100006c, 4711, "X20BC0083")...)
	eplReply(n, eplGroup+4, eplIdent(0x99, 0xffffffff, "")...)
	eplReply(n, eplGroup+4, 6, 0xf0, 0x11, 3, 0x29, 0x11, 0, 0, 0, 0)
	for _, id := range []byte{0x21, 0x22, 0x23, 0x24, 0x28, 0x29, 0x2a, 0x2b, 0x41, 0x62, 0x63, 0x90, 0xff, 0x2c} {
		eplManage(n, eplNode, 6, 0x11, 0xf0, 4, id, 0, 0, 0, 0, 0)
	}
	sent := map[byte]byte{} // the sequence layer counts what each has sent, above two bits of state
	send := func(b []byte) {
		sent[b[2]]++
		b[4], b[5] = sent[b[1]]<<2|2, sent[b[2]]<<2|2
		to := eplNode
		if b[2] == 0x11 {
			to = eplGroup + 4
			n.Ethernet(eplNode, to, 0, etherEPL, b)
			return
		}
		n.Ethernet(eplManager, to, 0, etherEPL, b)
	}
	send(eplSDO(0x11, 0xf0, 0, 0, 0)) // connect
	send(eplSDO(0x11, 0xf0, 1, 0, 1, 6, 0x10, 0, 0, 0xe8, 3, 0, 0))
	send(eplSDO(0xf0, 0x11, 1, 0x80, 1))
	send(eplSDO(0x11, 0xf0, 2, 0, 2, 8, 0x10, 0, 0))
	send(eplSDO(0xf0, 0x11, 2, 0x80, 2, 'X', '2', '0'))
	send(eplSDO(0x11, 0xf0, 3, 0, 2, 0, 0x1f, 1, 0))
	send(eplSDO(0xf0, 0x11, 3, 0xc0, 2, 0x11, 0, 9, 6))
	send(eplSDO(0x11, 0xf0, 4, 0x10, 1, 9, 0, 0, 0, 0x50, 0x1f, 1, 0, 1, 2))
	send(eplSDO(0x11, 0xf0, 4, 0x30, 1, 3, 4, 5))
	send(eplSDO(0xf0, 0x11, 4, 0xc0, 1, 1, 2, 3, 4))
	send(eplSDO(0x11, 0xf0, 5, 0x40, 1, 0, 0, 0, 8))
	send(eplSDO(0xf0, 0x11, 6, 0xc0, 1))
	for _, id := range []byte{3, 4, 5, 6, 0x20, 0x21, 0x31, 0x32, 0x70, 0x80} {
		send(eplSDO(0x11, 0xf0, id, 0, id, 6, 0x10, 0, 0))
	}
	send(eplSDO(0x11, 0xf0, 9, 0, 0, 1))
	send(eplSDO(0xf0, 0x11, 9, 0x80, 2, 1, 2))
	send(eplSDO(0xf0, 0x11, 9, 0x80, 2, 1, 2, 3, 4))
}

// eplMalformed breaks each rule once.
func eplMalformed(n *Net) {
	bare := func(b ...byte) { n.Frame(append(appendLink(nil, eplManager, eplNode, 0, etherEPL), b...)) }
	bare(3, 0x11, 0xf0, 0)
	eplManage(n, eplNode, 9, 0x11, 0xf0, 0)
	bare(3, 0x11, 0xf0, 0, 1, 0, 0, 0, 200, 0, 1, 2, 3)
	bare(6, 0xff, 0x11, 1, 8, 0, 0x1d, 0, 0x20, 0)
	bare(6, 0x11, 0xf0, 5, 2, 2, 0, 0, 0, 1)
	bare(6, 0x11, 0xf0, 5, 2, 2, 0, 0, 0, 1, 0, 1, 99, 0, 0, 0)
	eplManage(n, eplNode, 6, 0x11, 0xf0, 4, 0x21, 0, 0, 0, 0, 0)
}
