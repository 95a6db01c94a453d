package plant

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Hosts of the DLMS captures, and the port.
var (
	dlmsHead  = &Host{Name: "head-end", MAC: 0x02_00_00_00_32_10, IP: netip.MustParseAddr("10.10.32.10")}
	dlmsMeter = &Host{Name: "meter", MAC: 0x02_00_00_00_32_20, IP: netip.MustParseAddr("10.10.32.20")}
)

const portDLMS = 4059

// dlms is an association of client 16 with logical device 1.
type dlms struct {
	net    *Net
	conn   *Conn
	invoke byte
	hdlc   bool
	count  byte // of HDLC frames
}

// wrap frames an APDU of one side.
func (d *dlms) wrap(toServer bool, apdu []byte) []byte {
	from, to := byte(1), byte(16)
	if toServer {
		from, to = to, from
	}
	if !d.hdlc {
		b := []byte{0, 1, 0, from, 0, to}
		b = binary.BigEndian.AppendUint16(b, uint16(len(apdu)))
		return append(b, apdu...)
	}
	llc := []byte{0xe6, 0xe7, 0}
	if toServer {
		llc[1] = 0xe6
	}
	d.count += 2
	return hdlcFrame(to, from, d.count&0xe, append(llc, apdu...), false)
}

// hdlcFrame builds an HDLC frame between flags.
func hdlcFrame(to, from, control byte, data []byte, part bool) []byte {
	n := 7 + len(data)
	if len(data) > 0 {
		n += 2
	}
	f := []byte{0xa0 | byte(n>>8), byte(n), to<<1 | 1, from<<1 | 1, control}
	if part {
		f[0] |= 8
	}
	f = hdlcCheck(f)
	if len(data) > 0 {
		f = hdlcCheck(append(f, data...))
	}
	return append(append([]byte{0x7e}, f...), 0x7e)
}

func hdlcCheck(b []byte) []byte {
	r := uint16(0xffff)
	for _, c := range b {
		r ^= uint16(c)
		for range 8 {
			low := r & 1
			r = r>>1 ^ low*0x8408
		}
	}
	return binary.LittleEndian.AppendUint16(b, ^r)
}

func (d *dlms) client(apdu ...byte) {
	d.conn.Client(d.wrap(true, apdu))
	d.net.Wait(5 * time.Millisecond)
}

func (d *dlms) server(apdu ...byte) {
	d.conn.Server(d.wrap(false, apdu))
	d.net.Wait(90 * time.Millisecond)
}

// next is the invoke identifier of the next request, confirmed and of high priority.
func (d *dlms) next() byte {
	d.invoke = d.invoke&0xf + 1
	d.invoke &= 0xf
	return 0xc0 | d.invoke
}

// dlmsObject is a class, an OBIS code and a number.
func dlmsObject(class byte, obis [6]byte, number byte) []byte {
	return append(append([]byte{0, class}, obis[:]...), number)
}

// get reads an attribute; answer is what stands behind the invoke identifier.
func (d *dlms) get(object []byte, answer ...byte) {
	i := d.next()
	d.client(append(append([]byte{0xc0, 1, i}, object...), 0)...)
	d.server(append([]byte{0xc4, 1, i}, answer...)...)
}

func (d *dlms) set(object []byte, result byte, data ...byte) {
	i := d.next()
	d.client(append(append(append([]byte{0xc1, 1, i}, object...), 0), data...)...)
	d.server(0xc5, 1, i, result)
}

func (d *dlms) act(object []byte, answer []byte, data ...byte) {
	i := d.next()
	d.client(append(append([]byte{0xc3, 1, i}, object...), data...)...)
	d.server(append([]byte{0xc7, 1, i}, answer...)...)
}

var (
	dlmsEnergy  = dlmsObject(3, [6]byte{1, 0, 1, 8, 0, 255}, 2)
	dlmsVoltage = dlmsObject(3, [6]byte{1, 0, 32, 7, 0, 255}, 2)
	dlmsName    = dlmsObject(1, [6]byte{0, 0, 42, 0, 0, 255}, 2)
	dlmsProfile = dlmsObject(7, [6]byte{1, 0, 99, 1, 0, 255}, 2)
)

