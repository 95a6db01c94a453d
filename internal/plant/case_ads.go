package plant

import (
	"bytes"
	"math"
	"net/netip"
	"time"
)

// Hosts of the ADS captures, and their NetIds.
var (
	adsHMI    = &Host{Name: "hmi", MAC: 0x02_00_00_00_1a_10, IP: netip.MustParseAddr("10.10.26.10")}
	adsPLC    = &Host{Name: "plc", MAC: 0x02_00_00_00_1a_20, IP: netip.MustParseAddr("10.10.26.20"), TTL: 64}
	adsHMINet = [6]byte{10, 10, 26, 10, 1, 1}
	adsPLCNet = [6]byte{10, 10, 26, 20, 1, 1}
)

// Commands, as the captures use them.
const (
	adsInfo = iota + 1
	adsRead
	adsWrite
	adsState
	adsControl
	adsAdd
	adsDelete
	adsNote
	adsBoth
)

// adsTalk is a connection and a way of asking over it.
type adsTalk struct {
	c *Conn
	n *Net
	ads
}

func adsOver(n *Net, c *Conn) *adsTalk {
	return &adsTalk{c: c, n: n, ads: ads{to: adsEnd(adsPLCNet, 851), from: adsEnd(adsHMINet, 32905)}}
}

func adsDial(n *Net, port uint16) *adsTalk { return adsOver(n, n.Dial(adsHMI, adsPLC, port, PortADS)) }

func (t *adsTalk) exchange(port, command uint16, data []byte, result uint32, answer ...[]byte) {
	t.c.Client(t.ask(port, command, data))
	t.n.Wait(2 * time.Millisecond)
	t.c.Server(t.answer(command, result, answer...))
	t.n.Wait(50 * time.Millisecond)
}

// read and write exchange values.
func (t *adsTalk) read(port uint16, group, offset uint32, value []byte) {
	t.exchange(port, adsRead, words32(group, offset, uint32(len(value))), 0, adsSized(value))
}

func (t *adsTalk) write(port uint16, group, offset uint32, value []byte) {
	t.exchange(port, adsWrite, append(words32(group, offset), adsSized(value)...), 0)
}

func (t *adsTalk) both(port uint16, group, offset, reads uint32, data []byte, answer []byte) {
	t.exchange(port, adsBoth, adsReadWrite(group, offset, reads, data), 0, adsSized(answer))
}

