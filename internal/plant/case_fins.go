package plant

import (
	"net/netip"
	"time"
)

// Hosts of the FINS captures.
var (
	finsHMI = &Host{Name: "hmi", MAC: 0x02_00_00_00_0c_10, IP: netip.MustParseAddr("10.10.12.10")}
	finsPLC = &Host{Name: "plc", MAC: 0x02_00_00_00_0c_20, IP: netip.MustParseAddr("10.10.12.20"), TTL: 64}
)

// finsTalk is a client's way of asking over UDP.
type finsTalk struct {
	n *Net
	fins
}

func finsOver(n *Net) *finsTalk {
	return &finsTalk{n: n, fins: fins{to: [3]byte{0, 20, 0}, from: [3]byte{0, 10, 0}}}
}

func (t *finsTalk) up(b []byte)   { t.n.UDP(finsHMI, finsPLC, 50100, PortFINS, b) }
func (t *finsTalk) down(b []byte) { t.n.UDP(finsPLC, finsHMI, PortFINS, 50100, b) }

// exchange sends a command and the answer with an end code.
func (t *finsTalk) exchange(code uint16, body []byte, end uint16, data ...[]byte) {
	t.up(t.ask(code, body))
	t.n.Wait(2 * time.Millisecond)
	t.down(t.answer(code, end, data...))
	t.n.Wait(50 * time.Millisecond)
}

func finsJoin(parts ...[]byte) []byte { return iecJoin(parts...) }

// finsPoll reads words and bits again and again, and sets one word.
func finsPoll(n *Net) {
	t := finsOver(n)
	for i := range uint16(12) {
		t.exchange(0x0101, finsJoin(finsAt(0x82, 100, 0), big16(3)), 0, big16(700+i, 2, 0xfff0))
		t.exchange(0x0101, finsJoin(finsAt(0x30, 10, 5), big16(4)), 0, []byte{1, 0, byte(i & 1), 1})
		t.exchange(0x0104, finsJoin(finsAt(0xb1, 7, 0), finsAt(0x09, 3, 0)), 0, []byte{0xb1, 0, byte(i), 9, 1})
		t.exchange(0x0102, finsJoin(finsAt(0x82, 200, 0), big16(1), big16(i)), 0)
	}
}

// finsMemory touches every memory area in every way.
func finsMemory(n *Net) {
	t := finsOver(n)
	for _, code := range []byte{0x30, 0x31, 0x32, 0x33, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x09, 0x0a, 0x1b, 0x20, 0x2f, 0xe0, 0xe8} {
		t.exchange(0x0101, finsJoin(finsAt(code, 12, 3), big16(2)), 0, []byte{1, 0})
	}
	for _, code := range []byte{0xb0, 0xb1, 0xb2, 0xb3, 0x80, 0x81, 0x82, 0x84, 0x85, 0x89, 0x90, 0x98, 0x9c, 0xa0, 0xaf, 0x60, 0x68, 0xbc, 0xdd} {
		t.exchange(0x0101, finsJoin(finsAt(code, 0x8001, 0), big16(2)), 0, big16(uint16(code), 0x7fff))
	}
	t.exchange(0x0101, finsJoin(finsAt(0xdc, 1, 0), big16(1)), 0, big32(0x00010203))
	t.exchange(0x0101, finsJoin(finsAt(0xf1, 1, 0), big16(1)), 0, big32(0x00010203))
	t.exchange(0x0101, finsJoin(finsAt(0x71, 1, 15), big16(1)), 0, []byte{3})
	t.exchange(0x0101, finsJoin(finsAt(0xfd, 1, 15), big16(1)), 0x1101)
	t.exchange(0x0101, finsJoin(finsAt(0xfd, 1, 15), big16(1)), 0, []byte{3})
	t.exchange(0x0102, finsJoin(finsAt(0x31, 4, 1), big16(2), []byte{1, 0}), 0)
	t.exchange(0x0103, finsJoin(finsAt(0x82, 0, 0), big16(100, 0xabcd)), 0)
	t.exchange(0x0104, finsAt(0x82, 4, 0), 0, []byte{0x82, 0x12, 0x34})
	var many, read []byte
	for i := range uint16(140) {
		many, read = append(many, finsAt(0x82, i, 0)...), append(read, finsJoin([]byte{0x82}, big16(i))...)
	}
	t.exchange(0x0104, many, 0, read)
	t.exchange(0x0105, finsJoin(finsAt(0x82, 0, 0), finsAt(0xb2, 50, 0), big16(10)), 0)
	t.exchange(0x2301, finsJoin(big16(2, 1), finsAt(0x30, 100, 0), big16(0x8000), finsAt(0x30, 100, 1)), 0)
	t.exchange(0x2302, nil, 0)
	t.exchange(0x230a, finsJoin(finsAt(0x30, 0, 0), big16(2)), 0, finsAt(0x30, 0, 0), big16(2), []byte{3, 0})
	t.up(t.silent(0x0102, finsAt(0x82, 1, 0), big16(1, 9)))
}

