package inline

import (
	"slices"

	"firedoor"
	"firedoor/internal/packet"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
)

// Of a datagram nobody can say from its ports whether it asks or answers: its sender chose both. So it is
// an answer if somebody saw what it answers, and what nobody asked for passes where it says nothing but
// what its sender may say.

// talk gives the flow of two ports, nil where none is known: datagrams of long ago are answered no more.
func (g *Gate) talk(k key) *flow {
	f := g.flows[k]
	if f != nil && k.proto == packet.UDP && g.age-f.last > idleUDP {
		g.forget(k, f)
		f = nil
	}
	g.asks = g.asks && f == nil            // else this gate knows better,
	if f != nil && k.proto == packet.UDP { // for as long as anybody goes on, like whoever else saw it
		f.last = g.age
	}
	return f
}

// denies judges a datagram that nobody asked for, where its sender may ask nothing: it passes if
// it reads as what the sender may say, and not else. It leaves nothing behind: a flood of them takes no room, and what
// comes from the other side does not answer it.
func (g *Gate) denies(k key, h *headers, b []byte) bool {
	p := &g.packet
	if p.Proto != packet.UDP {
		return false
	}
	if answers, _ := g.answers(p); answers {
		return false
	}
	f := &g.asked
	f.key, f.client = k, g.from
	f.clientEnd = firedoor.Endpoint{IP: p.SrcIP, MAC: p.SrcMAC, Port: p.SrcPort}
	f.serverEnd = firedoor.Endpoint{IP: p.DstIP, MAC: p.DstMAC, Port: p.DstPort}
	f.route = g.sent(g.plan.Route(g.plan.Place(g.segment, p.SrcIP, p.SrcMAC), g.plan.Place(g.segment, p.DstIP, p.DstMAC), p.Proto, p.DstPort))
	v := g.connects(&f.route)
	if v.Says == firedoor.Pass {
		return false
	}
	route := f.route
	if !g.plan.Cuts(&route) && g.unbidden(f, h, b) {
		g.pass(b, firedoor.ReasonRule)
		return true
	}
	back := g.plan.Route(route.Server, route.Client, p.Proto, p.SrcPort)
	if v.Action == firedoor.Pass && g.plan.Enforces(&back) { // it is only tested, and what answers it is not
		return false
	}
	f.client, f.route, f.deep = g.from, route, true // of the connection alone, whatever was judged before
	f.clientEnd, f.serverEnd = f.serverEnd, f.clientEnd
	if g.flow = f; g.admit(f, b) {
		g.pass(b, firedoor.ReasonRule) // where it is only tested
	}
	return true
}

// unbidden tells whether a datagram that nobody asked for says what its sender may say by the rules
// of what its receiver may ask there: in a protocol that they name, nothing that asks for anything, and to a port
// where nothing else is known to listen. Devices tell much that nobody here saw asked: measured
// values that were ordered before a gateway stood here, cyclic data that another connection settled. f is turned into
// what its receiver would ask.
func (g *Gate) unbidden(f *flow, h *headers, b []byte) bool {
	f.client = g.from.Other()
	f.clientEnd, f.serverEnd = f.serverEnd, f.clientEnd
	g.look(f)
	payload := b[h.payload:h.end]
	if len(payload) == 0 {
		return false
	}
	if g.connects(&f.route).Says != firedoor.Pass { // nor may its receiver ask, as at another time of the day
		return false
	}
	for _, name := range g.plan.Speaks(&f.route) {
		g.request.Level, g.request.Protocol = policy.OfFlow, name
		if policy.Decide(g.plan, &g.request).Says != firedoor.Pass { // a rule stops all of it
			continue
		}
		for _, proto := range g.host.Speakers(name, false) {
			if g.mayListen(f.clientEnd.Port, proto) && g.says(f, proto, payload) {
				return true
			}
		}
	}
	return false
}

// mayListen tells whether a protocol may be what is understood at a UDP port: no other one is known there, nor by TCP, for
// devices that speak it by both have one port for it (Modbus).
func (g *Gate) mayListen(port uint16, proto *protocol.Protocol) bool {
	udp, tcp := g.host.OnPort(port, false), g.host.OnPort(port, true)
	return len(udp)+len(tcp) == 0 || slices.Contains(udp, proto) || len(udp) == 0 && slices.Contains(tcp, proto)
}