func adsJoin(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// adsPoll reads by address and by handle again and again, and writes one value.
func adsPoll(n *Net) {
	t := adsDial(n, 50100)
	t.both(851, 0xf003, 0, 4, zeroed("MAIN.speed"), words32(0x1b000012))
	for i := range uint32(12) {
		t.read(851, 0xf005, 0x1b000012, words32(700+i))
		t.read(851, 0x4020, 16, little16(uint16(i), 7))
		t.read(851, 0x4021, 131, []byte{byte(i & 1)})
		t.write(851, 0x4040, 200, little16(uint16(i)))
		t.both(851, 0xf080, 2, 8, adsJoin(words32(0xf005, 0x1b000012, 4), words32(0x4020, 16, 2)), adsJoin(words32(0, 0, 700), little16(9)))
		t.exchange(10000, adsState, nil, 0, little16(5, 0))
	}
	t.c.Close()
}

// adsEntry is what a controller tells of a symbol.
func adsEntry(group, offset, size, kind uint32, name, typed string) []byte {
	b := adsJoin(words32(group, offset, size, kind, 8), little16(uint16(len(name)), uint16(len(typed)), 0), zeroed(name), zeroed(typed), []byte{0})
	return append(words32(uint32(4+len(b))), b...)
}

// adsSymbols reads and writes by name in all ways.
func adsSymbols(n *Net) {
	t := adsDial(n, 50200)
	for i, s := range []struct {
		name string
		kind uint32
		size uint32
		data []byte
	}{
		{"MAIN.level", 4, 4, words32(math.Float32bits(12.5))},
		{"MAIN.total", 5, 8, make([]byte, 8)},
		{"GVL.count", 2, 2, little16(0xfffe)},
		{"GVL.on", 33, 1, []byte{1}},
		{"GVL.row", 18, 6, little16(1, 2, 3)},
		{"GVL.text", 30, 6, []byte("hello\x00")},
		{"GVL.long", 21, 8, words32(1, 2)},
	} {
		handle, offset := 0x2c000000+uint32(i), 0x5e000+16*uint32(i)
		typed := "T"
		if s.kind == 30 {
			typed = "STRING(80)"
		}
		info := adsEntry(0x4040, offset, s.size, s.kind, s.name, typed)
		t.both(851, 0xf009, 0, 0xffff, zeroed(s.name), info)
		t.both(851, 0xf003, 0, 4, zeroed(s.name), words32(handle))
		t.read(851, 0xf005, handle, s.data)
		t.write(851, 0xf005, handle, s.data)
		t.both(851, 0xf004, 0, s.size, zeroed(s.name), s.data)
		t.read(851, 0x4040, offset, s.data)
		t.exchange(851, adsWrite, adsJoin(words32(0xf006, 0), adsSized(words32(handle))), 0)
		t.read(851, 0xf005, handle, s.data)
	}
	t.both(851, 0xf009, 0, 0xffff, zeroed("GVL.password"), adsEntry(0x4040, 0x5f000, 7, 30, "GVL.password", "STRING(6)"))
	t.both(851, 0xf004, 0, 7, zeroed("GVL.password"), []byte("S3cr3t\x00"))
	t.both(851, 0xf009, 0, 0xffff, zeroed("GVL.texts"), adsEntry(0x4040, 0x5f010, 6, 30, "GVL.texts", "ARRAY [0..1] OF STRING(2)"))
	t.both(851, 0xf004, 0, 6, zeroed("GVL.texts"), []byte("ab\x00cd\x00"))
	t.both(851, 0xf007, 0, 12, zeroed("MAIN.level"), words32(0x4040, 0x5e000, 4))
	t.exchange(851, adsBoth, adsReadWrite(0xf003, 0, 4, zeroed("MAIN.none")), 0x710, adsSized())
	t.read(851, 0xf008, 0, []byte{3})
	t.read(851, 0xf00f, 0, make([]byte, 24))
	t.read(851, 0xf00b, 0, adsEntry(0x4040, 0, 4, 4, "MAIN.level", "REAL"))
	t.read(851, 0xf00e, 0, make([]byte, 40))
	for _, group := range []uint32{0xf020, 0xf021, 0xf030, 0xf031, 0x4020, 0x4021, 0x4030, 0x4040, 0xf040, 0xf050, 0x12345} {
		t.read(851, group, 8, []byte{1})
		t.write(851, group, 8, []byte{0})
	}
	t.both(851, 0x12345, 8, 2, []byte{7}, []byte{8, 9})
	t.both(851, 0xf005, 0x2c000099, 2, []byte{7}, []byte{8, 9})
	t.to = adsEnd([6]byte{10, 10, 26, 20, 3, 1}, 0) // a slave of the third bus
	t.read(1001, 0xf302, 0x10180001, words32(2))
	t.c.Close()
}

// adsSums asks for several things at once.
func adsSums(n *Net) {
	t := adsDial(n, 50300)
	var list []byte
	data := make([]byte, 4*300)
	for i := range uint32(300) {
		list, data = append(list, words32(0x4020, 2*i, 2)...), append(data, little16(uint16(i))...)
	}
	t.both(851, 0xf080, 300, 6*300, list, data)
	names := []string{"MAIN.a", "MAIN.b", "MAIN.none"}
	list, data = nil, nil
	for _, s := range names {
		list = append(list, words32(0xf003, 0, 4, uint32(len(s)+1))...)
		data = append(data, zeroed(s)...)
	}
	t.both(851, 0xf082, 3, 36, adsJoin(list, data), adsJoin(words32(0, 4, 0, 4, 0x710, 0), words32(0x31, 0x32)))
	t.both(851, 0xf080, 3, 20, adsJoin(words32(0xf005, 0x31, 2), words32(0xf005, 0x32, 4), words32(0x4020, 5000, 2)),
		adsJoin(words32(0, 0, 0x703), little16(11), words32(12), little16(0)))
	t.both(851, 0xf081, 2, 8, adsJoin(words32(0xf005, 0x31, 2), words32(0x4020, 4, 4), little16(21), words32(22)), words32(0, 0x704))
	t.both(851, 0xf083, 2, 22, adsJoin(words32(0xf005, 0x31, 4), words32(0xf005, 0x32, 2)), adsJoin(words32(0, 2, 0, 2), words32(31), little16(32)))
	t.both(851, 0xf084, 2, 22, adsJoin(words32(0xf005, 0x31, 4), words32(0xf005, 0x32, 2)), adsJoin(words32(0, 2, 0, 2), little16(31), little16(32)))
	attributes := func(handle uint32) []byte {
		return adsJoin(words32(0xf005, handle, 2, 4, 0, 100000), make([]byte, 16))
	}
	t.both(851, 0xf085, 3, 24, adsJoin(attributes(0x31), attributes(0x32), attributes(0x77)), words32(0, 5, 0, 6, 0x702, 0))
	t.c.Server(t.notify(851, 5, little16(41), 6, little16(42), 9, little16(43)))
	t.both(851, 0xf086, 2, 8, words32(5, 6), words32(0, 0))
	t.both(851, 0xf081, 2, 8, adsJoin(words32(0xf006, 0, 4), words32(0xf006, 0, 4), words32(0x31, 0x32)), words32(0, 0))
	t.both(851, 0xf082, 1, 12, adsJoin(words32(120, 1, 4, 4), []byte("abcd")), words32(0x702, 0))
	t.both(851, 0xf080, 1, 8, words32(0xf005, 0x31, 4), words32(0, 5))
	t.c.Close()
}

// notify writes notifications: a handle and its data, in turn.
func (t *adsTalk) notify(port uint16, pairs ...any) []byte {
	samples := words32(uint32(len(pairs) / 2))
	for i := 0; i < len(pairs); i += 2 {
		samples = adsJoin(samples, words32(uint32(pairs[i].(int))), adsSized(pairs[i+1].([]byte)))
	}
	return adsMessage(t.from, adsEnd(adsPLCNet, port), adsNote, 4, 0, 0, adsSized(words32(1), words32(0xd53e8000, 0x19db1de), samples))
}

// adsNotes subscribes, is notified, and unsubscribes.
func adsNotes(n *Net) {
	t := adsDial(n, 50400)
	add := func(group, offset, length uint32) []byte {
		return adsJoin(words32(group, offset, length, 4, 0, 100000), make([]byte, 16))
	}
	t.both(851, 0xf009, 0, 0xffff, zeroed("MAIN.level"), adsEntry(0x4040, 64, 4, 4, "MAIN.level", "REAL"))
	t.both(851, 0xf003, 0, 4, zeroed("MAIN.level"), words32(0x55))
	t.exchange(851, adsAdd, add(0xf005, 0x55, 4), 0, words32(17))
	t.exchange(851, adsAdd, add(0x4020, 8, 2), 0, words32(18))
	t.exchange(851, adsAdd, add(0x99, 8, 2), 0x702, words32(0))
	for i := range uint32(6) {
		t.c.Server(t.notify(851, 17, words32(math.Float32bits(float32(i))), 18, little16(uint16(i))))
		t.n.Wait(100 * time.Millisecond)
	}
	t.c.Server(t.notify(851, 99, []byte{1, 2, 3}))
	t.exchange(851, adsDelete, words32(17), 0)
	t.exchange(851, adsDelete, words32(99), 0x714)
	t.c.Server(t.notify(851, 17, words32(9)))
	t.c.Close()
}

// adsControls changes what a controller does, and asks what it is.
func adsControls(n *Net) {
	t := adsDial(n, 50500)
	t.exchange(851, adsInfo, nil, 0, []byte{3, 1, 0xb8, 0x0f}, padded("Plc30 App", 16))
	for state := range uint16(19) {
		t.exchange(851, adsControl, adsJoin(little16(state, 0), adsSized()), 0)
	}
	t.exchange(10000, adsControl, adsJoin(little16(2, 0), adsSized([]byte{1})), 0)
	t.exchange(851, adsControl, adsJoin(little16(5, 0), adsSized()), 0x712)
	for _, code := range []uint32{1, 6, 7, 0x18, 0x506, 0x701, 0x703, 0x708, 0x710, 0x745, 0x12345} {
		t.exchange(851, adsState, nil, code)
		t.c.Client(t.ask(900, adsInfo))
		t.c.Server(adsMessage(t.from, t.to, adsInfo, 5, code, t.invoke, nil))
	}
	silent := t.ask(851, adsWrite, words32(0x4020, 0), adsSized([]byte{1}))
	silent[24] |= 2
	t.c.Client(silent)
	t.c.Client(t.ask(851, adsState)) // never answered
	back := ads{to: adsEnd(adsHMINet, 0), from: adsEnd(adsPLCNet, 851)}
	t.c.Server(back.ask(32905, adsRead, words32(0x4020, 4, 2)))
	t.c.Client(back.answer(adsRead, 0, adsSized(little16(5))))
	t.c.Server(back.ask(32905, adsControl, little16(6, 0), adsSized()))
	t.c.Client(back.answer(adsControl, 0))
	t.c.Close()
}

// adsSystem asks the system service: files, registry, routes.
func adsSystem(n *Net) {
	t := adsDial(n, 50600)
	const port = 10000
	text := bytes.Repeat([]byte("compiled code "), 60)
	open := func(name string, flags, handle uint32) { t.both(port, 120, flags, 4, []byte(name), words32(handle)) }
	open(`C:\TwinCAT\3.1\Boot\Plc\Port_851.app`, 0x12, 0x700)
	t.both(port, 123, 0x700, 0, text[:400], nil)
	t.both(port, 123, 0x700, 0, text[400:], nil)
	t.both(port, 121, 0x700, 0, nil, nil)
	open(`C:\TwinCAT\3.1\Boot\Plc\Port_851.app`, 0x11, 0x701)
	t.both(port, 122, 0x701, 500, nil, text[:500])
	t.both(port, 122, 0x701, 500, nil, text[500:])
	t.both(port, 121, 0x701, 0, nil, nil)
	open(`C:\TwinCAT\3.1\Boot\CurrentConfig.tszip`, 0x11, 0x702)
	t.both(port, 124, 0x702, 0, words32(100), nil)
	t.both(port, 122, 0x702, 500, nil, text[100:600])
	t.both(port, 121, 0x702, 0, nil, nil)
	open("log.txt", 0x24, 0x703)
	t.both(port, 127, 0x703, 0, []byte("line"), nil)
	t.both(port, 125, 0x703, 4, nil, words32(4))
	t.both(port, 129, 0x703, 0, []byte("line"), nil)
	t.both(port, 130, 0x703, 4, nil, words32(1))
	t.both(port, 121, 0x703, 0, nil, nil)
	open("big.bin", 0x12, 0x704) // more than is waited for
	big := bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7}, 10000)
	t.both(port, 123, 0x704, 0, big, nil)
	t.both(port, 121, 0x704, 0, nil, nil)
	open("big.bin", 0x11, 0x705)
	t.both(port, 122, 0x705, 80000, nil, big)
	t.both(port, 121, 0x705, 0, nil, nil)
	t.exchange(port, adsBoth, adsReadWrite(120, 0x11, 4, []byte("none.txt")), 0x70c, adsSized())
	t.both(port, 123, 0x799, 0, text[:20], nil) // nobody saw it opened
	open("lost.bin", 0x12, 0x706)
	t.exchange(port, adsBoth, adsReadWrite(123, 0x706, 0, text[:30]), 0x704, adsSized())
	t.both(port, 121, 0x706, 0, nil, nil)
	for _, group := range []uint32{131, 132, 133, 138, 139} {
		t.both(port, group, 1, 0, zeroed("old.app"), nil)
	}
	t.both(port, 200, 0, 1000, zeroed("Software\\Beckhoff\x00Version"), zeroed("hunter2"))
	t.exchange(port, adsBoth, adsReadWrite(200, 0, 1000, zeroed("Software\\Beckhoff\x00None")), 2, adsSized())
	t.write(port, 200, 0, zeroed("Software\\WinLogon\x00DefaultPassword\x00S3cr3t"))
	t.write(port, 201, 0, zeroed("Software\\WinLogon\x00DefaultPassword\x00"))
	t.read(port, 700, 1, []byte("<TcTargetDesc><TargetType>CX1020-CE</TargetType><TargetVersion><Version>2</Version><Revision>11</Revision><Build>2228</Build></TargetVersion></TcTargetDesc>"))
	t.read(port, 702, 0, zeroed("CX_0D7560"))
	for _, group := range []uint32{701, 400, 803, 900} {
		t.read(port, group, 0, words32(1, 2))
	}
	for _, group := range []uint32{400, 500, 600, 801, 802, 901} {
		t.write(port, group, 0, zeroed("hunter2"))
	}
	t.both(port, 902, 0, 4, []byte("S3cr3t"), words32(1))
	t.c.Close()
}

