package plant

import (
	"net/netip"
	"slices"
	"time"
)

// Hosts of the UMAS captures.
var (
	umasStation = &Host{Name: "ews", MAC: 0x02_00_00_00_02_31, IP: netip.MustParseAddr("10.10.2.31")}
	umasPLC     = &Host{Name: "umas-plc", MAC: 0x02_00_00_00_02_41, IP: netip.MustParseAddr("10.10.2.41")}
)

// umasTalk gives a function that asks with one pairing key and numbers its requests.
func umasTalk(n *Net, c *Conn, m *Modbus, key *uint8) func(code uint8, body []byte, outcome uint8, answer ...byte) {
	return func(code uint8, body []byte, outcome uint8, answer ...byte) {
		modbusTalk(n, c, m.Umas(nil, *key, code, body...), m.Umas(nil, *key, outcome, answer...))
		m.Transaction++
	}
}

// umasPoll watches variables, as a control room does that reads by name.
func umasPoll(n *Net) {
	c := n.Dial(umasStation, umasPLC, 49200, PortModbus)
	m, key := Modbus{}, uint8(0)
	talk := umasTalk(n, c, &m, &key)
	ask := append(umasList(3), 1, 5, 0, 1, 0, 0, 16, 2, 5, 0, 1, 0, 1, 2, 0x13, 43, 0, 1, 0, 0, 82, 2, 0)
	for i := range byte(12) {
		talk(UmasReadVariables, ask, UmasOK, 1, i, 2, 0, 0, 0x48, 0x42, i, 0, 0, 0x80)
		talk(UmasReadLocated, []byte{2, 2, 2, 4, 0, 1, 0, 2, 3, 45, 0, 1, 0}, UmasOK, 2, 0, 0, 1, 0, 0, 0x52, i)
		talk(UmasMonitor, []byte{0x15, 0, 1, 7}, UmasOK, 7, i, 0)
	}
	c.Close()
}

// umasSession is what an engineering tool does from connecting to leaving: looks
// around, reserves the controller, takes its program out, puts another one in.
func umasSession(n *Net) {
	c := n.Dial(umasStation, umasPLC, 49201, PortModbus)
	m, key := Modbus{}, uint8(0)
	talk := umasTalk(n, c, &m, &key)
	talk(UmasReadID, nil, UmasOK, UmasIdentity(0x0270, "140 CPU 311 10")...)
	talk(UmasInit, []byte{0}, UmasOK, 0xfd, 0, 1, 4, 0, 0, 0x32, 0, 0, 0, 0, 0, 0)
	talk(0x0a, []byte{0, 1, 2, 3}, UmasOK, 0, 1, 2, 3)
	talk(UmasProject, []byte{0}, UmasOK, UmasProjectInfo(8, "Pump")...)
	talk(UmasProject, []byte{4}, UmasOK, 9, 0x80, 0, 0)
	talk(UmasInfo, nil, UmasOK, 2, 0x82, 0x80, 0)
	talk(UmasReadMemory, umasPart(19, 100, 4), UmasOK, 0, 4, 0, 0x37, 0x58, 0x3d, 0x11)
	talk(UmasReserve, append([]byte{'C', 'L', 0, 0, 8}, "EWS-PC-1"...), UmasOK, 1)
	key = 1
	talk(UmasMonitor, []byte{0x15, 0, 2, 5, 1, 0x2b, 0, 0x52, 0, 2, 7}, UmasOK, 7, 0, 0)
	talk(UmasMonitor, []byte{0x15, 0, 1, 6, 1}, UmasOK)
	talk(UmasKeepAlive, nil, UmasOK)
	talk(0x26, []byte{2, 0xdd, 0, 1, 2, 3, 4, 0xff, 0xff, 0, 0, 0, 0}, UmasOK, 0, 0, 0)
	talk(UmasWriteVariables, append(umasList(2), 2, 5, 0, 0, 1, 2, 0, 0x39, 0x30, 0x13, 7, 0, 0, 0, 9, 0, 2, 0, 1, 0, 0, 0, 2, 0, 0, 0), UmasOK)
	talk(0x21, umasPart(20, 0x10000, 0), UmasError, 1)
	talk(0x25, []byte{1, 2, 3, 45, 0, 1, 0, 9, 0}, UmasOK)
	umasPrograms(talk)
	talk(UmasStart, []byte{0xff, 0}, UmasOK)
	modbusTalk(n, c, m.UmasSealed(nil, UmasSigned, key, UmasStop, 0xff, 0), m.UmasSealed(nil, UmasOK, key, UmasOK))
	m.Transaction++
	modbusTalk(n, c, m.UmasSealed(nil, UmasSigned, key, UmasStart, 0xff, 0), m.UmasSealed(nil, UmasOK, key, UmasError, 0x82, 0x81))
	m.Transaction++
	modbusTalk(n, c, m.Umas(nil, key, UmasStop, 0xff, 0), m.Exception(nil, 90, ModbusIllegalFunction))
	m.Transaction++
	modbusTalk(n, c, m.Umas(nil, key, 0x77), m.Umas(nil, key, UmasError, 0xa1, 0xa1))
	m.Transaction++
	modbusTalk(n, c, m.Umas(nil, key, UmasReadMemory, umasPart(1, 2, 3)...), m.Exception(nil, 90, 77))
	m.Transaction++
	talk(UmasRelease, nil, UmasOK)
	c.Client(m.Umas(nil, key, UmasKeepAlive)) // never answered
	c.Close()
}

