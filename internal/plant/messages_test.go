package plant

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"firedoor/internal/plant/chance"
)

var (
	testClient = &Host{MAC: 0x000ffe100001, IP: netip.MustParseAddr("10.1.0.10")}
	testServer = &Host{MAC: 0x0080f4100002, IP: netip.MustParseAddr("10.1.0.20")}
)

// judgeTCP says the messages on one connection to a port and checks that every
// payload is the protocol's.
func judgeTCP(t *testing.T, port uint16, protocol string, say func(c *Conn) (payloads int)) {
	t.Helper()
	var b bytes.Buffer
	n, err := NewNet(&b, caseStart)
	if err != nil {
		t.Fatal(err)
	}
	c := n.Dial(testClient, testServer, 50000, port)
	want := say(c)
	c.Close()
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	rows := judge(t, b.Bytes(), nil, "frame.protocols", "tcp.len", "tcp.analysis.flags")
	got := 0
	for i, r := range rows {
		if r[2] != "" {
			t.Errorf("frame %d: tcp analysis flags %s", i+1, r[2])
		}
		if r[1] == "0" {
			continue
		}
		if !hasProtocol(r[0], protocol) {
			t.Errorf("frame %d: tshark calls it %s, not %s", i+1, r[0], protocol)
		}
		got++
	}
	if got != want {
		t.Errorf("%d payloads, want %d", got, want)
	}
}

func hasProtocol(path, protocol string) bool {
	return bytes.Contains([]byte(":"+path+":"), []byte(":"+protocol+":"))
}

func TestModbusJudged(t *testing.T) {
	m := Modbus{Transaction: 1, Unit: 3}
	exchanges := [][2][]byte{
		{m.Words(nil, ModbusReadHolding, 40, 3), m.Registers(nil, ModbusReadHolding, []uint16{1, 2, 3})},
		{m.Words(nil, ModbusReadInput, 0, 1), m.Exception(nil, ModbusReadInput, ModbusIllegalAddress)},
		{m.Words(nil, ModbusReadCoils, 0, 9), m.Bits(nil, ModbusReadCoils, 0xff, 1)},
		{m.Words(nil, ModbusReadDiscretes, 0, 8), m.Bits(nil, ModbusReadDiscretes, 0x55)},
		{m.Words(nil, ModbusWriteCoil, 5, 0xff00), m.Words(nil, ModbusWriteCoil, 5, 0xff00)},
		{m.Words(nil, ModbusWriteRegister, 5, 7), m.Words(nil, ModbusWriteRegister, 5, 7)},
		{m.Words(nil, ModbusDiagnostics, 0, 0xa537), m.Words(nil, ModbusDiagnostics, 0, 0xa537)},
		{m.WriteCoils(nil, 4, 10, 0xff, 3), m.Words(nil, ModbusWriteCoils, 4, 10)},
		{m.WriteRegisters(nil, 40, []uint16{9, 8}), m.Words(nil, ModbusWriteRegs, 40, 2)},
		{m.Raw(nil, ModbusServerID), m.Raw(nil, ModbusServerID, 3, 'P', 'L', 0xff)},
		{m.Words(nil, ModbusMaskWrite, 4, 0xf2, 0x25), m.Words(nil, ModbusMaskWrite, 4, 0xf2, 0x25)},
		{m.ReadWrite(nil, 3, 2, 14, []uint16{255}), m.Registers(nil, ModbusReadWrite, []uint16{254, 252})},
		{m.Identify(nil, 2, 0), m.Identity(nil, 2, "Schneider Electric", "BMX P34 2020", "V2.70")},
	}
	judgeTCP(t, PortModbus, "mbtcp:modbus", func(c *Conn) int {
		for _, e := range exchanges {
			c.Client(e[0])
			c.Server(e[1])
		}
		return 2 * len(exchanges)
	})
}

