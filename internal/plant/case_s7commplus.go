package plant

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"time"
)

// Numbers of objects that the captures use.
const (
	plusDB5     = 0x8a0e0005
	plusMyself  = 0x70000e4d // the session
	plusWatcher = 0x70000e51 // a subscription
)

// plusConnect opens a transport connection for a role.
func plusConnect(n *Net, client *Host, port uint16, role string) *Conn {
	c := n.Dial(client, s7PLC, port, PortTPKT)
	name := append([]byte{0xc0, 1, 10, 0xc1, 2, 6, 0, 0xc2, byte(len(role))}, role...)
	s7Talk(n, c, appendCOTP(nil, 0xe0, 0, 3, name...), appendCOTP(nil, 0xd0, 3, 9, name...))
	return c
}

// plusOpen opens a session and settles its key.
func plusOpen(n *Net, client *Host, port uint16, version byte) (*Conn, *s7Plus) {
	c := plusConnect(n, client, port, "SIMATIC-ROOT-HMI")
	s := &s7Plus{version: 1, session: 288}
	s7Talk(n, c, s.request(0x36, plusCreate, plusLong(285), plusUDInt(0), plusLong(0), plusObject(211, 287,
		plusAttribute(233, plusText("ServerSession_1")), plusAttribute(296, plusText("user")),
		plusAttribute(297, plusText("HMI runtime")), plusAttribute(298, plusText("1:::6.0::panel-3")),
		plusAttribute(299, plusUDInt(1)), plusAttribute(300, plusValue(0x12, 0x80, 0xc3, 0xc9, 1)),
		plusObject(211, 255, plusAttribute(233, plusText("SubscriptionContainer"))))),
		s.answer(plusCreate, []byte{0, 2}, plusNumbers(plusMyself, plusMyself+1), plusObject(288, 287,
			plusAttribute(299, plusUDInt(0x20000000)), plusAttribute(301, plusText("OMSP.REL.5041.23")),
			plusAttribute(303, plusArray(2, 4, 1, 2, 3, 4)), plusAttribute(306, plusStruct(314,
				plusMember(315, plusUDInt(320)), plusMember(319, plusText("1;6ES7 511-1AK00-0AB0 ;V1.8")))))))
	s.version, s.session = version, plusMyself
	s7Talk(n, c, s.ask(plusSetMulti, plusLong(plusMyself), plusNumbers(2, 2, 306, 1830),
		plusNumber(1), plusStruct(314, plusMember(319, plusText("1;6ES7 511-1AK00-0AB0 ;V1.8"))),
		plusNumber(2), plusStruct(1800, plusMember(1801, plusUDInt(0)), plusMember(1805, plusBlob([]byte("S3cr3t")))),
		[]byte{0}, plusQualifier()), s.answer(plusSetMulti, []byte{0, 0}))
	return c, s
}

func plusReal(v float32) []byte {
	return plusValue(0x0e, binary.BigEndian.AppendUint32(nil, math.Float32bits(v))...)
}

// s7commplusPoll reads variables by symbol again and again, is sent others, and
// writes one.
func s7commplusPoll(n *Net) {
	c, s := plusOpen(n, s7HMI, 49300, 3)
	items := plusItems(15, plusAddress(0x8b7593de, plusDB5, 2550, 113), plusAddress(0x12345678, plusDB5, 2550, 9, 4),
		plusAddress(0, 82, 3736, 3, 10, 2))
	for i := range byte(8) {
		s7Talk(n, c, s.ask(plusGetMulti, items, plusQualifier()), s.answer(plusGetMulti, []byte{0},
			[]byte{1}, plusValue(1, i&1), []byte{2}, plusUDInt(300+uint32(i)), []byte{3}, plusBlob([]byte{0x12, i}), []byte{0, 0}))
		s7Talk(n, c, s.ask(plusSetMulti, plusItems(5, plusAddress(0x8b7593de, plusDB5, 2550, 113)),
			[]byte{1}, plusValue(1, i&1), []byte{0}, plusQualifier()), s.answer(plusSetMulti, []byte{0, 0}))
		s7Talk(n, c, s.request(plusQuiet, plusSet, plusLong(plusWatcher), plusNumbers(1, 1053), plusValue(7, 0, i), plusQualifier(), []byte{0}),
			s.notify(plusWatcher, i, []byte{0x92, 0, 0, 0, 25}, plusReal(15.5+float32(i))))
	}
	c.Close()
}

