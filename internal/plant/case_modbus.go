package plant

import (
	"net/netip"
	"time"

	"firedoor"
)

// Hosts of the Modbus captures.
var (
	modbusHMI = &Host{Name: "hmi", MAC: 0x02_00_00_00_02_10, IP: netip.MustParseAddr("10.10.2.10")}
	modbusPLC = &Host{Name: "plc", MAC: 0x02_00_00_00_02_20, IP: netip.MustParseAddr("10.10.2.20"), TTL: 128}
)

// modbusTalk sends a request and its answer a moment apart.
func modbusTalk(n *Net, c *Conn, request, answer []byte) {
	c.Client(request)
	n.Wait(2 * time.Millisecond)
	c.Server(answer)
	n.Wait(100 * time.Millisecond)
}

// modbusPoll reads four kinds of object in turn, as an HMI does, and refreshes
// one setpoint.
func modbusPoll(n *Net) {
	c := n.Dial(modbusHMI, modbusPLC, 49152, PortModbus)
	for i := range uint16(12) {
		m := Modbus{Transaction: 5 * i, Unit: 1}
		modbusTalk(n, c, m.Words(nil, ModbusReadHolding, 40, 4), m.Registers(nil, ModbusReadHolding, []uint16{700 + i, 12, 0, 0xfff0}))
		m.Transaction++
		modbusTalk(n, c, m.Words(nil, ModbusReadInput, 7, 2), m.Registers(nil, ModbusReadInput, []uint16{21 * i, 3}))
		m.Transaction++
		modbusTalk(n, c, m.Words(nil, ModbusReadCoils, 5, 10), m.Bits(nil, ModbusReadCoils, 0b10101010, 0b11))
		m.Transaction++
		modbusTalk(n, c, m.Words(nil, ModbusReadDiscretes, 0, 3), m.Bits(nil, ModbusReadDiscretes, byte(i%8)))
		m.Transaction++
		modbusTalk(n, c, m.Words(nil, ModbusWriteRegister, 43, 0xfff0), m.Words(nil, ModbusWriteRegister, 43, 0xfff0))
	}
	c.Close()
}

