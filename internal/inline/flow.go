package inline

import (
	"firedoor"
	"firedoor/internal/packet"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
)

// flow is one connection, or the datagrams of two ports.
type flow struct {
	key        key
	last       int64
	client     Port
	clientEnd  firedoor.Endpoint
	serverEnd  firedoor.Endpoint
	route      policy.Route
	generation uint32
	open       bool // the connection itself was judged and passed, by this generation
	deep       bool // its requests must be judged one by one
	closed     bool // what cannot be judged is dropped
	dead       bool // nothing passes any more until a new connection begins
	why        firedoor.Reason
	runner     protocol.Runner
	half       [2]half // by the port of the sender
	second     int64   // for the rate
	asked      uint32
	fins       uint8
	taken      bool      // a server took the connection, or bytes of its client went on
	answer     [2]uint32 // the numbers with which the server took it
	syns       [2]syn    // of each side, since then
}

// syn is a wish for a connection.
type syn struct {
	seen bool
	isn  uint32
}

// half is one direction of a TCP connection.
type half struct {
	known  bool
	picked bool   // its beginning was not seen
	start  uint32 // where it was picked up then
	next   uint32 // sequence number of the next byte to be judged
	ahead  int64  // stream offset of next
	memory memory
	held   [][]byte
}

// transport judges a TCP segment or UDP datagram.
func (g *Gate) transport(h *headers, b []byte) {
	p := &g.packet
	k := keyOf(p)
	f := g.flows[k]
	fresh := f == nil || p.Proto == packet.TCP && p.Flags&packet.SYN != 0 && f.starts(p, g.from)
	if fresh {
		if f = g.begin(f, k); f == nil {
			g.flow = nil
			g.unjudged(b)
			return
		}
	}
	f.last, g.flow = g.now, f
	if !fresh && f.generation != g.generation {
		g.look(f)
	}
	if f.generation == g.generation && !f.open {
		if !g.admit(f, b) {
			return
		}
	}
	switch {
	case f.dead && (p.Proto != packet.TCP || h.payload < h.end): // what has no bytes may lead to a new connection
		g.drop(f.why)
	case p.Proto == packet.UDP:
		g.datagram(f, h, b)
	default:
		g.segmentOf(f, h, b)
	}
}

// starts tells whether a SYN begins a new connection on the ports of one that is
// known. Once it was taken, only an answer of the server tells: anybody can send a SYN or
// an end that the server ignores, and within a connection that goes on no message begins.
func (f *flow) starts(p *packet.Packet, from Port) bool {
	if p.Flags&packet.ACK == 0 {
		if !f.taken {
			return true
		}
		f.syns[from] = syn{true, p.Seq}
		return false
	}
	if asked := f.syns[from.Other()]; from == f.client {
		return asked.seen && p.Ack == asked.isn+1
	}
	return f.taken && f.answer != [2]uint32{p.Seq, p.Ack}
}

// keyOf orders the two ends.
func keyOf(p *packet.Packet) (k key) {
	k = key{scope: p.Scope, proto: p.Proto, a: p.SrcIP, b: p.DstIP, aPort: p.SrcPort, bPort: p.DstPort}
	if !p.SrcIP.Less(p.DstIP) && (p.SrcIP != p.DstIP || p.SrcPort >= p.DstPort) {
		k.a, k.b, k.aPort, k.bPort = k.b, k.a, k.bPort, k.aPort
	}
	return k
}

