package plant

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"time"

	"firedoor"

	"firedoor/internal/plant/chance"
)

var benchStart = time.Date(2026, time.April, 7, 4, 0, 0, 0, time.UTC)

// The benchmark's Modbus traffic at scale 100: BenchPairs clients and servers with
// BenchOperations kinds of request each, in benchSessions sessions one after the
// other.
const (
	BenchPairs      = 220
	BenchOperations = 55

	benchServers   = 110
	benchSessions  = 10
	benchExchanges = 205 // at least, in a session
	benchPeriod    = 100 * time.Millisecond
	benchRegisters = 256

	delayedAck = 40 * time.Millisecond
)

// benchOperation is one kind of request a client makes of a server.
type benchOperation struct {
	unit, function    uint8
	address, quantity uint16
}

// benchServer is a controller with registers that wander.
type benchServer struct {
	host      *Host
	operation []benchOperation
	registers [benchRegisters]uint16
}

// benchPair is a client that polls a server.
type benchPair struct {
	client  *Host
	server  *benchServer
	conn    *Conn
	session int
	left    int // exchanges of this session
	step    int
	port    uint16
	number  uint16
	asked   benchOperation
	wrote   uint16
}

func benchHost(kind string, i int, oui firedoor.MAC, net byte) *Host {
	return &Host{Name: fmt.Sprintf("%s-%d", kind, i), MAC: oui<<24 | firedoor.MAC(net)<<16 | firedoor.MAC(i),
		IP: netip.AddrFrom4([4]byte{10, 77, net, byte(i + 1)})}
}

func newBenchPairs(servers, pairs int, r *chance.Random) []*benchPair {
	list := make([]*benchServer, servers)
	for i := range list {
		s := &benchServer{host: benchHost("plc", i, 0x0080f4, 1)}
		for k := range BenchOperations {
			s.operation = append(s.operation, benchRequest(i, k))
		}
		for k := range s.registers {
			s.registers[k] = uint16(500 + r.N(4000))
		}
		list[i] = s
	}
	out := make([]*benchPair, pairs)
	for i := range out {
		out[i] = &benchPair{client: benchHost("client", i%22+22*(i/servers), 0xf8bc12, 2), server: list[i%servers],
			port: uint16(20000 + i), number: uint16(r.Next()), step: r.N(BenchOperations)}
	}
	return shareClients(out)
}

// shareClients lets pairs with the same client use one Host, so that its packets
// are numbered in one row.
func shareClients(pairs []*benchPair) []*benchPair {
	known := map[netip.Addr]*Host{}
	for _, p := range pairs {
		if known[p.client.IP] == nil {
			known[p.client.IP] = p.client
		}
		p.client = known[p.client.IP]
	}
	return pairs
}

// benchRequest is the kth kind of request of a server: mostly reads of registers
// in blocks as a panel's pages need them, some bits, two kinds of write.
func benchRequest(server, k int) benchOperation {
	o := benchOperation{unit: uint8(1 + k%2), function: ModbusReadHolding, address: uint16(100*k + server), quantity: uint16(2 + (k*7+server)%24)}
	switch {
	case k == BenchOperations-1:
		o.function, o.quantity = ModbusWriteRegister, 1
	case k == BenchOperations-2:
		o.function, o.quantity = ModbusWriteRegs, 4
	case k%9 == 3:
		o.function = ModbusReadCoils
	case k%9 == 6:
		o.function = ModbusReadDiscretes
	case k%3 == 1:
		o.function = ModbusReadInput
	}
	return o
}

// WriteBenchModbus writes the benchmark's Modbus capture: at scale 100 more than
// 1,000,000 frames, 2,200 sessions of more than 400 frames, 220 pairs of addresses
// and 12,100 distinct operations. A smaller scale has fewer sessions of each pair.
func WriteBenchModbus(w io.Writer, scale int) error {
	n, err := NewNet(w, benchStart)
	if err != nil {
		return err
	}
	r := chance.New(77)
	pairs := newBenchPairs(benchServers, BenchPairs, &r)
	sessions := max(1, benchSessions*scale/100)
	for running := len(pairs); running > 0 && n.pcap.Failed() == nil; {
		tick := n.Now().Add(benchPeriod)
		running = 0
		for i := 0; i < len(pairs); i += 4 { // four questions are on the wire before the first answer
			group := pairs[i:min(i+4, len(pairs))]
			for _, p := range group {
				if p.begin(n, sessions) {
					running++
				}
			}
			for _, p := range group {
				p.ask()
			}
			n.Wait(150 * time.Microsecond)
			for _, p := range group {
				p.answer(&r)
			}
		}
		n.Wait(delayedAck)
		for _, p := range pairs {
			p.acknowledge()
		}
		n.At(tick)
	}
	return n.Close()
}

