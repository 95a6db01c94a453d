package plant

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Hosts of the CC-Link IE Field Basic captures: a master, its stations, and the
// broadcast address of their network.
var (
	cclinkMaster  = &Host{Name: "master", MAC: 0x02_00_00_00_25_10, IP: netip.MustParseAddr("192.168.3.10")}
	cclinkStation = &Host{Name: "station", MAC: 0x02_00_00_00_25_20, IP: netip.MustParseAddr("192.168.3.20")}
	cclinkDrive   = &Host{Name: "drive", MAC: 0x02_00_00_00_25_30, IP: netip.MustParseAddr("192.168.3.30")}
	cclinkAll     = &Host{Name: "all", MAC: 0xff_ff_ff_ff_ff_ff, IP: netip.MustParseAddr("192.168.3.255")}
)

const (
	portCyclic = 61450
	portNode   = 61451
)

// cclinkAddress is an address with its last byte first.
func cclinkAddress(h *Host) []byte {
	a := h.IP.As4()
	return []byte{a[3], a[2], a[1], a[0]}
}

func cclinkMAC(h *Host) []byte {
	return binary.LittleEndian.AppendUint64(nil, uint64(h.MAC))[:6]
}

// cclinkOutputs is a cyclic request to a station and to a drive that takes two.
func cclinkOutputs(sequence uint16, value byte) []byte {
	const n = 3
	b := make([]byte, 67)
	copy(b, []byte{0x50, 0, 0, 0xff, 0xff, 3, 0})
	binary.LittleEndian.PutUint16(b[7:], 67+76*n-9)
	binary.LittleEndian.PutUint16(b[11:], 0x0e70)
	b[15], b[19], b[35] = 1, 36, 1
	copy(b[47:], cclinkAddress(cclinkMaster))
	b[51] = 1
	binary.LittleEndian.PutUint16(b[53:], sequence)
	b[55], b[56], b[57], b[59], b[61], b[63] = 0xf4, 1, 3, 1, n, 7
	b = append(b, cclinkAddress(cclinkStation)...)
	b = append(b, cclinkAddress(cclinkDrive)...)
	b = append(b, 0xff, 0xff, 0xff, 0xff)
	words := make([]byte, 64*n)
	words[0], words[64], words[128] = value, value+1, value+2
	bits := make([]byte, 8*n)
	bits[0], bits[8] = value, 1
	return append(append(b, words...), bits...)
}

// cclinkInputs is the cyclic answer of a host with n stations.
func cclinkInputs(h *Host, n int, end, sequence uint16, value byte) []byte {
	b := make([]byte, 59+72*n)
	copy(b, []byte{0xd0, 0, 0, 0xff, 0xff, 3, 0})
	binary.LittleEndian.PutUint16(b[7:], uint16(len(b)-9))
	b[11], b[15] = 1, 40
	binary.LittleEndian.PutUint16(b[13:], end)
	binary.LittleEndian.PutUint16(b[31:], 0x1234)
	binary.LittleEndian.PutUint32(b[35:], 0x00010203)
	b[39], b[43] = 2, 1
	copy(b[51:], cclinkAddress(h))
	b[55] = 1
	binary.LittleEndian.PutUint16(b[57:], sequence)
	b[59], b[59+64*n] = value, 0x81
	return b
}

// cclinkNode builds a message of node search: head is its kind, and body what
// stands behind command or end code.
func cclinkNode(kind byte, serial uint16, body ...byte) []byte {
	b := []byte{kind, 0, byte(serial), byte(serial >> 8), 0, 0, 0, 0xff, 0xff, 3, 0}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(body)))
	return append(b, body...)
}

// cclinkFound is the answer to a node search.
func cclinkFound(h *Host) []byte {
	b := append([]byte{0, 0}, cclinkMAC(cclinkMaster)...)
	b = append(append(b, 4), cclinkAddress(cclinkMaster)...)
	b = append(append(b, cclinkMAC(h)...), 4)
	b = append(append(b, cclinkAddress(h)...), 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0)
	b = append(b, 0x34, 0x12, 3, 2, 1, 0, 2, 0, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0x0b, 0xf0, 1)
	return cclinkNode(0xd4, 1, b...)
}

