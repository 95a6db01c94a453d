package flow

import (
	"slices"
	"testing"

	"firedoor"

	"pgregory.net/rapid"
)

func testKey(i int) Key {
	k := Key{Lo: firedoor.IPv4(0x0a000001), Hi: firedoor.IPv4(0x0a000100 + uint32(i>>8)),
		LoPort: 502, HiPort: uint16(i), Segment: firedoor.Segment(i % 3), Proto: 6}
	if i%5 == 0 {
		k.Lo.Hi, k.Hi.Hi, k.Proto = 0x2001_0db8_0000_0000, 0x2001_0db8_0000_0001, 17
	}
	return k
}

// oracle is the Table told simply: maps and searched lists.
type oracle struct {
	limit    int
	slots    map[Key]int32
	flows    map[int32]*oracleFlow
	free     []int32
	top      int32
	order    [2][]int32 // unprotected, protected
	hands    [2]int
	sweep    int32
	evicted  []int32
	timedOut []int32
}

type oracleFlow struct {
	key         Key
	first, last int64
	chance      bool
	protected   int
}

func newOracle(limit int) *oracle {
	return &oracle{limit: limit, slots: map[Key]int32{}, flows: map[int32]*oracleFlow{}}
}

func (o *oracle) touch(k Key, now int64) (int32, bool) {
	if slot, ok := o.slots[k]; ok {
		f := o.flows[slot]
		f.last, f.chance = max(f.last, now), true
		return slot, false
	}
	place := -1
	if len(o.flows) == o.limit {
		place = o.pushOut()
	}
	slot := o.top
	if n := len(o.free); n > 0 {
		slot, o.free = o.free[n-1], o.free[:n-1]
	} else {
		o.top++
	}
	o.slots[k] = slot
	o.flows[slot] = &oracleFlow{key: k, first: now, last: now}
	if place >= 0 {
		o.order[0] = slices.Insert(o.order[0], place, slot)
	} else {
		o.order[0] = append(o.order[0], slot)
	}
	return slot, true
}

func (o *oracle) pushOut() int {
	ring := 0
	if len(o.order[0]) == 0 {
		ring = 1
	}
	for {
		if o.hands[ring] >= len(o.order[ring]) {
			o.hands[ring] = 0
		}
		place := o.hands[ring]
		slot := o.order[ring][place]
		if f := o.flows[slot]; f.chance {
			f.chance = false
			o.hands[ring]++
			continue
		}
		o.evicted = append(o.evicted, slot)
		if ring == 1 {
			o.remove(slot)
			return -1
		}
		delete(o.slots, o.flows[slot].key)
		delete(o.flows, slot)
		o.order[0] = slices.Delete(o.order[0], place, place+1)
		o.free = append(o.free, slot)
		o.hands[ring]++
		return place
	}
}

func (o *oracle) unring(slot int32) {
	r := &o.order[o.flows[slot].protected]
	i, n := slices.Index(*r, slot), len(*r)-1
	(*r)[i] = (*r)[n]
	*r = (*r)[:n]
}

func (o *oracle) protect(slot int32) {
	f := o.flows[slot]
	if f == nil || f.protected == 1 {
		return
	}
	o.unring(slot)
	f.protected = 1
	o.order[1] = append(o.order[1], slot)
}

func (o *oracle) remove(slot int32) {
	f := o.flows[slot]
	if f == nil {
		return
	}
	o.unring(slot)
	delete(o.slots, f.key)
	delete(o.flows, slot)
	o.free = append(o.free, slot)
}

func (o *oracle) sweepOver(now int64, budget int, idle func(int32) int64) {
	for range min(budget, int(o.top)) {
		if o.sweep >= o.top {
			o.sweep = 0
		}
		slot := o.sweep
		o.sweep++
		if f := o.flows[slot]; f != nil && now-f.last > idle(slot) {
			o.timedOut = append(o.timedOut, slot)
			o.remove(slot)
		}
	}
}

func idleBySlot(slot int32) int64 { return 10 + int64(slot%3)*10 }

