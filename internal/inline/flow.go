package inline

import (
	"slices"

	"firedoor"
	"firedoor/internal/packet"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
)

// flow is one connection, or the datagrams of two ports.
type flow struct {
	key        key
	at         int // in Gate.all
	last       int64
	client     Port
	clientEnd  firedoor.Endpoint
	serverEnd  firedoor.Endpoint
	route      policy.Route
	generation uint32
	open       bool             // the connection itself was judged and passed, by this generation
	deep       bool             // its requests must be judged one by one
	coded      bool             // and some of them may be by their code alone
	mute       bool             // nothing is judged by what its server says
	left       bool             // it is shared, and this gate left it last
	shared     bool             // this gate wrote down where its client stands
	behind     bool             // bytes of its client may have gone on unseen: its server is asked
	torn       bool             // within a message whose beginning is not known any more
	late       bool             // what its server said at its beginning may be of long ago: it is asked
	closed     bool             // what cannot be judged is dropped
	dead       bool             // nothing passes any more until a new connection begins
	died       int64            // when that began
	why        firedoor.Verdict // of what is dead
	guarded    bool             // its server may read what its client says in another way than its parser
	doubted    bool             // its server may be throwing away what its client says
	unsure     uint32           // from the bytes here on
	ends       [maxEnds]uint32  // where the segments end that went on since, the last of them
	ended      uint64           // how many
	runner     protocol.Runner
	named      *protocol.Protocol // what it was judged as
	half       [2]half            // by the port of the sender
	probed     int64              // when its server was asked last where it is
	heard      bool               // its server was
	said       uint32             // where that ended, of TCP
	confirmed  bool               // and its client after that, who knows of it
	place      claim              // what it has of Gate.places
	wait       claim              // of Gate.waits
	part       claim              // of Gate.parts
	asked      uint64             // requests
	rate       *rate              // of its client and server
	since      uint32             // the generation in which it began + 1, 0 where that was not seen
	fins       uint8
	handshake  Handshake
	both       bool         // of datagrams: each end may ask
	went       bool         // of datagrams: one of its client went on, which its server may answer
	answerer   firedoor.MAC // of datagrams: who sent the first, where that was an answer; else 0
	free       bool         // of datagrams: what its server sends passes whatever it is
	other      *flow        // of what its server asks
	unclear    bool         // who of its ends is the client
	begun      int64        // when the message that is not whole began
	unanswered []unanswered // writes of values that a rule looks at
	moved      bool         // its server answers from another port:
	movedTo    key          // its ends there
}

// half is one direction of a TCP connection.
type half struct {
	known  bool
	next   uint32 // sequence number of the next byte to be judged
	ahead  int64  // stream offset of next
	memory memory
	held   [][]byte
}

// transport judges a TCP segment or UDP datagram.
func (g *Gate) transport(h *headers, b []byte) {
	p := &g.packet
	k := keyOf(p, g.from)
	f := g.talk(k)
	if p.Proto == packet.UDP && len(g.wandering) > 0 && (f == nil || !f.open) {
		if o := g.askedElsewhere(k, h, b); o != nil {
			f = o
		}
	}
	if (f == nil || f.deep) && !h.sound(b) && g.spoiled(f, b) {
		return
	}
	if f == nil && p.Proto == packet.TCP && p.Flags&(packet.SYN|packet.ACK) == packet.SYN {
		g.opening(nil, k, h, b)
		return
	}
	fresh := f == nil || f.starts(p, g.from) || g.unasked(f)
	if fresh && g.denies(k, h, b) {
		return
	}
	if fresh {
		if f = g.begin(f, k); f == nil {
			g.flow = nil
			g.unjudged(b)
			return
		}
	}
	f.last, g.flow = g.age, f
	if f.client != g.from && g.refused(f.clientEnd.IP, b) {
		return
	}
	g.meet(f)
	if fresh && f.unclear { // whoever guesses is led by the port that a client chose
		g.tear(f, b, firedoor.ReasonUnjudged)
		return
	}
	if !fresh && f.generation != g.generation {
		g.look(f)
	}
	taken := f.deep && g.from != f.client && p.Proto == packet.TCP && p.Flags&(packet.SYN|packet.ACK|packet.RST) == packet.SYN|packet.ACK
	if f.generation == g.generation && !f.open && !taken {
		if p.Proto == packet.TCP && p.Flags&(packet.SYN|packet.ACK|packet.RST) == packet.SYN && g.from == f.client {
			g.opening(f, k, h, b) // of another one
			return
		}
		if !g.admit(f, b) {
			return
		}
	}
	g.of(f, h, b, taken, fresh)
}

