package plant

import (
	"encoding/binary"
	"time"
)

// pnTalk is a caller and who is called, and where.
type pnTalk struct {
	n            *Net
	from, to     *Host
	sport, dport uint16
	little       bool // the caller's byte order; the answer has the other
	with         byte // interface
	sequence     uint32
}

func pnCall(n *Net) *pnTalk {
	return &pnTalk{n: n, from: pnController, to: pnDevice, sport: 49155, dport: 49156, with: RPCDevice}
}

func (t *pnTalk) request(opnum uint16) *RPC {
	return &RPC{Flags: 0x20, Little: t.little, Interface: t.with, Activity: byte(t.sport), Sequence: t.sequence, Opnum: opnum}
}

func (t *pnTalk) response(opnum uint16) *RPC {
	return &RPC{Kind: 2, Flags: 0x0a, Little: !t.little, Interface: t.with, Activity: byte(t.sport), Sequence: t.sequence, Opnum: opnum}
}

func (t *pnTalk) ask(m *RPC)   { t.n.UDP(t.from, t.to, t.sport, t.dport, m.Bytes()) }
func (t *pnTalk) reply(m *RPC) { t.n.UDP(t.to, t.from, t.dport, t.sport, m.Bytes()) }

// call asks and is answered with a status.
func (t *pnTalk) call(opnum uint16, blocks []byte, status uint32, answer []byte) {
	t.sequence++
	q, a := t.request(opnum), t.response(opnum)
	q.Body, a.Body = q.Arguments(4096, blocks), a.Arguments(status, answer)
	t.ask(q)
	t.n.Wait(3 * time.Millisecond)
	t.reply(a)
	t.n.Wait(10 * time.Millisecond)
}

// read asks for a record.
func (t *pnTalk) read(slot, subslot, index uint16, status uint32, data []byte) {
	t.call(2, PNRecord(0x0009, slot, subslot, index, 4096, 0), status,
		append(PNRecord(0x8009, slot, subslot, index, uint32(len(data)), 0), data...))
}

// write gives a record.
func (t *pnTalk) write(slot, subslot, index uint16, status uint32, data []byte) {
	t.call(3, append(PNRecord(0x0008, slot, subslot, index, uint32(len(data)), 0), data...), status,
		PNRecord(0x8008, slot, subslot, index, uint32(len(data)), status))
}

func pnNumbers(sizes string, numbers ...uint32) (b []byte) {
	for i, v := range numbers {
		switch sizes[i] {
		case '1':
			b = append(b, byte(v))
		case '2':
			b = binary.BigEndian.AppendUint16(b, uint16(v))
		default:
			b = binary.BigEndian.AppendUint32(b, v)
		}
	}
	return b
}

// pnConnect is what a controller connects with.
func pnConnect(kind uint32, name string) []byte {
	ar := append(pnNumbers("2", kind), pnRelation...)
	ar = append(append(ar, 0, 1), appendMAC(nil, pnController.MAC)...)
	ar = append(ar, "\xde\xa0\x00\x00\x6c\x97\x11\xd1\x82\x71\x00\x01\x01\x0b\x00\x2a"...)
	ar = append(append(ar, pnNumbers("4222", 0x131, 100, 0x8892, uint32(len(name)))...), name...)
	b := PNBlock(0x0101, ar)
	b = append(b, PNBlock(0x0102, pnNumbers("222422222242222", 1, 1, 0x8892, 1, 40, 0x8001, 32, 8, 1, 0, 0xffffffff, 3, 3, 0xc000, 0))...)
	b = append(b, PNBlock(0x0102, pnNumbers("222422222242222", 2, 2, 0x8892, 1, 40, 0xffff, 32, 8, 1, 0, 0xffffffff, 3, 3, 0xc000, 0))...)
	b = append(b, PNBlock(0x0104, pnNumbers("2"+"42422"+"242"+"2211"+"42422"+"242"+"2211"+"2211", 2,
		0, 0, 0x301, 0, 1, 1, 1, 0, 1, 0, 1, 1,
		0, 1, 0x32, 0, 1, 1, 7, 3, 1, 2, 1, 1, 2, 4, 1, 1))...)
	return append(b, PNBlock(0x0103, pnNumbers("224222222", 1, 0x8892, 0, 1, 3, 1, 200, 0xc000, 0xa000))...)
}