// modbusFunctions asks for everything the specification has, with the answers a
// device that implements all of it would give.
func modbusFunctions(n *Net) {
	c := n.Dial(modbusHMI, modbusPLC, 49153, PortModbus)
	m := Modbus{Unit: 255}
	ask := func(request, answer []byte) {
		modbusTalk(n, c, request, answer)
		m.Transaction++
	}
	ask(m.Words(nil, ModbusReadCoils, 19, 19), m.Bits(nil, ModbusReadCoils, 0xcd, 0x6b, 0x05))
	ask(m.Words(nil, ModbusReadDiscretes, 196, 22), m.Bits(nil, ModbusReadDiscretes, 0xac, 0xdb, 0x35))
	ask(m.Words(nil, ModbusReadHolding, 107, 3), m.Registers(nil, ModbusReadHolding, []uint16{555, 0, 100}))
	ask(m.Words(nil, ModbusReadInput, 8, 1), m.Registers(nil, ModbusReadInput, []uint16{10}))
	ask(m.Words(nil, ModbusWriteCoil, 172, 0xff00), m.Words(nil, ModbusWriteCoil, 172, 0xff00))
	ask(m.Words(nil, ModbusWriteCoil, 173, 0), m.Words(nil, ModbusWriteCoil, 173, 0))
	ask(m.Words(nil, ModbusWriteRegister, 1, 3), m.Words(nil, ModbusWriteRegister, 1, 3))
	ask(m.Raw(nil, 7), m.Raw(nil, 7, 0x6d))
	ask(m.Words(nil, ModbusDiagnostics, 0, 0xa537), m.Words(nil, ModbusDiagnostics, 0, 0xa537))
	ask(m.Words(nil, ModbusDiagnostics, 11, 0), m.Words(nil, ModbusDiagnostics, 11, 4711))
	ask(m.Words(nil, ModbusDiagnostics, 3, 0x3b00), m.Words(nil, ModbusDiagnostics, 3, 0x3b00))
	ask(m.Words(nil, ModbusDiagnostics, 1, 0xff00), m.Words(nil, ModbusDiagnostics, 1, 0xff00))
	ask(m.Raw(nil, 11), m.Words(nil, 11, 0xffff, 264))
	ask(m.Raw(nil, 12), m.Raw(nil, 12, 8, 0, 0, 1, 8, 1, 0x21, 0x20, 0))
	ask(m.WriteCoils(nil, 19, 10, 0xcd, 0x01), m.Words(nil, ModbusWriteCoils, 19, 10))
	ask(m.WriteRegisters(nil, 1, []uint16{10, 258}), m.Words(nil, ModbusWriteRegs, 1, 2))
	ask(m.Raw(nil, ModbusServerID), m.Raw(nil, ModbusServerID, append([]byte{20, 0x11, 0xff}, "Firedoor pump 7 v2"...)...))
	ask(m.Raw(nil, 20, 14, 6, 0, 4, 0, 1, 0, 2, 6, 0, 3, 0, 9, 0, 2),
		m.Raw(nil, 20, 12, 5, 6, 0x0d, 0xfe, 0, 0x20, 5, 6, 0x33, 0xcd, 0, 0x40))
	ask(m.Raw(nil, 20, 7, 6, 0, 1, 0, 0, 0, 1), m.Raw(nil, 20, 4, 3, 6, 0, 42))
	ask(m.Raw(nil, 21, 13, 6, 0, 4, 0, 7, 0, 3, 6, 0xaf, 4, 0xbe, 0x10, 0x0d),
		m.Raw(nil, 21, 13, 6, 0, 4, 0, 7, 0, 3, 6, 0xaf, 4, 0xbe, 0x10, 0x0d))
	ask(m.Words(nil, ModbusMaskWrite, 4, 0xf2, 0x25), m.Words(nil, ModbusMaskWrite, 4, 0xf2, 0x25))
	ask(m.ReadWrite(nil, 3, 6, 14, []uint16{255, 254, 253}),
		m.Registers(nil, ModbusReadWrite, []uint16{0xfe, 0x0acd, 1, 3, 13, 255}))
	ask(m.Words(nil, 24, 1246), m.Words(nil, 24, 6, 2, 440, 4740))
	ask(m.Raw(nil, ModbusEncapsulated, 13, 0, 1, 0x10, 0, 0), m.Raw(nil, ModbusEncapsulated, 13, 0, 1, 0x10, 0, 0))
	ask(m.Identify(nil, 3, 0), m.Identity(nil, 3, "Firedoor Works", "FW-1200", "V2.11", "https://works.example",
		"Pump controller", "FW-1200/8DI", "Line 3 pump"))
	ask(m.Raw(nil, 90, 0, 2), m.Raw(nil, 90, 0, 0xfe, 0x01))
	ask(m.Raw(nil, 100, 1, 2, 3), m.Raw(nil, 100, 4, 5))
	c.Client(m.Words(nil, ModbusDiagnostics, 4, 0)) // told to only listen, it does not answer
	c.Close()
}

// modbusExceptions refuses a request with each exception code, two of them
// unknown, and a request of each kind that gives several operations.
func modbusExceptions(n *Net) {
	c := n.Dial(modbusHMI, modbusPLC, 49154, PortModbus)
	m := Modbus{Transaction: 900, Unit: 3}
	for code := range uint8(12) {
		modbusTalk(n, c, m.Words(nil, ModbusReadHolding, uint16(code), 1), m.Exception(nil, ModbusReadHolding, code+1))
		m.Transaction++
	}
	modbusTalk(n, c, m.ReadWrite(nil, 1, 1, 2, []uint16{7}), m.Exception(nil, ModbusReadWrite, ModbusIllegalAddress))
	m.Transaction++
	modbusTalk(n, c, m.Raw(nil, 20, 14, 6, 0, 4, 0, 1, 0, 2, 6, 0, 3, 0, 9, 0, 2), m.Exception(nil, 20, ModbusIllegalAddress))
	m.Transaction++
	modbusTalk(n, c, m.Identify(nil, 4, 0x80), m.Exception(nil, ModbusEncapsulated, ModbusIllegalAddress))
	m.Transaction++
	modbusTalk(n, c, m.Raw(nil, 66, 1), m.Exception(nil, 66, ModbusIllegalFunction))
	c.Close()
}

