package sensor

import (
	"slices"

	"firedoor"
	"firedoor/internal/baseline"
	"firedoor/internal/eventlog"
	"firedoor/internal/packet"
	"firedoor/internal/protocol"
)

// hear is the sink of every parser in the lane: it learns what is per
// conversation here and hands on what is news.
func (l *lane) hear(e *firedoor.Event) {
	c := l.conn
	switch e.Kind {
	case firedoor.EventOperation:
		if c.flags&hasEarly != 0 {
			l.earlyOperation(c, e.Operation)
			return
		}
		l.operation(c, e.Operation)
	case firedoor.EventSample:
		l.sample(c, e.Sample)
	case firedoor.EventIdentity:
		l.identity(c, e.Identity)
	case firedoor.EventMalformed:
		l.malformed(c, e.Malformed)
	case firedoor.EventEncrypted:
		l.encrypted(c, e.Encrypted)
	case firedoor.EventExpect:
		l.expect(c, e.Expect)
	case firedoor.EventFileTransfer:
		l.moved(c, e.FileTransfer)
	default: // lookups and logins: nothing learns from them yet
	}
}

func (l *lane) operation(c *conn, op *firedoor.Operation) {
	if !l.converse(c) {
		return
	}
	if op.Phase == firedoor.Answered {
		l.answered(c, op)
		return
	}
	l.count.Operations++
	st, outside := l.learn(c, op)
	l.asked(c, op, st, outside)
}

// anyOf is the operation on no object of its kind in particular. It holds until the
// next call.
func (l *lane) anyOf(op *firedoor.Operation) *firedoor.Operation {
	l.like = *op
	l.like.Object.At = [4]uint32{}
	return &l.like
}

// learn counts an operation as a statement and tells when it is new, or writes
// what was never written.
func (l *lane) learn(c *conn, op *firedoor.Operation) (st int32, outside bool) {
	it := l.item
	conv := l.table.Conversation(c.conv)
	if !conv.Proven && c.twoSided() {
		conv.Proven = true
	}
	l.keep(c)
	known := conv.LearnedVerbs
	like := op
	if s := op.Object.Space; s != nil && s.Passing {
		like = l.anyOf(op)
	}
	st, fresh := l.table.Ask(c.conv, like, it.Time, it.Learning)
	if st < 0 {
		l.full("distinct operations")
		return -1, false
	}
	if fresh {
		r := l.tell(recStatement, c)
		r.op = l.out.keep(op)
		r.protocol = protocolOf(c, op.Protocol)
		r.first = known&(1<<op.Verb) == 0
		r.covered = !it.Learning && l.table.Covered(st)
	}
	if op.Verb.Changes() && !firedoor.Masks(protocolOf(c, op.Protocol), op.Code) {
		var out baseline.Outside
		if out, outside = l.table.Write(st, &op.Values, it.Learning); outside {
			r := l.tell(recOutside, c)
			r.op = l.out.keep(op)
			r.protocol = protocolOf(c, op.Protocol)
			r.got, r.low, r.high = out.Got, out.Low, out.High
		}
	}
	return st, outside
}

// keep makes a flow with operations or samples one that goes last. A flow that
// is on its way out has no place any more.
func (l *lane) keep(c *conn) {
	if c.flags&kept == 0 && !l.leaving && c.twoSided() {
		c.flags |= kept
		l.flows.Protect(l.slot)
	}
}

func (l *lane) sample(c *conn, s *firedoor.Sample) {
	if !l.converse(c) {
		return
	}
	l.count.Samples++
	l.table.Conversation(c.conv).Samples++
	l.keep(c)
	l.sampled(c, s)
	if l.writeLines && !l.notReads {
		l.startLine(c, "sample", protocolOf(c, s.Protocol), l.item.Raw)
		l.out.lines = eventlog.AppendSample(l.out.lines, s, l.item.Frame, l.captureName(l.item.Capture))
		l.markLine()
	}
}

// moved tells of a transfer, where it begins and where it ends.
func (l *lane) moved(c *conn, f *firedoor.FileTransfer) {
	if !l.converse(c) {
		return
	}
	r := l.tell(recMoved, c)
	r.moved, r.protocol = keepTransfer(f), protocolOf(c, f.Protocol)
	if l.writeLines && l.notReads { // event lines hold operations and samples
		l.startLine(c, "transfer", r.protocol, l.item.Raw)
		l.out.lines = eventlog.AppendTransfer(l.out.lines, f, l.item.Frame, l.captureName(l.item.Capture))
		l.markLine()
	}
}

// maxMalformed is how many malformed messages of a conversation are told one by one.
const maxMalformed = 8

func (l *lane) malformed(c *conn, m *firedoor.Malformed) {
	l.count.MalformedCount++
	if !l.converse(c) || l.settling(c) {
		return
	}
	conv := l.table.Conversation(c.conv)
	if conv.Malformed++; conv.Malformed <= maxMalformed {
		r := l.tell(recMalformed, c)
		r.reason, r.protocol = m.Reason, protocolOf(c, m.Protocol)
	}
}

