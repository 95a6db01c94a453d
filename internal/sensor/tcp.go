package sensor

import (
	"firedoor"
	"firedoor/internal/packet"
	"firedoor/internal/reassembly"
)

// tcp feeds a segment to the stream of its side, after the other side's stream
// has heard what it acknowledges.
func (l *lane) tcp(c *conn, p *packet.Packet, side int) {
	if c.half[side].stream.Reused(p.Seq, p.Flags, len(p.Payload)+int(p.Missing)) {
		l.again(c, p, side)
	}
	if p.Flags&packet.ACK != 0 {
		l.side = 1 - side
		c.half[1-side].stream.Acked(l.pool, l, p.Ack)
		l.side = side
	}
	c.half[side].stream.Segment(l.pool, l, p.Seq, p.Flags, p.Payload, p.Missing)
	switch {
	case p.Flags&packet.RST != 0:
		c.flags |= sawRST
	case p.Flags&packet.FIN != 0:
		c.flags |= sawFIN0 << side
	default:
		return
	}
	if c.closed() {
		for c.asks >= 0 {
			l.giveUp(c)
		}
	}
}

// again starts a new flow on the ports of one that is over.
func (l *lane) again(c *conn, p *packet.Packet, side int) {
	h, seg := &c.half[side], c.end[0].Segment
	h.packets-- // this packet is the new flow's
	h.bytes -= uint64(p.WireLen)
	l.finish(l.slot)
	k := l.flows.Key(l.slot)
	l.open(c, l.item, &k, side)
	c.live(seg)
	if l.via >= 0 {
		l.at(l.via).opened = c.opened
	}
	c.half[side].seen.sum[0], c.half[side].seen.pos = signature(p), 1
	c.half[side].packets, c.half[side].bytes, c.half[side].last = 1, uint64(p.WireLen), p.Time
	l.conn, l.side = c, side
}

// Bytes, Gap and End are what a stream calls: the lane knows for whom.

// Bytes takes the next bytes of the stream under way.
func (l *lane) Bytes(b []byte) {
	c := l.conn
	if l.pool.Late != nil && !(l.pool.Filled && c.run.Pending(l.side)) {
		l.lateBytes(b)
	} else {
		c.run.Bytes(l.host, l.side, b)
	}
	if c.run.Undecided() {
		l.keptEarly(c)
	}
}

// lateBytes takes bytes that waited behind a hole. What they say was said in
// their own frame, unless it began in the one that filled the hole; learning
// goes by the time it is heard.
func (l *lane) lateBytes(b []byte) {
	now := l.item
	l.late = *now
	from := l.pool.Late
	l.late.Capture, l.late.Frame, l.late.Raw = from.Capture, from.Frame, from.Time
	l.item = &l.late
	l.conn.run.Bytes(l.host, l.side, b)
	l.item = now
}

// early is a segment whose bytes were kept while nobody knew their protocol.
type early struct {
	slot   int32
	side   int
	opened firedoor.FrameRef // of the flow, as slots are used again
	end    int64             // of its bytes in the stream
	from   reassembly.Origin
}

// keptEarly remembers the segment at hand. Of the flows of a lane that are not
// decided only the latest segments are remembered; what the others say is told
// with the frame that decided.
func (l *lane) keptEarly(c *conn) {
	c.flags |= hasEarly
	l.early[l.nextEarly%uint8(len(l.early))] = early{slot: l.slot, side: l.side, opened: c.opened,
		end: c.half[l.side].stream.Offset(), from: l.origin()}
	l.nextEarly++
}

// earlyOperation hears an operation of a flow whose first bytes were kept: it
// was asked in the frame that brought its last byte.
func (l *lane) earlyOperation(c *conn, op *firedoor.Operation) {
	var found *early
	for i := range l.early {
		e := &l.early[i]
		if e.slot == l.slot && e.opened == c.opened && e.side == int(c.run.Client()) && e.end >= op.Span.End &&
			(found == nil || e.end < found.end) {
			found = e
		}
	}
	if found == nil || op.Phase != firedoor.Asked {
		if op.Phase == firedoor.Asked {
			c.flags &^= hasEarly
		}
		l.operation(c, op)
		return
	}
	now := l.item
	l.before = *now
	l.before.Capture, l.before.Frame, l.before.Raw = found.from.Capture, found.from.Frame, found.from.Time
	l.item = &l.before
	l.operation(c, op)
	l.item = now
}

// origin tells the pool where the segment at hand came from.
func (l *lane) origin() reassembly.Origin {
	return reassembly.Origin{Time: l.item.Raw, Capture: l.item.Capture, Frame: l.item.Frame}
}

// Gap takes note of bytes that will never come.
func (l *lane) Gap(n int64) {
	l.count.Gaps++
	l.source(l.item.Capture).Gaps++
	l.count.MissingBytes += uint64(n)
	l.conn.run.Gap(l.host, l.side, n)
}

// End is the end of one side's stream; the flow ends by its flags.
func (l *lane) End() {}
