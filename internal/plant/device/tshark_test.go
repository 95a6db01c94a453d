package device

import (
	"bytes"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firedoor/internal/plant"
)

var (
	wireClient = &plant.Host{MAC: 0x000ffe100001, IP: netip.MustParseAddr("10.1.0.10")}
	wireServer = &plant.Host{MAC: 0x0080f4100002, IP: netip.MustParseAddr("10.1.0.20")}
)

// wire is a capture in the making.
type wire struct {
	t    *testing.T
	net  *plant.Net
	file bytes.Buffer
	port uint16
}

func newWire(t *testing.T) *wire {
	t.Helper()
	w := &wire{t: t, port: 50000}
	n, err := plant.NewNet(&w.file, time.Unix(0, testNow))
	if err != nil {
		t.Fatal(err)
	}
	w.net = n
	return w
}

// judge closes the capture, fails for every frame that tshark calls malformed or
// an error, and returns the given fields of every frame.
func (w *wire) judge(fields ...string) [][]string {
	w.t.Helper()
	if err := w.net.Close(); err != nil {
		w.t.Fatal(err)
	}
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		w.t.Skip("tshark is not installed: apt-get install tshark to have what devices say judged")
	}
	file := filepath.Join(w.t.TempDir(), "judged.pcap")
	if err := os.WriteFile(file, w.file.Bytes(), 0o600); err != nil {
		w.t.Fatal(err)
	}
	args := []string{"-n", "-r", file, "-T", "fields", "-E", "separator=|", "-E", "occurrence=a", "-e", "frame.number",
		"-e", "_ws.malformed", "-e", "_ws.expert.severity", "-e", "_ws.expert.message", "-e", "tcp.len", "-e", "frame.protocols"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	cmd := exec.Command(tshark, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("tshark: %v: %s", err, stderr.String())
	}
	var rows [][]string
	const grave = "8388608"
	for line := range strings.Lines(string(out)) {
		row := strings.Split(strings.TrimRight(line, "\n"), "|")
		if row[1] != "" || strings.Contains(row[2], grave) || strings.Contains(row[3], "alformed") {
			w.t.Errorf("frame %s (%s): malformed %q, expert %s", row[0], row[5], row[1], row[3])
		}
		rows = append(rows, row[4:])
	}
	return rows
}

