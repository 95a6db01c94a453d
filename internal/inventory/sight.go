package inventory

import "firedoor"

// address is the table entry of an IP address in a segment: who has it, and
// who says otherwise.
type address struct {
	node       uint32 // the present interval
	challenger firedoor.MAC
	since      int64 // when the dispute began
	last       int64 // the challenger's last word
	frame      firedoor.FrameRef
	source     string
	byClaim    bool // the challenger claims by ARP, not only sends from it
	queued     bool
	flaps      int
	flapped    int64
	told       int64
	everTold   bool
}

// Sight says that a packet's sender was seen: call it at the first packet of
// each (segment, address, MAC) and whenever the MAC behind an address changes.
// routed says that the packet's hop count shows that a router passed it on; the
// address is then not taken for the MAC's own. Group and unspecified addresses
// are nobody. It returns the sender's asset, zero if it was not admitted.
func (v *Inventory) Sight(m firedoor.Moment, e firedoor.Endpoint, routed bool) firedoor.AssetID {
	v.Advance(m.Time)
	n := v.sight(m, normal(e), routed, false)
	if n == none {
		return 0
	}
	return v.assets[v.nodes[n].asset].id
}

// sight returns the node of the sender, none if it was not admitted.
func (v *Inventory) sight(m firedoor.Moment, e firedoor.Endpoint, routed, grave bool) uint32 {
	v.door.keep = [2]uint32{none, none}
	if e.IP.IsZero() {
		if e.MAC == 0 {
			return none
		}
		st, fresh := v.ensureStation(m, e, "frames", grave)
		if fresh {
			v.announce(m, v.nodes[st].asset, e)
		}
		return st
	}
	ai, seen := v.byIP[ipKey{e.Segment, e.IP}]
	if !seen {
		return v.sightNew(m, e, routed, grave)
	}
	cur := v.addresses[ai].node
	nd := &v.nodes[cur]
	v.door.keep[0] = nd.asset
	switch {
	case e.MAC == 0:
		v.touch(cur, m)
		return cur
	case nd.mac == e.MAC:
		v.touch(cur, m)
		v.holderSpeaks(m, ai)
		if nd.to != 0 {
			nd.to = 0 // it has the address again
		}
		return cur
	case nd.mac == 0 || !nd.own:
		return v.sightUnbound(m, e, cur, routed, grave)
	default:
		return v.sightOther(m, e, ai, cur, routed, grave)
	}
}

// sightNew is the first sight of an address.
func (v *Inventory) sightNew(m firedoor.Moment, e firedoor.Endpoint, routed, grave bool) uint32 {
	if e.MAC == 0 {
		if !v.admit(m, grave) {
			return none
		}
		a := v.newAsset(e.Segment, 0, e.IP)
		n := v.addAddress(m, a, e, false, "packets", 60)
		v.announce(m, a, e)
		return n
	}
	st, fresh := v.ensureStation(m, e, "frames", grave)
	if st == none {
		return none
	}
	if v.fits(st, e.IP, routed) {
		a := v.nodes[st].asset
		n := v.addAddress(m, a, e, true, "packets", 60)
		if fresh {
			v.announce(m, a, e)
		} else if n != none {
			v.newAddress(m, a, e, "packets")
		}
		if n == none {
			return st
		}
		return n
	}
	if fresh {
		v.announce(m, v.nodes[st].asset, firedoor.Endpoint{Segment: e.Segment, MAC: e.MAC})
	}
	v.door.keep[1] = v.nodes[st].asset
	if !v.admit(m, grave) {
		v.passes(m, st)
		return none
	}
	a := v.newAsset(e.Segment, 0, e.IP)
	n := v.addAddress(m, a, e, false, "packets", 60)
	v.announce(m, a, e)
	v.passes(m, st)
	return n
}

