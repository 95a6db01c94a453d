package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The collector starts when the heap has doubled. A small heap that grows would be
// gone through again and again: it gets a floor, memory that is asked for and never
// touched, so that it takes none. Under a large heap the floor would count twice,
// as live and as room to grow: it is taken away, and the heap grows less between
// two collections, which are rare by then.
const (
	heapFloor    = 8 << 20
	largeHeap    = 32 << 20 // live, with the floor
	largePercent = 70       // GOGC of a large heap
)

// paceCollector sets the floor, and looks after each collection whether the heap
// is large by now. Who sets GOGC has it as set.
func paceCollector(gogc string) {
	if gogc != "" {
		return
	}
	watchHeap(make([]byte, heapFloor))
}

// cycle lives for one collection: its finalizer runs after it.
type cycle struct{ floor []byte }

func watchHeap(floor []byte) {
	runtime.SetFinalizer(&cycle{floor}, func(c *cycle) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		if live[0].Value.Uint64() < largeHeap {
			watchHeap(c.floor)
			return
		}
		debug.SetGCPercent(largePercent)
	})
}
