package evidence_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"firedoor/internal/evidence"
)

// TestFullDisk holds that what is kept stays where the disk takes no more, that no file is begun for nothing, and that it goes on,
// whole, when there is room again.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"); err != nil {
		t.Skipf("needs root: a small disk: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	r, err := evidence.Open(filepath.Join(dir, "evidence"), 2*evidence.Least, [2]string{"in", "out"})
	if err != nil {
		t.Fatal(err)
	}
	add := func() error {
		_, _, err := r.Add(evidence.Packet{Data: frame(1, 1400)})
		return err
	}
	for range 800 {
		if err := add(); err != nil {
			t.Fatal(err)
		}
	}
	others := filepath.Join(dir, "others")
	fill, err := os.Create(others)
	for err == nil {
		_, err = fill.Write(make([]byte, 4096))
	}
	_ = fill.Close()
	files := func() []string {
		names, err := filepath.Glob(filepath.Join(dir, "evidence", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	before, failed := files(), 0
	for range 1000 {
		if add() != nil {
			failed++
		}
	}
	if failed < 900 {
		t.Fatalf("%d of 1,000 did not fit", failed)
	}
	if after := files(); len(after) != len(before) || after[0] != before[0] {
		t.Errorf("on a full disk %v became %v", before, after)
	}
	if err := os.Remove(others); err != nil {
		t.Fatal(err)
	}
	if err := add(); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range files() {
		whole(t, name)
	}
}

// TestRestartsPushNothingOut holds that files which processes left with little in them push out none that is full.
func TestRestartsPushNothingOut(t *testing.T) {
	dir := t.TempDir()
	for n := range 20 {
		r, err := evidence.Open(dir, evidence.Least, [2]string{"in", "out"})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.Add(evidence.Packet{Data: frame(n, 100)}); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "stops-000001.pcapng")); err != nil {
		t.Errorf("what was kept first: %v", err)
	}
}
