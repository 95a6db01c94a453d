package inline

import (
	"hash/maphash"

	"firedoor"
	"firedoor/internal/packet"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/recent"
)

// Port is one of the two ports.
type Port uint8

// The ports.
const (
	Inside Port = iota
	Outside
)

// Other is the port on the other side.
func (p Port) Other() Port { return p ^ 1 }

// Limits of a Gate. At a limit nothing that is known makes room, but what its own client has too much of (room).
const (
	// MaxFlows is how many connections are followed. At it the client with the most forgets the idlest of its
	// own: of those that never were connections, or are over, where these are more than an eighth; else of datagrams,
	// where these are more than a quarter; else of connections, where it has more than SureFlows. Where
	// none of that is so, what is made up makes room, and datagrams; and where there is none, a further one that
	// must be judged is dropped.
	MaxFlows = 1 << 16
	// SureFlows is how many connections of TCP of one client make room for nobody.
	SureFlows = 32
	// MaxHeld is how many frames of one direction of a connection wait for one before
	// them; a further one is dropped, and its sender repeats it.
	MaxHeld = 8
	// MaxHeldBytes is how many bytes all held frames together have. At it the client that has most of
	// them loses those of the connection that has waited longest, by kinds as at MaxFlows.
	MaxHeldBytes = 4 << 20
	// MaxPartBytes is how many bytes of messages there are whose rest is to come. At it the client that has most of
	// them loses its oldest connection with some, by kinds as at MaxFlows. It is so much below what parsers keep
	// that none is given up for what others say.
	MaxPartBytes = protocol.MaxHeld - 2*protocol.MaxMessage
	// SureBytes is how many bytes of either, of one client's connections, make room for nobody.
	SureBytes = 16 << 10
	// MaxMemory is how many bytes of a direction are surely remembered until they are
	// acknowledged, so that what is sent again is what was sent before; at most twice as
	// many are.
	MaxMemory = 64 << 10
	// MaxMemoryAll is how many bytes all connections together are remembered by, beyond
	// a little for each; at it one with more than that waits until its server has some of it.
	MaxMemoryAll = 64 << 20
	smallMemory  = 4 << 10
	// MaxRemembered is how many values are remembered that steps are counted from, of elements
	// that a rule looks at so. A further one is not known.
	MaxRemembered = 1 << 17
	// MaxPaced is of how many of them, each within a time, it is remembered how far they
	// went; of a further one nothing is near enough for a rule with a rate.
	MaxPaced = 1 << 14
	// MaxParts is within what time all of a message must come whose beginning went on, in ns: a server
	// that waits no longer takes the rest for another one.
	MaxParts = int64(2 * 1e9)
	// idle is how long a connection may be silent before it is forgotten, in ns.
	idleTCP = int64(2 * 3600 * 1e9)
	idleUDP = int64(180 * 1e9)
)

// Stopped is a request, connection or frame that was stopped, or would have been. It
// is borrowed for the call.
type Stopped struct {
	Time           int64
	From           Port
	Verdict        firedoor.Verdict
	Done           firedoor.Action // what was done: Drop or Reset where a refusal was not possible
	Client, Server firedoor.Endpoint
	Segment        string
	Operation      *firedoor.Operation // nil for connections and frames
	Protocol       string
	Frame          []byte // as it came
	Sent           []byte // as it was sent on, nil where it was not
}

// Counts are what became of frames: In is the sum of the others.
type Counts struct {
	In, Passed, Changed, Dropped, Held uint64
	Resets                             uint64 // frames made to end connections
	Probes                             uint64 // frames made to ask servers where they are
	Waited                             uint64 // frames that were held, whatever became of them
	FlowsYielded                       uint64 // connections and datagrams of two ends that were forgotten to make room, for their client had most; without what was made up
	HeldYielded                        uint64 // frames that waited and were dropped to make room, for their client had most
	PartsYielded                       uint64 // connections ended within a message to make room, for their client had most
	Unplaced                           uint64 // frames of connections that found no place
	CallsYielded                       uint64 // calls to groups that were forgotten before their time, to make room for later ones
	Reasons                            [64]uint64
}

