package gateway

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
)

// TestTidy holds that a worker's garbage is collected though the runtime does not do so by itself, not even where
// GOMEMLIMIT says so.
func TestTidy(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(1<<30)
	defer func() { debug.SetGCPercent(percent); debug.SetMemoryLimit(limit) }()
	if most := collectByOrder(); most != 1<<30 {
		t.Errorf("%d bytes are allowed for, want what the limit was", most)
	}
	if now := debug.SetMemoryLimit(-1); now != math.MaxInt64 {
		t.Errorf("the runtime collects from %d bytes on", now)
	}
	if now := debug.SetGCPercent(-1); now != -1 {
		t.Errorf("the runtime collects at %d %%", now)
	}
	w := &worker{}
	go w.tidy(1 << 30)
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	for now = before; now.NumGC == before.NumGC; runtime.ReadMemStats(&now) { // or the test takes too long
		litter = make([]byte, 1<<20)
	}
}

var litter []byte

// TestUntidy holds how much may lie there: from a small heap, in proportion, and near what is allowed for.
func TestUntidy(t *testing.T) {
	const mega = 1 << 20
	for _, c := range []struct{ live, most, want uint64 }{
		{mega, math.MaxInt64, tidyFrom},
		{40 * mega, math.MaxInt64, 200 * mega},
		{40 * mega, 512 * mega, 200 * mega},
		{200 * mega, 512 * mega, 384 * mega},
		{400 * mega, 512 * mega, 500 * mega},
	} {
		if got := untidy(c.live, c.most); got != c.want {
			t.Errorf("%d live of %d: %d, want %d", c.live/mega, c.most/mega, got/mega, c.want/mega)
		}
	}
}
