package plant

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Hosts of the BSAP captures.
var (
	bsapMaster = &Host{Name: "master", MAC: 0x02_00_00_00_1d_10, IP: netip.MustParseAddr("10.10.29.10")}
	bsapRTU    = &Host{Name: "rtu", MAC: 0x02_00_00_00_1d_20, IP: netip.MustParseAddr("10.10.29.20"), TTL: 64}
)

// Ports of BSAP: over IP, and of serial frames.
const (
	PortBSAP       = 1234
	PortBSAPSerial = 1235
)

// bsapTalk writes both forms, counting its requests.
type bsapTalk struct {
	n        *Net
	sequence uint16
}

func bsapSum(b []byte) uint16 {
	c := uint16(0xffff)
	for _, x := range b {
		c ^= uint16(x)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ 0x8408
			} else {
				c >>= 1
			}
		}
	}
	return c
}

// bsapFrame puts a serial frame between its ends.
func bsapFrame(m []byte) []byte {
	b := []byte{0x10, 2}
	for _, c := range m {
		if b = append(b, c); c == 0x10 {
			b = append(b, c)
		}
	}
	sum := bsapSum(append(m[:len(m):len(m)], 3))
	return binary.LittleEndian.AppendUint16(append(b, 0x10, 3), sum)
}

// bsapLocal is a frame with a local header; bsapGlobal one with a global header.
func bsapLocal(address, to, from byte, sequence uint16, data ...[]byte) []byte {
	b := append([]byte{address, byte(sequence), to}, little16(sequence)...)
	return bsapFrame(append(append(b, from, 0), finsJoin(data...)...))
}

func bsapGlobal(destination, source uint16, to, from byte, sequence uint16, data ...[]byte) []byte {
	b := append([]byte{0x81, byte(sequence)}, little16(destination, source)...)
	b = append(append(b, 0, to), little16(sequence)...)
	return bsapFrame(append(append(b, from, 0), finsJoin(data...)...))
}

func (t *bsapTalk) up(b []byte)   { t.n.UDP(bsapMaster, bsapRTU, PortBSAPSerial, PortBSAPSerial, b) }
func (t *bsapTalk) down(b []byte) { t.n.UDP(bsapRTU, bsapMaster, PortBSAPSerial, PortBSAPSerial, b) }

// exchange asks station 1 over a serial line.
func (t *bsapTalk) exchange(task byte, data, answer []byte) {
	t.sequence++
	t.up(bsapLocal(1, task, 3, t.sequence, data))
	t.n.Wait(20 * time.Millisecond)
	t.down(bsapLocal(0, 3, task, t.sequence, answer))
	t.n.Wait(100 * time.Millisecond)
}

// bsapName asks of signals by their names.
func bsapNames(names ...string) []byte {
	b := []byte{4, 1, 0x40, 0x0f, byte(len(names))}
	for _, s := range names {
		b = append(append(b, s...), 0)
	}
	return b
}

// bsapIP is a datagram of the form over IP with so many messages.
func bsapIP(kind uint16, sequence uint32, messages ...[]byte) []byte {
	b := little16(14, uint16(len(messages)), kind)
	b = append(b, words32(sequence, sequence)...)
	return append(b, finsJoin(messages...)...)
}

func bsapMessage(sequence uint32, function byte, data ...byte) []byte {
	b := append(words32(uint32(11+len(data))), 0)
	return append(append(append(b, words32(sequence)...), function, 0), data...)
}

// bsapPoll reads signals again and again, and writes one.
func bsapPoll(n *Net) {
	t := &bsapTalk{n: n, sequence: 0x1000}
	for i := range byte(12) {
		t.exchange(0xa0, bsapNames("@GV.LEVEL."), []byte{0, 1, 0x10, i, 0x82, 0xbe})
		t.exchange(0xa0, bsapNames("@GV.FLOW.", "@GV.ON."), []byte{0, 2, 1, 2, 3, 4, 1})
		t.exchange(0xa0, append([]byte{0x84, 0x0f, 1}, "@GV.SET.\x00\x0b\x00\x00\x70\x42"...), []byte{0})
	}
}

