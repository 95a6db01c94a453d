package flow

import (
	"hash/maphash"
	"math/bits"

	"firedoor"
)

// Table is a bounded set of live flows. Each flow has a slot, a small number
// that stays its own until the flow is removed and then goes to another: users
// keep what they know about a flow in slices of their own, indexed by slot.
// Slots are given out lowest first, freed ones again before new ones, last
// freed first.
//
// Entries lie in one slab without pointers; an open-addressed index of (hash,
// slot) pairs finds them. The hash is seeded per table, against flooding, and
// nothing but speed depends on it. A Table is not safe for concurrent use, and
// its callbacks must not call Touch, Remove, Protect or Sweep.
type Table struct {
	seed     [6]uint64 // secret, so that nobody can aim at one place of the index
	index    []uint64  // hash<<32 | slot+1; 0 is empty; linear probing
	mask     uint32
	entries  []entry
	free     []int32
	limit    int
	rings    [2]ring // live slots: unprotected, protected
	hand     int32   // next slot Sweep looks at
	evict    func(slot int32)
	evicted  uint64
	timedOut uint64
}

// entry is one cache line, all that a hit reads and writes.
type entry struct {
	lo, hi      firedoor.IP
	ports       uint64 // ports and segment of the Key in one word
	proto       uint8
	marks       uint8
	pos         int32 // place in its ring
	first, last int64
}

// Marks of an entry.
const (
	live      = 1 << iota // the slot holds a flow
	recent                // touched again since the clock hand passed: second chance
	protected             // in the second ring
)

// MaxLimit is the highest limit a Table takes: slots are int32.
const MaxLimit = 1 << 28

// firstEntries is how many entries a Table starts with.
const firstEntries = 64

// New returns an empty Table for at most limit flows (1 ... MaxLimit, clamped).
// At the limit evict is called with the slot of the flow that must go, while
// it still can be read and before the slot is given out again; it may be nil.
func New(limit int, evict func(slot int32)) *Table {
	t := &Table{limit: max(1, min(limit, MaxLimit)), evict: evict}
	seed := maphash.MakeSeed()
	for i := range t.seed {
		t.seed[i] = maphash.Comparable(seed, i)
	}
	t.grow()
	return t
}

// Len is how many flows are live.
func (t *Table) Len() int { return len(t.rings[0].slots) + len(t.rings[1].slots) }

// Limit is how many flows can be live.
func (t *Table) Limit() int { return t.limit }

// Protected is how many of the live flows are protected.
func (t *Table) Protected() int { return len(t.rings[1].slots) }

// Evicted is how many flows had to make room at the limit.
func (t *Table) Evicted() uint64 { return t.evicted }

// TimedOut is how many flows Sweep removed.
func (t *Table) TimedOut() uint64 { return t.timedOut }

// Slots is one more than the highest slot ever given out.
func (t *Table) Slots() int32 { return int32(len(t.entries)) }

// Live tells whether the slot (0 <= slot < Slots()) holds a flow.
func (t *Table) Live(slot int32) bool { return t.entries[slot].marks&live != 0 }

// Key is the key of a live slot.
func (t *Table) Key(slot int32) Key { return t.entries[slot].key() }

// First is the time of the Touch that opened the flow.
func (t *Table) First(slot int32) int64 { return t.entries[slot].first }

// Last is the time of the latest Touch.
func (t *Table) Last(slot int32) int64 { return t.entries[slot].last }

// Touch finds the flow of a key or opens it, and notes the time (ns, never
// less than before). It tells the slot and whether the flow is fresh: then
// whatever was kept for the slot is to be reset.
func (t *Table) Touch(k *Key, now int64) (slot int32, fresh bool) {
	h := t.hash(k)
	ports := k.ports()
	for i := h & t.mask; ; i = (i + 1) & t.mask {
		b := t.index[i]
		if b == 0 {
			break
		}
		if uint32(b>>32) != h {
			continue
		}
		slot = int32(uint32(b)) - 1
		if e := &t.entries[slot]; e.is(k, ports) {
			e.last = max(e.last, now)
			e.marks |= recent
			return slot, false
		}
	}
	return t.open(k, h, now), true
}

// Find tells the slot of a key's flow, if it is there; it changes nothing.
func (t *Table) Find(k *Key) (slot int32, ok bool) {
	h := t.hash(k)
	ports := k.ports()
	for i := h & t.mask; t.index[i] != 0; i = (i + 1) & t.mask {
		b := t.index[i]
		if uint32(b>>32) != h {
			continue
		}
		if slot = int32(uint32(b)) - 1; t.entries[slot].is(k, ports) {
			return slot, true
		}
	}
	return -1, false
}

// open makes room if it must and puts a new flow into the table.
func (t *Table) open(k *Key, h uint32, now int64) int32 {
	place := int32(noPlace)
	if t.Len() == t.limit {
		place = t.pushOut()
	}
	var slot int32
	if n := len(t.free); n > 0 {
		slot, t.free = t.free[n-1], t.free[:n-1]
	} else {
		if len(t.entries) == cap(t.entries) {
			t.grow()
		}
		slot = int32(len(t.entries))
		t.entries = t.entries[:slot+1]
	}
	t.entries[slot] = entry{lo: k.Lo, hi: k.Hi, ports: k.ports(), proto: k.Proto, marks: live, first: now, last: now}
	t.rings[0].put(t.entries, slot, place)
	t.enter(h, slot)
	return slot
}

