package health

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"firedoor/internal/mishap"
)

func openLog(t *testing.T, path string, size int64, keep int) *RotatingFile {
	t.Helper()
	f, err := OpenLog(path, size, keep)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// line is the i-th line, of 100 bytes.
func line(i int) string { return fmt.Sprintf("%-99d\n", i) }

// say writes lines from..to-1, as log lines are written: nobody looks at errors.
func say(t *testing.T, f *RotatingFile, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if n, err := f.Write([]byte(line(i))); n != 100 || err != nil {
			t.Fatalf("line %d: %d, %v: a log file reports no failure upwards", i, n, err)
		}
	}
}

// said are the numbers of the lines in a file, which must all be whole.
func said(t *testing.T, path string) (out []int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for text := range strings.Lines(string(b)) {
		var i int
		if _, err := fmt.Sscan(text, &i); err != nil || text != line(i) {
			t.Fatalf("%s holds the broken line %q", path, text)
		}
		out = append(out, i)
	}
	return out
}

func numbers(from, to int) (out []int) {
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

func expectFiles(t *testing.T, dir string, want map[string][]int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := want[e.Name()]; !ok {
			t.Errorf("%s is there", e.Name())
		}
	}
	for name, lines := range want {
		if got := said(t, filepath.Join(dir, name)); !slices.Equal(got, lines) {
			t.Errorf("%s holds lines %v, want %v", name, got, lines)
		}
	}
}

func TestRotation(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	f := openLog(t, path, leastLog, 2) // 40 lines a file
	say(t, f, 0, 40)
	expectFiles(t, dir, map[string][]int{"log": numbers(0, 40)})
	say(t, f, 40, 41)
	expectFiles(t, dir, map[string][]int{"log": {40}, "log.1": numbers(0, 40)})
	say(t, f, 41, 165)
	expectFiles(t, dir, map[string][]int{"log": numbers(160, 165), "log.1": numbers(120, 160), "log.2": numbers(80, 120)})
	if s := f.Stats(); s != (LogStats{Lines: 165, Bytes: 16500, Rotations: 4}) {
		t.Errorf("stats are %+v", s)
	}
	// It goes on where it was, and with fewer files when fewer are to be kept.
	f.Close()
	f = openLog(t, path, leastLog, 1)
	say(t, f, 165, 201)
	expectFiles(t, dir, map[string][]int{"log": {200}, "log.1": numbers(160, 200)})
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o137 != 0 {
		t.Errorf("mode is %v, %v: others may not read it", info.Mode(), err)
	}
}

func TestLongLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	f := openLog(t, path, leastLog, 1)
	long := bytes.Repeat([]byte{'a'}, leastLog+500)
	if n, err := f.Write(long); n != len(long) || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	b, _ := os.ReadFile(path)
	if len(b) != leastLog || b[leastLog-1] != '\n' || long[leastLog-1] != 'a' || f.Stats().Cut != 1 {
		t.Errorf("%d bytes were written, stats %+v", len(b), f.Stats())
	}
}