// begin starts a flow, or starts it anew. It returns nil where there is no room.
func (g *Gate) begin(f *flow, k key) *flow {
	p := &g.packet
	switch {
	case f != nil:
		f.release(g)
	case len(g.flows) >= MaxFlows:
		return nil
	case len(g.free) > 0:
		f = g.free[len(g.free)-1]
		g.free = g.free[:len(g.free)-1]
	default:
		f = &flow{}
	}
	memories := [2][]byte{f.half[0].memory.b[:0], f.half[1].memory.b[:0]}
	held := [2][][]byte{f.half[0].held[:0], f.half[1].held[:0]}
	*f = flow{key: k, client: g.from}
	for i := range f.half {
		f.half[i].memory.b, f.half[i].held = memories[i], held[i]
	}
	f.clientEnd = firedoor.Endpoint{IP: p.SrcIP, MAC: p.SrcMAC, Port: p.SrcPort}
	f.serverEnd = firedoor.Endpoint{IP: p.DstIP, MAC: p.DstMAC, Port: p.DstPort}
	if g.answers(p) {
		f.client = g.from.Other()
		f.clientEnd, f.serverEnd = f.serverEnd, f.clientEnd
	}
	g.flows[k] = f
	g.look(f)
	f.runner.Begin(g.host, protocol.Flow{UDP: p.Proto == packet.UDP, Ports: f.ports(), Client: uint8(f.client), Sure: true})
	if proto := g.spoken(f); proto != nil {
		f.runner.Become(g.host, proto, nil)
		if g.host.Registered(f.serverEnd.Port, f.key.proto == packet.TCP) {
			f.runner.Guard()
		}
	}
	return f
}

// ports are the ports by the side on which their end is.
func (f *flow) ports() (out [2]uint16) {
	out[f.client], out[f.client.Other()] = f.clientEnd.Port, f.serverEnd.Port
	return out
}

// answers tells whether a first frame comes from the server: the second step of a
// handshake, or what is under way towards a client whose server has a known port.
func (g *Gate) answers(p *packet.Packet) bool {
	tcp := p.Proto == packet.TCP
	if tcp && p.Flags&(packet.SYN|packet.ACK) == packet.SYN|packet.ACK {
		return true
	}
	if tcp && p.Flags&packet.SYN != 0 {
		return false
	}
	src, dst := g.host.Registered(p.SrcPort, tcp), g.host.Registered(p.DstPort, tcp)
	if src != dst {
		return src
	}
	there := g.plan.Route(g.plan.Place(g.segment, p.SrcIP, p.SrcMAC), g.plan.Place(g.segment, p.DstIP, p.DstMAC), p.Proto, p.DstPort)
	back := g.plan.Route(there.Server, there.Client, p.Proto, p.SrcPort)
	if g.plan.Admits(&there) != g.plan.Admits(&back) {
		return g.plan.Admits(&back)
	}
	return p.SrcPort < p.DstPort
}

// look asks the policy anew what holds for a flow.
func (g *Gate) look(f *flow) {
	c, s := &f.clientEnd, &f.serverEnd
	f.route = g.plan.Route(g.plan.Place(g.segment, c.IP, c.MAC), g.plan.Place(g.segment, s.IP, s.MAC), f.key.proto, s.Port)
	f.generation, f.open = g.generation, false
	f.deep, f.closed = g.plan.Judges(&f.route), g.plan.Closed(&f.route)
}

// spoken is the protocol that a port is open for, where the policy names one: then its
// parser has the first byte, and nobody hides a request behind a guess.
func (g *Gate) spoken(f *flow) *protocol.Protocol {
	names := g.plan.Speaks(&f.route)
	if len(names) == 0 {
		return nil
	}
	if len(names) == 1 {
		if p := g.host.ByName(names[0]); p != nil && p.Probe != nil {
			return p
		}
	}
	if f.key.proto == packet.TCP {
		for _, p := range g.host.OnPort(f.serverEnd.Port) {
			for _, n := range names {
				if p.Name == n {
					return p
				}
			}
		}
	}
	return nil
}

// admit judges the connection itself, once for each policy. It returns false where the
// frame has no way on.
func (g *Gate) admit(f *flow, b []byte) bool {
	g.request = policy.Request{Route: &f.route, Time: g.now, Level: policy.OfConnection}
	if p := f.runner.Protocol(); p != nil && !f.deep {
		g.request.Level, g.request.Protocol = policy.OfFlow, p.Name
	}
	v := policy.Decide(g.plan, &g.request)
	if v.Action == firedoor.Pass {
		if f.open = true; v.Says != firedoor.Pass {
			g.tell(b, b, v, firedoor.Pass)
		}
		return true
	}
	g.tell(b, nil, v, v.Action)
	if v.Action == firedoor.Reset && f.key.proto == packet.TCP {
		g.reset(f, b)
	}
	g.drop(v.Reason)
	return false
}

