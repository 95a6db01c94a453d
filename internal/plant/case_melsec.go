package plant

import (
	"bytes"
	"fmt"
	"net/netip"
	"time"
	"unicode/utf16"
)

// Hosts of the MELSEC captures.
var (
	melHMI = &Host{Name: "hmi", MAC: 0x02_00_00_00_0d_10, IP: netip.MustParseAddr("10.10.13.10")}
	melPLC = &Host{Name: "plc", MAC: 0x02_00_00_00_0d_20, IP: netip.MustParseAddr("10.10.13.20"), TTL: 64}

	melSecond = &Host{Name: "second", MAC: 0x02_00_00_00_0d_30, IP: netip.MustParseAddr("10.10.13.30"), TTL: 64}
)

func melJoin(parts ...[]byte) []byte { return iecJoin(parts...) }

func melTalk(n *Net, c *Conn, request, answer []byte) {
	c.Client(request)
	n.Wait(3 * time.Millisecond)
	if answer != nil {
		c.Server(answer)
	}
	n.Wait(80 * time.Millisecond)
}

// melsecPoll reads words and bits again and again over TCP, and sets a word.
func melsecPoll(n *Net) {
	c := n.Dial(melHMI, melPLC, 51000, PortMELSEC)
	for i := range uint16(12) {
		melTalk(n, c, melAsk(0x0401, 0, melDevice(100, 0xa8), little16(3)), melAnswer(0, little16(500+i, 1, 2)))
		melTalk(n, c, melAsk(0x0401, 1, melDevice(16, 0x90), little16(5)), melAnswer(0, []byte{0x10, 0x01, byte(i&1) << 4}))
		melTalk(n, c, melAsk(0x1401, 0, melDevice(200, 0xa8), little16(1, i)), melAnswer(0))
	}
	c.Close()
}

// melsecDevices touches every device in every way.
func melsecDevices(n *Net) {
	c := n.Dial(melHMI, melPLC, 51001, PortMELSEC)
	for _, code := range []byte{
		0x91, 0xa9, 0x9c, 0x9d, 0x90, 0x92, 0x93, 0x94, 0xa0, 0xa8, 0xb4, 0xc1, 0xc0, 0xc2, 0xc7, 0xc6, 0xc8, 0xc4, 0xc3, 0xc5,
		0xa1, 0xb5, 0x98, 0xa2, 0xa3, 0xcc, 0xaf, 0xb0, 0xab, 0xee,
	} {
		melTalk(n, c, melAsk(0x0401, 0, melDevice(0x1a, code), little16(1)), melAnswer(0, little16(0x1234)))
	}
	serial := uint16(7)
	for _, code := range []uint16{0x62, 0x2c, 0x51, 0x50, 0x52, 0x55, 0x54, 0x56, 0x59, 0x58, 0x5a} {
		serial++
		melTalk(n, c, melNumbered(serial, melAsk(0x0401, 2, melWide(70000, code), little16(2))), melNumbered(serial, melAnswer(0, little16(1, 2))))
	}
	melTalk(n, c, melAsk(0x1401, 1, melDevice(5, 0x9d), little16(3), []byte{0x10, 0x10}), melAnswer(0))
	melTalk(n, c, melAsk(0x1401, 0, melDevice(16, 0x90), little16(1, 0x00ff)), melAnswer(0))
	melTalk(n, c, melAsk(0x0403, 0, []byte{2, 1}, melDevice(1, 0xa8), melDevice(32, 0x90), melDevice(1500, 0xa8)),
		melAnswer(0, little16(7, 3), little32(100000)))
	melTalk(n, c, melAsk(0x1402, 0, []byte{1, 1}, melDevice(1, 0xa8), little16(9), melDevice(1500, 0xa8), little32(70000)), melAnswer(0))
	melTalk(n, c, melAsk(0x1402, 1, []byte{2}, melDevice(50, 0x90), []byte{0}, melDevice(0x2f, 0x9d), []byte{1}), melAnswer(0))
	melTalk(n, c, melAsk(0x1402, 3, []byte{1}, melWide(50, 0x90), little16(1)), melAnswer(0))
	melTalk(n, c, melAsk(0x0406, 0, []byte{1, 1}, melDevice(0, 0xa8), little16(2), melDevice(0x100, 0xa0), little16(1)),
		melAnswer(0, little16(8, 9, 0xf00f)))
	melTalk(n, c, melAsk(0x1406, 0, []byte{1, 1}, melDevice(0, 0xa8), little16(2, 8, 9), melDevice(0x100, 0xa0), little16(1, 3)), melAnswer(0))
	melTalk(n, c, melAsk(0x0801, 0, []byte{1, 0}, melDevice(15, 0xa8)), melAnswer(0))
	melTalk(n, c, melAsk(0x0802, 0), melAnswer(0, little16(5)))
	melTalk(n, c, melAsk(0x0802, 0), melAnswer(0, little16(6)))
	c.Close()
}

