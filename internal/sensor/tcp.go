package sensor

import (
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
	l.finish(l.slot)
	k := l.flows.Key(l.slot)
	l.open(c, l.item, &k, side)
	c.half[side].seen.sum[0], c.half[side].seen.pos = signature(p), 1
	c.half[side].packets, c.half[side].bytes, c.half[side].last = 1, uint64(p.WireLen), p.Time
	l.conn, l.side = c, side
}

// Bytes, Gap and End are what a stream calls: the lane knows for whom.

// Bytes takes the next bytes of the stream under way.
func (l *lane) Bytes(b []byte) {
	if l.pool.Late != nil {
		l.lateBytes(b)
		return
	}
	l.conn.run.Bytes(l.host, l.side, b)
}

// lateBytes takes bytes that waited for others which never came. What they say
// was said in their own frame; learning goes by the time it is heard.
func (l *lane) lateBytes(b []byte) {
	now := l.item
	l.late = *now
	from := l.pool.Late
	l.late.Capture, l.late.Frame, l.late.Raw = from.Capture, from.Frame, from.Time
	l.item = &l.late
	l.conn.run.Bytes(l.host, l.side, b)
	l.item = now
}

// origin tells the pool where the segment at hand came from.
func (l *lane) origin() reassembly.Origin {
	return reassembly.Origin{Time: l.item.Raw, Capture: l.item.Capture, Frame: l.item.Frame}
}

// Gap takes note of bytes that will never come.
func (l *lane) Gap(n int64) {
	l.count.Gaps++
	l.count.MissingBytes += uint64(n)
	l.conn.run.Gap(l.host, l.side, n)
}

// End is the end of one side's stream; the flow ends by its flags.
func (l *lane) End() {}