// unjudged is what happens where there is no room to judge.
func (g *Gate) unjudged(b []byte) {
	p := &g.packet
	r := g.plan.Route(g.plan.Place(g.segment, p.SrcIP, p.SrcMAC), g.plan.Place(g.segment, p.DstIP, p.DstMAC), p.Proto, p.DstPort)
	if g.plan.Enforces(&r) && (g.plan.Closed(&r) || !g.plan.Admits(&r)) {
		g.stop(b, firedoor.Verdict{Action: firedoor.Drop, Says: firedoor.Drop, Reason: firedoor.ReasonUnjudged, Rule: -1, Conduit: r.Conduit})
		return
	}
	g.pass(b, firedoor.ReasonUnjudged)
}

// datagram judges one datagram: all of it is here, so it is judged as a whole.
func (g *Gate) datagram(f *flow, h *headers, b []byte) {
	payload := b[h.payload:h.end]
	if !f.deep || len(payload) == 0 {
		g.pass(b, firedoor.ReasonRule)
		return
	}
	g.parse(f, f.half[g.from].ahead, payload)
	f.half[g.from].ahead += int64(len(payload))
	g.settle(f, h, b, 0)
}

// parse lets the parser look at bytes and gathers what the policy says of the requests
// in them.
func (g *Gate) parse(f *flow, start int64, bytes []byte) {
	g.judging, g.start, g.stopped, g.patches = g.from == f.client, start, false, g.patches[:0]
	g.worst = firedoor.Verdict{Rule: -1, Conduit: f.route.Conduit}
	if f.key.proto == packet.TCP {
		f.runner.Bytes(g.host, int(g.from), bytes)
	} else {
		f.runner.Datagram(g.host, int(g.from), bytes, false)
	}
	g.judging = false
}

// settle does with a frame what came out of parse. The first skip bytes of its payload
// were sent before. It returns whether the frame went on.
func (g *Gate) settle(f *flow, h *headers, b []byte, skip int) bool {
	if g.stopped {
		g.tell(b, nil, g.worst, g.worst.Action)
		if g.worst.Action == firedoor.Reset && f.key.proto == packet.TCP {
			g.reset(f, b)
		}
		if f.key.proto == packet.TCP {
			f.dead, f.why = true, g.worst.Reason // the receiver waits for what does not come
		}
		g.drop(g.worst.Reason)
		return false
	}
	if len(g.patches) == 0 {
		g.pass(b, firedoor.ReasonRule)
		return true
	}
	for _, p := range g.patches {
		copy(b[h.payload+skip+int(p.at-g.start):], p.bytes[:p.n])
	}
	h.resum(b)
	g.Counts.Changed++
	g.Counts.Reasons[g.worst.Reason]++
	g.out(g.from.Other(), b)
	return true
}

// sweepEvery is how often idle connections are looked for, in ns.
const sweepEvery = int64(10 * 1e9)

func (g *Gate) sweep() {
	if g.now < g.hand {
		return
	}
	g.hand = g.now + sweepEvery
	for k, f := range g.flows {
		limit := idleTCP
		if k.proto != packet.TCP {
			limit = idleUDP
		}
		if g.now-f.last > limit || f.fins == 3 && g.now-f.last > sweepEvery {
			f.release(g)
			delete(g.flows, k)
			g.free = append(g.free, f)
		}
	}
}

// release gives back what a flow holds.
func (f *flow) release(g *Gate) {
	f.runner.End(g.host)
	for i := range f.half {
		for _, frame := range f.half[i].held {
			g.heldBytes -= len(frame)
			g.Counts.Held--
			g.Counts.Dropped++
			g.Counts.Reasons[firedoor.ReasonHeld]++
		}
		f.half[i].held = f.half[i].held[:0]
	}
}