func pnConnected() []byte {
	b := PNBlock(0x8101, append(append(pnNumbers("2", 1), pnRelation...), pnNumbers("242", 1, 0, 0x8892)...))
	b = append(b, PNBlock(0x8102, pnNumbers("222", 1, 1, 0x8001))...)
	b = append(b, PNBlock(0x8102, pnNumbers("222", 2, 2, 0x8000))...)
	return append(b, pnDifference()...)
}

// pnDifference is another module in slot 1 than the one that is expected.
func pnDifference() []byte {
	return PNBlock(0x8104, pnNumbers("242"+"2422"+"242", 1, 0, 1, 1, 0x33, 1, 1, 1, 7, 4))
}

func pnControl(kind uint16, command uint32) []byte {
	return PNBlock(kind, append(append([]byte{0, 0}, pnRelation...), pnNumbers("2222", 1, 0, command, 0)...))
}

// pnIM0 is what a device is.
func pnIM0(order, serial string) []byte {
	pad := func(text string, n int) string { return (text + "                    ")[:n] }
	b := append(pnNumbers("2", 0x2a), pad(order, 20)+pad(serial, 16)...)
	return PNBlock(0x0020, append(b, pnNumbers("2111122222", 3, 'V', 4, 2, 1, 0, 0xf600, 1, 0x0101, 0x001e)...))
}

// pnioCMPoll reads inputs and a diagnosis again and again.
func pnioCMPoll(n *Net) {
	t := pnCall(n)
	for i := range byte(12) {
		t.read(1, 1, 0x8028, 0, []byte{i, 0x80})
		t.read(0, 0x8000, 0x800c, 0, nil)
		t.write(1, 1, 5, 0, []byte{1, i & 1})
	}
}

// pnioCMRelation is a relation from its beginning to its end, in both byte orders.
func pnioCMRelation(n *Net) {
	t := pnCall(n)
	t.dport = PortPROFINET
	t.sequence = 100
	q := t.request(0)
	q.Body = q.Arguments(4096, pnConnect(1, "mixer-plc"))
	t.ask(q)
	n.Wait(2 * time.Millisecond)
	a := t.response(0)
	a.Body = a.Arguments(0, pnConnected())
	n.UDP(pnDevice, pnController, 49156, t.sport, a.Bytes()) // from another port
	t.dport = 49156
	t.multiple()
	t.call(4, pnControl(0x0110, 1), 0, pnControl(0x8110, 8))
	ready := &pnTalk{n: n, from: pnDevice, to: pnController, sport: 49160, dport: PortPROFINET, with: RPCController, little: true}
	ready.call(4, append(pnControl(0x0112, 2), pnDifference()...), 0, pnControl(0x8112, 8))
	t.write(2, 1, 0x0080, 0, pnSafety(7, nil))
	t.write(3, 1, 0x2000, 0, pnSafety(8, []byte{0x7e, 0x26, 0x25, 0x89}))
	t.write(3, 1, 0x2000, 0, make([]byte, 10)) // nothing, though its checksum fits
	t.call(4, pnControl(0x0118, 0x40), 0, pnControl(0x8118, 8))
	t.call(4, pnControl(0x0111, 1), 0, pnControl(0x8111, 8))
	t.call(4, pnControl(0x0117, 0x20), 0, pnControl(0x8117, 8))
	t.call(1, pnControl(0x0114, 4), 0, pnControl(0x8114, 8))
	t.call(0, pnConnect(6, "desk"), 0xdb814004, nil)
}

