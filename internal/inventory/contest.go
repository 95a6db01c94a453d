package inventory

import "firedoor"

// contest is an address under dispute, in the order of opening.
type contest struct {
	address uint32
	since   int64
}

// challenge opens a dispute: another MAC uses an address. It is settled by the
// holder's silence or told as a contradiction when the holder speaks again.
func (v *Inventory) challenge(m firedoor.Moment, ai uint32, mac firedoor.MAC, source string, byClaim bool) {
	ad := &v.addresses[ai]
	if ad.challenger == mac {
		ad.last = m.Time
		ad.byClaim = ad.byClaim || byClaim
		return
	}
	if ad.challenger != 0 && ad.byClaim && !byClaim {
		return // the graver dispute stands
	}
	if !ad.queued {
		if len(v.contests) >= MaxContests {
			v.stats.ContestsRefused++
			return
		}
		ad.queued = true
		v.contests = append(v.contests, contest{ai, m.Time})
	}
	if ad.challenger == 0 {
		ad.since = m.Time
	}
	ad.challenger, ad.last, ad.frame, ad.source, ad.byClaim = mac, m.Time, m.Frame, source, byClaim
}

// holderSpeaks is the holder of an address using it: if another MAC did so
// shortly before, the two contradict each other.
func (v *Inventory) holderSpeaks(m firedoor.Moment, ai uint32) {
	ad := &v.addresses[ai]
	if ad.challenger == 0 {
		return
	}
	challenger, frame := ad.challenger, ad.frame
	ad.challenger = 0
	if m.Time-ad.last > ContradictionWindow {
		return
	}
	nd := &v.nodes[ad.node]
	st := v.station(nd.segment, challenger)
	var other firedoor.AssetID
	stranger := v.frozen
	if st != none {
		other = v.assets[v.nodes[st].asset].id
		stranger = v.frozen && !v.nodes[st].known
		if v.nodes[st].router && !ad.byClaim {
			v.passedOn(m, ad.node, st)
			return
		}
	}
	if ad.byClaim || stranger {
		reason := "both claim the address at the same time"
		if !ad.byClaim {
			reason = "a device not known before sends from the address of another that is there"
		}
		v.contradict(m, ai, other, challenger, frame, reason)
		return
	}
	const reason = "both send from the address: a team of network cards, or a router in between"
	v.relate(nd.asset, "shares-address", other, nd.ip, reason, m)
	if st != none {
		v.relate(v.nodes[st].asset, "shares-address", v.assets[nd.asset].id, nd.ip, reason, m)
		v.passedOn(m, ad.node, st)
	}
}

// contradict tells that two MACs fight over an address, once an hour for each
// address.
func (v *Inventory) contradict(m firedoor.Moment, ai uint32, other firedoor.AssetID, mac firedoor.MAC, frame firedoor.FrameRef, reason string) {
	ad := &v.addresses[ai]
	if ad.everTold && m.Time-ad.told <= Repeat {
		return
	}
	ad.everTold, ad.told = true, m.Time
	nd := &v.nodes[ad.node]
	v.note(nd.asset, firedoor.ChangeContradiction.String(), other, nd.ip.String(), reason, m)
	if b, ok := v.byID[other]; ok {
		v.note(b, firedoor.ChangeContradiction.String(), v.assets[nd.asset].id, nd.ip.String(), reason, m)
	}
	v.relate(nd.asset, "contradicted-by", other, nd.ip, reason, m)
	e := firedoor.Endpoint{Segment: nd.segment, IP: nd.ip, MAC: mac}
	v.emit(firedoor.ChangeContradiction, m, nd.asset, e, func(c *firedoor.AssetChange) {
		c.Other, c.Old, c.New, c.Reason, c.Source = other, nd.mac.String(), mac.String(), reason, ad.source
		c.Before = frame
	})
}

// Advance tells the inventory that traffic time has come so far: disputes whose
// holder was silent long enough are settled. Sight, Learn and Speak call it.
// Time that runs back is another capture with a clock of its own: what was open
// in the one before is settled.
func (v *Inventory) Advance(now int64) {
	v.settleUntil(now, now < v.clock)
	v.clock = now
}

