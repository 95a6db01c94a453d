package plant

import (
	"net/netip"
	"time"
)

// serialServer passes on to a serial line what it is sent.
var serialServer = &Host{Name: "serial", MAC: 0x02_00_00_00_02_50, IP: netip.MustParseAddr("10.10.2.50")}

// portSerial is where device servers of one maker offer their line.
const portSerial = 4001

// rtuTalk asks over a serial line.
func rtuTalk(n *Net, c *Conn, request, answer []byte) {
	modbusTalk(n, c, Serial(nil, request), Serial(nil, answer))
}

// rtuPoll asks three drives on one line in turn.
func rtuPoll(n *Net) {
	c := n.Dial(modbusHMI, serialServer, 49300, portSerial)
	for i := range uint16(12) {
		for unit := range uint8(3) {
			m := Modbus{Unit: unit + 1}
			rtuTalk(n, c, m.Words(nil, ModbusReadHolding, 40, 4), m.Registers(nil, ModbusReadHolding, []uint16{700 + i, 12, 0, 0xfff0}))
			rtuTalk(n, c, m.Words(nil, ModbusReadCoils, 5, 10), m.Bits(nil, ModbusReadCoils, 0b10101010, 0b11))
			rtuTalk(n, c, m.Words(nil, ModbusWriteRegister, 43, i), m.Words(nil, ModbusWriteRegister, 43, i))
		}
	}
	c.Close()
}

// rtuCoils switches coils, or sets a register, and does nothing else.
func rtuCoils(n *Net) {
	m := Modbus{Unit: 3}
	for i, values := range [][]uint16{{0xff00}, {0}, {0xff00, 0, 0xff00, 0}, {0xff00, 0xff00, 0xff00}} {
		c := n.Dial(modbusHMI, serialServer, uint16(49310+i), portSerial)
		for _, v := range values {
			rtuTalk(n, c, m.Words(nil, ModbusWriteCoil, 172, v), m.Words(nil, ModbusWriteCoil, 172, v))
		}
		c.Close()
	}
	for i, v := range []uint16{0, 0x0600, 0x6400} { // a register, whose values are opcodes of others
		c := n.Dial(modbusHMI, serialServer, uint16(49320+i), portSerial)
		for range 2 {
			rtuTalk(n, c, m.Words(nil, ModbusWriteRegister, 7, v), m.Words(nil, ModbusWriteRegister, 7, v))
		}
		c.Close()
	}
}

