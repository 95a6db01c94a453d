package sensor

import (
	"firedoor"
	"firedoor/internal/baseline"
	"firedoor/internal/eventlog"
	"firedoor/internal/flow"
	"firedoor/internal/packet"
	"firedoor/internal/point"
	"firedoor/internal/protocol"
	"firedoor/internal/reassembly"
)

// item is one frame on its way through a lane.
type item struct {
	packet.Packet
	Segment  firedoor.Segment
	Lane     uint8
	Learning bool
	Tick     bool  // no frame, but a moment between two
	ToAll    bool  // it was sent to everybody, and its other end is known (calls)
	Raw      int64 // the frame's own timestamp; Packet.Time is traffic time

	// A datagram that says something of frames of this protocol, and their lane.
	Beside     *protocol.Protocol
	BesideLane uint8
}

// lane holds the state of a share of all address pairs: fragments, side
// connections and a conversation's own baseline meet in one lane. It is used by
// one shard only. What every packet touches comes first and close together: all lanes
// take turns in the processor's nearest cache.
type lane struct {
	id         uint8
	writeLines bool
	notReads   bool // lines are written of operations that are no reads, and of nothing else
	back       bool // the frame at hand comes back to its sender
	leaving    bool // the flow under way ends: its last words are heard
	silent     bool // and neither end said anything in it

	// What is under way, for callbacks that the hot path binds once.
	slot int32
	via  int32 // the half that the packet under way came by, -1
	side int
	item *item
	conn *conn
	key  flow.Key

	flows   *flow.Table
	conns   []*[connChunk]conn // by slot of the flow table
	pool    *reassembly.Pool
	host    *protocol.Host
	table   *baseline.Table
	points  *point.Table
	out     *output
	count   *Sight // the one of counts that is under way
	waiting asks
	expects uint32 // version: counts up with every expectation

	glances   []glance // by statement
	rhythms   int      // flows that are or were listened to
	sealed    int      // and encrypted ones
	oneSided  oneSided
	expected  []expectation
	pairs     []pair
	wandering []*protocol.Protocol // whose servers answer from other ports
	fragments reassembly.Fragments
	lineClock eventlog.Clock
	segments  *flow.Scopes // names of segments, where lines tell theirs
	names     []string     // base names of the captures, nil when a line names none
	toldFull  []string
	faults    uint64
	faulty    []fault

	counts       [2]Sight         // of captures, and of files that were only learned from
	resumedUntil int64            // traffic time, once a resumed flow spoke
	sights       []sourceSight    // by the Capture of frames, as far as something was seen amiss
	bare         firedoor.Segment // of frames without a tag

	// Callbacks, bound once: binding allocates.
	idleFn   func(int32) int64
	finishFn func(int32)

	late, before item               // stand in for item while what came in an earlier frame is heard
	like         firedoor.Operation // scratch of anyOf
	from         point.Origin       // scratch of values
	seen         point.Seen
	filled       firedoor.Values // one value, as all that it was written to have it

	pieces    [16]piece // fragments seen last, against doubled ones
	piece     uint8
	nextEarly uint8
	early     [64]early // a ring
	tagged    [256]taggedPair
	sighted   recent
	known     recent
}

// piece is a fragment that was seen, in short.
type piece struct {
	sum  uint64
	time int64
}

func newLane(id int, list []*protocol.Protocol, o *Options) *lane {
	limits := o.laneLimits()
	l := &lane{id: uint8(id), table: baseline.New(limits.table), pool: reassembly.NewPool(limits.held),
		writeLines: o.Lines != nil, notReads: o.notReads, names: o.lineNames()}
	if o.Points {
		l.points = point.New(limits.points, o.Names)
	}
	l.waiting.free, l.waiting.limit, l.via = -1, limits.asks, -1
	l.pool.Origin = l.origin
	l.host = protocol.NewHost(list, l.hear)
	for _, p := range list {
		if p.Elsewhere {
			l.wandering = append(l.wandering, p)
		}
	}
	l.idleFn, l.finishFn = l.idle, l.finish
	l.flows = flow.New(limits.flows, l.evicted)
	return l
}

// packet takes one frame's packet through flows, reassembly and parsers.
func (l *lane) packet(it *item) {
	l.item = it
	p := &it.Packet
	switch {
	case p.Layer == packet.LayerNone:
		return
	case p.Fragment:
		l.count.Fragments++
		payload, done := l.fragment(p, it.Segment)
		if !done {
			return
		}
		packet.DecodeTransport(p, p.Proto, payload)
	}
	k := &l.key
	side := k.Set(p, it.Segment)
	if l.back = p.Layer == packet.LayerLink && p.SrcMAC.IsLocal(); l.back {
		side, l.back = l.comesBack(p, k, side)
	}
	slot, fresh := l.flows.Touch(k, p.Time)
	c := l.at(slot)
	if fresh {
		l.open(c, it, k, side)
		l.join(c, it, k, side)
		l.elsewhere(c, it, k, side)
		l.bound(slot, c)
	}
	if c.joined >= 0 {
		l.via = slot
		slot, c, fresh = l.whole(slot, c, it, side)
	} else if p.Proto == packet.UDP && !fresh {
		if to, o := l.answersElsewhere(c, it, k, side); o != nil {
			slot, c = to, o
		}
	}
	l.slot, l.conn, l.side = slot, c, side
	l.through(c, it, side, fresh)
	l.via = -1
}