// Finish settles all disputes at the end of the input.
func (v *Inventory) Finish() { v.settleUntil(0, true) }

func (v *Inventory) settleUntil(now int64, all bool) {
	for len(v.contests) > 0 && (all || now-v.contests[0].since >= SettleAfter) {
		ai := v.contests[0].address
		v.contests = v.contests[1:]
		ad := &v.addresses[ai]
		open := ad.node != none && ad.challenger != 0
		if open && !all && now-ad.since < SettleAfter { // answered, and opened anew
			v.contests = append(v.contests, contest{ai, ad.since})
			continue
		}
		ad.queued = false
		if open {
			v.settle(now, ai)
		} else if ad.node == none {
			v.freeAddr = append(v.freeAddr, ai)
		}
	}
}

// Disputed names the present holders of addresses under dispute. Whoever counts
// packets should report those (with Traffic) before the dispute settles: a
// holder that still sends is not silent. The order is that of the disputes.
func (v *Inventory) Disputed(yield func(firedoor.Endpoint) bool) {
	for _, c := range v.contests {
		ad := &v.addresses[c.address]
		if ad.node != none && ad.challenger != 0 && !yield(v.endpoint(ad.node)) {
			return
		}
	}
}

// settle gives the address to its challenger: its holder has been silent.
func (v *Inventory) settle(now int64, ai uint32) {
	ad := &v.addresses[ai]
	cur := ad.node
	nd := &v.nodes[cur]
	m := firedoor.Moment{Time: max(now, ad.last), Frame: ad.frame}
	st := v.station(nd.segment, ad.challenger)
	challenger, since, byClaim, source := ad.challenger, ad.since, ad.byClaim, ad.source
	ad.challenger = 0
	if st == none || v.nodes[st].asset == nd.asset {
		return
	}
	if !byClaim && (v.nodes[st].router || v.nodes[st].shared) {
		v.passedOn(m, cur, st)
		return
	}
	if own, _ := v.own(st, nd.ip.Is4()); !byClaim && own > 0 {
		v.passedOn(m, cur, st)
		return
	}
	old, repl := nd.asset, v.nodes[st].asset
	reason, replaced := v.replacement(old, repl, since)
	if !replaced {
		v.take(m, ai, st, since, byClaim, source, reason)
		return
	}
	n := v.move(m, ai, st, since, byClaim, source)
	if n == none {
		return
	}
	ip := v.nodes[n].ip
	v.relate(repl, "replaces", v.assets[old].id, ip, reason, m)
	v.relate(old, "replaced-by", v.assets[repl].id, ip, reason, m)
	v.noteMove(m, firedoor.ChangeReplaced, old, n, reason)
	v.emit(firedoor.ChangeReplaced, m, repl, v.endpoint(n), func(c *firedoor.AssetChange) {
		c.Other, c.Source, c.Reason = v.assets[old].id, source, reason
		c.Old, c.New = v.nodes[cur].mac.String(), challenger.String()
		c.Before, c.Since, c.Former = v.nodes[cur].frame, since, v.describe(old, c.At)
	})
}

// replacement tells whether the asset that took an address took the other's
// place: it is new, and it serves what the other served.
func (v *Inventory) replacement(old, repl uint32, since int64) (reason string, ok bool) {
	for _, n := range v.assets[repl].nodes {
		if v.nodes[n].first < since-ContradictionWindow {
			return "a device that was there before took the address", false
		}
	}
	served, same := 0, 0
	for p := range v.protocols {
		if v.serves(old, uint8(p)) {
			served++
			if v.serves(repl, uint8(p)) {
				same++
			}
		}
	}
	switch {
	case served == 0:
		return "a new device has the address, the one before is silent", true
	case same == 0:
		return "a new device took the address and does not serve what the one before did", false
	}
	return "a new device has the address and serves what the one before did, which is silent", true
}
