package uplink

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"firedoor"
)

// TestDiskFull: on a full disk Publish fails, what was acknowledged is readable,
// and when there is room again Publish works without anybody's help.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if os.Geteuid() != 0 {
		t.Skip("mounting a small disk needs root: run this test as root to see what a full disk does")
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("a small disk cannot be mounted here (%v): run this test where it can", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	u := open(t, Config{Dir: filepath.Join(dir, "stream"), MaxBytes: 1 << 30})
	acknowledged := uint64(0)
	for i := 0; ; i++ {
		seq, err := u.Publish(t.Context(), "s", []firedoor.Record{noise(t, i, 300_000)})
		if err != nil {
			t.Log("full:", err)
			break
		}
		acknowledged = seq
		if i > 200 {
			t.Fatal("the disk is never full")
		}
	}
	if acknowledged == 0 {
		t.Fatal("nothing was acknowledged")
	}
	for i, b := range take(t, u, 0, int(acknowledged)) {
		if b.Seq != uint64(i+1) || len(b.Records) != 1 {
			t.Fatalf("message %d is sequence %d with %d records", i+1, b.Seq, len(b.Records))
		}
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	for {
		seq, err := u.Publish(t.Context(), "s", []firedoor.Record{record("a", firedoor.RecordAlert, 1)})
		if err == nil {
			if seq <= acknowledged {
				t.Errorf("sequence %d after %d", seq, acknowledged)
			}
			break
		}
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
		t.Log(err)
		time.Sleep(500 * time.Millisecond)
	}
	if b := take(t, u, acknowledged, 1); b[0].Records[0].Key != "alert1" {
		t.Errorf("came %+v", b)
	}
}