// converse files the flow under its conversation once its protocol is known, and
// anew when a protocol handed over to another: what a capture shows from its
// middle on must be the conversation that was learned from its beginning. It
// returns false if there is no room.
func (l *lane) converse(c *conn) bool {
	p := c.run.Protocol()
	if c.conv >= 0 && c.filed == p {
		return true
	}
	pair := l.ends(c)
	if p == nil && l.leaving && l.silent && c.proto == packet.TCP {
		l.attempt(&pair)
	}
	// A flow that began while learning is learned, however late its protocol shows.
	learning := l.item.Learning || c.flags&beganLearning != 0
	conv, fresh := l.table.Converse(&pair, c.first, learning)
	c.filed = p
	if conv < 0 {
		l.full("conversations")
		return c.conv >= 0
	}
	l.table.Leave(c.conv)
	c.conv = conv
	c.flags &^= untold
	row := l.table.Conversation(conv)
	client, server := c.client(), c.server()
	if !fresh && learning && p != nil && c.proto != 0 {
		row.FoundAt(server.Port)
	}
	switch {
	case fresh:
		row.ClientMAC, row.ServerMAC, row.ServerPort = client.MAC, server.MAC, server.Port
		if c.flags |= untold; p == nil || !carries(p) {
			l.tellConversation(c)
		}
	case row.ClientMAC != client.MAC && client.MAC != 0 || row.ServerMAC != server.MAC && server.MAC != 0:
		row.ClientMAC, row.ServerMAC = client.MAC, server.MAC
		l.tell(recTalk, c).spoken = l.spoken(c)
	}
	return true
}

// ends is what makes the flow's conversation one: who speaks with whom, and what; of a
// protocol that nobody knows its port.
func (l *lane) ends(c *conn) baseline.Pair {
	pair := baseline.Pair{Client: endOf(c.client()), Server: endOf(c.server()), Segment: c.client().Segment, Transport: c.proto, ToAll: c.flags&toAll != 0}
	if p := c.run.Protocol(); p != nil {
		pair.Protocol = p.Name
	} else {
		pair.Protocol, pair.Port = l.transport(c)
	}
	return pair
}

// attempt files a connection in which nothing was said, to a port where the pair
// speaks a protocol, under that conversation: a controller that was busy or away
// is no new acquaintance.
func (l *lane) attempt(pair *baseline.Pair) {
	like := *pair
	like.Port = 0
	for _, p := range l.host.OnPort(pair.Port, true) {
		if like.Protocol = p.Name; l.table.Known(&like) {
			*pair = like
			return
		}
	}
}

// spoken is the protocol that tells what a flow's ends are for, "" if none does:
// what everybody does on a link, and what nobody recognised, says nothing.
func (l *lane) spoken(c *conn) string {
	if c.filed == nil || c.proto == 0 {
		return ""
	}
	return c.filed.Name
}

// tellConversation tells that a conversation is new, unless it was told.
func (l *lane) tellConversation(c *conn) {
	if c.flags&untold == 0 {
		return
	}
	c.flags &^= untold
	r := l.tell(recTalk, c)
	r.fresh, r.protocol, r.spoken = true, l.table.Conversation(c.conv).Protocol, l.spoken(c)
	r.learning = r.learning || c.flags&beganLearning != 0
}

// carries tells whether a protocol of the factory floor is only the way to
// another: that one is the news, and itself only when none follows.
func carries(p *protocol.Protocol) bool {
	return p.Industrial && slices.Contains(p.Events, firedoor.EventHandOver)
}

// transport names a flow that no protocol recognised.
func (l *lane) transport(c *conn) (name string, port uint16) {
	switch c.proto {
	case packet.TCP:
		return "tcp", c.server().Port
	case packet.UDP:
		return "udp", c.server().Port
	case packet.ICMP, packet.ICMPv6:
		return "icmp", 0
	case 0:
		return "ethernet", l.flows.Key(l.slot).LoPort
	default:
		return "ip", uint16(c.proto)
	}
}

func endOf(e *firedoor.Endpoint) firedoor.IP {
	if e.IP.IsZero() {
		return firedoor.IP{Lo: uint64(e.MAC)}
	}
	return e.IP
}

// place is where what happens now stands.
func (l *lane) place() place { return place{index: l.item.Index, lane: l.id} }

// tell adds a record about the flow and returns it to be filled.
func (l *lane) tell(kind recordKind, c *conn) *record {
	it := l.item
	l.out.records = append(l.out.records, record{place: l.place(), kind: kind, learning: it.Learning, time: it.Time})
	r := &l.out.records[len(l.out.records)-1]
	r.frames[0] = firedoor.FrameRef{Capture: it.Capture, Frame: it.Frame}
	if c != nil {
		r.client, r.server, r.returns = *c.client(), *c.server(), c.returns()
		if c.opened != r.frames[0] {
			r.frames[1] = c.opened
		}
	}
	return r
}

