package plant

import (
	"encoding/binary"
	"math"
	"time"
)

// s7Open connects to a slot and sets up.
func s7Open(n *Net, client *Host, port uint16, slot uint8) *Conn {
	c := n.Dial(client, s7PLC, port, PortTPKT)
	s7Talk(n, c, COTPConnect(nil, port, 2, 0, slot), COTPConfirm(nil, port, 2, 0, slot))
	s7Talk(n, c, S7{0}.Setup(nil, 480), S7{0}.SetupAnswer(nil, 240))
	return c
}

// s7Error answers with an error class and code, as a bare acknowledgement or one
// with the function.
func (s S7) s7Error(code uint16, function ...byte) []byte {
	b := s.message(nil, s7Ack, function, nil)
	if len(function) == 0 {
		b[8] = 2
	}
	binary.BigEndian.PutUint16(b[17:], code)
	return b
}

// s7User is a userdata message: group and subfunction with the type in the high
// bits (0x40 request, 0x80 answer, 0 push), the job's number and content.
func (s S7) s7User(kind, sub, seq byte, content ...byte) []byte {
	data := append([]byte{0xff, 9, byte(len(content) >> 8), byte(len(content))}, content...)
	if len(content) == 0 {
		data = []byte{0x0a, 0, 0, 0}
	}
	if kind>>4 == 4 {
		return s.message(nil, s7Userdata, []byte{0, 1, 0x12, 4, 0x11, kind, sub, seq}, data)
	}
	return s.message(nil, s7Userdata, []byte{0, 1, 0x12, 8, 0x12, kind, sub, seq, 0, 0, 0, 0}, data)
}

// s7Refused is an answer to a userdata request with an error code.
func (s S7) s7Refused(kind, sub byte, code uint16) []byte {
	return s.message(nil, s7Userdata, []byte{0, 1, 0x12, 8, 0x12, kind, sub, 0, 0, 0, byte(code >> 8), byte(code)}, []byte{0x0a, 0, 0, 0})
}

// s7commPoll reads six variables of four kinds again and again and refreshes a
// setpoint.
func s7commPoll(n *Net) {
	c := s7Open(n, s7HMI, 49200, 2)
	items := []S7Item{
		{Area: S7Block, Type: S7TypeBit, DB: 1, Count: 1, Byte: 0, Bit: 3},
		{Area: S7Block, Type: S7TypeWord, DB: 1, Count: 3, Byte: 4},
		{Area: S7Block, Type: S7TypeReal, DB: 1, Count: 2, Byte: 12},
		{Area: S7Inputs, Type: S7TypeByte, Count: 3, Byte: 0},
		{Area: S7Flags, Type: S7TypeBit, Count: 1, Byte: 10, Bit: 7},
		{Area: S7Outputs, Type: S7TypeByte, Count: 1, Byte: 4},
	}
	setpoint := []S7Item{{Area: S7Block, Type: S7TypeWord, DB: 1, Count: 1, Byte: 30}}
	for i := range uint16(12) {
		s := S7{10 + 2*i}
		level := binary.BigEndian.AppendUint32(nil, math.Float32bits(20+float32(i)/2))
		level = binary.BigEndian.AppendUint32(level, math.Float32bits(-1))
		s7Talk(n, c, s.Read(nil, items...), s.ReadAnswer(nil, items, []byte{byte(i & 1)},
			[]byte{0, byte(i), 1, 2, 0xff, 0xff}, level, []byte{1, 2, byte(i)}, []byte{1}, []byte{byte(1 << (i % 8))}))
		s = S7{11 + 2*i}
		s7Talk(n, c, s.Write(nil, setpoint, []byte{1, byte(200 + i%3)}), s.WriteAnswer(nil, 0xff))
	}
	c.Close()
}

