package plant

import (
	"encoding/binary"
	"hash/crc32"
	"net/netip"
	"time"
	"unicode/utf16"
)

// Hosts of the CODESYS captures, and ports.
var (
	codesysClient = &Host{Name: "engineering", MAC: 0x02_00_00_00_24_10, IP: netip.MustParseAddr("10.10.24.10")}
	codesysPLC    = &Host{Name: "plc", MAC: 0x02_00_00_00_24_20, IP: netip.MustParseAddr("10.10.24.20")}
)

const (
	portCodesys    = 11740
	portCodesysUDP = 1740
)

// codesysDatagram builds a datagram between two addresses of six bytes (TCP) or
// of two and four (UDP).
func codesysDatagram(service byte, tcp bool, body ...byte) []byte {
	b := []byte{0xc5, 13<<3 | 3, 0x40, service, 0}
	if tcp {
		b = append(b, 0x33, 0x2d, 0xdc, 10, 10, 24, 20, 0xc0, 0x50, 10, 10, 24, 10)
	} else {
		b = append(b, 0x21, 0, 20, 0, 0, 24, 10)
	}
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return append(b, body...)
}

// codesysBlock puts a datagram into a block.
func codesysBlock(datagram []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0xe8170100)
	b = binary.LittleEndian.AppendUint32(b, uint32(8+len(datagram)))
	return append(b, datagram...)
}

// codesysTag builds a tag; lengths are written in four bytes, as clients align them.
func codesysTag(id byte, value ...byte) []byte {
	b := []byte{id}
	if id >= 0x80 {
		b = append(b, 1)
	}
	n := len(value)
	if len(b) == 1 {
		b = append(b, byte(n)&0x7f|0x80)
		n >>= 7
	}
	b = append(b, byte(n)&0x7f|0x80, byte(n>>7))
	return append(b, value...)
}

func codesysTags(tags ...[]byte) []byte {
	var b []byte
	for _, t := range tags {
		b = append(b, t...)
	}
	return b
}

// codesys is a channel to a controller, over TCP or datagrams.
type codesys struct {
	net    *Net
	conn   *Conn
	number uint32
}

func (c *codesys) client(service byte, body ...byte) {
	if c.conn != nil {
		c.conn.Client(codesysBlock(codesysDatagram(service, true, body...)))
	} else {
		c.net.UDP(codesysClient, codesysPLC, portCodesysUDP, portCodesysUDP, codesysDatagram(service, false, body...))
	}
	c.net.Wait(3 * time.Millisecond)
}

func (c *codesys) server(service byte, body ...byte) {
	if c.conn != nil {
		c.conn.Server(codesysBlock(codesysDatagram(service, true, body...)))
	} else {
		c.net.UDP(codesysPLC, codesysClient, portCodesysUDP, portCodesysUDP, codesysDatagram(service, false, body...))
	}
	c.net.Wait(30 * time.Millisecond)
}

// codesysService is the first block of a service on channel 5.
func codesysService(number uint32, group, command uint16, client bool, tags []byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, 0xcd55)
	b = binary.LittleEndian.AppendUint16(b, 12)
	b = binary.LittleEndian.AppendUint16(b, group)
	b = binary.LittleEndian.AppendUint16(b, command)
	b = binary.LittleEndian.AppendUint32(b, 0x11223344)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(tags)))
	b = append(b, tags...)
	return codesysFirst(number, client, len(b), b)
}

// codesysFirst is the first block of size bytes, with as many as there are in b.
func codesysFirst(number uint32, client bool, size int, b []byte) []byte {
	h := []byte{1, 1, 5, 0}
	if client {
		h[1] = 0x81
	}
	h = binary.LittleEndian.AppendUint32(h, number)
	h = binary.LittleEndian.AppendUint32(h, number-1)
	h = binary.LittleEndian.AppendUint32(h, uint32(size))
	h = binary.LittleEndian.AppendUint32(h, crc32.ChecksumIEEE(b))
	return append(h, b...)
}

// ask is a service with its answer, and acknowledgements between them.
func (c *codesys) ask(group, command uint16, tags, answer []byte) {
	c.number++
	c.client(64, codesysService(c.number, group, command, true, tags)...)
	c.server(64, 2, 0, 5, 0, byte(c.number), 0, 0, 0)
	c.server(64, codesysService(c.number, group|0x80, command, false, answer)...)
	c.client(64, 2, 0x80, 5, 0, byte(c.number), 0, 0, 0)
}

