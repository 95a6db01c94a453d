package gateway

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStopsBeginAnew holds that a flood of lines leaves those that came last, in two files of a bounded size, and that it is told
// how much is gone.
func TestStopsBeginAnew(t *testing.T) {
	dir, log := t.TempDir(), &strings.Builder{}
	s, err := OpenStops(dir, 0, [2]string{"a", "b"}, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	const most, lines = 4096, 100
	s.most = most
	for range lines {
		s.Tell(&StoppedRecord{Done: "drop", Says: "drop", Reason: "rule", Client: "10.0.0.1", Server: "10.0.0.2"})
	}
	state := s.State()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	all := &StopTally{}
	size := uint64(0)
	for _, name := range []string{stoppedFile + beforeSuffix, stoppedFile} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() > most+512 {
			t.Errorf("%s: %v, %d bytes, %v", name, info.Mode(), info.Size(), err)
		}
		size += uint64(info.Size())
		if err := all.AddFile(f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_ = f.Close()
	}
	rows := all.Rows()
	if len(rows) != 1 || rows[0].Count == 0 || size < most {
		t.Fatalf("%d bytes, %+v", size, rows)
	}
	if length := size / rows[0].Count; state.Unwritten > 0 || state.GoneBytes/length+rows[0].Count != lines {
		t.Errorf("%d lines are there and %d bytes are said to be gone: %+v", rows[0].Count, state.GoneBytes, state)
	}
	if !strings.Contains(log.String(), "event=stopped-anew") {
		t.Errorf("the log says %s", log)
	}
}

// TestStopsTakenAway holds that lines are written again where the file was taken away, or where another one could not be begun
// behind the one that was put aside.
func TestStopsTakenAway(t *testing.T) {
	dir := t.TempDir()
	s, err := OpenStops(dir, 0, [2]string{"a", "b"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.most = 512
	if err := os.Rename(filepath.Join(dir, stoppedFile), filepath.Join(dir, stoppedFile+beforeSuffix)); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		s.Tell(&StoppedRecord{Done: "drop", Says: "drop", Reason: "rule", Client: "10.0.0.1", Server: "10.0.0.2"})
	}
	if state := s.State(); state.Unwritten > 0 || state.Problem != "" {
		t.Errorf("%d lines are not written: %s", state.Unwritten, state.Problem)
	}
	if _, err := os.Stat(filepath.Join(dir, stoppedFile)); err != nil {
		t.Error(err)
	}
}

// TestStopsBehindDamage holds that half a line, of a crash, does not hide the next one, and that a line which cannot be read
// hides none of those behind it, and is told.
func TestStopsBehindDamage(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, stoppedFile)
	line := `{"time":"2026-11-26T08:00:00Z","done":"drop","says":"drop","reason":"rule","by":"kernel","bytes":60}` + "\n"
	if err := os.WriteFile(name, []byte(line+"\x00\x00\x00 no line\n"+line+line[:40]), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := OpenStops(dir, 0, [2]string{"a", "b"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.Tell(&StoppedRecord{Done: "drop", Says: "drop", Reason: "rule", By: byKernel})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	tally, err := TallyFile(f)
	var damage *UnreadableError
	if !errors.As(err, &damage) || damage.Lines != 1 || damage.First != 2 {
		t.Errorf("the damage: %v", err)
	}
	if rows := tally.Rows(); len(rows) != 1 || rows[0].Count != 3 {
		t.Errorf("%+v", rows)
	}
}
