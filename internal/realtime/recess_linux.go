package realtime

import (
	"sync/atomic"
	"time"
)

// Recess is agreed between a goroutine that holds its processor and one that needs it to let go for a while. The zero
// value is that of one that does not hold it yet.
type Recess struct{ wanted, held atomic.Bool }

// recessEvery is how often it is looked whether the other one let go.
const recessEvery = time.Millisecond

// Heed holds the processor, but while a recess is wanted. Whoever holds it calls this at least every few milliseconds.
func (r *Recess) Heed() {
	switch held := r.held.Load(); {
	case held && r.wanted.Load():
		r.End()
	case !held && !r.wanted.Load():
		Hold()
		r.held.Store(true)
	}
}

// Holds tells whether the processor is held. Only whoever calls Heed may ask.
func (r *Recess) Holds() bool { return r.held.Load() }

// End lets go of the processor for good, where it is held.
func (r *Recess) End() {
	if r.held.Load() {
		Release()
		r.held.Store(false)
	}
}

// During runs f while nobody holds the processor. One goroutine at a time may call it.
func (r *Recess) During(f func()) {
	r.wanted.Store(true)
	defer r.wanted.Store(false)
	for r.held.Load() {
		time.Sleep(recessEvery)
	}
	f()
}