// says tells whether a datagram reads as what the server of a flow may say in a protocol: it asks nothing but what a rule
// names that lets its client be told so. A parser that takes its sender for a server may find nothing in a request, so it is
// read in both ways: nothing may be asked in it by the one that is not by the other.
func (g *Gate) says(f *flow, proto *protocol.Protocol, payload []byte) bool {
	if proto.Probe(payload) == protocol.No || !f.both && proto.Orient != nil && proto.Orient(payload) == protocol.SentByClient {
		return false
	}
	g.readAs(f, proto, f.client, payload)
	told := g.heard.asked
	if g.heard.odd || told > 0 && (!f.both || told != g.heard.named) {
		return false
	}
	g.readAs(f, proto, g.from, payload)
	return g.heard.asked <= told
}

// readAs reads a datagram as one of a flow that begins with it, with a client on a side.
func (g *Gate) readAs(f *flow, proto *protocol.Protocol, client Port, payload []byte) {
	f.half[0].ahead, f.half[1].ahead = 0, 0
	f.runner.Begin(g.host, protocol.Flow{UDP: true, Ports: f.ports(), Client: uint8(client), Sure: true})
	f.runner.Become(g.host, proto, nil)
	g.feed(f, payload)
	f.runner.End(g.host)
}

// unasked tells whether a datagram comes from the server of a flow while nothing of its client went on
// that it may answer, or nothing of its client's may go on any more: then it is judged as what its sender asks. What
// passes anyway needs no request.
func (g *Gate) unasked(f *flow) bool {
	if f.key.proto != packet.UDP || g.from == f.client {
		return false
	}
	if f.generation != g.generation {
		g.look(f)
	}
	if !f.open && g.connects(&f.route).Action != firedoor.Pass {
		return true
	}
	return !f.went && !f.free
}

// freely tells whether all datagrams of a route pass, whatever they say.
func (g *Gate) freely(r *policy.Route) bool {
	if g.plan.Judges(r) {
		return false
	}
	return g.connects(r).Says == firedoor.Pass
}

// call is a datagram to a group: whoever belongs to it answers, and nobody knows who does. Its sender may
// have no address yet (DHCP), so it is known by its MAC.
type call struct {
	scope        packet.Scope
	from         Port         // where it came in
	client       firedoor.MAC // 0: whoever called, for what answers to a group
	port, server uint16
}

// Calls are remembered for callsAge ns and then forgotten, maxCalls of them at a time; where there are more, those from
// before are forgotten sooner.
const (
	callsAge = int64(60 * 1e9)
	maxCalls = 4096
)

// calls are what was called last, and before that.
type calls struct {
	now, before map[call]int64
	turned      int64
}

// remembers keeps that a datagram to a group went on.
func (g *Gate) remembers(p *packet.Packet) {
	c := &g.called
	if c.now == nil || g.age-c.turned > callsAge || len(c.now) >= maxCalls {
		if g.age-c.turned <= callsAge {
			g.Counts.CallsYielded += uint64(len(c.before))
		}
		if c.before, c.now = c.now, c.before; c.now == nil {
			c.now = map[call]int64{}
		}
		clear(c.now)
		c.turned = g.age
	}
	k := call{p.Scope, g.from, p.SrcMAC, p.SrcPort, p.DstPort}
	c.now[k] = g.age
	k.client = 0
	c.now[k] = g.age
}

// wasAsked tells whether somebody saw lately what a datagram of a route answers: of its own ports, or a call to a
// group. What goes to a group itself asks, where it may.
func (g *Gate) wasAsked(p *packet.Packet, r *policy.Route) bool {
	if g.asks {
		return true
	}
	k := call{p.Scope, g.from.Other(), p.DstMAC, p.DstPort, p.SrcPort}
	if p.DstMAC.IsGroup() {
		if g.connects(r).Says == firedoor.Pass {
			return false
		}
		k.client = 0
	}
	for _, m := range [...]map[call]int64{g.called.now, g.called.before} {
		if at, ok := m[k]; ok && g.age-at <= callsAge {
			return true
		}
	}
	return false
}

// connects is the verdict on a connection of a route.
func (g *Gate) connects(r *policy.Route) firedoor.Verdict {
	g.route = *r // of the gate, so that none of the many that are looked at is allocated
	g.request = policy.Request{Route: &g.route, Time: g.now, Level: policy.OfConnection}
	return policy.Decide(g.plan, &g.request)
}
