package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"firedoor"
	"firedoor/internal/mishap"
	"firedoor/internal/store"
)

// TestDiskFull: on a disk that is really full nothing is half written, reading
// goes on, and when there is room again nothing is missing.
func TestDiskFull(t *testing.T) {
	dir := mishap.Disk(t, "3m")
	s, err := Open(t.Context(), dir, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	message := func(seq int) []firedoor.Record {
		var out []firedoor.Record
		for i := range 50 {
			out = append(out, alert(t, seq*50+i, firedoor.High, "10.0.0.1", "10.0.0.2"))
		}
		return out
	}
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	seq := 1
	for ; ; seq++ {
		if _, err = s.Apply(t.Context(), store.Position{Stream: "s", Seq: uint64(seq)}, begin, message(seq)); err != nil {
			break
		}
		if seq > 1000 {
			t.Fatal("the disk is never full")
		}
	}
	if !errors.Is(err, store.ErrNoSpace) {
		t.Fatalf("a full disk says %v", err)
	}
	p, err := s.Position(t.Context())
	if err != nil || p.Seq != uint64(seq-1) {
		t.Errorf("position %+v, %v; want %d", p, err, seq-1)
	}
	if got := alerts(t, s, store.AlertQuery{Limit: 10}); got.Total != 50*(seq-1) || got.Alerts[0].ID != alertID(50*(seq-1)+49) {
		t.Errorf("readable are %d alerts up to %s, want %d", got.Total, got.Alerts[0].ID, 50*(seq-1))
	}
	if _, err := s.Acknowledge(t.Context(), alertID(50), store.Acknowledgement{By: "me", Comment: fmt.Sprintf("%4000s", "x")}); err != nil && !errors.Is(err, store.ErrNoSpace) {
		t.Errorf("acknowledging on a full disk: %v", err)
	}
	if st := s.Stats(); st.Failures == 0 || st.Alerts != 50*(seq-1) {
		t.Errorf("stats: %+v", st)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Apply(t.Context(), store.Position{Stream: "s", Seq: uint64(seq)}, begin, message(seq)); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	if got := alerts(t, s, store.AlertQuery{Limit: 1}); got.Total != 50*seq {
		t.Errorf("with room again there are %d alerts, want %d", got.Total, 50*seq)
	}
	if st := s.Stats(); st.Problem != "" {
		t.Errorf("with room again there still is a problem: %q", st.Problem)
	}
}

// TestDiskReadOnly: the kernel remounts a disk that fails for reading only.
func TestDiskReadOnly(t *testing.T) {
	dir := mishap.Disk(t, "16m")
	first, err := Open(t.Context(), dir, quiet())
	if err != nil {
		t.Fatal(err)
	}
	apply(t, first, alert(t, 1, firedoor.High, "10.0.0.1", "10.0.0.2"))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	mishap.Remount(t, dir, unix.MS_RDONLY, "")
	if s, err := Open(t.Context(), dir, quiet()); err == nil {
		s.Close()
		t.Fatal("a store that cannot be written opens as if all were well")
	}
}
