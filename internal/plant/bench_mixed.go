package plant

import (
	"encoding/binary"
	"io"
	"time"

	"firedoor/internal/plant/chance"
)

// benchMixedFrames is the size of the mixed capture at scale 100.
const benchMixedFrames = 1_500_000

// actor is one source of traffic; act says its next words.
type actor interface{ act(m *mixed) }

// mixed is the state of a mixed capture being written.
type mixed struct {
	net   *Net
	rnd   chance.Random
	noise []byte // bulk data is cut out of it
	buf   []byte
	port  uint16
}

// bulk is n opaque bytes, valid until the next call.
func (m *mixed) bulk(n int) []byte {
	at := m.rnd.N(len(m.noise) - n)
	return m.noise[at : at+n]
}

func (m *mixed) ephemeral() uint16 {
	m.port++
	if m.port < 32768 {
		m.port = 32768
	}
	return m.port
}

// WriteBenchMixed writes the benchmark's mixed capture: controllers of three kinds
// and an office on one mirror, at scale 100 about 1.5 million frames, with a few
// segments repeated or out of order.
func WriteBenchMixed(w io.Writer, scale int) error {
	n, err := NewNet(w, benchStart)
	if err != nil {
		return err
	}
	m := &mixed{net: n, rnd: chance.New(4711), noise: make([]byte, 1<<16)}
	m.rnd.Fill(m.noise)
	cast := m.cast()
	for n.Frames() < uint64(benchMixedFrames*scale/100) && n.pcap.Failed() == nil {
		tick := n.Now().Add(benchPeriod)
		for _, a := range cast {
			a.act(m)
		}
		n.At(tick)
	}
	return n.Close()
}

// cast is everybody, in turns: an office machine speaks between controllers.
func (m *mixed) cast() []actor {
	var plant, office []actor
	for _, p := range newBenchPairs(30, 60, &m.rnd) {
		plant = append(plant, &mixedModbus{p})
	}
	for i := range 30 {
		plant = append(plant, &mixedS7{client: benchHost("panel", i, 0x000e8c, 4), server: benchHost("s7", i, 0x286336, 5)})
	}
	for i := range 20 {
		plant = append(plant, &mixedCIP{client: benchHost("station", i, 0x0000bc, 6), server: benchHost("logix", i, 0x001d9c, 7), number: uint32(i + 1)})
	}
	for i := range 40 {
		plant = append(plant, &mixedIO{scanner: benchHost("logix", i/2, 0x001d9c, 7), adapter: benchHost("adapter", i, 0x001d9c, 8), number: uint32(i + 1)})
	}
	dns := benchHost("dns", 1, 0x001422, 9)
	for i := range 24 {
		pc := benchHost("office", i, 0xf8bc12, 10)
		server := benchHost("server", i%8, 0x005056, 11)
		switch i % 4 {
		case 0, 1:
			office = append(office, &mixedTLS{client: pc, server: server})
		case 2:
			office = append(office, &mixedSMB{client: pc, server: server})
		default:
			office = append(office, &mixedWeb{client: pc, server: server, dns: dns, number: i})
		}
	}
	for i := range 10 {
		office = append(office, &mixedNoise{from: benchHost("noise", i, 0x3cd92b, 12), to: benchHost("sink", i%3, 0x3cd92b, 13), number: i})
	}
	var all []actor
	for i, a := range plant {
		all = append(all, a)
		if k := i * len(office) / len(plant); i == 0 || k != (i-1)*len(office)/len(plant) {
			all = append(all, office[k])
		}
	}
	return all
}

// mixedModbus polls as in the Modbus capture.
type mixedModbus struct{ *benchPair }

func (a *mixedModbus) act(m *mixed) {
	a.begin(m.net, 1<<30)
	a.ask()
	m.net.Wait(80 * time.Microsecond)
	a.answer(&m.rnd)
}

// mixedS7 reads data blocks, and writes now and then.
type mixedS7 struct {
	client, server *Host
	conn           *Conn
	ref            uint16
	left           int
}

