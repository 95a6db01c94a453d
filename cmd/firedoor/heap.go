package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The collector starts when the heap has doubled. A small heap that grows would be
// gone through again and again: it gets room beside what it doubles to. A large heap
// is collected a little more eagerly, which is rare by then.
const (
	// heapRoom is what a program that goes on may hold for that, replayRoom one that
	// soon gives all its memory back.
	heapRoom   = 8 << 20
	replayRoom = 32 << 20

	largeHeap    = 24 << 20 // live
	largePercent = 50       // GOGC of a large heap

	// firstHeap is what GOGC is a share of before the first collection: at 100 it comes
	// when the heap has grown to this (package runtime).
	firstHeap = 4 << 20
)

// pacer paces the collector of this process: after each collection it looks how much
// is alive. Who sets GOGC has it as set.
type pacer struct{ room uint64 }

// paceCollector begins, for a command.
func paceCollector(gogc, command string) {
	if gogc != "" {
		return
	}
	p := pacer{room: heapRoom}
	if command == "replay" {
		p.room = replayRoom
	}
	debug.SetGCPercent(p.percent(firstHeap))
	p.watch()
}

// percent is GOGC with so much alive.
func (p *pacer) percent(live uint64) int {
	if live >= largeHeap {
		return largePercent
	}
	live = max(live, 1<<20)
	return int(100 * (live + p.room) / live)
}

// cycle lives for one collection: its finalizer runs after it.
type cycle struct{ of *pacer }

func (p *pacer) watch() {
	runtime.SetFinalizer(&cycle{p}, func(c *cycle) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		n := live[0].Value.Uint64()
		debug.SetGCPercent(c.of.percent(n))
		if n < largeHeap {
			c.of.watch()
		}
	})
}
