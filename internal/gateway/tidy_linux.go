package gateway

import (
	"runtime"
	"runtime/metrics"
	"time"
)

// Garbage of a worker: little is made, and a collection costs milliseconds of a core.
const (
	tidyEvery = 20 * time.Millisecond
	// tidyFrom is how much may lie there before anything is collected, in bytes, and tidyTimes how many times what was left
	// by the last collection.
	tidyFrom  = 16 << 20
	tidyTimes = 5
)

// tidy collects garbage. The runtime must not begin it by itself: it stops all goroutines, and the one that judges
// holds its processor and would let the others wait.
func (w *worker) tidy() {
	limit := untidy(heapBytes())
	for range time.Tick(tidyEvery) {
		if heapBytes() < limit {
			continue
		}
		w.recess.During(runtime.GC)
		limit = untidy(heapBytes())
	}
}

func untidy(live uint64) uint64 { return max(tidyFrom, tidyTimes*live) }

// heapBytes is what objects take, garbage included.
func heapBytes() uint64 {
	sample := [1]metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample[:])
	return sample[0].Value.Uint64()
}
