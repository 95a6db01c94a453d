package protocol_test

import (
	"testing"

	"pgregory.net/rapid"

	"firedoor/internal/protocol"
)

// TestAskedAgainstList compares the ring with a plain list.
func TestAskedAgainstList(t *testing.T) {
	type entry struct {
		key uint64
		val int
	}
	rapid.Check(t, func(t *rapid.T) {
		var ring protocol.Asked[int]
		var list []entry
		for step := range rapid.IntRange(1, 400).Draw(t, "steps") {
			key := rapid.Uint64Range(0, 5).Draw(t, "key")
			if rapid.Bool().Draw(t, "put") {
				*ring.Put(key) = step
				list = append(list, entry{key, step})
				continue
			}
			want := -1
			for i, e := range list {
				if e.key == key {
					want = e.val
					list = append(list[:i:i], list[i+1:]...)
					break
				}
			}
			got := -1
			if v := ring.Take(key); v != nil {
				got = *v
			}
			if got != want {
				t.Fatalf("step %d: Take(%d) = %d, want %d", step, key, got, want)
			}
		}
	})
}

func TestAskedForgetsTheOldest(t *testing.T) {
	var ring protocol.Asked[int]
	for i := range protocol.MaxAsked + 10 {
		*ring.Put(uint64(i)) = i
	}
	if n := ring.Len(); n != protocol.MaxAsked {
		t.Fatalf("%d requests are remembered, want MaxAsked", n)
	}
	if ring.Take(9) != nil {
		t.Error("an old request survived the limit")
	}
	if v := ring.Take(10); v == nil || *v != 10 {
		t.Error("the oldest request within the limit is gone")
	}
	ring.Clear()
	if ring.Take(11) != nil || ring.Len() != 0 {
		t.Error("Clear leaves requests")
	}
}

func TestAskedReusesPlaces(t *testing.T) {
	var ring protocol.Asked[[]int]
	for range 3 {
		v := ring.Put(1)
		*v = append((*v)[:0], 1, 2, 3)
		ring.Take(1)
	}
	if n := testing.AllocsPerRun(100, func() {
		v := ring.Put(1)
		*v = append((*v)[:0], 4, 5, 6)
		if got := ring.Take(1); got == nil || len(*got) != 3 {
			t.Fatal("the request is not found")
		}
	}); n != 0 {
		t.Errorf("%v allocations a request, want none", n)
	}
}

// TestAskedAlike: of a key some bits may be unknown; what is taken is the oldest that fits, once.
func TestAskedAlike(t *testing.T) {
	var ring protocol.Asked[string]
	for key, val := range []string{0: "none", 1: "first"} {
		*ring.Put(uint64(key)<<8 | 7) = val
	}
	*ring.Put(2<<8 | 9) = "other"
	if _, val := ring.TakeAlike(5<<8|8, 0xff); val != nil {
		t.Errorf("a key that nothing has finds %q", *val)
	}
	for _, want := range []uint64{7, 1<<8 | 7} {
		if key, val := ring.TakeAlike(5<<8|7, 0xff); val == nil || key != want {
			t.Errorf("key %#x, %v; want %#x", key, val, want)
		}
	}
	if _, val := ring.TakeAlike(5<<8|7, 0xff); val != nil || ring.Len() != 1 {
		t.Errorf("taken twice: %v, %d left", val, ring.Len())
	}
}
