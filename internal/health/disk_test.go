package health

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firedoor/internal/mishap"
)

func TestDiskThatFills(t *testing.T) {
	dir := mishap.Disk(t, "4m")
	d := NewDisk(dir, 1<<20)
	expect := func(free, missing uint64, problem string) {
		t.Helper()
		r, err := d.Room()
		if want := (Room{free, 4 << 20, missing}); err != nil || r != want {
			t.Errorf("room is %+v, %v, want %+v", r, err, want)
		}
		if err := d.Check(); (err == nil) != (problem == "") || err != nil && !strings.HasPrefix(err.Error(), problem) {
			t.Errorf("check says %v, want %q", err, problem)
		}
	}
	expect(4<<20, 0, "")
	if err := os.WriteFile(filepath.Join(dir, "a"), make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(1<<20, 0, "")
	if err := os.WriteFile(filepath.Join(dir, "b"), make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(1<<20-4096, 4096, "0 MiB are free on the disk of "+dir+", 1 are to be")
	mishap.Fill(t, dir)
	expect(0, 1<<20, "0 MiB are free")
	if err := os.Remove(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	expect(3<<20, 0, "")
}

func TestDisk(t *testing.T) {
	dir := t.TempDir()
	r, err := NewDisk(dir, 0).Room()
	if err != nil || r.Total == 0 || r.Free > r.Total || r.Missing != 0 {
		t.Errorf("room is %+v, %v", r, err)
	}
	r, err = NewDisk(dir, 1<<62).Room()
	if err != nil || r.Missing != 1<<62-r.Free {
		t.Errorf("room is %+v, %v", r, err)
	}
	gone := NewDisk(filepath.Join(dir, "gone"), 0)
	if err := gone.Check(); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "gone")) {
		t.Errorf("a directory that is not there has %v for a problem", err)
	}
	for d, want := range map[*Disk]int{gone: 0, NewDisk(dir, 1<<62): 4} {
		n := 0
		d.Emit(func(name string, kind Kind, _ string, value float64, _ ...string) {
			n++
			if name == "firedoor_disk_low" && value != 1 {
				t.Errorf("%s is %v", name, value)
			}
		})
		if n != want {
			t.Errorf("%d metrics, want %d", n, want)
		}
	}
}