// plusSymbols are the answers of a variable of each type, in order.
func plusSymbols() [][]byte {
	return [][]byte{
		plusValue(0), plusValue(1, 1), plusValue(2, 200), plusValue(3, 0xff, 0xfe), plusUDInt(4000000000),
		plusValue(5, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0xff), // nine bytes, the last whole
		plusValue(6, 0x80), plusValue(7, 0xff, 0xf0), plusValue(8, 0xfe, 0x01), plusValue(8, 0x8f, 0xff, 0xff, 0xfe, 0x01), plusValue(9, 0x40),
		plusValue(9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0), plusValue(0x0a, 0x5a), plusValue(0x0b, 0x12, 0x34),
		plusValue(0x0c, 1, 2, 3, 4), plusValue(0x0d, 1, 2, 3, 4, 5, 6, 7, 8), plusReal(20.5), plusValue(0x0f, 0x40, 0x34, 0, 0, 0, 0, 0, 0),
		plusValue(0x10, 0x15, 0, 0, 0, 0, 0, 0, 1), plusValue(0x11, 0x3f), plusValue(0x12, 0, 0, 0, 52), plusValue(0x13, 0x88, 0x0d),
		plusBlob([]byte("a blob")), plusText("a text"), plusStruct(0x02000013, []byte{0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 1, 2, 3})[:19],
		plusArray(4, 3, plusNumbers(1, 200, 70000)...), plusArray(0x15, 2, 1, 'a', 2, 'b', 'c'), {0x40, 7, 1, 0, 1, 9, 0, 9, 0},
		// A list of values of types of their own, one with types for keys, and a blob that says what it is of.
		{0x20, 0x16, 2, 0, 2, 7, 0, 4, 0x82, 0x2c}, {0x40, 0x16, 2, 9, 0}, plusTypedBlob(3, append(plusNumber(3), "typ"...)...),
		plusTypedBlob(0, append(plusMember(4001, plusUDInt(1)), 0)...),
		plusStruct(4000, plusMember(4001, plusUDInt(1)), plusMember(4002, plusStruct(4003, plusMember(4004, plusText("x"))))),
		append(append([]byte{0x20, 0x17}, plusLong(0x0202)...), append([]byte{2}, append(append(plusMember(1, plusUDInt(1)), 0), append(plusMember(1, plusUDInt(2)), 0)...)...)...),
	}
}

// plusTypedBlob is a blob that says what it is a blob of and how what it holds is written.
func plusTypedBlob(how byte, b ...byte) []byte {
	return append(append([]byte{0, 0x14}, plusNumber(4000)...), append([]byte{1, 2, 3, 4, 5, 6, 7, 8, how}, b...)...)
}

// plusTag describes one variable in the way of old controllers.
func plusTag(kind byte, name string, where ...uint32) []byte {
	b := append(append([]byte{0xa7, kind}, plusNumber(uint32(len(name)))...), name...)
	b = append(append(b, 0, 7, 5), 0x08, 0x10, 0x80, 0x03) // a 16-bit number, its flags
	return append(append(append(b, plusNumbers(9, 0)...), plusNumbers(where...)...), 0xa8)
}