// pnSafety is F-Parameters of PROFIsafe for a destination; own is the checksum of the
// device's own parameters, if it has some.
func pnSafety(destination byte, own []byte) []byte {
	b := []byte{8, 0x40 | byte(2*len(own)), 0, 1, 0, destination, 0, 150}
	crc := uint16(0)
	for _, c := range append(own[:len(own):len(own)], b...) {
		crc ^= uint16(c) << 8
		for range 8 {
			crc = crc<<1 ^ crc>>15*0x4eab
		}
	}
	return binary.BigEndian.AppendUint16(append(b, own...), crc)
}

// multiple writes three records at once, the last of which is refused.
func (t *pnTalk) multiple() {
	var b, answer []byte
	for i, data := range [][]byte{{1, 2, 3}, {4}, {5, 6, 7, 8}} {
		status := uint32(0)
		if i == 2 {
			status = 0xdf80b600
		}
		b = append(append(b, PNRecord(0x0008, 1, uint16(i+1), 0x10, uint32(len(data)), 0)...), data...)
		for len(b)%4 > 0 {
			b = append(b, 0)
		}
		answer = append(answer, PNRecord(0x8008, 1, uint16(i+1), 0x10, uint32(len(data)), status)...)
	}
	t.call(3, append(PNRecord(0x0008, 0, 0, 0xe040, uint32(len(b)), 0), b...), 0, append(PNRecord(0x8008, 0, 0, 0xe040, uint32(len(answer)), 0), answer...))
}

// pnioCMRecords reads what a device is and how it does, and is refused.
func pnioCMRecords(n *Net) {
	t := pnCall(n)
	t.little = true
	t.read(0, 1, 0xaff0, 0, pnIM0("6ES7 155-6AU01-0BN0", "S C-J1234567"))
	t.read(3, 1, 0xaff0, 0, pnIM0("6ES7 131-6BF01-0BA0", "S C-X77"))
	t.read(0, 1, 0xaff1, 0, PNBlock(0x0021, []byte("mixing                          hall 3                ")))
	t.read(0, 1, 0xaff3, 0, PNBlock(0x0023, []byte("belongs to line 3                                     ")))
	t.write(0, 1, 0xaff1, 0, PNBlock(0x0021, []byte("filling                         hall 4                ")))
	t.read(0, 1, 0xf000, 0, PNBlock(0x0013, pnNumbers("2"+"242"+"24"+"242"+"24", 2, 0, 0x301, 1, 1, 1, 1, 0x32, 1, 1, 7)))
	rack := PNBlock(0x0013, pnNumbers("24"+"2"+"242"+"24", 1, 0, 1, 2, 0x34, 1, 1, 9))
	rack[5] = 1
	t.read(0, 1, 0xf000, 0, rack)
	face := append([]byte{8}, "mixer-io"...)
	face = append(face, 0) // to a multiple of four, the header counted
	face = append(append(face, appendMAC(nil, pnDevice.MAC)...), 0, 0)
	ip := pnDevice.IP.As4()
	face = append(append(face, ip[:]...), 255, 255, 255, 0, 0, 0, 0, 0)
	t.read(0, 0, 0xf841, 0, PNBlock(0x0400, append(pnNumbers("2422", 0, 0, 0, 0x8000), PNBlock(0x0240, face)...)))
	t.read(9, 1, 0x8028, 0xde80b200, nil)
	t.read(0, 1, 0x7777, 0xde80b000, nil)
	t.write(0, 1, 3, 0xdf80b107, []byte{1})
	t.write(0, 1, 3, 0xdf814005, []byte{1})
	t.write(0, 1, 3, 0xdf80d501, []byte{1})
	t.read(0, 1, 3, 0xde810800, nil)
	t.call(5, PNRecord(0x0009, 0, 1, 0xf840, 32768, 0), 0, append(PNRecord(0x8009, 0, 1, 0xf840, 4, 0), 0, 0x30, 0, 0))
	t.call(9, nil, 0, nil) // nobody assigned it
	t.sequence++
	q := t.request(2)
	q.Body = q.Arguments(4096, PNRecord(0x0009, 0, 1, 1, 10, 0))
	t.ask(q)
	for _, kind := range []byte{4, 5} { // working, no call
		a := t.response(2)
		a.Kind = kind
		t.reply(a)
	}
	a := t.response(2)
	a.Kind, a.Body = 6, a.order().AppendUint32(nil, 0x1c010003)
	t.reply(a)
	a.Kind, a.Body = 3, a.order().AppendUint32(nil, 0x1c00001b) // of nothing that was asked
	t.reply(a)
	for _, kind := range []byte{1, 7, 8, 9} { // ping, acknowledgements, cancel
		q.Kind, q.Body = kind, nil
		t.ask(q)
	}
}