// s7commVariables reads and writes every area and type, by every way to address.
func s7commVariables(n *Net) {
	c := s7Open(n, s7HMI, 49201, 2)
	s := S7{0x100}
	ask := func(request, answer []byte) {
		s7Talk(n, c, request, answer)
		s.Ref++
	}
	for i, area := range []uint8{0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x03, 0x05, 0x06, 0x07, 0x01, 0x99} {
		it := []S7Item{{Area: area, Type: S7TypeByte, DB: 7, Count: 2, Byte: uint32(i)}, {Area: area, Type: S7TypeBit, DB: 7, Count: 1, Byte: 9, Bit: 1}}
		ask(s.Read(nil, it...), s.ReadAnswer(nil, it, []byte{byte(i), 255}, []byte{1}))
	}
	for _, area := range []uint8{0x1c, 0x1d, 0x1e, 0x1f} { // numbers, not addresses: 5 is five bits
		it := []S7Item{{Area: area, Type: area &^ 2, Count: 1, Bit: 5}}
		ask(s.Read(nil, it...), s.ReadAnswer(nil, it, []byte{0x12, 0x34}))
	}
	for kind, bytes := range []int{0, 1, 1, 1, 2, 2, 4, 4, 4, 2, 4, 4, 2, 0, 0, 8} {
		it := []S7Item{{Area: S7Block, Type: uint8(kind), DB: 500, Count: 1, Byte: 65535 >> 3, Bit: uint8(kind & 1)}}
		value := []byte{0xff, 2, 3, 4, 5, 6, 7, 8}[:bytes]
		if bytes > 0 {
			ask(s.Write(nil, it, value), s.WriteAnswer(nil, 0xff))
		}
	}
	it := []S7Item{{Area: S7Block, Type: S7TypeByte, DB: 1, Count: 3}, {Area: S7Block, Type: S7TypeBit, DB: 1, Count: 1, Byte: 9, Bit: 7},
		{Area: S7Block, Type: S7TypeReal, DB: 99, Count: 1}, {Area: S7Outputs, Type: S7TypeWord, Count: 1, Byte: 2}}
	ask(s.Write(nil, it, []byte{1, 2, 3}, []byte{1}, []byte{0x41, 0x20, 0, 0}, []byte{0x80, 1}), s.WriteAnswer(nil, 0xff, 5, 0x0a, 3))
	ask(s.Read(nil, it[:3]...), s.message(nil, s7Ack, []byte{4, 3}, // a refused item has no data whatever its length says
		[]byte{0xff, 4, 0, 24, 1, 2, 3, 0, 5, 0, 0, 4, 0xff, 7, 0, 4, 0x41, 0x20, 0, 0}))
	ask(s.Read(nil, it[2:]...), s.message(nil, s7Ack, []byte{4, 2}, []byte{1, 0, 0, 0, 0x42, 0, 0, 0}))
	ask(s.Read(nil, it[:2]...), s.message(nil, s7Ack, []byte{4, 2}, []byte{6, 0, 0, 0, 7, 0, 0, 0}))
	ask(s.Read(nil, it...), s.s7Error(0x8500, 4))
	ask(s.Write(nil, it[3:], []byte{0, 0}), s.s7Error(0x8104))
	// Numerical control, data blocks by several areas, symbols, something else.
	ask(s.message(nil, s7Job, []byte{4, 2, 0x12, 8, 0x82, 0x41, 0, 12, 0, 1, 0x7f, 1, 0x12, 8, 0x83, 0x01, 0, 2, 0, 3, 0x10, 2}, nil),
		s.message(nil, s7Ack, []byte{4, 2}, []byte{0xff, 9, 0, 1, 7, 0, 0xff, 9, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1}))
	ask(s.message(nil, s7Job, []byte{4, 2, 0x12, 12, 0xb0, 2, 3, 0, 10, 0, 4, 2, 0, 11, 1, 0, 0x12, 10, 0x10, 5, 0, 1, 0, 1, 0x84, 0, 0, 16}, nil),
		s.message(nil, s7Ack, []byte{4, 2}, []byte{0xff, 9, 0, 5, 0xff, 1, 2, 3, 0x0a, 0, 0xff, 5, 0, 16, 0xff, 0xfe}))
	ask(s.message(nil, s7Job, []byte{4, 1, 0x12, 18, 0xb2, 0xff, 0x8a, 0x0e, 0, 10, 0xea, 0x2d, 0xb0, 0xd9, 0x40, 0, 0, 16, 0x40, 0, 0, 3}, nil),
		s.message(nil, s7Ack, []byte{4, 1}, []byte{0xff, 4, 0, 16, 0, 9}))
	ask(s.message(nil, s7Job, []byte{4, 1, 0x12, 4, 0xa2, 0, 1, 2}, nil), s.message(nil, s7Ack, []byte{4, 1}, []byte{0xff, 3, 0, 1, 1}))
	// Functions without variables.
	ask(s.message(nil, s7Job, []byte{0, 0, 0}, nil), s.message(nil, s7Ack, []byte{0}, nil))
	ask(s.message(nil, s7Job, []byte{0x7e}, nil), s.s7Error(0x8104))
	c.Close()
}