// s7commplusVariables reads and writes variables of every type and by every
// address, and attributes of objects.
func s7commplusVariables(n *Net) {
	c, s := plusOpen(n, s7HMI, 49301, 2)
	values := plusSymbols()
	var items [][]byte
	answer := [][]byte{{0}}
	for i, v := range values {
		items = append(items, plusAddress(0x1000+uint32(i), plusDB5, 2550, uint32(i)+9))
		answer = append(answer, plusNumber(uint32(i)+1), v)
	}
	s7Talk(n, c, s.ask(plusGetMulti, plusItems(5*uint32(len(items)), items...), plusQualifier()), s.answer(plusGetMulti, append(answer, []byte{0, 0})...))
	// Areas, attributes, bits and bytes; a way too long to be remembered; one that fails.
	places := plusItems(70, plusAddress(0, 80, 3736, 3, 4, 1), plusAddress(0, 81, 3736, 3, 4, 1, 7), plusAddress(0, plusDB5, 2550, 3, 2, 1, 0),
		plusAddress(0x77, 83, 3736, 5), plusAddress(0x78, 84, 3736, 6), plusAddress(0x79, plusDB5, 2548, 9),
		plusAddress(0x80, plusDB5, 2550, 9, 1, 100000000, 200000000, 300000000, 4, 500000000, 600000000, 7), plusAddress(0, 201, 1081, 0),
		plusAddress(0, plusMyself, 1842), plusAddress(0, 0x8a120007, 2521), plusAddress(0, 4711, 3736, 1))
	s7Talk(n, c, s.ask(plusGetMulti, places, plusQualifier()), s.answer(plusGetMulti, []byte{0}, []byte{1}, plusBlob([]byte{9}),
		[]byte{2}, plusValue(1, 1), []byte{3}, plusValue(1, 0), []byte{4}, plusValue(3, 0, 5), []byte{5}, plusValue(3, 0, 6), []byte{6}, plusReal(1),
		[]byte{9}, plusUDInt(1), []byte{8}, plusValue(8, 0x83, 0x72), []byte{10}, plusValue(3, 0, 7), []byte{0},
		[]byte{7, 0x80 | 0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x83, 0xff, 0xef, 11, 0x90, 1, 0}))
	s7Talk(n, c, s.ask(plusSetMulti, plusItems(10, plusAddress(0x81, plusDB5, 2550, 10), plusAddress(0, 82, 3736, 3, 100, 2)),
		[]byte{1}, plusReal(-2.5), []byte{2}, plusBlob([]byte{1, 2}), []byte{0}, plusQualifier()),
		s.answer(plusSetMulti, []byte{19, 2, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0xf4, 0}))
	s7Talk(n, c, s.ask(plusGetMulti, plusLong(0x70000f00), plusNumbers(2, 2, 1, 2), plusQualifier()),
		s.answer(plusGetMulti, []byte{0, 1}, plusUDInt(1), []byte{2}, plusUDInt(2), []byte{0, 0}))
	s7Talk(n, c, s.ask(plusGetStreamed, plusLong(201), plusList(1037), plusQualifier(), []byte{0, 1}), s.answer(plusGetStreamed, []byte{0, 0}, plusUDInt(9)))
	s7Talk(n, c, s.ask(plusGet, plusLong(52), plusNumbers(1, 2168), plusQualifier()), s.answer(plusGet, []byte{0}, plusValue(8, 8)))
	s7Talk(n, c, s.ask(plusSet, plusLong(50), plusNumbers(1, 2421), plusValue(0x10, 0x15, 0, 0, 0, 0, 0, 0, 1), plusQualifier(), []byte{0}), s.answer(plusSet, []byte{0}))
	s7Talk(n, c, s.ask(plusSet, plusLong(50), plusNumbers(4, 2422, 7, 0, 2), plusArray(2, 2, 1, 2), plusQualifier(), []byte{0}), s.answer(plusSet, plusFailed(-12)))
	s7Talk(n, c, s.ask(plusGetMulti, plusItems(0), plusQualifier()), s.answer(plusGetMulti, []byte{0, 0, 0}))
	s7Talk(n, c, s.ask(plusGetMulti, plusItems(5, plusAddress(1, plusDB5, 2550, 9)), plusQualifier()), s.answer(plusError, plusFailed(-255)))
	s7Talk(n, c, s.ask(plusGetMulti, plusItems(5, plusAddress(1, plusDB5, 2550, 9)), plusQualifier()), s.answer(plusError, []byte{9}))
	s7Talk(n, c, s.ask(plusDelete, plusLong(plusMyself), plusQualifier()), s.answer(plusDelete, []byte{0}, plusLong(plusMyself)))
	c.Close()
}

// plusFailed is a return value that is an error with a code.
func plusFailed(code int16) []byte {
	v := 0x8000_0000_0000_0000 | uint64(uint16(code))
	b := []byte{byte(v)}
	for v >>= 8; len(b) < 9; v >>= 7 {
		b = append([]byte{byte(v&0x7f | 0x80)}, b...)
	}
	return b
}