// rtuFunctions asks for every function in the frames of a serial line, on the
// port of Modbus, where only the content tells the framing.
func rtuFunctions(n *Net) {
	c := n.Dial(modbusHMI, serialServer, 49301, PortModbus)
	m := Modbus{Unit: 17}
	for _, pair := range [][2][]byte{
		{m.Words(nil, ModbusReadHolding, 107, 3), m.Registers(nil, ModbusReadHolding, []uint16{555, 0, 100})},
		{m.Words(nil, ModbusReadDiscretes, 196, 22), m.Bits(nil, ModbusReadDiscretes, 0xac, 0xdb, 0x35)},
		{m.Words(nil, ModbusReadInput, 8, 1), m.Exception(nil, ModbusReadInput, ModbusIllegalAddress)},
		{m.Words(nil, ModbusWriteCoil, 172, 0xff00), m.Words(nil, ModbusWriteCoil, 172, 0xff00)},
		{m.Raw(nil, 7), m.Raw(nil, 7, 0x6d)},
		{m.Raw(nil, ModbusDiagnostics, 0, 0, 1, 2, 3, 4), m.Raw(nil, ModbusDiagnostics, 0, 0, 1, 2, 3, 4)},
		{m.Words(nil, ModbusDiagnostics, 11, 0), m.Words(nil, ModbusDiagnostics, 11, 4711)},
		{m.Raw(nil, 11), m.Words(nil, 11, 0xffff, 264)},
		{m.Raw(nil, 12), m.Raw(nil, 12, 8, 0, 0, 1, 8, 1, 0x21, 0x20, 0)},
		{m.WriteCoils(nil, 19, 10, 0xcd, 0x01), m.Words(nil, ModbusWriteCoils, 19, 10)},
		{m.WriteRegisters(nil, 1, []uint16{10, 258}), m.Words(nil, ModbusWriteRegs, 1, 2)},
		{m.Raw(nil, ModbusServerID), m.Raw(nil, ModbusServerID, append([]byte{18, 0x11, 0xff}, "Firedoor drive 7"...)...)},
		{m.Raw(nil, 20, 7, 6, 0, 1, 0, 0, 0, 1), m.Raw(nil, 20, 4, 3, 6, 0, 42)},
		{m.Raw(nil, 21, 9, 6, 0, 4, 0, 7, 0, 1, 6, 0xaf), m.Raw(nil, 21, 9, 6, 0, 4, 0, 7, 0, 1, 6, 0xaf)},
		{m.Words(nil, ModbusMaskWrite, 4, 0xf2, 0x25), m.Words(nil, ModbusMaskWrite, 4, 0xf2, 0x25)},
		{m.ReadWrite(nil, 3, 2, 14, []uint16{255}), m.Registers(nil, ModbusReadWrite, []uint16{0xfe, 0x0acd})},
		{m.Words(nil, 24, 1246), m.Words(nil, 24, 6, 2, 440, 4740)},
		{m.Raw(nil, ModbusEncapsulated, 13, 0, 1, 0x10, 0, 0), m.Raw(nil, ModbusEncapsulated, 13, 0, 1, 0x10, 0, 0)},
		{m.Identify(nil, 1, 0), m.Identity(nil, 1, "Firedoor Works", "FW-D7", "V1.4")},
		{m.Umas(nil, 0, UmasReadID), m.Umas(nil, 0, UmasOK, UmasIdentity(0x0260, "BMX P34 2000")...)},
		{m.Raw(nil, 100, 1, 2, 3), m.Raw(nil, 100, 4, 5)},
	} {
		rtuTalk(n, c, pair[0], pair[1])
	}
	c.Client(Serial(nil, Modbus{}.Words(nil, ModbusWriteRegister, 9, 1))) // to all: nobody answers
	c.Client(Serial(nil, m.Words(nil, ModbusReadHolding, 50, 1)))         // never answered
	n.Wait(time.Second)
	rtuTalk(n, c, m.Words(nil, ModbusReadHolding, 51, 1), m.Registers(nil, ModbusReadHolding, []uint16{51}))
	c.Close()
}

// rtuMidstream begins in the middle, cuts frames anywhere, loses a part of each
// direction, and has frames that the line spoiled.
func rtuMidstream(n *Net) {
	a := n.Midstream(modbusHMI, serialServer, 49302, portSerial)
	m := Modbus{Unit: 5}
	a.Server(Serial(nil, m.Registers(nil, ModbusReadHolding, []uint16{1, 2})))
	rtuTalk(n, a, m.Words(nil, ModbusReadHolding, 3, 2), m.Registers(nil, ModbusReadHolding, []uint16{3, 4}))

	b := n.Dial(modbusHMI, serialServer, 49303, portSerial)
	for i := range uint16(14) {
		request, answer := Serial(nil, m.Words(nil, ModbusReadHolding, i, 1)), Serial(nil, m.Registers(nil, ModbusReadHolding, []uint16{i}))
		switch i {
		case 2: // cut
			b.Client(request[:3])
			b.Client(request[3:])
			b.Server(answer[:1])
			b.Server(answer[1:])
		case 4: // the answer's beginning is lost
			b.Client(request)
			b.LoseServer(3)
			b.Server(answer[3:])
		case 6: // a request is lost
			b.LoseClient(len(request))
			b.Server(answer)
		case 8: // spoiled on the line
			b.Client(request)
			answer[3] ^= 0x10
			b.Server(answer)
		case 10:
			request[2] ^= 0x01
			b.Client(request)
		default:
			modbusTalk(n, b, request, answer)
		}
	}
	b.Close()
}

// rtuHeaderlike begins with the frame that is a message with a header as well:
// two registers from 0 of unit 1.
func rtuHeaderlike(n *Net) {
	c := n.Dial(modbusHMI, serialServer, 49304, PortModbus)
	m := Modbus{Unit: 1}
	for i := range uint16(3) {
		rtuTalk(n, c, m.Words(nil, ModbusReadHolding, 0, 2), m.Registers(nil, ModbusReadHolding, []uint16{i, 7}))
	}
	c.Close()
}