// Whatever is done, the table says what the oracle says: slots, evictions and
// time-outs included. Each Table has its own seed, so that this also proves
// that nothing hangs on the hash.
func TestTableAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.SampledFrom([]int{1, 2, 3, 7, 16, 100, 300}).Draw(t, "limit")
		keys := limit*2 + 3
		o := newOracle(limit)
		var table *Table
		var evicted, timedOut []int32
		table = New(limit, func(slot int32) {
			if !table.Live(slot) {
				t.Fatalf("evict of slot %d: not readable any more", slot)
			}
			evicted = append(evicted, slot)
		})
		now := int64(0)
		for range rapid.IntRange(1, 400).Draw(t, "steps") {
			now += rapid.Int64Range(-1, 3).Draw(t, "pass")
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				slot := rapid.Int32Range(0, max(0, table.Slots()-1)).Draw(t, "slot")
				if slot < table.Slots() {
					table.Remove(slot)
					o.remove(slot)
				}
			case 1:
				slot := rapid.Int32Range(0, max(0, table.Slots()-1)).Draw(t, "slot")
				if slot < table.Slots() {
					table.Protect(slot)
					o.protect(slot)
				}
			case 2:
				budget := rapid.IntRange(0, 2*limit).Draw(t, "budget")
				table.Sweep(now, budget, idleBySlot, func(slot int32) { timedOut = append(timedOut, slot) })
				o.sweepOver(now, budget, idleBySlot)
			default:
				k := testKey(rapid.IntRange(0, keys).Draw(t, "key"))
				slot, fresh := table.Touch(&k, now)
				wantSlot, wantFresh := o.touch(k, now)
				if slot != wantSlot || fresh != wantFresh {
					t.Fatalf("Touch: slot %d fresh %v, oracle %d %v", slot, fresh, wantSlot, wantFresh)
				}
			}
			compare(t, table, o)
		}
		if !slices.Equal(evicted, o.evicted) || !slices.Equal(timedOut, o.timedOut) {
			t.Fatalf("evicted %v, oracle %v; timed out %v, oracle %v", evicted, o.evicted, timedOut, o.timedOut)
		}
		if table.Evicted() != uint64(len(evicted)) || table.TimedOut() != uint64(len(timedOut)) {
			t.Fatalf("counters %d and %d, want %d and %d", table.Evicted(), table.TimedOut(), len(evicted), len(timedOut))
		}
	})
}

func compare(t *rapid.T, table *Table, o *oracle) {
	if table.Len() != len(o.flows) || table.Slots() != o.top || table.Protected() != len(o.order[1]) {
		t.Fatalf("%d flows in %d slots, %d protected; oracle %d in %d, %d",
			table.Len(), table.Slots(), table.Protected(), len(o.flows), o.top, len(o.order[1]))
	}
	for slot := range table.Slots() {
		f := o.flows[slot]
		if table.Live(slot) != (f != nil) {
			t.Fatalf("slot %d live %v", slot, table.Live(slot))
		}
		if f != nil && (table.Key(slot) != f.key || table.First(slot) != f.first || table.Last(slot) != f.last) {
			t.Fatalf("slot %d holds %+v, oracle %+v", slot, table.Key(slot), f)
		}
	}
}

// Two tables with different seeds give the same slots and evict the same flows.
func TestTableDoesNotDependOnSeed(t *testing.T) {
	var logs [2][]int32
	for run := range logs {
		log := &logs[run]
		table := New(500, func(slot int32) { *log = append(*log, -slot) })
		x := uint32(1)
		for i := range 50_000 {
			x = x*1664525 + 1013904223
			k := testKey(int(x>>16) % 2000)
			slot, fresh := table.Touch(&k, int64(i))
			*log = append(*log, slot)
			switch {
			case fresh && x%7 == 0:
				table.Protect(slot)
			case x%11 == 0:
				table.Remove(slot)
			}
			table.Sweep(int64(i), 1, func(int32) int64 { return 3000 }, func(slot int32) { *log = append(*log, slot+1<<20) })
		}
		if table.Evicted() == 0 || table.TimedOut() == 0 {
			t.Fatalf("the test shows nothing: %d evicted, %d timed out", table.Evicted(), table.TimedOut())
		}
	}
	if !slices.Equal(logs[0], logs[1]) {
		t.Fatal("two runs differ")
	}
}