// s7commplusProgram loads, reads and removes blocks, stops and starts.
func s7commplusProgram(n *Net) {
	c, s := plusOpen(n, s7Tool, 49302, 3)
	ask := func(fn uint16, answer []byte, body ...[]byte) { s7Talk(n, c, s.ask(fn, body...), s.answer(fn, answer)) }
	state := func(v byte, answer []byte) {
		ask(plusSet, answer, plusLong(52), plusNumbers(1, 2167), plusValue(8, v), plusQualifier(), []byte{0})
	}
	state(1, plusFailed(-134))
	state(1, []byte{0})
	ask(plusBeginSequence, append([]byte{0, 0, 1}, plusLong(3)...), []byte{1, 0, 18}, plusLong(3))
	code := []byte(strings.Repeat("network 1: A I 0.0; = Q 0.0\n", 40))
	s.split = 300
	ask(plusCreate, []byte{0, 1, 0x88, 0xd0, 0xc8, 0x80, 0x01}, plusLong(3), plusUDInt(0), plusLong(0), []byte{5}, plusObject(0x8a320001, 2610,
		plusAttribute(233, plusText("Main")), plusAttribute(2521, plusValue(3, 0, 1)), plusAttribute(2580, plusBlob(code)),
		append([]byte{0xa4}, append(plusNumber(200), 0, 0, 0, 1)...),
		plusAttribute(2585, append(append([]byte{0x40, 0x14}, 1, 0, 3), 'o', 'n', 'e', 2, 0, 3, 't', 'w', 'o', 0)),
		append([]byte{0xac, 0, 5}, 3, 'a', 'b', 'c', 0, 0, 0), append([]byte{0xab, 0, 6, 9, 0, 0, 0}, 1, 2, 0, 0)))
	s.split = 0
	ask(plusCreate, plusFailed(-17), plusLong(3), plusUDInt(0), plusLong(0), plusObject(211, 2579, plusAttribute(2580, plusBlob([]byte("short")))))
	plusStream(n, c, s, code)
	ask(plusEndSequence, []byte{0}, []byte{0, 1})
	ask(plusGetStreamed, append([]byte{0, 0}, plusBlob(code)...), plusLong(0x8a320001), plusList(2580), plusQualifier(), []byte{0, 1})
	ask(plusExplore, append([]byte{0}, bytes.Join([][]byte{plusLong(3), {7}, plusObject(3, 2520, plusObject(0x8a130002, 2579,
		plusAttribute(233, plusText("Valve")), plusAttribute(2580, plusBlob([]byte("code of a function"))))), {0}}, nil)...),
		plusLong(3), []byte{0, 1, 1, 0, 0, 0})
	ask(plusExplore, append([]byte{0}, bytes.Join([][]byte{plusLong(3), {7}, plusObject(3, 2520,
		plusTag(0, "plain", 1, 2), plusTag(5, "bit", 1, 4, 1, 2, 3, 3), plusTag(2, "row", 1, 2, 0, 8, 0, 0), plusTag(3, "grid", 1, 2, 0, 0, 2, 0, 8, 1, 4),
		plusTag(8, "inner", 1, 4, 1, 2, 6, 6), plusObject(0x8a130003, 2579, plusAttribute(2580, plusTypedBlob(3, append(plusNumber(5), "typed"...)...)))), {0}}, nil)...),
		plusLong(3), []byte{0, 1, 1, 0, 0, 0})
	ask(plusDelete, append([]byte{0}, plusLong(0x8a130002)...), plusLong(0x8a130002), plusQualifier())
	ask(plusDelete, append([]byte{0}, plusLong(4711)...), plusLong(4711), plusQualifier())
	ask(plusInvoke, []byte{0, 0, 0, 0}, plusLong(1387), plusLong(1387), []byte{0, 0})
	ask(plusInvoke, []byte{0, 0, 0, 0}, plusLong(0x70000100), plusLong(4), []byte{0, 0})
	ask(plusSet, []byte{0}, plusLong(0x8a130002), plusNumbers(1, 2521), plusValue(3, 0, 7), plusQualifier(), []byte{0})
	state(2, []byte{0})
	state(3, []byte{0})
	state(4, []byte{0})
	state(9, []byte{0})
	ask(plusSet, []byte{0}, plusLong(52), plusNumbers(1, 2167), plusText("run"), plusQualifier(), []byte{0})
	c.Close()
}

// plusStream writes a large attribute of a block: the first piece in the request,
// the others in fragments of their own.
func plusStream(n *Net, c *Conn, s *s7Plus, code []byte) {
	s.seq++
	d := append(binary.BigEndian.AppendUint32(s.head(0x31, plusSetStreamed), s.session), plusAsk)
	d = append(d, bytes.Join([][]byte{plusLong(0x8a120007), plusList(2580), plusQualifier(), {0, 1}, plusBlob(code[:200])}, nil)...)
	c.Client(cotpData(s.fragment(d)...))
	c.Client(cotpData(s.fragment(append(plusNumber(200), code[200:400]...))...))
	last := append(plusNumber(uint32(len(code)-400)), code[400:]...)
	s7Talk(n, c, s.message(append(last, s.tail()...)), s.answer(plusSetStreamed, []byte{0}))
}

