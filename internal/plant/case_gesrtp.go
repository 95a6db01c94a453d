package plant

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Hosts of the GE-SRTP captures, and the port.
var (
	srtpClient = &Host{Name: "hmi", MAC: 0x02_00_00_00_23_10, IP: netip.MustParseAddr("10.10.23.10")}
	srtpPLC    = &Host{Name: "plc", MAC: 0x02_00_00_00_23_20, IP: netip.MustParseAddr("10.10.23.20")}
)

const portSRTP = 18245

// srtpMessage builds a message of a type with its mailbox type and text.
func srtpMessage(kind, mailbox byte, sequence uint16, text ...byte) []byte {
	b := make([]byte, 56)
	b[0], b[9], b[17] = kind, 1, 1
	binary.LittleEndian.PutUint16(b[2:], sequence)
	binary.LittleEndian.PutUint16(b[4:], uint16(len(text)))
	b[30], b[31] = byte(sequence), mailbox
	b[36], b[37], b[40], b[41] = 0x10, 0x0e, 1, 1
	if len(text) > 0 {
		b[9], b[17], b[48], b[49] = 2, 2, 1, 1
		binary.LittleEndian.PutUint16(b[42:], uint16(len(text)))
	}
	return append(b, text...)
}

// srtp is a connection to a controller in slot 1.
type srtp struct {
	net      *Net
	conn     *Conn
	sequence uint16
}

// srtpDial begins without waiting for the answer to the first message: what
// follows is sent in the same segment.
func srtpDial(n *Net, port uint16) *srtp {
	s := &srtp{net: n, conn: n.Dial(srtpClient, srtpPLC, port, portSRTP), sequence: 1}
	s.conn.Client(append(make([]byte, 56), s.request(0x43)...))
	s.conn.Server(srtpReady())
	s.done(0x30, 0, 0, 0)
	return s
}

// srtpReady is the answer to the zeros that begin a connection.
func srtpReady() []byte {
	b := make([]byte, 56)
	b[0], b[8] = 1, 0x0f
	return b
}

// request is a service request without text; data is what stands behind the service.
func (s *srtp) request(service byte, data ...byte) []byte {
	b := srtpMessage(2, 0xc0, s.sequence)
	b[42] = service
	copy(b[43:], data)
	return b
}

func (s *srtp) ask(service byte, data ...byte) {
	s.sequence++
	s.conn.Client(s.request(service, data...))
	s.net.Wait(4 * time.Millisecond)
}

// askText is a service request with text.
func (s *srtp) askText(service byte, data []byte, text ...byte) {
	s.sequence++
	b := srtpMessage(2, 0x80, s.sequence, text...)
	b[50] = service
	copy(b[51:56], data)
	s.conn.Client(b)
	s.net.Wait(4 * time.Millisecond)
}

// done is a completion with up to six bytes.
func (s *srtp) done(data ...byte) {
	b := srtpMessage(3, 0xd4, s.sequence)
	copy(b[44:50], data)
	b[50], b[54] = 0xff, 0x08
	s.conn.Server(b)
	s.net.Wait(50 * time.Millisecond)
}

func (s *srtp) doneText(text ...byte) {
	s.conn.Server(srtpMessage(3, 0x94, s.sequence, text...))
	s.net.Wait(50 * time.Millisecond)
}

func (s *srtp) refuse(major, minor byte) {
	b := srtpMessage(3, 0xd1, s.sequence)
	b[42], b[43] = major, minor
	s.conn.Server(b)
	s.net.Wait(50 * time.Millisecond)
}

// srtpPoll reads registers and inputs again and again.
func srtpPoll(n *Net) {
	s := srtpDial(n, 49230)
	for i := range byte(8) {
		s.ask(4, 0x08, 99, 0, 4, 0)
		s.doneText(i, 0, 1, 2, 3, 4, 5, 6)
		s.ask(4, 0x46, 0, 0, 16, 0)
		s.done(0x55, i)
	}
	s.conn.Close()
}