func (a *mixedS7) act(m *mixed) {
	if a.conn == nil {
		a.conn = m.net.Dial(a.client, a.server, m.ephemeral(), PortTPKT)
		a.conn.Client(COTPConnect(nil, 1, 2, 0, 2))
		a.conn.Server(COTPConfirm(nil, 1, 2, 0, 2))
		a.conn.Client(S7{1}.Setup(nil, 480))
		a.conn.Server(S7{1}.SetupAnswer(nil, 240))
		a.ref, a.left = 1, 400+m.rnd.N(200)
	}
	a.ref++
	s := S7{a.ref}
	var list [2]S7Item
	list[0] = S7Item{Area: S7Block, Type: S7TypeByte, DB: 10 + a.ref%4, Count: 40}
	list[1] = S7Item{Area: S7Flags, Type: S7TypeByte, Count: 2, Byte: uint32(a.ref % 8 * 4)}
	if a.ref%50 == 0 {
		list[0].Count = 2
		a.conn.Client(s.Write(m.buf[:0], list[:1], []byte{byte(a.ref >> 8 & 3), 20}))
		m.net.Wait(60 * time.Microsecond)
		a.conn.Server(s.WriteAnswer(m.buf[:0], 0xff))
	} else {
		a.conn.Client(s.Read(m.buf[:0], list[:]...))
		m.net.Wait(60 * time.Microsecond)
		values := [2][]byte{m.noise[int(a.ref)/64 : int(a.ref)/64+40], m.noise[:2]}
		a.conn.Server(s.ReadAnswer(m.buf[:0], list[:], values[:]...))
	}
	if a.left--; a.left == 0 {
		a.conn.Close()
		a.conn = nil
	}
}

// mixedCIP reads tags on a class 3 connection.
type mixedCIP struct {
	client, server *Host
	conn           *Conn
	e              ENIP
	open           CIPConnection
	number         uint32
	sequence       uint16
	left           int
}

var benchTags = [4]string{"Line_Speed", "Tank_Level", "Batch_Count", "Temperature"}

func (a *mixedCIP) act(m *mixed) {
	if a.conn == nil {
		a.e = ENIP{Session: 0x1000 + a.number}
		a.open = CIPConnection{ToTarget: 0x80000000 + a.number, ToOriginator: 0x40000000 + a.number, Serial: uint16(a.number), Vendor: 1,
			Originator: a.number, Class: 3, SizeToTarget: 500, SizeToOriginator: 500, Interval: 1000000, Path: []byte{1, 0, 0x20, 2, 0x24, 1}}
		a.conn = m.net.Dial(a.client, a.server, m.ephemeral(), PortENIP)
		a.conn.Client(ENIP{}.Register(nil))
		a.conn.Server(a.e.Register(nil))
		a.conn.Client(a.e.Unconnected(nil, a.open.Open(nil)))
		a.conn.Server(a.e.Unconnected(nil, a.open.OpenAnswer(nil)))
		a.left = 500 + m.rnd.N(200)
	}
	a.sequence++
	tag := benchTags[a.sequence%4]
	var value [4]byte
	binary.LittleEndian.PutUint32(value[:], uint32(1000+a.sequence/16))
	request, answer := CIPRead(nil, tag, 1), CIPReadAnswer(nil, CIPTypeDint, value[:])
	if a.sequence%60 == 0 {
		request, answer = CIPWrite(nil, tag, CIPTypeDint, 1, value[:]), CIPAnswer(nil, CIPWriteTag, 0)
	}
	a.conn.Client(a.e.Connected(m.buf[:0], a.open.ToTarget, a.sequence, request))
	m.net.Wait(60 * time.Microsecond)
	a.conn.Server(a.e.Connected(m.buf[:0], a.open.ToOriginator, a.sequence, answer))
	if a.left--; a.left == 0 {
		a.conn.Client(a.e.Unregister(nil))
		a.conn.Close()
		a.conn = nil
	}
}

// mixedIO is a class 1 connection: opened once, then both sides produce.
type mixedIO struct {
	scanner, adapter *Host
	number, sequence uint32
}

func (a *mixedIO) act(m *mixed) {
	to, from := 0x20000000+a.number, 0x30000000+a.number
	if a.sequence == 0 {
		e := ENIP{Session: 0x9000 + a.number}
		open := CIPConnection{ToTarget: to, ToOriginator: from, Serial: uint16(a.number), Vendor: 1, Originator: a.number, Class: 1,
			SizeToTarget: 14, SizeToOriginator: 18, Interval: 100000, Path: []byte{0x20, 4, 0x24, 0x97, 0x2c, 0x96, 0x2c, 0x64}}
		c := m.net.Dial(a.scanner, a.adapter, m.ephemeral(), PortENIP)
		c.Client(ENIP{}.Register(nil))
		c.Server(e.Register(nil))
		c.Client(e.Unconnected(nil, open.Open(nil)))
		c.Server(e.Unconnected(nil, open.OpenAnswer(nil)))
	}
	a.sequence++
	var out [12]byte
	out[0], out[4] = 1, byte(a.sequence/20)
	m.net.UDP(a.scanner, a.adapter, PortIO, PortIO, ClassIO(m.buf[:0], to, a.sequence, out[:]))
	var in [16]byte
	binary.LittleEndian.PutUint32(in[4:], a.sequence/8)
	m.net.UDP(a.adapter, a.scanner, PortIO, PortIO, ClassIO(m.buf[:0], from, a.sequence, in[:]))
}