func TestS7Judged(t *testing.T) {
	items := []S7Item{{Area: S7Block, Type: S7TypeReal, DB: 20, Count: 1, Byte: 4}, {Area: S7Flags, Type: S7TypeBit, Count: 1, Byte: 10, Bit: 3},
		{Area: S7Inputs, Type: S7TypeByte, Count: 3}}
	values := [][]byte{{0x41, 0x20, 0, 0}, {1}, {1, 2, 3}}
	s := func(ref uint16) S7 { return S7{Ref: ref} }
	exchanges := [][2][]byte{
		{s(1).Setup(nil, 480), s(1).SetupAnswer(nil, 240)},
		{s(2).Read(nil, items...), s(2).ReadAnswer(nil, items, values...)},
		{s(3).Read(nil, items[:1]...), s(3).ReadError(nil, 5, 1)},
		{s(4).Write(nil, items, values...), s(4).WriteAnswer(nil, 0xff, 0xff, 5)},
		{s(5).SZL(nil, 0x11, 0), s(5).SZLAnswer(nil, 0x11, 0, S7Module(1, "6ES7 315-2EH14-0AB0", [4]byte{0, 5, 0, 0}),
			S7Module(7, "Boot Loader", [4]byte{'V', 3, 2, 6}))},
		{s(6).SZL(nil, 0x1c, 0), s(6).SZLAnswer(nil, 0x1c, 0, S7Component(1, "FILLER"), S7Component(5, "S C-X4U421302009"))},
		{s(7).Stop(nil), s(7).StopAnswer(nil)},
		{s(8).RequestDownload(nil, "0800001", 180), s(8).RequestDownloadAnswer(nil)},
		{s(9).StartUpload(nil, "0A00001"), s(9).StartUploadAnswer(nil, 7, 150)},
		{s(10).Upload(nil, 7), s(10).UploadAnswer(nil, make([]byte, 150), false)},
		{s(11).EndUpload(nil, 7), s(11).EndUploadAnswer(nil)},
		{s(12).Insert(nil, "0800001"), s(12).ProgramAnswer(nil)},
		{s(13).Start(nil), s(13).ProgramAnswer(nil)},
	}
	judgeTCP(t, PortTPKT, "s7comm", func(c *Conn) int {
		for _, e := range exchanges {
			c.Client(e[0])
			c.Server(e[1])
		}
		c.Server(s(20).DownloadBlock(nil, "0800001"))
		c.Client(s(20).DownloadBlockAnswer(nil, make([]byte, 100), true))
		c.Server(s(21).DownloadEnd(nil, "0800001"))
		c.Client(s(21).DownloadEndAnswer(nil))
		return 2*len(exchanges) + 4
	})
	judgeTCP(t, PortTPKT, "cotp", func(c *Conn) int {
		c.Client(COTPConnect(nil, 1, 2, 0, 2))
		c.Server(COTPConfirm(nil, 1, 2, 0, 2))
		return 2
	})
}

func TestCIPJudged(t *testing.T) {
	id := CIPIdentity{Vendor: 1, Type: 14, Product: 55, Major: 20, Minor: 11, Status: 0x60, Serial: 0xc0ffee, Name: "1756-L61/B LOGIX5561"}
	e := ENIP{Session: 0x1234, Context: 7}
	conn := CIPConnection{ToTarget: 0x80fe0001, ToOriginator: 0x00010002, Serial: 9, Vendor: 1, Originator: 42, Class: 3,
		SizeToTarget: 504, SizeToOriginator: 504, Interval: 500000, Path: []byte{1, 0, 0x20, 2, 0x24, 1}}
	io := conn
	io.Class, io.Path = 1, []byte{0x20, 4, 0x24, 0x97, 0x2c, 0x96, 0x2c, 0x64}
	readA, readB := CIPRead(nil, "Speed", 1), CIPRead(nil, "Robot_Axis", 2)
	ansA, ansB := CIPReadAnswer(nil, CIPTypeDint, []byte{1, 0, 0, 0}), CIPReadAnswer(nil, CIPTypeReal, make([]byte, 8))
	exchanges := [][2][]byte{
		{e.Register(nil), e.Register(nil)},
		{e.ListIdentity(nil), e.ListIdentityAnswer(nil, testServer, id)},
		{e.Unconnected(nil, CIPRequest(nil, CIPGetAll, CIPClass(1, 1, 0))), e.Unconnected(nil, CIPAnswer(nil, CIPGetAll, 0, id.Append(nil)...))},
		{e.Unconnected(nil, CIPRequest(nil, CIPGetSingle, CIPClass(1, 1, 7))), e.Unconnected(nil, CIPAnswer(nil, CIPGetSingle, 0, 3, 'a', 'b', 'c'))},
		{e.Unconnected(nil, CIPRouted(nil, readA, 0)), e.Unconnected(nil, ansA)},
		{e.Unconnected(nil, conn.Open(nil)), e.Unconnected(nil, conn.OpenAnswer(nil))},
		{e.Connected(nil, conn.ToTarget, 1, readA), e.Connected(nil, conn.ToOriginator, 1, ansA)},
		{e.Connected(nil, conn.ToTarget, 2, CIPTogether(nil, false, readA, readB)), e.Connected(nil, conn.ToOriginator, 2, CIPTogether(nil, true, ansA, ansB))},
		{e.Connected(nil, conn.ToTarget, 3, CIPWrite(nil, "Speed", CIPTypeDint, 1, []byte{2, 0, 0, 0})), e.Connected(nil, conn.ToOriginator, 3, CIPAnswer(nil, CIPWriteTag, 0))},
		{e.Connected(nil, conn.ToTarget, 4, CIPRead(nil, "Gone", 1)), e.Connected(nil, conn.ToOriginator, 4, CIPAnswer(nil, CIPReadTag, CIPPathUnknown))},
		{e.Unconnected(nil, conn.Close(nil)), e.Unconnected(nil, conn.CloseAnswer(nil))},
		{e.Unconnected(nil, io.Open(nil)), e.Unconnected(nil, io.OpenAnswer(nil))},
	}
	judgeTCP(t, PortENIP, "enip", func(c *Conn) int {
		for _, x := range exchanges {
			c.Client(x[0])
			c.Server(x[1])
		}
		c.Client(e.Unregister(nil))
		return 2*len(exchanges) + 1
	})
}