// melsecCommands asks for everything else, to several stations.
func melsecCommands(n *Net) {
	c := n.Dial(melHMI, melPLC, 51002, PortMELSEC)
	talk := func(command, sub uint16, data []byte, answer ...[]byte) {
		melTalk(n, c, melAsk(command, sub, data), melAnswer(0, answer...))
	}
	talk(0x0101, 0, nil, []byte("FW04CPU         "), little16(0x4800))
	talk(0x0601, 0, melJoin(little32(0x120), little16(4, 3)), []byte{1, 2, 3, 4})
	talk(0x1601, 0, melJoin(little32(0x120), little16(4, 3), []byte{9, 8, 7, 6}))
	talk(0x0613, 0, melJoin(little32(0x10), little16(2)), little16(11, 12))
	talk(0x1613, 0, melJoin(little32(0x10), little16(1, 99)))
	talk(0x0619, 0, melJoin(little16(4), []byte("ECHO")), little16(4), []byte("ECHO"))
	talk(0x1001, 0, melJoin(little16(1), []byte{2, 0}))
	talk(0x1002, 0, little16(1))
	talk(0x1003, 0, little16(1))
	talk(0x1005, 0, little16(1))
	talk(0x1617, 0, nil)
	talk(0x1630, 0, melJoin(little16(6), []byte("S3cr3t")))
	talk(0x1631, 0, melJoin(little16(6), []byte("S3cr3t")))
	melTalk(n, c, melAsk(0x1630, 0, little16(7), []byte("hunter2")), melAnswer(0xc201, melFailed(0x1630, 0)))
	talk(0x0e30, 0, make([]byte, 12), make([]byte, 8))
	talk(0x0e31, 0, make([]byte, 12))
	talk(0x7777, 0, []byte{1})
	far := melAsk(0x0401, 0, melDevice(3, 0xa8), little16(1))
	copy(far[2:], []byte{2, 5, 0xe0, 0x03, 0})
	back := melAnswer(0, little16(77))
	copy(back[2:], far[2:7])
	melTalk(n, c, far, back)
	c.Server(melAsk(0x2101, 0, little16(1, 2, 3)))
	c.Server(melAsk(0x0401, 0, melDevice(9, 0xa8), little16(1)))
	c.Client(melAnswer(0, little16(4)))
	melTalk(n, c, melAsk(0x1006, 0, little16(1)), nil)
	c.Close()
}

// melLabel is a label's name with how many letters it has.
func melLabel(s string) []byte {
	letters := utf16.Encode([]rune(s))
	return melJoin(little16(uint16(len(letters))), little16(letters...))
}

// melsecLabels reads and writes by the names of a program, alone and as arrays, one name
// abbreviated.
func melsecLabels(n *Net) {
	c := n.Dial(melHMI, melPLC, 51015, PortMELSEC)
	talk := func(command uint16, data []byte, answer ...[]byte) {
		melTalk(n, c, melAsk(command, 0, data), melAnswer(0, answer...))
	}
	one := func(kind byte, data ...byte) []byte {
		return melJoin([]byte{kind, 0}, little16(uint16(len(data))), data)
	}
	talk(0x041c, melJoin(little16(2, 0), melLabel("Level"), melLabel("Pump.Running")),
		little16(2), one(4, 0x38, 0xff), one(1, 1, 0))
	talk(0x041c, melJoin(little16(3, 1), melLabel("Line1.Oven"), melLabel("%1.Set"), melLabel("%1.Total"), melLabel("%1.Recipe")),
		little16(3), one(6, 0, 0, 0xc8, 0x42), one(5, 1, 0, 0, 0), one(9, 'A', 'B', 0, 0))
	talk(0x141b, melJoin(little16(2, 0), melLabel("Setpoint"), little16(2, 70), melLabel("AccessPassword"), little16(4), []byte("1234")))
	talk(0x041a, melJoin(little16(2, 0), melLabel("Curve[0]"), []byte{1, 0}, little16(4), melLabel("Flags[0]"), []byte{0, 0}, little16(2)),
		little16(2), []byte{2, 1}, little16(4, 10, 11), []byte{1, 0}, little16(2, 0x8001, 1))
	talk(0x041c, melJoin(little16(3, 2), melLabel("Line1"), melLabel("Line2"), melLabel("%2.温度"), melLabel("%3.None"), melLabel("😀%")),
		little16(3), one(2, 1, 0), one(2, 2, 0), one(2, 3, 0))
	talk(0x141a, melJoin(little16(1, 0), melLabel("Curve[0]"), []byte{1, 0}, little16(4, 20, 21)))
	melTalk(n, c, melAsk(0x041c, 0, little16(1, 0), melLabel("Nowhere")), melAnswer(0x40c0, melFailed(0x041c, 0)))
	talk(0x041c, melJoin(little16(2, 0), melLabel("Level")), little16(0)) // says two
	talk(0x041c, melJoin(little16(1, 0), melLabel("Level")), little16(1), []byte{4, 0}, little16(9))
	c.Server(melAsk(0x041c, 0, little16(1, 0), melLabel("Mine")))
	c.Client(melAnswer(0, little16(1), one(2, 7, 0)))
	c.Close()
}

// melsecErrors refuses a read in every way, over UDP.
func melsecErrors(n *Net) {
	for _, end := range []uint16{0x0055, 0x4001, 0x4013, 0x4031, 0x4080, 0xc051, 0xc056, 0xc059, 0xc05b, 0xc05f, 0xc061, 0xc810, 0xcee1, 0x1234} {
		n.UDP(melHMI, melPLC, 51003, 5000, melAsk(0x0401, 0, melDevice(100, 0xa8), little16(3)))
		n.UDP(melPLC, melHMI, 5000, 51003, melAnswer(end, melFailed(0x0401, 0)))
	}
	read := melAsk(0x0401, 0, melDevice(100, 0xa8), little16(1))
	n.UDP(melHMI, melPLC, 51003, 5000, read)
	n.UDP(melHMI, melPLC, 51003, 5000, read) // the first had no answer
	n.UDP(melPLC, melHMI, 5000, 51003, melAnswer(0, little16(1)))
}

