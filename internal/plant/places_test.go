package plant

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/protocol/all"
	"firedoor/internal/sensor"
)

// touching is one protocol's ways to touch the same places, and the points that must be
// left: "object type value", with the number of writes behind where there were any.
type touching struct {
	protocol string // in the list, whose parser reads it
	write    func(*Net)
	want     []string
}

// touchings are the protocols that carry values. Each read begins elsewhere, and what comes last
// is what stands there.
var touchings = []touching{
	{"modbus", touchModbus, []string{"coil:4 bit 1", "coil:5 bit 0 1", "coil:6 bit 1 1", "coil:7 bit 1 2",
		"file:4/record:1 u16 7", "file:4/record:2 u16 9", "file:4/record:3 u16 10",
		"holding:10 u16 1", "holding:11 u16 33 1", "holding:12 u16 44 1", "holding:13 u16 5",
		"variable:1/0/10 u16 9", "variable:1/0/12 u16 3", "variable:1/0/8 u16 1"}},
	{"s7comm", touchS7, []string{"DB1.DBW4 u16 1", "DB1.DBW6 u16 9 1", "DB1.DBW8 u16 3", "DB1.DBX0.3 bool 1 1", "T5 u16 1", "T6 u16 8", "T7 u16 3"}},
	{"enip", touchCIP, []string{"Arr i32 1", "Arr[1] i32 7", "Arr[2] i32 8", "Arr[3] i32 44 1", "Arr[4] i32 55 1",
		"Big i32 10", "Big[1] i32 11", "Big[2] i32 22", "Big[3] i32 23",
		"Grid[1,2] i16 3", "Grid[1,3] i16 5", "Program:Main.Rec[2].Row[1] f32 2", "Program:Main.Rec[2].Row[2] f32 3",
		"Tanks u8 1", "Tanks/byte:1 u8 2", "Tanks/byte:2 u8 9", "Tanks/byte:3 u8 8",
		"Valve bit 1 1",
		"class:0x6b/instance:5 u16 1", "class:0x6b/instance:5/member:1 u16 6", "class:0x6b/instance:5/member:2 u16 3"}},
	{"enip", touchPCCC, []string{"F8:4 f32 1 1", "N7:0 i16 0", "N7:1 i16 5 1", "N7:2 i16 7", "T4:2 i16 1", "T4:2.1 i16 100", "T4:2.2 i16 9"}},
	{"iec104", touch104, []string{"ioa:6000 i16 8192 1", "ioa:700 bit 0"}},
	{"bacnet", touchBACnet, []string{"analog-value:9/present-value f32 4 3", "device:1/object-list[0] u32 2",
		"device:1/object-list[1] u32 8", "device:1/object-list[2] u32 11", "device:1/property-600[1] u32 5", "device:1/property-600[2] u32 7"}},
	{"dnp3", touchDNP3, []string{"analog-output:2 f32 60 1", "binary-input:3 bit 1", "binary-input:4 bit 0",
		"flags:binary-input:3 u8 2", "flags:binary-input:4 u8 2"}},
	{"fins", touchFINS, []string{"CIO:10.05 bit 1 1", "CIO:10.06 bit 1", "DM:100 u16 43981 1", "DM:101 u16 8 1", "DM:102 u16 43981 1"}},
	{"melsec", touchMELSEC, []string{"D:100 u16 1", "D:101 u16 8", "D:102 u16 3 1", "M:16 bit 0 1", "M:17 bit 1", "M:18 bit 0"}},
	{"ads", touchADS, []string{"0x4020:0x10 u8 1", "0x4020:0x11 u8 7 1", "GVL.row u16 1", "GVL.row/element:1 u16 2", "GVL.row[1] u16 1"}},
	{"opcua", touchOPC, []string{"ns=2;s=Line.List i32 1", "ns=2;s=Line.List[1] i32 8", "ns=2;s=Line.List[2] i32 9 1"}},
	{"mqtt", touchMQTT, []string{"metric:Plant 1/Node 7:Level i32 6", "topic:line/speed f64 8 2"}},
	{"mms", touchMMS, []string{"LD/arr i64 1", "LD/arr[1] i64 8"}},
}