// umasPrograms takes a program out of the controller and puts one in: blocks of
// 1,022 bytes, longer than Modbus allows, one of them sent twice.
func umasPrograms(talk func(code uint8, body []byte, outcome uint8, answer ...byte)) {
	program := make([]byte, 1022+1022+40)
	for i := range program {
		program[i] = byte(i * i >> 3)
	}
	copy(program, "APX")
	blocks := [][]byte{program[:1022], program[1022:2044], program[2044:]}
	talk(UmasBeginFetch, []byte{0, 1, 0xfe, 3}, UmasOK, 0, 1, 0x24, 8, 0, 0)
	for i, b := range blocks {
		talk(UmasFetchBlock, umasBlock(uint16(i+1), nil), UmasOK, umasContent(uint8(i/2), b)...)
	}
	talk(UmasEndFetch, umasBlock(3, nil), UmasOK)
	talk(UmasBeginSend, []byte{0, 1}, UmasOK, 0, 1)
	for i, b := range blocks {
		talk(UmasSendBlock, umasBlock(uint16(i+1), b), UmasOK)
		if i == 1 {
			talk(UmasSendBlock, umasBlock(uint16(i+1), b), UmasOK)
		}
	}
	talk(UmasEndSend, umasBlock(3, nil), UmasOK)
}

// umasMidstream begins in the middle of a program's way, loses a block, and has
// answers without requests.
func umasMidstream(n *Net) {
	c := n.Midstream(umasStation, umasPLC, 49202, PortModbus)
	m, key := Modbus{Transaction: 70}, uint8(1)
	talk := umasTalk(n, c, &m, &key)
	c.Server(m.Umas(nil, key, UmasOK, umasContent(0, []byte("unseen"))...))
	c.Server(m.Umas(nil, key, UmasError, 3))
	m.Transaction++
	talk(UmasFetchBlock, umasBlock(7, nil), UmasOK, umasContent(0, []byte("seven"))...)
	talk(UmasFetchBlock, umasBlock(8, nil), UmasOK, umasContent(1, []byte("eight"))...)
	talk(UmasEndFetch, umasBlock(8, nil), UmasOK)
	n.Wait(time.Millisecond)

	d := n.Dial(umasStation, umasPLC, 49203, PortModbus)
	talk = umasTalk(n, d, &m, &key)
	talk(UmasBeginSend, []byte{0, 1}, UmasOK)
	talk(UmasSendBlock, umasBlock(1, []byte("first")), UmasOK)
	lost := m.Umas(nil, key, UmasSendBlock, umasBlock(2, []byte("second"))...)
	d.LoseClient(len(lost))
	d.Server(m.Umas(nil, key, UmasOK))
	m.Transaction++
	talk(UmasSendBlock, umasBlock(3, []byte("third")), UmasOK)
	talk(UmasEndSend, umasBlock(3, nil), UmasOK)
	talk(UmasBeginSend, []byte{0, 1}, UmasOK)
	talk(UmasSendBlock, umasBlock(1, []byte("first")), UmasOK)
	talk(UmasSendBlock, umasBlock(3, []byte("third")), UmasOK) // the second is left out
	talk(UmasEndSend, umasBlock(3, nil), UmasOK)
	talk(UmasBeginFetch, []byte{0, 1, 0xfb, 0}, UmasOK, 0, 1, 99, 0, 0, 0)
	talk(UmasFetchBlock, umasBlock(1, nil), UmasOK, umasContent(1, []byte("not all that was announced"))...)
	talk(UmasEndFetch, umasBlock(1, nil), UmasOK)
	talk(UmasBeginSend, []byte{0, 1}, UmasOK)
	talk(UmasSendBlock, umasBlock(1, []byte("refused")), UmasError, 5)
	talk(UmasEndSend, umasBlock(1, nil), UmasOK)
	talk(UmasBeginSend, []byte{0, 1}, UmasOK)
	talk(UmasSendBlock, umasBlock(1, []byte("first")), UmasOK)
	talk(UmasSendBlock, umasBlock(2, []byte("secnod")), UmasError, 5)
	talk(UmasSendBlock, umasBlock(2, []byte("second")), UmasOK) // sent again: the transfer is whole
	talk(UmasEndSend, umasBlock(2, nil), UmasOK)
	d.Close()
}