// modbusPipeline sends several messages in one segment, cuts messages anywhere,
// answers out of order, numbers all requests alike and leaves some unanswered.
func modbusPipeline(n *Net) {
	c := n.Dial(modbusHMI, modbusPLC, 49155, PortModbus)
	var asked, answered []byte
	for i := range uint16(5) {
		m := Modbus{Transaction: 100 + i, Unit: 1}
		asked = m.Words(asked, ModbusReadHolding, 10*i, 2)
		back := Modbus{Transaction: 104 - i, Unit: 1}
		answered = back.Registers(answered, ModbusReadHolding, []uint16{104 - i, i})
	}
	modbusTalk(n, c, asked, answered)
	c.Client(asked[:3])
	c.Client(asked[3:19])
	c.Client(asked[19:])
	n.Wait(3 * time.Millisecond)
	c.Server(answered[:14])
	c.Server(answered[14:])
	zero := Modbus{Unit: 1}
	for i := range uint16(4) {
		c.Client(zero.Words(nil, ModbusReadHolding, i, 1))
	}
	c.Client(Modbus{Unit: 2}.Words(nil, ModbusReadHolding, 70, 1)) // never answered
	c.Client(zero.Words(nil, ModbusReadInput, 80, 1))
	for i := range uint16(4) {
		c.Server(zero.Registers(nil, ModbusReadHolding, []uint16{i}))
	}
	c.Server(zero.Registers(nil, ModbusReadInput, []uint16{80}))
	c.Close()
}

// modbusDatagrams is Modbus over UDP: reads and writes, several messages in one datagram, answers that
// are lost, late or come unasked, datagrams that break the rules, and the frames of a serial line.
func modbusDatagrams(n *Net) {
	const port = 50200
	up := func(b []byte) { n.UDP(modbusHMI, modbusPLC, port, PortModbus, b); n.Wait(3 * time.Millisecond) }
	down := func(b []byte) { n.UDP(modbusPLC, modbusHMI, PortModbus, port, b); n.Wait(40 * time.Millisecond) }
	m := Modbus{Unit: 1}
	for i := range uint16(6) {
		m.Transaction++
		up(m.Words(nil, ModbusReadHolding, 40, 2))
		down(m.Registers(nil, ModbusReadHolding, []uint16{700 + i, 12}))
		m.Transaction++
		up(m.Words(nil, ModbusWriteRegister, 43, i))
		down(m.Words(nil, ModbusWriteRegister, 43, i))
	}
	m.Transaction++
	up(m.WriteRegisters(nil, 900, []uint16{1, 2}))
	down(m.Exception(nil, ModbusWriteRegs, ModbusIllegalAddress))
	first, second := Modbus{Transaction: 100, Unit: 1}, Modbus{Transaction: 101, Unit: 2}
	up(second.Words(first.Words(nil, ModbusReadCoils, 5, 3), ModbusWriteCoil, 7, 0xff00))
	down(second.Words(first.Bits(nil, ModbusReadCoils, 5), ModbusWriteCoil, 7, 0xff00))
	late := Modbus{Transaction: 102, Unit: 1}
	up(late.Words(nil, ModbusReadInput, 1, 1)) // lost
	m.Transaction = 103
	up(m.Words(nil, ModbusReadInput, 2, 1))
	down(m.Registers(nil, ModbusReadInput, []uint16{22}))
	down(late.Registers(nil, ModbusReadInput, []uint16{11}))
	down(late.Registers(nil, ModbusReadInput, []uint16{11})) // that answer again
	m.Transaction++
	whole := m.Words(nil, ModbusReadHolding, 9, 1)
	up(append(whole, 0, 0, 0))
	up(whole[:len(whole)-2])
	up(whole)
	up(append([]byte{0, 9, 0, 1}, whole[4:]...))
	down(m.Registers(nil, ModbusReadHolding, []uint16{9}))
	for i := range uint16(3) {
		n.UDP(modbusHMI, serialServer, 50201, PortModbus, Serial(nil, Modbus{Unit: 17}.Words(nil, ModbusWriteRegister, 107, 20+i)))
		n.Wait(5 * time.Millisecond)
		n.UDP(serialServer, modbusHMI, PortModbus, 50201, Serial(nil, Modbus{Unit: 17}.Words(nil, ModbusWriteRegister, 107, 20+i)))
		n.Wait(5 * time.Millisecond)
	}
	n.UDP(modbusHMI, serialServer, 50201, PortModbus, []byte{17, 3, 0, 107, 0, 3, 1, 2}) // its checksum does not fit
	n.UDP(modbusHMI, serialServer, 50201, PortModbus, Serial(nil, Modbus{Unit: 17}.Words(nil, ModbusReadHolding, 107, 1)))
}

