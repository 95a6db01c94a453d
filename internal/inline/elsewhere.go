package inline

import "firedoor/internal/protocol"

// A server of PROFINET's context management is asked at one port, answers from another one, and
// may be asked further there. What it answers is told by the one who was asked, and whatever is asked at its
// other port is judged as if it were asked at its own.

// askedElsewhere is the flow that a datagram belongs to whose server went on from another port
// than it was asked at; nil if there is none. It begins with an answer and with nothing else: a
// client cannot move it.
func (g *Gate) askedElsewhere(k key, h *headers, b []byte) *flow {
	if o := g.elsewhere[k]; o != nil {
		return o
	}
	p := &g.packet
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
		if p.DstPort == port || o == nil || !o.deep || o.both || o.asked == 0 || o.client == g.from || o.runner.Protocol() != proto {
			continue
		}
		if payload := b[h.payload:h.end]; proto.Probe(payload) == protocol.Yes && proto.Orient(payload) == protocol.SentByServer {
			g.move(o, k)
			return o
		}
	}
	return nil
}

// move has a flow go on at other ends too. Of several ports of a server the last one counts.
func (g *Gate) move(f *flow, to key) {
	if f.moved {
		delete(g.elsewhere, f.movedTo)
	}
	f.moved, f.movedTo = true, to
	g.elsewhere[to] = f
}