// pnioCMParts is a write in three fragments with one sent twice, and one of which a
// fragment is lost.
func pnioCMParts(n *Net) {
	t := pnCall(n)
	data := make([]byte, 3000)
	for i := range data {
		data[i] = byte(i)
	}
	body := (&RPC{}).Arguments(4096, append(PNRecord(0x0008, 1, 1, 0x20, uint32(len(data)), 0), data...))
	for _, order := range [][]uint16{{0, 1, 1, 2}, {0, 2}, {1, 2}} {
		t.sequence++
		for _, i := range order {
			q := t.request(3)
			q.Flags |= 4
			if q.Fragment = i; i == 2 {
				q.Flags |= 2
			}
			q.Body = body[1100*int(i) : min(1100*int(i)+1100, len(body))]
			t.ask(q)
			if i < 2 {
				a := t.response(3)
				a.Kind, a.Flags = 9, 0
				t.reply(a)
			}
		}
		a := t.response(3)
		a.Body = a.Arguments(0, PNRecord(0x8008, 1, 1, 0x20, uint32(len(data)), 0))
		t.reply(a)
	}
}

// pnioCMMapper asks what a device has.
func pnioCMMapper(n *Net) {
	t := pnCall(n)
	t.dport, t.with, t.little = PortPROFINET, RPCMapper, true
	text := []byte("ET 200SP" + "                  " + "6ES7 155-6AU01-0BN0      3 V  4  2  1\x00")
	for len(text) < 64 {
		text = append(text[:46], append([]byte{' '}, text[46:]...)...)
	}
	entry := func(m *RPC, count uint32) []byte {
		b := make([]byte, 20)
		put := func(v ...uint32) {
			for i := range v {
				b = m.order().AppendUint32(b, v[i])
			}
		}
		put(count, 1, 0, count)
		b = append(b, make([]byte, 16)...)
		put(1, 0, 64)
		b = append(b, text...)
		put(75, 75)
		b = append(b, 5, 0, 19, 0, 13, 1, 0, 0xa0, 0xde, 0x97, 0x6c, 0xd1, 0x11, 0x82, 0x71, 0, 0xa0, 0x24, 0x42, 0xdf, 0x7d, 1, 0)
		return append(b, make([]byte, 53)...)
	}
	for i := range uint32(3) {
		t.sequence++
		q := t.request(2)
		q.Body = make([]byte, 76)
		if i == 0 { // by interface, so that the request says whose it is
			q.Body = q.uuid(append(q.Body[:28:28], 0, 0, 0, 0), 0xdea00001, 0x6c97, 0x11d1, "\x82\x71\x00\xa0\x24\x42\xdf\x7d")
			q.Body = append(q.Body, make([]byte, 28)...)
		}
		t.ask(q)
		a := t.response(2)
		a.Body = append(entry(a, 1), 0, 0, 0, 0)
		switch i {
		case 1:
			a.Body = a.order().AppendUint32(entry(a, 0), 0x16c9a0d6)
		case 2:
			a.Body = a.order().AppendUint32(nil, 0x16c9a0ff)
		}
		t.reply(a)
	}
	t.sequence++
	t.ask(t.request(4))
}