// Gate judges the frames between two ports. It is not safe for concurrent use.
type Gate struct {
	Counts Counts

	plan       *policy.Plan
	generation uint32
	host       *protocol.Host
	report     func(*Stopped)
	out        func(Port, []byte)
	flows      map[key]*flow
	free       []*flow
	rates      map[rateKey]*rate
	releasedAt uint32  // the last generation in which an isolation began to be released
	all        []*flow // those of flows, in no order that hangs on a map
	due        []*flow // idle ones in which something waits
	hand       int     // of them, whose turn it is to be looked at: whether it is idle
	swept      int64   // when one was looked at last
	unused     []*rate // that no flow had when they came here
	rateHand   int     // of them, as hand
	strays     int64   // when it forgot one last that was not finished, where it shares nothing; 0 is never
	places     room    // of flows
	waits      room    // of bytes of frames that are held
	parts      room    // of bytes of messages whose rest is to come
	memory     int
	asked      flow                 // a SYN that is judged, or a datagram that nobody asked for
	called     calls                // to groups
	wandering  []*protocol.Protocol // whose servers answer from other ports
	elsewhere  map[key]*flow        // what goes on at such a port, by its ends there
	past       map[uint64]value
	traces     map[firedoor.IP][]trace // of the elements of past, by server
	writes     uint32                  // number of the one at hand
	paced      map[pacedKey]*recent.Span
	seed       maphash.Seed
	scope      packet.Scope
	segment    string
	packet     packet.Packet
	frame      packet.Frame
	takes      func(client firedoor.IP) bool
	streams    Streams
	stream     Stream
	position   Position
	turn       turn

	// What is under way.
	now     int64 // by the clock on the wall
	age     int64 // by one that nobody sets
	born    int64 // that, when the first frame came
	flow    *flow
	from    Port
	came    Port   // where the frame came in that was given last; one that was held may be judged behind it
	astray  bool   // its sender is at the other one, and it passes if it is never blocked
	data    []byte // the frame that is judged: that one, or one that was held
	judging bool   // bytes of a client are being parsed
	start   int64
	worst   firedoor.Verdict
	stopped bool
	odd     bool // they break the rules of their protocol
	heard   heard
	unknown bool // a rule asked for a value before that nobody knows
	patches []patch
	asks    bool // somebody saw what the frame answers, if it is a datagram
	replies bool // it is one without IP that answers
	text    []byte
	element element // of which the past is asked
	before  []byte
	request policy.Request
	route   policy.Route
	note    Stopped
}

// patch is bytes to be put at an offset of the client's stream.
type patch struct {
	at    int64
	bytes [4]byte
	n     int
}

type key struct {
	scope        packet.Scope
	a, b         firedoor.IP
	aPort, bPort uint16
	proto        uint8
	side         Port // at which a is, so that nobody speaks for the other side
}

// New returns a Gate. report is told of everything that is stopped or would have been;
// it may be nil.
func New(plan *policy.Plan, protocols []*protocol.Protocol, report func(*Stopped)) *Gate {
	g := &Gate{plan: plan, flows: map[key]*flow{}, rates: map[rateKey]*rate{}, past: map[uint64]value{}, traces: map[firedoor.IP][]trace{}, paced: map[pacedKey]*recent.Span{}, seed: maphash.MakeSeed(), report: report, segment: packet.ScopeName(packet.Scope{})}
	g.places, g.waits, g.parts = newRoom(MaxFlows, SureFlows), newRoom(MaxHeldBytes, SureBytes), newRoom(MaxPartBytes, SureBytes)
	g.host = protocol.NewHost(protocols, g.hear)
	g.wandering, g.elsewhere = g.host.Elsewhere(), map[key]*flow{}
	return g
}

// SetPlan puts another policy in force from the next frame on. Connections go on.
func (g *Gate) SetPlan(plan *policy.Plan) {
	g.generation++
	g.released(plan)
	g.plan = plan
}

// Asked tells of the frame that is given next whether somebody saw a request that it answers, on its
// way to the sender of this one and not long ago, if it is a datagram.
func (g *Gate) Asked(yes bool) { g.asks = yes }

// Take has the gate say whose frame it has in hand, before anything of what is in it is
// read: its sender's, and then that of the client of its connection. Where takes says no, the frame is dropped.
func (g *Gate) Take(takes func(client firedoor.IP) bool) { g.takes = takes }

// refused tells whether nobody is to look into the frame at hand.
func (g *Gate) refused(client firedoor.IP, b []byte) bool {
	if g.takes == nil || g.takes(client) {
		return false
	}
	g.stop(b, firedoor.Verdict{Action: firedoor.Drop, Says: firedoor.Drop, Reason: firedoor.ReasonUnjudged, Rule: -1, Conduit: -1})
	return true
}

