package inventory

import "firedoor"

// passes counts an address that a MAC passed on, and makes it a router when
// there are too many for a host.
func (v *Inventory) passes(m firedoor.Moment, st uint32) {
	nd := &v.nodes[st]
	nd.behind++
	if nd.router || nd.shared {
		return
	}
	own, claimed := v.own(st, true)
	if int(nd.behind)+own-claimed > MaxUnclaimed {
		v.becomeRouter(m, st, "sends from more addresses than it claims")
	}
}

// passedOn notes that a MAC was seen to pass on an address that it does not have.
func (v *Inventory) passedOn(m firedoor.Moment, addr, st uint32) {
	mac := v.nodes[st].mac
	for i := range v.nodes[addr].passed {
		switch v.nodes[addr].passed[i] {
		case mac:
			return
		case 0:
			v.nodes[addr].passed[i] = mac
			v.passes(m, st)
			return
		}
	}
}

// unpass takes an address out of the count of the router it was behind.
func (v *Inventory) unpass(addr uint32) {
	nd := &v.nodes[addr]
	if nd.own || nd.mac == 0 {
		return
	}
	if st := v.station(nd.segment, nd.mac); st != none && v.nodes[st].behind > 0 {
		v.nodes[st].behind--
	}
}

// becomeRouter parts the hosts that were taken for the router itself from it:
// a router's MAC never fuses hosts.
func (v *Inventory) becomeRouter(m firedoor.Moment, st uint32, reason string) {
	v.nodes[st].router = true
	a := v.nodes[st].asset
	v.note(a, firedoor.ChangeRouter.String(), 0, v.nodes[st].mac.String(), reason, m)
	v.emit(firedoor.ChangeRouter, m, a, firedoor.Endpoint{Segment: v.nodes[st].segment, MAC: v.nodes[st].mac},
		func(c *firedoor.AssetChange) { c.Reason = reason })
	v.partUnclaimed(m, st, "a router's MAC: "+reason)
}

// partUnclaimed splits off the addresses that a MAC sends from but does not
// claim, because something shows that it passes them on for others.
func (v *Inventory) partUnclaimed(m firedoor.Moment, st uint32, reason string) {
	mac, seg := v.nodes[st].mac, v.nodes[st].segment
	nodes := v.assets[v.nodes[st].asset].nodes
	for i := 0; i < len(nodes); {
		n := nodes[i]
		nd := &v.nodes[n]
		if nd.ip.IsZero() || nd.mac != mac || nd.segment != seg || !nd.own || nd.claimed || nd.virtual || nd.to != 0 ||
			nd.ip.IsLinkLocal() || !nd.ip.Is4() && (!v.nodes[st].router || isEUI64(nd.ip, mac)) {
			i++
			continue
		}
		if !v.split(m, n, reason) {
			return
		}
		v.nodes[st].behind++
		nodes = v.assets[v.nodes[st].asset].nodes
	}
}

// holds says that the device at an address speaks with the MAC of a virtual
// router: it is the one in charge now.
func (v *Inventory) holds(m firedoor.Moment, shared, addr uint32) {
	nd := &v.nodes[shared]
	now := v.assets[v.nodes[addr].asset].id
	before, _ := v.Resolve(nd.holder)
	nd.holder = now
	if before == now {
		return
	}
	const reason = "speaks with the MAC of a redundancy protocol"
	v.relate(nd.asset, "held-by", now, firedoor.IP{}, reason, m)
	v.relate(v.nodes[addr].asset, "holds", v.assets[nd.asset].id, firedoor.IP{}, reason, m)
	if before == 0 {
		return
	}
	e := firedoor.Endpoint{Segment: nd.segment, IP: v.nodes[addr].ip, MAC: nd.mac}
	v.note(nd.asset, firedoor.ChangeVirtualMoved.String(), now, nd.mac.String(), reason, m)
	v.emit(firedoor.ChangeVirtualMoved, m, v.nodes[addr].asset, e, func(c *firedoor.AssetChange) {
		c.Other, c.Reason, c.Source = before, reason, "packets"
		c.Old, c.New = before.String(), now.String()
	})
}