// finsCommands asks for everything that is no memory and no transfer.
func finsCommands(n *Net) {
	t := finsOver(n)
	t.exchange(0x0201, big16(0x8010, 0, 2), 0, big16(0x8010, 0, 0x8002, 1, 2))
	t.exchange(0x0202, big16(0x8010, 4, 0x8002, 7, 8), 0)
	t.exchange(0x0203, big16(0x8012, 0, 100, 0), 0)
	t.exchange(0x0220, finsJoin(big16(0), []byte("SN"), big16(0, 1)), 0, big16(0x8000))
	t.exchange(0x0221, finsJoin(big16(0), []byte("SN"), big16(0, 1, 0x010a)), 0)
	t.exchange(0x0304, finsJoin(big16(0xffff), []byte{0}, big32(0), big32(0xffffffff), []byte("hunt")), 0)
	t.exchange(0x0305, finsJoin(big16(0xffff), []byte{0}, big32(0), big32(0xffffffff), []byte("hunt")), 0x2602)
	t.exchange(0x0308, finsJoin(big16(0xffff), []byte{0}), 0)
	t.exchange(0x0401, finsJoin(big16(0xffff), []byte{4}), 0)
	t.exchange(0x0401, big16(0xffff), 0x2203)
	t.exchange(0x0401, nil, 0)
	t.exchange(0x0402, nil, 0)
	t.up(t.silent(0x0403))
	t.exchange(0x0501, []byte{0}, 0, padded("FW1G-CPU44", 20), padded("02.10", 20), make([]byte, 40+12))
	t.exchange(0x0502, []byte{0, 2}, 0, []byte{0x82, 0x10}, padded("FW1W-ETN21", 20), []byte{0x11}, padded("FW1W-SCU41", 20))
	t.exchange(0x0601, nil, 0, []byte{1, 4}, big16(0, 0, 0, 0), make([]byte, 16))
	t.exchange(0x0602, nil, 0, make([]byte, 40))
	t.exchange(0x0603, nil, 0, make([]byte, 24))
	t.exchange(0x0620, []byte{1}, 0, big32(12), big32(40), big32(11))
	t.exchange(0x0701, nil, 0, []byte{0x26, 3, 2, 6, 0, 0, 1})
	t.exchange(0x0702, []byte{0x26, 3, 2, 6, 0, 0, 1}, 0)
	t.exchange(0x0801, []byte("there and back"), 0, []byte("there and back"))
	t.exchange(0x0802, nil, 0, big16(3))
	t.up(t.silent(0x0803, []byte("to all")))
	t.exchange(0x0920, []byte{0, 0xff}, 0, big16(0xff))
	for _, code := range []uint16{0x0c01, 0x0c02, 0x0c03} {
		t.exchange(code, big16(0xffff), 0)
	}
	t.exchange(0x0c01, big16(0xffff), 0x3001, []byte{0, 7, 0})
	t.exchange(0x2101, big16(0xfffe), 0)
	t.exchange(0x2102, big16(0, 1), 0, big16(1, 1, 1), make([]byte, 10))
	t.exchange(0x2103, nil, 0)
	t.exchange(0x2140, big16(0, 1), 0, big16(0, 0, 0))
	t.exchange(0x2141, nil, 0)
	t.exchange(0x2601, []byte("BAY 3"), 0)
	t.exchange(0x2603, nil, 0, []byte("BAY 3"))
	t.exchange(0x2602, nil, 0)
	t.exchange(0x7701, []byte{1, 2, 3}, 0x0401)
	t.to, t.from = [3]byte{2, 9, 0x11}, [3]byte{1, 10, 0} // beyond a gateway
	t.exchange(0x0501, nil, 0, padded("FAR-CPU", 20), padded("01.00", 20), make([]byte, 52))
	t.exchange(0x0101, finsJoin(finsAt(0x82, 100, 0), big16(1)), 0x8205, []byte{2, 9})
}

