package inline

import (
	"firedoor/internal/packet"
)

// near is how far a client's acknowledgement may be from where its server was heard last, in
// bytes: answers may pass by, and be under way. Who hears no server hits it once in 2^15.
const near = 1 << 16

// meet notes who was heard of a connection, with a frame of it.
func (g *Gate) meet(f *flow) {
	p := &g.packet
	switch tcp := p.Proto == packet.TCP; {
	case tcp && p.Flags&packet.RST != 0: // who knows of no connection resets it
	case g.from != f.client:
		f.heard = true
		if f.said = p.Seq + uint32(len(p.Payload)); p.Flags&(packet.SYN|packet.FIN) != 0 {
			f.said++
		}
	case tcp:
		if behind := int32(f.said - p.Ack); f.heard && p.Flags&packet.ACK != 0 && behind <= near && behind >= -near {
			f.confirmed = true
		}
	default:
		f.confirmed = f.confirmed || f.heard
	}
	f.place.used()
	g.rank(f)
}

// confirm notes that a server took bytes of its client, who so knows what it said.
func (g *Gate) confirm(f *flow) {
	f.heard, f.confirmed = true, true
	g.rank(f)
}

// rank has what a connection takes count as what is known of it now.
func (g *Gate) rank(f *flow) {
	k := f.kind()
	g.places.move(&f.place, k)
	g.waits.move(&f.wait, k)
	g.parts.move(&f.part, k)
}

// makeRoom forgets a connection to make room for another one; false where none is to be forgotten.
func (g *Gate) makeRoom() bool {
	c := g.places.yields()
	if c == nil {
		return false
	}
	if f := c.flow; f.kind() != madeUp {
		g.Counts.FlowsYielded++
	}
	g.forget(c.flow.key, c.flow)
	return true
}

// roomToWait makes room for a frame that is to wait; false where there is none.
func (g *Gate) roomToWait(size int) bool {
	for g.waits.full(size) {
		c := g.waits.yields()
		if c == nil {
			return false
		}
		held := g.Counts.Held
		c.flow.letGo(g)
		g.Counts.HeldYielded += held - g.Counts.Held
	}
	return true
}

// fits makes room for a part of a message of a flow. It returns false where the flow itself made it: it is within a
// message then whose beginning is gone.
func (g *Gate) fits(f *flow) bool {
	own := false
	for g.parts.full(0) {
		c := g.parts.yields()
		if c == nil {
			break
		}
		g.Counts.PartsYielded++
		o := c.flow
		o.runner.End(g.host)
		g.parts.leave(&o.part)
		g.speak(o)
		o.torn = true
		own = own || o == f
	}
	return !own
}