// modbusMidstream begins in the middle of two connections: one whose first
// answers have no request, and one that loses a part of each direction.
func modbusMidstream(n *Net) {
	a := n.Midstream(modbusHMI, modbusPLC, 49156, PortModbus)
	m := Modbus{Transaction: 7, Unit: 1}
	a.Server(m.Registers(nil, ModbusReadHolding, []uint16{1, 2}))
	m.Transaction++
	for i, answer := range [][]byte{
		m.Bits(nil, ModbusReadCoils, 0x55),
		m.Words(nil, ModbusWriteCoil, 3, 0xff00),
		m.Words(nil, ModbusWriteRegister, 4, 99),
		m.Words(nil, ModbusWriteRegs, 5, 6),
		m.Words(nil, ModbusMaskWrite, 6, 1, 2),
		m.Raw(nil, 20, 12, 5, 6, 1, 2, 3, 4, 5, 6, 5, 6, 7, 8),
		m.Raw(nil, 21, 9, 6, 0, 4, 0, 7, 0, 1, 6, 0xaf),
		m.Words(nil, 24, 4, 1, 440),
		m.Words(nil, ModbusDiagnostics, 11, 4711),
		m.Exception(nil, ModbusWriteRegs, ModbusServerFailure),
	} {
		a.Server(answer)
		n.Wait(time.Duration(i) * time.Millisecond)
	}
	b := n.Dial(modbusHMI, modbusPLC, 49157, PortModbus)
	for i := range uint16(12) {
		m := Modbus{Transaction: i, Unit: 1}
		request, answer := m.Words(nil, ModbusReadHolding, i, 1), m.Registers(nil, ModbusReadHolding, []uint16{i})
		switch i {
		case 3: // the answer's beginning is lost
			b.Client(request)
			b.LoseServer(5)
			b.Server(answer[5:])
		case 6: // a request is lost
			b.LoseClient(len(request))
			b.Server(answer)
		case 9: // the end of a request and the beginning of the next
			b.Client(request[:7])
			b.LoseClient(9)
			b.Client(request[4:])
			b.Server(answer)
		default:
			modbusTalk(n, b, request, answer)
		}
	}
	b.Close()
}

