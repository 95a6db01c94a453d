package audit_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"firedoor/internal/audit"
)

// TestFilledByOthers holds that entries can be added on a disk that others have filled.
func TestFilledByOthers(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("needs root: a small disk: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	name := filepath.Join(dir, "decisions.jsonl")
	c, err := audit.Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	fill, err := os.Create(filepath.Join(dir, "others"))
	if err != nil {
		t.Fatal(err)
	}
	for block := make([]byte, 4096); ; {
		if _, err := fill.Write(block); err != nil {
			if !errors.Is(err, unix.ENOSPC) {
				t.Fatal(err)
			}
			break
		}
	}
	for i := range 100 {
		if err := c.Add("t", "isolate", "0", "some words of a reason, as a person writes them"); err != nil {
			t.Fatalf("entry %d: %v", i+1, err)
		}
	}
	if err := errors.Join(c.Close(), fill.Close()); err != nil {
		t.Fatal(err)
	}
	if n, err := audit.Verify(name, nil); n != 100 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}