// sightUnbound is an address without a host's MAC of its own (seen without
// MAC, or only behind a router), now seen with this MAC.
func (v *Inventory) sightUnbound(m firedoor.Moment, e firedoor.Endpoint, cur uint32, routed, grave bool) uint32 {
	v.touch(cur, m)
	st, fresh := v.ensureStation(m, e, "frames", grave)
	if st == none {
		return cur
	}
	if v.nodes[st].shared {
		v.holds(m, st, cur)
		return cur
	}
	if v.fits(st, e.IP, routed) {
		v.unpass(cur)
		v.bind(m, cur, st, "packets carry this MAC and no other address does", false)
		return cur
	}
	if fresh {
		v.announce(m, v.nodes[st].asset, firedoor.Endpoint{Segment: e.Segment, MAC: e.MAC})
	}
	if v.nodes[cur].mac == 0 {
		v.nodes[cur].mac = e.MAC
		v.passes(m, st)
	} else {
		v.passedOn(m, cur, st)
	}
	return cur
}

// sightOther is an address that belongs to one MAC, sent from another.
func (v *Inventory) sightOther(m firedoor.Moment, e firedoor.Endpoint, ai, cur uint32, routed, grave bool) uint32 {
	st, fresh := v.ensureStation(m, e, "frames", grave)
	if fresh {
		v.announce(m, v.nodes[st].asset, firedoor.Endpoint{Segment: e.Segment, MAC: e.MAC})
	}
	if st != none {
		if v.nodes[st].shared {
			v.touch(cur, m)
			v.holds(m, st, cur)
			return cur
		}
		if n := v.sharedWith(st, e.IP); n != none { // it held the address before
			v.touch(n, m)
			if v.nodes[cur].virtual {
				v.moveVirtual(m, ai, st, "packets", false)
				return n
			}
		} else if own, _ := v.own(st, e.IP.Is4()); routed || own > 0 || v.nodes[st].router {
			v.touch(cur, m)
			v.passedOn(m, cur, st)
			return cur
		}
		if v.nodes[cur].to != 0 {
			return v.take(m, ai, st, m.Time, false, "packets", "the address was free")
		}
	}
	v.challenge(m, ai, e.MAC, "packets", false)
	return st
}

// ensureStation finds or admits the asset of a MAC; fresh says it is new.
func (v *Inventory) ensureStation(m firedoor.Moment, e firedoor.Endpoint, source string, grave bool) (n uint32, fresh bool) {
	if n = v.station(e.Segment, e.MAC); n != none {
		v.touch(n, m)
		return n, false
	}
	if e.MAC == 0 || !v.admit(m, grave) {
		return none, false
	}
	a := v.newAsset(e.Segment, e.MAC, firedoor.IP{})
	n = v.newNode(m, a, firedoor.Endpoint{Segment: e.Segment, MAC: e.MAC}, source, 90)
	v.nodes[n].shared = isShared(e.MAC)
	v.byMAC[macKey{e.Segment, e.MAC}] = n
	return n, true
}

// fits tells whether an address sent from a MAC may be taken for its own: the
// only IPv4 address it sends from, or one that no router passes on.
func (v *Inventory) fits(st uint32, ip firedoor.IP, routed bool) bool {
	nd := &v.nodes[st]
	if nd.shared {
		return false
	}
	if ip.IsLinkLocal() || !ip.Is4() && isEUI64(ip, nd.mac) {
		return true
	}
	if routed || nd.router {
		return false
	}
	own, claimed := v.own(st, ip.Is4())
	if ip.Is4() {
		return own == 0
	}
	return own < MaxOwn6 && claimed == 0
}

// own counts the open addresses of a MAC that are its own and could have come
// through a router, and how many of them are claimed.
func (v *Inventory) own(st uint32, four bool) (own, claimed int) {
	mac, seg := v.nodes[st].mac, v.nodes[st].segment
	for _, n := range v.assets[v.nodes[st].asset].nodes {
		nd := &v.nodes[n]
		if nd.ip.IsZero() || nd.mac != mac || nd.segment != seg || !nd.own || nd.to != 0 || nd.ip.Is4() != four || nd.ip.IsLinkLocal() {
			continue
		}
		own++
		if nd.claimed {
			claimed++
		}
	}
	return own, claimed
}

// sharedWith returns the interval of an address on a MAC's asset, none if it
// never had it.
func (v *Inventory) sharedWith(st uint32, ip firedoor.IP) uint32 {
	for _, n := range v.assets[v.nodes[st].asset].nodes {
		if v.nodes[n].ip == ip && v.nodes[n].segment == v.nodes[st].segment {
			return n
		}
	}
	return none
}