// melsecFiles moves files, whole and in part.
func melsecFiles(n *Net) {
	c := n.Dial(melHMI, melPLC, 51004, PortMELSEC)
	talk := func(command uint16, data []byte, answer ...[]byte) {
		melTalk(n, c, melAsk(command, 0, data), melAnswer(0, answer...))
	}
	none, name, text := make([]byte, 4), melJoin(little16(8), []byte("MAIN.QPG")), []byte("LD X0 OUT Y10 END")
	talk(0x1810, melJoin(none, little16(0, 1, 10, 0)), little16(1, 0), make([]byte, 32))
	talk(0x1811, melJoin(none, little16(0), name), little16(1), make([]byte, 8))
	talk(0x1827, melJoin(none, little16(0, 0), name), little16(3))
	talk(0x1828, melJoin(little16(3), little32(0), little16(10)), little16(10), text[:10])
	talk(0x1828, melJoin(little16(3), little32(10), little16(10)), little16(7), text[10:])
	talk(0x182a, little16(3, 0))
	talk(0x1820, melJoin(none, little16(0), little32(17), name))
	talk(0x1827, melJoin(none, little16(0x0100, 0), name), little16(4))
	talk(0x1829, melJoin(little16(4), little32(0), little16(17), text), little16(17))
	talk(0x182a, little16(4, 0))
	talk(0x1827, melJoin(none, little16(0, 0), melJoin(little16(9), []byte("PARAM.QPA"))), little16(5))
	talk(0x1828, melJoin(little16(5), little32(4), little16(4)), little16(4), text[:4]) // not from its beginning
	talk(0x182a, little16(5, 0))
	talk(0x1828, melJoin(little16(99), little32(0), little16(4)), little16(4), text[:4]) // was opened before
	talk(0x1822, melJoin(none, little16(0), name))
	talk(0x1824, make([]byte, 20))
	talk(0x1825, make([]byte, 20))
	talk(0x1826, make([]byte, 20))
	melTalk(n, c, melAsk(0x1827, 0, none, little16(0, 0), name), melAnswer(0x4022, melFailed(0x1827, 0)))
	melsecSpoiled(n, c)
	talk(0x1827, melJoin(none, little16(0, 0), name), little16(7)) // a look at the end, then all of it
	talk(0x1828, melJoin(little16(7), little32(14), little16(3)), little16(3), text[14:])
	for at := uint32(0); at < 17; at += 10 {
		part := text[at:min(at+10, 17)]
		talk(0x1828, melJoin(little16(7), little32(at), little16(10)), little16(uint16(len(part))), part)
	}
	talk(0x182a, little16(7, 0))
	c.Close()
}

// melsecSpoiled writes three files: a piece said again is the same file, one with
// other bytes in the place of the first is not, nor is one of which a piece was refused.
func melsecSpoiled(n *Net, c *Conn) {
	first, rest, other := []byte("LD X0 OUT "), []byte("Y10 END"), []byte("LD X9 OUT ")
	put := func(offset uint32, b []byte, end uint16) {
		melTalk(n, c, melAsk(0x1829, 0, little16(6), little32(offset), little16(uint16(len(b))), b), melAnswer(end, little16(uint16(len(b)))))
	}
	for i, again := range [][]byte{rest, other, nil} {
		name := fmt.Sprintf("MAIN%d.QPG", i)
		melTalk(n, c, melAsk(0x1827, 0, make([]byte, 4), little16(0x0100, 0, uint16(len(name))), []byte(name)), melAnswer(0, little16(6)))
		put(0, first, 0)
		switch i {
		case 0:
			put(10, rest, 0)
			put(10, again, 0)
		case 1:
			put(10, rest, 0)
			put(0, again, 0)
		case 2:
			put(10, rest, 0x4022)
		}
		melTalk(n, c, melAsk(0x182a, 0, little16(6, 0)), melAnswer(0))
	}
}

// melsecASCII is the same protocol in letters.
func melsecASCII(n *Net) {
	c := n.Dial(melHMI, melPLC, 51005, PortMELSEC)
	talk := func(command, sub uint16, data, answer string) {
		melTalk(n, c, melASCII(command, sub, data), melSays(0, answer))
	}
	talk(0x0401, 0, "D*0001000003", "123400020003")
	talk(0x0401, 1, "M*0001000005", "10110")
	talk(0x0401, 0, "X*00001A0001", "8001")
	talk(0x0401, 2, "D***000001000001", "1234")
	talk(0x1401, 0, "W*0000FF0002"+"12340056", "")
	talk(0x1401, 1, "Y*0000200003"+"101", "")
	talk(0x0403, 0, "0101"+"D*000001"+"D*001500", "0007"+"000186A0")
	talk(0x0101, 0, "", "FW04CPU         "+"4800")
	talk(0x1630, 0, "0006S3cr3t", "")
	talk(0x1002, 0, "0001", "")
	melTalk(n, c, melASCII(0x0401, 0, "D*9999990001"), []byte("D00000FF03FF000"+"016C05600FF03FF0004010000"))
	four := append([]byte("540012340000"), melASCII(0x0401, 0, "D*0000050001")[4:]...)
	melTalk(n, c, four, append([]byte("D40012340000"), melSays(0, "0009")[4:]...))
	talk(0x1827, 0, "0000"+"0000"+"0000"+"0008MAIN.QPG", "0003")
	talk(0x1828, 0, "0003"+"00000000"+"0002", "0002"+"4C44")
	talk(0x182a, 0, "00030000", "")
	c.Close()
}

