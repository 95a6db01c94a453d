package plant

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// A visualisation, a KNX gateway, and the routing group.
var (
	kipDesk    = &Host{Name: "visu", MAC: 0x02_00_00_00_29_10, IP: netip.MustParseAddr("10.10.29.10")}
	kipGateway = &Host{Name: "gateway", MAC: 0x02_00_00_00_29_20, IP: netip.MustParseAddr("10.10.29.20")}
	kipGroup   = &Host{Name: "routing", MAC: 0x01_00_5e_00_17_0c, IP: netip.MustParseAddr("224.0.23.12")}
)

const portKIP = 3671

// kipFrame is a KNXnet/IP frame.
func kipFrame(service uint16, body ...byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{6, 0x10}, service)
	b = binary.BigEndian.AppendUint16(b, uint16(6+len(body)))
	return append(b, body...)
}

// kipHPAI is a host's address, and what stands behind it.
func kipHPAI(h *Host, port uint16, rest ...byte) []byte {
	ip := h.IP.As4()
	b := binary.BigEndian.AppendUint16(append([]byte{8, 1}, ip[:]...), port)
	return append(b, rest...)
}

// kipDevice is the description of the gateway.
func kipDevice(name string) []byte {
	b := make([]byte, 54)
	copy(b, []byte{54, 1, 2, 0, 0x11, 0x00, 0, 0, 0x00, 0xc5, 1, 2, 3, 4, 224, 0, 23, 12, 2, 0, 0, 0, 0x29, 0x20})
	copy(b[24:], name)
	return append(b, 8, 2, 2, 1, 3, 1, 4, 1)
}

// kipData is cEMI with a telegram; a group address has bit 31 set.
func kipData(code byte, failed byte, to uint32, unit ...byte) []byte {
	b := []byte{code, 0, 0xbc | failed, 0x60 | byte(to>>24&0x80), 0x11, 0x05}
	b = binary.BigEndian.AppendUint16(b, uint16(to))
	return append(append(b, byte(len(unit)-1)), unit...)
}

const kipToGroup = 1 << 31

// kipTunnel is a connection over UDP.
type kipTunnel struct {
	net     *Net
	service uint16
	out, in byte
}

func (k *kipTunnel) client(b []byte) {
	k.net.UDP(kipDesk, kipGateway, 53671, portKIP, b)
	k.net.Wait(2 * time.Millisecond)
}

func (k *kipTunnel) server(b []byte) {
	k.net.UDP(kipGateway, kipDesk, portKIP, 53671, b)
	k.net.Wait(20 * time.Millisecond)
}

// talk opens a connection of a kind, or closes it.
func (k *kipTunnel) open(kind byte) {
	k.client(kipFrame(0x0205, append(kipHPAI(kipDesk, 53671), kipHPAI(kipDesk, 53671, 4, kind, 2, 0)...)...))
	k.server(kipFrame(0x0206, append([]byte{7, 0}, kipHPAI(kipGateway, portKIP, 4, kind, 0x11, 0x05)...)...))
}

func (k *kipTunnel) close() {
	k.client(kipFrame(0x0209, append([]byte{7, 0}, kipHPAI(kipDesk, 53671)...)...))
	k.server(kipFrame(0x020a, 7, 0))
}

func (k *kipTunnel) ask(cemi []byte) {
	k.client(kipFrame(k.service, append([]byte{4, 7, k.out, 0}, cemi...)...))
	k.server(kipFrame(k.service+1, 4, 7, k.out, 0))
	k.out++
}

func (k *kipTunnel) say(cemi []byte) {
	k.server(kipFrame(k.service, append([]byte{4, 7, k.in, 0}, cemi...)...))
	k.client(kipFrame(k.service+1, 4, 7, k.in, 0))
	k.in++
}

// both sends a telegram and its confirmation.
func (k *kipTunnel) both(to uint32, unit ...byte) {
	k.ask(kipData(0x11, 0, to, unit...))
	k.say(kipData(0x2e, 0, to, unit...))
}

// kipPoll reads group values and is told of others.
func kipPoll(n *Net) {
	k := &kipTunnel{net: n, service: 0x0420}
	k.open(4)
	for i := range byte(8) {
		k.both(kipToGroup|0x0a03, 0, 0)
		k.say(kipData(0x29, 0, kipToGroup|0x0a03, 0, 0x40, 0x0c, i))
		k.say(kipData(0x29, 0, kipToGroup|0x0a04, 0, 0x80|i&1))
		k.client(kipFrame(0x0207, append([]byte{7, 0}, kipHPAI(kipDesk, 53671)...)...))
		k.server(kipFrame(0x0208, 7, 0))
	}
	k.close()
}