// of judges a frame of a flow that is known and open, or dead; taken is the answer of a server that takes a
// connection.
func (g *Gate) of(f *flow, h *headers, b []byte, taken, fresh bool) {
	p := &g.packet
	switch {
	case f.dead && p.Flags&packet.SYN == 0:
		if p.Proto == packet.TCP {
			g.over(f, h, b)
		}
		if g.relieved(f) {
			g.tell(b, nil, f.why, firedoor.Reset)
			g.reset(f, b)
			g.drop(f.why.Reason)
			return
		}
		g.stop(b, f.why)
	case p.Proto == packet.UDP:
		stopped := g.Counts.Dropped
		g.datagram(f, h, b)
		if g.Counts.Dropped == stopped {
			f.went = f.went || g.from == f.client
			if g.from == f.client && p.DstMAC.IsGroup() {
				g.remembers(p)
			}
		}
	default:
		g.turn = g.takeTurn(f)
		switch {
		case taken && !g.taken(f, b, fresh):
		case g.torn(f, b[h.payload:h.end]):
			g.tear(f, b, firedoor.ReasonUnjudged)
		default:
			g.segmentOf(f, h, b)
		}
		g.endTurn(f, g.turn)
		if g.turn = (turn{}); f.fins == 3 { // what waits will not be waited for
			f.letGo(g)
		}
		g.rank(f)
	}
}

// spoiled drops a frame with a wrong checksum where anything is judged by what is said: its
// receiver throws it away, and what it says must not be taken for said.
func (g *Gate) spoiled(f *flow, b []byte) bool {
	p := &g.packet
	var r policy.Route
	if f != nil {
		r = f.route
	} else {
		r = g.plan.Route(g.plan.Place(g.segment, p.SrcIP, p.SrcMAC), g.plan.Place(g.segment, p.DstIP, p.DstMAC), p.Proto, p.DstPort)
		if back := g.plan.Route(r.Server, r.Client, p.Proto, p.SrcPort); !g.plan.Judges(&r) {
			r = back
		}
	}
	if !g.plan.Judges(&r) || !g.plan.Enforces(&r) {
		return false
	}
	g.flow = f
	g.stop(b, firedoor.Verdict{Action: firedoor.Drop, Says: firedoor.Drop, Reason: firedoor.ReasonMalformed, Rule: -1, Conduit: r.Conduit})
	return true
}

// opening judges the SYN of a connection of which nothing is known. It becomes known
// by its server's answer: so a flood of SYNs takes no room. before is what its ports had
// before, or nil.
func (g *Gate) opening(before *flow, k key, h *headers, b []byte) {
	f := &g.asked
	g.fresh(f, k)
	g.flow = f
	switch {
	case !g.admit(f, b):
	case f.deep && h.end > h.payload: // data with a SYN (RFC 7413): nobody in a plant does it
		g.unable(f, b, firedoor.ReasonUnjudged)
	default:
		g.opens(before)
		if g.streams != nil && f.deep {
			g.streams.Opens(g.streamOf(f), g.packet.Seq+1)
		}
		g.pass(b, firedoor.ReasonRule)
	}
	f.release(g)
	g.flow = nil
}

// starts tells whether a new connection begins on the ports of one that is known. Only
// the answer of its server tells: anybody can send a SYN, and within a connection the
// server ignores it. Where requests are judged its numbers tell more (Gate.taken).
func (f *flow) starts(p *packet.Packet, from Port) bool {
	return p.Proto == packet.TCP && p.Flags&(packet.SYN|packet.RST) == packet.SYN && from != f.client && (!f.deep || p.Flags&packet.ACK == 0)
}

// keyOf orders the two ends, and says which of them came in at the port from: nothing but that tells who of the two sent
// something. Else whoever speaks in its server's name too would be taken for that.
func keyOf(p *packet.Packet, from Port) (k key) {
	k = key{scope: p.Scope, proto: p.Proto, a: p.SrcIP, b: p.DstIP, aPort: p.SrcPort, bPort: p.DstPort}
	if !p.SrcIP.Less(p.DstIP) && (p.SrcIP != p.DstIP || p.SrcPort >= p.DstPort) {
		k.a, k.b, k.aPort, k.bPort, from = k.b, k.a, k.bPort, k.aPort, from.Other()
	}
	k.side = from
	return k
}

// begin starts a flow, or starts it anew. It returns nil where there is no room.
func (g *Gate) begin(f *flow, k key) *flow {
	switch {
	case f != nil:
		g.places.leave(&f.place)
		f.release(g)
	case g.places.full(1) && !g.makeRoom():
		g.Counts.Unplaced++
		return nil
	default:
		f = g.spare()
	}
	g.fresh(f, k)
	if g.flows[k] = f; f.at == 0 {
		g.all = append(g.all, f)
		f.at = len(g.all)
	}
	g.places.set(&f.place, f, 1)
	return f
}

