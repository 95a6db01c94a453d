package flow

// Arrangement says where the flows of a table lie and what it looks at next: a
// table that is made anew with it goes on exactly as the old one would have. It
// can be stored.
type Arrangement struct {
	Slots int32      // as Slots gives it
	Hand  int32      // next slot Sweep looks at
	Free  []int32    // in the order in which they were freed
	Rings [2][]int32 // live slots: unprotected, protected
	Hands [2]int32   // of the rings
}

// Placed is a flow with its place.
type Placed struct {
	Slot        int32
	Key         Key
	First, Last int64
	Recent      bool // touched since it was last looked at
}

// Arrangement gives the table's. Its slices are copies.
func (t *Table) Arrangement() Arrangement {
	a := Arrangement{Slots: t.Slots(), Hand: t.hand, Free: append([]int32(nil), t.free...)}
	for i := range t.rings {
		a.Rings[i], a.Hands[i] = append([]int32(nil), t.rings[i].slots...), t.rings[i].hand
	}
	return a
}

// Placed gives the flow of a live slot.
func (t *Table) Placed(slot int32) Placed {
	e := &t.entries[slot]
	return Placed{Slot: slot, Key: e.key(), First: e.first, Last: e.last, Recent: e.marks&recent != 0}
}

// Restore puts flows back where they were; the table must be empty. It calls each
// for every one that has found its place again, in the order given. What does not
// fit the arrangement or the limit is left out: slots out of range, two flows of
// one slot or key. Slots that no flow comes back to are free.
func (t *Table) Restore(a *Arrangement, flows []Placed, each func(i int)) {
	n := max(0, min(a.Slots, int32(t.limit)))
	for int(n) > cap(t.entries) {
		t.grow()
	}
	t.entries = t.entries[:n]
	for i := range flows {
		p := &flows[i]
		if p.Slot < 0 || p.Slot >= n || t.Live(p.Slot) {
			continue
		}
		if _, there := t.Find(&p.Key); there {
			continue
		}
		marks := uint8(live)
		if p.Recent {
			marks |= recent
		}
		t.entries[p.Slot] = entry{lo: p.Key.Lo, hi: p.Key.Hi, ports: p.Key.ports(), proto: p.Key.Proto, marks: marks, pos: noPlace, first: p.First, last: p.Last}
		t.enter(t.hash(&p.Key), p.Slot)
		each(i)
	}
	t.arrange(a, n)
}

// arrange puts slots into the rings and on the free list as they were, and those
// that the arrangement does not name behind them.
func (t *Table) arrange(a *Arrangement, n int32) {
	for i := range t.rings {
		for _, slot := range a.Rings[i] {
			if slot < 0 || slot >= n || !t.Live(slot) || t.entries[slot].pos != noPlace {
				continue
			}
			t.rings[i].put(t.entries, slot, noPlace)
			if i == 1 {
				t.entries[slot].marks |= protected
			}
		}
		t.rings[i].hand = max(0, a.Hands[i]) // beyond the end is a place too: the ring may grow
	}
	listed := make([]bool, n)
	for _, slot := range a.Free {
		if slot >= 0 && slot < n && !t.Live(slot) && !listed[slot] {
			listed[slot] = true
			t.free = append(t.free, slot)
		}
	}
	for slot := range n {
		switch {
		case !t.Live(slot) && !listed[slot]:
			t.free = append(t.free, slot)
		case t.Live(slot) && t.entries[slot].pos == noPlace:
			t.rings[0].put(t.entries, slot, noPlace)
		}
	}
	t.hand = max(0, a.Hand)
}