// isEUI64 tells whether an IPv6 address was made of the MAC (RFC 4291, appendix A).
func isEUI64(ip firedoor.IP, mac firedoor.MAC) bool {
	m := uint64(mac) ^ 2<<40
	return ip.Lo == m>>24<<40|0xfffe<<24|m&0xffffff
}

// isShared tells the MACs that redundancy protocols move between devices: VRRP
// (RFC 9568, 7.3), HSRP 1 and 2, GLBP.
func isShared(m firedoor.MAC) bool {
	return m>>8 == 0x00005e0001 || m>>8 == 0x00005e0002 || m>>8 == 0x00000c07ac ||
		m>>12 == 0x00000c9ff || m>>12 == 0x000573a00 || m>>16 == 0x0007b400
}

func (v *Inventory) touch(n uint32, m firedoor.Moment) {
	nd := &v.nodes[n]
	nd.first, nd.last = min(nd.first, m.Time), max(nd.last, m.Time)
}

func (v *Inventory) newNode(m firedoor.Moment, a uint32, e firedoor.Endpoint, source string, confidence uint8) uint32 {
	var n uint32
	if k := len(v.freeNodes); k > 0 {
		n, v.freeNodes = v.freeNodes[k-1], v.freeNodes[:k-1]
	} else {
		n = uint32(len(v.nodes))
		v.nodes = append(v.nodes, node{})
	}
	v.nodes[n] = node{segment: e.Segment, asset: a, mac: e.MAC, ip: e.IP, origin: v.assets[a].id, from: m.Time,
		first: m.Time, last: m.Time, frame: m.Frame, source: source, confidence: confidence}
	v.assets[a].nodes = append(v.assets[a].nodes, n)
	v.stats.Addresses++
	return n
}

// addAddress opens an interval of an address on an asset and points the table
// at it; none when a limit refuses it.
func (v *Inventory) addAddress(m firedoor.Moment, a uint32, e firedoor.Endpoint, own bool, source string, confidence uint8) uint32 {
	var n uint32
	if len(v.assets[a].nodes) >= MaxIdentifiers || len(v.nodes)-len(v.freeNodes) >= v.cfg.MaxAddresses {
		if n = v.oldestClosed(a); n == none {
			v.stats.AddressesRefused++
			return none
		}
		v.forgetAddress(n) // what was learned there stays: it is about the asset
		old := v.nodes[n]
		v.nodes[n] = node{segment: e.Segment, asset: a, mac: e.MAC, ip: e.IP, origin: old.origin, from: m.Time,
			first: m.Time, last: m.Time, frame: m.Frame, source: source, confidence: confidence,
			packets: old.packets, bytes: old.bytes, talk: old.talk}
	} else {
		n = v.newNode(m, a, e, source, confidence)
	}
	v.nodes[n].own = own
	v.point(n)
	return n
}

// point makes node n the present interval of its address.
func (v *Inventory) point(n uint32) {
	key := ipKey{v.nodes[n].segment, v.nodes[n].ip}
	if ai, ok := v.byIP[key]; ok {
		v.addresses[ai].node = n
		return
	}
	var ai uint32
	if k := len(v.freeAddr); k > 0 {
		ai, v.freeAddr = v.freeAddr[k-1], v.freeAddr[:k-1]
	} else {
		ai = uint32(len(v.addresses))
		v.addresses = append(v.addresses, address{})
	}
	v.addresses[ai] = address{node: n}
	v.byIP[key] = ai
}

func (v *Inventory) oldestClosed(a uint32) uint32 {
	best := none
	for _, n := range v.assets[a].nodes {
		nd := &v.nodes[n]
		if !nd.ip.IsZero() && nd.to != 0 && (best == none || nd.to < v.nodes[best].to) {
			best = n
		}
	}
	return best
}

func (v *Inventory) newAddress(m firedoor.Moment, a uint32, e firedoor.Endpoint, source string) {
	v.emit(firedoor.ChangeNewAddress, m, a, e, func(c *firedoor.AssetChange) {
		c.New, c.Source = e.IP.String(), source
	})
}
