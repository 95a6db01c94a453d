package inventory

import (
	"slices"

	"firedoor"
)

// bind gives an address that had no host's MAC to the asset of a MAC,
// unless that has no room.
func (v *Inventory) bind(m firedoor.Moment, addr, st uint32, reason string, claimed bool) {
	if into := v.nodes[st].asset; v.nodes[addr].asset != into {
		if len(v.assets[into].nodes)+len(v.assets[v.nodes[addr].asset].nodes) > 2*MaxIdentifiers {
			v.stats.AddressesRefused++
			return
		}
		v.merge(m, into, v.nodes[addr].asset, reason)
	}
	nd := &v.nodes[addr]
	nd.mac, nd.own, nd.claimed, nd.to = v.nodes[st].mac, true, claimed, 0
}

// merge makes two assets one: from's id resolves to into from now on. Facts,
// relations and history beyond into's limits are counted and dropped.
func (v *Inventory) merge(m firedoor.Moment, into, from uint32, reason string) {
	a, b := &v.assets[into], &v.assets[from]
	old := b.id
	for _, n := range b.nodes {
		v.nodes[n].asset = into
	}
	a.nodes = append(a.nodes, b.nodes...)
	room := max(0, v.cfg.MaxFacts-len(a.facts))
	kept := b.facts[:min(room, len(b.facts))]
	v.stats.Facts -= len(b.facts) - len(kept)
	v.stats.FactsRefused += uint64(len(b.facts) - len(kept))
	a.facts = append(a.facts, kept...)
	for _, r := range b.relations {
		v.relate(into, r.kind, r.other, r.ip, r.reason, r.at)
	}
	a.history = append(a.history, b.history[:min(len(b.history), max(0, MaxHistory-1-len(a.history)))]...)
	a.aliases = append(append(a.aliases, b.aliases...), alias{old, b.known})
	a.spoke = a.spoke || b.spoke
	if b.known {
		v.makeKnown(into)
	}
	for _, x := range b.aliases {
		v.byID[x.id] = into
	}
	v.byID[old] = into
	if b.newcomer {
		v.stats.Newcomers--
	}
	if b.known {
		v.stats.Known--
	}
	v.stats.Assets--
	*b = asset{}
	v.freeAsset = append(v.freeAsset, from)
	v.note(into, firedoor.ChangeMerged.String(), old, "", reason, m)
	v.emit(firedoor.ChangeMerged, m, into, v.endpoint(v.assets[into].nodes[0]), func(c *firedoor.AssetChange) {
		c.Other, c.Reason = old, reason
	})
}

// Merge makes b one with a, as a person or another source of truth says; b's
// id then resolves to a. False if one is unknown or they already are one.
func (v *Inventory) Merge(m firedoor.Moment, a, b firedoor.AssetID, reason string) bool {
	x, okA := v.byID[a]
	y, okB := v.byID[b]
	if !okA || !okB || x == y || len(v.assets[x].nodes)+len(v.assets[y].nodes) > 2*MaxIdentifiers {
		return false
	}
	v.merge(m, x, y, reason)
	return true
}

// Undo takes a merge back: the identifiers that came with the id become an
// asset of their own again, with what was learned at them. False if the id was
// not merged into another, or nothing of one of the two is left.
func (v *Inventory) Undo(m firedoor.Moment, id firedoor.AssetID, reason string) bool {
	from, ok := v.byID[id]
	if !ok || v.assets[from].id == id || v.stats.Assets >= v.cfg.MaxAssets {
		return false
	}
	var mine []uint32
	for _, n := range v.assets[from].nodes {
		if v.nodes[n].origin == id {
			mine = append(mine, n)
		}
	}
	if len(mine) == 0 || len(mine) == len(v.assets[from].nodes) {
		return false
	}
	to := v.revive(id, from)
	for _, n := range mine {
		v.regroup(n, to)
	}
	for _, n := range mine { // an address apart from its MAC is behind it
		if nd := &v.nodes[n]; !nd.ip.IsZero() {
			st := v.station(nd.segment, nd.mac)
			nd.own = st != none && v.nodes[st].asset == to
		}
	}
	v.parted(m, from, to, "undone", reason)
	return true
}