func TestWebJudged(t *testing.T) {
	r := chance.New(5)
	for _, modern := range []bool{false, true} {
		h := TLSHello{Server: "erp.example.com", ALPN: []string{"h2", "http/1.1"}, Modern: modern}
		judgeTCP(t, 443, "tls", func(c *Conn) int {
			c.Client(h.Client(nil, &r))
			c.Server(h.ServerAnswer(nil, &r))
			c.Client(TLSData(nil, &r, 300))
			c.Server(TLSData(nil, &r, 900))
			return 4
		})
	}
	judgeTCP(t, 80, "http", func(c *Conn) int {
		c.Client(HTTPGet(nil, "switch", "/", "Mozilla/5.0"))
		c.Server(HTTPAnswer(nil, "200 OK", "nginx", "text/html", []byte("<html></html>")))
		return 2
	})
}

func TestDatagramsJudged(t *testing.T) {
	var b bytes.Buffer
	n, err := NewNet(&b, caseStart)
	if err != nil {
		t.Fatal(err)
	}
	everyone := &Host{MAC: Broadcast, IP: netip.MustParseAddr("10.1.0.255")}
	group := &Host{MAC: 0x01005e0000fb, IP: netip.MustParseAddr("224.0.0.251")}
	l := Lease{Transaction: 5, Client: testClient.MAC, Name: "hmi-1", Class: "MSFT 5.0", Offered: testClient.IP, Server: testServer.IP, Router: testServer.IP, Seconds: 3600}
	data := ClassIO(nil, 0x80fe0001, 77, []byte{1, 0, 0, 0, 5, 6})
	say := []struct {
		protocol string
		write    func()
	}{
		{"arp", func() { n.ARP(testClient, testServer.IP) }},
		{"arp", func() { n.ARPAnswer(testServer, testClient) }},
		{"lldp", func() { n.LLDP(testServer, "port-001", "sw-1", "SCALANCE X208", 4) }},
		{"dhcp", func() { n.UDP(testClient, everyone, 68, 67, l.Message(nil, DHCPDiscover)) }},
		{"dhcp", func() { n.UDP(testServer, everyone, 67, 68, l.Message(nil, DHCPOffer)) }},
		{"dhcp", func() { n.UDP(testClient, everyone, 68, 67, l.Message(nil, DHCPRequest)) }},
		{"dhcp", func() { n.UDP(testServer, everyone, 67, 68, l.Message(nil, DHCPAck)) }},
		{"dns", func() { n.UDP(testClient, testServer, 5353+1, 53, DNS(nil, 1, "erp.example.com")) }},
		{"dns", func() {
			n.UDP(testServer, testClient, 53, 5353+1, DNSAnswer(nil, 1, "erp.example.com", testServer.IP))
		}},
		{"dns", func() {
			n.UDP(testServer, testClient, 53, 5353+1, DNSAnswer(nil, 2, "no.example.com", netip.Addr{}))
		}},
		{"mdns", func() { n.UDP(testClient, group, 5353, 5353, MDNS(nil, "printer-1", "_ipp._tcp", 631, testClient.IP)) }},
		{"nbns", func() { n.UDP(testClient, everyone, 137, 137, NBNSRegister(nil, 9, "HMI-1", testClient.IP)) }},
		{"nbns", func() { n.UDP(testClient, everyone, 137, 137, NBNSQuery(nil, 9, "HISTORIAN")) }},
		{"snmp", func() {
			n.UDP(testClient, testServer, 40000, 161, SNMPGet(nil, "public", 3, SNMPDescription, SNMPName))
		}},
		{"snmp", func() {
			n.UDP(testServer, testClient, 161, 40000, SNMPAnswer(nil, "public", 3, [][]byte{SNMPDescription, SNMPName}, "Switch", "sw-1"))
		}},
		{"cipio", func() { n.UDP(testClient, testServer, PortIO, PortIO, data) }},
		{"enip", func() { n.UDP(testClient, everyone, 50000, PortENIP, ENIP{}.ListIdentity(nil)) }},
	}
	for _, s := range say {
		s.write()
		n.Wait(time.Millisecond)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	rows := judge(t, b.Bytes(), nil, "frame.protocols")
	for i, s := range say {
		if !hasProtocol(rows[i][0], s.protocol) {
			t.Errorf("frame %d: tshark calls it %s, not %s", i+1, rows[i][0], s.protocol)
		}
	}
}