// s7commErrors shows an answer with each error class that the header knows, and with errors of the other messages.
func s7commErrors(n *Net) {
	c := s7Open(n, s7HMI, 49208, 2)
	it := S7Item{Area: S7Block, Type: S7TypeWord, DB: 1, Count: 1}
	for i, code := range []uint16{0x8100, 0x8104, 0x8204, 0x8301, 0x8302, 0x8401, 0x8404, 0x8500, 0x8503, 0x8701, 0x8702, 0x8704, 0x8799} {
		s := S7{uint16(30 + i)}
		s7Talk(n, c, s.Read(nil, it), s.s7Error(code, 4))
	}
	for i, code := range []uint16{0xd041, 0xd209, 0xd241, 0xd404, 0xdc01, 0xd777} {
		s := S7{uint16(60 + i)}
		s7Talk(n, c, s.SZL(nil, 0x0113, 9), s.s7Refused(0x84, 1, code))
	}
	c.Close()
}

// s7commBlocks loads, reads, lists and removes blocks, stops and starts.
func s7commBlocks(n *Net) {
	c := s7Open(n, s7Tool, 49202, 2)
	s := S7{0x200}
	ask := func(request, answer []byte) {
		s7Talk(n, c, request, answer)
		s.Ref++
	}
	ask(s.s7User(0x43, 1, 0), s.s7User(0x83, 1, 0, 0x30, 0x38, 0, 1, 0x30, 0x41, 0, 2))
	ask(s.s7User(0x43, 2, 0, 0x30, 0x41), s.s7User(0x83, 2, 0, 0, 1, 0x22, 5, 0, 2, 0x22, 5))
	ask(s.s7User(0x43, 3, 0, []byte("0A00001A")...), s.s7User(0x83, 3, 0, make([]byte, 78)...))
	ask(s.s7User(0x43, 3, 0, []byte("0C00042B")...), s.s7Refused(0x83, 3, 0xd209))
	ask(s.StartUpload(nil, "0800001"), s.StartUploadAnswer(nil, 7, 300))
	ask(s.Upload(nil, 7), s.UploadAnswer(nil, make([]byte, 200), true))
	ask(s.Upload(nil, 7), s.UploadAnswer(nil, make([]byte, 100), false))
	ask(s.EndUpload(nil, 7), s.EndUploadAnswer(nil))
	ask(s.StartUpload(nil, "0B00000"), s.s7Error(0xd241))
	ask(s.Upload(nil, 99), s.s7Error(0xd2a1, s7UploadBlock))
	ask(s.Stop(nil), s.StopAnswer(nil))
	ask(s.RequestDownload(nil, "0E00017", 230), s.RequestDownloadAnswer(nil))
	own := S7{0x8000}
	for _, size := range []int{200, 30} { // the controller asks
		c.Server(own.DownloadBlock(nil, "0E00017"))
		n.Wait(time.Millisecond)
		c.Client(own.DownloadBlockAnswer(nil, make([]byte, size), size == 200))
		n.Wait(time.Millisecond)
		own.Ref++
	}
	c.Server(own.DownloadEnd(nil, "0E00017"))
	n.Wait(time.Millisecond)
	c.Client(own.DownloadEndAnswer(nil))
	ask(s.Insert(nil, "0E00017"), s.ProgramAnswer(nil))
	ask(s.RequestDownload(nil, "0B00004", 100), s.s7Error(0xd2a9, s7DownloadStart))
	invoke := func(service string, arguments string) []byte {
		p := append([]byte{s7ProgramService, 0, 0, 0, 0, 0, 0, 0xfd, 0, byte(len(arguments))}, arguments...)
		return s.message(nil, s7Job, append(append(p, byte(len(service))), service...), nil)
	}
	ask(invoke("_DELE", "\x02\x000A00001A0C00042B"), s.ProgramAnswer(nil))
	ask(invoke("_DELE", "\x01\x00not a bl"), s.s7Error(0xd209, s7ProgramService, 2))
	ask(invoke("_MODU", "EP"), s.ProgramAnswer(nil))
	ask(invoke("_GARB", ""), s.ProgramAnswer(nil))
	ask(invoke("_N_SELECT", "01"), s.ProgramAnswer(nil))
	ask(invoke("_N_LOGIN_", "\x07hunter2"), s.ProgramAnswer(nil))
	ask(invoke("_N_LOGOUT", ""), s.ProgramAnswer(nil))
	ask(s.Start(nil), s.ProgramAnswer(nil))
	ask(invoke("P_PROGRAM", "C "), s.s7Error(0x8402, s7ProgramService))
	c.Close()
}