// bsapFunctions asks for everything, in both headers.
func bsapFunctions(n *Net) {
	t := &bsapTalk{n: n}
	for _, function := range []byte{0, 2, 0x0c, 0x0d, 0x0e, 0x0f, 0x80, 0x8c, 0x8d, 0x55} {
		t.exchange(0xa0, []byte{function, 1, 0, 0x0f, 1, 0x11, 0, 10}, []byte{0, 1, 2})
	}
	t.exchange(0xa0, bsapNames("A.B.C", "D.E.F"), []byte{0x82})
	t.exchange(0xa0, append([]byte{6}, bsapNames("A.B.C")[1:]...), []byte{0, 1, 0})
	for _, function := range []uint16{0x101, 0x102, 0x201, 0x202, 0x203, 0x281, 0x400, 0x777} {
		t.exchange(0xa1, append([]byte{0xa1, 0, 0, 3, 0}, little16(function)...), []byte{0})
	}
	for _, task := range []byte{0x40, 0x48, 0x50, 0x60, 0x68, 0x6a, 0x70, 0x78, 0x88, 0x89, 0xa2, 0xa3, 0xa8, 0xa9, 0xaa, 0xb0, 0xb1, 0xbf, 0xc7} {
		t.exchange(task, []byte{1, 2, 3}, []byte{0})
	}
	t.up(bsapGlobal(0x1203, 0, 0xa0, 3, 900, bsapNames("@GV.LEVEL.")))
	t.down(bsapGlobal(0, 0x1203, 3, 0xa0, 900, []byte{0, 1, 0}))
	t.up(bsapFrame([]byte{1, 0x10, 0x85, 0})) // a poll, and that there is nothing
	t.down(bsapFrame([]byte{0, 0x10, 0x87, 0}))
	t.up(bsapLocal(2, 0xa0, 3, 901, bsapNames("@GV.LEVEL."))) // never answered
}

// bsapOverIP asks over IP.
func bsapOverIP(n *Net) {
	up := func(b []byte) { n.UDP(bsapMaster, bsapRTU, PortBSAP, PortBSAP, b); n.Wait(10 * time.Millisecond) }
	down := func(b []byte) { n.UDP(bsapRTU, bsapMaster, PortBSAP, PortBSAP, b); n.Wait(90 * time.Millisecond) }
	named := finsJoin([]byte{4, 3, 0xd0, 1, 0x0f, 2}, zeroed("@GV.DS2"), zeroed("@GV.DS1"))
	for i := range uint32(6) {
		up(bsapIP(6, 100+i, bsapMessage(100+i, 0xa0, named...)))
		down(bsapIP(5, 100+i, bsapMessage(100+i, 0, 2, 0, 0, 0, 5, 0, 4)))
	}
	up(bsapIP(0x84, 200, bsapMessage(200, 0xa0, 0x80, 1, 0, 0x0f, 1, 0x11, 0, 10), bsapMessage(201, 0xa0, named...)))
	down(bsapIP(5, 200, bsapMessage(200, 0), bsapMessage(201, 0x80)))
	up(bsapIP(6, 202, bsapMessage(202, 0xa0, finsJoin([]byte{0x84, 0x0f, 1}, zeroed("@GV.AS2"), []byte{0x0b, 0, 0, 0x70, 0x42})...)))
	down(bsapIP(5, 202, bsapMessage(202, 0)))
	up(bsapIP(6, 203, bsapMessage(203, 0xa0, finsJoin([]byte{0x84, 0x0f, 2}, zeroed("@GV.AS2"), []byte{0x0b, 0, 0, 0x70, 0x42}, zeroed("@GV.DS2"), []byte{9})...)))
	down(bsapIP(5, 203, bsapMessage(203, 0)))
	up(bsapIP(6, 204, bsapMessage(204, 0xa0, 0x80, 1, 0, 0x0f, 1, 0x12, 0, 0x0b, 0, 0, 0x70, 0x42)))
	down(bsapIP(5, 204, bsapMessage(204, 0)))
	long := bsapIP(0x86, 300, bsapMessage(300, 0xa0, named...))
	long = finsJoin([]byte{22}, long[1:14], make([]byte, 8), long[14:])
	up(long)
}

// bsapMidstream has answers nobody asked for.
func bsapMidstream(n *Net) {
	t := &bsapTalk{n: n}
	t.down(bsapLocal(0, 3, 0xa0, 7, []byte{0, 1, 0}))
	t.down(bsapLocal(0, 3, 0x70, 8, []byte{0}))
	t.exchange(0xa0, bsapNames("@GV.LEVEL."), []byte{0, 1, 0})
}

