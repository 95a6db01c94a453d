package inline

import "firedoor"

// EtherTypes that keep a link alive: LLDP, MRP, PTP, EAPOL, DLR. They pass, whatever a policy says.
var linkTypes = map[uint16]bool{0x88cc: true, 0x88e3: true, 0x88f7: true, 0x888e: true, 0x80e1: true}

// Supervision of PRP and HSR goes to addresses of a group of its own (IEC 62439-3, 4.3). To others its type may carry
// anything, for the first edition of HSR tags its data with it.
const (
	typeSupervision  = 0x88fb
	supervisionGroup = firedoor.MAC(0x01154e000100)
)

// bridgeGroup is the block of addresses that bridges do not pass on (IEEE 802.1Q,
// table 8-1): spanning tree and its like.
const bridgeGroup = firedoor.MAC(0x0180c2000000)

// bridgeTypes are EtherTypes in which bridges speak to each other: MSRP, pauses, LACP, MVRP, MMRP, CFM, ECP. Others are of
// devices, whatever address they go to: a device of EtherCAT takes what comes.
var bridgeTypes = map[uint16]bool{0x22ea: true, 0x8808: true, 0x8809: true, 0x88f5: true, 0x88f6: true, 0x8902: true, 0x8940: true}

// toBridges tells whether a frame is one of bridges: by its type, or with a length (spanning tree), to that block, or to the
// two addresses of Cisco's (CDP, VTP, DTP, UDLD; spanning tree for each VLAN), without which there would be loops.
func toBridges(m firedoor.MAC, kind uint16) bool {
	return (kind < 0x600 || bridgeTypes[kind]) && (m&^0xf == bridgeGroup || m&^1 == 0x01000ccccccc)
}

// keepsLink tells whether a frame keeps a link alive: it belongs to the link and not to a device.
func keepsLink(to firedoor.MAC, kind uint16) bool {
	return linkTypes[kind] || kind == typeSupervision && to&^0xff == supervisionGroup || toBridges(to, kind)
}

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
