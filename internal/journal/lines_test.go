package journal

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

// TestTooLarge: an entry above MaxEntry is counted and told, once a minute at
// most; one of just MaxEntry, and what is around them, is kept.
func TestTooLarge(t *testing.T) {
	dir := t.TempDir()
	var said bytes.Buffer
	j, err := Open(Config{Dir: dir}, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close() //nolint:errcheck // nothing is pending
	var wall clock
	wall.drives(j)
	big := make([]byte, MaxEntry+1)
	j.Append(Order, 1, nil)
	j.Append(Alert, 2, big)
	wall.passes(sayEvery - 1)
	j.Append(Alert, 3, big)
	j.Append(Order, 4, big[:MaxEntry])
	if n := strings.Count(said.String(), "too large"); n != 1 {
		t.Errorf("said %d times within a minute:\n%s", n, &said)
	}
	wall.passes(1)
	j.Append(Alert, 5, big)
	j.Append(Order, 6, nil)
	j.Flush()
	if text := said.String(); strings.Count(text, "too large") != 2 || !strings.Contains(text, "kind=alert") || !strings.Contains(text, "entries_since_last_told=2") {
		t.Errorf("said:\n%s", text)
	}
	if s := j.Stats(); s.Lost != 3 || s.LostBytes != 3*(MaxEntry+1) || s.Entries != 3 || s.Problem != "" {
		t.Errorf("%+v", s)
	}
	got, damage := all(t, dir, Position{})
	if len(got) != 3 || damage != nil || got[0] != "order 1 " || got[2] != "order 6 " {
		t.Errorf("%d entries, %v", len(got), damage)
	}
}

// TestAppendLines: every line is kept, in order and whole, in entries that are no
// larger than a block but where a single line is.
func TestAppendLines(t *testing.T) {
	line := func(n int) string { return strings.Repeat("x", n-1) + "\n" }
	var many strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&many, `{"n":%d,"pad":"%s"}`+"\n", i, strings.Repeat("p", i%90))
	}
	for _, c := range []struct {
		name  string
		lines string
		sizes []int // of the entries; nil: only the rule
		lost  uint64
	}{
		{"none", "", []int{}, 0},
		{"one", "a\n", []int{2}, 0},
		{"without an end", "a\nb", []int{3}, 0},
		{"just a block", line(blockBytes/2) + line(blockBytes/2), []int{blockBytes}, 0},
		{"a byte more", line(blockBytes/2) + line(blockBytes/2) + "\n", []int{blockBytes, 1}, 0},
		{"a long one between", "a\n" + line(blockBytes+1) + "b\n", []int{2, blockBytes + 1, 2}, 0},
		{"a long one at the end", "a\n" + line(blockBytes + 1)[:blockBytes], []int{2, blockBytes}, 0},
		{"a long one without an end", strings.Repeat("x", 3*blockBytes), []int{3 * blockBytes}, 0},
		{"one too long", "a\n" + line(MaxEntry+1) + "b\n", []int{2, 2}, 1},
		{"the longest", line(MaxEntry) + "b\n", []int{MaxEntry, 2}, 0},
		{"many", many.String(), nil, 0},
	} {
		dir := t.TempDir()
		j := open(t, Config{Dir: dir})
		j.AppendLines(7, []byte(c.lines))
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		sizes := []int{}
		var kept strings.Builder
		if err := Read(dir, Position{}, func(e *Entry) error {
			sizes = append(sizes, len(e.Body))
			kept.Write(e.Body)
			if e.Kind != Lines || e.Time != 7 || len(e.Body) > blockBytes && bytes.IndexByte(e.Body, '\n') >= 0 && bytes.IndexByte(e.Body, '\n') != len(e.Body)-1 {
				t.Errorf("%s: an entry of %d bytes, kind %s, time %d", c.name, len(e.Body), e.Kind, e.Time)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if c.sizes != nil && !slices.Equal(sizes, c.sizes) {
			t.Errorf("%s: entries of %v bytes, want %v", c.name, sizes, c.sizes)
		}
		s := j.Stats()
		if s.Lost != c.lost || c.lost == 0 && kept.String() != c.lines || c.lost == 1 && s.LostBytes != MaxEntry+1 {
			t.Errorf("%s: %d bytes of %d are kept, %+v", c.name, kept.Len(), len(c.lines), s)
		}
		if c.sizes == nil && len(sizes) != (len(c.lines)+blockBytes-1)/blockBytes {
			t.Errorf("%s: %d bytes in %d entries", c.name, len(c.lines), len(sizes))
		}
	}
}

// TestReadWhileSegmentsGo: a journal may be read while the process that writes it
// deletes its oldest part.
func TestReadWhileSegmentsGo(t *testing.T) {
	dir := t.TempDir()
	var j *Journal
	for i := range 4 {
		j = open(t, Config{Dir: dir, MaxBytes: 1 << 20})
		j.Append(Order, int64(i), nil)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var got []int64
	err := Read(dir, Position{}, func(e *Entry) error {
		if got = append(got, e.Time); len(got) == 1 {
			j.removeOldest(false)
			j.removeOldest(false)
		}
		return nil
	})
	if err != nil || !slices.Equal(got, []int64{0, 2, 3}) {
		t.Errorf("%v, %v", got, err)
	}
}
