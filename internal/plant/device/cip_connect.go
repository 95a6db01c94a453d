package device

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"firedoor/internal/plant"
)

// cipConnection is a connection that Forward Open made.
type cipConnection struct {
	toTarget, toOriginator uint32
	serial, vendor         uint16
	originator             uint32
	class                  uint8
	owner                  *cipSession

	// Class 1.
	peer               netip.AddrPort
	produced, consumed *CIPAssembly
	interval           int64 // ns between productions
	timeout            int64 // ns without data after which it ends
	due, heard         int64
	sequence           uint32
	running            bool // what the scanner says of itself
}

func (d *CIP) connection(toTarget uint32) *cipConnection {
	for _, c := range d.connections {
		if c.toTarget == toTarget {
			return c
		}
	}
	return nil
}

// drop forgets connections.
func (d *CIP) drop(which func(*cipConnection) bool) {
	d.connections = slices.DeleteFunc(d.connections, which)
}

// Extended status of connection failures (CIP volume 1, 3-5.6).
const (
	cipDuplicate     = 0x0100
	cipNotFound      = 0x0107
	cipBadSize       = 0x0109
	cipNoConnections = 0x0113
	cipBadPort       = 0x0311
	cipBadRoute      = 0x0315
	cipBadTransport  = 0x0103
)

// manage serves the connection manager.
func (s *cipSession) manage(b []byte, service uint8, data []byte, depth int) []byte {
	switch service {
	case plant.CIPForwardOpen, cipLargeOpen:
		return s.open(b, service, data)
	case plant.CIPForwardClose:
		return s.close(b, data)
	case plant.CIPUnconnected:
		return s.routed(b, data, depth)
	}
	return plant.CIPAnswer(b, service, cipNoService)
}

// routed serves a message wrapped for the module in a slot.
func (s *cipSession) routed(b, data []byte, depth int) []byte {
	const head = 4
	if len(data) < head {
		return plant.CIPAnswer(b, plant.CIPUnconnected, cipNotEnough)
	}
	n := int(binary.LittleEndian.Uint16(data[2:]))
	rest := head + n + n%2
	if n < 2 || len(data) < rest+2 || len(data) != rest+2+2*int(data[rest]) {
		return plant.CIPAnswer(b, plant.CIPUnconnected, cipNotEnough)
	}
	p, ok := parsePath(data[rest+2:], s.name)
	if !ok || p.slot != int(s.device.slot) {
		// How much of the path is left follows the extended status.
		return append(plant.CIPRefuse(b, plant.CIPUnconnected, cipConnectionFail, cipBadPort), data[rest], 0)
	}
	return s.serve(b, data[head:head+n], depth+1)
}

// openRequest is a Forward Open taken apart.
type openRequest struct {
	plant.CIPConnection
	multiplier      uint8
	backInterval    uint32
	sizeOut, sizeIn int
	trigger         uint8
	path            []byte
}

func parseOpen(service uint8, d []byte) (r openRequest, ok bool) {
	wide := 2
	if service == cipLargeOpen {
		wide = 4
	}
	if len(d) < 32+2*wide {
		return r, false
	}
	r.ToTarget, r.ToOriginator = binary.LittleEndian.Uint32(d[2:]), binary.LittleEndian.Uint32(d[6:])
	r.Serial, r.Vendor = binary.LittleEndian.Uint16(d[10:]), binary.LittleEndian.Uint16(d[12:])
	r.Originator = binary.LittleEndian.Uint32(d[14:])
	r.multiplier = d[18] & 7
	r.Interval = binary.LittleEndian.Uint32(d[22:])
	r.sizeOut = int(binary.LittleEndian.Uint16(d[26:]) & 0x1ff)
	back := 26 + wide
	r.backInterval = binary.LittleEndian.Uint32(d[back:])
	r.sizeIn = int(binary.LittleEndian.Uint16(d[back+4:]) & 0x1ff)
	if wide == 4 {
		r.sizeOut, r.sizeIn = int(binary.LittleEndian.Uint16(d[26:])), int(binary.LittleEndian.Uint16(d[back+4:]))
	}
	end := back + 4 + wide
	r.trigger = d[end]
	r.path = d[end+2:]
	return r, len(r.path) == 2*int(d[end+1])
}

// open makes a connection to the message router (class 3) or to assemblies
// (class 1).
func (s *cipSession) open(b []byte, service uint8, data []byte) []byte {
	d := s.device
	r, ok := parseOpen(service, data)
	if !ok {
		return plant.CIPAnswer(b, service, cipNotEnough)
	}
	c := &cipConnection{
		serial: r.Serial, vendor: r.Vendor, originator: r.Originator, class: r.trigger & 0x0f,
		toOriginator: r.ToOriginator, owner: s,
	}
	p, ok := parsePath(r.path, s.name)
	extended := uint16(0)
	switch {
	case !ok || p.slot >= 0 && p.slot != int(d.slot):
		extended = cipBadRoute
	case slices.ContainsFunc(d.connections, c.same):
		extended = cipDuplicate
	case len(d.connections) >= cipMaxConnections:
		extended = cipNoConnections
	case c.class == 1 && p.class == cipAssembly:
		extended = s.cyclic(c, &r, &p)
	case c.class != 3 || p.class != cipRouter:
		extended = cipBadTransport
	}
	if extended != 0 {
		b = plant.CIPRefuse(b, service, cipConnectionFail, extended)
		b = binary.LittleEndian.AppendUint16(b, r.Serial)
		b = binary.LittleEndian.AppendUint16(b, r.Vendor)
		b = binary.LittleEndian.AppendUint32(b, r.Originator)
		return append(b, byte(len(r.path)/2), 0)
	}
	d.serial++
	c.toTarget = 0x80fe0000 + d.serial
	d.connections = append(d.connections, c)
	r.ToTarget = c.toTarget
	at := len(b)
	b = r.OpenAnswer(b)
	b[at] = service | 0x80
	return b
}