// split makes the address n an asset of its own; false if there is no room.
func (v *Inventory) split(m firedoor.Moment, n uint32, reason string) bool {
	if v.stats.Assets >= v.cfg.MaxAssets {
		v.refuse(m)
		return false
	}
	from := v.nodes[n].asset
	seg, ip := v.nodes[n].segment, v.nodes[n].ip
	var to uint32
	if id := v.makeID(seg, 0, ip, 0); v.assets[from].aliasAt(id) >= 0 {
		to = v.revive(id, from)
	} else {
		to = v.newAsset(seg, 0, ip)
	}
	v.regroup(n, to)
	v.nodes[n].origin = v.assets[to].id
	v.nodes[n].own = false
	v.parted(m, from, to, firedoor.ChangeSplit.String(), reason)
	return true
}

// revive makes an asset of an id that was an alias of from.
func (v *Inventory) revive(id firedoor.AssetID, from uint32) uint32 {
	as := &v.assets[from]
	known, seg := false, as.segment
	if i := as.aliasAt(id); i >= 0 {
		known = as.aliases[i].known
		as.aliases = slices.Delete(as.aliases, i, i+1)
	}
	a := v.newAssetAs(id, seg)
	if known {
		v.makeKnown(a)
	}
	return a
}

func (as *asset) aliasAt(id firedoor.AssetID) int {
	return slices.IndexFunc(as.aliases, func(x alias) bool { return x.id == id })
}

// makeKnown makes a newcomer one of the assets that were there in learning:
// it was found to be one of them.
func (v *Inventory) makeKnown(a uint32) {
	if as := &v.assets[a]; as.newcomer {
		as.known, as.newcomer = true, false
		v.stats.Newcomers--
		v.stats.Known++
	}
}

// regroup moves an identifier and what was learned at it to another asset.
func (v *Inventory) regroup(n, to uint32) {
	from := v.nodes[n].asset
	a, b := &v.assets[from], &v.assets[to]
	a.nodes = slices.DeleteFunc(a.nodes, func(x uint32) bool { return x == n })
	b.nodes = append(b.nodes, n)
	v.nodes[n].asset = to
	keep := a.facts[:0]
	for _, f := range a.facts {
		if f.node == n {
			b.facts = append(b.facts, f)
		} else {
			keep = append(keep, f)
		}
	}
	clear(a.facts[len(keep):])
	a.facts = keep
	b.segment = v.nodes[n].segment
	b.spoke = b.spoke || len(v.nodes[n].talk) > 0
	if v.nodes[n].known {
		v.makeKnown(to)
	}
}

func (v *Inventory) parted(m firedoor.Moment, from, to uint32, kind, reason string) {
	was, is := v.assets[from].id, v.assets[to].id
	v.note(from, kind, is, "", reason, m)
	v.note(to, kind, was, "", reason, m)
	v.emit(firedoor.ChangeSplit, m, to, v.endpoint(v.assets[to].nodes[0]), func(c *firedoor.AssetChange) {
		c.Other, c.Reason = was, reason
	})
}

func (v *Inventory) endpoint(n uint32) firedoor.Endpoint {
	nd := &v.nodes[n]
	return firedoor.Endpoint{Segment: nd.segment, IP: nd.ip, MAC: nd.mac}
}

// move closes the present interval of an address and opens one on the asset of
// a MAC; none when that has no room.
func (v *Inventory) move(m firedoor.Moment, ai, st uint32, at int64, claimed bool, source string) uint32 {
	cur := v.addresses[ai].node
	to := v.nodes[st].asset
	e := firedoor.Endpoint{Segment: v.nodes[cur].segment, IP: v.nodes[cur].ip, MAC: v.nodes[st].mac}
	n := v.sharedWith(st, e.IP)
	if n != none && (v.nodes[cur].virtual || len(v.assets[to].nodes) >= MaxIdentifiers) {
		v.nodes[n].to, v.nodes[n].virtual = 0, v.nodes[cur].virtual
		v.touch(n, m)
	} else if n = v.addAddress(firedoor.Moment{Time: at, Frame: m.Frame}, to, e, true, source, 90); n == none {
		return none
	}
	v.nodes[cur].to = max(at, v.nodes[cur].from, 1) // 0 is open
	v.nodes[n].claimed, v.nodes[n].own, v.nodes[n].mac = claimed, true, e.MAC
	v.addresses[ai].node, v.addresses[ai].challenger = n, 0
	return n
}