// TestMovedAway: another program may rotate as well, or somebody delete the file.
func TestMovedAway(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	f := openLog(t, path, leastLog, 2)
	say(t, f, 0, 3)
	if err := os.Rename(path, filepath.Join(dir, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	say(t, f, 3, 5)
	expectFiles(t, dir, map[string][]int{"log": {3, 4}, "elsewhere": {0, 1, 2}})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	f.Reopen()
	say(t, f, 5, 6)
	expectFiles(t, dir, map[string][]int{"log": {5}, "elsewhere": {0, 1, 2}})
	if s := f.Stats(); s.Dropped != 0 {
		t.Errorf("stats are %+v", s)
	}
}

// TestDirectoryGone: lines are dropped while the directory is away, and come
// again with it.
func TestDirectoryGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f := openLog(t, filepath.Join(dir, "log"), leastLog, 2)
	say(t, f, 0, 2)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	say(t, f, 2, 5)
	if err := f.Check(); f.Stats().Dropped != 3 || err == nil || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("stats are %+v, problem %v", f.Stats(), err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	say(t, f, 5, 6)
	expectFiles(t, dir, map[string][]int{"log": {5}})
	if err := f.Check(); err != nil {
		t.Errorf("it is mended, and yet %v", err)
	}
}

// TestCannotRotate: where the next file cannot be begun the one that is there
// does not grow past its size.
func TestCannotRotate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	f := openLog(t, path, leastLog, 1)
	say(t, f, 0, 40)
	inTheWay := filepath.Join(dir, "log.1")
	if err := os.MkdirAll(filepath.Join(inTheWay, "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	say(t, f, 40, 50)
	if got := said(t, path); !slices.Equal(got, numbers(0, 40)) || f.Stats().Dropped != 10 || f.Check() == nil {
		t.Errorf("lines %v, stats %+v, problem %v", got, f.Stats(), f.Check())
	}
	if err := os.RemoveAll(inTheWay); err != nil {
		t.Fatal(err)
	}
	say(t, f, 50, 51)
	expectFiles(t, dir, map[string][]int{"log": {50}, "log.1": numbers(0, 40)})
}

// TestLogOnFullDisk: on a disk that is really full lines are dropped whole and
// counted; when there is room again the log goes on.
func TestLogOnFullDisk(t *testing.T) {
	dir := mishap.Disk(t, "64k")
	path := filepath.Join(dir, "log")
	f := openLog(t, path, 16<<10, 8) // more than the disk holds
	log := slog.New(slog.NewTextHandler(f, nil))
	for i := range 1000 {
		log.Info("this is a line of the log, and one of many", "number", i)
	}
	s := f.Stats()
	if s.Dropped == 0 || s.Lines == 0 || s.Lines+s.Dropped != 1000 {
		t.Fatalf("stats are %+v of 1000 lines on a disk of 64 KiB", s)
	}
	if err := f.Check(); err == nil || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the problem is %v, want no space left", err)
	}
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	whole := 0
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for text := range strings.Lines(string(b)) {
			if !strings.HasPrefix(text, "time=") || !strings.HasSuffix(text, "\n") {
				t.Errorf("%s holds the broken line %q", name, text)
			}
			whole++
		}
	}
	if uint64(whole) != s.Lines {
		t.Errorf("%d lines are there, %d were counted", whole, s.Lines)
	}
	if err := os.Remove(path + ".1"); err != nil {
		t.Fatal(err)
	}
	log.Info("the last line")
	b, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(string(b), "msg=\"the last line\"\n") || f.Check() != nil {
		t.Errorf("with room again: %v, problem %v", err, f.Check())
	}
}

func TestOpenLogRefuses(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		size int64
		keep int
	}{{dir, leastLog, 1}, {pipe, leastLog, 1}, {os.DevNull, leastLog, 1}, {filepath.Join(dir, "no", "log"), leastLog, 1},
		{filepath.Join(dir, "log"), leastLog - 1, 1}, {filepath.Join(dir, "log"), leastLog, 0}} {
		if f, err := OpenLog(c.path, c.size, c.keep); err == nil || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%+v is opened as %v with %v", c, f, err)
		}
	}
}

// TestLinesAtOnce: many goroutines write, and each line is whole and there once.
func TestLinesAtOnce(t *testing.T) {
	dir := t.TempDir()
	f := openLog(t, filepath.Join(dir, "log"), leastLog, 99)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 100 {
				f.Write([]byte(line(g*100 + i)))
			}
		})
	}
	wg.Wait()
	f.Close()
	f.Write([]byte("too late\n"))
	var all []int
	files, _ := filepath.Glob(filepath.Join(dir, "log*"))
	for _, name := range files {
		all = append(all, said(t, name)...)
	}
	slices.Sort(all)
	if !slices.Equal(all, numbers(0, 800)) || f.Stats().Dropped != 1 {
		t.Errorf("%d lines are there of 800, stats %+v", len(all), f.Stats())
	}
}

func TestLogMetrics(t *testing.T) {
	h, _ := newHealth()
	f := openLog(t, filepath.Join(t.TempDir(), "log"), leastLog, 2)
	h.Add(f.Emit)
	say(t, f, 0, 41)
	_, text := get(t, serve(t, h).URL+"/metrics")
	got := lines(text, "firedoor_l")
	want := []string{
		`firedoor_limit{name="log_file_bytes"} 4096`, `firedoor_limit{name="log_line_bytes"} 4096`,
		`firedoor_limit_hits_total{name="log_file_bytes"} 1`, `firedoor_limit_hits_total{name="log_line_bytes"} 0`,
		`firedoor_log_dropped_total 0`, `firedoor_log_lines_total 41`, `firedoor_log_rotations_total 1`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("metrics are\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