// melsecOld is 1E.
func melsecOld(n *Net) {
	c := n.Dial(melHMI, melPLC, 51006, 5001)
	for i := range byte(3) {
		melTalk(n, c, melOld(0x01, 100, "D ", 2), []byte{0x81, 0, i, 1, 2, 0})
		melTalk(n, c, melOld(0x00, 16, "M ", 3), []byte{0x80, 0, 0x10, 0x10})
	}
	melTalk(n, c, melOld(0x02, 0x10, "Y ", 2, 0x11), []byte{0x82, 0})
	melTalk(n, c, melOld(0x03, 5, "TN", 1, 7, 0), []byte{0x83, 0})
	melTalk(n, c, melOld(0x01, 9999, "D ", 1), []byte{0x81, 0x58})
	melTalk(n, c, melOld(0x01, 1, "R ", 1), []byte{0x81, 0x5b, 0x10, 0})
	melTalk(n, c, melOld(0x01, 1, "Q ", 1), []byte{0x81, 0x56})
	melTalk(n, c, []byte{0x14, 0xff, 10, 0}, []byte{0x94, 0})
	melTalk(n, c, []byte{0x13, 0xff, 10, 0}, []byte{0x93, 0x5c})
	melTalk(n, c, []byte{0x15, 0xff, 10, 0}, []byte{0x95, 0, 0xf3, 0})
	melTalk(n, c, []byte{0x16, 0xff, 10, 0, 3, 'A', 'B', 'C'}, []byte{0x96, 0, 3, 'A', 'B', 'C'})
	melTalk(n, c, []byte{0x15, 0xff, 10, 0}, []byte{0x95, 0x50})
	many := func(command, count byte, parts ...[]byte) []byte {
		return melJoin([]byte{command, 0xff, 10, 0, count, 0}, bytes.Join(parts, nil))
	}
	at := func(number uint32, device string) []byte {
		return melJoin(little32(number), []byte{device[1], device[0]})
	}
	melTalk(n, c, many(0x04, 2, at(16, "M "), []byte{1}, at(0x1f, "Y "), []byte{0}), []byte{0x84, 0})
	melTalk(n, c, many(0x05, 2, at(100, "D "), little16(7), at(32, "M "), little16(0x8001)), []byte{0x85, 0})
	melTalk(n, c, many(0x05, 1, at(9999, "D "), little16(7)), []byte{0x85, 0x58})
	melTalk(n, c, []byte{0x09, 0xff, 10, 0}, []byte{0x89, 0, 1, 0}) // nothing was entered
	melTalk(n, c, many(0x06, 3, at(16, "M "), at(17, "M "), at(0x1f, "Y ")), []byte{0x86, 0})
	melTalk(n, c, many(0x07, 2, at(100, "D "), at(7, "TN")), []byte{0x87, 0})
	melTalk(n, c, []byte{0x08, 0xff, 10, 0}, []byte{0x88, 0, 0x10, 0x10})
	melTalk(n, c, []byte{0x09, 0xff, 10, 0}, []byte{0x89, 0, 1, 0, 2, 0})
	melTalk(n, c, []byte{0x0e, 0xff, 10, 0, 0xf0, 7, 0, 4, 0x13, 0}, []byte{0x8e, 0, 9, 0x18, 0x20, 0x34})
	melTalk(n, c, []byte{0x0f, 0xff, 10, 0, 0xf0, 7, 1, 2, 0x13, 0, 5, 6}, []byte{0x8f, 0})
	melTalk(n, c, melOld(0x01, 100, "D ", 1), []byte{0x81, 0, 1, 1})
	melsecRegisters(n, c, many)
	c.Close()
}

// melsecRegisters reads, writes and monitors extended file registers; the first is the manual's
// example (SH-080008, 18.5).
func melsecRegisters(n *Net, c *Conn, many func(command, count byte, parts ...[]byte) []byte) {
	block := func(number uint32, in uint16) []byte { return melJoin(little32(number), []byte(" R"), little16(in)) }
	batch := func(command, count byte, data ...byte) []byte {
		return melJoin([]byte{command, 0xff, 10, 0}, block(70, 2), []byte{count, 0}, data)
	}
	melTalk(n, c, batch(0x17, 3), []byte{0x97, 0, 0x34, 0x12, 0x65, 0x87, 0x3f, 0x01})
	melTalk(n, c, batch(0x18, 2, 1, 0, 2, 0), []byte{0x98, 0})
	melTalk(n, c, many(0x19, 2, block(15, 2), little16(7), block(28, 3), little16(8)), []byte{0x99, 0})
	melTalk(n, c, many(0x1a, 2, block(15, 2), block(28, 3)), []byte{0x9a, 0})
	melTalk(n, c, []byte{0x1b, 0xff, 10, 0}, []byte{0x9b, 0, 0x6d, 0xe5, 0x34, 0x12})
	melTalk(n, c, melOld(0x3b, 70, "R ", 4), []byte{0xbb, 0, 0x34, 0x12, 0x65, 0x87, 0x3f, 0x01, 0, 0x20})
	melTalk(n, c, melOld(0x3c, 70, "R ", 1, 5, 0), []byte{0xbc, 0})
	melTalk(n, c, batch(0x17, 1), []byte{0x97, 0x59})
	melTalk(n, c, melOld(0x01, 100, "D ", 1), []byte{0x81, 0, 1, 1})
}