// srtpServices shows reads and writes of each memory, and what changes a controller.
func srtpServices(n *Net) {
	s := srtpDial(n, 49231)
	s.ask(3)
	s.doneText(append(make([]byte, 18), "MIXER3\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)...)
	s.ask(0)
	s.done(1, 2)
	for _, selector := range []byte{0x0a, 0x0c, 0x10, 0x12, 0x38, 0x48, 0x4c, 0x54, 0x77} {
		s.ask(4, selector, 8, 0, 2, 0)
		s.done(1, 2, 3, 4)
	}
	s.ask(4, 0x4a, 3, 0, 4, 0) // bits that do not begin a byte
	s.done(0x78)
	s.ask(4, 0x08, 0xff, 0xff, 1, 0)
	s.refuse(5, 0xf9)
	s.ask(7, 0x08, 10, 0, 2, 0, 0x34, 0x12, 0x78, 0x56) // a short write
	s.done()
	s.askText(7, []byte{0x08, 20, 0, 5, 0}, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0)
	s.done()
	s.askText(7, []byte{0x4c, 16, 0, 9, 0}, 0xff, 1)
	s.refuse(2, 0)
	s.ask(0x21, append([]byte{4}, "hunter2"...)...)
	s.refuse(2, 0xf5)
	s.ask(0x21, append([]byte{4}, "S3cr3t"...)...)
	s.done()
	s.ask(0x20)
	s.done()
	s.ask(0x23, 2) // stop
	s.done()
	s.askText(0x3f, []byte{1, 0, 0}, make([]byte, 64)...)
	s.refuse(5, 0xf0)
	s.ask(0x38, 1)
	s.doneText(make([]byte, 44)...)
	s.ask(0x39)
	s.refuse(9, 9)
	s.ask(0x23, 1)
	s.ask(0x25)
	s.done(0, 0, 0, 1, 1, 6)
	s.ask(0x99)
	s.refuse(1, 0)
	s.conn.Close()
}

// srtpMidstream begins in the middle, loses bytes, and has a connection that
// waits for the answer to its zeros.
func srtpMidstream(n *Net) {
	s := &srtp{net: n, conn: n.Midstream(srtpClient, srtpPLC, 49232, portSRTP), sequence: 40}
	s.doneText(1, 2, 3, 4)
	s.ask(4, 0x08, 0, 0, 4, 0)
	s.doneText(1, 0, 2, 0, 3, 0, 4, 0)
	s.conn.LoseServer(64)
	for range 3 {
		s.ask(4, 0x08, 0, 0, 4, 0)
		s.doneText(1, 0, 2, 0, 3, 0, 4, 0)
	}
	s.conn.Close()
	c := n.Midstream(srtpClient, srtpPLC, 49233, portSRTP)
	for range 2 { // some clients do it twice
		c.Client(make([]byte, 56))
		c.Server(srtpReady())
	}
	s = &srtp{net: n, conn: c}
	s.ask(4, 0x08, 0, 0, 1, 0)
	s.done(9, 9)
	c.Close()
}

// srtpMalformed breaks each rule once.
func srtpMalformed(n *Net) {
	s := srtpDial(n, 49234)
	s.ask(7, 0x08, 0, 0, 9, 0, 1, 2)
	s.done()
	s.askText(7, []byte{0x4c, 3, 0, 9, 0}, 0xff)
	s.done()
	s.ask(4, 0x08, 0, 0, 9, 0)
	s.done(1, 2)
	s.conn.Server(s.request(0x23))
	s.conn.Client(srtpMessage(3, 0xd4, 7))
	s.conn.Client(srtpMessage(2, 0x11, 8)) // a mailbox that nobody described
	s.conn.Server(srtpMessage(3, 0x11, 8))
	s.conn.Client([]byte("0123456789 is no message of this protocol, and it is long enough to tell"))
	s.ask(4, 0x08, 0, 0, 1, 0)
	s.done(1, 2)
	s.conn.Close()
}