// Flows is how many connections are followed.
func (g *Gate) Flows() int { return len(g.flows) }

// Frame judges a frame by a clock that is never set.
func (g *Gate) Frame(now int64, from Port, b []byte, out func(Port, []byte)) {
	g.FrameAt(now, now, from, b, out)
}

// FrameAt judges a frame that came in at a port at a time. now is of the clock by which
// policies say when something holds (ns since 1970), and which may be set; by age, which
// goes on evenly from anywhere, it is known how long ago something was. out is called
// with each frame to be sent and the port to send it at, before FrameAt returns: none, the
// frame itself, perhaps changed in place, frames that were held before it, or ends of
// connections. What out is given is borrowed.
func (g *Gate) FrameAt(now, age int64, from Port, b []byte, out func(Port, []byte)) {
	g.take(now, age, from, b)
	g.out = out
	g.sweep()
	p := &g.packet
	switch h, ok := find(b); {
	case g.refused(p.SrcIP, b):
	case g.fromWrongSide(b, ok):
	case p.Layer < packet.LayerNetwork:
		g.link(b)
	case p.Layer == packet.LayerTransport && ok && p.Scope.Tunnel == packet.NoTunnel:
		g.transport(&h, b)
	default:
		g.bare(b)
	}
	g.asks = false
}

// take reads the headers of a frame that came in.
func (g *Gate) take(now, age int64, from Port, b []byte) {
	g.now, g.age, g.from, g.came, g.data, g.flow, g.astray = now, age, from, from, b, nil, false
	if g.Counts.In == 0 {
		g.born = age
	}
	g.Counts.In++
	p := &g.packet
	g.frame = packet.Frame{Time: now, Link: packet.LinkEthernet, WireLen: uint32(len(b)), Data: b}
	packet.Decode(p, &g.frame)
	if p.Scope.Tunnel != packet.NoTunnel { // who is in it says nothing of whom it goes to
		packet.DecodeOuter(p, &g.frame)
	}
	if p.Scope != g.scope {
		g.scope, g.segment = p.Scope, packet.ScopeName(p.Scope)
	}
}

// Late is a frame that waited too long for this gate: where anything is enforced it goes no
// further, for a request that is carried out when its client has long given up is as
// bad as one that nobody sent. TCP sends again what is still wanted.
func (g *Gate) Late(now, age int64, from Port, b []byte, out func(Port, []byte)) {
	g.take(now, age, from, b)
	p := &g.packet
	r := g.plan.Route(g.plan.Place(g.segment, p.SrcIP, p.SrcMAC), g.plan.Place(g.segment, p.DstIP, p.DstMAC), p.Proto, p.DstPort)
	answers, _ := g.answers(p)
	if f := g.flows[keyOf(p, from)]; f != nil && p.Proto == packet.UDP {
		answers = f.client != from
	}
	if answers {
		r = g.plan.Route(r.Server, r.Client, p.Proto, p.SrcPort)
	}
	if !g.plan.Enforces(&r) {
		g.Counts.In-- // it is taken once more
		g.FrameAt(now, age, from, b, out)
		return
	}
	g.stop(b, firedoor.Verdict{Action: firedoor.Drop, Says: firedoor.Drop, Reason: firedoor.ReasonHeld, Rule: -1, Conduit: r.Conduit})
}

// Short is a frame of which only the beginning is there, so it has no way on. It is told as
// one that nobody could judge.
func (g *Gate) Short(now int64, from Port, b []byte) {
	g.take(now, g.age, from, b)
	g.stop(b, firedoor.Verdict{Action: firedoor.Drop, Says: firedoor.Drop, Reason: firedoor.ReasonUnjudged, Rule: -1, Conduit: -1})
}

// pass sends the frame on as it is.
func (g *Gate) pass(b []byte, why firedoor.Reason) {
	g.Counts.Passed++
	g.Counts.Reasons[why]++
	g.out(g.from.Other(), b)
}

// drop ends a frame's way.
func (g *Gate) drop(why firedoor.Reason) {
	g.Counts.Dropped++
	g.Counts.Reasons[why]++
}