// associate asks for an association with a mechanism, the meter answers with a result.
func (d *dlms) associate(mechanism byte, secret string, result, reason byte) {
	inner := []byte{0xa1, 9, 6, 7, 0x60, 0x85, 0x74, 5, 8, 1, 1}
	if mechanism > 0 {
		inner = append(inner, 0x8a, 2, 7, 0x80, 0x8b, 7, 0x60, 0x85, 0x74, 5, 8, 2, mechanism, 0xac, byte(2+len(secret)), 0x80, byte(len(secret)))
		inner = append(inner, secret...)
	}
	inner = append(inner, 0xbe, 0x10, 4, 0x0e, 1, 0, 0, 0, 6, 0x5f, 0x1f, 4, 0, 0, 0x7e, 0x1f, 0xff, 0xff)
	d.client(append([]byte{0x60, byte(len(inner))}, inner...)...)
	d.server(0x61, 0x1f, 0xa1, 9, 6, 7, 0x60, 0x85, 0x74, 5, 8, 1, 1, 0xa2, 3, 2, 1, result, 0xa3, 5, 0xa1, 3, 2, 1, reason, 0xbe, 6, 4, 4, 14, 1, 6, 2)
}

// dlmsPoll reads two attributes again and again.
func dlmsPoll(n *Net) {
	d := &dlms{net: n, conn: n.Dial(dlmsHead, dlmsMeter, 49320, portDLMS)}
	d.associate(0, "", 0, 0)
	for i := range byte(8) {
		d.get(dlmsEnergy, 0, 6, 0, 0, 0x40, i)
		d.get(dlmsVoltage, 0, 18, 8, i)
	}
	d.conn.Close()
}