// adsDiscovery looks for routers and adds a route.
func adsDiscovery(n *Net) {
	up := func(b []byte) { n.UDP(adsHMI, adsPLC, 51000, PortADSDiscovery, b); n.Wait(time.Millisecond) }
	down := func(b []byte) { n.UDP(adsPLC, adsHMI, PortADSDiscovery, 51000, b); n.Wait(time.Second) }
	system := func(major, minor, build, platform uint32) []byte {
		return adsItem(4, adsJoin(words32(276, major, minor, build, platform), make([]byte, 256)))
	}
	for _, s := range [][]byte{system(6, 0, 0, 3), system(10, 0, 19044, 2), system(13, 0, 0, 9)} {
		up(adsDatagram(1, adsHMINet))
		down(adsDatagram(0x80000001, adsPLCNet, adsItem(5, zeroed("CX-26A1")), s, adsItem(3, []byte{3, 1, 0xb8, 0x0f})))
	}
	for _, status := range []uint32{0, 0x704} {
		up(adsDatagram(6, adsHMINet, adsItem(12, zeroed("HMI-26")), adsItem(7, adsHMINet[:]), adsItem(13, zeroed("Administrator")),
			adsItem(2, zeroed("S3cr3t")), adsItem(5, zeroed("10.10.26.10"))))
		down(adsDatagram(0x80000006, adsPLCNet, adsItem(1, words32(status))))
	}
	up(adsDatagram(9, adsHMINet))
	down(adsDatagram(0x80000001, adsPLCNet, adsItem(5, zeroed("CX-26A1"))))
	up(adsDatagram(1, adsHMINet, []byte{5, 0, 9}))
	up(adsDatagram(1, adsHMINet)[:12])
}

