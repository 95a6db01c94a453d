package inventory

import (
	"strings"
	"time"

	"firedoor"
)

// Confidence from which a source counts as the device itself or the one who decides.
const (
	confident = 80
	hearsay   = 60
)

// claim is said by ARP, DHCP or another source: this MAC has this address.
func (v *Inventory) claim(m firedoor.Moment, e firedoor.Endpoint, id *firedoor.Identity) {
	if e.IP.IsZero() || e.MAC == 0 || id.Confidence < confident {
		v.supported(m, e, id)
		return
	}
	lease := strings.HasPrefix(id.Source, "dhcp") && id.Lease > 0
	v.door.keep = [2]uint32{none, none}
	st, fresh := v.ensureStation(m, e, id.Source, false)
	if fresh {
		v.announce(m, v.nodes[st].asset, e)
	}
	ai, seen := v.byIP[ipKey{e.Segment, e.IP}]
	if st == none {
		if seen && v.nodes[v.addresses[ai].node].own {
			v.challenge(m, ai, e.MAC, id.Source, true)
		}
		return
	}
	if v.proxies(m, st, e.IP) {
		v.sight(m, e, true, false)
		return
	}
	n := v.claimed(m, e, st, ai, seen, lease, fresh, id)
	if n == none {
		return
	}
	nd := &v.nodes[n]
	nd.source, nd.confidence = id.Source, max(nd.confidence, id.Confidence)
	if lease {
		nd.lease = m.Time + int64(id.Lease)*int64(time.Second)
		v.endLeases(m, st, n)
	}
	v.partUnclaimed(m, st, "the MAC claims another address and never this one")
	if int(v.nodes[st].behind) > MaxUnclaimed && !v.nodes[st].router && !v.nodes[st].shared {
		v.becomeRouter(m, st, "sends from more addresses than it claims")
	}
}

// claimed settles who has the address after a claim and returns the claimant's
// interval, none if it has none (yet).
func (v *Inventory) claimed(m firedoor.Moment, e firedoor.Endpoint, st, ai uint32, seen, lease, fresh bool, id *firedoor.Identity) uint32 {
	a := v.nodes[st].asset
	if !seen {
		n := v.addAddress(m, a, e, true, id.Source, id.Confidence)
		if n != none {
			v.nodes[n].claimed = true
			if !fresh {
				v.newAddress(m, a, e, id.Source)
			}
		}
		return n
	}
	cur := v.addresses[ai].node
	nd := &v.nodes[cur]
	switch {
	case nd.own && nd.mac == e.MAC:
		v.touch(cur, m)
		nd.claimed, nd.to = true, 0
		v.holderSpeaks(m, ai)
		return cur
	case !nd.own:
		v.touch(cur, m)
		v.unpass(cur)
		v.bind(m, cur, st, "the MAC claims the address", true)
		if v.nodes[cur].asset != v.nodes[st].asset {
			return none
		}
		return cur
	case lease:
		return v.take(m, ai, st, m.Time, true, id.Source, "DHCP gave the address to another device")
	case nd.to != 0:
		return v.take(m, ai, st, m.Time, true, id.Source, "the address was free")
	case nd.lease != 0 && nd.lease < m.Time:
		return v.take(m, ai, st, m.Time, true, id.Source, "the lease had run out")
	}
	return v.claimOthers(m, ai, st, id.Source)
}

// claimOthers is a claim to an address that another MAC has.
func (v *Inventory) claimOthers(m firedoor.Moment, ai, st uint32, source string) uint32 {
	cur := v.addresses[ai].node
	nd := &v.nodes[cur]
	holder := v.station(nd.segment, nd.mac)
	if holder == none {
		return v.take(m, ai, st, m.Time, true, source, "the MAC of its holder is gone")
	}
	// Only devices that were there in learning are believed to be redundant: a
	// stranger with the MAC of a redundancy protocol must not pass for one.
	trusted := !v.frozen || v.nodes[st].known
	held := nd.virtual && v.sharedWith(st, nd.ip) != none
	if held || trusted && (v.nodes[st].shared || v.nodes[holder].shared) {
		return v.moveVirtual(m, ai, st, source, true)
	}
	_, claims := v.own(holder, nd.ip.Is4())
	if !nd.claimed && (claims > 0 || v.nodes[holder].behind > 0) {
		// The holder only passed it on: it claims others, and never this one.
		if !v.split(m, cur, "ARP shows whose the address is; this MAC only passed it on") {
			return none
		}
		v.nodes[holder].behind++
		v.bind(m, cur, st, "the MAC claims the address", true)
		return cur
	}
	mine, _ := v.own(st, nd.ip.Is4())
	theirs, _ := v.own(holder, nd.ip.Is4())
	if trusted && mine > 0 && theirs > 1 {
		return v.moveVirtual(m, ai, st, source, true)
	}
	v.challenge(m, ai, v.nodes[st].mac, source, true)
	return none
}