// mixedTLS is a browser or a backup: requests, and bulk data in full segments.
type mixedTLS struct {
	client, server *Host
	conn           *Conn
	left           int
}

func (a *mixedTLS) act(m *mixed) {
	if a.conn == nil {
		h := TLSHello{Server: a.server.Name + ".plant.example", ALPN: []string{"h2", "http/1.1"}, Modern: a.server.MAC&1 == 0}
		a.conn = m.net.Dial(a.client, a.server, m.ephemeral(), 443)
		a.conn.Client(h.Client(nil, &m.rnd))
		a.conn.Server(append(h.ServerAnswer(nil, &m.rnd), TLSData(nil, &m.rnd, 1800)...))
		a.left = 30 + m.rnd.N(60)
	}
	a.conn.Client(TLSData(m.buf[:0], &m.rnd, 200+m.rnd.N(300)))
	const record = 4000
	b := append(m.buf[:0], 23, 3, 3, record>>8, record&0xff)
	b = append(b, m.bulk(record)...)
	m.buf = b
	a.conn.burst(m, &a.conn.server, &a.conn.client, b)
	if a.left--; a.left == 0 {
		a.conn.Close()
		a.conn = nil
	}
}

// mixedSMB is a file server as far as anybody can tell: NetBIOS session framing
// and content that says nothing.
type mixedSMB struct {
	client, server *Host
	conn           *Conn
	left           int
}

func (a *mixedSMB) act(m *mixed) {
	if a.conn == nil {
		a.conn = m.net.Dial(a.client, a.server, m.ephemeral(), 445)
		a.left = 100 + m.rnd.N(200)
	}
	const part = 2900
	a.conn.Client(append(append(m.buf[:0], 0, 0, 0, 120), m.bulk(120)...))
	b := append(m.buf[:0], 0, 0, part>>8, part&0xff)
	b = append(b, m.bulk(part)...)
	m.buf = b
	a.conn.burst(m, &a.conn.server, &a.conn.client, b)
	if a.left--; a.left == 0 {
		a.conn.Reset()
		a.conn = nil
	}
}

// burst sends b with bare ACKs in between; one burst in forty has its first two
// segments swapped, one in forty a segment repeated.
func (c *Conn) burst(m *mixed, from, to *side, b []byte) {
	chance := m.rnd.N(40)
	if chance == 0 && len(b) > 2*MSS {
		from.next += MSS
		c.segment(from, to, flagACK, b[MSS:2*MSS])
		c.again(from, to, 2*MSS, b[:MSS])
		b = b[2*MSS:]
	}
	for k := 0; len(b) > 0; k++ {
		n := min(len(b), MSS)
		c.send(from, to, b[:n])
		if chance == 1 && k == 0 {
			c.again(from, to, n, b[:n])
		}
		if k%2 == 1 {
			c.segment(to, from, flagACK, nil)
		}
		b = b[n:]
	}
}

// mixedWeb looks up a name and fetches a page.
type mixedWeb struct {
	client, server, dns *Host
	number              int
}

func (a *mixedWeb) act(m *mixed) {
	a.number++
	port, id := m.ephemeral(), uint16(m.rnd.Next())
	name := a.server.Name + ".plant.example"
	m.net.UDP(a.client, a.dns, port, 53, DNS(m.buf[:0], id, name))
	m.net.UDP(a.dns, a.client, 53, port, DNSAnswer(m.buf[:0], id, name, a.server.IP))
	if a.number%10 == 0 {
		m.net.ARP(a.client, a.server.IP)
		m.net.ARPAnswer(a.server, a.client)
	}
	c := m.net.Dial(a.client, a.server, m.ephemeral(), 80)
	c.Client(HTTPGet(m.buf[:0], name, "/report", "Mozilla/5.0"))
	c.Server(HTTPAnswer(m.buf[:0], "200 OK", "nginx", "application/octet-stream", m.bulk(1800)))
	c.Close()
}

// mixedNoise is what else there is: queries of network management, and datagrams
// of nothing known.
type mixedNoise struct {
	from, to *Host
	number   int
}

func (a *mixedNoise) act(m *mixed) {
	a.number++
	if a.number%5 == 0 {
		id := uint16(a.number)
		m.net.UDP(a.from, a.to, 50161, 161, SNMPGet(nil, "plant-view", id, SNMPName))
		m.net.UDP(a.to, a.from, 161, 50161, SNMPAnswer(nil, "plant-view", id, [][]byte{SNMPName}, a.to.Name))
		return
	}
	m.net.UDP(a.from, a.to, 40000, 40001, m.bulk(60+m.rnd.N(400)))
}