// s7commplusSubscriptions makes subscriptions, is sent their values, changes and
// removes them; asks for all that nobody asks often; and is refused a password.
func s7commplusSubscriptions(n *Net) {
	c, s := plusOpen(n, s7HMI, 49303, 3)
	list := plusList(0x80010000, 0, 2, 0x80040002, 1, 0, plusDB5, 0x8b7593de, 2550, 113, 0x80040004, 2, 0, 82, 0, 3736, 3, 10, 2)
	s7Talk(n, c, s.ask(plusCreate, plusLong(plusMyself+1), plusUDInt(0), plusLong(0), []byte{3}, plusObject(211, 1001, plusAttribute(1048, list), plusAttribute(1049, plusUDInt(500)))),
		s.answer(plusCreate, []byte{0, 1}, plusNumber(plusWatcher)))
	value := func(ref byte, v []byte) []byte { return append([]byte{0x92, 0, 0, 0, ref}, v...) }
	c.Server(s.notify(plusWatcher, 1, value(1, plusValue(1, 1)), value(2, plusBlob([]byte{1, 2})), value(9, plusReal(3)), []byte{0x13, 0, 0, 0, 4}, []byte{0x9b, 7}, plusUDInt(8), []byte{0x9c, 0, 0, 0, 1}))
	c.Server(s.notify(plusWatcher, 2))
	c.Server(s.notify(plusWatcher, 3, value(3, plusText("nobody's")), []byte{0xee, 1}))
	c.Server(s.message(append(binary.BigEndian.AppendUint32([]byte{0x33}, plusWatcher), 4, 0, 0, 0, 0, 0, 9, 9, 0, 5, 0x9b, 0xf, 1, 2, 3, 4, 1, 0x92, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0)))
	c.Server(s.message(append(binary.BigEndian.AppendUint32([]byte{0x33}, plusWatcher), 4, 0, 0, 0, 0, 0, 9, 9, 0, 4, 0xb5, 0x62, 1, 2, 3, 4, 1, 0x92, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0)))
	c.Server(s.message(append(binary.BigEndian.AppendUint32([]byte{0x33}, plusWatcher), 4, 0, 0, 0, 0, 0, 9, 9, 0x92, 0xff, 0xff, 0xff, 0xff, 0, 1, 0, 0, 0, 0, 0)))
	c.Server(s.message(append(binary.BigEndian.AppendUint32([]byte{0x33}, plusWatcher), 1, 0, 0, 0, 0, 0)))
	n.Wait(time.Second)
	change := plusList(0x20000, 1, 1, 1, 0x80040002, 3, 0, plusDB5, 0x55, 2550, 9)
	s7Talk(n, c, s.ask(plusSetMulti, plusLong(plusWatcher), plusNumbers(2, 2, 1048, 1049), []byte{1}, change, []byte{2}, plusUDInt(100), []byte{0}, plusQualifier()), s.answer(plusSetMulti, []byte{0, 0}))
	c.Server(s.notify(plusWatcher, 4, value(3, plusReal(7)), value(1, plusValue(1, 0))))
	s7Talk(n, c, s.ask(plusDelete, plusLong(plusWatcher), plusQualifier()), s.answer(plusDelete, []byte{0}, plusLong(plusWatcher)))
	s7Talk(n, c, s.ask(plusCreate, plusLong(plusMyself+1), plusUDInt(0), plusLong(0), plusObject(211, 1001, plusAttribute(1048, list))), s.answer(plusCreate, plusFailed(-12)))
	s7Talk(n, c, s.ask(plusCreate, plusLong(8), plusUDInt(0), plusLong(0), plusObject(211, 2662)), s.answer(plusCreate, []byte{0, 0}))
	s7Talk(n, c, s.ask(plusCreate, plusLong(4), plusUDInt(0), plusLong(0), plusObject(211, 4000)), s.answer(plusCreate, []byte{0, 1, 0x87, 0x10}))
	s7Talk(n, c, s.ask(plusDelete, plusLong(0x390), plusQualifier()), s.answer(plusDelete, []byte{0}, plusLong(0x390)))
	for _, fn := range []uint16{plusAddLink, plusRemoveLink, plusGetLink, plusGetAddress, plusAbort, 0x04c0} {
		s7Talk(n, c, s.ask(fn, plusLong(3), []byte{1, 0, 0}), s.answer(fn, []byte{0}))
	}
	// Passwords: a challenge, its answer, a proof; wrong and right.
	s7Talk(n, c, s.ask(plusGetStreamed, plusLong(plusMyself), plusList(303), plusQualifier(), []byte{0, 1}), s.answer(plusGetStreamed, []byte{0, 0}, plusArray(2, 6, []byte("S3cr3t")...)))
	s7Talk(n, c, s.ask(plusSet, plusLong(plusMyself), plusNumbers(1, 304), plusArray(2, 7, []byte("hunter2")...), plusQualifier(), []byte{0}), s.answer(plusSet, []byte{22}))
	s7Talk(n, c, s.ask(plusSet, plusLong(plusMyself), plusNumbers(1, 1846), plusBlob([]byte("S3cr3t")), plusQualifier(), []byte{0}), s.answer(plusSet, []byte{17}))
	c.Server(cotpData(0x72, 0xfe, 0, 16, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0))
	c.Client(cotpData(0x72, 0xff, 1, 0))
	s7Talk(n, c, cotpPart(), cotpPart())
	s7Talk(n, c, s.request(plusQuiet, plusSet, plusLong(plusWatcher), plusNumbers(1, 1053), plusValue(7, 0, 9), plusQualifier(), []byte{0}), nil)
	c.Server(s.message(append(s.head(0x02, plusSet), plusAsk, 0, 0, 0, 0, 0))) // nobody waits for it
	s7Talk(n, c, s.ask(plusGetMulti, plusItems(5, plusAddress(1, plusDB5, 2550, 9)), plusQualifier()), s.message(append(s.head(0x02, plusGetMulti), plusAsk, 0, 1, 0, 2, 5, 0, 0, 0)))
	s7Talk(n, c, tpkt(6, 0x80, 0, 9, 0, 3, 128), nil)
	c.Close()

	c = n.Dial(s7HMI, s7PLC, 49304, PortTPKT) // the connect is left out; an old controller's notifications
	old := &s7Plus{version: 1, session: 0x390}
	s7Talk(n, c, old.ask(plusExplore, plusLong(537), []byte{0, 1, 1, 0, 0, 0}), old.answer(plusExplore, []byte{0}, plusLong(537), plusObject(537, 534)))
	c.Server(old.message([]byte{0x33, 0, 0, 3, 0x91, 0, 0, 0, 0, 0, 0, 3, 0x93, 0, 0, 0x83, 0, 3, 0, 5, 0, 0, 0, 0, 0}))
	c.Server(old.message([]byte{0x33, 0, 0, 3, 0x91, 0, 0, 0, 0, 0, 0, 0, 0}))
	old.version = 2
	c.Server(old.notify(0x391, 1, value(5, plusUDInt(70))))
	c.Close()
}

