package inline

import (
	"firedoor"
	"firedoor/internal/packet"
	"firedoor/internal/policy"
)

// Where both ends of datagrams may ask, nobody is the client: BACnet goes from 47808 to 47808,
// whoever asks. Then there are two flows of the same ports, one for what each of them asks; who
// was heard first says nothing.

// heard is what one flow made of a datagram of its server.
type heard struct {
	asked     int // requests of the server
	allowed   int // of these what may come to this client
	answered  int // answers to what was asked
	unmatched int // and to what nobody here saw
	odd       bool
}

// either tells whether each end of a flow may ask something of the other, and somebody says
// what: on one port the one of a request and of an answer are the same, and a server may listen at
// a port that is known, though it was heard first.
func (g *Gate) either(f *flow, back *policy.Route) bool {
	if g.plan.Open(&f.route) && g.plan.Open(back) || g.safe(&f.route) || g.safe(back) {
		return false
	}
	if f.clientEnd.Port == f.serverEnd.Port {
		return true
	}
	return g.plan.Judges(&f.route) && g.plan.Judges(back) && g.host.Registered(f.clientEnd.Port, false)
}

// safe tells whether a route is of safety traffic, with which nobody interferes.
func (g *Gate) safe(r *policy.Route) bool {
	return g.connects(r).Reason == firedoor.ReasonSafety
}

// turned is the flow of what the server of f asks; it lives as long as f. There are never more
// than flows.
func (g *Gate) turned(f *flow) *flow {
	if f.other != nil {
		return f.other
	}
	o := g.spare()
	*o = flow{key: f.key, client: f.client.Other(), clientEnd: f.serverEnd, serverEnd: f.clientEnd, other: f, unanswered: o.unanswered[:0]}
	f.other = o
	o.rate = g.rateOf(o)
	g.look(o)
	g.speak(o)
	return o
}

// asker gives the flow in which a datagram asks something, and whether it must be a request that
// somebody knows; nil where it answers, or asks what it may within the other's. An answer is one to a request that went before: else a
// request that reads as an answer too would pass. What a server asks of its client on the way that
// the client opened (notifications that it subscribed to) passes by a rule that names that
// function; and where the server has no way of its own, by any rule, if it changes nothing.
func (g *Gate) asker(f *flow, payload []byte) (asks *flow, known bool) {
	own, peer := f, g.turned(f)
	if f.client != g.from {
		own, peer = peer, own
	}
	g.feed(peer, payload)
	h := &g.heard
	if !h.odd && (h.asked == 0 && h.answered > 0 && h.unmatched == 0 || h.asked > 0 && h.asked == h.allowed) {
		g.flow = f
		return nil, false
	}
	return own, h.odd || g.plan.Admits(&own.route) // who has no way to ask mostly answers
}

// overhear judges what the server of a flow asks of its client by the flow's own rules.
func (g *Gate) overhear(op *firedoor.Operation) {
	g.heard.asked++
	f := g.flow
	if !f.both {
		return
	}
	g.request = policy.Request{Route: &f.route, Time: g.now}
	name := ""
	if p := f.runner.Protocol(); p != nil {
		name = p.Name
	}
	g.text = g.request.Take(op, name, g.text)
	v := policy.Decide(g.plan, &g.request)
	back := g.plan.Route(f.route.Server, f.route.Client, f.key.proto, f.clientEnd.Port)
	if v.Says == firedoor.Pass && (g.plan.NamesFunction(&v) || !op.Verb.Changes() && !g.plan.Admits(&back)) {
		g.heard.allowed++
	}
}

// feed gives a datagram to the parser of a flow.
func (g *Gate) feed(f *flow, payload []byte) {
	if f.runner.GivenUp() { // what came before says nothing of this one
		f.half[0].ahead, f.half[1].ahead = 0, 0
		g.speak(f)
	}
	g.flow = f
	g.parse(f, f.half[g.from].ahead, payload)
	f.half[g.from].ahead += int64(len(payload))
}

// unclear tells whether nobody can say who is the client of a connection that is under way: both
// directions are judged, and the ports, of which the client chose one, say as much of the one as of
// the other.
func (g *Gate) unclear(there, back *policy.Route, p *packet.Packet) bool {
	return p.Proto == packet.TCP && g.plan.Judges(there) && g.plan.Judges(back) && (g.plan.Enforces(there) || g.plan.Enforces(back)) &&
		g.host.Registered(p.SrcPort, true) == g.host.Registered(p.DstPort, true)
}