// melsecOldASCII is 1E in ASCII, every command; what the manuals give as examples is among it (SH-081256,
// 18.4 to 18.6; FX3U-ENET-ADP, 7.5 to 7.7). The last are one byte at a time, from the middle on, and to
// another station.
func melsecOldASCII(n *Net) {
	c := n.Dial(melHMI, melPLC, 51019, 5001)
	talk := func(command byte, data, answer string) { melTalk(n, c, melOldASCII(command, data), []byte(answer)) }
	at := melOldPlace
	for i := range 3 {
		talk(0x01, at("D ", 100)+"0200", fmt.Sprintf("8100%04X1234", i))
		talk(0x00, at("M ", 16)+"0300", "80001010") // a digit more behind an odd one
	}
	talk(0x00, at("M ", 100)+"0800", "800010100110")
	talk(0x01, at("Y ", 0x40)+"0200", "8100829D553E")
	talk(0x02, at("Y ", 0x10)+"0300"+"1010", "8200")
	talk(0x03, at("TN", 5)+"0100"+"0007", "8300")
	talk(0x04, "0200"+at("M ", 16)+"01"+at("Y ", 0x1f)+"00", "8400")
	talk(0x05, "0300"+at("Y ", 0x80)+"7B29"+at("W ", 0x26)+"1234"+at("CN", 18)+"0050", "8500")
	talk(0x08, "", "880010") // nothing was entered
	talk(0x06, "0300"+at("M ", 16)+at("M ", 17)+at("Y ", 0x1f), "8600")
	talk(0x07, "0200"+at("D ", 100)+at("TN", 7), "8700")
	talk(0x08, "", "88001010")
	talk(0x09, "", "890000010002")
	talk(0x0e, "0007F0"+"04"+"1300", "8E0009182034")
	talk(0x0f, "0107F0"+"02"+"1300"+"0506", "8F00")
	talk(0x13, "", "935C")
	talk(0x14, "", "9400")
	talk(0x15, "", "9500F300")
	talk(0x16, "03"+"414243", "960003414243")
	talk(0x17, at("R ", 70)+"0002"+"0300", "970012348765013F")
	talk(0x18, at("R ", 70)+"0002"+"0200"+"00010002", "9800")
	talk(0x19, "0200"+at("R ", 15)+"0002"+"0007"+at("R ", 28)+"0003"+"0008", "9900")
	talk(0x1a, "0200"+at("R ", 15)+"0002"+at("R ", 28)+"0003", "9A00")
	talk(0x1b, "", "9B00E56D1234")
	talk(0x3b, at("R ", 70)+"0400", "BB0012348765013F2000")
	talk(0x3c, at("R ", 70)+"0100"+"0005", "BC00")
	talk(0x01, at("D ", 9999)+"0100", "8158")
	talk(0x01, at("R ", 1)+"0100", "815B1000")
	talk(0x01, at("Q ", 1)+"0100", "8156")
	for _, b := range melOldASCII(0x01, at("D ", 100)+"0100") {
		c.Client([]byte{b})
	}
	for _, b := range []byte("81000009") {
		c.Server([]byte{b})
	}
	c.Close()
	m := n.Midstream(melHMI, melPLC, 51020, 5001)
	m.Server([]byte("81000009"))
	melTalk(n, m, melOldASCII(0x01, at("D ", 100)+"0100"), []byte("8100000A"))
	melTalk(n, m, []byte("0103000A"+at("D ", 100)+"0100"), []byte("8100000B"))
	melTalk(n, m, []byte("01FF000A"+at("D ", 100)+"0*00"), nil)
	melTalk(n, m, melOldASCII(0x01, at("D ", 101)+"0100"), []byte("8100000C"))
	m.Close()
}

