package flow

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"firedoor"
)

// TestRestored: a table that was stored and made anew does from then on exactly
// what the old one does: the same slots, the same evictions, the same sweeps.
func TestRestored(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var told [2][]string
		evict := func(i int) func(int32) {
			return func(slot int32) { told[i] = append(told[i], fmt.Sprint("evicted ", slot)) }
		}
		limit := 1 + r.IntN(40)
		old := New(limit, evict(0))
		now := int64(0)
		act := func(tables ...*Table) {
			now += r.Int64N(5)
			k := Key{Lo: firedoor.IP{Lo: uint64(r.IntN(60))}, Hi: firedoor.IP{Lo: 1}, Proto: 6}
			what, slot := r.IntN(10), int32(r.IntN(limit))
			for i, x := range tables {
				switch {
				case what < 6:
					got, fresh := x.Touch(&k, now)
					told[i] = append(told[i], fmt.Sprint(got, fresh))
				case what == 6 && slot < x.Slots():
					x.Remove(slot)
				case what == 7 && slot < x.Slots():
					x.Protect(slot)
				default:
					x.Sweep(now, 3, func(int32) int64 { return 60 }, func(slot int32) { told[i] = append(told[i], fmt.Sprint("over ", slot)) })
				}
			}
		}
		for range r.IntN(200) {
			act(old)
		}
		a := old.Arrangement()
		var flows []Placed
		for slot := range old.Slots() {
			if old.Live(slot) {
				flows = append(flows, old.Placed(slot))
			}
		}
		again := New(limit, evict(1))
		back := 0
		again.Restore(&a, flows, func(int) { back++ })
		told = [2][]string{}
		for range 300 {
			act(old, again)
		}
		if back != len(flows) || !slices.Equal(told[0], told[1]) || old.Len() != again.Len() {
			t.Fatalf("seed %d, limit %d: %d of %d flows came back; %d acts there, %d here", seed, limit, back, len(flows), len(told[0]), len(told[1]))
		}
	}
}

// TestRestoredNonsense: an arrangement that fits nothing breaks nothing.
func TestRestoredNonsense(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 500 {
		slot := func() int32 { return int32(r.IntN(30)) - 5 }
		var a Arrangement
		a.Slots, a.Hand = slot(), slot()
		var flows []Placed
		for range r.IntN(20) {
			a.Free = append(a.Free, slot())
			a.Rings[r.IntN(2)] = append(a.Rings[0], slot())
			flows = append(flows, Placed{Slot: slot(), Key: Key{Lo: firedoor.IP{Lo: uint64(r.IntN(9))}}})
		}
		a.Hands = [2]int32{slot(), slot()}
		x := New(10, nil)
		back := 0
		x.Restore(&a, flows, func(int) { back++ })
		if x.Len() != back {
			t.Fatalf("%d flows, %d came back: %+v %+v", x.Len(), back, a, flows)
		}
		for i := range 100 {
			x.Touch(&Key{Lo: firedoor.IP{Lo: uint64(i)}}, int64(i))
			x.Sweep(int64(i), 2, func(int32) int64 { return 3 }, nil)
		}
	}
}