// s7commAgain moves blocks that were broken off and begun again, one that is ended
// before its end, and some that the one who ends them did not take.
func s7commAgain(n *Net) {
	c := s7Open(n, s7Tool, 49209, 2)
	s, own := S7{0x200}, S7{0x8000}
	ask := func(request, answer []byte) {
		s7Talk(n, c, request, answer)
		s.Ref++
	}
	give := func(answer []byte) { // the controller asks
		c.Server(own.DownloadBlock(nil, "0E00017"))
		n.Wait(time.Millisecond)
		c.Client(answer)
		n.Wait(time.Millisecond)
		own.Ref++
	}
	block := make([]byte, 230)
	for i := range block {
		block[i] = byte(i)
	}
	for _, again := range []bool{false, true} {
		ask(s.RequestDownload(nil, "0E00017", 230), s.RequestDownloadAnswer(nil))
		give(own.DownloadBlockAnswer(nil, block[:200], true))
		if !again {
			give(own.s7Error(0xd2a1, s7DownloadBlock))
			continue
		}
		give(own.DownloadBlockAnswer(nil, block[200:], false))
		c.Server(own.DownloadEnd(nil, "0E00017"))
		n.Wait(time.Millisecond)
		c.Client(own.DownloadEndAnswer(nil))
	}
	for _, end := range []int{0, 230, 200} { // not at all, whole, too early
		ask(s.StartUpload(nil, "0E00017"), s.StartUploadAnswer(nil, 7, 230))
		ask(s.Upload(nil, 7), s.UploadAnswer(nil, block[:200], true))
		if end == 0 {
			ask(s.Upload(nil, 7), s.s7Error(0xd2a1, s7UploadBlock))
			continue
		}
		if end == 230 {
			ask(s.Upload(nil, 7), s.UploadAnswer(nil, block[200:], false))
		}
		ask(s.EndUpload(nil, 7), s.EndUploadAnswer(nil))
	}
	// Called off by who ends it, with an error; fewer than announced; a part that is marked bad.
	end := func(function byte, id byte) []byte { return []byte{function, 0, 0xd2, 0x40, 0, 0, 0, id} }
	for _, bad := range []string{"called off", "short", "marked"} {
		ask(s.RequestDownload(nil, "0E00018", 230), s.RequestDownloadAnswer(nil))
		answer := own.DownloadBlockAnswer(nil, block[:230], false)
		last := own.DownloadEnd(nil, "0E00018")
		switch bad {
		case "called off":
			last = own.message(nil, s7Job, append(end(s7DownloadEnd, 0), "\x09_0E00018P"...), nil)
		case "short":
			answer = own.DownloadBlockAnswer(nil, block[:200], false)
		case "marked":
			answer = own.message(nil, s7Ack, []byte{s7DownloadBlock, 2}, append([]byte{0, 230, 0, 0xfb}, block...))
		}
		c.Server(own.DownloadBlock(nil, "0E00018"))
		n.Wait(time.Millisecond)
		c.Client(answer)
		n.Wait(time.Millisecond)
		c.Server(last)
		n.Wait(time.Millisecond)
		c.Client(own.DownloadEndAnswer(nil))
		own.Ref++
	}
	ask(s.StartUpload(nil, "0E00018"), s.StartUploadAnswer(nil, 8, 230))
	ask(s.Upload(nil, 8), s.UploadAnswer(nil, block, false))
	ask(s.message(nil, s7Job, end(s7UploadEnd, 8), nil), s.EndUploadAnswer(nil))
	c.Close()
}

