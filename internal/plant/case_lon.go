package plant

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Two devices on a LonTalk channel over IP, and its configuration server.
var (
	lonRouter = &Host{Name: "router", MAC: 0x02_00_00_00_30_10, IP: netip.MustParseAddr("10.10.30.10")}
	lonServer = &Host{Name: "building", MAC: 0x02_00_00_00_30_20, IP: netip.MustParseAddr("10.10.30.20")}
)

const portLON = 1628

// lonPacket is a packet of EIA-852.
func lonPacket(kind byte, sequence uint32, body ...byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(20+len(body)))
	b = append(b, 1, kind, 0, 0, 0, 0, 0x6b, 0x8b, 0x45, 0x67)
	b = binary.BigEndian.AppendUint32(b, sequence)
	return append(append(b, 0, 0, 0, 0), body...)
}

// lonUnicast is LonTalk from a node of subnet 1 to another, in the domain 1.
func lonUnicast(format, from, to byte, unit ...byte) []byte {
	return append([]byte{0, format<<4 | 9, 1, 0x80 | from, 1, 0x80 | to, 1}, unit...)
}

type lon struct {
	net      *Net
	sequence uint32
}

func (l *lon) router(body ...byte) { l.send(lonRouter, lonServer, body) }
func (l *lon) server(body ...byte) { l.send(lonServer, lonRouter, body) }

func (l *lon) send(from, to *Host, body []byte) {
	l.sequence++
	l.net.UDP(from, to, portLON, portLON, lonPacket(1, l.sequence, body...))
	l.net.Wait(8 * time.Millisecond)
}

// request sends a request to node 41 and its response.
func (l *lon) request(number byte, ask, answer []byte) {
	l.router(lonUnicast(1, 42, 41, append([]byte{number & 15}, ask...)...)...)
	l.server(lonUnicast(1, 41, 42, append([]byte{0x20 | number&15}, answer...)...)...)
}

// lonPoll is updates that are acknowledged, and polls.
func lonPoll(n *Net) {
	l := &lon{net: n}
	for i := range byte(8) {
		l.router(lonUnicast(0, 42, 41, i, 0x81, 0x0d, 0, i)...)
		l.server(lonUnicast(0, 41, 42, 0x20|i)...)
		l.request(i, []byte{0xc1, 0x0e}, []byte{0x81, 0x0e, 7, i})
	}
}

// lonAgain is an update that is sent again before it is acknowledged, and another
// that has its number later.
func lonAgain(n *Net) {
	l := &lon{net: n}
	update := lonUnicast(0, 42, 41, 3, 0x81, 0x0d, 0, 1)
	l.router(update...)
	l.router(update...)
	l.server(lonUnicast(0, 41, 42, 0x23)...)
	l.router(lonUnicast(0, 42, 41, 3, 0x81, 0x0d, 0, 2)...)
	l.server(lonUnicast(0, 41, 42, 0x23)...)
}

// lonServices shows every message.
func lonServices(n *Net) {
	l := &lon{net: n}
	neuron := []byte{0, 0xa1, 0x45, 1, 2, 3, 0x9f, 0xff, 0xff, 5, 1, 0x84, 4, 0x10}
	l.request(1, []byte{0x61, 0}, append([]byte{0x21}, neuron...))
	for code := byte(0x62); code < 0x7f; code++ {
		l.request(code, []byte{code, 1, 2, 3}, []byte{code&0x1f | 0x20})
	}
	l.request(2, []byte{0x6e, 1, 2, 3}, []byte{0x0e}) // failed
	for code := byte(0x51); code < 0x56; code++ {
		l.request(code, []byte{code}, []byte{code&0x1f | 0x20, 1, 2})
	}
	l.request(3, []byte{0x45, 1}, []byte{0x05})
	l.request(4, []byte{0x15, 1}, []byte{0x05})
	l.server(lonUnicast(1, 41, 42, 0x29, 0x33, 1)...)
	l.server(lonUnicast(1, 41, 42, 0x29, 0x81, 0x0e, 1)...)
	l.server(lonUnicast(0, 41, 42, 0x29)...)
	l.router(append([]byte{0, 0x30, 0, 0x80, 0, 0x7f}, neuron...)...)       // service pin
	l.router(lonUnicast(3, 42, 41, 0x81, 0x0d, 1, 2, 3, 4)...)              // not acknowledged
	l.router(lonUnicast(0, 42, 41, 0x13, 0x81, 0x0d, 1)...)                 // repeated
	l.router(0, 0x05, 1, 0xaa, 9, 7, 4, 0x81, 0x0d, 1)                      // to a group
	l.server(0, 0x09, 1, 0x29, 1, 0xaa, 9, 2, 7, 0x24)                      // a member answers
	l.router(0, 0x11, 1, 0xaa, 3, 7, 5, 0x61, 0)                            // to a subnet
	l.server(lonUnicast(1, 41, 42, 0x25, 0x21)...)                          // whoever answers
	l.router(0, 0x1e, 1, 0xaa, 1, 0, 0xa1, 0x45, 1, 2, 3, 7, 8, 9, 6, 0x70) // to a neuron
	l.router(0, 0x1f, 1, 0xaa, 1, 0, 0xa1, 0x45, 1, 2, 3, 1, 2, 3, 4, 5, 6, 6, 0x6c, 3)
	l.router(lonUnicast(2, 42, 41, 0x29, 1, 2, 3, 4, 5, 6, 7, 8)...) // challenge
	l.router(lonUnicast(0, 42, 41, 0x44, 1, 1)...)                   // reminder
	for _, kind := range []byte{0x03, 0x04, 0x06, 0x07, 0x08, 0x60, 0x63, 0x64, 0x66, 0x68, 0x70, 0x71, 0x7f} {
		n.UDP(lonServer, lonRouter, portLON, portLON, lonPacket(kind, 1, 0, 0, 0, 1, 0, 0))
	}
	two := append(lonPacket(1, 1, lonUnicast(3, 42, 41, 0x81, 0x0d, 1)...), lonPacket(1, 2, lonUnicast(3, 42, 41, 0x81, 0x0e, 1)...)...)
	n.UDP(lonRouter, lonServer, portLON, portLON, two)
	signed := lonPacket(1, 1, append(lonUnicast(3, 42, 41, 0x81, 0x0d, 1), make([]byte, 16)...)...)
	signed[5] = 0x20
	n.UDP(lonRouter, lonServer, portLON, portLON, signed)
}

// lonMalformed breaks each rule once.
func lonMalformed(n *Net) {
	l := &lon{net: n}
	l.router(lonUnicast(3, 42, 41, 0x81, 0x0d, 1)...)
	bad := lonPacket(1, 1, lonUnicast(3, 42, 41, 0x81, 0x0d, 1)...)
	bad[2] = 9
	n.UDP(lonRouter, lonServer, portLON, portLON, bad)
	n.UDP(lonRouter, lonServer, portLON, portLON, lonPacket(0x55, 1, 0, 0, 0, 0))
	l.router(0, 0x09, 1, 0xaa)
	l.router(0, 0x09, 1, 0xaa, 1)
	l.router(0, 0x0d, 1, 0xaa, 1, 2)
	l.router(lonUnicast(0, 42, 41)...)
	l.router(lonUnicast(0, 42, 41, 3)...)
	l.router(lonUnicast(1, 42, 41, 0x23)...)
	l.router(lonUnicast(3, 42, 41, 0x81)...)
	l.router(lonUnicast(0, 42, 41, 0x73, 1)...)
	l.router(lonUnicast(3, 42, 41, 0x81, 0x0d, 1)...)
}
