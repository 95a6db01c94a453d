package enip

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// opening is a Forward Open as asked (CIP volume 1, 3-5.5.2).
type opening struct {
	c    wire.CIPConnection
	path []byte // the path it connects to
}

// readOpening reads the data of a Forward Open or Large Forward Open into o,
// with p as scratch.
func readOpening(data []byte, large bool, o *opening, p *path) bool {
	*o = opening{}
	r := protocol.Read(data)
	r.Skip(2) // tick time, ticks
	o.c.OT, o.c.TO = r.U32LE(), r.U32LE()
	o.c.Serial, o.c.Vendor, o.c.Originator = r.U16LE(), r.U16LE(), r.U32LE()
	r.Skip(4) // timeout multiplier, reserved
	parameters := 2
	if large {
		parameters = 4
	}
	r.Skip(2 * (4 + parameters)) // packet interval and parameters of both directions
	o.c.Class = r.U8() & 0x0f
	o.path = r.Bytes(2 * int(r.U8()))
	if r.Failed() {
		return false
	}
	p.read(o.path)
	o.c.HasSlot, o.c.Slot, o.c.Safety = p.hasSlot, p.slot, p.safety
	return true
}

// points finds what the I/O connection carries: of an assembly path the first
// connection point is consumed and the second produced (CIP volume 1,
// 3-5.5.2.1.12); a single one, or a tag, is produced.
func (o *opening) points(p *path) {
	p.read(o.path)
	if p.isTag() {
		o.c.Input.Tag = string(p.appendTag(nil))
		return
	}
	if class, ok := p.class(); !ok || class != classAssembly {
		return
	}
	var at [2]uint32
	n := 0
	for i := range p.n {
		if p.seg[i].kind == segPoint && n < len(at) {
			at[n] = p.seg[i].value
			n++
		}
	}
	if n == 2 {
		o.c.Output = wire.CIPPoint{HasAssembly: true, Assembly: at[0]}
		at[0] = at[1]
	}
	if n > 0 {
		o.c.Input = wire.CIPPoint{HasAssembly: true, Assembly: at[0]}
	}
}

// forwardOpen fills in what a Forward Open is about: the slot its path leads
// to and, as values, the path.
func (m *message) forwardOpen(i int) {
	it := &m.items[i]
	var o opening
	if !readOpening(it.data, it.service == svcLargeForwardOp, &o, &m.path) {
		m.broken("forward open cut short")
		return
	}
	if o.c.Safety {
		it.action.function = "safety forward open"
	}
	it.slot, it.values = slot{known: o.c.HasSlot, number: o.c.Slot}, raw(o.path)
}

// opened remembers the connection that an accepted Forward Open made, and
// expects its I/O.
func (p *parser) opened(it *item, k *wire.CIPPacket) {
	var o opening
	r := protocol.Read(it.reply)
	ot, to := r.U32LE(), r.U32LE()
	if r.Failed() || !readOpening(it.data, it.service == svcLargeForwardOp, &o, &p.message.path) {
		return
	}
	o.c.OT, o.c.TO = ot, to
	if o.c.Class <= 1 {
		o.points(&p.message.path)
	}
	if p.connections == nil {
		p.connections = &wire.CIPConnections{}
	}
	p.connections.Open(o.c)
	if o.c.Class <= 1 {
		p.expect(&o.c, k)
	}
}

// closed forgets the connection of an accepted Forward Close (CIP volume 1,
// 3-5.5.3).
func (p *parser) closed(it *item) {
	r := protocol.Read(it.data)
	r.Skip(2)
	serial, vendor, originator := r.U16LE(), r.U16LE(), r.U32LE()
	if !r.Failed() && p.connections != nil {
		p.connections.Close(serial, vendor, originator)
	}
}

// ioPort is where class 0 and 1 data goes unless a socket address says else
// (CIP volume 2, 3-3.9.2).
const ioPort = 2222

// expect announces the I/O of a connection: datagrams to the target's port,
// datagrams to the originator's port, and those to a group, whose flow has
// other addresses and so gets a table of its own.
func (p *parser) expect(c *wire.CIPConnection, k *wire.CIPPacket) {
	e := &p.expected
	*e = firedoor.Expect{Protocol: "cip", UDP: true, ServerPort: ioPort, State: p.connections}
	if k.OT.Port != 0 {
		e.ServerPort = k.OT.Port
	}
	p.emit(&p.expectE)
	*e = firedoor.Expect{Protocol: "cip", UDP: true, ClientPort: ioPort, State: p.connections}
	group := firedoor.IPv4(k.TO.IPv4)
	if k.TO.Port != 0 {
		e.ClientPort = k.TO.Port
	}
	if group.IsGroup() {
		own := &wire.CIPConnections{}
		own.Open(*c)
		e.ClientIP, e.State = group, own
	}
	p.emit(&p.expectE)
}

// maxPairs is how many connections opened before the capture are told apart;
// a further one makes the oldest forgotten.
const maxPairs = 16

// pair joins the two ids of a connection whose Forward Open was not seen; the
// answering id is unknown until the first answer.
type pair struct {
	ot, to uint32
	known  bool
}

type pairs struct {
	list [maxPairs]pair
	n    int
	next int
}

// asked remembers the id a request came on.
func (t *pairs) asked(ot uint32) {
	for i := range t.n {
		if t.list[i].ot == ot {
			return
		}
	}
	if t.n < maxPairs {
		t.list[t.n] = pair{ot: ot}
		t.n++
		return
	}
	t.list[t.next] = pair{ot: ot}
	t.next = (t.next + 1) % maxPairs
}

// key is how connected requests are remembered.
func connectedKey(ot uint32, sequence uint16) uint64 { return uint64(ot)<<16 | uint64(sequence) }

// takeConnected finds the request that an answer on connection id to belongs to.
func (p *parser) takeConnected(to uint32, sequence uint16, service uint8) *asked {
	if p.connections != nil {
		if c := p.connections.ByTO(to); c != nil {
			return p.take(&p.connected, connectedKey(c.OT, sequence), service)
		}
	}
	t := &p.pairs
	for i := range t.n {
		if t.list[i].known && t.list[i].to == to {
			return p.take(&p.connected, connectedKey(t.list[i].ot, sequence), service)
		}
	}
	for i := range t.n {
		if t.list[i].known {
			continue
		}
		if a := p.take(&p.connected, connectedKey(t.list[i].ot, sequence), service); a != nil {
			t.list[i].to, t.list[i].known = to, true
			return a
		}
	}
	return nil
}
