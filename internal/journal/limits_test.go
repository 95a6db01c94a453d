package journal

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firedoor/internal/mishap"
)

// clock is the wall clock of a journal under test.
type clock struct{ at time.Time }

func (c *clock) now() time.Time           { return c.at }
func (c *clock) passes(d time.Duration)   { c.at = c.at.Add(d) }
func (c *clock) drives(j *Journal)        { c.at, j.now = time.Now(), c.now }
func noise(r *rand.ChaCha8, n int) []byte { b := make([]byte, n); r.Read(b); return b }

// onDisk are the number of segments, their bytes, and those of the largest.
func onDisk(t *testing.T, dir string) (n int, total, largest int64) {
	t.Helper()
	for _, f := range files(t, dir) {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		n++
		total += info.Size()
		largest = max(largest, info.Size())
	}
	return n, total, largest
}

// TestBytesHold: without any Sync the journal is never larger than it may be, it
// knows its size, and most of what it may keep it keeps.
func TestBytesHold(t *testing.T) {
	const maxBytes = 1 << 20
	dir := t.TempDir()
	j := open(t, Config{Dir: dir, MaxBytes: maxBytes})
	r := rand.NewChaCha8([32]byte{1})
	const entries = 120
	for i := range entries {
		j.Append(Order, int64(i), noise(r, 1000+i*397%60000))
		n, total, largest := onDisk(t, dir)
		if s := j.Stats(); total > maxBytes || s.Bytes != total || s.Segments != n {
			t.Fatalf("after %d entries %d bytes in %d segments, at most %d; the journal says %+v", i+1, total, n, maxBytes, s)
		}
		if largest > maxBytes/segmentShare+2*blockBytes {
			t.Fatalf("a segment has %d bytes", largest)
		}
	}
	j.Flush()
	if _, total, _ := onDisk(t, dir); total < maxBytes*3/4 {
		t.Errorf("only %d bytes are kept", total)
	}
	if s := j.Stats(); s.Deleted == 0 || s.Early != 0 || s.Lost != 0 || s.Entries != entries {
		t.Errorf("%+v", s)
	}
	got, damage := all(t, dir, Position{})
	if damage != nil || len(got) == 0 || !strings.HasPrefix(got[len(got)-1], fmt.Sprintf("order %d ", entries-1)) {
		t.Errorf("%d entries, %v", len(got), damage)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	n, total, _ := onDisk(t, dir)
	if s := j.Stats(); s.Bytes != total || s.Segments != n {
		t.Errorf("closed, with %d bytes in %d segments: %+v", total, n, s)
	}
	j = open(t, Config{Dir: dir, MaxBytes: maxBytes / 2}) // the limit was lowered
	defer j.Close()                                       //nolint:errcheck // nothing is pending
	n, total, _ = onDisk(t, dir)
	if s := j.Stats(); total > maxBytes/2 || s.Bytes != total || s.Segments != n || n < 2 {
		t.Errorf("opened with half the limit: %d bytes in %d segments, %+v", total, n, s)
	}
}

func TestSegmentBytes(t *testing.T) {
	for maxBytes, want := range map[int64]int64{0: SegmentBytes, 1: minSegment, 1 << 20: 128 << 10, 64 << 20: SegmentBytes, 1 << 40: SegmentBytes} {
		if got := segmentBytes(maxBytes); got != want {
			t.Errorf("of a journal of %d bytes: %d, want %d", maxBytes, got, want)
		}
	}
}

// TestKeepOnAQuietPlant: an entry goes in time though no segment becomes full,
// and not before; without anything new nothing is begun.
func TestKeepOnAQuietPlant(t *testing.T) {
	for _, c := range []struct{ keep, turn time.Duration }{{16 * time.Hour, time.Hour}, {5 * time.Minute, time.Minute}} {
		dir := t.TempDir()
		j := open(t, Config{Dir: dir, Keep: c.keep})
		var wall clock
		wall.drives(j)
		sync := func(after time.Duration, segments, entries int) {
			t.Helper()
			wall.passes(after)
			j.Sync()
			got, damage := all(t, dir, Position{})
			if n, total, _ := onDisk(t, dir); n != segments || len(got) != entries || damage != nil || j.Stats().Bytes != total {
				t.Fatalf("keep %s: %d segments, %d entries, %v, %+v; want %d, %d", c.keep, n, len(got), damage, j.Stats(), segments, entries)
			}
		}
		sync(c.keep, 1, 0) // it holds nothing, however old it is
		j.Append(Order, 1, nil)
		sync(0, 1, 1)
		j.Append(Order, 2, nil)
		sync(c.turn-1, 1, 2)
		sync(1, 2, 2)
		sync(c.turn, 2, 2)
		sync(c.keep-c.turn-1, 2, 2) // the second entry is just as old as keep, the first older by a turn
		j.Append(Order, 3, nil)
		sync(1, 1, 1)
		sync(c.turn, 2, 1)
		sync(c.keep-c.turn, 2, 1)
		sync(1, 1, 0)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestShortDiskAtTurn: a short disk is seen when a segment is turned over, not
// only when somebody calls Sync.
func TestShortDiskAtTurn(t *testing.T) {
	dir := t.TempDir()
	short := uint64(0)
	j := open(t, Config{Dir: dir, MaxBytes: 1 << 20, Missing: func() uint64 { return short }})
	defer j.Close() //nolint:errcheck // nothing is pending
	r := rand.NewChaCha8([32]byte{2})
	for i := range 6 {
		j.Append(Order, int64(i), noise(r, 70<<10))
	}
	if s := j.Stats(); s.Segments != 3 || s.Deleted != 0 {
		t.Fatalf("with room: %+v", s)
	}
	short = 1
	j.Append(Order, 6, noise(r, 70<<10))
	if s := j.Stats(); s.Segments != 3 || s.Early != 1 {
		t.Fatalf("short of a byte: %+v", s)
	}
	short = 1 << 40
	j.Append(Order, 7, noise(r, 70<<10))
	j.Append(Order, 8, noise(r, 70<<10))
	if s := j.Stats(); s.Segments != 1 || s.Early != 4 {
		t.Fatalf("short of a lot: %+v", s)
	}
}

// TestShortDiskTakesTheLast: when only the segment at hand is left, another is
// begun and it goes; one that holds nothing stays; the log says it once a minute.
func TestShortDiskTakesTheLast(t *testing.T) {
	dir := t.TempDir()
	var said bytes.Buffer
	asked := 0
	j, err := Open(Config{Dir: dir, Missing: func() uint64 { asked++; return 1 }}, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close() //nolint:errcheck // nothing is pending
	var wall clock
	wall.drives(j)
	for i := range 3 {
		j.Append(Order, int64(i), nil)
		j.Sync()
		wall.passes(askEvery - 1)
		j.Sync()
		if s, got := j.Stats(), files(t, dir); asked != 2*i+1 || s.Deleted != uint64(i+1) || s.Early != s.Deleted || len(got) != 1 || got[0] != segmentPath(dir, uint64(i+2)) {
			t.Fatalf("asked %d times, %v, %+v", asked, got, s)
		}
		wall.passes(1)
		j.Sync() // it asks, and the one at hand holds nothing
		wall.passes(askEvery)
	}
	if n := strings.Count(said.String(), "nearly full"); n != 1 {
		t.Errorf("said %d times within a minute:\n%s", n, &said)
	}
	j.Append(Order, 9, nil)
	j.Flush()
	if got, damage := all(t, dir, Position{}); damage != nil || !slices.Equal(got, []string{"order 9 "}) {
		t.Errorf("%q, %v", got, damage)
	}
}

// TestFullDiskIsSaidOnce: on a full disk small blocks fit now and then, and that
// is not the end of the trouble.
func TestFullDiskIsSaidOnce(t *testing.T) {
	dir := mishap.Disk(t, "512k")
	var said bytes.Buffer
	j, err := Open(Config{Dir: filepath.Join(dir, "j")}, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close() //nolint:errcheck // on a full disk
	var wall clock
	wall.drives(j)
	free := mishap.Fill(t, dir)
	r := rand.NewChaCha8([32]byte{3})
	small := 0
	put := func(body []byte, problem bool) {
		t.Helper()
		wall.passes(time.Second)
		before := j.Stats().Entries
		j.Append(Order, 0, body)
		j.Flush()
		if s := j.Stats(); (s.Problem != "") != problem {
			t.Fatalf("%+v", s)
		}
		if len(body) < 100 && j.Stats().Entries == before+1 {
			small++
		}
	}
	for range 8 {
		put(noise(r, 30<<10), true)
		put([]byte("small"), true)
	}
	if s := j.Stats(); small != 8 || s.Lost != 8 || s.LostBytes != 8*30<<10 {
		t.Fatalf("%d small ones fitted, %+v", small, s)
	}
	free()
	for range 3 {
		put(noise(r, 30<<10), true) // the last failure was 2, 3, 4 s ago
	}
	put([]byte("small"), false)
	put([]byte("small"), false)
	text := said.String()
	if strings.Count(text, "cannot be written") != 1 || strings.Count(text, "can be written again") != 1 {
		t.Errorf("said:\n%s", text)
	}
	if got, damage := all(t, filepath.Join(dir, "j"), Position{}); len(got) != 13 || damage != nil {
		t.Errorf("%d entries, %v", len(got), damage)
	}
}

// TestFullDiskAtTurn: where there is no room even for the next segment, the oldest
// goes, and numbers and chain go on.
func TestFullDiskAtTurn(t *testing.T) {
	dir := mishap.Disk(t, "512k")
	short := uint64(0)
	in := filepath.Join(dir, "j")
	j := open(t, Config{Dir: in, MaxBytes: 1 << 19, Missing: func() uint64 { return short }})
	defer j.Close() //nolint:errcheck // on a full disk
	r := rand.NewChaCha8([32]byte{4})
	var wall clock
	wall.drives(j)
	j.Append(Order, 1, noise(r, 70<<10)) // it is full: the next block turns it over
	free := mishap.Fill(t, dir)
	j.Append(Order, 2, []byte("two"))
	j.Flush()
	if s := j.Stats(); s.Early != 1 || s.Lost != 0 || s.Segments != 1 {
		t.Errorf("at a turn: %+v", s)
	}
	free()
	mishap.Fill(t, dir)
	short = 1
	wall.passes(askEvery)
	// Nothing but the one at hand: it goes, and only then there is room for the
	// next, where a process that is killed now finds the number.
	j.Sync()
	if got := files(t, in); !slices.Equal(got, []string{segmentPath(in, 3)}) {
		t.Errorf("after the one at hand went: %v", got)
	}
	j.Append(Order, 3, []byte("three"))
	j.Flush()
	if got, damage := all(t, in, Position{}); damage != nil || !slices.Equal(got, []string{"order 3 three"}) || files(t, in)[0] != segmentPath(in, 3) {
		t.Errorf("%q in %v, %v, %+v", got, files(t, in), damage, j.Stats())
	}
}

// TestOtherFailuresDeleteNothing: what deleting does not mend takes nothing away.
func TestOtherFailuresDeleteNothing(t *testing.T) {
	dir := t.TempDir()
	j := open(t, Config{Dir: dir})
	j.Append(Order, 1, nil)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, Config{Dir: dir})
	if err := j.file.Close(); err != nil {
		t.Fatal(err)
	}
	j.Append(Order, 2, []byte("two"))
	j.Flush()
	if s := j.Stats(); s.Deleted != 0 || s.Lost != 1 || s.LostBytes != 3 || s.Entries != 0 || s.Problem == "" || len(files(t, dir)) != 2 {
		t.Errorf("%+v", s)
	}
}

// TestUndeletable: a segment that cannot be deleted is told once, and it is told
// when it can.
func TestUndeletable(t *testing.T) {
	dir := t.TempDir()
	j := open(t, Config{Dir: dir})
	j.Append(Order, 1, nil)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	first := segmentPath(dir, 1)
	if err := os.Remove(first); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(first, "x"), 0o700); err != nil { // a folder with something in it
		t.Fatal(err)
	}
	var said bytes.Buffer
	j = &Journal{cfg: Config{Dir: dir, MaxBytes: 1}, log: slog.New(slog.NewTextHandler(&said, nil)), now: time.Now,
		closed: []segment{{number: 1, size: 100}}, bytes: 100, open: segment{number: 1}}
	if err := j.begin(); err != nil {
		t.Fatal(err)
	}
	defer j.Close() //nolint:errcheck // nothing is pending
	for range 3 {
		j.Append(Order, 2, nil)
		j.Sync()
	}
	if s := j.Stats(); s.Problem == "" || s.Lost != 0 || s.Segments != 2 {
		t.Errorf("%+v", s)
	}
	if err := os.RemoveAll(first); err != nil {
		t.Fatal(err)
	}
	j.Sync()
	if s := j.Stats(); s.Problem != "" || s.Segments != 1 {
		t.Errorf("%+v", s)
	}
	if text := said.String(); strings.Count(text, "cannot be deleted") != 1 || strings.Count(text, "can be deleted again") != 1 || strings.Contains(text, "written") {
		t.Errorf("said:\n%s", text)
	}
}
