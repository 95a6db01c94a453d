package plant

import (
	"net/netip"
	"time"
)

// Hosts of the C12.22 captures, and the port.
var (
	c12Head  = &Host{Name: "collection-engine", MAC: 0x02_00_00_00_34_10, IP: netip.MustParseAddr("10.10.34.10")}
	c12Meter = &Host{Name: "meter", MAC: 0x02_00_00_00_34_20, IP: netip.MustParseAddr("10.10.34.20")}
)

const portC1222 = 1153

// berElement builds a BER element with a short or two-byte length.
func berElement(tag byte, content ...byte) []byte {
	b := []byte{tag}
	switch n := len(content); {
	case n < 0x80:
		b = append(b, byte(n))
	case n < 0x100:
		b = append(b, 0x81, byte(n))
	default:
		b = append(b, 0x82, byte(n>>8), byte(n))
	}
	return append(b, content...)
}

// c12Message builds a message: titles, the identifier under a tag, user information.
func c12Message(toMeter bool, tag byte, id uint16, user ...byte) []byte {
	called, calling := berElement(0xa2, 0x80, 3, 1, 2, 3), berElement(0xa6, 0x80, 2, 9, 8)
	if !toMeter {
		called, calling = berElement(0xa2, 0x80, 2, 9, 8), berElement(0xa6, 0x80, 3, 1, 2, 3)
	}
	b := append(called, calling...)
	b = append(b, berElement(tag, 2, 2, byte(id>>8), byte(id))...)
	if user != nil {
		b = append(b, berElement(0xbe, berElement(0x28, berElement(0x81, user...)...)...)...)
	}
	return berElement(0x60, b...)
}

// c12Services puts services behind a control byte.
func c12Services(control byte, services ...[]byte) []byte {
	b := []byte{control}
	for _, s := range services {
		b = append(b, berElement(byte(len(s)), s...)[1:]...)
	}
	return b
}

// c12 is a collection engine's connection.
type c12 struct {
	net  *Net
	conn *Conn
	id   uint16
}

func (c *c12) client(user ...byte) {
	c.conn.Client(c12Message(true, 0xa8, c.id, user...))
	c.net.Wait(5 * time.Millisecond)
}

// server answers with the identifier as called, as the standard has it.
func (c *c12) server(user ...byte) {
	c.conn.Server(c12Message(false, 0xa4, c.id, user...))
	c.net.Wait(120 * time.Millisecond)
}

// ask sends one service and its answer.
func (c *c12) ask(service []byte, answer ...byte) {
	c.id++
	c.client(c12Services(0x80, service)...)
	c.server(c12Services(0x80, answer)...)
}

// c12Poll reads a table again and again.
func c12Poll(n *Net) {
	c := &c12{net: n, conn: n.Dial(c12Head, c12Meter, 49340, portC1222), id: 0x1000}
	for i := range byte(8) {
		c.ask([]byte{0x30, 0, 23}, 0, 0, 4, i, 2, 3, 4, 0)
		c.ask([]byte{0x3f, 0, 28, 0, 0, 8, 0, 4}, 0, 0, 4, i, 2, 3, 4, 0)
	}
	c.conn.Close()
}

// c12Table1 is the content of table 1.
func c12Table1() []byte {
	b := append([]byte("ACME"), "METER-7 "...)
	return append(append(b, 1, 2, 3, 4), "0000000012345678"...)
}