// untouched are the other protocols of the factory floor, and why no places of theirs can have
// several names, or why that is not held here.
var untouched = map[string]string{
	"cip":         "frames of a connection name an assembly or a tag as a whole",
	"hart_ip":     "a variable is told by its number",
	"synphasor":   "a unit's data are told by its number and kind",
	"ge_srtp":     "memory is named by selector and offset: bits and bytes of it are two kinds",
	"codesys":     "no values",
	"cclink_ief":  "a station's words and bits always begin at 0",
	"sbus":        "elements lie in a row, and each command has its medium",
	"dlms":        "an attribute is told by its number",
	"roc_plus":    "a parameter is told by type, logic and number; those asked for together lie in a row",
	"c1222":       "no values",
	"fox":         "no values",
	"pniocm":      "a record is told as a whole",
	"ecat":        "memory is named by the byte; a slave is told as it was asked, by position or by station, and nothing says which are one",
	"egd":         "an exchange is told as a whole",
	"uadp":        "a field is told by its name or its number",
	"kip":         "an object, a property or memory by the byte",
	"lon":         "a variable is told by its selector",
	"rtps":        "no values",
	"ptp":         "what a port announces is told part by part, and a setting by its name",
	"hsms":        "values are told by their number",
	"mtconnect":   "an item is told by its name",
	"coap":        "a resource is told as a whole",
	"tristation":  "no values but of commands",
	"genisys":     "an octet is told by its number",
	"bsap":        "a signal is told as it was asked, by its name or by its address",
	"s7comm-plus": "which element of an array a way of numbers leads to nobody tells",
	"cotp":        "carries others",
	"pnio":        "a submodule's data are told as a whole",
	"goose":       "an entry is told by its place in the data set",
	"sv":          "a stream's values are told as a whole",
	"epl":         "process data are told as a whole",
	"epl_v1":      "process data are told as a whole",
}

// TestOnePlaceHasOneName: what is read, written, written at a priority, told on its own, as a
// whole, in parts or from elsewhere on is one point at one place, with the latest value.
func TestOnePlaceHasOneName(t *testing.T) {
	for i := range touchings {
		c := &touchings[i]
		t.Run(fmt.Sprint(i, " ", c.protocol), func(t *testing.T) {
			if got := pointsLeft(t, c.write); !slices.Equal(got, c.want) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(c.want, "\n\t"))
			}
		})
	}
}

// TestEveryProtocolTouches: who adds a protocol adds its ways, or says why there is but one.
func TestEveryProtocolTouches(t *testing.T) {
	listed := map[string]bool{}
	for _, p := range all.List {
		listed[p.Name] = true
		touched := slices.ContainsFunc(touchings, func(c touching) bool { return c.protocol == p.Name })
		switch reason := untouched[p.Name]; {
		case p.Industrial && touched == (reason != ""):
			t.Errorf("%s: %v that its ways to touch places are in touchings, and untouched says %q: it must be one of the two", p.Name, touched, reason)
		case !p.Industrial && reason != "":
			t.Errorf("%s has no points, and need not be in untouched", p.Name)
		}
	}
	for name := range untouched {
		if !listed[name] {
			t.Errorf("untouched has %s, which is no protocol", name)
		}
	}
}