// proxies tells whether a MAC that claims one more address answers for others.
func (v *Inventory) proxies(m firedoor.Moment, st uint32, ip firedoor.IP) bool {
	if v.nodes[st].shared {
		return false
	}
	if n := v.sharedWith(st, ip); n != none && v.nodes[n].claimed {
		return false
	}
	if _, claims := v.own(st, ip.Is4()); claims < MaxClaims {
		return false
	}
	if !v.nodes[st].router {
		v.becomeRouter(m, st, "claims more addresses than one host has: proxy ARP")
	}
	return true
}

// endLeases closes the addresses that a MAC had before DHCP gave it another.
func (v *Inventory) endLeases(m firedoor.Moment, st, now uint32) {
	mac, seg := v.nodes[st].mac, v.nodes[st].segment
	for _, n := range v.assets[v.nodes[st].asset].nodes {
		nd := &v.nodes[n]
		if n == now || nd.ip.IsZero() || nd.mac != mac || nd.segment != seg || !nd.own || nd.to != 0 || nd.virtual || !nd.ip.Is4() ||
			nd.ip.IsLinkLocal() || nd.claimed && nd.lease == 0 && !strings.HasPrefix(nd.source, "dhcp") {
			continue
		}
		nd.to = max(m.Time, nd.from, 1)
	}
}

// take moves an address to the asset of a MAC and tells of it.
func (v *Inventory) take(m firedoor.Moment, ai, st uint32, at int64, claimed bool, source, reason string) uint32 {
	cur := v.addresses[ai].node
	from := v.nodes[cur].asset
	oldMAC := v.nodes[cur].mac
	n := v.move(m, ai, st, at, claimed, source)
	if n == none || v.nodes[n].asset == from {
		return n
	}
	kind := firedoor.ChangeAddressMoved
	v.noteMove(m, kind, from, n, reason)
	v.emit(kind, m, v.nodes[n].asset, v.endpoint(n), func(c *firedoor.AssetChange) {
		c.Other, c.Source, c.Reason = v.assets[from].id, source, reason
		c.Old, c.New = oldMAC.String(), v.nodes[n].mac.String()
		c.Before = v.nodes[cur].frame
	})
	return n
}

func (v *Inventory) noteMove(m firedoor.Moment, kind firedoor.ChangeKind, from, n uint32, reason string) {
	ip := v.nodes[n].ip.String()
	to := v.nodes[n].asset
	v.note(from, kind.String(), v.assets[to].id, ip, reason, m)
	v.note(to, kind.String(), v.assets[from].id, ip, reason, m)
}

// moveVirtual moves an address that redundant devices share; too many moves in
// too short a time are a fight over it.
func (v *Inventory) moveVirtual(m firedoor.Moment, ai, st uint32, source string, claimed bool) uint32 {
	cur := v.addresses[ai].node
	from := v.nodes[cur].asset
	if from == v.nodes[st].asset {
		return cur
	}
	oldMAC := v.nodes[cur].mac
	v.nodes[cur].virtual = true
	n := v.move(m, ai, st, m.Time, claimed, source)
	if n == none {
		return none
	}
	v.nodes[n].virtual = true
	ad := &v.addresses[ai]
	if m.Time-ad.flapped > FlapWindow {
		ad.flaps = 0
	}
	ad.flaps, ad.flapped = ad.flaps+1, m.Time
	to := v.nodes[n].asset
	const reason = "both devices have addresses of their own and share this one"
	ip := v.nodes[n].ip
	v.relate(from, "virtual-address", v.assets[to].id, ip, reason, m)
	v.relate(to, "virtual-address", v.assets[from].id, ip, reason, m)
	if ad.flaps >= MaxFlaps {
		v.contradict(m, ai, v.assets[from].id, oldMAC, v.nodes[cur].frame, "both devices claim the address in turn")
		return n
	}
	v.noteMove(m, firedoor.ChangeVirtualMoved, from, n, reason)
	v.emit(firedoor.ChangeVirtualMoved, m, to, v.endpoint(n), func(c *firedoor.AssetChange) {
		c.Other, c.Source, c.Reason = v.assets[from].id, source, reason
		c.Old, c.New = oldMAC.String(), v.nodes[n].mac.String()
		c.Before = v.nodes[cur].frame
	})
	return n
}

// supported takes what is only hearsay about an address: it says nothing new,
// but shows that a known address and MAC still belong together.
func (v *Inventory) supported(m firedoor.Moment, e firedoor.Endpoint, id *firedoor.Identity) {
	if id.Confidence < hearsay || e.IP.IsZero() {
		return
	}
	if ai, ok := v.byIP[ipKey{e.Segment, e.IP}]; ok && v.nodes[v.addresses[ai].node].mac == e.MAC {
		v.touch(v.addresses[ai].node, m)
	}
}
