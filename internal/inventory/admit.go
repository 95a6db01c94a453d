package inventory

import (
	"time"

	"firedoor"
)

// door decides who is let in.
type door struct {
	queue      []uint32 // newcomers that said nothing yet, oldest first
	serials    []uint64
	admitted   uint64
	tokens     int
	reserve    int
	filled     int64 // up to when tokens were given out
	started    bool
	minute     int64 // of which announced counts
	announced  int
	lastFlood  int64
	everFlood  bool
	reserveDue int
	grave      bool      // the newcomer at hand asks to change a device
	keep       [2]uint32 // assets that the call at hand is about: they do not make room
}

// reserveShare is the part of the burst on top of it for newcomers that ask to
// change a device: a flood of addresses must not hide a write.
const reserveShare = 8

// admit tells whether one more asset may come in at m. Grave ones (they ask to
// change a device) may use the reserve.
func (v *Inventory) admit(m firedoor.Moment, grave bool) bool {
	if !v.frozen {
		if v.stats.Assets < v.cfg.MaxAssets && len(v.nodes)-len(v.freeNodes) < v.cfg.MaxAddresses {
			return true
		}
		v.refuse(m)
		return false
	}
	v.refill(m.Time)
	d := &v.door
	if d.tokens == 0 && !(grave && d.reserve > 0) {
		v.refuse(m)
		return false
	}
	full := v.stats.Newcomers >= v.cfg.MaxNewcomers || v.stats.Assets >= v.cfg.MaxAssets ||
		len(v.nodes)-len(v.freeNodes)+1 >= v.cfg.MaxAddresses
	if full && !v.recycle() {
		v.refuse(m)
		return false
	}
	if d.tokens > 0 {
		d.tokens--
	} else {
		d.reserve--
	}
	return true
}

func (v *Inventory) refill(now int64) {
	d := &v.door
	reserve := max(1, v.cfg.NewcomerBurst/reserveShare)
	if !d.started {
		d.started, d.filled, d.tokens, d.reserve = true, now, v.cfg.NewcomerBurst, reserve
		return
	}
	d.filled = min(d.filled, now) // another capture may have an older clock
	every := max(1, int64(time.Minute)/int64(v.cfg.NewcomersPerMinute))
	n := (now - d.filled) / every
	if n <= 0 {
		return
	}
	d.filled += n * every
	n = min(n, int64(v.cfg.NewcomerBurst))
	d.tokens = min(d.tokens+int(n), v.cfg.NewcomerBurst)
	d.reserveDue += int(n)
	d.reserve = min(d.reserve+d.reserveDue/reserveShare, reserve)
	d.reserveDue %= reserveShare
}

// refuse counts an asset that was not admitted and tells of the flood.
func (v *Inventory) refuse(m firedoor.Moment) {
	v.stats.NotAdmitted++
	v.flood(m)
}

// flood tells once that there are more new assets than are told one by one;
// again only after an hour without.
func (v *Inventory) flood(m firedoor.Moment) {
	d := &v.door
	if !d.everFlood || m.Time-d.lastFlood > Repeat {
		v.emit(firedoor.ChangeFlood, m, none, firedoor.Endpoint{}, func(c *firedoor.AssetChange) {
			c.Reason = "more new devices than are admitted or announced one by one"
		})
	}
	d.everFlood, d.lastFlood = true, m.Time
}

// recycle takes out the oldest newcomer that told nothing of itself and took
// part in nothing. Known assets are never in the queue.
func (v *Inventory) recycle() bool {
	d := &v.door
	for turns := len(d.queue); turns > 0; turns-- {
		a, serial := d.queue[0], d.serials[0]
		d.queue, d.serials = d.queue[1:], d.serials[1:]
		if !v.silent(a, serial) {
			continue // it earned its place, or is gone already
		}
		if a == d.keep[0] || a == d.keep[1] {
			d.queue, d.serials = append(d.queue, a), append(d.serials, serial)
			continue
		}
		v.remove(a)
		v.stats.Recycled++
		return true
	}
	return false
}

// silent tells whether a queued newcomer is still there and told nothing.
func (v *Inventory) silent(a uint32, serial uint64) bool {
	as := &v.assets[a]
	return as.live && as.serial == serial && as.newcomer && !as.spoke &&
		len(as.facts)+len(as.aliases)+len(as.relations) == 0
}

// remove forgets an asset and its identifiers.
func (v *Inventory) remove(a uint32) {
	as := &v.assets[a]
	for _, n := range as.nodes {
		v.forgetNode(n)
	}
	delete(v.byID, as.id)
	for _, x := range as.aliases {
		delete(v.byID, x.id)
	}
	v.stats.Assets--
	if as.newcomer {
		v.stats.Newcomers--
	}
	v.stats.Facts -= len(as.facts)
	*as = asset{}
	v.freeAsset = append(v.freeAsset, a)
}