// fragment adds a fragment, unless a mirror shows it a second time.
func (l *lane) fragment(p *packet.Packet, seg firedoor.Segment) (payload []byte, done bool) {
	sum := signature(p) ^ (uint64(p.FragOffset)<<40 | uint64(seg)<<8 | uint64(p.Proto)) ^ p.SrcIP.Lo ^ p.DstIP.Lo<<1
	window := doubled
	if p.HasRedundancy {
		window = redundant
	}
	for i := range l.pieces {
		if l.pieces[i].sum == sum && p.Time-l.pieces[i].time <= window {
			l.count.Duplicates++
			l.source(p.Capture).Duplicates++
			return nil, false
		}
	}
	l.pieces[l.piece%uint8(len(l.pieces))] = piece{sum: sum, time: p.Time}
	l.piece++
	return l.fragments.Add(p, seg)
}

// connChunk is how many conns are made at a time: a table of them that grows by
// copying itself costs more than all flows in it.
const connChunk = 64

// at gives the lane's part of a flow.
func (l *lane) at(slot int32) *conn {
	for int(slot)/connChunk >= len(l.conns) {
		l.conns = append(l.conns, new([connChunk]conn))
	}
	return &l.conns[slot/connChunk][slot%connChunk]
}

// through counts the packet and gives its payload to whoever reads it.
func (l *lane) through(c *conn, it *item, side int, fresh bool) {
	p := &it.Packet
	if len(p.Payload) > 0 {
		l.table.Near(c.conv)
	}
	if !fresh && c.duplicate(p, side, l.speaker(side)) {
		l.count.Duplicates++
		l.source(p.Capture).Duplicates++
		return
	} else if fresh {
		c.half[side].seen.sum[0], c.half[side].seen.pos = signature(p), 1
	}
	h := &c.half[side]
	if h.mac != p.SrcMAC || h.packets == 0 || (p.Time^h.last)>>sightBits != 0 {
		h.mac, c.end[side].MAC = p.SrcMAC, p.SrcMAC
		l.sight(c, side)
	}
	h.packets++
	h.bytes += uint64(p.WireLen)
	h.last = p.Time
	if c.asks >= 0 {
		l.overdue(c, p.Time)
	}
	switch {
	case p.Layer == packet.LayerTransport && p.Proto == packet.TCP:
		l.tcp(c, p, side)
	case p.Layer == packet.LayerTransport && p.Proto == packet.UDP:
		l.udp(c, p, side)
	case p.Layer == packet.LayerLink:
		l.ethernet(c, p, side, fresh)
	}
	if c.flags&isEncrypted != 0 || c.run.Protocol() == nil {
		l.hearken(c, p, side)
	}
}

func (l *lane) udp(c *conn, p *packet.Packet, side int) {
	if c.expects != l.expects {
		l.meet(c)
	}
	if len(p.Payload) > 0 && !c.run.GivenUp() {
		c.run.Datagram(l.host, side, p.Payload, p.Missing > 0)
	}
}

func (l *lane) ethernet(c *conn, p *packet.Packet, side int, fresh bool) {
	if fresh {
		if proto := l.host.Ethernet(p.EtherType); proto != nil {
			client := proto.EthernetClient(p.Payload, side, p.DstMAC.IsGroup())
			c.run.Begin(l.host, protocol.Flow{UDP: true, Client: uint8(client), Sure: true})
			c.run.Become(l.host, proto, nil)
			l.settledOf(c, l.slot)
		}
	}
	if proto := c.run.Protocol(); proto != nil {
		if proto.Orient != nil && !p.DstMAC.IsGroup() { // nobody answers for a group
			l.orient(c, proto.Orient(p.Payload), side)
		}
		c.run.Datagram(l.host, l.speaker(side), p.Payload, p.Missing > 0)
	}
}

// orient turns a flow around whose frame says that its client is the other side:
// it began with frames that say nothing of it. What was counted so far stays with
// the conversation as it was taken for.
func (l *lane) orient(c *conn, o protocol.Orientation, side int) {
	asks := o == protocol.SentByClient && side != int(c.run.Client())
	answers := o == protocol.SentByServer && side == int(c.run.Client())
	if !asks && !answers || c.asks >= 0 {
		return
	}
	if c.conv >= 0 {
		l.account(c)
	}
	c.run.Turn()
	l.settledOf(c, l.slot)
	c.head, c.filed = c.head[:0], nil
}