func cclinkSearch() []byte {
	b := append([]byte{0, 0, 0x30, 0x0e, 0, 0}, cclinkMAC(cclinkMaster)...)
	return cclinkNode(0x54, 1, append(append(b, 4), cclinkAddress(cclinkMaster)...)...)
}

// cclinkSet sets the address of a host.
func cclinkSet(h *Host) []byte {
	b := append([]byte{0, 0, 0x31, 0x0e, 0, 0}, cclinkMAC(cclinkMaster)...)
	b = append(append(b, 4), cclinkAddress(cclinkMaster)...)
	b = append(append(b, cclinkMAC(h)...), 4)
	b = append(append(b, cclinkAddress(h)...), 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0)
	return cclinkNode(0x54, 2, append(b, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)...)
}

// cclinkPoll is the cycle of a master and two stations.
func cclinkPoll(n *Net) {
	for i := range byte(12) {
		n.UDP(cclinkMaster, cclinkAll, portCyclic, portCyclic, cclinkOutputs(uint16(i), i))
		n.UDP(cclinkStation, cclinkMaster, portCyclic, portCyclic, cclinkInputs(cclinkStation, 1, 0, uint16(i), i))
		n.UDP(cclinkDrive, cclinkMaster, portCyclic, portCyclic, cclinkInputs(cclinkDrive, 2, 0, uint16(i), i))
		n.Wait(20 * time.Millisecond)
	}
}

// cclinkSearches finds nodes, gives one an address, and has a station that wants to go.
func cclinkSearches(n *Net) {
	n.UDP(cclinkMaster, cclinkAll, portNode, portNode, cclinkSearch())
	n.UDP(cclinkStation, cclinkMaster, portNode, portNode, cclinkFound(cclinkStation))
	n.UDP(cclinkDrive, cclinkMaster, portNode, portNode, cclinkFound(cclinkDrive))
	n.UDP(cclinkMaster, cclinkAll, portNode, portNode, cclinkSet(cclinkDrive))
	n.UDP(cclinkDrive, cclinkMaster, portNode, portNode, cclinkNode(0xd4, 2, append([]byte{0, 0}, cclinkMAC(cclinkMaster)...)...))
	n.UDP(cclinkMaster, cclinkAll, portNode, portNode, cclinkSet(cclinkStation))
	n.UDP(cclinkStation, cclinkMaster, portNode, portNode, cclinkNode(0xd4, 3, 0x20, 0xcf, 0, 0xff, 0xff, 3, 0, 0x31, 0x0e, 0, 0))
	n.UDP(cclinkStation, cclinkMaster, portNode, portNode, cclinkNode(0xd4, 4, 0x59, 0xc0, 0, 0xff, 0xff, 3, 0, 0x30, 0x0e, 0, 0))
	n.UDP(cclinkStation, cclinkMaster, portCyclic, portCyclic, cclinkInputs(cclinkStation, 1, 0xcfff, 1, 0))
}

// cclinkMalformed breaks each rule once, beside other commands of SLMP that are
// none of ours.
func cclinkMalformed(n *Net) {
	send := func(b []byte) {
		n.UDP(cclinkMaster, cclinkStation, 50250, portNode, cclinkSearch())
		n.UDP(cclinkMaster, cclinkStation, 50250, portNode, b)
		n.Wait(time.Millisecond)
	}
	send(cclinkNode(0x54, 1, 0, 0, 0x30, 0x0e, 0, 0, 1))
	send(cclinkNode(0x54, 1, 0, 0, 0x01, 0x7f, 0, 0, 1, 2, 3, 4, 5, 6))
	send(cclinkNode(0x54, 1, 0, 0))
	send(cclinkSearch()[:20])
	wrong := cclinkOutputs(1, 1)
	wrong[61] = 2
	send(wrong)
	wrong = cclinkInputs(cclinkStation, 1, 0, 1, 1)
	binary.LittleEndian.PutUint16(wrong[7:], uint16(len(wrong)-10))
	send(wrong[:len(wrong)-1])
	wrong = cclinkFound(cclinkStation)
	wrong[32] = 16
	send(wrong)
}