// melsecMelsoft is what an engineering tool does.
func melsecMelsoft(n *Net) {
	n.UDP(melHMI, melPLC, 51007, PortMELSOFT, []byte{0x5a, 0, 0, 1})
	n.UDP(melPLC, melHMI, PortMELSOFT, 51007, melJoin([]byte{0xda, 0, 0, 1}, make([]byte, 10)))
	n.UDP(melHMI, melPLC, 51007, PortMELSOFT, []byte{0x5a, 0, 0, 0xff})
	n.UDP(melPLC, melHMI, PortMELSOFT, 51007, melJoin([]byte{0xda, 0, 0, 0xff}, make([]byte, 24)))
	for i, kind := range []byte{0x11, 0x22} {
		n.UDP(melHMI, melPLC, 51007, PortMELSOFT, []byte{0x5a, 0, 0, kind})
		n.UDP(melPLC, melHMI, PortMELSOFT, 51007, melJoin([]byte{0xda, 0, 0, kind}, make([]byte, 9), []byte{byte(i)}))
	}
	number := uint16(0)
	talk := func(command uint16, status int, data []byte, answer ...[]byte) {
		number++
		n.UDP(melHMI, melPLC, 51007, PortMELSOFT, melSoft(command, number, -1, data))
		n.Wait(2 * time.Millisecond)
		n.UDP(melPLC, melHMI, PortMELSOFT, 51007, melSoft(command, number, status, answer...))
		n.Wait(20 * time.Millisecond)
	}
	user := melName("engineer")[2:]
	talk(0x0121, 0, []byte{0, 1}, padded("FW5U-32MT/ES", 16), little16(0x4a29), make([]byte, 6))
	talk(0x01a0, 0, make([]byte, 5), make([]byte, 4))
	talk(0x0131, 0, melJoin(user, make([]byte, 40-len(user))), make([]byte, 16))
	talk(0x0132, 0x4408, melJoin(make([]byte, 16), []byte("hunter2hunter2hunter2hunter2hunt")))
	talk(0x0132, 0, melJoin(make([]byte, 16), []byte("S3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3")), make([]byte, 34))
	talk(0x0410, 0, melJoin(make([]byte, 10), little16(0x3f), little32(0x1e8), make([]byte, 4), little16(2)), little16(0x61, 0))
	talk(0x0410, 0, make([]byte, 30), little16(0x61, 0))
	for _, command := range []uint16{0x0133, 0x0134, 0x0150, 0x0411, 0x0701, 0x0b2a, 0x0b2b, 0x1001, 0x1002, 0x1003, 0x1006, 0x1120, 0x1133, 0x1410, 0x187e, 0x18a0, 0x2345} {
		talk(command, 0, little16(1, 0))
	}
	none, name, text := make([]byte, 4), melName(`$MELPRJ$\MAIN.PRG`), []byte("LD X0 OUT Y10 END")
	talk(0x1859, 0, melJoin(none, little16(4), little32(1), little16(29), melName(`$MELPRJ$\`)), little16(1, 1))
	talk(0x185f, 0, melJoin(none, little16(4), name), make([]byte, 32))
	talk(0x1867, 0, melJoin(none, little16(0, 4), little32(0), name), little16(0x92))
	talk(0x1868, 0, melJoin(little16(0x92), little32(0), little16(17)), little16(17), text)
	talk(0x186a, 0, little16(0x92, 0))
	talk(0x1867, 0, melJoin(none, little16(0x100, 4), little32(17), name), little16(1))
	talk(0x1869, 0, melJoin(little16(1), little32(0), little16(10), text[:10]), little16(10))
	talk(0x1869, 0, melJoin(little16(1), little32(10), little16(7), text[10:]), little16(7))
	talk(0x186a, 0, little16(1, 0))
	talk(0x1867, 0, melJoin(none, little16(0x100, 4), little32(99), name), little16(2))
	talk(0x1869, 0, melJoin(little16(2), little32(0), little16(10), text[:10]), little16(10))
	talk(0x186a, 0, little16(2, 0)) // shorter than was said
	talk(0x1867, 0x4022, melJoin(none, little16(0, 4), little32(0), name))
	// each datagram from a port of its own, as the tool does in a broadcast
	n.UDP(melPLC, melHMI, PortMELSOFT, 51008, melSoft(0x0121, 1, 0, padded("FW5U-32MT/ES", 16), little16(0x4a29), make([]byte, 6)))
	n.UDP(melHMI, melPLC, 51009, PortMELSOFT, melSoft(0x1002, 11, -1, little16(1)))
}

// melWander asks a controller, each time from another port, as the tool does, and reads and
// writes a program so.
func melWander(n *Net, port uint16, to, back *Host) {
	number := uint16(0)
	talk := func(request, answer []byte) {
		port++
		n.UDP(melHMI, to, port, PortMELSOFT, request)
		n.Wait(2 * time.Millisecond)
		n.UDP(melPLC, back, PortMELSOFT, port, answer)
		n.Wait(20 * time.Millisecond)
	}
	do := func(command uint16, request []byte, answer ...[]byte) {
		number++
		talk(melSoft(command, number, -1, request), melSoft(command, number, 0, answer...))
	}
	talk([]byte{0x5a, 0, 0, 1}, melJoin([]byte{0xda, 0, 0, 1}, make([]byte, 10)))
	talk([]byte{0x5a, 0, 0, 0xff}, melJoin([]byte{0xda, 0, 0, 0xff}, make([]byte, 24)))
	do(0x0121, []byte{0, 1}, padded("FX5U-32MT/ES", 16), little16(0x4a29), make([]byte, 6))
	none, name, text := make([]byte, 4), melName(`$MELPRJ$\MAIN.PRG`), []byte("LD X0 OUT Y10 END")
	do(0x1867, melJoin(none, little16(0, 4), little32(0), name), little16(0x92))
	do(0x1868, melJoin(little16(0x92), little32(0), little16(10)), little16(10), text[:10])
	do(0x1868, melJoin(little16(0x92), little32(10), little16(7)), little16(7), text[10:])
	do(0x186a, little16(0x92, 0))
	do(0x1867, melJoin(none, little16(0x100, 4), little32(17), name), little16(1))
	do(0x1869, melJoin(little16(1), little32(0), little16(17), text), little16(17))
	do(0x186a, little16(1, 0))
	do(0x1002, little16(1))
}

// melsecPorts is a tool that takes another port for each request.
func melsecPorts(n *Net) { melWander(n, 51100, melPLC, melHMI) }

// melsecEverybody is a tool that calls everybody, and is answered so: by one controller, by two, by
// nobody, and by one again when it is long that two answered.
func melsecEverybody(n *Net) {
	melWander(n, 51200, itEvery, itEvery)
	find, found := []byte{0x5a, 0, 0, 1}, melJoin([]byte{0xda, 0, 0, 1}, make([]byte, 10))
	n.UDP(melHMI, itEvery, 51300, PortMELSOFT, find)
	n.UDP(melPLC, itEvery, PortMELSOFT, 51300, found)
	n.UDP(melSecond, itEvery, PortMELSOFT, 51300, found)
	n.UDP(melHMI, itEvery, 51301, PortMELSOFT, find) // whose is it?
	n.UDP(melPLC, itEvery, PortMELSOFT, 51301, found)
	n.UDP(melPLC, itEvery, PortMELSOFT, 51299, found) // nobody asked from there
	n.Wait(2*time.Minute + time.Second)
	n.UDP(melHMI, itEvery, 51302, PortMELSOFT, find)
	n.UDP(melPLC, itEvery, PortMELSOFT, 51302, found)
}

// melsecMidstream begins in the middle, loses segments, and has answers nobody asked for.
func melsecMidstream(n *Net) {
	c := n.Midstream(melHMI, melPLC, 51010, PortMELSEC)
	read := func() []byte { return melAsk(0x0401, 0, melDevice(100, 0xa8), little16(2)) }
	say := func() []byte { return melAnswer(0, little16(1, 2)) }
	c.Server(say())
	for range 3 {
		melTalk(n, c, read(), say())
	}
	c.Client(read())
	c.LoseServer(len(say()))
	for range 3 {
		melTalk(n, c, read(), say())
	}
	c.LoseClient(12)
	c.Client(read()[5:])
	for range 3 {
		melTalk(n, c, read(), say())
	}
	c.Close()
	n.UDP(melPLC, melHMI, 5000, 51011, melAnswer(0xc056, melFailed(0x1401, 1)))
	n.UDP(melPLC, melHMI, 5000, 51012, melNumbered(3, melAnswer(0, little16(1))))
}

// melsecOldMidstream begins with an answer of 1E, whose size only its request would tell,
// and loses an answer and a request.
func melsecOldMidstream(n *Net) {
	c := n.Midstream(melHMI, melPLC, 51016, 5001)
	say := []byte{0x81, 0, 1, 0, 2, 0}
	c.Server(say)
	for range 3 {
		melTalk(n, c, melOld(0x01, 100, "D ", 2), say)
	}
	melTalk(n, c, melOld(0x03, 100, "D ", 1, 7, 0), []byte{0x83, 0})
	c.Client(melOld(0x01, 100, "D ", 2))
	c.LoseServer(len(say))
	for range 3 {
		melTalk(n, c, melOld(0x01, 200, "D ", 2), say)
	}
	c.LoseClient(oldRead)
	c.Server(say)
	for range 3 {
		melTalk(n, c, melOld(0x01, 300, "D ", 2), say)
	}
	c.Close()
}

// melExtended is a device with what is said of it: in binary, by the subcommands of the Q and L
// series.
func melExtended(own uint16, device []byte, whose, of uint16, memory byte) []byte {
	return melJoin(little16(own), device, little16(whose, of), []byte{memory})
}

// melsecExtended names modules, networks, index registers and addresses; the bytes of the first two are
// those of a published capture, others those of the manual's examples (SH-080008, appendix 1).
func melsecExtended(n *Net) {
	c := n.Dial(melHMI, melPLC, 51017, PortMELSEC)
	talk := func(command, sub uint16, data []byte, answer ...[]byte) {
		melTalk(n, c, melAsk(command, sub, data), melAnswer(0, answer...))
	}
	one := little16(1)
	talk(0x0401, 0x80, melJoin(melExtended(0, melDevice(22, 0xab), 0, 1, 0xf8), one), little16(3))
	talk(0x1401, 0x80, melJoin(melExtended(0, melDevice(22, 0xab), 0, 1, 0xf8), little16(1, 4)))
	talk(0x0401, 0x82, melJoin(melExtended(0, melWide(10, 0xab), 0, 0x3e0, 0xfa), little16(2)), little16(30, 31))
	talk(0x0401, 0x82, melJoin(melExtended(0, melWide(20, 0x2e), 0, 0x3e1, 0xfa), one), little16(50))
	talk(0x0401, 0x81, melJoin(melExtended(0, melDevice(0x20, 0xa0), 0, 1, 0xf9), little16(3)), []byte{0x10, 0x10})
	talk(0x1401, 0x83, melJoin(melExtended(0, melWide(0x21, 0xa0), 0, 239, 0xf9), one, []byte{0x10}))
	talk(0x0401, 0x80, melJoin(melExtended(0, melDevice(0x100, 0xb4), 0x4000, 1, 0xf9), one), little16(7))
	talk(0x0401, 0x80, melJoin(melExtended(0x4004, melDevice(100, 0xa8), 0, 0, 0), one), little16(8))
	talk(0x0401, 0x82, melJoin(melExtended(0x8001, melWide(100, 0xa8), 0, 0, 0), one), little16(9))
	talk(0x0401, 0x80, melJoin(melExtended(0x0800, melDevice(0, 0xa8), 0, 0, 0), one), little16(10))
	talk(0x1401, 0x80, melJoin(melExtended(0x4802, melDevice(0, 0xa8), 0, 0, 0), little16(1, 11)))
	talk(0x0401, 0x80, melJoin(melExtended(0, melDevice(5, 0xa8), 0, 0, 0), one), little16(12))
	talk(0x0403, 0x80, melJoin([]byte{1, 1}, melExtended(0, melDevice(1, 0xb4), 0, 2, 0xf9), melExtended(0, melDevice(8, 0xab), 0, 4, 0xf8)), little16(13), little32(140000))
	talk(0x1402, 0x81, melJoin([]byte{1}, melExtended(0, melDevice(0x2f, 0xa0), 0, 1, 0xf9), []byte{1}))
	talk(0x1402, 0x83, melJoin([]byte{1}, melExtended(0, melWide(0x2f, 0xa0), 0, 1, 0xf9), one))
	talk(0x0406, 0x80, melJoin([]byte{1, 0}, melExtended(0, melDevice(0, 0xab), 0, 4, 0xf8), little16(2)), little16(15, 16))
	talk(0x0801, 0x80, melJoin([]byte{2, 0}, melExtended(0, melDevice(0, 0xab), 0, 4, 0xf8), melExtended(0, melDevice(6, 0xa8), 0, 0, 0)))
	talk(0x0802, 0, nil, little16(17, 18))
	talk(0x0401, 0x80, melJoin(melExtended(0, melDevice(0, 0xee), 0, 4, 0xf8), one), little16(19))    // no such device
	talk(0x0401, 0x80, melJoin(melExtended(0, melDevice(0, 0xa8), 0, 4, 0xf1), one), little16(20))    // no such memory
	melTalk(n, c, melAsk(0x0401, 0x82, make([]byte, 13)), melAnswer(0xc061, melFailed(0x0401, 0x82))) // how many?
	c.Close()
	a := n.Dial(melHMI, melPLC, 51018, PortMELSEC)
	letters := func(sub uint16, data, answer string) {
		melTalk(n, a, melASCII(0x0401, sub, data), melSays(0, answer))
	}
	letters(0x80, "00"+"U001"+"000"+"G*"+"000022"+"000"+"0001", "0003")
	letters(0x82, "00"+"U3E0"+"0000"+"G***"+"0000000001"+"0000"+"0001", "001E")
	letters(0x80, "00"+"J001"+"Z00"+"W*"+"000100"+"000"+"0001", "0007")
	letters(0x80, "00"+"0000"+"000"+"D*"+"000100"+"Z04"+"0001", "0008")
	letters(0x82, "00"+"0000"+"0000"+"D***"+"0000000100"+"LZ01"+"0001", "0009")
	letters(0x80, "0@"+"0000"+"000"+"D*"+"000000"+"Z02"+"0001", "000A")
	a.Close()
}

// oldRead is the size of a read of 1E.
const oldRead = 12

// melsecMalformed breaks each rule once.
func melsecMalformed(n *Net) {
	c := n.Dial(melHMI, melPLC, 51013, PortMELSEC)
	melTalk(n, c, melAsk(0x0101, 0), melAnswer(0, []byte("FW04CPU         "), little16(0x4800)))
	melTalk(n, c, melAsk(0x0401, 0, melDevice(1, 0xa8)), melAnswer(0xc061, melFailed(0x0401, 0)))
	melTalk(n, c, melAsk(0x0401, 0, melDevice(1, 0xa8), little16(1, 9)), melAnswer(0xc061, melFailed(0x0401, 0)))
	melTalk(n, c, melAsk(0x0401, 0, melDevice(1, 0xa8), little16(2)), melAnswer(0, little16(1)))
	melTalk(n, c, melAsk(0x0401, 0, melDevice(1, 0xa8), little16(2)), melAnswer(0, little16(1, 2, 3)))
	melTalk(n, c, melAsk(0x1401, 0, melDevice(1, 0xa8), little16(2, 1)), melAnswer(0xc061, melFailed(0x1401, 0)))
	melTalk(n, c, melAsk(0x0403, 0, []byte{9, 9}, melDevice(1, 0xa8)), melAnswer(0xc061, melFailed(0x0403, 0)))
	melTalk(n, c, melAsk(0x0601, 0, little32(1), little16(4, 3)), melAnswer(0, []byte{1}))
	melTalk(n, c, melAsk(0x1828, 0, []byte{1}), melAnswer(0xc061, melFailed(0x1828, 0)))
	c.Client([]byte("no frame at all, neither old nor new"))
	melTalk(n, c, melAsk(0x0101, 0), melAnswer(0, []byte("FW04CPU         "), little16(0x4800)))
	c.Close()
	o := n.Dial(melHMI, melPLC, 51014, 5001)
	melTalk(n, o, melOld(0x01, 100, "D ", 1), []byte{0x81, 0, 1, 1})
	o.Server([]byte{0x81, 0, 1, 1})
	o.Close()
}
