package inline

import (
	"firedoor"
	"firedoor/internal/packet"
	"firedoor/internal/policy"
)

// A policy may say at which port the devices of a zone are. What comes in at the other one in the name of such a
// device was sent by somebody else.

// side is a port as policies have it.
func (p Port) side() policy.Side {
	if p == Inside {
		return policy.Inside
	}
	return policy.Outside
}

// Astray tells whether the sender of a packet that came in at a port is at the other one.
func Astray(plan *policy.Plan, segment string, p *packet.Packet, ip firedoor.IP, from Port) bool {
	return plan.Sided() && plan.Astray(plan.Place(segment, ip, p.SrcMAC), ip, from.side())
}

// fromWrongSide judges a frame that came in at the other port than its sender is at, as the kernel's program does, and tells
// whether it goes no further. Safety traffic does, and so does what may be, or answer, something that is
// never blocked: that is judged by what it asks. ports: they can be read.
func (g *Gate) fromWrongSide(b []byte, ports bool) (stopped bool) {
	p := &g.packet
	src, dst := p.SrcIP, p.DstIP
	if p.EtherType == typeARP {
		src, dst = arpEnds(p.Payload)
	}
	if g.astray = Astray(g.plan, g.segment, p, src, g.from) && !(p.Layer < packet.LayerNetwork && policy.KeepsLink(p.DstMAC, p.EtherType)); !g.astray {
		return false
	}
	a, z := g.plan.Place(g.segment, src, p.SrcMAC), g.plan.Place(g.segment, dst, p.DstMAC)
	there, back := g.astrayRoutes(a, z, ports)
	mode, _ := g.plan.SideMode(a, z)
	g.astray = mode == policy.Enforce // else it is judged as what it says that it is
	if neighbour(p) {
		if g.plan.SpareNeighbours(a) {
			return false
		}
	} else if g.spared(&there) || g.spared(&back) {
		return false
	}
	v := firedoor.Verdict{Says: firedoor.Drop, Reason: firedoor.ReasonWrongSide, Rule: -1, Conduit: max(there.Conduit, -1)}
	if v.Conduit < 0 {
		v.Conduit = back.Conduit
	}
	switch mode {
	case policy.Enforce:
		v.Action = v.Says
		g.stop(b, v)
		return true
	case policy.Test:
		g.tell(b, b, v, firedoor.Pass)
	}
	return false
}

// astrayRoutes are those of the frame at hand, which asks or answers, between two places.
func (g *Gate) astrayRoutes(a, z policy.Place, ports bool) (there, back policy.Route) {
	p := &g.packet
	proto, to, from := p.Proto, uint16(0), uint16(0)
	switch {
	case p.Layer < packet.LayerNetwork:
		proto, to = policy.Link, policy.FrameType(p.EtherType)
		from = to
	case p.Layer == packet.LayerTransport && ports && p.Scope.Tunnel == packet.NoTunnel:
		to, from = p.DstPort, p.SrcPort
	case p.Fragment || p.Layer == packet.LayerTransport || p.Broken != "":
		proto = 0 // what it is of is not known
	}
	return g.plan.FromWrongSide(g.plan.Route(a, z, proto, to)), g.plan.FromWrongSide(g.plan.Route(z, a, proto, from))
}

// spared tells whether something on a route from the wrong side passes nevertheless.
func (g *Gate) spared(r *policy.Route) bool {
	switch g.connects(r).Reason {
	case firedoor.ReasonSafety, firedoor.ReasonNeverBlock:
		return true
	}
	return false
}

// sent is a route of the frame at hand, by what is known of its sender.
func (g *Gate) sent(r policy.Route) policy.Route {
	if g.astray {
		return g.plan.FromWrongSide(r)
	}
	return r
}

// askedFrom is a route whose client is at a port.
func (g *Gate) askedFrom(r policy.Route, client firedoor.IP, at Port) policy.Route {
	if !g.plan.Sided() || !g.plan.Astray(r.Client, client, at.side()) {
		return r
	}
	if mode, _ := g.plan.SideMode(r.Client, r.Server); mode != policy.Enforce {
		return r // it was told
	}
	return g.plan.FromWrongSide(r)
}

// neighbour tells whether a frame finds neighbours, or says who belongs to a group.
func neighbour(p *packet.Packet) bool {
	return p.EtherType == typeARP || discovery(p) || membership(p)
}

// discovery tells whether a packet is of neighbour discovery, from a neighbour (RFC 4861, 6.1).
func discovery(p *packet.Packet) bool {
	return p.Proto == packet.ICMPv6 && p.Layer >= packet.LayerNetwork && p.TTL == 255 && len(p.Payload) > 0 && p.Payload[0] >= 133 && p.Payload[0] <= 137
}
