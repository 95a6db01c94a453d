package plant

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Hosts of the Genisys captures.
var (
	genOffice = &Host{Name: "office", MAC: 0x02_00_00_00_1c_10, IP: netip.MustParseAddr("10.10.28.10")}
	genField  = &Host{Name: "field", MAC: 0x02_00_00_00_1c_20, IP: netip.MustParseAddr("10.10.28.20"), TTL: 64}
)

// PortGenisys is a port of Genisys.
const PortGenisys = 10001

// genisysSum is the checksum with the polynomial 0x8005, reflected, from ones on.
func genisysSum(b []byte) uint16 {
	c := uint16(0xffff)
	for _, x := range b {
		c ^= uint16(x)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ 0xa001
			} else {
				c >>= 1
			}
		}
	}
	return c
}

func genisysEscape(dst, b []byte) []byte {
	for _, c := range b {
		if c >= 0xf0 {
			dst = append(dst, 0xf0)
			c &= 15
		}
		dst = append(dst, c)
	}
	return dst
}

// genisys is a message: header, station, pairs. The checksum is escaped, too, unless
// it shall be sent as it is.
func genisys(raw bool, head byte, body ...byte) []byte {
	sum := binary.LittleEndian.AppendUint16(nil, genisysSum(append([]byte{head}, body...)))
	b := genisysEscape([]byte{head}, body)
	if raw {
		b = append(b, sum...)
	} else {
		b = genisysEscape(b, sum)
	}
	return append(b, 0xf6)
}

// genisysBare is a message without a checksum.
func genisysBare(head, station byte) []byte {
	return append(genisysEscape([]byte{head}, []byte{station}), 0xf6)
}

func genisysTalk(n *Net, c *Conn, ask, answer []byte) {
	c.Client(ask)
	n.Wait(2 * time.Millisecond)
	c.Server(answer)
	n.Wait(50 * time.Millisecond)
}

// genisysPoll polls two stations again and again.
func genisysPoll(n *Net) {
	c := n.Dial(genOffice, genField, 51300, PortGenisys)
	for i := range byte(12) {
		genisysTalk(n, c, genisys(true, 0xfb, 1), genisysBare(0xf1, 1))
		genisysTalk(n, c, genisys(true, 0xfb, 2), genisys(true, 0xf2, 2, 4, i, 5, 0xf3))
	}
	c.Close()
}

// genisysMessages has every header, escapes of every kind, and several messages in one
// segment.
func genisysMessages(n *Net) {
	c := n.Dial(genOffice, genField, 51310, PortGenisys)
	genisysTalk(n, c, genisys(false, 0xfd, 0xf6), genisys(false, 0xf2, 0xf6, 0, 0xff, 1, 0xf0, 0xe0, 2))
	genisysTalk(n, c, genisysBare(0xfb, 1), genisysBare(0xf1, 1))
	genisysTalk(n, c, genisys(false, 0xfc, 1, 3, 0x80, 4, 0x01), genisys(false, 0xf3, 1, 3, 0x80, 4, 0x01))
	genisysTalk(n, c, genisys(false, 0xfe, 1), genisysBare(0xf1, 1))
	genisysTalk(n, c, genisys(false, 0xfc, 1, 3, 0), genisys(false, 0xf3, 1, 3, 0))
	genisysTalk(n, c, genisys(false, 0xfe, 1), genisys(false, 0xf2, 1, 3, 7))
	genisysTalk(n, c, genisys(false, 0xfa, 1), genisysBare(0xf1, 1))
	genisysTalk(n, c, genisys(false, 0xf9, 5, 9, 1), genisysBare(0xf1, 5))
	c.Client(genisys(false, 0xf9, 0, 9, 1, 10, 2)) // to all
	c.Client(append(genisys(true, 0xfb, 1), genisys(true, 0xfb, 2)...))
	c.Server(append(genisysBare(0xf1, 1), genisysBare(0xf1, 2)...))
	for value := range 256 { // checksums of every kind, 0xf6 among them
		genisysTalk(n, c, genisys(true, 0xfb, byte(value)), genisys(true, 0xf2, byte(value), 1, byte(value)))
	}
	c.Client(genisys(true, 0xfb, 9)) // never answered
	c.Close()
}

// genisysMidstream begins in the middle, loses segments, and has answers nobody asked
// for.
func genisysMidstream(n *Net) {
	c := n.Midstream(genOffice, genField, 51320, PortGenisys)
	c.Server(genisys(true, 0xf2, 1, 1, 2))
	for range 3 {
		genisysTalk(n, c, genisys(true, 0xfb, 1), genisys(true, 0xf2, 1, 1, 2))
	}
	c.Client(genisys(true, 0xfb, 1))
	c.LoseServer(7)
	for range 3 {
		genisysTalk(n, c, genisys(true, 0xfb, 1), genisys(true, 0xf2, 1, 1, 2))
	}
	c.LoseClient(3)
	c.Client(genisys(true, 0xfb, 1)[3:])
	for range 3 {
		genisysTalk(n, c, genisys(true, 0xfb, 1), genisysBare(0xf1, 1))
	}
	c.Server(genisysBare(0xf1, 3))
	c.Server(genisys(true, 0xf3, 1, 1, 2))
	c.Close()
}

// genisysMalformed breaks each rule once.
func genisysMalformed(n *Net) {
	c := n.Dial(genOffice, genField, 51330, PortGenisys)
	genisysTalk(n, c, genisys(true, 0xfb, 1), genisysBare(0xf1, 1))
	bad := genisys(true, 0xfb, 1)
	bad[2] ^= 0x11
	genisysTalk(n, c, append(bad, genisys(true, 0xfb, 1)...), genisysBare(0xf1, 1))
	genisysTalk(n, c, genisys(true, 0xf2, 1, 1, 2), genisys(true, 0xfb, 1))
	genisysTalk(n, c, genisys(false, 0xfc, 1, 3), genisys(false, 0xf3, 1, 3))
	c.Client([]byte("no message"))
	genisysTalk(n, c, genisys(true, 0xfb, 1), genisysBare(0xf1, 1))
	c.Close()
}