// s7commIdentity asks who the controller is; one list comes in two fragments.
func s7commIdentity(n *Net) {
	c := s7Open(n, s7Tool, 49203, 3)
	s := S7{0x300}
	ask := func(request, answer []byte) {
		s7Talk(n, c, request, answer)
		s.Ref++
	}
	ask(s.SZL(nil, 0x0011, 0), s.SZLAnswer(nil, 0x0011, 0, S7Module(1, "6ES7 315-2EH14-0AB0", [4]byte{0, 4, 0, 1}),
		S7Module(6, "6ES7 315-2EH14-0AB0", [4]byte{0, 4, 0, 1}), S7Module(7, "", [4]byte{'V', 3, 2, 6}), S7Module(0x81, "Boot Loader", [4]byte{'A', 32, 9, 9})))
	whole := s.SZLAnswer(nil, 0x001c, 0, S7Component(1, "Line 3 filler"), S7Component(2, "PLC_1"), S7Component(3, "=A1+B2"),
		S7Component(4, "Original Siemens Equipment"), S7Component(5, "S C-B1U393142011"), S7Component(7, "CPU 315-2 PN/DP"),
		S7Component(8, "MMC 4A1AC019"), S7Component(9, "\x00\x2a"), S7Component(11, "Hall 2"))[33:]
	part := func(b []byte, more byte) []byte {
		data := append([]byte{0xff, 9, byte(len(b) >> 8), byte(len(b))}, b...)
		return s.message(nil, s7Userdata, []byte{0, 1, 0x12, 8, 0x12, 0x84, 1, 5, 0xd7, more, 0, 0}, data)
	}
	ask(s.SZL(nil, 0x001c, 0), part(whole[:200], 1))
	ask(s.message(nil, s7Userdata, []byte{0, 1, 0x12, 8, 0x12, 0x44, 1, 5, 0xd7, 0, 0, 0}, []byte{0x0a, 0, 0, 0}), part(whole[200:], 0))
	ask(s.SZL(nil, 0x0f11, 0), s.message(nil, s7Userdata, []byte{0, 1, 0x12, 8, 0x12, 0x84, 1, 6, 0, 0, 0, 0},
		[]byte{0xff, 9, 0, 8, 0x0f, 0x11, 0, 0, 0, 28, 0, 4}))
	ask(s.SZL(nil, 0x0131, 1), s.SZLAnswer(nil, 0x0131, 1, make([]byte, 40)))
	ask(s.SZL(nil, 0x0424, 0), s.SZLAnswer(nil, 0x0424, 0, make([]byte, 20)))
	ask(s.SZL(nil, 0x0232, 4), s.SZLAnswer(nil, 0x0232, 4, make([]byte, 40)))
	ask(s.SZL(nil, 0x0113, 9), s.s7Refused(0x84, 1, 0xd401))
	ask(s.SZL(nil, 0x001c, 0), s.message(nil, s7Userdata, []byte{0, 1, 0x12, 8, 0x12, 0x84, 1, 7, 0, 0, 0, 0},
		[]byte{0xff, 9, 0, 10, 0, 0x1c, 0, 0, 0, 34, 0, 2, 0, 1})) // shorter than it says
	c.Close()
}

// s7commUserdata sets the clock, logs in, subscribes to data and messages, and
// is told things it did not ask for.
func s7commUserdata(n *Net) {
	c := s7Open(n, s7HMI, 49204, 2)
	s := S7{0x400}
	ask := func(request, answer []byte) {
		s7Talk(n, c, request, answer)
		s.Ref++
	}
	clock := []byte{0, 0x19, 0x26, 3, 2, 6, 0, 0, 0, 2}
	ask(s.s7User(0x47, 1, 0), s.s7User(0x87, 1, 0, clock...))
	ask(s.s7User(0x47, 2, 0, clock...), s.s7User(0x87, 2, 0))
	ask(s.s7User(0x45, 1, 0, s7Password("hunter2 ")...), s.s7Refused(0x85, 1, 0xd602))
	ask(s.s7User(0x45, 1, 0, s7Password("S3cr3t  ")...), s.s7User(0x85, 1, 0))
	ask(s.s7User(0x45, 2, 0), s.s7User(0x85, 2, 0))
	// Messages.
	ask(s.s7User(0x44, 2, 0, append([]byte{0x83, 0}, "HmiRtm  "...)...), s.s7User(0x84, 2, 1, 2, 0))
	ask(s.s7User(0x44, 19, 0, 0, 1, 0x12, 8, 0x1a, 0, 1, 0x34, 0, 0, 0, 4), s.s7User(0x84, 19, 2, 0, 1, 0x0a, 0, 0, 0))
	alarm := []byte{0x94, 1, 6, 0, 0x27, 0x20, 0x39, 0x75, 0x40, 1, 0x12, 10, 0x16, 1, 0, 0, 0, 0xaf, 1, 1, 0xfe, 0xfe, 0xff, 4, 0, 16, 0, 1}
	s7Talk(n, c, nil, S7{0}.s7User(0x04, 5, 0, alarm...))
	s7Talk(n, c, nil, S7{0}.s7User(0x04, 18, 0, alarm...))
	s7Talk(n, c, nil, S7{0}.s7User(0x04, 12, 0, 1))
	s7Talk(n, c, nil, S7{0}.s7User(0x04, 3, 0, 0x43, 2, 0xff, 0x68, 0, 0, 0, 0, 0, 0))
	ask(s.s7User(0x44, 11, 0, 9, 1, 0x12, 8, 0x19, 0, 0, 0, 0, 0xaf, 1, 1), s.s7User(0x84, 11, 3, 9, 1, 0xff))
	ask(s.s7User(0x44, 7, 0, 0, 1, 0x12, 8, 0x15, 0, 0, 0, 0, 0xaf), s.s7User(0x84, 7, 4, 0, 1, 0xff))
	s7Talk(n, c, nil, S7{0}.message(nil, s7Userdata, []byte{1, 0, 0x10, 0x10, 0, 0, 0, 0}, nil)) // stop
	s7Talk(n, c, nil, S7{0}.message(nil, s7Userdata, []byte{1, 0, 0x10, 0x10, 0, 0, 2, 0}, nil)) // run
	s7commCyclic(n, c, ask, &s)
	s7commTables(n, c, ask, &s)
	// Peers that send without being asked, a control's programs, and nobody's functions.
	ask(s.s7User(0x46, 0, 0, 0x12, 6, 0x13, 0, 0, 0, 0, 7, 1, 2), s.s7User(0x86, 0, 1))
	ask(s.s7User(0x4f, 1, 0, 1), s.s7User(0x8f, 1, 1))
	ask(s.s7User(0x49, 1, 0), s.s7User(0x89, 1, 1))
	c.Close()
}

