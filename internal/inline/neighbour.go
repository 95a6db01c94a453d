package inline

import "firedoor"

const typeARP = 0x0806

// arpEnds are the addresses of IPv4 that ask for each other in a packet of ARP (RFC 826); none where it has others.
func arpEnds(b []byte) (src, dst firedoor.IP) {
	if len(b) >= 28 && be.Uint16(b[2:]) == typeIPv4 && b[5] == 4 {
		src, dst = firedoor.IPv4(be.Uint32(b[14:])), firedoor.IPv4(be.Uint32(b[24:]))
	}
	return src, dst
}

// neighbour passes what finds neighbours, or says who belongs to a group, but where an end is taken off the network.
func (g *Gate) neighbour(b []byte, src, dst firedoor.IP) {
	p := &g.packet
	from := g.plan.Place(g.segment, src, p.SrcMAC)
	if g.plan.IsGroup(from) { // nobody sends as one
		from = 0
	}
	if g.plan.Holds(from) || g.plan.Holds(g.plan.Place(g.segment, dst, p.DstMAC)) {
		g.stop(b, firedoor.Verdict{Action: firedoor.Drop, Says: firedoor.Drop, Reason: firedoor.ReasonQuarantine, Rule: -1, Conduit: -1})
		return
	}
	g.pass(b, firedoor.ReasonLink)
}