func (c *cipConnection) same(x *cipConnection) bool {
	return c.serial == x.serial && c.vendor == x.vendor && c.originator == x.originator
}

// Overheads of cyclic data: the sequence count both ways, and the run/idle
// header of the scanner.
const (
	cipSequence = 2
	cipRunIdle  = 4
)

// cipLeastInterval is the fastest a device produces, in microseconds.
const cipLeastInterval = 1000

// cyclic fills in what a class 1 connection needs; not 0: why it cannot be.
func (s *cipSession) cyclic(c *cipConnection, r *openRequest, p *cipPath) uint16 {
	d := s.device
	points := p.points[:p.pointCount]
	if len(points) > 2 { // the first is the configuration
		points = points[1:]
	}
	if len(points) != 2 {
		return cipBadRoute
	}
	var consumed bool
	if c.consumed, consumed = d.assemblyOf(points[0]); c.consumed == nil || !consumed {
		return cipBadRoute
	}
	if c.produced, consumed = d.assemblyOf(points[1]); c.produced == nil || consumed {
		return cipBadRoute
	}
	if r.sizeOut != c.consumed.size()+cipSequence+cipRunIdle || r.sizeIn != c.produced.size()+cipSequence {
		return cipBadSize
	}
	if min(r.Interval, r.backInterval) < cipLeastInterval {
		return 0x0111 // the interval is not supported
	}
	c.interval = int64(r.backInterval) * 1000
	c.timeout = int64(r.Interval) * 1000 * int64(4<<r.multiplier)
	c.due, c.heard = s.now+c.interval, s.now
	c.peer = netip.AddrPortFrom(s.peer, plant.PortIO)
	return 0
}

// close ends a connection.
func (s *cipSession) close(b, data []byte) []byte {
	if len(data) < 10 {
		return plant.CIPAnswer(b, plant.CIPForwardClose, cipNotEnough)
	}
	which := plant.CIPConnection{
		Serial: binary.LittleEndian.Uint16(data[2:]), Vendor: binary.LittleEndian.Uint16(data[4:]),
		Originator: binary.LittleEndian.Uint32(data[6:]),
	}
	probe := cipConnection{serial: which.Serial, vendor: which.Vendor, originator: which.Originator}
	before := len(s.device.connections)
	s.device.drop(probe.same)
	if len(s.device.connections) == before {
		b = plant.CIPRefuse(b, plant.CIPForwardClose, cipConnectionFail, cipNotFound)
		return append(append(b, data[2:10]...), 0, 0)
	}
	return which.CloseAnswer(b)
}

// Connections is how many CIP connections stand.
func (d *CIP) Connections() int { return len(d.connections) }

// Next implements Cyclic.
func (d *CIP) Next(int64) int64 {
	due := Never
	for _, c := range d.connections {
		if c.class == 1 {
			due = min(due, c.due)
		}
	}
	return due
}

// Produce implements Cyclic. A connection on which nothing was heard for its
// timeout ends.
func (d *CIP) Produce(now int64, out func(to netip.AddrPort, b []byte)) {
	dry := false
	for _, c := range d.connections {
		if c.class != 1 || c.due > now {
			continue
		}
		if now-c.heard > c.timeout {
			dry = true
			continue
		}
		c.sequence++
		d.scratch = c.produced.append(d.scratch[:0])
		d.datagram = plant.ClassIO(d.datagram[:0], c.toOriginator, c.sequence, d.scratch)
		out(c.peer, d.datagram)
		if c.due += c.interval; c.due <= now { // the caller was late: do not catch up
			c.due = now + c.interval
		}
	}
	if dry {
		d.drop(func(c *cipConnection) bool { return c.class == 1 && now-c.heard > c.timeout })
	}
}

// Consumer is UDP port 2222: the scanners' data.
func (d *CIP) Consumer() Datagrams { return cipConsumer{d} }

type cipConsumer struct{ d *CIP }

// Receive implements Datagrams. Data from another address than the connection's,
// of another length, or for no connection are passed over.
func (u cipConsumer) Receive(now int64, from netip.AddrPort, b, out []byte) []byte {
	id, data, ok := classIO(b)
	if !ok {
		return out
	}
	c := u.d.connection(id)
	if c == nil || c.class != 1 || from.Addr() != c.peer.Addr() || len(data) != cipRunIdle+c.consumed.size() {
		return out
	}
	c.heard = now
	c.running = data[0]&1 != 0
	if c.running { // an idle scanner's data do not count
		c.consumed.take(data[cipRunIdle:])
	}
	return out
}

// classIO takes a datagram of cyclic data apart.
func classIO(b []byte) (connection uint32, data []byte, ok bool) {
	address, kind, data, ok := cpf(b)
	if !ok || kind != cpfConnected || len(address) != 8 || len(data) < cipSequence {
		return 0, nil, false
	}
	return binary.LittleEndian.Uint32(address), data[cipSequence:], true
}