// pointsLeft reads a capture as the product does.
func pointsLeft(t *testing.T, write func(*Net)) []string {
	t.Helper()
	var capture bytes.Buffer
	n, err := NewNet(&capture, time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	write(n)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "places.pcap")
	if err := os.WriteFile(file, capture.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r := sensor.Replay{Options: sensor.Options{Captures: []string{file}, Shards: 2, Points: true}, Protocols: all.List}
	result, err := r.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := result.WritePoints(&out); err != nil {
		t.Fatal(err)
	}
	var points []firedoor.Point
	if err := json.Unmarshal(out.Bytes(), &points); err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, p := range points {
		line := fmt.Sprint(p.Object, " ", p.Type, " ", *p.Value)
		if p.Written > 0 {
			line += fmt.Sprint(" ", p.Written)
		}
		left = append(left, line)
	}
	slices.Sort(left)
	return left
}

func touchModbus(n *Net) {
	c := n.Dial(modbusHMI, modbusPLC, 49152, PortModbus)
	m := Modbus{Unit: 1}
	ask := func(request, answer []byte) {
		modbusTalk(n, c, request, answer)
		m.Transaction++
	}
	ask(m.Words(nil, ModbusReadHolding, 10, 4), m.Registers(nil, ModbusReadHolding, []uint16{1, 2, 3, 4}))
	ask(m.Words(nil, ModbusWriteRegister, 11, 33), m.Words(nil, ModbusWriteRegister, 11, 33))
	ask(m.WriteRegisters(nil, 12, []uint16{44}), m.Words(nil, 16, 12, 1))
	ask(m.Words(nil, ModbusReadHolding, 13, 1), m.Registers(nil, ModbusReadHolding, []uint16{5}))
	ask(m.Words(nil, ModbusReadCoils, 4, 3), m.Bits(nil, ModbusReadCoils, 0b010))
	ask(m.Words(nil, ModbusWriteCoil, 7, 0xff00), m.Words(nil, ModbusWriteCoil, 7, 0xff00))
	ask(m.WriteCoils(nil, 5, 3, 0b010), m.Words(nil, 15, 5, 3))
	ask(m.Raw(nil, 20, 7, 6, 0, 4, 0, 1, 0, 2), m.Raw(nil, 20, 6, 5, 6, 0, 7, 0, 8))
	ask(m.Raw(nil, 20, 7, 6, 0, 4, 0, 2, 0, 2), m.Raw(nil, 20, 6, 5, 6, 0, 9, 0, 10))
	key := uint8(0)
	talk := umasTalk(n, c, &m, &key)
	talk(UmasReadLocated, []byte{1, 2, 2, 4, 0, 4, 0}, UmasOK, 1, 0, 0, 1, 0, 1, 1)
	talk(UmasReadVariables, append(umasList(1), 0x12, 1, 0, 1, 0, 0, 8, 3, 0), UmasOK, 1, 0, 2, 0, 3, 0)
	talk(UmasReadVariables, append(umasList(1), 2, 1, 0, 1, 0, 0, 10), UmasOK, 9, 0)
	c.Close()
}

func touchS7(n *Net) {
	c := s7Open(n, s7HMI, 49200, 2)
	s := S7{1}
	read := func(it S7Item, value ...byte) {
		s7Talk(n, c, s.Read(nil, it), s.ReadAnswer(nil, []S7Item{it}, value))
		s.Ref++
	}
	write := func(it S7Item, value ...byte) {
		s7Talk(n, c, s.Write(nil, []S7Item{it}, value), s.WriteAnswer(nil, 0xff))
		s.Ref++
	}
	read(S7Item{Area: S7Block, Type: S7TypeWord, DB: 1, Count: 3, Byte: 4}, 0, 1, 0, 2, 0, 3)
	write(S7Item{Area: S7Block, Type: S7TypeWord, DB: 1, Count: 1, Byte: 6}, 0, 9)
	read(S7Item{Area: S7Block, Type: S7TypeBit, DB: 1, Count: 1, Bit: 3}, 0)
	write(S7Item{Area: S7Block, Type: S7TypeBit, DB: 1, Count: 1, Bit: 3}, 1)
	read(S7Item{Area: 0x1d, Type: 0x1d, Count: 3, Bit: 5}, 0, 1, 0, 2, 0, 3)
	read(S7Item{Area: 0x1d, Type: 0x1d, Count: 1, Bit: 6}, 0, 8)
	c.Close()
}

// cipElements is the path of an element of an array.
func cipElements(tag string, indexes ...byte) []byte {
	path := CIPSymbol(tag)
	for _, i := range indexes {
		path = append(path, 0x28, i)
	}
	return path
}

func touchCIP(n *Net) {
	t := newENIPTalk(n, 49200)
	t.register()
	dints := func(values ...int) (b []byte) {
		for _, v := range values {
			b = append(b, enipDint(v)...)
		}
		return b
	}
	read := func(path []byte, count byte, kind uint16, values []byte) {
		t.ask(CIPRequest(nil, CIPReadTag, path, count, 0), CIPReadAnswer(nil, kind, values))
	}
	part := func(path []byte, count, offset, status byte, values []byte) {
		t.ask(CIPRequest(nil, 0x52, path, count, 0, offset, 0, 0, 0), CIPAnswer(nil, 0x52, status, append([]byte{0xc4, 0}, values...)...))
	}
	read(CIPSymbol("Arr"), 4, CIPTypeDint, dints(1, 2, 3, 4))
	read(cipElements("Arr", 1), 2, CIPTypeDint, dints(7, 8))
	t.ask(CIPRequest(nil, CIPWriteTag, cipElements("Arr", 3), append([]byte{0xc4, 0, 2, 0}, dints(44, 55)...)...), CIPAnswer(nil, CIPWriteTag, 0))
	part(CIPSymbol("Big"), 4, 0, 6, dints(10, 11))
	part(CIPSymbol("Big"), 4, 8, 0, dints(12, 13))
	part(cipElements("Big", 1), 3, 4, 0, dints(22, 23))
	read(cipElements("Grid", 1, 2), 2, 0xc3, little16(3, 4))
	read(cipElements("Grid", 1, 3), 1, 0xc3, little16(5))
	record := append(append(CIPSymbol("Program:Main"), cipElements("Rec", 2)...), CIPSymbol("Row")...)
	float := func(x float32) []byte { return binary.LittleEndian.AppendUint32(nil, math.Float32bits(x)) }
	read(append(bytes.Clone(record), 0x28, 1), 2, CIPTypeReal, append(float(2), float(1)...))
	read(append(bytes.Clone(record), 0x28, 2), 1, CIPTypeReal, float(3))
	read(CIPSymbol("Tanks"), 2, 0x02a0, []byte{0x83, 0x0f, 1, 2, 3, 4})
	read(cipElements("Tanks", 1), 1, 0x02a0, []byte{0x83, 0x0f, 9, 8})
	read(CIPSymbol("Valve"), 1, CIPTypeBool, []byte{0})
	t.ask(CIPWrite(nil, "Valve", CIPTypeBool, 1, []byte{1}), CIPAnswer(nil, CIPWriteTag, 0))
	read([]byte{0x20, 0x6b, 0x24, 5}, 3, 0xc7, little16(1, 2, 3))
	read([]byte{0x20, 0x6b, 0x24, 5, 0x28, 1}, 1, 0xc7, little16(6))
	t.c.Close()
}

func touchPCCC(n *Net) {
	t := newENIPTalk(n, 49205)
	t.register()
	requestor := []byte{7, 0x4d, 0, 0xe0, 0x31, 0x2b, 0x3d}
	transaction := uint16(0x100)
	pccc := func(request []byte, answer ...byte) {
		transaction++
		tns := binary.LittleEndian.AppendUint16(nil, transaction)
		ask := append(append(bytes.Clone(requestor), 0x0f, 0, tns[0], tns[1]), request...)
		say := append(append(bytes.Clone(requestor), 0x4f, 0, tns[0], tns[1]), answer...)
		t.ask(CIPRequest(nil, 0x4b, CIPClass(0x67, 1, 0), ask...), CIPAnswer(nil, 0x4b, 0, say...))
	}
	text := func(function, total byte, address string, more ...byte) []byte {
		return append(append([]byte{function, 0, 0, total, 0, 0}, "$"+address+"\x00"...), more...)
	}
	pccc([]byte{0xa2, 6, 7, 0x89, 0, 0}, 0, 0, 1, 0, 2, 0)
	pccc([]byte{0xaa, 2, 7, 0x89, 1, 0, 5, 0}) // N7:1
	pccc(text(0x68, 1, "N7:2", 1, 0), 0x42, 7, 0)
	pccc([]byte{0xa2, 6, 4, 0x86, 2, 0}, 1, 0, 100, 0, 3, 0)
	pccc([]byte{0xa2, 2, 4, 0x86, 2, 2}, 8, 0)
	pccc(text(0x68, 1, "T4:2.ACC", 1, 0), 0x42, 9, 0)
	pccc([]byte{0xa2, 4, 8, 0x8a, 4, 0}, 0, 0, 0, 0)
	pccc(text(0x67, 1, "F8:4", 0x94, 8, 0, 0, 0x80, 0x3f))
	t.c.Close()
}

func touch104(n *Net) {
	t := iecDial(n, 49302, 3)
	t.confirm(IECSetNormal, 6000, 0, 0x10, 0x80) // select
	t.command(IECSetNormal, 6000, 0, 0x20, 0)
	request := t.a.One(IECSetNormal, IECDeactivate, 6000, 0, 0x30, 0)
	t.exchange(request, t.b.One(IECSetNormal, IECDeactConfirm, 6000, 0, 0x30, 0))
	t.exchange(t.a.One(IECInterrogation, IECActivate, 0, 20), t.b.One(IECInterrogation, IECConfirm, 0, 20),
		t.b.Row(IECSinglePoint, IECInterrogated, 700, []byte{1}), t.b.One(IECSinglePoint, 3, 700, 0))
	t.c.Close()
}

func touchBACnet(n *Net) {
	id := byte(0)
	ask := func(service byte, request []byte, answer ...[]byte) {
		id++
		say := bacAck(id, service)
		if len(answer) > 0 {
			say = bacData(id, service, append([][]byte{request}, answer...)...)
		}
		bacTalk(n, bacAsk(id, service, request), say)
	}
	value := bacProperty(bacAnalogValue, 9, bacPresent)
	ask(12, value, bacIn(3, bacReal(1)))
	ask(15, bacAll(value, bacIn(3, bacReal(2)), bacC(4, 16)))
	ask(15, bacAll(value, bacIn(3, bacReal(3)), bacC(4, 8)))
	ask(15, bacAll(value, bacIn(3, bacReal(3))))
	change := bacAll(bacC(0, 18), bacO(1, bacID(bacDevice, 2001)), bacO(2, bacID(bacAnalogValue, 9)), bacC(3, 120),
		bacIn(4, bacC(0, bacPresent), bacIn(2, bacReal(4))))
	n.UDP(bacAHU, bacDesk, PortBACnet, PortBACnet, bacTell(2, change))
	list := bacProperty(bacDevice, 1, 76)
	ask(12, bacAll(list, bacC(2, 0)), bacIn(3, bacU(2)))
	ask(12, list, bacIn(3, bacObject(8), bacObject(9)))
	ask(12, bacAll(list, bacC(2, 2)), bacIn(3, bacObject(11)))
	own := bacProperty(bacDevice, 1, 600)
	ask(12, own, bacIn(3, bacU(5), bacU(6)))
	ask(12, bacAll(own, bacC(2, 2)), bacIn(3, bacU(7)))
}

func touchDNP3(n *Net) {
	p := dnp3Dial(n, 49400)
	p.ask(DNP3Read, []byte{1, 1, 0, 3, 4}, 1, 1, 0, 3, 4, 0b10)
	p.report(1, 2, 1, 0x17, 1, 3, 0x81)
	n.Wait(time.Second)
	p.ask(DNP3Read, []byte{1, 2, 0, 3, 4}, 1, 2, 0, 3, 4, 0x82, 0x02)
	set := dnp3Join([]byte{41, 3, 0x28, 1, 0, 2, 0}, dnp3Real(0, 60)[1:], []byte{0})
	selected := dnp3Join([]byte{41, 3, 0x28, 1, 0, 2, 0}, dnp3Real(0, 50)[1:], []byte{0})
	p.ask(3, selected, selected...)
	p.ask(DNP3Direct, set, set...)
	p.ask(DNP3Read, []byte{110, 3, 0, 4, 4}, 110, 3, 0, 4, 4, 'a', 'b', 'c')
	p.report(2, 2, 1, 0x17, 1, 3, 0x82) // an event has the flags of its point
	p.conn.Close()
}

func touchFINS(n *Net) {
	t := finsOver(n)
	t.exchange(0x0101, finsJoin(finsAt(0x82, 100, 0), big16(3)), 0, big16(1, 2, 3))
	t.exchange(0x0103, finsJoin(finsAt(0x82, 100, 0), big16(3, 0xabcd)), 0)
	t.exchange(0x0104, finsAt(0x82, 101, 0), 0, []byte{0x82, 0, 8})
	t.exchange(0x0101, finsJoin(finsAt(0x30, 10, 5), big16(2)), 0, []byte{0, 1})
	t.exchange(0x2301, finsJoin(big16(1, 0), finsAt(0x30, 10, 5)), 0)
	t.exchange(0x0101, finsJoin(finsAt(0x70, 10, 5), big16(1)), 0, []byte{2})
	t.exchange(0x0102, finsJoin(finsAt(0x30, 10, 5), big16(1), []byte{1}), 0)
}

func touchMELSEC(n *Net) {
	c := n.Dial(melHMI, melPLC, 51000, PortMELSEC)
	melTalk(n, c, melAsk(0x0401, 0, melDevice(100, 0xa8), little16(3)), melAnswer(0, little16(1, 2, 9)))
	melTalk(n, c, melAsk(0x0401, 0, melDevice(101, 0xa8), little16(1)), melAnswer(0, little16(8)))
	melTalk(n, c, melAsk(0x1402, 0, []byte{1, 0}, melDevice(102, 0xa8), little16(3)), melAnswer(0))
	melTalk(n, c, melAsk(0x0401, 1, melDevice(16, 0x90), little16(3)), melAnswer(0, []byte{0x11, 0x00}))
	melTalk(n, c, melAsk(0x1402, 1, []byte{1}, melDevice(16, 0x90), []byte{0}), melAnswer(0))
	c.Close()
}

func touchADS(n *Net) {
	t := adsDial(n, 50200)
	t.read(851, 0x4020, 0x10, []byte{1, 2})
	t.write(851, 0x4020, 0x11, []byte{7})
	typed := func(name string, size uint32) {
		t.both(851, 0xf009, 0, 0xffff, zeroed(name), adsEntry(0x4040, 0, size, 18, name, "UINT"))
	}
	typed("GVL.row", 4)
	typed("GVL.row[1]", 2)
	t.both(851, 0xf004, 0, 4, zeroed("GVL.row"), little16(1, 2))
	t.both(851, 0xf004, 0, 2, zeroed("GVL.row[1]"), little16(1)) // the list begins at 1
	t.c.Close()
}

func touchOPC(n *Net) {
	t := opcuaDial(n, 49152)
	read := func(part string, values ...uint32) {
		ask := OPCRequest(631, 1).F64(0).U32(3, 1).Named(2, "Line.List").U32(13)
		if part == "" {
			ask.Null(1)
		} else {
			ask.Text(part)
		}
		t.ask(ask.U16(0).Null(1), OPCAnswer(634, 1, 0).U32(1).U8(1, 0x86).U32(uint32(len(values))).U32(values...).Null(1))
	}
	read("", 1, 2, 3)
	read("1:2", 8, 3)
	write := OPCRequest(673, 2).U32(1).Named(2, "Line.List").U32(13).Text("2").U8(1, 0x86).U32(1, 9)
	t.ask(write, OPCAnswer(676, 2, 0).U32(1, 0).Null(1))
	t.close()
}

func touchMQTT(n *Net) {
	t := mqttDial(n, mqttNode, 49400, 4)
	t.exchange(t.Connect(MQTTLogin{Client: "line-1", WillTopic: "line/speed", Will: []byte("0")}), t.ConnAck(0))
	t.exchange(t.Publish(1, 2, "line/speed", []byte("7")), t.Ack(MQTTPubAck, 2, 0))
	t.c.Client(t.Publish(0, 0, "line/speed", []byte("7.5")))
	n.Wait(time.Second)
	t.c.Server(t.Publish(0, 0, "line/speed", []byte("8")))
	var s Sparkplug
	t.c.Client(t.Publish(0, 0, "spBv1.0/Plant 1/NBIRTH/Node 7", s.Payload(Metric("Level", 100, 3, int32(5)))))
	t.c.Client(t.Publish(0, 0, "spBv1.0/Plant 1/NDATA/Node 7", s.Payload(Metric("", 100, 0, int32(6)))))
	t.leave()
}

func touchMMS(n *Net) {
	c := mmsOpen(n, s7HMI, 49300)
	number := func(v byte) []byte { return ber(0x85, []byte{v}) }
	s7Talk(n, c, mmsAsk(1, mmsRead(mmsVariables("LD", "arr"))), mmsTell(1, mmsReadAnswer(ber(0xa1, joined(number(1), number(2))))))
	part := ber(0xa0, ber(0x30, append(ber(0xa0, mmsName("LD", "arr")), ber(0xa5, ber(0x82, []byte{1}))...)))
	s7Talk(n, c, mmsAsk(2, mmsRead(part)), mmsTell(2, mmsReadAnswer(number(8))))
	c.Close()
}
