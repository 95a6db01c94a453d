package flow

// ring is a set of live slots that a clock hand goes round. A slot taken out of
// the middle leaves its place to the last one, so that everything takes
// constant time; the flow that pushes out another takes over its place, just
// behind the hand, so that it has a whole round before it is looked at.
type ring struct {
	slots []int32
	hand  int32
}

// noPlace asks put for a new place at the end.
const noPlace = -1

func (r *ring) put(entries []entry, slot, place int32) {
	if place == noPlace {
		place = int32(len(r.slots))
		r.slots = append(r.slots, slot)
	}
	r.slots[place] = slot
	entries[slot].pos = place
}

func (r *ring) remove(entries []entry, place int32) {
	n := int32(len(r.slots)) - 1
	moved := r.slots[n]
	r.slots[place] = moved
	entries[moved].pos = place
	r.slots = r.slots[:n]
}

// next moves the hand to the first slot without a second chance, taking
// chances on its way, and returns its place; the ring must not be empty.
func (r *ring) next(entries []entry) int32 {
	for {
		if r.hand >= int32(len(r.slots)) {
			r.hand = 0
		}
		e := &entries[r.slots[r.hand]]
		if e.marks&recent == 0 {
			return r.hand
		}
		e.marks &^= recent
		r.hand++
	}
}
