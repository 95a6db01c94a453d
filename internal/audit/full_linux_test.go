package audit_test

import (
	"errors"
	"os/signal"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"firedoor/internal/audit"
)

// TestDiskFull lets a line break off in the middle, as on a disk that is full: nothing of
// it stays, and the next one follows the last that was written.
func TestDiskFull(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	name := filled(t)
	c, err := audit.Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Stat(name, &st); err != nil {
		t.Fatal(err)
	}
	for more := range uint64(150) {
		small := was
		small.Cur = uint64(st.Size) + more
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &small); err != nil {
			t.Fatal(err)
		}
		added := c.Add("t", "isolate", "0", "which is some words longer than what there is room for, so that it breaks off")
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &was); err != nil {
			t.Fatal(err)
		}
		if added == nil {
			t.Fatalf("with room for %d bytes it was added", more)
		}
		if n, err := audit.Verify(name, nil); n != 6 || err != nil {
			t.Fatalf("with room for %d bytes: %d entries in order, %v", more, n, err)
		}
	}
	if err := errors.Join(c.Add("t", "release", "0", 1), c.Close()); err != nil {
		t.Fatal(err)
	}
	if n, err := audit.Verify(name, nil); n != 7 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}