// adsMidstream begins in the middle, loses segments, and has answers nobody asked for.
func adsMidstream(n *Net) {
	t := adsOver(n, n.Midstream(adsHMI, adsPLC, 50700, PortADS))
	t.c.Server(t.answer(adsRead, 0, adsSized([]byte{1, 2})))
	for i := range uint32(3) {
		t.read(851, 0x4020, i, []byte{1})
	}
	t.c.Client(t.ask(851, adsRead, words32(0x4020, 7, 2)))
	t.c.LoseServer(len(t.answer(adsRead, 0, adsSized([]byte{1, 2}))))
	t.read(851, 0x4020, 3, []byte{1})
	t.c.LoseClient(30)
	t.c.Client(t.ask(851, adsRead, words32(0x4020, 7, 2))[9:])
	for range 3 {
		t.read(851, 0xf005, 0x77, []byte{1})
	}
	t.both(10000, 120, 0x11, 4, []byte("part.bin"), words32(0x700))
	t.both(10000, 122, 0x700, 8, nil, []byte("12345678"))
	t.c.LoseServer(len(t.answer(adsBoth, 0, adsSized([]byte("12345678")))))
	t.both(10000, 122, 0x700, 8, nil, []byte("rest"))
	t.both(10000, 121, 0x700, 0, nil, nil)
	t.c.Server(t.answer(adsBoth, 0, adsSized()))
	t.c.Server(t.answer(adsAdd, 0, words32(1)))
	t.c.Server(t.answer(adsInfo, 0, []byte{3, 1, 0xb8, 0x0f}, padded("Plc30 App", 16)))
	t.c.Close()
}

