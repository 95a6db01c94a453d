package realtime_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"firedoor/internal/realtime"
)

// nap sleeps for a millisecond without Go's runtime knowing.
func nap() {
	t := unix.Timespec{Nsec: 1e6}
	_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&t)), 0, 0)
}

// holder holds its processor, heeding r, until it is told to stop.
func holder(r *realtime.Recess, stop *atomic.Bool) (ended chan struct{}) {
	ended = make(chan struct{})
	held := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		defer r.End()
		r.Heed()
		close(held)
		for !stop.Load() {
			r.Heed()
			nap()
		}
	}()
	<-held
	return ended
}

// TestHeldIsTakenByNobody holds that the world stands still only once the one that holds its processor lets go: not even
// a garbage collection takes it from there.
func TestHeldIsTakenByNobody(t *testing.T) {
	realtime.Room(1)
	var over atomic.Bool
	held, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		realtime.Hold()
		close(held)
		for range 60 { // the scheduler would take it after 10
			nap()
		}
		over.Store(true)
		realtime.Release()
	}()
	<-held
	runtime.GC()
	if !over.Load() {
		t.Error("garbage was collected while somebody held a processor")
	}
	<-ended
}

// TestRecess holds that others get what they need in a recess, again and again, and once the holder is gone.
func TestRecess(t *testing.T) {
	realtime.Room(1)
	var r realtime.Recess
	var stop atomic.Bool
	r.During(runtime.GC) // nobody holds anything yet
	ended := holder(&r, &stop)
	var before, after runtime.MemStats
	r.During(func() { runtime.ReadMemStats(&before) })
	for range 5 {
		r.During(runtime.GC)
	}
	r.During(func() { runtime.ReadMemStats(&after) })
	if n := after.NumGC - before.NumGC; n < 5 {
		t.Errorf("%d collections, want 5", n)
	}
	stop.Store(true)
	<-ended
	r.During(runtime.GC)
}
