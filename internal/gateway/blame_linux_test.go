package gateway

import (
	"bytes"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/realtime"
)

// TestRecessBlamesNobody holds that a frame is noted as the one in hand, and not so while the runtime may stop the thread that
// judges it: else two collections of garbage on a busy machine bar an honest client.
func TestRecessBlamesNobody(t *testing.T) {
	fd, err := unix.MemfdCreate("pulse", 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "pulse")
	defer func() { _ = f.Close() }()
	if err := f.Truncate(int64(os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	pulse, err := datapath.OpenPulse(fd)
	if err != nil {
		t.Fatal(err)
	}
	noted := func() bool {
		b := make([]byte, os.Getpagesize())
		if _, err := f.ReadAt(b, 0); err != nil {
			t.Fatal(err)
		}
		return bytes.Trim(b, "\x00") != nil
	}
	realtime.Room(1)
	w := &worker{pulse: pulse}
	client := firedoor.IP{Hi: 1, Lo: 2}
	w.takes(client)
	if noted() {
		t.Error("a frame is noted while nothing keeps the runtime from stopping the thread")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		w.recess.Heed()
		defer w.recess.End()
		w.takes(client)
	}()
	<-done
	if !noted() {
		t.Error("a frame is not noted")
	}
}