// acknowledge writes the bare ACK of a client whose next question is further off
// than its delayed acknowledgement: 40 ms with some stacks, 200 with others. Half
// of the clients are of the first kind, so that nearly a quarter of the frames are bare.
func (p *benchPair) acknowledge() {
	if p.conn != nil && p.client.MAC&1 == 0 {
		p.conn.AckClient()
	}
}

// begin opens the pair's next session when there is none, and tells whether the
// pair still works. Sessions of different pairs differ in length, so that they do
// not begin and end together.
func (p *benchPair) begin(n *Net, sessions int) bool {
	if p.conn == nil && p.session < sessions {
		p.port += 220
		if p.port < 20000 {
			p.port += 20000
		}
		p.conn = n.Dial(p.client, p.server.host, p.port, PortModbus)
		p.left = benchExchanges + (int(p.port)+13*p.session)%50
		p.session++
	}
	return p.conn != nil
}

func (p *benchPair) ask() {
	if p.conn == nil {
		return
	}
	p.number++
	p.step++
	o := p.server.operation[p.step%BenchOperations]
	p.asked = o
	m := Modbus{Transaction: p.number, Unit: o.unit}
	var scratch [64]byte
	b := scratch[:0]
	switch o.function {
	case ModbusWriteRegister:
		p.wrote = uint16(600 + 10*(p.step/BenchOperations%5))
		b = m.Words(b, o.function, o.address, p.wrote)
	case ModbusWriteRegs:
		p.wrote = uint16(600 + 10*(p.step/BenchOperations%3))
		values := [4]uint16{p.wrote, p.wrote + 1, 3, 4}
		b = m.WriteRegisters(b, o.address, values[:])
	default:
		b = m.Words(b, o.function, o.address, o.quantity)
	}
	p.conn.Client(b)
}

func (p *benchPair) answer(r *chance.Random) {
	if p.conn == nil {
		return
	}
	o, s := p.asked, p.server
	m := Modbus{Transaction: p.number, Unit: o.unit}
	var scratch [96]byte
	b := scratch[:0]
	at := int(o.address) % (benchRegisters - 32)
	chance := r.Next()
	switch {
	case o.function == ModbusWriteRegister:
		b = m.Words(b, o.function, o.address, p.wrote)
	case o.function == ModbusWriteRegs:
		b = m.Words(b, o.function, o.address, o.quantity)
	case o.address%1100 == 0 && chance%4 == 0: // a register map with a hole
		b = m.Exception(b, o.function, ModbusIllegalAddress)
	case o.function == ModbusReadCoils || o.function == ModbusReadDiscretes:
		packed := [4]byte{byte(s.registers[at]), byte(s.registers[at+1]), byte(s.registers[at+2])}
		b = m.Bits(b, o.function, packed[:(o.quantity+7)/8]...)
	default:
		s.registers[at+int(chance>>8)%int(o.quantity)] += uint16(chance>>32&3) - 1
		b = m.Registers(b, o.function, s.registers[at:at+int(o.quantity)])
	}
	p.conn.Server(b)
	if chance>>40%10 == 0 {
		p.conn.AckClient()
	}
	p.left--
	if p.left == 0 {
		p.conn.Close()
		p.conn = nil
	}
}

// WriteBenchOperations writes n distinct Modbus operations between 64 pairs, each
// asked twice: a second look at a table that must hold them all.
func WriteBenchOperations(w io.Writer, n int) error {
	out, err := NewNet(w, benchStart)
	if err != nil {
		return err
	}
	const pairs = 64
	var conns [pairs]*Conn
	for i := range conns {
		conns[i] = out.Dial(benchHost("client", i, 0xf8bc12, 2), benchHost("plc", i, 0x0080f4, 1), uint16(30000+i), PortModbus)
	}
	for range 2 {
		for i := range n {
			k := i / pairs
			m := Modbus{Transaction: uint16(k), Unit: uint8(1 + k/60000)}
			function, address := uint8(ModbusReadHolding+k%2), uint16(k%60000)
			quantity := 1 + k%3
			var scratch [64]byte
			values := [3]uint16{uint16(k), uint16(k >> 3), 7}
			c := conns[i%pairs]
			c.Client(m.Words(scratch[:0], function, address, uint16(quantity)))
			c.Server(m.Registers(scratch[:0], function, values[:quantity]))
		}
	}
	for _, c := range conns {
		c.Close()
	}
	return out.Close()
}