// finsErrors refuses a read in every way.
func finsErrors(n *Net) {
	t := finsOver(n)
	for _, end := range []uint16{
		0x0001, 0x0101, 0x0201, 0x0205, 0x0302, 0x0401, 0x0501, 0x1001, 0x1103, 0x1104, 0x2002, 0x2108, 0x2201, 0x2301, 0x2401,
		0x2502, 0x2604, 0x3001, 0x4001, 0x5555, 0x0040, 0x0080, 0x1144,
	} {
		t.exchange(0x0101, finsJoin(finsAt(0x82, 100, 0), big16(1)), end, big16(1)[:2*(1-min(1, int(end&^0xc0)))])
	}
	t.up(t.ask(0x0402)) // never answered
}

// finsFiles moves programs and files, whole and in part.
func finsFiles(n *Net) {
	t := finsOver(n)
	piece := func(first uint32, size uint16) []byte { return finsJoin(big16(0xffff), big32(first), big16(size)) }
	text := []byte("LD 0.00 OUT 100.00 END..")
	t.exchange(0x0306, piece(0, 16), 0, piece(0, 16), text[:16])
	t.exchange(0x0306, piece(16, 16), 0, piece(16, 0x8008), text[16:])
	t.exchange(0x0307, finsJoin(piece(0, 16), text[:16]), 0, piece(0, 16))
	t.exchange(0x0307, finsJoin(piece(16, 0x8008), text[16:]), 0, piece(16, 0x8008))
	t.exchange(0x0306, piece(8, 8), 0, piece(8, 0x8008), text[8:16]) // its beginning was not seen
	name := padded("PLANT.OBJ", 12)
	t.exchange(0x2201, big16(0, 0, 2), 0, make([]byte, 26))
	t.exchange(0x2202, finsJoin(big16(0), name, big32(0), big16(10, 0)), 0, big32(14), big32(0), big16(10), text[:10])
	t.exchange(0x2202, finsJoin(big16(0), name, big32(10), big16(10, 0)), 0, big32(14), big32(10), big16(4), text[10:14])
	t.exchange(0x2203, finsJoin(big16(0, 1), name, big32(0), big16(10), text[:10], big16(0)), 0)
	t.exchange(0x2203, finsJoin(big16(0, 2), name, big32(10), big16(4), text[10:14], big16(0)), 0)
	t.exchange(0x2202, finsJoin(big16(1), padded("NONE.OBJ", 12), big32(0), big16(10, 0)), 0x2006)
	t.exchange(0x2204, big16(0), 0)
	t.exchange(0x2205, finsJoin(big16(0, 2), name, padded("OTHER.OBJ", 12)), 0, big16(2))
	t.exchange(0x2206, finsJoin(big16(0, 0), padded("VOLUME", 12)), 0)
	t.exchange(0x2207, finsJoin(big16(0), name, big16(1), name), 0)
	t.exchange(0x2208, finsJoin(big16(0), name, padded("NEW.OBJ", 12)), 0)
	t.exchange(0x2209, finsJoin(big16(0), name), 0)
	t.exchange(0x220a, finsJoin(big16(0), finsAt(0x82, 0, 0), big16(100, 0), name), 0, big16(100))
	t.exchange(0x220b, finsJoin(big16(1, 0x8010, 0, 10, 0), name), 0, big16(10))
	t.exchange(0x220c, finsJoin(big16(1, 0xffff), big32(0), big32(64), big16(0), name), 0, big32(64))
	t.exchange(0x220f, finsJoin(big16(0), []byte{1}), 0, make([]byte, 4))
	t.exchange(0x2210, big16(3), 0, make([]byte, 16))
	t.exchange(0x2211, finsJoin(big16(0xc301, 3), text), 0)
	t.exchange(0x2215, finsJoin(big16(0, 0), padded("RECIPES", 12)), 0)
	t.exchange(0x2220, finsJoin(big16(0), big32(0)), 0)
}