// converse writes what a client and a session say to each other over a
// connection: the opening and each request in turn.
func (w *wire) converse(c Client, s Session, port uint16, requests ...Request) {
	w.t.Helper()
	w.port++
	conn := w.net.Dial(wireClient, wireServer, w.port, port)
	exchange := func(b []byte) {
		for turn := 0; len(b) > 0; turn++ {
			if turn > 1000 {
				w.t.Fatal("they talk without end")
			}
			conn.Client(b)
			w.net.Wait(2 * time.Millisecond)
			answer, keep := s.Receive(testNow, b, nil)
			if !keep {
				w.t.Fatalf("the server closed after % x", b)
			}
			if len(answer) > 0 {
				conn.Server(answer)
				w.net.Wait(10 * time.Millisecond)
			}
			var err error
			if b, _, err = c.Receive(answer, nil); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	exchange(c.Open(nil))
	for _, r := range requests {
		b, err := c.Ask(r, nil)
		if err != nil {
			w.t.Fatalf("%v: %v", r.Verb, err)
		}
		exchange(b)
		if !c.Ready() {
			w.t.Fatalf("%v: no reply", r.Verb)
		}
	}
	s.Close()
	conn.Close()
}

// named fails unless every payload is the protocol's and all wanted values of a
// field were seen; column counts from the fields given to judge.
func named(t *testing.T, rows [][]string, protocol string, column int, want ...string) {
	t.Helper()
	seen := map[string]bool{}
	for i, r := range rows {
		if r[0] != "" && r[0] != "0" && !strings.Contains(":"+r[1]+":", ":"+protocol+":") {
			t.Errorf("frame %d: tshark calls it %s, not %s", i+1, r[1], protocol)
		}
		for v := range strings.SplitSeq(r[2+column], ",") {
			seen[v] = true
		}
	}
	for _, v := range want {
		if !seen[v] {
			t.Errorf("field %d: tshark did not see %s, only %v", column, v, seen)
		}
	}
}

func TestModbusJudged(t *testing.T) {
	_, server, points := modbusCell(t)
	w := newWire(t)
	w.converse(NewModbusClient(1), server.Accept(testPeer), plant.PortModbus,
		Request{Verb: Read, Points: points},
		Request{Verb: Write, Points: points[:1], Values: []float64{9}},
		Request{Verb: Write, Points: points[:4], Values: make([]float64, 4)},
		Request{Verb: Write, Points: points[8:9], Values: []float64{1}},
		Request{Verb: Write, Points: points[8:10], Values: []float64{1, 1}},
		Request{Verb: Identify},
		Request{Verb: Raw, Code: 8, Data: []byte{0, 0, 1, 2}},
		Request{Verb: Raw, Code: 22, Data: []byte{0, 100, 0, 0xf2, 0, 0x25}},
		Request{Verb: Raw, Code: 23, Data: []byte{0, 102, 0, 2, 0, 100, 0, 1, 2, 0, 7}},
		Request{Verb: Read, Points: []Point{{Area: Holding, Address: 9, Kind: Int16}}},
		Request{Verb: Raw, Code: 43, Data: []byte{14, 4, 2}},
		Request{Verb: Raw, Code: 17},
		Request{Verb: Raw, Code: 90, Data: []byte{0, 2}},
	)
	rows := w.judge("modbus.func_code", "modbus.exception_code")
	named(t, rows, "modbus", 0, "1", "2", "3", "4", "5", "6", "8", "15", "16", "17", "22", "23", "43")
	named(t, rows, "modbus", 1, "1", "2")
}

func TestS7Judged(t *testing.T) {
	_, cpu, server, points := s7Cell(t)
	w := newWire(t)
	w.converse(NewS7Client(0, 2, LinkPG), server.Accept(testPeer), plant.PortTPKT,
		Request{Verb: Identify},
		Request{Verb: Read, Points: points},
		Request{Verb: Write, Points: points[:6], Values: make([]float64, 6)},
		Request{Verb: Read, Points: []Point{{Area: Block, Number: 99, Kind: Int16}}},
		Request{Verb: ListBlocks},
		Request{Verb: Upload, Block: "DB20"},
		Request{Verb: Stop},
		Request{Verb: Download, Block: "OB1", Program: cpu.Block("OB1")},
		Request{Verb: Download, Block: "FC77", Program: S7Block("FC77", 1200, "a", "b", "c", 4, testNow)},
		Request{Verb: Start},
		Request{Verb: ReadClock},
		Request{Verb: SetClock, Time: testNow},
		Request{Verb: Raw, Data: []byte{0x55}},
		Request{Verb: Raw, Code: plant.S7Userdata, Data: []byte{4, 1, 0, 0x74, 0, 0}},
	)
	// What the client has no verb for.
	_, s := s7Link(t, server, 1000)
	conn := w.net.Dial(wireClient, wireServer, 50999, plant.PortTPKT)
	for _, b := range [][]byte{
		plant.S7{Ref: 1}.UserAsk(nil, plant.S7User{Group: s7GroupBlocks, Sub: 3}, []byte("0E00007A")),
		plant.S7{Ref: 2}.SZL(nil, 0x0131, 1), plant.S7{Ref: 3}.SZL(nil, 0x0132, 4), plant.S7{Ref: 4}.SZL(nil, 0x0232, 4),
		plant.S7{Ref: 5}.SZL(nil, 0x0424, 0), plant.S7{Ref: 6}.SZL(nil, 0, 0), plant.S7{Ref: 7}.SZL(nil, 0x0077, 0),
		plant.S7{Ref: 8}.Invoke(nil, "_MODU", []byte("EP")),
	} {
		conn.Client(b)
		answer, _ := s.Receive(testNow, b, nil)
		conn.Server(answer)
	}
	conn.Close()
	rows := w.judge("s7comm.param.func", "s7comm.header.rosctr", "s7comm.param.userdata.funcgroup", "s7comm.blockinfo.author", "s7comm.blockinfo.mc7_len", "s7comm.param.pistart.servicename", "s7comm.data.blockcontrol.block_type")
	named(t, rows, "cotp", 3, "works   ")
	named(t, rows, "cotp", 4, "920")
	named(t, rows, "cotp", 0, "0x04", "0x05", "0x1a", "0x1b", "0x1c", "0x1d", "0x1e", "0x1f", "0x28", "0x29", "0xf0")
	named(t, rows, "cotp", 1, "1", "3", "7")
	named(t, rows, "cotp", 2, "3", "4", "7")
	named(t, rows, "cotp", 5, "_INSE", "P_PROGRAM", "_MODU")
	named(t, rows, "cotp", 6, "08", "0A", "0C")
}

func TestCIPJudged(t *testing.T) {
	_, cpu, d, points := cipCell(t)
	w := newWire(t)
	requests := []Request{
		{Verb: Identify},
		{Verb: Read, Points: points},
		{Verb: Read, Points: points[:1]},
		{Verb: Write, Points: points[:1], Values: []float64{7}},
		{Verb: Write, Points: points[:5], Values: make([]float64, 5)},
		{Verb: Read, Points: []Point{{Area: Tag, Name: "Nothing", Kind: Int32}}},
		{Verb: ListBlocks},
		{Verb: ReadClock},
		{Verb: SetClock, Time: testNow},
		{Verb: Stop},
		{Verb: Download, Block: "Robot", Program: cpu.Block("Robot")},
		{Verb: Download, Block: "New", Program: []byte{1, 2, 3}},
		{Verb: Start},
		{Verb: Upload, Block: "MainProgram"},
		{Verb: Mode, Code: 0},
	}
	for _, c := range []*CIPClient{NewCIPClient(), NewCIPTool()} {
		w.converse(c, d.Accept(testPeer), plant.PortENIP, requests...)
	}
	ask := plant.ENIP{}.ListIdentity(nil)
	w.net.UDP(wireClient, wireServer, 50999, plant.PortENIP, ask)
	w.net.UDP(wireServer, wireClient, plant.PortENIP, 50999, d.Unconnected().Receive(testNow, netip.AddrPort{}, ask, nil))

	scanner := NewCIPScanner(CIPScan{
		Peer: wireServer.IP, Configuration: 151, Output: 150, Input: 100, Originator: 0x2a01, Serial: 7,
		Out: []*Value{newMemory().readOnly("Out1", Int32, 0, 5)}, In: []*Value{newMemory().value("In1", Uint16, 0, 0), newMemory().value("In2", Bool, 0, 0)},
	})
	w.converse(scanner, d.Accept(testPeer), plant.PortENIP, Request{Verb: Connect})
	cyclic := 0
	for now := testNow; now < testNow+1e9; now += 1e8 {
		scanner.Produce(now, func(_ netip.AddrPort, b []byte) {
			w.net.UDP(wireClient, wireServer, plant.PortIO, plant.PortIO, b)
			d.Consumer().Receive(now, netip.AddrPortFrom(testPeer, plant.PortIO), b, nil)
			cyclic++
		})
		d.Produce(now, func(_ netip.AddrPort, b []byte) {
			w.net.UDP(wireServer, wireClient, plant.PortIO, plant.PortIO, b)
			cyclic++
		})
		w.net.Wait(100 * time.Millisecond)
	}
	if cyclic < 15 {
		t.Errorf("%d datagrams in a second", cyclic)
	}
	w.converse(scanner, d.Accept(testPeer), plant.PortENIP, Request{Verb: Disconnect})

	rows := w.judge("enip.command", "cip.sc", "cip.class", "cip.genstat", "cip.symbol")
	named(t, rows, "enip", 0, "0x0063", "0x0065", "0x006f", "0x0070")
	named(t, rows, "enip", 1, "0x01", "0x03", "0x04", "0x06", "0x07", "0x0a", "0x4c", "0x4d", "0x4e", "0x54", "0x55")
	named(t, rows, "enip", 2, "0x01", "0x02", "0x06", "0x37", "0x6b", "0x8b", "0x8e")
	named(t, rows, "enip", 4, "Gripper", "Conveyor", "SP")
	io := 0
	for _, r := range rows {
		if strings.Contains(":"+r[1]+":", ":cipio:") {
			io++
		}
	}
	if io != cyclic {
		t.Errorf("tshark knows %d datagrams as cyclic data, of %d", io, cyclic)
	}
}

func TestServicesJudged(t *testing.T) {
	w := newWire(t)
	ask := func(port uint16, d Datagrams, question []byte) {
		w.port++
		w.net.UDP(wireClient, wireServer, w.port, port, question)
		answer := d.Receive(testNow, netip.AddrPortFrom(wireClient.IP, w.port), question, nil)
		if len(answer) > 0 {
			w.net.UDP(wireServer, wireClient, port, w.port, answer)
		} else if port != PortSyslog {
			t.Errorf("port %d: no answer", port)
		}
	}
	agent, err := NewSNMP("public", SNMPSystem("Switch", "1.3.6.1.4.1.248.14", "it", "SWITCH-3", "Hall 2", testNow-90e9))
	if err != nil {
		t.Fatal(err)
	}
	names := &DNS{Zone: map[string]netip.Addr{"erp.plant.example": wireServer.IP, "six.example": netip.MustParseAddr("fd00::5")}}
	get := plant.SNMPGet(nil, "public", 300, plant.SNMPDescription, plant.SNMPName)
	ask(PortSNMP, agent, get)
	ask(PortSNMP, agent, bytes.Replace(get, []byte{0xa0}, []byte{snmpGetNext}, 1))
	bulk := plant.SNMPGet(nil, "public", 301, []byte{0x2b, 6})
	bulk = bytes.Replace(bytes.Replace(bulk, []byte{0xa0}, []byte{snmpGetBulk}, 1), []byte{2, 1, 0, 2, 1, 0}, []byte{2, 1, 0, 2, 1, 20}, 1)
	ask(PortSNMP, agent, bulk)
	ask(PortDNS, names, plant.DNS(nil, 1, "erp.plant.example"))
	ask(PortDNS, names, plant.DNS(nil, 2, "nowhere.example"))
	six := plant.DNS(nil, 3, "six.example")
	six[len(six)-3] = dnsAAAA
	ask(PortDNS, names, six)
	back := plant.DNS(nil, 4, "20.0.1.10.in-addr.arpa")
	back[len(back)-3] = dnsPTR
	ask(PortDNS, names, back)
	ask(PortNTP, &NTP{}, AppendNTPRequest(nil, testNow))
	ask(PortSyslog, &Syslog{}, AppendSyslog(nil, 4, 6, testNow, "plc-1", "auth", "login of admin"))

	server := &DHCP{Server: wireServer.IP, First: netip.MustParseAddr("10.1.0.100"), Last: netip.MustParseAddr("10.1.0.110")}
	for _, kind := range []uint8{plant.DHCPDiscover, plant.DHCPRequest} {
		l := plant.Lease{Transaction: 7, Client: wireClient.MAC, Name: "DESK", Offered: server.First, Server: server.Server}
		question := l.Message(nil, kind)
		w.net.UDP(wireClient, wireServer, PortDHCPClient, PortDHCPServer, question)
		w.net.UDP(wireServer, wireClient, PortDHCPServer, PortDHCPClient, server.Receive(testNow, netip.AddrPort{}, question, nil))
	}
	for _, modern := range []bool{false, true} {
		tls := NewTLS(TLSConfig{Seed: 1})
		w.converse(NewTLSClient(plant.TLSHello{Server: "erp.example", Modern: modern}, 2), tls.Accept(testPeer), 443,
			Request{Verb: Raw, Data: make([]byte, 400)}, Request{Verb: Raw, Data: make([]byte, 900)})
	}
	rows := w.judge("snmp.data", "dns.flags.rcode", "ntp.flags.mode", "syslog.level", "dhcp.option.dhcp", "tls.record.content_type")
	seen := map[string]bool{}
	for _, r := range rows {
		for p := range strings.SplitSeq(r[1], ":") {
			seen[p] = true
		}
	}
	for _, p := range []string{"snmp", "dns", "ntp", "syslog", "dhcp", "tls"} {
		if !seen[p] {
			t.Errorf("tshark saw no %s", p)
		}
	}
}