// open asks for the name and opens channel 5.
func (c *codesys) open() {
	c.client(3, 0x02, 0xc2, 0, 4, 7, 0, 0, 0)
	c.server(4, codesysInfo("PLC-WEST", "CODESYS Control for Linux SL", "Firedoor Works", "SN-0815")...)
	c.client(64, 0xc3, 0, 1, 1, 0, 0, 0, 0, 0x81, 0xd4, 0x21, 0x83, 0, 0x40, 0x1f, 0, 5, 0, 0, 0)
	c.server(64, 0x83, 0, 1, 1, 0, 0, 0, 0, 0x81, 0xd4, 0x21, 0x83, 0, 0, 5, 0, 0, 0x40, 0x1f, 0, 4, 0, 0, 0)
}

// codesysInfo is a device information.
func codesysInfo(node, device, vendor, serial string) []byte {
	b := make([]byte, 48)
	binary.LittleEndian.PutUint16(b, 0xc280)
	binary.LittleEndian.PutUint16(b[2:], 0x400)
	b[4], b[8] = 7, 4
	for i, s := range []string{node, device, vendor} {
		binary.LittleEndian.PutUint16(b[14+2*i:], uint16(len(s)))
		for _, u := range append(utf16.Encode([]rune(s)), 0) {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
	}
	copy(b[28:], []byte{10, 16, 5, 3})
	b[36] = byte(len(serial))
	return append(b, serial...)
}

func codesysDial(n *Net, port uint16) *codesys {
	c := &codesys{net: n, conn: n.Dial(codesysClient, codesysPLC, port, portCodesys)}
	c.open()
	return c
}

// codesysWide gives the head of a channel's block the form since version 1.2: a token,
// and a number of four bytes.
func codesysWide(b []byte) []byte {
	return append(append([]byte{b[0], b[1], 0xa4, 0xe0}, 0x03, 0x35, 0x96, 0x14), b[4:]...)
}

// codesysNewer is a controller of version 3.5.18: wide channels, a client that says who
// it is, a login in two steps, traces, and a file that comes in several blocks.
func codesysNewer(n *Net) {
	c := &codesys{net: n, conn: n.Dial(codesysClient, codesysPLC, 49246, portCodesys)}
	c.client(64, 0xc3, 0, 2, 1, 0xde, 0xc4, 0x90, 6, 0x11, 0x5b, 0x12, 0x22, 0, 0x40, 0x1f, 0, 4, 0, 0, 0)
	c.server(64, 0x83, 0, 2, 1, 0xde, 0xc4, 0x90, 6, 0x11, 0x5b, 0x12, 0x22, 0, 0, 0xa4, 0xe0, 0, 0x40, 0x1f, 0, 4, 0, 0, 0, 0x03, 0x35, 0x96, 0x14)
	ask := func(group, command uint16, tags, answer []byte) {
		c.number++
		c.client(64, codesysWide(codesysService(c.number, group, command, true, tags))...)
		c.server(64, codesysWide([]byte{2, 0, 0, 0, byte(c.number), 0, 0, 0})...)
		c.server(64, codesysWide(codesysService(c.number, group|0x80, command, false, answer))...)
		c.client(64, codesysWide([]byte{3, 0x80, 0, 0})...)
	}
	status := func(v byte) []byte { return []byte{0xff, 0xfe, 0x03, 0x82, 0x80, 0, v, 0} }
	ask(1, 10, codesysTag(0x83, codesysTags(codesysTag(0x41, []byte("CODESYS\x00")...), codesysTag(0x44, []byte("CODESYS V3.5 SP18 Patch 2\x00\x00\x00")...),
		codesysTag(0x43, []byte("EWS-7.\x00\x00")...))...), codesysTag(0x21, 1, 0, 0, 0))
	step := func(n byte) []byte { return codesysTags(codesysTag(0x22, 2, 0, 0, 0), codesysTag(0x25, n, 0, 0, 0)) }
	proof := codesysTag(0x81, codesysTags(codesysTag(0x10, []byte("operator")...), codesysTag(0x11, []byte("S3cr3t")...))...)
	ask(1, 2, step(1), codesysTag(0x82, codesysTags(codesysTag(0x20, 10, 0), codesysTag(0x26, []byte("S3cr3t")...))...))
	ask(1, 2, codesysTags(step(2), proof), codesysTag(0x82, codesysTag(0x20, 15, 0)...))
	ask(1, 2, codesysTags(step(2), proof), codesysTag(0x82, codesysTags(codesysTag(0x20, 0, 0), codesysTag(0x21, 1, 2, 3, 4))...))
	ask(0x0f, 1, nil, nil)
	ask(0x0f, 2, codesysTag(0x10, []byte("App.Trace")...), codesysTags(codesysTag(0x40, 1, 0, 0, 0), status(0)))
	ask(0x0f, 4, codesysTag(0x40, 1, 0, 0, 0), status(0))
	ask(0x0f, 7, codesysTags(codesysTag(0x40, 1, 0, 0, 0), codesysTag(0x4a, 0, 0, 0, 0)), codesysTag(0x42, make([]byte, 14)...))
	ask(0x0f, 9, codesysTag(0x40, 1, 0, 0, 0), status(0))
	ask(0x0f, 3, codesysTag(0x40, 1, 0, 0, 0), status(2))
	ask(0x0f, 5, codesysTag(0x10, []byte("App.Trace")...), status(0))
	ask(0x0f, 6, codesysTag(0x40, 1, 0, 0, 0), status(0))
	ask(0x0f, 10, nil, nil)
	content := make([]byte, 900)
	ask(8, 5, codesysTags(codesysTag(1, []byte("Application.crc\x00")...), codesysFileInfo(0)), codesysStart(codesysFileInfo(len(content))))
	c.number++
	c.client(64, codesysWide(codesysService(c.number, 8, 7, true, codesysTag(5, 0xaa, 0xbb, 0xcc, 0xdd, 0, 0, 0, 0)))...)
	size := codesysTag(6, binary.LittleEndian.AppendUint32(nil, uint32(len(content)))...)
	whole := codesysWide(codesysService(c.number, 0x88, 7, false, codesysTags(size, codesysTag(7, content...))))
	c.server(64, whole[:500]...)
	c.number++
	c.server(64, append(codesysWide([]byte{1, 0, 0, 0, byte(c.number), 0, 0, 0, 0, 0, 0, 0}), whole[500:]...)...)
	ask(8, 8, codesysTags(codesysTag(7, 0xaa, 0xbb, 0xcc, 0xdd, 0, 0, 0, 0), codesysFileInfo(len(content))), nil)
	c.client(64, 0xc4, 0, 2, 1, 0, 0, 0, 0, 0xa4, 0xe0, 0, 0, 0x03, 0x35, 0x96, 0x14)
	c.conn.Close()
}

// codesysPoll reads monitored values again and again.
func codesysPoll(n *Net) {
	c := codesysDial(n, 49240)
	for i := range byte(8) {
		c.ask(0x1b, 1, codesysTag(1, 1, 2, 3, 4), codesysTag(2, i, 0, 0, 0))
		c.client(64, 3, 0x80, 5, 0)
		c.server(64, 3, 0, 5, 0)
	}
	c.conn.Close()
}

// codesysServices shows logins, applications, files and a controller that encrypts.
func codesysServices(n *Net) {
	c := codesysDial(n, 49241)
	login := func(password string) []byte {
		credentials := codesysTag(0x81, codesysTags(codesysTag(0x10, []byte("operator")...), codesysTag(0x11, []byte(password)...))...)
		return codesysTags(codesysTag(0x22, 1, 0, 0, 0), credentials)
	}
	c.ask(1, 1, nil, codesysTag(2, []byte("PLC")...))
	c.ask(1, 2, login("hunter2"), codesysTag(0x82, codesysTag(0x20, 25, 0)...))
	c.ask(1, 2, login("S3cr3t"), codesysTag(0x82, codesysTags(codesysTag(0x20, 0, 0), codesysTag(0x21, 1, 2, 3, 4))...))
	c.ask(2, 0x18, nil, codesysTag(3, []byte("Application")...))
	c.ask(2, 1, codesysTag(0x81, codesysTag(0x10, []byte("Application")...)...), nil)
	c.ask(2, 0x14, nil, nil)
	for _, command := range []uint16{0x11, 0x12, 0x10} {
		c.ask(2, command, codesysTag(0x11, 1, 0, 0, 0), codesysTag(1, 0, 0))
	}
	c.ask(2, 0x10, codesysTag(0x11, 1, 0, 0, 0), codesysTag(1, 77, 1, 0, 0))
	c.number++ // a download in several blocks
	first := codesysService(c.number, 2, 5, true, codesysTag(2, make([]byte, 600)...))
	c.client(64, first[:460]...)
	c.number++
	c.client(64, append([]byte{1, 0x80, 5, 0, byte(c.number), 0, 0, 0, 0, 0, 0, 0}, first[460:]...)...)
	c.server(64, codesysService(c.number, 0x82, 5, false, nil)...)
	c.ask(2, 6, nil, nil)
	c.ask(2, 0x23, nil, nil)
	c.ask(8, 5, codesysTag(1, []byte("PlcLogic/Application.app\x00")...), codesysTag(0x84, codesysTag(8, 0, 0)...))
	c.ask(8, 7, codesysTag(5, 1, 0, 0, 0), codesysTag(7, 1, 2, 3))
	c.ask(8, 8, codesysTag(7, 1), nil)
	c.ask(8, 2, codesysTag(1, []byte("boot.app\x00")...), codesysTag(0x84, codesysTag(8, 16, 0)...))
	c.ask(9, 6, nil, nil)
	c.ask(0x11, 1, codesysTag(1, []byte("reload")...), nil)
	c.ask(0x66, 1, nil, nil)
	c.ask(2, 0x7f, nil, nil)
	c.ask(0x0c, 1, nil, nil)
	c.client(64, 0xc2, 0)
	c.ask(1, 3, nil, nil)
	c.client(64, 0xc4, 0, 1, 1, 0, 0, 0, 0, 5, 0, 0, 0)
	c.conn.Close()
	d := codesysDial(n, 49242)
	for i := range uint32(2) {
		d.client(64, codesysFirst(1+i, true, 64, append([]byte{0x57, 0x75}, make([]byte, 62)...))...)
		d.server(64, codesysFirst(1+i, false, 64, append([]byte{0x57, 0x75}, make([]byte, 62)...))...)
	}
	d.client(64, 0xc3, 0, 1, 1, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0x40, 0x1f, 0, 5, 0, 0, 0)
	d.server(64, 0x83, 0, 1, 1, 0, 0, 0, 0, 9, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0)
	d.conn.Close()
}

// codesysDatagrams is the same without blocks.
func codesysDatagrams(n *Net) {
	c := &codesys{net: n}
	c.open()
	c.ask(2, 0x14, nil, nil)
	c.ask(2, 0x11, nil, codesysTag(1, 0, 0))
	every := &Host{Name: "every", MAC: Broadcast, IP: netip.MustParseAddr("10.10.24.255")}
	for i := range uint16(4) { // nodes look for addresses at all four ports
		n.UDP(codesysClient, every, portCodesysUDP+1, portCodesysUDP+i, []byte{0xc5, 0x0b, 0x40, 1, 0, 0x10, 1, 10})
		n.Wait(time.Millisecond)
	}
	c.client(1)
	c.server(2, 1, 2, 3, 4)
	c.server(2, 1, 2, 3, 4)
	c.client(3, 0x01, 0xc2, 0, 4, 8, 0, 0, 0)
	c.server(4, 0x01, 0xc2, 0, 4, 8, 0, 0, 0)
	c.client(3, 0x99, 0xc2, 0, 4, 9, 0, 0, 0)
}

// codesysMidstream begins in the middle and loses bytes.
func codesysMidstream(n *Net) {
	c := &codesys{net: n, conn: n.Midstream(codesysClient, codesysPLC, 49243, portCodesys), number: 90}
	c.server(64, codesysService(90, 0x82, 0x14, false, nil)...)
	c.server(4, codesysInfo("PLC-WEST", "Control", "Works", "")...)
	for range 3 {
		c.ask(2, 0x14, nil, nil)
	}
	c.conn.LoseServer(50)
	for range 3 {
		c.ask(2, 0x14, nil, nil)
	}
	c.conn.Close()
}

// codesysMalformed breaks each rule once.
func codesysMalformed(n *Net) {
	c := codesysDial(n, 49244)
	c.client(3, 1, 2, 3)
	c.client(64, 0xc3, 1, 2)
	c.client(64, 1, 0, 2)
	c.client(64, codesysFirst(1, true, 9, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9})...)
	c.client(64, codesysService(2, 0x82, 1, false, nil)...)
	c.client(64, codesysService(3, 2, 0x10, true, []byte{1, 9, 3})...)
	info := codesysInfo("PLC", "Control", "Works", "")
	c.server(4, info[:60]...)
	c.conn.Client(codesysBlock([]byte("no datagram")))
	c.conn.Client([]byte("and this is no block at all"))
	c.ask(2, 0x14, nil, nil)
	c.conn.Close()
}