// dlmsServices shows each service, and who a meter is.
func dlmsServices(n *Net) {
	d := &dlms{net: n, conn: n.Dial(dlmsHead, dlmsMeter, 49321, portDLMS)}
	d.associate(1, "hunter2", 1, 13)
	d.associate(1, "S3cr3t", 0, 0)
	d.get(dlmsName, append([]byte{0, 9, 16}, "ABC0000012345678"...)...)
	d.get(dlmsObject(1, [6]byte{0, 0, 96, 1, 0, 255}, 2), append([]byte{0, 10, 8}, "12345678"...)...)
	d.get(dlmsObject(1, [6]byte{1, 0, 0, 2, 0, 255}, 2), append([]byte{0, 9, 5}, "V1.07"...)...)
	d.get(dlmsObject(8, [6]byte{0, 0, 1, 0, 0, 255}, 2), 0, 25, 7, 0xe2, 10, 3, 3, 6, 0, 0, 0, 0, 60, 0)
	d.get(dlmsVoltage, 0, 23, 0x43, 0x66, 0, 0)
	d.get(dlmsObject(1, [6]byte{1, 0, 0, 9, 9, 255}, 2), 1, 4)
	d.get(dlmsObject(1, [6]byte{1, 0, 0, 9, 8, 255}, 0xff), 1, 250)
	i := d.next()
	d.client(append(append(append([]byte{0xc0, 3, i, 3}, append(dlmsEnergy, 0)...), append(dlmsVoltage, 0)...), append(dlmsName, 0)...)...)
	d.server(0xc4, 3, i, 3, 0, 21, 0, 0, 0, 0, 0, 0, 0, 9, 1, 3, 0, 2, 2, 1, 1, 17, 5, 9, 2, 'h', 'i')
	i = d.next() // a profile by range, in blocks
	d.client(append(append([]byte{0xc0, 1, i}, dlmsProfile...), 1, 1, 2, 4, 2, 4, 18, 0, 8, 9, 6, 0, 0, 1, 0, 0, 255, 15, 2, 18, 0, 0, 9, 1, 1, 9, 1, 2, 1, 0)...)
	d.server(0xc4, 2, i, 0, 0, 0, 0, 1, 0, 4, 1, 2, 2, 1)
	d.client(0xc0, 2, i, 0, 0, 0, 1)
	d.server(0xc4, 2, i, 1, 0, 0, 0, 2, 0, 2, 17, 1)
	dlmsBlocks(d)
	d.set(dlmsObject(1, [6]byte{0, 0, 96, 3, 10, 255}, 2), 0, 18, 1, 2)
	d.get(dlmsObject(1, [6]byte{0, 0, 96, 13, 0, 255}, 2), append([]byte{0, 12, 9}, "Hof f\u00fcnf"...)...) // a message
	d.get(dlmsObject(1, [6]byte{0, 0, 128, 13, 0, 255}, 2), append([]byte{0, 10, 6}, "S3cr3t"...)...)       // a maker's own
	d.get(dlmsObject(46, [6]byte{0, 0, 25, 5, 0, 255}, 4), append([]byte{0, 10, 6}, "S3cr3t"...)...)        // a password
	d.get(dlmsObject(1, [6]byte{0, 0, 96, 13, 1, 255}, 2), append([]byte{0, 9, 6}, "S3cr3t"...)...)         // octets
	d.set(dlmsObject(1, [6]byte{0, 0, 96, 13, 0, 255}, 2), 0, append([]byte{10, 5}, "ready"...)...)         // another
	d.set(dlmsObject(8, [6]byte{0, 0, 1, 0, 0, 255}, 2), 3, 9, 2, 1, 1)
	d.set(dlmsObject(15, [6]byte{0, 0, 40, 0, 0, 255}, 7), 0, append([]byte{9, 7}, "hunter2"...)...)
	d.set(dlmsObject(18, [6]byte{0, 0, 44, 0, 0, 255}, 5), 13, 3, 1)
	i = d.next()
	d.client(append(append([]byte{0xc1, 2, i}, dlmsProfile...), 0, 0, 0, 0, 0, 1, 2, 9, 9)...)
	d.server(0xc5, 2, i, 0, 0, 0, 1)
	d.client(0xc1, 3, i, 1, 0, 0, 0, 2, 1, 9)
	d.server(0xc5, 3, i, 0, 0, 0, 0, 2)
	i = d.next()
	d.client(append(append([]byte{0xc1, 4, i, 2}, append(dlmsEnergy, 0)...), append(append(dlmsVoltage, 0), 2, 18, 0, 1, 18, 0, 2)...)...)
	d.server(0xc5, 5, i, 2, 0, 12)
	d.act(dlmsObject(70, [6]byte{0, 0, 96, 3, 10, 255}, 1), []byte{0, 0}, 1, 15, 0)                    // disconnect
	d.act(dlmsObject(9, [6]byte{0, 0, 10, 0, 100, 255}, 1), []byte{3}, 1, 18, 0, 1)                    // a script
	d.act(dlmsObject(18, [6]byte{0, 0, 44, 0, 0, 255}, 1), []byte{0, 1, 0, 17, 3}, 1, 2, 1, 17, 1)     // begin an image
	d.act(dlmsObject(64, [6]byte{0, 0, 43, 0, 0, 255}, 2), []byte{2, 1, 1, 4}, 1, 9, 1, 1)             // transfer a key
	d.act(dlmsObject(15, [6]byte{0, 0, 40, 0, 0, 255}, 1), []byte{0, 1, 0, 9, 2, 1, 2}, 1, 9, 2, 3, 4) // answer a challenge
	d.act(dlmsObject(15, [6]byte{0, 0, 40, 0, 0, 255}, 1), []byte{250}, 1, 9, 2, 3, 4)
	d.act(dlmsObject(15, [6]byte{0, 0, 40, 0, 0, 255}, 2), []byte{0}, 1, 9, 2, 3, 4)
	i = d.next()
	d.client(append(append([]byte{0xc3, 1, i}, dlmsObject(70, [6]byte{0, 0, 96, 3, 10, 255}, 2)...), 0)...)
	d.server(0xd8, 2, 2)
	d.client(0x05, 1, 2, 0x12, 0x34)
	d.server(0x0c, 1, 0, 17, 4)
	d.client(0x06, 1, 2, 0x12, 0x34, 1, 17, 4)
	d.server(0x0e, 6, 5, 1)
	d.client(0x16, 1, 2, 0x12, 0x34, 1, 17, 4)
	d.server(append([]byte{0xc2, 0}, append(dlmsEnergy, 6, 0, 0, 0, 7)...)...)
	d.server(append([]byte{0xc2, 0}, append(dlmsObject(1, [6]byte{0, 0, 96, 13, 0, 255}, 2), append([]byte{10, 9}, "low water"...)...)...)...)
	d.server(0x0f, 0, 0, 0, 1, 0, 2, 1, 17, 1)
	d.client(0xc8, 9, 0x30, 0, 0, 0, 1, 7, 7, 7, 7)
	d.server(0xcc, 9, 0x30, 0, 0, 0, 1, 8, 8, 8, 8)
	for _, tag := range []byte{0x21, 0x25, 0x26, 0x41, 0x45, 0x46} {
		d.client(tag, 9, 0x30, 0, 0, 0, 1, 7, 7, 7, 7)
		d.server(tag+7, 9, 0x30, 0, 0, 0, 1, 8, 8, 8, 8)
	}
	d.client(0x25, 9, 0x30, 0, 0, 0, 1, 7, 7, 7, 7)
	d.server(0x2e, 9, 0x30, 0, 0, 0, 1, 8, 8, 8, 8)
	d.client(0x45, 9, 0x30, 0, 0, 0, 1, 7, 7, 7, 7)
	d.server(0x4e, 9, 0x30, 0, 0, 0, 1, 8, 8, 8, 8)
	d.client(0x36, 9, 0x30, 0, 0, 0, 1, 7, 7, 7, 7)
	d.client(0x56, 9, 0x30, 0, 0, 0, 1, 7, 7, 7, 7)
	d.server(0x38, 9, 0x30, 0, 0, 0, 1, 8, 8, 8, 8)
	d.server(0x58, 9, 0x30, 0, 0, 0, 1, 8, 8, 8, 8)
	dlmsRefusals(d)
	d.client(0xdb, 0, 5, 0x30, 0, 0, 0, 2)
	d.server(0xdb, 0, 5, 0x30, 0, 0, 0, 3)
	d.client(0x62, 0)
	d.server(0x63, 0)
	d.conn.Close()
}