// s7commCyclic subscribes to variables, is sent them, and unsubscribes.
func s7commCyclic(n *Net, c *Conn, ask func(request, answer []byte), s *S7) {
	words := []byte{0, 2, 1, 1, 0x12, 10, 0x10, 4, 0, 1, 1, 0x2c, 0x84, 0, 0, 0x20, 0x12, 10, 0x10, 1, 0, 1, 0, 0, 0x83, 0, 0, 9}
	ask(s.s7User(0x42, 1, 0, words...), s.s7User(0x82, 1, 2, 0, 2, 0xff, 4, 0, 16, 0x30, 0, 0xff, 3, 0, 1, 1))
	s7Talk(n, c, nil, S7{0}.s7User(0x02, 1, 2, 0, 2, 0xff, 4, 0, 16, 0x30, 1, 0xff, 3, 0, 1, 0))
	areas := []byte{0, 1, 1, 2, 0x12, 12, 0xb0, 2, 1, 0, 68, 1, 0x66, 3, 0, 68, 1, 0x8a}
	ask(s.s7User(0x42, 5, 0, areas...), s.s7User(0x82, 5, 3, 0, 1, 0xff, 9, 0, 6, 0xff, 7, 0xff, 1, 2, 3))
	s7Talk(n, c, nil, S7{0}.s7User(0x02, 5, 3, 0, 1, 0xff, 9, 0, 6, 0xff, 8, 0xff, 4, 5, 6))
	ask(s.s7User(0x42, 7, 3, areas...), s.s7User(0x82, 7, 3, 0, 1, 0xff, 9, 0, 6, 0xff, 7, 0xff, 1, 2, 3))
	s7Talk(n, c, nil, S7{0}.s7User(0x02, 7, 3, 0, 1, 0xff, 9, 0, 3, 0x0a, 0xff, 4))
	s7Talk(n, c, nil, S7{0}.s7User(0x02, 1, 77, 0, 1, 0xff, 4, 0, 16, 1, 2)) // subscribed before the capture
	ask(s.s7User(0x42, 4, 0, 1, 2), s.s7User(0x82, 4, 2))
	ask(s.s7User(0x42, 1, 0, words...), s.s7Refused(0x82, 1, 0xd805))
}

// s7commTables watches and changes variables as a tool's table does.
func s7commTables(n *Net, c *Conn, ask func(request, answer []byte), s *S7) {
	head := make([]byte, 20)
	table := func(tail ...byte) []byte {
		return append(append([]byte{0, 20, byte(len(tail) >> 8), byte(len(tail))}, head...), tail...)
	}
	watch := table(0, 3, 0x01, 6, 0, 0, 0, 0, 0x72, 2, 0, 5, 0, 8, 0x54, 1, 0, 0, 0, 3)
	ask(s.s7User(0x41, 2, 0, watch...), s.s7User(0x81, 2, 2))
	s7Talk(n, c, nil, S7{0}.s7User(0x01, 2, 2, 0, 4, 0, 30, 1, 0, 0, 1, 0, 3,
		0xff, 9, 0, 6, 1, 2, 3, 4, 5, 6, 0xff, 9, 0, 4, 0, 1, 0, 2, 0xff, 9, 0, 2, 0x10, 0x20))
	change := table(0, 3, 0x03, 1, 0, 0, 0, 0, 0x02, 1, 0, 0, 0, 4, 0x10, 1, 0, 0, 0, 8,
		0, 9, 0, 4, 0x41, 0x33, 0x85, 0x1f, 0, 9, 0, 2, 0xde, 0xad, 0, 9, 0, 1, 1, 0)
	ask(s.s7User(0x41, 8, 0, change...), s.s7User(0x81, 8, 3))
	s7Talk(n, c, nil, S7{0}.s7User(0x01, 8, 3, 0, 4, 0, 6, 1, 0, 0, 2, 0, 3, 0xff, 0xff, 0xff, 0))
	ask(s.s7User(0x41, 8, 0, change...), s.s7Refused(0x81, 8, 0xd0a1))
	ask(s.s7User(0x41, 2, 0, table(0, 1, 0xf9, 0, 0, 0, 0, 0)...), s.s7Refused(0x81, 2, 0xd042))
	ask(s.s7User(0x41, 16, 0, table()...), s.s7User(0x81, 16, 0, 0, 0))
}

