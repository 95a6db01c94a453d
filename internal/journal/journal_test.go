package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firedoor/internal/mishap"
)

func open(t *testing.T, cfg Config) *Journal {
	t.Helper()
	j, err := Open(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func all(t *testing.T, dir string, from Position) (out []string, damage error) {
	t.Helper()
	damage = Read(dir, from, func(e *Entry) error {
		out = append(out, fmt.Sprintf("%s %d %s", e.Kind, e.Time, e.Body))
		return nil
	})
	return out, damage
}

// TestOrder: what was appended is read in order, over several processes, and from
// any position.
func TestOrder(t *testing.T) {
	dir := t.TempDir()
	var want []string
	var at Position
	for run := range 3 {
		j := open(t, Config{Dir: dir})
		for i := range 400 {
			if run == 1 && i == 200 {
				at = j.Position()
			}
			body := strings.Repeat("x", i) + fmt.Sprint(run)
			j.Append(Lines, int64(i-100), []byte(body))
			want = append(want, fmt.Sprintf("lines %d %s", i-100, body))
		}
		if run < 2 { // the last one is killed: only what was flushed is there
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		} else {
			j.Flush()
		}
	}
	got, damage := all(t, dir, Position{})
	if damage != nil || !slices.Equal(got, want) {
		t.Fatalf("%d entries of %d, %v", len(got), len(want), damage)
	}
	got, damage = all(t, dir, at)
	if damage != nil || !slices.Equal(got, want[600:]) {
		t.Errorf("from a position: %d entries of %d, %v", len(got), len(want)-600, damage)
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	out, err := filepath.Glob(filepath.Join(dir, "*"+ending))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestDamage: a changed byte, a segment taken out of the middle and one that
// breaks off are told, and what lies around them is read.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	for run := range 3 {
		j := open(t, Config{Dir: dir})
		for i := range 10 {
			j.Append(Alert, int64(i), fmt.Appendf(nil, `{"run":%d}`, run))
			j.Flush()
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got, damage := all(t, dir, Position{}); len(got) != 30 || damage != nil {
		t.Fatalf("%d entries, %v", len(got), damage)
	}
	middle := files(t, dir)[1]
	b, err := os.ReadFile(middle)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		b    []byte
		says string
		has  int
	}{
		{"a byte is changed", append(append(slices.Clone(b[:len(b)-3]), b[len(b)-3]^1), b[len(b)-2:]...), "changed", 19},
		{"it breaks off", b[:len(b)-3], "stopped while it wrote", 19},
		{"it is something else", []byte("hello"), "no segment", 10},
	} {
		if err := os.WriteFile(middle, c.b, 0o600); err != nil {
			t.Fatal(err)
		}
		got, damage := all(t, dir, Position{})
		var where *DamageError
		if !errors.As(damage, &where) || !strings.Contains(damage.Error(), c.says) || len(got) < c.has {
			t.Errorf("%s: %d entries, %v", c.name, len(got), damage)
		}
	}
	if err := os.Remove(middle); err != nil {
		t.Fatal(err)
	}
	if got, _ := all(t, dir, Position{}); len(got) != 20 {
		t.Errorf("without the middle one: %d entries", len(got))
	}
}

// TestLimits: the oldest segments go when there are too many bytes of them, when
// they are too old, and when the disk needs room, for which another is begun and
// the one at hand goes too.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name  string
		cfg   Config
		gone  uint64
		early uint64
	}{
		{"bytes", Config{MaxBytes: 1}, 3, 0},
		{"age", Config{Keep: time.Nanosecond}, 3, 0},
		{"disk", Config{Missing: func() uint64 { return 1 << 40 }}, 4, 4},
	} {
		c.cfg.Dir = t.TempDir()
		for range 3 {
			j := open(t, Config{Dir: c.cfg.Dir})
			j.Append(Tick, 1, nil)
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		}
		j := open(t, c.cfg)
		j.Append(Tick, 2, nil)
		j.Sync()
		if s := j.Stats(); len(files(t, c.cfg.Dir)) != 1 || s.Deleted != c.gone || s.Early != c.early || s.Segments != 1 {
			t.Errorf("%s: %d files, %+v", c.name, len(files(t, c.cfg.Dir)), s)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullDisk writes into a disk that is really full: the oldest segment goes
// first, then entries are lost and counted, and when there is room it goes on.
func TestFullDisk(t *testing.T) {
	dir := mishap.Disk(t, "512k")
	noise := make([]byte, 60<<10)
	for i := range noise {
		noise[i] = byte(i * i >> 7)
	}
	for range 3 {
		j := open(t, Config{Dir: filepath.Join(dir, "j")})
		j.Append(Lines, 0, noise)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	j := open(t, Config{Dir: filepath.Join(dir, "j")})
	defer j.Close() //nolint:errcheck // on a full disk
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 280<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		for k := range noise {
			noise[k] ^= byte(i + k>>3)
		}
		j.Append(Lines, int64(i), noise)
		j.Flush()
	}
	s := j.Stats()
	if s.Early == 0 || s.Lost == 0 || s.LostBytes != s.Lost*uint64(len(noise)) || s.Entries+s.Lost != 40 || s.Problem == "" {
		t.Fatalf("on a full disk: %+v", s)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	j.now = func() time.Time { return time.Now().Add(calmAfter) }
	j.Append(Alert, 99, []byte("{}"))
	j.Flush()
	if s := j.Stats(); s.Problem != "" {
		t.Errorf("with room again: %+v", s)
	}
	got, damage := all(t, filepath.Join(dir, "j"), Position{})
	if damage != nil || len(got) == 0 || got[len(got)-1] != "alert 99 {}" {
		t.Errorf("%d entries, %v", len(got), damage)
	}
}

// FuzzRead: hostile bytes give damage, no panic.
func FuzzRead(f *testing.F) {
	dir := f.TempDir()
	j, err := Open(Config{Dir: dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	j.Append(Alert, 5, []byte(`{"a":1}`))
	if err := j.Close(); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(segmentPath(dir, 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(segmentPath(dir, 1), b, 0o600); err != nil {
			t.Fatal(err)
		}
		_ = Read(dir, Position{}, func(*Entry) error { return nil })
	})
}