// full tells once that a table of this lane has no room.
func (l *lane) full(what string) {
	for _, told := range l.toldFull {
		if told == what {
			return
		}
	}
	l.toldFull = append(l.toldFull, what)
	l.tell(recFull, l.conn).reason = what
}

// recent remembers what was told of an address, so that what a device repeats
// all day is told once. Slots are few and overwritten: telling twice does no harm.
type recent [1024]uint64

func (r *recent) news(key, value uint64) bool {
	const k = 0x9e3779b97f4a7c15
	key = (key ^ key>>31) * k
	slot := &r[key>>54]
	sum := (value^key)*k | 1
	if *slot == sum {
		return false
	}
	*slot = sum
	return true
}

// sightBits is how many bits of traffic time lie between two sightings of an
// address that goes on sending: 2^35 ns, 34 s. The inventory must hear at least
// once a minute of those whose address another device claims.
const sightBits = 35

// sight tells who sends with which MAC: the first time, when it changes, and
// from time to time that it is still there.
func (l *lane) sight(c *conn, side int) {
	e := &c.end[side]
	if e.IP.IsGroup() || e.MAC.IsGroup() || e.IP.IsZero() && e.MAC == 0 {
		return
	}
	key := e.IP.Hi ^ e.IP.Lo<<7 ^ uint64(e.Segment)<<50
	if e.IP.IsZero() {
		key = uint64(e.MAC) ^ 1<<63
	}
	p := &l.item.Packet
	if !l.sighted.news(key, uint64(e.MAC)^uint64(p.Time>>sightBits)<<48) {
		return
	}
	r := l.tell(recSight, nil)
	if p.Layer == packet.LayerLink { // the flow's protocol is not known at its first frame
		proto := l.host.Ethernet(p.EtherType)
		r.returns = proto != nil && proto.Returns
	}
	r.client, r.routed = *e, p.Layer >= packet.LayerNetwork && isRouted(p.TTL)
}

// isRouted tells whether a hop count is one to three less than what systems
// start with: a router passed the packet on. Other values say nothing, for some
// devices start with 30, 32, 60 or 100.
func isRouted(ttl uint8) bool {
	return ttl >= 61 && ttl < 64 || ttl >= 125 && ttl < 128 || ttl >= 252 && ttl < 255
}

func (l *lane) identity(c *conn, id *firedoor.Identity) {
	if id.About == firedoor.AboutAddress && id.MAC == 0 && c.end[l.side].IP.IsZero() {
		own := *id
		own.MAC = c.end[l.side].MAC
		id = &own
	}
	about := l.subject(c, id)
	if id.Kind == firedoor.FactAddress && id.Confidence >= bindingConfidence {
		// Who claims an address matters each time: a contradiction is two old
		// claims in turn, and the other one may be heard in another lane.
		l.fact(c, about, id)
		return
	}
	key := uint64(id.Kind)<<56 ^ uint64(id.Slot)<<40 ^ about.IP.Hi ^ about.IP.Lo ^ uint64(about.MAC)<<3 ^ uint64(about.Segment)<<33
	if id.Kind == firedoor.FactAddress {
		key = id.IP.Hi ^ id.IP.Lo ^ uint64(about.Segment)<<33 ^ 7<<56
	}
	value := uint64(id.MAC) ^ uint64(id.Confidence)<<48
	for _, b := range id.Value {
		value = (value ^ uint64(b)) * 0x100000001b3
	}
	for i := range len(id.Source) {
		value = (value ^ uint64(id.Source[i])) * 0x100000001b3
	}
	if !l.known.news(key, value) {
		return
	}
	l.fact(c, about, id)
}

// bindingConfidence parts what a device or a DHCP server says about a MAC and
// an address from hearsay.
const bindingConfidence = 80

func (l *lane) fact(c *conn, about firedoor.Endpoint, id *firedoor.Identity) {
	r := l.tell(recFact, c)
	if c.run.Protocol() != nil {
		r.protocol = c.run.Protocol().Name
	}
	r.client, r.fact = about, keepIdentity(id)
}

// subject resolves whom a fact is about.
func (l *lane) subject(c *conn, id *firedoor.Identity) firedoor.Endpoint {
	switch id.About {
	case firedoor.AboutClient:
		return *c.client()
	case firedoor.AboutServer:
		return *c.server()
	case firedoor.AboutAddress:
		return firedoor.Endpoint{Segment: c.end[0].Segment, IP: id.IP, MAC: id.MAC}
	default:
		return c.end[l.side]
	}
}

// captureName is what lines name a capture, "" when there is only one.
func (l *lane) captureName(index uint32) string {
	if int(index) < len(l.names) {
		return l.names[index]
	}
	return ""
}