// link judges a frame without IP by who sends it to whom. Layer-2 process traffic and
// link control are never held.
func (g *Gate) link(b []byte) {
	p := &g.packet
	if p.EtherType == typeIPv4 || p.EtherType == typeIPv6 {
		g.unreadable(b)
		return
	}
	switch {
	case p.EtherType == typeARP:
		src, dst := arpEnds(p.Payload)
		g.neighbour(b, src, dst)
		return
	case policy.KeepsLink(p.DstMAC, p.EtherType): // it is of no device, whoever is isolated
		g.pass(b, firedoor.ReasonLink)
		return
	}
	from, to := g.plan.Place(g.segment, firedoor.IP{}, p.SrcMAC), g.plan.Place(g.segment, firedoor.IP{}, p.DstMAC)
	v, told, turned := g.plan.Frame(from, to, policy.FrameType(p.EtherType), g.astray)
	if v.Action == firedoor.Pass && !told {
		g.pass(b, v.Reason)
		return
	}
	g.replies = turned
	g.judged(b, v)
	g.replies = false
}

// bare judges a packet whose ports cannot be read: a fragment, another transport, a
// tunnel, something cut.
func (g *Gate) bare(b []byte) {
	p := &g.packet
	if routed(b) && g.partial(b, none) {
		return
	}
	if discovery(p) || membership(p) {
		g.neighbour(b, p.SrcIP, p.DstIP)
		return
	}
	if p.Fragment || p.Layer == packet.LayerTransport || p.Broken != "" {
		g.fragment(b)
		return
	}
	g.ends(b, p.SrcIP, p.DstIP, p.Proto, 0)
}

// membership tells whether a packet says who belongs to a group (IGMP, RFC 9776; MLD, RFC
// 9777): switches listen in, and groups end without it.
func membership(p *packet.Packet) bool {
	if p.Fragment || p.TTL != 1 || !p.DstIP.IsGroup() {
		return false
	}
	mld := p.Proto == packet.ICMPv6 && len(p.Payload) > 0 && (p.Payload[0] >= 130 && p.Payload[0] <= 132 || p.Payload[0] == 143)
	return p.Proto == packet.IGMP || mld
}

// unreadable judges IP whose header cannot be read as fragment does, but nobody can say that it answers: what may not be
// asked goes, whatever may come back.
func (g *Gate) unreadable(b []byte) {
	p := &g.packet
	if g.partial(b, (*policy.Plan).Throughout) {
		return
	}
	r := g.sent(g.plan.Route(g.plan.Place(g.segment, p.SrcIP, p.SrcMAC), g.plan.Place(g.segment, p.DstIP, p.DstMAC), 0, 0))
	if v := g.connects(&r); v.Action != firedoor.Pass {
		g.stop(b, v)
		return
	}
	g.ends(b, p.SrcIP, p.DstIP, 0, 0)
}

// fragment judges a part of a packet, or one whose ports stand where nobody looks
// for them (a tunnel, extension headers) or cannot be read: between two ends of which anything
// is judged by its ports or content nobody can say what it is a part of, so it is dropped.
func (g *Gate) fragment(b []byte) {
	p := &g.packet
	if !g.partial(b, (*policy.Plan).Throughout) {
		g.ends(b, p.SrcIP, p.DstIP, 0, 0)
	}
}

// partial drops what nobody can judge, where something is enforced between its two ends and
// not all that is spared there. It tells whether it did.
func (g *Gate) partial(b []byte, spared func(*policy.Plan, *policy.Route) bool) bool {
	p := &g.packet
	r := g.plan.Route(g.plan.Place(g.segment, p.SrcIP, p.SrcMAC), g.plan.Place(g.segment, p.DstIP, p.DstMAC), 0, 0)
	back := g.plan.Route(r.Server, r.Client, 0, 0)
	stops := func(r *policy.Route) bool { return g.plan.Enforces(r) && !spared(g.plan, r) }
	if !stops(&r) && !stops(&back) {
		return false
	}
	g.stop(b, firedoor.Verdict{Action: firedoor.Drop, Says: firedoor.Drop, Reason: firedoor.ReasonUnjudged, Rule: -1, Conduit: r.Conduit})
	return true
}

// none spares nothing: whatever passes between two ends, it does not beyond the second.
func none(*policy.Plan, *policy.Route) bool { return false }