// c12ServicesCase shows each service.
func c12ServicesCase(n *Net) {
	c := &c12{net: n, conn: n.Dial(c12Head, c12Meter, 49341, portC1222), id: 0x1000}
	c.ask([]byte{0x20}, append([]byte{0, 3, 1, 0, 4, 6, 3, 0x2b, 6, 1, 5, 8, 6, 6, 3, 0x2b, 6, 1, 7, 9, 1}, "METER-42\x00"...)...)
	c.ask([]byte{0x20}, 0, 3, 1, 0, 7, 3, 1, 0xff, 0, 0)
	c.ask(append([]byte{0x50, 0, 2}, "operator  \x00\x3c"...), 3)
	c.ask(append([]byte{0x50, 0, 2}, "operator  \x00\x3c"...), 0, 0, 60)
	c.ask(append([]byte{0x51}, "S3cr3t              \x00\x02"...), 0)
	c.ask([]byte{0x30, 0, 1}, append(append([]byte{0, 0, 32}, c12Table1()...), 0)...)
	c.ask([]byte{0x40, 8, 9, 0, 2, 1, 2, 0xfd}, 0)
	c.ask([]byte{0x4f, 0, 6, 0, 0, 3, 0, 1, 9, 0xf7}, 8)
	c.ask([]byte{0x40, 0, 7, 0, 3, 0x0a, 0, 1, 0xf5}, 0) // procedure 10
	c.ask([]byte{0x31, 0, 5, 0, 1}, 4)
	c.ask([]byte{0x3e}, 0, 0, 1, 2, 0)
	c.ask([]byte{0x53, 2, 1, 2}, 0, 2, 3, 4)
	c.ask([]byte{0x61, 0, 64, 4, 6}, 0, 0, 64, 4, 6)
	for _, code := range []byte{0x52, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x70, 0x71, 0x99} {
		c.ask([]byte{code, 6, 1, 9}, 10)
	}
	c.ask([]byte{0x4e}, 0x1f)
	c.ask([]byte{0x41, 0, 5, 0, 1}, 2)
	c.id++ // three services and their answers, then all refused by one
	c.client(c12Services(0x80, []byte{0x40, 0, 7, 0, 3, 0x34, 8, 0, 0xc4}, []byte{0x30, 0, 8}, []byte{0x52})...)
	c.server(append(c12Services(0x80, []byte{0}, []byte{7}, []byte{0}), 0)...)
	c.id++
	c.client(c12Services(0x80, []byte{0x30, 0, 8}, []byte{0x30, 0, 9})...)
	c.server(c12Services(0x80, []byte{11})...)
	c.id++ // with a class and a check value
	c.client(0x94, 0x41, 0x42, 0x43, 0, 3, 0x30, 0, 8, 1, 2, 3, 4)
	c.server(append(c12Services(0x84, []byte{0, 0, 1, 5, 0}), 1, 2, 3, 4)...)
	c.id++ // never to be answered
	c.client(c12Services(0x82, []byte{0x40, 0, 7, 0, 3, 0x0a, 0, 1, 0xf5})...)
	c.id++
	c.client(c12Services(0x80, append([]byte{0x40, 8, 0, 0, 200}, make([]byte, 201)...))...)
	c.server(c12Services(0x80, []byte{0})...)
	c.id++
	c.client(0x88, 1, 2, 3, 4, 5, 6, 7, 8)
	c.server(0x88, 8, 7, 6, 5, 4, 3)
	c.id++
	c.client(c12Services(0x80, []byte{0x30, 0, 8})...)
	c.server(0x88, 8, 7, 6, 5, 4, 3)
	c.id++
	c.client(0x88, 1, 2, 3, 4, 5, 6, 7, 8)
	c.server(c12Services(0x80, []byte{11})...)
	c.id++
	c.client(0x8a, 1, 2, 3, 4, 5, 6, 7, 8)
	c.client()
	c.conn.Close()
	n.UDP(c12Head, c12Meter, 49342, portC1222, c12Message(true, 0xa8, 7, c12Services(0x80, []byte{0x20})...))
	n.UDP(c12Meter, c12Head, portC1222, 49342, c12Message(false, 0xa8, 7, c12Services(0x80, []byte{6})...))
}

// c12Midstream begins in the middle and loses answers.
func c12Midstream(n *Net) {
	c := &c12{net: n, conn: n.Midstream(c12Head, c12Meter, 49343, portC1222), id: 0x2000}
	c.server(c12Services(0x80, []byte{4})...)
	c.server(0x88, 8, 7, 6, 5, 4, 3)
	c.ask([]byte{0x30, 0, 23}, 0, 0, 1, 2, 0)
	c.conn.LoseServer(37)
	for range 3 {
		c.ask([]byte{0x30, 0, 23}, 0, 0, 1, 2, 0)
	}
	c.server(c12Services(0x80, []byte{0x30, 0, 1})...)
	c.client(c12Services(0x80, []byte{0})...)
	c.conn.Close()
}

// c12Malformed breaks each rule once.
func c12Malformed(n *Net) {
	c := &c12{net: n, conn: n.Dial(c12Head, c12Meter, 49344, portC1222), id: 0x3000}
	c.ask([]byte{0x30, 0, 23}, 0, 0, 1, 2, 0)
	c.ask([]byte{0x30, 0}, 1)
	c.ask([]byte{0x3f, 0, 1, 0}, 1)
	c.ask([]byte{0x40, 0, 7}, 1)
	c.ask([]byte{0x50, 0, 7}, 1)
	c.ask([]byte{0x20}, 0, 3)
	c.ask([]byte{0x30, 0, 1}, 0, 0, 1, 2, 0)
	c.id++
	c.client(0x80, 9, 0x30, 0)
	c.server(0x80)
	c.client(0x84, 1)
	c.client(0x90, 1)
	c.client(0x80, 0x85, 1)
	c.conn.Client(berElement(0x60, berElement(0x77, 1, 2)...))
	c.conn.Client(berElement(0x60, berElement(0xbe, 4, 1, 0)...))
	c.conn.Client([]byte("no message of this protocol"))
	c.ask([]byte{0x30, 0, 23}, 0, 0, 1, 2, 0)
	c.conn.Close()
}