// finsStream is FINS over TCP: node addresses first, then commands, several in a
// segment; the controller asks, too.
func finsStream(n *Net) {
	c := n.Dial(finsHMI, finsPLC, 50200, PortFINS)
	t := fins{to: [3]byte{0, 20, 0}, from: [3]byte{0, 251, 0}}
	c.Client(finsTCP(0, 0, big32(0)))
	c.Server(finsTCP(1, 0, finsJoin(big32(251), big32(20))))
	request := t.ask(0x0101, finsAt(0x82, 5, 0), big16(2))
	answer := t.answer(0x0101, 0, big16(5, 6))
	more := t.ask(0x0501)
	c.Client(finsJoin(finsTCP(2, 0, request), finsTCP(2, 0, more)))
	c.Server(finsJoin(finsTCP(2, 0, answer), finsTCP(2, 0, t.answer(0x0501, 0, padded("FW1G-CPU44", 20), padded("02.10", 20), make([]byte, 52)))))
	c.Server(finsTCP(6, 0, nil))
	back := fins{to: t.from, from: t.to, sid: 90}
	c.Server(finsTCP(2, 0, back.ask(0x0102, finsAt(0x82, 70, 0), big16(1, 0x55))))
	c.Client(finsTCP(2, 0, back.answer(0x0102, 0)))
	c.Client(finsTCP(2, 0, t.ask(0x0402)))
	c.Server(finsTCP(3, 3, nil))
	c.Close()
	c = n.Dial(finsHMI, finsPLC, 50201, PortFINS)
	c.Client(finsTCP(0, 0, big32(7)))
	c.Server(finsTCP(1, 0x21, finsJoin(big32(7), big32(20))))
	c.Close()
}

// finsMidstream begins in the middle, loses segments, and has answers nobody asked for.
func finsMidstream(n *Net) {
	c := n.Midstream(finsHMI, finsPLC, 50300, PortFINS)
	t := fins{to: [3]byte{0, 20, 0}, from: [3]byte{0, 251, 0}}
	read := func() []byte { return finsTCP(2, 0, t.ask(0x0101, finsAt(0x82, 5, 0), big16(2))) }
	say := func() []byte { return finsTCP(2, 0, t.answer(0x0101, 0, big16(5, 6))) }
	c.Server(finsTCP(2, 0, t.answer(0x0104, 0, []byte{0x82, 0, 1})))
	for range 3 {
		c.Client(read())
		c.Server(say())
	}
	c.Client(read())
	c.LoseServer(len(say()))
	for range 4 {
		c.Client(read())
		c.Server(say())
	}
	c.LoseClient(40)
	c.Client(read()[4:])
	for range 3 {
		c.Client(read())
		c.Server(say())
	}
	c.Close()
	o := finsOver(n)
	o.down(o.answer(0x0501, 0, padded("FW1G-CPU44", 20), padded("02.10", 20), make([]byte, 52)))
	o.down(o.answer(0x0306, 0, big16(0), big32(0), big16(2), []byte{1, 2}))
	o.down(o.answer(0x0102, 0x1103))
	o.exchange(0x0101, finsJoin(finsAt(0x82, 5, 0), big16(1)), 0, big16(1))
}

// finsMalformed breaks each rule once.
func finsMalformed(n *Net) {
	t := finsOver(n)
	t.exchange(0x0501, nil, 0x0040)
	t.exchange(0x0101, finsJoin(finsAt(0x82, 5, 0), big16(2)), 0, big16(1))
	t.exchange(0x0102, finsJoin(finsAt(0x82, 5, 0), big16(2, 1)), 0x1003)
	t.exchange(0x0104, finsJoin(finsAt(0x82, 5, 0), []byte{1}), 0, big16(1, 2, 3, 4))
	t.exchange(0x2301, finsJoin(big16(3, 1), finsAt(0x30, 1, 1)), 0x1003)
	t.exchange(0x0101, []byte{0x82}, 0x1002)
	t.exchange(0x2205, finsJoin(big16(0, 3), padded("A.OBJ", 12)), 0x1002)
	t.exchange(0x2203, finsJoin(big16(0, 1), padded("A.OBJ", 12), big32(0), big16(100), []byte{1}), 0x1002)
	t.up([]byte{0x80, 0, 2, 0, 20})
	t.down([]byte{0xc0, 0, 2, 0, 20, 0, 0, 10, 0, 1, 1, 1, 0})
	bad := t.ask(0x0402)
	bad[0] |= 0x10
	t.up(bad)
	c := n.Dial(finsHMI, finsPLC, 50400, PortFINS)
	c.Client(finsTCP(0, 0, big32(0)))
	c.Server(finsTCP(1, 0, finsJoin(big32(251), big32(20))))
	c.Client(finsTCP(2, 0, []byte{1, 2, 3}))
	c.Client([]byte("these sixteen octets are none"))
	c.Client(finsTCP(2, 0, t.ask(0x0402)))
	c.Client(finsTCP(77, 0, nil))
	c.Close()
}
