package plant

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Hosts of the HART-IP captures, and the port.
var (
	hartManager = &Host{Name: "asset-manager", MAC: 0x02_00_00_00_21_10, IP: netip.MustParseAddr("10.10.21.10")}
	hartGateway = &Host{Name: "gateway", MAC: 0x02_00_00_00_21_20, IP: netip.MustParseAddr("10.10.21.20")}
)

const portHART = 5094

// hartMessage builds a HART-IP message of version 1.
func hartMessage(kind, id, status byte, sequence uint16, body ...byte) []byte {
	b := []byte{1, kind, id, status}
	b = binary.BigEndian.AppendUint16(b, sequence)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(body)))
	return append(b, body...)
}

// hartUnit builds a PDU; an address of one byte is a polling address.
func hartUnit(frame byte, address []byte, command byte, data ...byte) []byte {
	if len(address) > 1 {
		frame |= 0x80
	}
	b := append(append([]byte{frame}, address...), command, byte(len(data)))
	b = append(b, data...)
	var sum byte
	for _, c := range b {
		sum ^= c
	}
	return append(b, sum)
}

// Addresses: the gateway itself and a transmitter behind it.
var (
	hartZero = []byte{0x80}
	hartSelf = []byte{0xb9, 0xfd, 0x95, 0x26, 0x6f}
	hartPT   = []byte{0xa6, 0x2a, 0x01, 0x02, 0x03}
)

// hartIdentity is the answer to command 0 behind response code and status.
func hartIdentity(deviceType, maker uint16, id ...byte) []byte {
	b := []byte{0, 0, 254, byte(deviceType >> 8), byte(deviceType), 5, 7, 2, 50, 0x4e, 0}
	b = append(append(b, id...), 5, 3, 0, 1, 0)
	b = binary.BigEndian.AppendUint16(b, maker)
	return append(b, 0, byte(maker), 1)
}

// hart is a session over TCP, or over datagrams when conn is nil.
type hart struct {
	net      *Net
	conn     *Conn
	sequence uint16
}

func hartDial(n *Net, port uint16) *hart {
	h := &hart{net: n, conn: n.Dial(hartManager, hartGateway, port, portHART)}
	h.talk(0, []byte{1, 0, 0, 0xea, 0x60}, []byte{1, 0, 0, 0xea, 0x60})
	return h
}

func (h *hart) client(b []byte) {
	if h.conn != nil {
		h.conn.Client(b)
	} else {
		h.net.UDP(hartManager, hartGateway, 50210, portHART, b)
	}
	h.net.Wait(3 * time.Millisecond)
}

func (h *hart) server(b []byte) {
	if h.conn != nil {
		h.conn.Server(b)
	} else {
		h.net.UDP(hartGateway, hartManager, portHART, 50210, b)
	}
	h.net.Wait(40 * time.Millisecond)
}

// talk sends a message and its answer.
func (h *hart) talk(id byte, body, answer []byte) {
	h.sequence++
	h.client(hartMessage(0, id, 0, h.sequence, body...))
	h.server(hartMessage(1, id, 0, h.sequence, answer...))
}

// ask sends a command in a token-passing PDU; answer begins with response code and status.
func (h *hart) ask(address []byte, command byte, data, answer []byte) {
	h.talk(3, hartUnit(2, address, command, data...), hartUnit(6, address, command, answer...))
}

// hartPoll polls variables and keeps the session alive.
func hartPoll(n *Net) {
	h := hartDial(n, 49210)
	for i := range byte(8) {
		h.ask(hartSelf, 3, nil, []byte{0, 0, 0x41, 0x20, i, 0, 57, 0x42, 0x48, i, 0})
		h.talk(2, nil, nil)
		h.server(hartMessage(2, 3, 0, uint16(i), hartUnit(1, hartSelf, 9, 0, 0, 0, 0, 0, 75, 0x46, 0x38, 0x6e, i, 0xc0, 1, 0, 39, 0x42, 0xa7, 0xf4, i, 0x40, 1, 2, 3, i)...))
	}
	h.conn.Close()
}

