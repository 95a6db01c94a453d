package inline

import (
	"firedoor/internal/packet"
	"firedoor/internal/protocol"
)

// A server of PROFINET's context management is asked at one port, answers from another one, and
// may be asked further there. What it answers is told by the one who was asked, and whatever is asked at its
// other port is judged as if it were asked at its own.

// askedElsewhere is the flow that a datagram belongs to whose server went on from another port
// than it was asked at; nil if there is none. It begins with an answer and with nothing else: a
// client cannot move it.
func (g *Gate) askedElsewhere(k key, h *headers, b []byte) *flow {
	p := &g.packet
	if o := g.elsewhere[k]; o != nil {
		port := p.SrcPort
		if g.from == o.client {
			port = p.DstPort
		}
		if o.generation == g.generation || g.mayMove(o, port) {
			return o
		}
		delete(g.elsewhere, k)
		o.moved = false
	}
	if p.SrcIP == p.DstIP || g.host.Registered(p.SrcPort, false) || !h.sound(b) { // a port that is known for something else has its own rules
		return nil
	}
	for _, proto := range g.wandering {
		asked, port := k, proto.UDP[0]
		if p.SrcIP.Less(p.DstIP) {
			asked.aPort = port
		} else {
			asked.bPort = port
		}
		o := g.flows[asked]
		if p.DstPort == port || o == nil || !o.deep || o.both || o.asked == 0 || !o.went || o.client == g.from || o.runner.Protocol() != proto || !g.mayMove(o, p.SrcPort) {
			continue
		}
		if payload := b[h.payload:h.end]; proto.Probe(payload) == protocol.Yes && proto.Orient(payload) == protocol.SentByServer {
			g.move(o, k)
			return o
		}
	}
	return nil
}

// mayMove tells whether the policy leaves it to what a server was asked whether it goes on at a
// port: what a rule says of that port holds there.
func (g *Gate) mayMove(f *flow, port uint16) bool {
	c, s := &f.clientEnd, &f.serverEnd
	r := g.plan.Route(g.plan.Place(g.segment, c.IP, c.MAC), g.plan.Place(g.segment, s.IP, s.MAC), packet.UDP, port)
	return g.plan.Elsewhere(&r)
}

// move has a flow go on at other ends too. Of several ports of a server the last one counts.
func (g *Gate) move(f *flow, to key) {
	if f.moved {
		delete(g.elsewhere, f.movedTo)
	}
	f.moved, f.movedTo = true, to
	g.elsewhere[to] = f
}