// plusRecord is a TLS record of a type.
func plusRecord(kind byte, b ...byte) []byte {
	return append([]byte{kind, 3, 3, byte(len(b) >> 8), byte(len(b))}, b...)
}

// s7commplusTLS turns to TLS; one capture begins inside it.
func s7commplusTLS(n *Net) {
	c := plusConnect(n, s7Tool, 49310, "SIMATIC-ROOT-ES")
	s := &s7Plus{version: 1}
	s7Talk(n, c, s.request(0x30, plusInitSSL), s.answer(plusInitSSL, []byte{0}))
	hello := append(append([]byte{1, 0, 0, 40, 3, 3}, make([]byte, 32)...), 0, 0, 2, 0x13, 1, 1)
	chosen := append(append([]byte{2, 0, 0, 46, 3, 3}, make([]byte, 32)...), 0, 0x13, 1, 0, 0, 6, 0, 43, 0, 2, 3, 4)
	s7Talk(n, c, cotpData(plusRecord(22, hello...)...), cotpData(append(plusRecord(22, chosen...), plusRecord(20, 1)...)...))
	for range 3 {
		s7Talk(n, c, cotpData(plusRecord(23, make([]byte, 60)...)...), cotpData(plusRecord(23, make([]byte, 80)...)...))
	}
	c.Close()
	c = n.Midstream(s7Tool, s7PLC, 49311, PortTPKT)
	s7Talk(n, c, cotpData(plusRecord(23, make([]byte, 60)...)...), cotpData(plusRecord(23, make([]byte, 80)...)...))
	c.Close()
	c = plusConnect(n, s7Tool, 49312, "SIMATIC-ROOT-ES")
	s7Talk(n, c, s.request(0x30, plusInitSSL), s.answer(plusInitSSL, []byte{0}))
	older := append(append([]byte{2, 0, 0, 38, 3, 3}, make([]byte, 32)...), 0, 0xc0, 0x30, 0)
	s7Talk(n, c, cotpData(plusRecord(22, hello...)...), cotpData(plusRecord(22, older...)...))
	c.Close()
}