// spare is a flow that nobody has.
func (g *Gate) spare() (f *flow) {
	if len(g.free) == 0 {
		return &flow{}
	}
	f = g.free[len(g.free)-1]
	g.free = g.free[:len(g.free)-1]
	return f
}

// fresh makes a flow one that begins with the frame at hand.
func (g *Gate) fresh(f *flow, k key) {
	p := &g.packet
	memories := [2][]byte{f.half[0].memory.b[:0], f.half[1].memory.b[:0]}
	held := [2][][]byte{f.half[0].held[:0], f.half[1].held[:0]}
	*f = flow{key: k, at: f.at, client: g.from, since: g.beginning(p), unanswered: f.unanswered[:0]}
	for i := range f.half {
		f.half[i].memory.b, f.half[i].held = memories[i], held[i]
	}
	f.clientEnd = firedoor.Endpoint{IP: p.SrcIP, MAC: p.SrcMAC, Port: p.SrcPort}
	f.serverEnd = firedoor.Endpoint{IP: p.DstIP, MAC: p.DstMAC, Port: p.DstPort}
	answers, unclear := g.answers(p)
	if f.unclear = unclear; answers {
		f.client = g.from.Other()
		f.clientEnd, f.serverEnd = f.serverEnd, f.clientEnd
		if p.Proto == packet.UDP {
			f.answerer = p.SrcMAC
		}
	}
	f.rate = g.rateOf(f)
	g.look(f)
	f.went = answers && p.Proto == packet.UDP && !f.free
	g.speak(f)
}

func (g *Gate) forget(k key, f *flow) {
	g.places.leave(&f.place)
	if g.streams == nil && f.deep && f.unfinished() {
		g.strays = g.age
	}
	f.release(g)
	delete(g.flows, k)
	end := g.all[len(g.all)-1]
	g.all[f.at-1], end.at = end, f.at
	g.all, f.at = g.all[:len(g.all)-1], 0
	g.free = append(g.free, f)
}

// ports are the ports by the side on which their end is.
func (f *flow) ports() (out [2]uint16) {
	out[f.client], out[f.client.Other()] = f.clientEnd.Port, f.serverEnd.Port
	return out
}

// answers tells whether a first frame comes from the server: the second step of a
// handshake, or what is under way towards a client whose server has a known port; and whether that
// is but a guess. Of a datagram nobody guesses, for its sender chose both ports: it is an answer if
// somebody saw what it answers, if both ends may say what they like (safety traffic), or if it would pass as a request too,
// and the other end's are judged.
func (g *Gate) answers(p *packet.Packet) (answers, unclear bool) {
	tcp := p.Proto == packet.TCP
	if tcp && p.Flags&packet.SYN != 0 {
		return p.Flags&packet.ACK != 0, false
	}
	there := g.sent(g.plan.Route(g.plan.Place(g.segment, p.SrcIP, p.SrcMAC), g.plan.Place(g.segment, p.DstIP, p.DstMAC), p.Proto, p.DstPort))
	back := g.sent(g.plan.Route(there.Server, there.Client, p.Proto, p.SrcPort))
	if !tcp {
		return g.wasAsked(p, &there) && g.connects(&back).Action == firedoor.Pass || g.safe(&back) || g.plan.Judges(&back) && g.freely(&there), false
	}
	// First by what is judged: a sender chooses its own port.
	if judged, answered := g.plan.Judges(&there), g.plan.Judges(&back); judged != answered {
		return answered, false
	}
	if g.plan.Admits(&there) != g.plan.Admits(&back) {
		return g.plan.Admits(&back), false
	}
	if src, dst := g.host.Registered(p.SrcPort, true), g.host.Registered(p.DstPort, true); src != dst {
		return src, false
	}
	return p.SrcPort < p.DstPort, g.unclear(&there, &back, p)
}

// look asks the policy anew what holds for a flow.
func (g *Gate) look(f *flow) {
	c, s := &f.clientEnd, &f.serverEnd
	f.route = g.askedFrom(g.plan.Route(g.plan.Place(g.segment, c.IP, c.MAC), g.plan.Place(g.segment, s.IP, s.MAC), f.key.proto, s.Port), c.IP, f.client)
	f.generation, f.open = g.generation, false
	f.deep, f.closed, f.coded = g.plan.Judges(&f.route), g.plan.Closed(&f.route), g.plan.Coded(&f.route)
	f.mute, f.named = f.coded, nil
	if f.key.proto == packet.UDP {
		back := g.askedFrom(g.plan.Route(f.route.Server, f.route.Client, packet.UDP, c.Port), s.IP, f.client.Other())
		f.free = g.freely(&back)
		if f.both = g.either(f, &back); f.both {
			f.deep = !g.plan.Open(&f.route)
		}
	}
	if o := f.other; o != nil && o.generation != f.generation {
		g.look(o)
	}
}