// evicted is called by the flow table before it gives a slot away.
func (l *lane) evicted(slot int32) {
	l.count.FlowsEvicted++
	keep, conn := l.slot, l.conn
	l.finish(slot)
	l.slot, l.conn = keep, conn
}

// idle says how long a flow may be silent. It is asked of every flow when its turn
// in a sweep comes: that is when a watch takes its packets over, for on a plant
// connections last for months.
func (l *lane) idle(slot int32) int64 {
	c := l.at(slot)
	if l.notReads && c.joined < 0 && c.conv >= 0 {
		l.account(c)
	}
	return c.idle()
}

// sweep ends flows that have been silent too long; it runs at every tick and looks
// at so many slots that it comes round in sweepRound ticks.
func (l *lane) sweep(it *item) {
	l.item = it
	l.flows.Sweep(it.Time, 1+int(l.flows.Slots())/sweepRound, l.idleFn, l.finishFn)
}

// finish ends a flow: nobody will answer any more, and its packets go to its
// conversation.
func (l *lane) finish(slot int32) {
	c := l.at(slot)
	if c.joined >= 0 {
		return
	}
	l.slot, l.conn, l.leaving, l.silent = slot, c, true, c.silent()
	for side := range c.half {
		l.side = side
		c.half[side].stream.Close(l.pool, l)
	}
	for c.asks >= 0 {
		l.giveUp(c)
	}
	if l.converse(c) {
		l.tellConversation(c)
		l.settle(c)
	}
	l.unsettle(c, slot)
	c.run.End(l.host)
	l.leaving = false
}

// settle adds the flow's packets to its conversation.
func (l *lane) settle(c *conn) {
	l.account(c)
	conv := l.table.Conversation(c.conv)
	if c.proto == packet.TCP && (c.half[0].packets == 0 || c.half[1].packets == 0) {
		conv.OneWay++
		l.source(c.opened.Capture).OneWay++
	}
	l.table.Leave(c.conv)
}

// account adds the packets that were not added yet to the flow's conversation and
// to the devices at its ends.
func (l *lane) account(c *conn) {
	conv := l.table.Conversation(c.conv)
	client := int(c.run.Client())
	for i, side := range [2]int{client, 1 - client} {
		h := &c.half[side]
		packets, bytes := h.packets-h.accounted, h.bytes-h.accountedBytes
		if packets == 0 {
			continue
		}
		h.accounted, h.accountedBytes = h.packets, h.bytes
		conv.Packets[i] += uint64(packets)
		conv.Bytes[i] += bytes
		l.out.traffic = append(l.out.traffic, traffic{place: l.place(), learning: l.item.Learning, returns: c.returns(), end: c.end[side], first: c.first, last: h.last,
			packets: uint64(packets), bytes: bytes})
	}
	if r := c.rhythm; r != nil && conv.Rhythm.All() < r.All() && (c.run.Protocol() == nil || c.flags&isEncrypted != 0) {
		conv.Rhythm = r
	}
	conv.Last = max(conv.Last, c.half[0].last, c.half[1].last)
	conv.First = min(conv.First, c.first)
}

// flush ends all flows, in the order of their slots: a capture is over.
func (l *lane) flush(it *item) {
	l.item = it
	for slot := range l.flows.Slots() {
		if l.flows.Live(slot) {
			l.finish(slot)
			l.flows.Remove(slot)
		}
	}
	l.expected, l.pairs = l.expected[:0], l.pairs[:0]
	l.settleCounts()
}

// settleCounts moves what reassembly counted to the counts under way.
func (l *lane) settleCounts() {
	n := &l.pool.Counts
	l.count.OutOfOrder += n.OutOfOrder
	l.count.Retransmitted += n.Retransmissions
	l.count.AckedUnseen += n.AckedUnseen
	l.count.Conflicts += n.Conflicts
	*n = reassembly.Counts{}
	f := &l.fragments.Counts
	l.count.FragmentsLost += f.TimedOut + f.Evicted + f.Dropped + uint64(l.fragments.Pending())
	l.fragments = reassembly.Fragments{}
}

// endFlows forgets all flows without a word: their conversations are no more.
func (l *lane) endFlows() {
	for slot := range l.flows.Slots() {
		if !l.flows.Live(slot) {
			continue
		}
		c := l.at(slot)
		for side := range c.half {
			c.half[side].stream.Drop(l.pool)
		}
		for c.asks >= 0 {
			l.waiting.put(l.take(c, l.waiting.slab[c.asks].id))
		}
		c.run.End(l.host)
		l.flows.Remove(slot)
	}
	l.expected, l.pairs = l.expected[:0], l.pairs[:0]
	l.sighted, l.known = recent{}, recent{} // whoever is asked next may know nothing of them
}