// dlmsBlocks has values in blocks: of one attribute in one, of a list in two, and one of which a
// block is missing.
func dlmsBlocks(d *dlms) {
	i := d.next()
	d.client(append(append([]byte{0xc0, 1, i}, dlmsEnergy...), 0)...)
	d.server(0xc4, 2, i, 1, 0, 0, 0, 1, 0, 5, 6, 0, 0, 1, 0)
	list := append(append(append([]byte{0xc0, 3, 0, 3}, append(dlmsEnergy, 0)...), append(dlmsVoltage, 0)...), append(dlmsName, 0)...)
	for _, second := range []byte{2, 3} {
		list[2] = d.next()
		d.client(list...)
		d.server(0xc4, 2, list[2], 0, 0, 0, 0, 1, 0, 6, 3, 0, 6, 0, 0, 2)
		d.client(0xc0, 2, list[2], 0, 0, 0, 1)
		d.server(append([]byte{0xc4, 2, list[2], 1, 0, 0, 0, second, 0, 22, 0, 1, 4, 0, 9, 16}, "ABC0000012345678"...)...)
	}
}

// dlmsRefusals is what is refused inside of blocks, of actions and of associations, and
// what holds a PIN.
func dlmsRefusals(d *dlms) {
	i := d.next() // the second block is an error
	d.client(append(append([]byte{0xc0, 1, i}, dlmsProfile...), 0)...)
	d.server(0xc4, 2, i, 0, 0, 0, 0, 1, 0, 4, 1, 2, 2, 1)
	d.client(0xc0, 2, i, 0, 0, 0, 1)
	d.server(0xc4, 2, i, 1, 0, 0, 0, 2, 1, 15)
	i = d.next()
	d.client(append(append([]byte{0xc1, 2, i}, dlmsProfile...), 0, 0, 0, 0, 0, 1, 2, 9, 9)...)
	d.server(0xc5, 2, i, 0, 0, 0, 1)
	d.client(0xc1, 3, i, 1, 0, 0, 0, 2, 1, 9)
	d.server(0xc5, 3, i, 17, 0, 0, 0, 2)
	d.act(dlmsObject(18, [6]byte{0, 0, 44, 0, 0, 255}, 2), []byte{15}, 1, 2, 1, 17, 1)
	d.get(dlmsObject(45, [6]byte{0, 0, 25, 4, 0, 255}, 3), 0, 18, 0x04, 0xd2)                       // the PIN of a modem
	d.get(dlmsObject(1, [6]byte{0, 0, 96, 5, 0, 255}, 2), 0, 2, 3, 28, 1, 29, 0, 1, 33, 0, 0, 0, 1) // differences
	d.client(0x60, 0x1d, 0xa1, 9, 6, 7, 0x60, 0x85, 0x74, 5, 8, 1, 1, 0xbe, 0x10, 4, 0x0e, 1, 0, 0, 0, 6, 0x5f, 0x1f, 4, 0, 0, 0x7e, 0x1f, 0xff, 0xff)
	d.server(0x61, 0x17, 0xa1, 9, 6, 7, 0x60, 0x85, 0x74, 5, 8, 1, 1, 0xa2, 3, 2, 1, 1, 0xa3, 5, 0xa2, 3, 2, 1, 2)
	d.client(0x01, 0, 0, 0, 6, 0x5f, 0x1f, 4, 0, 0, 0x7e, 0x1f, 0xff, 0xff)
	d.server(0x0e, 1, 6, 2)
}