func (v *Inventory) forgetNode(n uint32) {
	nd := &v.nodes[n]
	if nd.ip.IsZero() {
		delete(v.byMAC, macKey{nd.segment, nd.mac})
	} else {
		v.forgetAddress(n)
	}
	v.stats.Addresses--
	*nd = node{}
	v.freeNodes = append(v.freeNodes, n)
}

// forgetAddress drops the table entry of an address if it points at node n.
func (v *Inventory) forgetAddress(n uint32) {
	key := ipKey{v.nodes[n].segment, v.nodes[n].ip}
	if ai, ok := v.byIP[key]; ok && v.addresses[ai].node == n {
		delete(v.byIP, key)
		queued := v.addresses[ai].queued
		v.addresses[ai] = address{node: none, queued: queued}
		if !queued { // an entry still queued is freed when its turn comes
			v.freeAddr = append(v.freeAddr, ai)
		}
	}
}

// newAsset makes an empty asset that was admitted before, with the id of its
// first identifier. An id in use by another is salted.
func (v *Inventory) newAsset(seg firedoor.Segment, mac firedoor.MAC, ip firedoor.IP) uint32 {
	id := v.makeID(seg, mac, ip, 0)
	for salt := 1; v.taken(id); salt++ {
		id = v.makeID(seg, mac, ip, salt)
	}
	return v.newAssetAs(id, seg)
}

func (v *Inventory) taken(id firedoor.AssetID) bool { _, ok := v.byID[id]; return ok }

func (v *Inventory) newAssetAs(id firedoor.AssetID, seg firedoor.Segment) uint32 {
	var a uint32
	if n := len(v.freeAsset); n > 0 {
		a, v.freeAsset = v.freeAsset[n-1], v.freeAsset[:n-1]
	} else {
		a = uint32(len(v.assets))
		v.assets = append(v.assets, asset{})
	}
	v.door.admitted++
	v.assets[a] = asset{id: id, segment: seg, live: true, newcomer: v.frozen, serial: v.door.admitted}
	v.byID[id] = a
	v.stats.Assets++
	if v.frozen {
		v.stats.Newcomers++
		v.enqueue(a)
	}
	return a
}

func (v *Inventory) enqueue(a uint32) {
	d := &v.door
	if len(d.queue) >= 2*v.cfg.MaxNewcomers { // those that earned their place are passed over: take them out
		keep := 0
		for i, q := range d.queue {
			if v.silent(q, d.serials[i]) {
				d.queue[keep], d.serials[keep] = q, d.serials[i]
				keep++
			}
		}
		d.queue, d.serials = d.queue[:keep], d.serials[:keep]
	}
	d.queue, d.serials = append(d.queue, a), append(d.serials, v.assets[a].serial)
}

// announce tells of a new asset, unless too many are new at once. One that asks
// to change a device is always told.
func (v *Inventory) announce(m firedoor.Moment, a uint32, at firedoor.Endpoint) {
	if v.frozen {
		d := &v.door
		if minute := m.Time / int64(time.Minute); minute != d.minute {
			d.minute, d.announced = minute, 0
		}
		flooded := d.everFlood && m.Time >= d.lastFlood && m.Time-d.lastFlood <= FloodOver
		if !d.grave && (flooded || d.announced >= v.cfg.AnnouncePerMinute) {
			v.stats.Unannounced++
			v.flood(m)
			return
		}
		d.announced++
	}
	v.emit(firedoor.ChangeNewAsset, m, a, at, nil)
}

// Acquaint makes newcomers that were first seen before a time known, if they told
// something of themselves or took part in something: each new device has its own
// time to become a part of the plant. It returns how many.
func (v *Inventory) Acquaint(before int64) (n int) {
	for a := range v.assets {
		as := &v.assets[a]
		if !as.live || !as.newcomer || len(as.nodes) == 0 || v.silent(uint32(a), as.serial) {
			continue
		}
		first := v.nodes[as.nodes[0]].first
		for _, nd := range as.nodes {
			first = min(first, v.nodes[nd].first)
		}
		if first < before {
			v.makeKnown(uint32(a))
			n++
		}
	}
	return n
}

// KnowSeenSince makes newcomers known that were seen at a time or after it:
// learning began again then, and is over. Who was not seen in it stays new.
func (v *Inventory) KnowSeenSince(since int64) {
	for a := range v.assets {
		as := &v.assets[a]
		if !as.live || !as.newcomer {
			continue
		}
		for _, n := range as.nodes {
			if v.nodes[n].last >= since {
				v.makeKnown(uint32(a))
				break
			}
		}
	}
}