// adsMalformed breaks each rule once.
func adsMalformed(n *Net) {
	t := adsDial(n, 50800)
	for _, command := range []uint16{adsRead, adsWrite, adsControl, adsAdd, adsDelete, adsBoth} {
		t.exchange(851, command, []byte{1, 2}, 0x705)
	}
	t.exchange(851, adsWrite, words32(0x4020, 0, 9, 1), 0)
	t.exchange(851, adsBoth, words32(0x4020, 0, 9, 9, 1), 0, words32(9, 1))
	t.exchange(851, adsControl, adsJoin(little16(5, 0), words32(9)), 0)
	t.both(851, 0xf080, 9, 36, words32(0x4020, 0, 4), words32(0, 1))
	t.both(851, 0xf080, 2, 16, words32(0x4020, 0, 4, 0x4020, 4, 4), words32(0))
	t.exchange(851, adsRead, words32(0x4020, 0, 4), 0)
	t.c.Client(t.ask(851, adsState))
	t.c.Server(adsMessage(t.from, t.to, adsState, 5, 0, t.invoke, nil))
	t.c.Server(adsMessage(t.from, adsEnd(adsPLCNet, 851), adsNote, 4, 0, 0, adsSized(words32(2), words32(1, 2, 1, 17))))
	t.c.Server(adsMessage(t.from, adsEnd(adsPLCNet, 851), adsNote, 4, 0, 0, words32(99, 0)))
	t.c.Client([]byte("these are no octets of a message of any kind"))
	t.read(851, 0x4020, 1, []byte{1})
	t.c.Close()
}