// modbusMalformed breaks one rule after the other: of bodies first, of framing
// in a connection of its own.
func modbusMalformed(n *Net) {
	c := n.Dial(modbusHMI, modbusPLC, 49158, PortModbus)
	m := Modbus{Unit: 1}
	next := func() Modbus { m.Transaction++; return m }
	modbusTalk(n, c, next().Words(nil, ModbusReadHolding, 0, 1), m.Registers(nil, ModbusReadHolding, []uint16{1}))
	for _, request := range [][]byte{
		next().Words(nil, ModbusReadHolding, 0, 0),
		next().Words(nil, ModbusReadHolding, 0, 126),
		next().Words(nil, ModbusReadCoils, 0, 2001),
		next().Raw(nil, ModbusReadInput, 0, 1, 0),
		next().Words(nil, ModbusReadInput, 0, 1, 2),
		next().Words(nil, ModbusWriteCoil, 9, 0x1234),
		next().Raw(nil, ModbusWriteRegister, 0),
		next().Raw(nil, ModbusWriteRegs, 0, 9, 0, 2, 2, 0, 1),
		next().Raw(nil, ModbusWriteRegs, 0, 9, 0, 1, 4, 0, 1),
		next().Raw(nil, ModbusWriteCoils, 0, 9),
		next().Raw(nil, ModbusMaskWrite, 0, 9, 1),
		next().Raw(nil, ModbusReadWrite, 0, 1, 0, 1),
		next().Raw(nil, ModbusReadWrite, 0, 1, 0, 1, 0, 2, 0, 0, 0),
		next().Raw(nil, ModbusReadWrite, 0, 1, 0, 1, 0, 2, 0, 1, 4, 0, 1, 0, 2),
		next().Raw(nil, 20, 7, 5, 0, 4, 0, 1, 0, 2),
		next().Raw(nil, 20, 99),
		next().Raw(nil, 21, 10, 6, 0, 4, 0, 1, 0, 9, 0, 1),
		next().Raw(nil, 24, 1),
		next().Raw(nil, ModbusDiagnostics, 0, 1, 2),
		next().Raw(nil, ModbusDiagnostics, 4),
		next().Raw(nil, ModbusEncapsulated, 14),
		next().Raw(nil, ModbusEncapsulated, 14, 9, 0),
		next().Raw(nil, 7, 1),
		next().Raw(nil, 0),
		next().Raw(nil, 0x83, 2),
	} {
		modbusTalk(n, c, request, m.Exception(nil, request[7]&0x7f, ModbusIllegalValue))
	}
	for _, pair := range [][2][]byte{
		{next().Words(nil, ModbusReadHolding, 0, 2), m.Registers(nil, ModbusReadHolding, []uint16{1})},
		{next().Words(nil, ModbusReadHolding, 0, 2), m.Raw(nil, ModbusReadHolding, 9, 0, 1)},
		{next().Words(nil, ModbusReadHolding, 0, 2), m.Raw(nil, ModbusReadHolding)},
		{next().Words(nil, ModbusWriteRegister, 5, 6), m.Words(nil, ModbusWriteRegister, 5, 7)},
		{next().Words(nil, ModbusWriteRegister, 5, 6), m.Raw(nil, ModbusWriteRegister, 5)},
		{next().Raw(nil, 20, 7, 6, 0, 1, 0, 0, 0, 1), m.Raw(nil, 20, 4, 9, 6, 0, 42)},
		{next().Words(nil, 24, 3), m.Words(nil, 24, 6, 9, 1)},
		{next().Words(nil, ModbusDiagnostics, 11, 0), m.Words(nil, ModbusDiagnostics, 12, 0)},
		{next().Identify(nil, 1, 0), m.Raw(nil, ModbusEncapsulated, 14, 1, 1, 0, 0, 2, 0, 3, 'A', 'B')},
		{next().Raw(nil, 7), m.Raw(nil, 7, 1, 2)},
		{next().Words(nil, ModbusReadHolding, 0, 1), Modbus{Transaction: m.Transaction, Unit: 255}.Registers(nil, ModbusReadHolding, []uint16{77})},
		{next().Words(nil, ModbusReadHolding, 0, 2), m.Raw(nil, 0x83, 0)},
	} {
		modbusTalk(n, c, pair[0], pair[1])
	}
	c.Close()

	d := n.Dial(modbusHMI, modbusPLC, 49159, PortModbus)
	modbusTalk(n, d, next().Words(nil, ModbusReadHolding, 0, 1), m.Registers(nil, ModbusReadHolding, []uint16{1}))
	wrong := next().Words(nil, ModbusReadHolding, 0, 1)
	wrong[2] = 0x17
	modbusTalk(n, d, wrong, nil)
	modbusTalk(n, d, next().Words(nil, ModbusReadHolding, 0, 1), m.Registers(nil, ModbusReadHolding, []uint16{2}))
	long := next().Words(nil, ModbusReadHolding, 0, 1)
	long[4] = 9
	modbusTalk(n, d, long, nil)
	modbusTalk(n, d, next().Words(nil, ModbusReadHolding, 0, 1), m.Registers(nil, ModbusReadHolding, []uint16{3}))
	d.Reset()
}

// modbusElsewhere speaks Modbus on a port of its own and to a server whose
// handshake was not seen: only the content tells.
func modbusElsewhere(n *Net) {
	engineer := &Host{Name: "ews", MAC: firedoor.MAC(0x02_00_00_00_02_30), IP: netip.MustParseAddr("fd00:2::30")}
	gateway := &Host{Name: "gateway", MAC: firedoor.MAC(0x02_00_00_00_02_40), IP: netip.MustParseAddr("fd00:2::40")}
	a := n.Dial(engineer, gateway, 50000, 10502)
	b := n.Midstream(engineer, gateway, 50001, 20000)
	for i := range uint16(3) {
		m := Modbus{Transaction: i, Unit: byte(i)}
		modbusTalk(n, a, m.Words(nil, ModbusReadHolding, i, 1), m.Registers(nil, ModbusReadHolding, []uint16{i}))
		b.Server(m.Registers(nil, ModbusReadInput, []uint16{i, 0}))
		b.Client(m.Words(nil, ModbusReadInput, i, 2))
	}
	a.Close()
}
