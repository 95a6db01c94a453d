package gateway

import (
	"math"
	"runtime"
	"runtime/debug"
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

// collectByOrder has the runtime begin no collection by itself: it stops all goroutines, and the one that judges holds
// its processor and would let the others wait for ever. most is how much GOMEMLIMIT allows for, in bytes.
func collectByOrder() (most uint64) {
	debug.SetGCPercent(-1)
	return uint64(debug.SetMemoryLimit(math.MaxInt64))
}

// tidy collects garbage, while the one that judges lets go of its processor.
func (w *worker) tidy(most uint64) {
	limit := untidy(heapBytes(), most)
	for range time.Tick(tidyEvery) {
		if heapBytes() < limit {
			continue
		}
		w.recess.During(runtime.GC)
		limit = untidy(heapBytes(), most)
	}
}

// untidy is how much may lie there before it is collected again: near most, a quarter more than what is left, or a
// heap that does not fit would be collected all the time.
func untidy(live, most uint64) uint64 {
	return max(tidyFrom, min(tidyTimes*live, max(most/4*3, live/4*5)))
}

// heapBytes is what objects take, garbage included.
func heapBytes() uint64 {
	sample := [1]metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample[:])
	return sample[0].Value.Uint64()
}