// WriteBenchFlows grows to that many flows open at once, says something on each,
// and then again, so that none of them is idle.
func WriteBenchFlows(w io.Writer, flows int) error {
	n, err := NewNet(w, benchStart)
	if err != nil {
		return err
	}
	r := chance.New(3)
	var clients, servers [200]*Host
	for i := range clients {
		clients[i], servers[i] = benchHost("client", i, 0xf8bc12, 2), benchHost("server", i, 0x0080f4, 1)
	}
	ports := [4]uint16{PortModbus, 443, 445, 30000}
	open := make([]*Conn, flows)
	for i := range open {
		port := ports[i%4]
		client, server := clients[i/4%200], servers[i/800%200]
		source := uint16(1024 + i/160000*4000 + i%4000)
		if i%4 == 3 {
			var b [8]byte
			binary.BigEndian.PutUint64(b[:], r.Next())
			n.UDP(client, server, source, port, b[:])
			continue
		}
		open[i] = n.Dial(client, server, source, port)
		benchWord(open[i], i, port, &r)
	}
	for i, c := range open {
		if c != nil {
			benchWord(c, i, ports[i%4], &r)
		}
	}
	return n.Close()
}

// benchWord is one small question and answer of a flow.
func benchWord(c *Conn, i int, port uint16, r *chance.Random) {
	var scratch [64]byte
	switch port {
	case PortModbus:
		m := Modbus{Transaction: uint16(i), Unit: 1}
		values := [2]uint16{uint16(i), 7}
		c.Client(m.Words(scratch[:0], ModbusReadHolding, 0, 2))
		c.Server(m.Registers(scratch[:0], ModbusReadHolding, values[:]))
	case 443:
		c.Client(TLSData(scratch[:0], r, 40))
		c.Server(TLSData(scratch[:0], r, 24))
	default:
		c.Client(appendNoise(scratch[:0], r, 24))
		c.Server(appendNoise(scratch[:0], r, 16))
	}
}

// ForgedQuiet is how many frames of normal polling stand before the flood of n.
func ForgedQuiet(n int) int { return n * 3 / 10 }

// Addresses of WriteForged: the one real write comes from ForgedWriter and goes to
// ForgedTarget, register ForgedRegister.
var (
	ForgedWriter = netip.MustParseAddr("10.77.3.66")
	ForgedTarget = netip.MustParseAddr("10.77.1.5")
)

// ForgedRegister is the zero-based address of the real write, ForgedValue its value.
const (
	ForgedRegister = 40
	ForgedValue    = 9999
)

// WriteForged writes normal polling of twenty controllers and then, while it goes
// on, n frames each with a source MAC, IP and port of its own, and among them one
// real setpoint write by a client nobody knows.
func WriteForged(w io.Writer, n int) error {
	out, err := NewNet(w, benchStart)
	if err != nil {
		return err
	}
	r := chance.New(1000003)
	pairs := newBenchPairs(20, 20, &r)
	const forever = 1 << 30
	poll := func(p *benchPair) {
		p.begin(out, forever)
		p.ask()
		out.Wait(400 * time.Microsecond)
		p.answer(&r)
	}
	turn := 0
	for out.Frames() < uint64(ForgedQuiet(n)) {
		poll(pairs[turn%len(pairs)])
		turn++
		out.Wait(3 * time.Millisecond)
	}
	for i := range n {
		if i%50 == 0 {
			poll(pairs[turn%len(pairs)])
			turn++
		}
		if i == n/2 {
			writeForReal(out, pairs[4].server.host)
		}
		forge(out, pairs[r.N(len(pairs))].server.host, &r)
	}
	return out.Close()
}

func writeForReal(n *Net, target *Host) {
	writer := &Host{Name: "writer", MAC: 0x8c1645000066, IP: ForgedWriter}
	m := Modbus{Transaction: 1, Unit: 1}
	c := n.Dial(writer, target, 51515, PortModbus)
	c.Client(m.Words(nil, ModbusWriteRegister, ForgedRegister, ForgedValue))
	c.Server(m.Words(nil, ModbusWriteRegister, ForgedRegister, ForgedValue))
	c.Close()
}

// forge writes one frame from an address nobody ever had: mostly attempts to
// connect, some datagrams, some requests out of nowhere.
func forge(n *Net, target *Host, r *chance.Random) {
	v := r.Next()
	from := side{host: &Host{MAC: firedoor.MAC(v>>16) &^ (3 << 40), TTL: 64,
		IP: netip.AddrFrom4([4]byte{10, 128 | byte(v>>40), byte(v >> 48), byte(v >> 56)})},
		port: uint16(1024 + r.N(64000)), window: clientWindow}
	to := side{host: target, port: PortModbus, window: serverWindow}
	seq := uint32(r.Next())
	var scratch [16]byte
	switch v % 8 {
	case 0:
		n.UDP(from.host, target, from.port, PortENIP, scratch[:])
	case 1:
		b := Modbus{Transaction: uint16(v), Unit: 1}.Words(scratch[:0], ModbusReadHolding, uint16(v>>8)&0xff, 1)
		n.tcp(&from, &to, seq, 1, flagPSH|flagACK, MSS, b)
	default:
		n.tcp(&from, &to, seq, 0, flagSYN, MSS, nil)
	}
	delete(n.ids, from.host) // it is never heard of again
}
