package gateway

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// TestTidy holds that a worker's garbage is collected though the runtime does not do so by itself.
func TestTidy(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	w := &worker{}
	go w.tidy()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	for now = before; now.NumGC == before.NumGC; runtime.ReadMemStats(&now) { // or the test takes too long
		litter = make([]byte, 1<<20)
	}
}

var litter []byte