// ends judges a frame by its two ends alone, as the kernel's program does; a frame may as well be an
// answer, whatever lets that pass. Of an echo its type says which it is.
func (g *Gate) ends(b []byte, src, dst firedoor.IP, proto uint8, number uint16) {
	p := &g.packet
	a, z := g.plan.Place(g.segment, src, p.SrcMAC), g.plan.Place(g.segment, dst, p.DstMAC)
	r, back := g.sent(g.plan.Route(a, z, proto, number)), g.sent(g.plan.Route(z, a, proto, number))
	asks, answers := echo(p)
	v, by := g.between(&r), &r
	if v.Reason != firedoor.ReasonSafety && (answers || v.Action != firedoor.Pass && !asks) {
		w := g.between(&back)
		held := v.Reason == firedoor.ReasonQuarantine && v.Action != firedoor.Pass && w.Reason != firedoor.ReasonNeverBlock && w.Reason != firedoor.ReasonSafety
		if !held && (answers || w.Action == firedoor.Pass) {
			v, by = w, &back
		}
	}
	if v.Action == firedoor.Pass && opaque(proto) {
		v = g.unread(by)
	}
	g.judged(b, v)
}

// between is the verdict on what begins on a route.
func (g *Gate) between(r *policy.Route) firedoor.Verdict {
	g.request = policy.Request{Route: r, Time: g.now, Level: policy.OfConnection}
	return policy.Decide(g.plan, &g.request)
}

// opaque tells whether nobody looks into a protocol of IP, so that it may carry whatever its receiver takes out of it
// (GRE, SCTP, ESP, EtherIP). ICMP asks nothing of a device, and 0 is a frame of which that was looked at.
func opaque(proto uint8) bool { return proto != 0 && proto != packet.ICMP && proto != packet.ICMPv6 }

// unread is the verdict on what nobody looks into: where only some of what there is may be asked, it may be the rest.
func (g *Gate) unread(r *policy.Route) firedoor.Verdict {
	g.request = policy.Request{Route: r, Time: g.now}
	v := g.plan.Unread(&g.request)
	if v.Action == firedoor.Refuse || v.Action == firedoor.Reset { // it is no request, and of no connection
		v.Action = firedoor.Drop
	}
	return v
}

// echo tells whether a packet of ICMP asks for an echo, or is one.
func echo(p *packet.Packet) (asks, answers bool) {
	if p.Fragment || p.Layer < packet.LayerNetwork || p.Scope.Tunnel != packet.NoTunnel || len(p.Payload) == 0 {
		return false, false
	}
	switch kind := p.Payload[0]; p.Proto {
	case packet.ICMP:
		return kind == 8, kind == 0
	case packet.ICMPv6:
		return kind == 128, kind == 129
	}
	return false, false
}

// judged does what a verdict on a whole frame says, and tells of it.
func (g *Gate) judged(b []byte, v firedoor.Verdict) {
	if v.Action == firedoor.Pass {
		if v.Says != firedoor.Pass {
			g.tell(b, b, v, firedoor.Pass)
		}
		g.pass(b, v.Reason)
		return
	}
	g.stop(b, v)
}

// stop drops a frame and tells of it.
func (g *Gate) stop(b []byte, v firedoor.Verdict) {
	g.tell(b, nil, v, firedoor.Drop)
	g.drop(v.Reason)
}

// tell reports what was stopped, or would have been.
func (g *Gate) tell(b, sent []byte, v firedoor.Verdict, done firedoor.Action) {
	if g.report == nil {
		return
	}
	p := &g.packet
	g.note = Stopped{Time: g.now, From: g.from, Verdict: v, Done: done, Segment: g.segment, Frame: b, Sent: sent,
		Client: firedoor.Endpoint{IP: p.SrcIP, MAC: p.SrcMAC, Port: p.SrcPort}, Server: firedoor.Endpoint{IP: p.DstIP, MAC: p.DstMAC, Port: p.DstPort}}
	if f := g.flow; f != nil && f.client != g.came || g.replies {
		g.note.Client, g.note.Server = g.note.Server, g.note.Client
	}
	g.report(&g.note)
}

// tellHeld reports a segment that waited for one before it and goes no further. It need
// not be the frame at hand.
func (g *Gate) tellHeld(f *flow, from Port, frame []byte) {
	if g.report == nil {
		return
	}
	v := firedoor.Verdict{Action: firedoor.Drop, Says: firedoor.Drop, Reason: firedoor.ReasonHeld, Rule: -1, Conduit: f.route.Conduit}
	g.note = Stopped{Time: g.now, From: from, Verdict: v, Done: firedoor.Drop, Client: f.clientEnd, Server: f.serverEnd, Segment: g.segment, Frame: frame}
	if f.key.scope != g.scope {
		g.note.Segment = packet.ScopeName(f.key.scope)
	}
	g.report(&g.note)
}