// A flood of forged flows leaves what is protected, and what goes on, alone.
func TestFloodKeepsWhatGoesOn(t *testing.T) {
	const limit = 1000
	gone := map[int32]bool{}
	table := New(limit, func(slot int32) { gone[slot] = true })
	var kept []int32
	for i := range 200 {
		k := testKey(i)
		slot, _ := table.Touch(&k, 0)
		if i < 100 {
			table.Protect(slot)
		}
		kept = append(kept, slot)
	}
	for i := range 100_000 {
		k := testKey(1000 + i%60_000)
		k.Segment = firedoor.Segment(i)
		table.Touch(&k, int64(i))
		known := testKey(100 + i%100) // the unprotected hundred go on
		table.Touch(&known, int64(i))
	}
	for i, slot := range kept {
		if gone[slot] {
			t.Fatalf("flow %d was pushed out by forged ones", i)
		}
	}
	if table.Len() != limit || table.Evicted() == 0 {
		t.Fatalf("%d flows, %d evicted", table.Len(), table.Evicted())
	}
}

// When everything is protected, protected flows make room, one by one.
func TestOnlyProtectedLeft(t *testing.T) {
	var gone []int32
	table := New(4, func(slot int32) { gone = append(gone, slot) })
	for i := range 4 {
		k := testKey(i)
		slot, _ := table.Touch(&k, 0)
		table.Protect(slot)
	}
	for i := range 3 {
		k := testKey(10 + i)
		table.Touch(&k, 1)
	}
	// The first takes a protected place, the others push out each other.
	if want := []int32{0, 0, 0}; !slices.Equal(gone, want) {
		t.Fatalf("evicted %v, want %v", gone, want)
	}
	if table.Protected() != 3 {
		t.Fatalf("%d protected flows are left, want 3", table.Protected())
	}
}

func TestTableAllocatesNothing(t *testing.T) {
	table := New(256, func(int32) {})
	idle, drop := func(int32) int64 { return 500 }, func(int32) {}
	now := int64(0)
	step := func() {
		for i := range 400 {
			now++
			k := testKey(i)
			slot, _ := table.Touch(&k, now)
			if i%3 == 0 {
				table.Protect(slot)
			}
			if i%5 == 0 {
				table.Remove(slot)
			}
			table.Sweep(now, 1, idle, drop)
		}
	}
	for range 10 {
		step()
	}
	if n := testing.AllocsPerRun(50, step); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct{ limit, want int }{{-1, 1}, {0, 1}, {5, 5}} {
		if got := New(c.limit, nil).Limit(); got != c.want {
			t.Errorf("New(%d): limit %d, want %d", c.limit, got, c.want)
		}
	}
	table := New(1, nil) // no callback: evicts all the same
	for i := range 3 {
		k := testKey(i)
		if slot, fresh := table.Touch(&k, 0); slot != 0 || !fresh {
			t.Fatalf("slot %d, fresh %v", slot, fresh)
		}
	}
	table.Sweep(100, 1, func(int32) int64 { return 1 }, nil)
	if table.Len() != 0 {
		t.Fatal("the flow did not time out")
	}
}

func benchTouch(b *testing.B, flows int) {
	table := New(1<<20, nil)
	keys := make([]Key, flows)
	for i := range keys {
		keys[i] = testKey(i)
		keys[i].Segment = firedoor.Segment(i >> 16)
		table.Touch(&keys[i], 0)
	}
	x := uint32(1)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		x = x*1664525 + 1013904223
		table.Touch(&keys[int(uint64(x)*uint64(flows)>>32)], int64(i))
	}
}

func BenchmarkTouch2k(b *testing.B)   { benchTouch(b, 2_000) }
func BenchmarkTouch100k(b *testing.B) { benchTouch(b, 100_000) }

func BenchmarkFlood(b *testing.B) {
	table := New(100_000, func(int32) {})
	b.ReportAllocs()
	for i := range b.N {
		k := testKey(i)
		k.Segment = firedoor.Segment(i)
		table.Touch(&k, int64(i))
	}
}
