package sensor

import (
	"firedoor"
	"firedoor/internal/flow"
	"firedoor/internal/packet"
	"firedoor/internal/protocol"
)

// Four ways in which a packet belongs to another flow than its own header says:
// a mirror that strips the VLAN tag of one direction, a server that answers from
// another port than it was asked at, a flow that another flow announced, and frames
// that come back to their sender.

// comesBack makes a frame that comes back to its sender one of the flow in which it
// went out: its source, marked on the way, is the sender's again. Where that flow was
// not seen it is one of its own.
func (l *lane) comesBack(p *packet.Packet, k *flow.Key, side int) (int, bool) {
	if proto := l.host.Ethernet(p.EtherType); proto == nil || !proto.Returns {
		return side, false
	}
	marked := p.SrcMAC
	p.SrcMAC = p.SrcMAC.Universal()
	out := *k
	outSide := out.Set(p, k.Segment)
	if slot, found := l.flows.Find(&out); found && l.at(slot).joined < 0 {
		*k = out
		return outSide, true
	}
	p.SrcMAC = marked
	return side, false
}

// speaker is the side whose words a frame of a side brings: what comes back is what the
// other one has to say.
func (l *lane) speaker(side int) int {
	if l.back {
		return 1 - side
	}
	return side
}

// taggedPair remembers in which tagged segment an address pair was seen last,
// and whether a mirror was caught at stripping the tag of one of its directions.
type taggedPair struct {
	pair     uint64
	segment  firedoor.Segment
	stripped bool
}

// join makes a fresh flow the other half of an existing one, if the only
// difference is that one of them lost its VLAN tag and each was seen in one
// direction only. Two VLANs with equal addresses are never joined. The flow's
// ends are then in the tagged segment, whichever half came first.
func (l *lane) join(c *conn, it *item, k *flow.Key, side int) {
	p := &it.Packet
	if p.Layer != packet.LayerTransport {
		return
	}
	pair := flow.PairHash(p)
	last := &l.tagged[pair>>56]
	bare := p.Scope == packet.Scope{}
	other := *k
	switch {
	case bare && last.pair == pair:
		other.Segment = last.segment
	case !bare && p.Scope.Tunnel == packet.NoTunnel:
		if last.pair != pair || last.segment != it.Segment {
			*last = taggedPair{pair: pair, segment: it.Segment}
		}
		other.Segment = l.bare
	default:
		return
	}
	slot, found := l.flows.Find(&other)
	if !found && bare && last.stripped {
		c.live(last.segment)
	}
	if !found || other.Segment == k.Segment {
		return
	}
	o := l.at(slot)
	if o.joined >= 0 || o.half[side].packets != 0 || o.half[1-side].packets == 0 {
		return
	}
	c.joined = slot
	c.opened = o.opened
	last.stripped = true
	if o.conv < 0 {
		o.live(last.segment)
	}
	l.count.StrippedVLANs++
	l.count.Flows--
}

// elsewhere makes a fresh flow on UDP a part of the one in which its sender was asked
// at its protocol's own port, if it begins with an answer.
func (l *lane) elsewhere(c *conn, it *item, k *flow.Key, side int) {
	p := &it.Packet
	if c.joined >= 0 || p.Layer != packet.LayerTransport || p.Proto != packet.UDP {
		return
	}
	for _, proto := range l.wandering {
		if slot, o := l.askedAt(proto, p, k, side); o != nil {
			c.joined, c.opened = slot, o.opened
			l.count.Flows--
			return
		}
	}
}

// answersElsewhere gives the flow that waits for the answer that a packet is, where
// nothing waits in its own.
func (l *lane) answersElsewhere(c *conn, it *item, k *flow.Key, side int) (int32, *conn) {
	proto := c.run.Protocol()
	if proto == nil || !proto.Elsewhere || c.asks >= 0 {
		return -1, nil
	}
	slot, o := l.askedAt(proto, &it.Packet, k, side)
	if o == nil || o.asks < 0 {
		return -1, nil
	}
	asked := l.flows.Key(slot)
	l.flows.Touch(&asked, it.Time)
	return slot, o
}