// kipServices shows searches, descriptions, refusals, secured sessions, routing.
func kipServices(n *Net) {
	k := &kipTunnel{net: n, service: 0x0420}
	n.UDP(kipDesk, kipGroup, 53671, portKIP, kipFrame(0x0201, kipHPAI(kipDesk, 53671)...))
	n.UDP(kipDesk, kipGroup, 53671, portKIP, kipFrame(0x020b, kipHPAI(kipDesk, 53671, 6, 4, 1, 2, 6, 7)...))
	k.server(kipFrame(0x0202, append(kipHPAI(kipGateway, portKIP), kipDevice("KNX IP BAOS 774")...)...))
	k.server(kipFrame(0x020c, append(kipHPAI(kipGateway, portKIP), kipDevice("KNX IP BAOS 774")...)...))
	k.client(kipFrame(0x0203, kipHPAI(kipDesk, 53671)...))
	k.server(kipFrame(0x0204, kipDevice("Geb\xe4ude S\xfcd")...))
	for status := byte(0x20); status < 0x2a; status++ {
		k.client(kipFrame(0x0205, append(kipHPAI(kipDesk, 53671), kipHPAI(kipDesk, 53671, 4, 4, 2, 0)...)...))
		k.server(kipFrame(0x0206, 0, status))
	}
	k.open(4)
	k.client(kipFrame(0x0422, 4, 7, 0, 0, 3, 0))
	k.server(kipFrame(0x0423, 4, 7, 0, 0, 3, 0, 1))
	k.client(kipFrame(0x0424, 4, 7, 1, 0, 8, 0, 1))
	k.server(kipFrame(0x0425, 4, 7, 0, 0, 3, 0, 0))
	k.client(kipFrame(0x0740, kipHPAI(kipDesk, 53671, 2, 1)...))
	k.server(kipFrame(0x0741, 2, 1))
	k.client(kipFrame(0x0742, kipHPAI(kipDesk, 53671, 2, 1)...))
	k.client(kipFrame(0x0743, 2, 1))
	k.client(kipFrame(0x0801, 4, 7))
	k.close()
	c := n.Dial(kipDesk, kipGateway, 53672, portKIP)
	c.Client(kipFrame(0x0951, append([]byte{8, 2, 0, 0, 0, 0, 0, 0}, make([]byte, 32)...)...))
	c.Server(kipFrame(0x0952, append([]byte{0, 1}, make([]byte, 48)...)...))
	for status := range byte(6) {
		c.Client(kipFrame(0x0953, append([]byte{0, 1}, make([]byte, 16)...)...))
		c.Server(kipFrame(0x0954, status, 0))
	}
	c.Client(append(kipFrame(0x0950, make([]byte, 40)...), kipFrame(0x0950, make([]byte, 40)...)...))
	c.Close()
	for _, cemi := range [][]byte{kipData(0x29, 0, kipToGroup|0x0a03, 0, 0x81), kipData(0x29, 0, kipToGroup|0x0a03, 0, 0x40, 1), kipData(0x29, 0, kipToGroup|0x0a03, 0, 0)} {
		n.UDP(kipGateway, kipGroup, portKIP, portKIP, kipFrame(0x0530, cemi...))
	}
	n.UDP(kipGateway, kipGroup, portKIP, portKIP, kipFrame(0x0533, kipData(0x29, 0, kipToGroup, 3, 0xc8, 1, 2)...))
	n.UDP(kipGateway, kipGroup, portKIP, portKIP, kipFrame(0x0531, 4, 0, 0, 3))
	n.UDP(kipGateway, kipGroup, portKIP, portKIP, kipFrame(0x0532, 6, 0, 0, 100, 0, 0))
	n.UDP(kipGateway, kipGroup, portKIP, portKIP, kipFrame(0x0955, make([]byte, 30)...))
}