// dlmsFrames carries HDLC over TCP: several frames in a segment, one flag between
// two, and a frame in segments.
func dlmsFrames(n *Net) {
	d := &dlms{net: n, hdlc: true, conn: n.Dial(dlmsHead, dlmsMeter, 49322, 4061)}
	d.conn.Client(hdlcFrame(1, 16, 0x93, nil, false))
	d.conn.Server(hdlcFrame(16, 1, 0x73, []byte{0x81, 0x80, 0}, false))
	d.associate(2, "abcdefgh", 0, 14)
	d.act(dlmsObject(15, [6]byte{0, 0, 40, 0, 0, 255}, 1), []byte{0}, 1, 9, 2, 3, 4)
	for range 3 {
		d.get(dlmsEnergy, 0, 6, 0, 0, 0x40, 1)
	}
	i := d.next()
	b := d.wrap(true, append(append([]byte{0xc0, 1, i}, dlmsName...), 0))
	d.conn.Client(append(append([]byte{0x7e}, hdlcFrame(1, 16, 0x11, nil, false)...), b[1:]...))
	d.conn.Server(hdlcFrame(16, 1, 0x30, append([]byte{0xe6, 0xe7, 0, 0xc4, 1, i, 0, 9, 16}, "ABC00"...), true))
	d.conn.Server(hdlcFrame(16, 1, 0x32, []byte("00012345678"), false))
	b = d.wrap(true, append(append([]byte{0xc0, 1, i}, dlmsName...), 0))
	b[len(b)-2] ^= 1
	d.conn.Client(b)
	d.conn.Server(hdlcFrame(16, 1, 0x13, []byte{0xe6, 0xe7, 0, 0x0f, 0, 0, 0, 2, 0, 2, 1, 17, 1}, false)) // unasked
	d.conn.Client(hdlcFrame(1, 16, 0x53, nil, false))
	d.conn.Close()
	u := &dlms{net: n}
	n.UDP(dlmsHead, dlmsMeter, 49323, portDLMS, u.wrap(true, append(append([]byte{0xc0, 1, 0xc1}, dlmsEnergy...), 0)))
	n.UDP(dlmsMeter, dlmsHead, portDLMS, 49323, u.wrap(false, []byte{0xc4, 1, 0xc1, 0, 18, 0, 1}))
}

// dlmsMidstream begins in the middle and loses bytes.
func dlmsMidstream(n *Net) {
	d := &dlms{net: n, conn: n.Midstream(dlmsHead, dlmsMeter, 49324, portDLMS)}
	d.server(0xc4, 1, 0xc1, 0, 18, 0, 1)
	d.get(dlmsEnergy, 0, 6, 0, 0, 0x40, 1)
	d.conn.LoseServer(20)
	d.get(dlmsEnergy, 0, 6, 0, 0, 0x40, 1)
	d.get(dlmsVoltage, 0, 6, 0, 0, 0x40, 1)
	d.server(0xc4, 1, 0xc9, 1, 2)
	d.server(0xc5, 1, 0xc9, 2)
	d.server(0xd8, 2, 1)
	d.server(0x61, 0x09, 0xa1, 2, 6, 0, 0xa2, 3, 2, 1, 0)
	d.conn.Close()
}

// dlmsMalformed breaks each rule once.
func dlmsMalformed(n *Net) {
	d := &dlms{net: n, conn: n.Dial(dlmsHead, dlmsMeter, 49325, portDLMS)}
	d.associate(0, "", 0, 0)
	i := d.next()
	d.client(0xc0, 1, i, 0, 3)
	d.server(0xc4)
	d.client(0xc0, 9, i, 0, 3)
	d.server(0xc4, 1, i)
	d.client(append([]byte{0xc0, 3, i, 2}, append(dlmsEnergy, 0)...)...)
	d.server(0xc4, 3, i, 2, 1, 2, 1, 2)
	d.client(append(append([]byte{0xc0, 1, i}, dlmsEnergy...), 0)...)
	d.server(0xc4, 3, i, 2, 1, 2, 1, 2)
	d.client(0x60, 9, 1)
	d.server(0x61, 2, 0xa1, 0)
	d.server(0xc2, 0, 0, 3)
	d.client(0xc4, 1, 1, 0)
	d.server(0xc0, 1, 1, 0)
	d.conn.Client([]byte("no frame of this protocol"))
	d.get(dlmsEnergy, 0, 6, 0, 0, 0x40, 1)
	d.conn.Close()
}
