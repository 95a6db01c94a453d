package plant

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Hosts of the ROC Plus captures, and the port.
var (
	rocHost   = &Host{Name: "scada", MAC: 0x02_00_00_00_33_10, IP: netip.MustParseAddr("10.10.33.10")}
	rocDevice = &Host{Name: "flow-computer", MAC: 0x02_00_00_00_33_20, IP: netip.MustParseAddr("10.10.33.20")}
)

const portROC = 4000

// rocMessage builds a message; seed is that of its check value.
func rocMessage(to, from [2]byte, seed uint16, opcode byte, data ...byte) []byte {
	b := append([]byte{to[0], to[1], from[0], from[1], opcode, byte(len(data))}, data...)
	sum := seed
	for _, c := range b {
		sum ^= uint16(c)
		for range 8 {
			low := sum & 1
			sum = sum>>1 ^ low*0xa001
		}
	}
	return binary.LittleEndian.AppendUint16(b, sum)
}

// roc is a host, unit 1 of group 0, that asks unit 1 of group 2.
type roc struct {
	net  *Net
	conn *Conn
	seed uint16
}

func (r *roc) client(opcode byte, data ...byte) {
	r.conn.Client(rocMessage([2]byte{1, 2}, [2]byte{1, 0}, r.seed, opcode, data...))
	r.net.Wait(5 * time.Millisecond)
}

func (r *roc) server(opcode byte, data ...byte) {
	r.conn.Server(rocMessage([2]byte{1, 0}, [2]byte{1, 2}, r.seed, opcode, data...))
	r.net.Wait(70 * time.Millisecond)
}

// rocPoll reads parameters again and again.
func rocPoll(n *Net) {
	r := &roc{net: n, seed: 0xffff, conn: n.Dial(rocHost, rocDevice, 49330, portROC)}
	for i := range byte(8) {
		r.client(180, 2, 103, 0, 21, 103, 1, 21)
		r.server(180, 2, 103, 0, 21, 0, 0, i, 0x42, 103, 1, 21, 0, 0, i, 0x43)
		r.client(167, 98, 0, 3, 1)
		r.server(167, 98, 0, 3, 1, i, 2, 3)
	}
	r.conn.Close()
}

// rocValues has values of every size, and such that can be read in two ways.
func rocValues(r *roc) {
	r.client(180, 3, 103, 0, 0, 103, 0, 2, 103, 0, 21)
	r.server(180, append(append([]byte{3, 103, 0, 0}, "Inlet     "...), 103, 0, 2, 5, 0, 103, 0, 21, 0, 0, 0x80, 0x3f)...)
	r.client(167, 103, 0, 1, 21)
	r.server(167, 103, 0, 1, 21, 0, 0, 0, 0x40)
	r.client(180, 2, 1, 0, 1, 1, 0, 1) // one octet and eight, or eight and one?
	r.server(180, 2, 1, 0, 1, 7, 1, 0, 1, 7, 7, 7, 7, 1, 0, 1, 7)
	r.client(180, 1, 1, 0, 1)
	r.server(180, 1, 1, 0, 2, 7) // another than was asked for
}

// rocName pads a text.
func rocName(text string, size int, pad byte) []byte {
	b := []byte(text)
	for len(b) < size {
		b = append(b, pad)
	}
	return b
}

// rocOpcodes shows who a device is, logins, writes, files and errors.
func rocOpcodes(n *Net) {
	r := &roc{net: n, seed: 0xffff, conn: n.Dial(rocHost, rocDevice, 49331, portROC)}
	r.client(6)
	r.server(6, append([]byte{1, 2, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6}, make([]byte, 196)...)...)
	r.client(17, 'L', 'O', 'I', 0xe8, 3, 2)
	r.server(255, 21, 6)
	r.client(17, 'L', 'O', 'I', 0xe9, 3, 2)
	r.server(17)
	r.client(17, append(append(rocName("OPERATOR1", 30, ' '), rocName("S3cr3t", 40, ' ')...), 5)...)
	r.server(17)
	r.client(17, append([]byte("LOI\xe8\x03"), "LOGOUT"...)...)
	r.server(17)
	r.client(17, []byte("SESSIONKEY_13")...)
	r.server(17, make([]byte, 24)...)
	r.client(17, append(append([]byte{0x9a, 0xff, 1}, make([]byte, 27)...), make([]byte, 41)...)...) // enciphered
	r.server(17)
	r.client(7)
	r.server(7, 30, 45, 12, 15, 3, 0xe8, 7, 3)
	r.client(8, 30, 45, 12, 15, 3, 0xe8, 7)
	r.server(8)
	r.client(10, 1, 0, 4)
	r.server(10, 1, 0, 4, 0, 0, 1, 0, 1, 2, 3, 4)
	r.client(11, 1, 0, 1, 7)
	r.server(11)
	r.client(105, 1, 4)
	r.server(105, make([]byte, 50)...)
	r.client(166, 103, 0, 1, 2, 7)
	r.server(166)
	r.client(181, 1, 103, 0, 21, 0, 0, 0x80, 0x3f)
	r.server(181)
	r.client(181, 2, 103, 0, 21, 0, 0, 0x80, 0x3f, 103, 1, 4, 7)
	r.server(255, 19, 8)
	rocValues(r)
	r.client(180, 1, 99, 200, 1)
	r.server(255, 3, 7, 77, 1)
	r.client(180, 1, 99, 200, 1)
	r.server(255, 200, 7)
	r.client(24, 1, 2, 3, 4)
	r.server(24)
	r.client(0, 1)
	r.server(0, 1)
	r.client(99)
	r.server(255, 1, 4)
	r.files()
	r.server(224, 2, 1) // by exception
	r.client(225, 2, 0)
	r.server(225)
	r.conn.Close()
	o := &roc{net: n, conn: n.Dial(rocHost, rocDevice, 49332, portROC)} // an older device
	o.client(6)
	o.client(103)
	o.server(6, append(make([]byte, 18), 2)...)
	o.server(103, 1)
	o.conn.Close()
	m := &roc{net: n, seed: 0xffff, conn: n.Dial(rocHost, rocDevice, 49333, portROC)}
	for range 2 { // group 6 and no data look like serial Modbus, however often
		m.conn.Client(rocMessage([2]byte{1, 6}, [2]byte{0, 1}, 0xffff, 7))
	}
	m.conn.Client(rocMessage([2]byte{1, 6}, [2]byte{0, 1}, 0xffff, 10, 1, 0, 4))
	for range 2 {
		m.conn.Server(rocMessage([2]byte{0, 1}, [2]byte{1, 6}, 0xffff, 7, 30, 45, 12, 15, 3, 0xe8, 7, 3))
	}
	m.conn.Server(rocMessage([2]byte{0, 1}, [2]byte{1, 6}, 0xffff, 10, 1, 0, 4, 0, 0, 1, 0, 1, 2, 3, 4))
	m.conn.Close()
}