// kipApplication shows every application service, and device management.
func kipApplication(n *Net) {
	k := &kipTunnel{net: n, service: 0x0420}
	k.open(4)
	k.both(kipToGroup|0x0a03, 0, 0x80, 1, 2, 3, 4)
	k.both(kipToGroup|0x0a03, 0, 0x80, 'a', 'b', 'c')
	k.ask(kipData(0x11, 0, kipToGroup|0x0a05, 0, 0x81))
	k.say(kipData(0x2e, 1, kipToGroup|0x0a05, 0, 0x81)) // not confirmed
	k.both(0x1105, 0x80)
	for apci := uint16(3); apci < 15; apci++ {
		if apci != 11 {
			k.both(0x1105, byte(apci>>2), byte(apci<<6), 0, 0x40)
		}
	}
	k.both(0x1105, 2, 0x81, 0, 0x60, 1)            // programming mode of an older device
	k.both(0x1105, 3, 0xd7, 0, 54, 0x10, 1, 1)     // and of a newer one
	k.both(0x1105, 3, 0xd1, 0, 'S', '3', 'c', 'r') // authorise
	for _, apci := range []uint16{0x2c0, 0x2c1, 0x2c2, 0x2c5, 0x2c7, 0x2c8, 0x381, 0x3c0, 0x3c3, 0x3ca, 0x3d3, 0x3d5, 0x3d6, 0x3d7, 0x3d8, 0x3da, 0x3dc, 0x3de,
		0x3e0, 0x3e1, 0x3e4, 0x1c8, 0x1ca, 0x3ea, 0x1fb, 0x1fd, 0x3f0} {
		k.both(0x1105, byte(apci>>8), byte(apci), 1, 20, 0x10, 1)
	}
	k.say(kipData(0x29, 0, 0x1105, 0x43, 0xd6, 0, 54, 0x10, 1, 1))
	k.both(0x1105, 0x81)
	k.both(0x1105, 0xc2)
	k.say(kipData(0x29, 0, 0x1105, 0x80))
	k.ask(kipData(0x11, 0, 0x1105, 3, 0xf1, 1, 2, 3))
	k.say([]byte{0x2b, 0, 1, 2, 3}) // bus monitor
	k.close()
	k = &kipTunnel{net: n, service: 0x0310}
	k.open(3)
	k.ask([]byte{0xfc, 0, 11, 1, 52, 0x10, 1})
	k.say([]byte{0xfb, 0, 11, 1, 52, 0x10, 1, 0x11, 0})
	k.ask([]byte{0xf6, 0, 0, 1, 54, 0x10, 1, 1})
	k.say([]byte{0xf5, 0, 0, 1, 54, 0x00, 1, 5})
	k.say([]byte{0xf5, 0, 0, 1, 54, 0x10, 1})
	k.ask([]byte{0xf8, 0, 0, 1, 60, 1})
	k.say([]byte{0xfa, 0, 0, 1, 60, 0})
	k.ask([]byte{0xf9, 0, 0, 1, 61, 1})
	k.say([]byte{0xfa, 0, 0, 1, 61, 9})
	k.say([]byte{0xf7, 0, 0, 1, 61, 0x10, 1, 9})
	k.ask([]byte{0xf1})
	k.close()
}

// kipMidstream begins in the middle and loses a frame of a stream.
func kipMidstream(n *Net) {
	c := n.Midstream(kipDesk, kipGateway, 53673, portKIP)
	c.Server(kipFrame(0x0420, append([]byte{4, 7, 9, 0}, kipData(0x2e, 0, kipToGroup|0x0a03, 0, 0x81)...)...))
	c.Client(kipFrame(0x0420, append([]byte{4, 7, 9, 0}, kipData(0x11, 0, kipToGroup|0x0a03, 0, 0x80)...)...))
	c.LoseServer(12)
	c.Server(kipFrame(0x0420, append([]byte{4, 7, 9, 0}, kipData(0x2e, 0, kipToGroup|0x0a03, 0, 0x80)...)...))
	c.Server(kipFrame(0x0208, 7, 0x21))
	c.Close()
}

// kipMalformed breaks each rule once.
func kipMalformed(n *Net) {
	k := &kipTunnel{net: n, service: 0x0420}
	k.open(4)
	k.client(kipFrame(0x0201, 7, 1, 0, 0, 0, 0, 0, 0))
	k.client(kipFrame(0x0420, 4, 7))
	k.ask([]byte{0x11, 9, 0})
	k.ask([]byte{0x11, 0, 0xbc, 0xe0, 0, 0, 0xa, 3, 9, 0, 0})
	k.ask([]byte{0x11, 0, 0xbc, 0xe0, 0, 0, 0xa, 3, 0, 0})
	k.ask([]byte{0xfc, 0, 11})
	k.server(kipFrame(0x0204, 4, 1, 0, 0))
	k.client([]byte("this is no KNX"))
	k.both(kipToGroup|0x0a03, 0, 0)
}