// s7commplusMidstream begins inside connections, loses segments, and meets
// answers whose requests were before the capture.
func s7commplusMidstream(n *Net) {
	s := &s7Plus{version: 3, session: plusMyself, seq: 100}
	item := plusItems(5, plusAddress(0x8b7593de, plusDB5, 2550, 113))
	read := func() []byte { return s.ask(plusGetMulti, item, plusQualifier()) }
	took := func(v byte) []byte { return s.answer(plusGetMulti, []byte{0, 1}, plusValue(2, v), []byte{0, 0}) }
	c := n.Midstream(s7HMI, s7PLC, 49320, PortTPKT)
	s7Talk(n, c, cotpPart(), took(1))
	s7Talk(n, c, nil, s.answer(plusSetMulti, []byte{0, 0}))
	s7Talk(n, c, nil, s.answer(plusGetMulti, []byte{0, 0, 1, 0x90, 0, 0}))
	s7Talk(n, c, nil, s.answer(plusGetMulti, plusFailed(-12)))
	s7Talk(n, c, nil, s.answer(plusGetStreamed, []byte{0, 0}, plusUDInt(7)))
	s7Talk(n, c, nil, s.answer(plusGetStreamed, []byte{0, 0}, plusBlob([]byte("S3cr3t"))))
	s7Talk(n, c, nil, s.answer(plusCreate, []byte{0, 1}, plusNumber(plusWatcher)))
	s7Talk(n, c, nil, s.answer(plusError, plusFailed(-1)))
	s7Talk(n, c, read(), took(2))
	c.LoseServer(70)
	s7Talk(n, c, read(), nil)
	s7Talk(n, c, nil, took(3))
	s7Talk(n, c, read(), took(4))
	c.Close()

	c = n.Midstream(s7Tool, s7PLC, 49321, PortTPKT) // a block under way when a piece is lost
	code := plusBlob(bytes.Repeat([]byte{0xc0, 0xde}, 400))
	s7Talk(n, c, read(), took(5))
	s.split = 200
	load := s.ask(plusCreate, plusLong(3), plusUDInt(0), plusLong(0), []byte{5}, plusObject(0x8a320001, 2610, plusAttribute(2580, code)))
	part := 4 + 3 + 4 + 33 + 200
	c.Client(load[:part])
	c.LoseClient(part)
	c.Client(load[2*part:])
	s.split = 0
	s7Talk(n, c, nil, s.answer(plusCreate, []byte{0, 0}))
	s7Talk(n, c, read(), took(6))
	c.Close()

	c = n.Midstream(s7HMI, s7PLC, 49322, PortTPKT) // between two protocols
	s7Talk(n, c, nil, s.notify(plusWatcher, 1, []byte{0x92, 0, 0, 0, 5}, plusReal(1)))
	s7Talk(n, c, S7{7}.Setup(nil, 480), S7{7}.SetupAnswer(nil, 240))
	s7Talk(n, c, read(), took(7))
	c.Close()

	c = n.Midstream(s7HMI, s7PLC, 49323, PortTPKT)
	s7Talk(n, c, COTPConnect(nil, 6, 2, 0, 2), COTPConfirm(nil, 6, 2, 0, 2))
	s7Talk(n, c, read(), took(8))
	s7Talk(n, c, COTPConnect(nil, 6, 2, 0, 2), COTPConfirm(nil, 6, 2, 0, 2))
	c.Close()

	c = n.Midstream(s7HMI, s7PLC, 49324, PortTPKT) // nothing comes whole
	for v := range byte(2) {
		s7Talk(n, c, cotpInParts(read(), 1, 2, 40), cotpInParts(took(9+v), 3, 30))
	}
	c.Close()
}