// s7Password hides a password as tools do: each byte is mixed with a constant
// and with the byte two before it.
func s7Password(word string) []byte {
	b := []byte(word)
	for i := range b {
		b[i] ^= 0x55
		if i >= 2 {
			b[i] ^= b[i-2]
		}
	}
	return b
}

// s7commFragments cuts messages into transport parts and packs several into one
// segment.
func s7commFragments(n *Net) {
	c := s7Open(n, s7HMI, 49205, 2)
	items := []S7Item{{Area: S7Block, Type: S7TypeWord, DB: 1, Count: 2}, {Area: S7Flags, Type: S7TypeByte, Count: 1, Byte: 5}}
	cut := func(b []byte, at ...int) []byte {
		var out []byte
		from := 7
		for _, to := range at {
			out = append(out, cotpPart(b[from:7+to]...)...)
			from = 7 + to
		}
		return append(out, cotpData(b[from:]...)...)
	}
	for i := range uint16(8) {
		s := S7{10 + i}
		write, answer := s.Write(nil, items, []byte{0, 1, 0, byte(i)}, []byte{9}), s.WriteAnswer(nil, 0xff, 0xff)
		switch i % 4 {
		case 0: // one byte, then the rest
			s7Talk(n, c, cut(write, 1), cut(answer, 5, 9))
		case 1: // keep-alives around and inside
			s7Talk(n, c, append(cotpPart(), cut(write, 12, 12)...), append(cotpPart(), answer...))
		case 2: // two requests in one segment, the answers in one
			t := S7{100 + i}
			s7Talk(n, c, append(write, t.Read(nil, items...)...),
				append(answer, t.ReadAnswer(nil, items, []byte{0, 1, 0, 2}, []byte{7})...))
		case 3: // two messages in one transport message
			t := S7{100 + i}
			s7Talk(n, c, cotpData(append(write[7:], t.Read(nil, items...)[7:]...)...), answer)
			s7Talk(n, c, nil, t.ReadAnswer(nil, items, []byte{0, 1, 0, 2}, []byte{7}))
		}
	}
	c.Client(cotpPart(0x32, 1, 0)) // begun and given up for another
	s7Talk(n, c, COTPConnect(nil, 1, 2, 0, 4), COTPConfirm(nil, 1, 2, 0, 4))
	s7Talk(n, c, S7{0x99}.Setup(nil, 480), S7{0x99}.SetupAnswer(nil, 240))
	plus := &s7Plus{version: 1, session: 288}
	s7Talk(n, c, plus.ask(plusExplore, plusLong(1), []byte{0, 1, 1, 0, 0, 0}), plus.answer(plusExplore, []byte{0}, plusLong(1)))
	s7Talk(n, c, tpkt(6, 0x80, 0, 9, 0, 3, 128), nil)
	c.Close()
}