// bsapMalformed breaks each rule once.
func bsapMalformed(n *Net) {
	t := &bsapTalk{n: n, sequence: 50}
	t.exchange(0xa0, bsapNames("@GV.LEVEL."), []byte{0, 1, 0})
	bad := bsapLocal(1, 0xa0, 3, 60, bsapNames("@GV.LEVEL."))
	bad[4]++
	t.up(bad)
	t.up(bsapLocal(0, 3, 0xa0, 61, []byte{0}))
	t.down(bsapLocal(1, 0xa0, 3, 62, []byte{4}))
	t.exchange(0xa0, []byte{4, 1, 0x40, 0x0f, 2, 'a', 0, 'b'}, []byte{0x80})
	t.exchange(0xa0, nil, []byte{0x80})
	t.exchange(0xa1, []byte{1}, []byte{0x80})
	t.down(bsapIP(6, 1, bsapMessage(1, 0xa0, 4)))
}

// bsapTyped is a signal with its type, value, address and the version of the database, as answers of the form
// over IP have it where a read selects these.
func bsapTyped(kind byte, address, version uint16, value ...byte) []byte {
	return finsJoin([]byte{kind}, value, little16(address, version))
}

// bsapValues reads signals with their types, by name and by address; what does not come out even is not told: a
// text, two versions, fewer than were asked for, a part that is nobody knows how long.
func bsapValues(n *Net) {
	sequence := uint32(0)
	talk := func(code, count byte, ask []byte, parts ...[]byte) {
		sequence++
		n.UDP(bsapMaster, bsapRTU, PortBSAP, PortBSAP, bsapIP(6, sequence, bsapMessage(sequence, 0xa0, ask...)))
		n.Wait(10 * time.Millisecond)
		b := bsapMessage(sequence, code, finsJoin(parts...)...)
		b[10] = count
		n.UDP(bsapRTU, bsapMaster, PortBSAP, PortBSAP, bsapIP(5, sequence, b))
		n.Wait(90 * time.Millisecond)
	}
	level := []byte{0, 0, 0xa0, 0x42}
	byName := func(first, second byte) []byte {
		return finsJoin([]byte{4, 3, first, second, 0x0f, 2}, zeroed("@GV.LEVEL"), zeroed("@GV.ON"))
	}
	byAddress := finsJoin([]byte{0, 3, 0xd0, 1}, little16(0x7724), []byte{0x0f, 2}, little16(0x20, 0x11))
	one := finsJoin([]byte{2, 1, 0xc0}, little16(0x7724), []byte{0x0f, 1}, little16(0x11))
	talk(0, 2, byName(0xd0, 1), bsapTyped(2, 0x20, 0x7724, level...), bsapTyped(0, 0x11, 0x7724, 1))
	talk(0, 2, byAddress, bsapTyped(2, 0x20, 0x7724, level...), bsapTyped(0, 0x11, 0x7724, 0))
	talk(0, 1, one, []byte{0, 1})
	talk(0, 1, one, []byte{2, 0, 0, 0x8c, 0x42})
	talk(0, 2, byName(0xd0, 1), bsapTyped(3, 0x20, 0x7724, []byte("OPEN NOW")...), bsapTyped(0, 0x11, 0x7724, 1))
	talk(0, 2, byName(0xd0, 1), bsapTyped(2, 0x20, 0x7724, level...), bsapTyped(0, 0x11, 0x7725, 1))
	talk(0, 1, byName(0xd0, 1), bsapTyped(2, 0x20, 0x7724, level...))
	talk(0, 2, byName(0xf0, 1), bsapTyped(2, 0x20, 0x7724, level...), bsapTyped(0, 0x11, 0x7724, 1))
	talk(0, 2, byName(0x50, 1), level, little16(0x20, 0x7724), []byte{1}, little16(0x11, 0x7724))
	talk(4, 2, byName(0xd0, 1), bsapTyped(2, 0x20, 0x7724, level...), bsapTyped(0, 0x11, 0x7724, 1))
	talk(0, 2, byAddress[:len(byAddress)-1], bsapTyped(2, 0x20, 0x7724, level...), bsapTyped(0, 0x11, 0x7724, 0)) // one address is cut short
	t := &bsapTalk{n: n, sequence: 0x2000}
	t.exchange(0xa0, finsJoin([]byte{4, 1, 0xc0, 0x0f, 1}, zeroed("@GV.LEVEL.")), finsJoin([]byte{0, 1, 2}, level))
	t.exchange(0xa0, finsJoin([]byte{0, 1, 0xc0}, little16(0x7724), []byte{0x0f, 1}, little16(0x20)), finsJoin([]byte{0, 1, 2}, level))
}