// s7commplusMalformed breaks each rule once.
func s7commplusMalformed(n *Net) {
	c, s := plusOpen(n, s7HMI, 49330, 3)
	talk := func(b []byte) { s7Talk(n, c, b, nil) }
	talk(cotpData(0x72, 3, 0, 9, 1))
	talk(cotpData(0x72, 9, 0, 1, 1))
	talk(cotpData(0x72, 3, 0, 2, 32, 1, 0x72, 3, 0, 0))
	talk(cotpData(1, 2, 3, 4))
	talk(tpkt(2, 0x90, 0))
	one := &s7Plus{version: 1, session: 288}
	talk(one.message([]byte{0x44, 0, 0}))
	talk(one.message([]byte{0x31, 0, 0, 5, 0x4c}))
	s7Talk(n, c, nil, one.message([]byte{0x32, 0, 0, 5}))
	s7Talk(n, c, nil, one.ask(plusExplore, plusLong(1)))
	s7Talk(n, c, nil, one.message([]byte{0x33, 0, 0, 5, 4, 0, 0, 1, 0, 0, 1}))
	s7Talk(n, c, nil, s.notify(plusWatcher, 1, []byte{0x92, 0, 0, 0, 5, 0, 0x0e, 1}))
	s7Talk(n, c, nil, s.notify(plusWatcher, 1, []byte{0x92, 0, 0, 0, 5, 0, 0x18, 1}))
	ask := func(fn uint16, body ...[]byte) { s7Talk(n, c, one.ask(fn, body...), one.answer(fn, []byte{0, 0})) }
	ask(plusGetMulti, plusLong(0), plusNumbers(5000, 5000))
	ask(plusGetMulti, plusLong(0), plusNumbers(4, 20), plusAddress(1, plusDB5, 2550))
	ask(plusGetMulti, plusItems(5, plusAddress(1, plusDB5, 2550, 1)[:8], []byte{0x90, 0x80, 0}))
	ask(plusSetMulti, plusItems(5, plusAddress(1, plusDB5, 2550, 1)), []byte{2}, plusValue(1, 1), []byte{0}, plusQualifier())
	ask(plusSetMulti, plusItems(5, plusAddress(1, plusDB5, 2550, 1)), []byte{1}, []byte{0, 0x18}, []byte{0}, plusQualifier())
	ask(plusSetMulti, plusLong(plusMyself), plusNumbers(3, 1, 306))
	ask(plusSet, plusLong(52), plusNumbers(2000, 1))
	ask(plusSet, plusLong(52), plusNumbers(1, 2167), []byte{0, 0x30})
	ask(plusGetStreamed, plusLong(52), []byte{0, 0x30})
	ask(plusSetStreamed, plusLong(0x8a120007), plusList(2580), plusQualifier())
	ask(plusCreate, plusLong(3), plusUDInt(0), plusLong(0), []byte{7, 7})
	ask(plusCreate, plusLong(3), plusUDInt(0), plusLong(0), plusObject(211, 4000, []byte{0xb0}))
	deep := []byte{0}
	for range 20 {
		deep = plusStruct(1, plusMember(1, deep))
	}
	ask(plusSet, plusLong(52), plusNumbers(1, 2167), deep)
	nested := plusObject(211, 4000)
	for range 20 {
		nested = plusObject(211, 4000, nested)
	}
	ask(plusCreate, plusLong(3), plusUDInt(0), plusLong(0), nested)
	s7Talk(n, c, one.ask(plusGetMulti, plusItems(5, plusAddress(1, plusDB5, 2550, 1))), one.answer(plusGetMulti, []byte{0, 1, 0, 0x0f, 1}))
	long := &s7Plus{version: 2, session: plusMyself, seq: 900, split: 1000}
	s7Talk(n, c, long.ask(plusCreate, plusLong(3), plusUDInt(0), plusLong(0), []byte{5}, plusObject(0x8a0e0002, 2574, plusAttribute(2548, plusBlob(make([]byte, 70000))))),
		long.answer(plusCreate, []byte{0, 0}))
	s7Talk(n, c, s.ask(plusGetMulti, plusItems(5, plusAddress(1, plusDB5, 2550, 1)), plusQualifier()), s.answer(plusGetMulti, []byte{0, 1}, plusUDInt(1), []byte{0, 0}))
	s7Talk(n, c, []byte("GET / HTTP/1.0\r\n\r\n"), nil)
	s7Talk(n, c, s.ask(plusGetMulti, plusItems(5, plusAddress(1, plusDB5, 2550, 1)), plusQualifier()), s.answer(plusGetMulti, []byte{0, 1}, plusUDInt(1), []byte{0, 0}))
	c.Close()
}