// umasInfo is what a tool asks before it does anything: the numbers of a controller, as
// many as it says, fewer, or none, and each kind of project information.
func umasInfo(n *Net) {
	c := n.Dial(umasStation, umasPLC, 49205, PortModbus)
	m, key := Modbus{}, uint8(0)
	talk := umasTalk(n, c, &m, &key)
	sum := []byte{0x37, 0x58, 0x3d, 0x11}
	two := slices.Concat([]byte{2, 0x82, 0x80, 2}, sum, []byte{3, 0, 0, 0})
	talk(UmasInfo, nil, UmasOK, two...)
	talk(UmasInfo, nil, UmasOK, append(two, 0, 0, 8, 1)...) // what newer ones have behind it
	talk(UmasInfo, nil, UmasOK, two[:8]...)
	talk(UmasInfo, nil, UmasOK, two[:3]...)
	talk(UmasInfo, nil, UmasError, 1, 0)
	talk(UmasProject, []byte{0}, UmasOK, UmasProjectInfo(9, "Pump")...)
	talk(UmasProject, []byte{4}, UmasOK, 9, 0x80, 0, 0)
	talk(UmasProject, nil, UmasError, 1, 0)
	c.Close()
}

// umasMalformed breaks what little is known of the rules, and shows what is read
// no further because it fits no known layout.
func umasMalformed(n *Net) {
	c := n.Dial(umasStation, umasPLC, 49204, PortModbus)
	m, key := Modbus{}, uint8(0)
	talk := umasTalk(n, c, &m, &key)
	talk(UmasReadID, nil, UmasOK, 1, 2, 3)
	talk(UmasReadMemory, []byte{0, 19, 0}, UmasError)
	talk(UmasReadMemory, umasPart(19, 0, 4), UmasOK, 0, 4, 0, 1)
	talk(UmasFetchBlock, []byte{0, 1}, UmasError, 1)
	talk(UmasFetchBlock, umasBlock(1, nil), UmasOK, 0, 0, 9, 0, 1)
	talk(UmasSendBlock, []byte{0, 1, 1, 0, 9, 0, 1, 2}, UmasError, 1)
	talk(UmasSendBlock, []byte{0, 1, 2, 0, 9}, UmasError, 1)
	talk(UmasReadVariables, append(umasList(1), 9, 5, 0, 1, 0, 0, 16), UmasError, 1)
	talk(UmasReadVariables, append(umasList(2), 1, 5, 0, 1, 0, 0, 16), UmasOK, 1)
	talk(UmasReadVariables, append(umasList(1), 1, 5, 0, 1, 0, 0, 16), UmasOK, 1, 2)
	talk(UmasWriteVariables, append(umasList(1), 2, 5, 0, 0, 1, 2, 0, 0x39), UmasError, 1)
	talk(UmasReadLocated, []byte{1, 2, 9, 4, 0, 1, 0}, UmasOK, 1, 0, 0, 1)
	talk(UmasReserve, append([]byte{1, 2, 3, 4, 44}, make([]byte, 44)...), UmasOK, 1)
	talk(UmasInfo, nil, 0x04)
	modbusTalk(n, c, m.Raw(nil, 90, 1), m.Raw(nil, 90, 1, UmasOK))
	m.Transaction++
	modbusTalk(n, c, m.Raw(nil, 90), m.Raw(nil, 90))
	m.Transaction++
	modbusTalk(n, c, m.Umas(nil, 0, UmasKeepAlive), m.Raw(nil, 90))
	c.Close()
}