// pnioCMMidstream is answers without their requests, and more requests than are
// remembered.
func pnioCMMidstream(n *Net) {
	t := pnCall(n)
	reply := func(opnum uint16, status uint32, blocks []byte) {
		t.sequence++
		a := t.response(opnum)
		a.Body = a.Arguments(status, blocks)
		t.reply(a)
	}
	reply(0, 0, pnConnected())
	reply(4, 0, pnControl(0x8110, 8))
	reply(2, 0, append(PNRecord(0x8009, 2, 1, 0x10, 2, 0), 1, 2))
	reply(3, 0, PNRecord(0x8008, 2, 1, 0x10, 0, 0xdf80b500))
	outer := PNRecord(0x8008, 0, 0, 0xe040, 128, 0)
	reply(3, 0, append(append(outer, PNRecord(0x8008, 2, 1, 0x10, 1, 0)...), PNRecord(0x8008, 2, 1, 0x11, 1, 0)...))
	reply(3, 0, outer)
	reply(3, 0xdf814006, nil)
	first := t.sequence + 1
	for i := range uint32(10) {
		t.sequence = first + i
		q := t.request(2)
		q.Body = q.Arguments(4096, PNRecord(0x0009, 1, 1, uint16(i), 4096, 0))
		t.ask(q)
	}
	for i := range uint32(10) {
		t.sequence = first + i
		a := t.response(2)
		a.Body = a.Arguments(0, append(PNRecord(0x8009, 1, 1, uint16(i), 1, 0), byte(i)))
		t.reply(a)
	}
}

// pnioCMMalformed breaks one rule at a time.
func pnioCMMalformed(n *Net) {
	t := pnCall(n)
	ask := func(opnum uint16, body []byte) {
		t.sequence++
		q := t.request(opnum)
		q.Body = body
		t.ask(q)
	}
	wrap := func(blocks []byte) []byte { return (&RPC{}).Arguments(4096, blocks) }
	record := PNRecord(0x0008, 1, 1, 2, 4, 0)
	ask(2, wrap(PNRecord(0x0009, 1, 1, 2, 4, 0)))
	ask(2, []byte{0, 0, 1})
	ask(2, wrap(PNRecord(0x0009, 1, 1, 2, 4, 0))[:60])
	ask(2, wrap(record))
	ask(3, wrap(append(record, 1, 2)))
	ask(3, wrap(PNRecord(0x0008, 1, 1, 0xe040, 0, 0)))
	ask(3, wrap(append(PNRecord(0x0008, 1, 1, 0xe040, 66, 0), append(record, 1, 2)...)))
	ask(4, wrap(pnControl(0x0110, 1)[:20]))
	ask(4, wrap(nil))
	ask(0, wrap(nil))
	ask(0, wrap(PNBlock(0x0101, make([]byte, 20))))
	ask(0, wrap(PNBlock(0x0102, make([]byte, 4))))
	ask(0, wrap(pnConnect(1, "plc")[:80]))
	ask(0, wrap(PNBlock(0x0104, []byte{0, 9, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1})))
	long := pnConnect(1, "plc")
	long[57] = 200
	ask(0, wrap(long))
	ask(4, wrap(append(pnControl(0x0112, 2), PNBlock(0x8104, []byte{0, 9, 0, 0, 0, 0, 0, 1, 0, 1})...)))
	reply := func(kind byte, opnum uint16, body []byte) {
		a := t.response(opnum)
		a.Kind, a.Body = kind, body
		t.reply(a)
	}
	reply(2, 4, []byte{0, 0})
	reply(3, 4, []byte{0, 0})
	little := &RPC{Little: true}
	reply(2, 2, little.Arguments(0, PNRecord(0x8009, 1, 1, 2, 40, 0)))
	short := t.request(2)
	short.Body = wrap(record)
	n.UDP(t.from, t.to, t.sport, t.dport, short.Bytes()[:120])
	n.UDP(t.from, t.to, t.sport, t.dport, []byte{4, 0, 0})
	other := short.Bytes()
	other[24] = 0xaa
	n.UDP(t.from, t.to, t.sport, t.dport, other)
}