// spoken is the protocol that a port is open for, where the policy names one: then its
// parser has the first byte, and nobody hides a request behind a guess. So has that of a known port which is open for any,
// where requests are judged: its server reads what it knows. What travels inside another protocol is spoken by that.
func (g *Gate) spoken(f *flow) *protocol.Protocol {
	tcp := f.key.proto == packet.TCP
	names := g.plan.Speaks(&f.route)
	var all []*protocol.Protocol
	for _, name := range names {
		for _, p := range g.host.Speakers(name, tcp) {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	known := g.host.OnPort(f.serverEnd.Port, tcp)
	if len(names) == 0 && f.deep && len(known) == 1 {
		return known[0]
	}
	for _, p := range known {
		if slices.Contains(all, p) {
			return p
		}
	}
	if len(names) == 1 && len(all) == 0 { // whatever comes there, it is none of it
		if p := g.host.ByName(names[0]); p != nil && p.Probe != nil {
			return p
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
	if v.Action == firedoor.Pass && g.queued(f, v) {
		v.Action = firedoor.Reset
	}
	if v.Action == firedoor.Pass {
		if f.open = true; v.Says != firedoor.Pass {
			g.tell(b, b, v, firedoor.Pass)
		}
		return true
	}
	f.why = v
	if v.Action == firedoor.Refuse { // a device declines requests, and no connections
		v.Action = firedoor.Drop
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
	if g.plan.Enforces(&r) && !g.plan.Open(&r) {
		g.stop(b, firedoor.Verdict{Action: firedoor.Drop, Says: firedoor.Drop, Reason: firedoor.ReasonUnjudged, Rule: -1, Conduit: r.Conduit})
		return
	}
	g.pass(b, firedoor.ReasonUnjudged)
}

// datagram judges one datagram: all of it is here, so it is judged as a whole.
func (g *Gate) datagram(f *flow, h *headers, b []byte) {
	payload := b[h.payload:h.end]
	if !f.deep && !f.both || len(payload) == 0 {
		g.pass(b, firedoor.ReasonRule)
		return
	}
	known := true
	if f.both {
		if f, known = g.asker(f, payload); f == nil {
			g.pass(b, firedoor.ReasonRule)
			return
		}
	}
	asked := f.asked
	g.feed(f, payload)
	switch {
	case g.from != f.client || !f.deep:
	case f.runner.Protocol() == nil:
		if known {
			g.foreign(f)
		}
	case g.odd && f.asked == asked: // nothing in it was read, so it is no request that was judged
		if known {
			g.strange(true)
		}
	default:
		g.name(f)
	}
	if !g.settle(f, h, b, 0) && f.both { // what was not asked has no answer
		f.runner.End(g.host)
	}
}

// parse lets the parser look at bytes and gathers what the policy says of the requests
// in them.
func (g *Gate) parse(f *flow, start int64, bytes []byte) {
	g.judging, g.start, g.stopped, g.odd, g.patches = g.from == f.client && (f.deep || !f.both), start, false, false, g.patches[:0]
	g.heard = heard{}
	g.worst = firedoor.Verdict{Rule: -1, Conduit: f.route.Conduit}
	if f.key.proto == packet.TCP {
		f.runner.Bytes(g.host, int(g.from), bytes)
		g.parts.set(&f.part, f, f.runner.Waiting())
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
			f.dead, f.died, f.why = true, g.age, g.worst // the receiver waits for what does not come
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

// release gives back what a flow holds.
func (f *flow) release(g *Gate) {
	if o := f.other; o != nil {
		f.other, o.other = nil, nil
		o.release(g)
		g.free = append(g.free, o)
	}
	if f.moved {
		delete(g.elsewhere, f.movedTo)
		f.moved = false
	}
	f.runner.End(g.host)
	g.parts.leave(&f.part)
	g.unanswer(f)
	g.leave(f)
	for i := range f.half {
		if m := &f.half[i].memory; cap(m.b) > smallMemory {
			g.memory -= cap(m.b)
			m.b = nil
		}
	}
	f.letGo(g)
}

// letGo drops what waits on a flow.
func (f *flow) letGo(g *Gate) {
	for i := range f.half {
		for _, frame := range f.half[i].held {
			g.tellHeld(f, Port(i), frame)
			g.Counts.Held--
			g.Counts.Dropped++
			g.Counts.Reasons[firedoor.ReasonHeld]++
		}
		f.half[i].held = f.half[i].held[:0]
	}
	g.waits.leave(&f.wait)
}
