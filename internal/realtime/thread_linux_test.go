package realtime

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestNow holds that Now is the kernel's clock.
func TestNow(t *testing.T) {
	kernel := func() time.Duration {
		var now unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
			t.Fatal(err)
		}
		return time.Duration(now.Nano())
	}
	for range 1000 {
		before := kernel()
		now := Now()
		if after := kernel(); now < before || now > after {
			t.Fatalf("%v, and the kernel has %v before and %v after", now, before, after)
		}
	}
}