// hartCommands shows identities, writes, warnings and errors, and direct PDUs.
func hartCommands(n *Net) {
	h := hartDial(n, 49211)
	h.ask(hartZero, 0, nil, hartIdentity(0xf9fd, 0x00f9, 0x95, 0x26, 0x6f))
	h.ask(hartSelf, 20, nil, append([]byte{0, 0}, append([]byte("GATEWAY-TANKFARM-2"), make([]byte, 14)...)...))
	h.ask(hartPT, 0, nil, hartIdentity(0x262a, 0x0026, 1, 2, 3))
	h.ask(hartPT, 13, nil, []byte{0, 0, 0x41, 0x44, 0xb1, 0xc7, 0x2c, 0x60, 0x50, 0x51, 0x60, 0x82, 0x08, 0x20, 0x82, 0x08, 0x20, 0x82, 0x08, 0x20, 2, 3, 126})
	h.ask(hartSelf, 13, nil, []byte{0, 0, 0x41, 0x44, 0xb1, 0xc7, 0x2c, 0x60, 0x50, 0x51, 0x60, 0x82, 0x08, 0x20, 0x82, 0x08, 0x20, 0x82, 0x08, 0x20, 2, 3, 126})
	h.ask(hartPT, 1, nil, []byte{0, 0, 57, 0x42, 0x48, 0, 0})
	h.ask(hartPT, 2, nil, []byte{0, 0, 0x41, 0x40, 0, 0, 0x42, 0x48, 0, 0})
	h.ask(hartPT, 3, nil, []byte{0, 0, 0x41, 0x40, 0, 0, 57, 0x42, 0x48, 0, 0, 32, 0x41, 0xa0, 0, 0, 250, 0x7f, 0xa0, 0, 0, 250, 0x7f, 0xa0, 0, 0})
	h.ask(hartPT, 9, []byte{0, 1}, []byte{0, 0, 0, 0, 0, 75, 0x46, 0x38, 0x6e, 0, 0xc0, 1, 0, 39, 0x42, 0xa7, 0xf4, 0, 0x40, 1, 2, 3, 4})
	h.ask(hartPT, 33, []byte{0}, []byte{0, 0, 0, 57, 0x42, 0x48, 0, 0})
	h.ask(hartZero, 1, nil, []byte{0, 0, 57, 0x42, 0x48, 0, 0})
	h.ask(hartPT, 48, nil, []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	h.ask(hartPT, 34, []byte{0x40, 0, 0, 0}, []byte{8, 0, 0x40, 0, 0, 0})                     // warning: set to nearest possible value
	h.ask(hartPT, 35, []byte{57, 0x42, 0xc8, 0, 0, 0, 0, 0, 0}, []byte{7, 0})                 // in write-protect mode
	h.ask(hartPT, 40, []byte{0x41, 0x40, 0, 0}, []byte{0, 0x08, 0x41, 0x40, 0, 0})            // fix the current at 12 mA
	h.ask(hartPT, 42, nil, []byte{32, 0})                                                     // busy
	h.ask(hartPT, 79, []byte{0, 1, 57, 0x42, 0, 0, 0, 0}, []byte{0x88, 0})                    // communication error
	h.ask(hartPT, 144, []byte{1}, []byte{64, 0})                                              // a maker's own command
	h.ask(hartPT, 4, nil, []byte{64, 0})                                                      // nobody's
	h.ask(hartSelf, 31, []byte{0x03, 0x00, 'S', '3', 'c', 'r', '3', 't'}, []byte{0, 0, 3, 0}) // write join key
	h.ask(hartSelf, 77, []byte{1, 2, 5, 0x82, 0x26, 0x2a, 1, 2, 3, 42, 0}, []byte{0, 0, 1, 2, 5, 0x86, 0x26, 0x2a, 1, 2, 3, 42, 2, 0, 0})
	h.ask(hartSelf, 77, []byte{1, 2, 5, 0x02, 0x80, 1, 0}, []byte{95, 0})
	h.talk(4, []byte{0, 0, 0, 54, 1, 0}, []byte{0, 0, 0, 54, 2, 0, 0})
	h.talk(4, []byte{0, 0, 0, 0, 0, 0, 9, 1, 0, 2, 0, 1, 9}, append(append([]byte{0, 0, 0, 0, 23, 0}, hartIdentity(0xf9fd, 0xf9, 0x95, 0x26, 0x6f)[2:]...), 0, 9, 1, 17))
	h.talk(5, []byte{0, 255}, append([]byte{0, 1}, make([]byte, 40)...))
	h.server(hartMessage(2, 3, 0, 1, hartUnit(1, hartPT, 1, 0, 0, 57, 0x42, 0x48, 0, 0)...))
	h.server(hartMessage(2, 3, 0, 2, hartUnit(1, hartZero, 2, 0, 0, 0x41, 0x40, 0, 0, 0x42, 0x48, 0, 0)...))
	h.server(hartMessage(2, 3, 0, 3, hartUnit(1, hartPT, 33, 0, 0, 0, 57, 0x42, 0x48, 0, 0, 1, 32, 0x41, 0xa0, 0, 0)...))
	h.server(hartMessage(2, 3, 0, 4, hartUnit(1, hartPT, 48, 0, 0, 1, 2, 3)...))
	h.server(hartMessage(2, 4, 0, 5, 0, 0, 0, 1, 6, 0, 57, 0x42, 0x48, 0, 0, 0, 2, 9, 0, 0x41, 0x40, 0, 0, 0x42, 0x48, 0, 0))
	h.sequence++
	h.client(hartMessage(0, 3, 0, h.sequence, hartUnit(2, hartPT, 15)...))
	h.server(hartMessage(3, 3, 0, h.sequence, 61)) // no buffers
	h.sequence++
	h.client(hartMessage(0, 5, 0, h.sequence, 0, 1))
	h.server(hartMessage(15, 5, 0, h.sequence, 16))
	h.talk(1, nil, nil)
	h.conn.Close()
	d := n.Dial(hartManager, hartGateway, 49212, portHART)
	d.Client(hartMessage(0, 0, 0, 1, 1, 0, 0, 0x75, 0x30))
	d.Server(hartMessage(1, 0, 15, 1, 1, 0, 0, 0x75, 0x30)) // no session left
	d.Close()
}

// hartDatagrams is a session over UDP.
func hartDatagrams(n *Net) {
	h := &hart{net: n}
	h.talk(0, []byte{1, 0, 0, 0xea, 0x60}, []byte{1, 0, 0, 0xea, 0x60})
	h.ask(hartZero, 0, nil, []byte{0, 0, 254, 0x11, 0x0a, 5, 5, 3, 1, 8, 0, 0, 9, 9}) // HART 5: twelve bytes
	for range 3 {
		h.ask(hartZero, 2, nil, []byte{0, 0, 0x41, 0x40, 0, 0, 0x42, 0x48, 0, 0})
	}
}

// hartMidstream begins in the middle and loses answers.
func hartMidstream(n *Net) {
	h := &hart{net: n, sequence: 700, conn: n.Midstream(hartManager, hartGateway, 49213, portHART)}
	h.server(hartMessage(1, 3, 0, 700, hartUnit(6, hartPT, 1, 0, 0, 57, 0x42, 0x48, 0, 0)...))
	h.ask(hartPT, 1, nil, []byte{0, 0, 57, 0x42, 0x48, 0, 0})
	h.conn.LoseServer(12)
	h.ask(hartPT, 2, nil, []byte{0, 0, 0x41, 0x40, 0, 0, 0x42, 0x48, 0, 0})
	h.server(hartMessage(1, 4, 0, 1, 0, 0, 0, 54, 1, 0, 0, 9, 1, 2))
	h.server(hartMessage(1, 2, 0, 2))
	h.talk(2, nil, nil)
	h.conn.Close()
}

// hartMalformed breaks each rule once.
func hartMalformed(n *Net) {
	h := hartDial(n, 49214)
	bad := hartUnit(2, hartPT, 1)
	bad[len(bad)-1]++
	worse := hartUnit(6, hartPT, 1, 0, 0, 57, 0x42, 0x48, 0, 0)
	worse[len(worse)-1]++
	h.talk(3, bad, worse)
	h.talk(3, []byte{0x82, 1, 2}, []byte{0x86, 1})
	h.talk(3, hartUnit(6, hartPT, 1, 0, 0), hartUnit(2, hartPT, 1, 0, 0))
	h.talk(4, []byte{0, 0}, []byte{0, 0, 1})
	h.talk(4, []byte{0, 0, 0, 9, 1, 0, 7}, []byte{0, 0, 0, 9, 9, 0})
	h.server(hartMessage(0, 2, 0, 1))
	h.server(hartMessage(2, 2, 0, 1))
	h.server(hartMessage(2, 3, 0, 1, hartUnit(6, hartPT, 1, 0, 0)...))
	h.server(hartMessage(2, 4, 0, 1, 0, 0, 7))
	h.client(hartMessage(1, 2, 0, 9))
	h.client([]byte("this is no HART-IP"))
	h.talk(2, nil, nil)
	h.conn.Close()
}
