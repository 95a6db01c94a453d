package realtime

import (
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestVisit holds that a thread that asked a core is where it went, and an ordinary one again, however often the runtime looked for
// it meanwhile.
func TestVisit(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("real-time priority needs root")
	}
	stop := make(chan struct{})
	defer close(stop)
	go func() { // stops the world all the time, so threads meet it where they leave the kernel
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	for i := range 500 {
		core := i % runtime.NumCPU()
		done := make(chan error)
		var arrived atomic.Bool
		go func() {
			runtime.LockOSThread()
			var seat, now unix.CPUSet
			seat.Set(core)
			if err := Visit(&seat, 45, &arrived); err != nil {
				done <- err
				return
			}
			if err := unix.SchedGetaffinity(0, &now); err != nil || now != seat {
				t.Errorf("it may sit on %v (%v)", now, err)
			}
			if a, err := unix.SchedGetAttr(0, 0); err != nil || a.Policy != unix.SCHED_NORMAL {
				t.Errorf("it is %+v (%v)", a, err)
			}
			done <- nil
		}()
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(time.Minute):
			t.Fatal("it does not come back")
		}
		if !arrived.Load() {
			t.Fatal("it never came to its core")
		}
	}
}

// TestVisitNowhere holds that where a thread cannot sit it says so, and nobody waits for it.
func TestVisitNowhere(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var arrived atomic.Bool
	if err := Visit(&unix.CPUSet{}, 45, &arrived); err == nil || !arrived.Load() {
		t.Errorf("%v, %v", err, arrived.Load())
	}
}