// files writes a file, reads it, deletes it and lists what is left.
func (r *roc) files() {
	open := append(rocName("/flash/data/", 100, 0), rocName("fst1.cod", 25, 0)...)
	piece := func(command, at byte, content string) []byte {
		return append([]byte{command, 7, 0, 0, 0, 10, 0, 0, 0, at, 0, 0, 0, byte(len(content))}, content...)
	}
	r.client(203, append([]byte{1, 2}, open...)...)
	r.server(203, 1, 7, 0, 0, 0)
	r.client(203, piece(3, 0, "program")...)
	r.server(203, 3, 7, 0, 0, 0, 7, 0, 0, 0)
	r.client(203, piece(3, 7, "end")...)
	r.server(203, 3, 7, 0, 0, 0, 10, 0, 0, 0)
	r.client(203, 4, 7, 0, 0, 0)
	r.server(203, 4)
	r.client(203, append([]byte{1, 0}, open...)...)
	r.server(203, 1, 7, 0, 0, 0)
	r.client(203, 2, 7, 0, 0, 0, 0, 0, 0, 0)
	r.server(203, piece(2, 0, "programend")...)
	r.client(203, 4, 7, 0, 0, 0)
	r.server(203, 4)
	r.client(203, append([]byte{6}, open...)...)
	r.server(203, 5)
	r.client(203, append(append([]byte{6}, open[:100]...), 0)...)
	r.server(203, 6, 0, 0)
	r.client(203, append(append([]byte{0x40}, open[:100]...), 0, 0)...)
	r.server(203, 0x40, 0, 0, 0)
	r.client(203, 99)
	r.server(255, 6, 6)
}

// rocMidstream begins in the middle and loses answers.
func rocMidstream(n *Net) {
	r := &roc{net: n, seed: 0xffff, conn: n.Midstream(rocHost, rocDevice, 49334, portROC)}
	r.server(180, 1, 103, 0, 21, 0, 0, 1, 0x42)
	r.client(180, 1, 103, 0, 21)
	r.server(180, 1, 103, 0, 21, 0, 0, 1, 0x42)
	r.conn.LoseServer(15)
	for range 3 {
		r.client(180, 1, 103, 0, 21)
		r.server(180, 1, 103, 0, 21, 0, 0, 1, 0x42)
	}
	r.server(255, 1, 4)
	r.conn.Close()
}

// rocMalformed breaks each rule once.
func rocMalformed(n *Net) {
	r := &roc{net: n, seed: 0xffff, conn: n.Dial(rocHost, rocDevice, 49335, portROC)}
	r.client(167, 98, 0, 3, 1)
	r.server(167, 98, 0, 3, 1, 1, 2, 3)
	r.client(167, 98, 0)
	r.server(255)
	r.client(180, 2, 98, 0, 1)
	r.server(255, 6, 6)
	r.client(181)
	r.client(10, 1)
	r.client(105)
	r.client(203)
	r.client(6)
	r.server(6, 1, 2)
	bad := rocMessage([2]byte{1, 2}, [2]byte{1, 0}, 0xffff, 7)
	bad[6] ^= 1
	r.conn.Client(bad)
	r.conn.Client([]byte("no message of this protocol, which would have an opcode; this one is long enough to be one with many bytes of data, as its length says, and its check value is wrong"))
	r.client(167, 98, 0, 3, 1)
	r.server(167, 98, 0, 3, 1, 1, 2, 3)
	r.conn.Close()
}