// askedAt finds the flow to the own port of a protocol whose client a packet answers
// from another port, nil if there is none.
func (l *lane) askedAt(proto *protocol.Protocol, p *packet.Packet, k *flow.Key, side int) (int32, *conn) {
	port := proto.UDP[0]
	if p.SrcPort == port || p.DstPort == port || p.SrcIP == p.DstIP ||
		proto.Probe(p.Payload) != protocol.Yes || proto.Orient(p.Payload) != protocol.SentByServer {
		return -1, nil
	}
	asked := *k
	if side == 0 {
		asked.LoPort = port
	} else {
		asked.HiPort = port
	}
	slot, found := l.flows.Find(&asked)
	if !found {
		return -1, nil
	}
	if o := l.at(slot); o.joined < 0 && o.run.Protocol() == proto && int(o.run.Client()) == 1-side {
		return slot, o
	}
	return -1, nil
}

// live puts both ends of a flow into a segment.
func (c *conn) live(seg firedoor.Segment) { c.end[0].Segment, c.end[1].Segment = seg, seg }

// whole is the flow that a half belongs to. If that is gone, the half begins anew.
func (l *lane) whole(slot int32, c *conn, it *item, side int) (whole int32, _ *conn, fresh bool) {
	now := it.Time
	if to, o := l.other(slot, c, now); o != nil {
		return to, o, false
	}
	slot, _ = l.flows.Touch(&l.key, now)
	c = l.at(slot)
	l.open(c, it, &l.key, side)
	l.join(c, it, &l.key, side)
	l.elsewhere(c, it, &l.key, side)
	l.bound(slot, c)
	if c.joined >= 0 {
		l.via = slot
		to, o := l.other(slot, c, now)
		return to, o, false
	}
	l.via = -1
	return slot, c, true
}

// other follows a joined flow to the one it belongs to; nil if that is gone.
func (l *lane) other(slot int32, c *conn, now int64) (int32, *conn) {
	to := c.joined
	if !l.flows.Live(to) || l.at(to).opened != c.opened {
		l.flows.Remove(slot)
		return -1, nil
	}
	k := l.flows.Key(to)
	l.flows.Touch(&k, now)
	return to, l.at(to)
}

// expectation is a flow that a parser announced. Zero members match anything.
type expectation struct {
	want firedoor.Expect
	from [2]firedoor.IP // client and server of the announcing flow
	seg  firedoor.Segment
}

// expect remembers an announced flow; at the limit the oldest is forgotten.
func (l *lane) expect(c *conn, e *firedoor.Expect) {
	x := expectation{want: *e, from: [2]firedoor.IP{c.client().IP, c.server().IP}, seg: c.client().Segment}
	if e.Here {
		if e.UDP != (c.proto == packet.UDP) {
			return
		}
		x.want.ServerPort = c.server().Port
	}
	if len(l.expected) >= maxExpected {
		copy(l.expected, l.expected[1:])
		l.expected = l.expected[:maxExpected-1]
	}
	l.expected = append(l.expected, x)
	l.expects++
}

// meet looks whether a UDP flow is one that was announced since it last looked,
// and gives it the announcer's protocol and state.
func (l *lane) meet(c *conn) {
	c.expects = l.expects
	for i := len(l.expected) - 1; i >= 0; i-- {
		x := &l.expected[i]
		p := l.host.ByName(x.want.Protocol)
		if p == nil || !x.want.UDP || x.seg != c.end[0].Segment {
			continue
		}
		client, ok := x.matches(c)
		if !ok {
			continue
		}
		c.run.Expected(l.host, p, x.want.State, client)
		return
	}
}

// matches tells which side of the flow is the announced client.
func (x *expectation) matches(c *conn) (client int, ok bool) {
	fits := func(e *firedoor.Endpoint, ip, from firedoor.IP, port uint16) bool {
		if ip.IsZero() {
			ip = from
		}
		return e.IP == ip && (port == 0 || e.Port == port)
	}
	for side := range 2 {
		if fits(&c.end[side], x.want.ClientIP, x.from[0], x.want.ClientPort) &&
			fits(&c.end[1-side], x.want.ServerIP, x.from[1], x.want.ServerPort) {
			return side, true
		}
	}
	return 0, false
}
