package gateway

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestStopsOnAFullDisk holds that what is stopped while nothing can be written is counted and
// said so, and that the file is whole and goes on when there is room again.
func TestStopsOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("needs root: a small disk: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	s, err := OpenStops(dir, 0, [2]string{"a", "b"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r := StoppedRecord{Done: "drop", Says: "drop", Reason: "rule", Client: "10.0.0.1", Server: "10.0.0.2", Function: strings.Repeat("x", 90)}
	s.Tell(&r)
	others := filepath.Join(dir, "others")
	fill, err := os.Create(others)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = fill.Write(make([]byte, 4096))
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	for range 200 {
		s.Tell(&r)
	}
	full := s.State()
	if full.Unwritten == 0 || full.Problem == "" || s.Problem() == "" {
		t.Errorf("on a full disk: %+v", full)
	}
	if full.Lines != 201 || len(full.Rows) != 1 || full.Rows[0].Count != 201 {
		t.Errorf("counted: %+v", full)
	}
	if err := errors.Join(fill.Close(), os.Remove(others)); err != nil {
		t.Fatal(err)
	}
	s.Tell(&r)
	if s.Problem() != "" {
		t.Errorf("with room again: %s", s.Problem())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, stoppedFile))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	tally, err := TallyFile(f)
	if err != nil {
		t.Fatal(err)
	}
	if rows := tally.Rows(); len(rows) != 1 || rows[0].Count != 202-full.Unwritten {
		t.Errorf("the file: %+v, %d lines were not written", rows, full.Unwritten)
	}
}