// s7commMidstream begins with an answer; the second connection's connect is lost.
func s7commMidstream(n *Net) {
	items := []S7Item{{Area: S7Block, Type: S7TypeWord, DB: 1, Count: 2}, {Area: S7Flags, Type: S7TypeBit, Count: 1, Byte: 5}}
	c := n.Midstream(s7HMI, s7PLC, 49206, PortTPKT)
	s7Talk(n, c, nil, S7{1}.ReadAnswer(nil, items, []byte{0, 1, 0, 2}, []byte{1}))
	for i := range uint16(4) {
		s := S7{2 + i}
		s7Talk(n, c, s.Read(nil, items...), s.ReadAnswer(nil, items, []byte{0, 1, 0, 2}, []byte{1}))
	}
	s7Talk(n, c, nil, S7{77}.WriteAnswer(nil, 0xff, 3))
	s7Talk(n, c, nil, S7{78}.s7Error(0x8500, 4))
	s7Talk(n, c, nil, S7{79}.s7Error(0x8104))
	s7Talk(n, c, nil, S7{80}.SZLAnswer(nil, 0x0011, 1, S7Module(1, "6ES7 414-3XJ00-0AB0", [4]byte{0, 1, 0, 1})))
	c.Client(S7{81}.DownloadBlockAnswer(nil, make([]byte, 20), false)) // asked for before the capture
	n.Wait(time.Millisecond)
	c.Server(S7{82}.DownloadEnd(nil, "0A00009"))
	n.Wait(time.Millisecond)
	c.Client(S7{82}.DownloadEndAnswer(nil))
	c.Close()

	c = n.Dial(s7HMI, s7PLC, 49207, PortTPKT)
	c.LoseClient(22)
	c.LoseServer(22)
	s7Talk(n, c, S7{1}.Setup(nil, 480), S7{1}.SetupAnswer(nil, 240))
	for i := range uint16(4) {
		s := S7{2 + i}
		s7Talk(n, c, s.Read(nil, items...), s.ReadAnswer(nil, items, []byte{0, 1, 0, 2}, []byte{1}))
	}
	c.Close()

	c = n.Midstream(s7HMI, s7PLC, 49209, PortTPKT) // nothing comes whole, and no part says what it is of
	for i := range uint16(2) {
		s := S7{2 + i}
		s7Talk(n, c, cotpInParts(s.Read(nil, items...), 0, 1, 5, 0, 5), cotpInParts(s.ReadAnswer(nil, items, []byte{0, 1, 0, 2}, []byte{1}), 2, 9))
	}
	c.Close()
}

// s7commMalformed breaks the rules of messages, and then of framing.
func s7commMalformed(n *Net) {
	c := s7Open(n, s7HMI, 49208, 2)
	items := []S7Item{{Area: S7Block, Type: S7TypeWord, DB: 1, Count: 2}, {Area: S7Flags, Type: S7TypeBit, Count: 1, Byte: 5}}
	s := S7{0x500}
	ask := func(request, answer []byte) {
		s7Talk(n, c, request, answer)
		s.Ref++
	}
	ask(cotpData(0x32, 1, 0, 0, 5, 0, 0, 200, 0, 0, 4, 1), nil)         // longer than it is
	ask(cotpData(0x32, 9, 0, 0, 5, 1, 0, 0, 0, 0), nil)                 // no such kind
	ask(append(cotpData(0x32, 1, 0, 0, 5, 1, 0, 0, 0, 0), 3), []byte{}) // no parameters; a packet's first byte too many
	ask([]byte{0, 0, 7, 2, 0xf0, 0x80}, nil)                            // the rest of it
	ask(s.message(nil, s7Job, []byte{4, 2, 0x12, 10, 0x10, 2, 0, 1, 0, 1, 0x84, 0, 0, 0}, nil), nil)
	ask(s.message(nil, s7Job, []byte{4, 0}, nil), nil)
	ask(s.message(nil, s7Job, []byte{5, 1, 0x12, 10, 0x10, 2, 0, 1, 0, 1, 0x84, 0, 0, 0}, []byte{0, 4, 0, 64, 1}), nil)
	ask(s.message(nil, s7Job, []byte{s7DownloadStart, 0, 1, 0, 0, 0, 0, 0, 99, '_'}, nil), nil)
	ask(s.message(nil, s7Job, []byte{s7ProgramService, 0, 0, 0, 0, 0, 0, 0xfd, 9, 9}, nil), nil)
	ask(s.Read(nil, items...), s.ReadAnswer(nil, items[:1], []byte{0, 1, 0, 2})) // one item too few
	ask(s.Read(nil, items[:1]...), s.ReadAnswer(nil, items, []byte{0, 1, 0, 2}, []byte{1}))
	ask(s.Read(nil, items...), s.message(nil, s7Ack, []byte{4, 2}, []byte{0xff, 4, 0, 32, 0, 1}))
	ask(s.Read(nil, items...), s.message(nil, s7Ack, []byte{4}, nil))
	ask(s.message(nil, s7Userdata, []byte{9, 9, 9, 4, 0x11, 0x44, 1, 0}, nil), nil)
	ask(s.message(nil, s7Userdata, []byte{0, 1, 0x12, 4, 0x11, 0x44, 1, 0}, []byte{0xff, 9, 0, 9, 1}), nil)
	ask(s.s7User(0x42, 1, 0, 0, 9, 1, 1, 0x12), nil)
	ask(nil, s.s7User(0x02, 1, 1, 0, 2, 0xff, 4, 0, 64, 0))
	ask(s.Read(nil, items...), s.WriteAnswer(nil, 0xff, 0xff)) // the answer of another function
	ask([]byte("\x05\x00 no packet"), nil)
	ask(s.Read(nil, items...), s.ReadAnswer(nil, items, []byte{0, 1, 0, 2}, []byte{1}))
	c.Close()
}