// pushOut removes the flow that must go: clock with second chance in the first
// ring, and in the second only if the first is empty. It returns the place in
// the first ring that the new flow takes over.
func (t *Table) pushOut() int32 {
	r := &t.rings[0]
	if len(r.slots) == 0 {
		r = &t.rings[1]
	}
	place := r.next(t.entries)
	slot := r.slots[place]
	if t.evict != nil {
		t.evict(slot)
	}
	t.evicted++
	if r == &t.rings[1] {
		t.Remove(slot)
		return noPlace
	}
	t.leave(slot)
	t.free = append(t.free, slot)
	r.hand++
	return place
}

// Protect marks a live flow as one that is pushed out only when nothing
// unprotected is left. It lasts until the flow goes.
func (t *Table) Protect(slot int32) {
	e := &t.entries[slot]
	if e.marks&live == 0 || e.marks&protected != 0 {
		return
	}
	t.rings[0].remove(t.entries, e.pos)
	e.marks |= protected
	t.rings[1].put(t.entries, slot, noPlace)
}

// Remove closes the flow of a live slot and frees the slot.
func (t *Table) Remove(slot int32) {
	e := &t.entries[slot]
	if e.marks&live == 0 {
		return
	}
	t.leave(slot)
	r := &t.rings[0]
	if e.marks&protected != 0 {
		r = &t.rings[1]
	}
	r.remove(t.entries, e.pos)
	e.marks = 0
	t.free = append(t.free, slot)
}

// Sweep looks at the next budget slots, round and round, and removes the flows
// that were last touched longer ago than idle says (ns). Called with a small
// budget for every packet it takes no time at once; evict sees each flow it
// removes while it still can be read, and may be nil.
func (t *Table) Sweep(now int64, budget int, idle func(slot int32) int64, evict func(slot int32)) {
	n := int32(len(t.entries))
	for range min(budget, int(n)) {
		if t.hand >= n {
			t.hand = 0
		}
		slot := t.hand
		t.hand++
		e := &t.entries[slot]
		if e.marks&live == 0 || now-e.last <= idle(slot) {
			continue
		}
		if evict != nil {
			evict(slot)
		}
		t.timedOut++
		t.Remove(slot)
	}
}

// The index.

// hash mixes the key with the table's secret. It is the multiply-and-fold that
// the Go runtime seeds its maps with where it has no AES, written for a Key in
// registers: hash/maphash has to see it in memory, which it takes 12 ns longer
// to reach just after it was written.
func (t *Table) hash(k *Key) uint32 {
	a := mix(k.Lo.Lo^t.seed[0], k.Hi.Lo^t.seed[1])
	b := mix(k.Lo.Hi^t.seed[2], k.Hi.Hi^t.seed[3])
	return uint32(mix(a^k.ports()^t.seed[4], b^uint64(k.Proto)^t.seed[5]) >> 32)
}

func (t *Table) enter(h uint32, slot int32) {
	i := h & t.mask
	for t.index[i] != 0 {
		i = (i + 1) & t.mask
	}
	t.index[i] = uint64(h)<<32 | uint64(slot+1)
}

// leave takes a slot out of the index and moves up those that probing went
// past it for, so that no grave is left.
func (t *Table) leave(slot int32) {
	k := t.Key(slot)
	h := t.hash(&k)
	i := h & t.mask
	for t.index[i] != uint64(h)<<32|uint64(slot+1) {
		i = (i + 1) & t.mask
	}
	for j := i; ; {
		j = (j + 1) & t.mask
		b := t.index[j]
		if b == 0 {
			break
		}
		home := uint32(b>>32) & t.mask
		if (j-home)&t.mask >= (j-i)&t.mask { // its way from home leads over i
			t.index[i] = b
			i = j
		}
	}
	t.index[i] = 0
}

// grow doubles the slab up to the limit and keeps the index at most a quarter full.
func (t *Table) grow() {
	n := min(t.limit, max(firstEntries, 2*cap(t.entries)))
	entries := make([]entry, len(t.entries), n)
	copy(entries, t.entries)
	t.entries = entries
	old := t.index
	size := 1 << bits.Len(uint(4*n-1))
	t.index, t.mask = make([]uint64, size), uint32(size-1)
	for _, b := range old {
		if b != 0 {
			t.enter(uint32(b>>32), int32(uint32(b))-1)
		}
	}
}

func (k *Key) ports() uint64 {
	return uint64(k.LoPort)<<48 | uint64(k.HiPort)<<32 | uint64(k.Segment)
}

func (e *entry) is(k *Key, ports uint64) bool {
	return (e.lo.Lo^k.Lo.Lo)|(e.hi.Lo^k.Hi.Lo)|(e.ports^ports)|
		(e.lo.Hi^k.Lo.Hi)|(e.hi.Hi^k.Hi.Hi)|uint64(e.proto^k.Proto) == 0
}

func (e *entry) key() Key {
	return Key{Lo: e.lo, Hi: e.hi, LoPort: uint16(e.ports >> 48), HiPort: uint16(e.ports >> 32),
		Segment: firedoor.Segment(e.ports), Proto: e.proto}
}
