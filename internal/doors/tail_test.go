package doors

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// followed is a file that is written and followed.
type followed struct {
	t    *testing.T
	path string
	tail tail
}

func follow(t *testing.T) *followed {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stopped.jsonl")
	f := &followed{t: t, path: path, tail: tail{path: path}}
	t.Cleanup(func() { f.tail.close() })
	return f
}

func (f *followed) write(text string) {
	f.t.Helper()
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := file.WriteString(text); err != nil {
		f.t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		f.t.Fatal(err)
	}
}

// want polls until nothing more comes and holds what came.
func (f *followed) want(lines ...string) {
	f.t.Helper()
	var got []string
	for more := true; more; {
		var err error
		if more, err = f.tail.poll(func(b []byte) { got = append(got, string(b)) }); err != nil {
			f.t.Fatal(err)
		}
	}
	if !slices.Equal(got, lines) {
		f.t.Errorf("got %q, want %q", got, lines)
	}
}

func TestTail(t *testing.T) {
	f := follow(t)
	f.want()
	f.write("one\ntwo\nth")
	f.want("one", "two")
	f.want()
	f.write("ree\n")
	f.want("three")

	if err := os.Truncate(f.path, 0); err != nil {
		t.Fatal(err)
	}
	f.write("four\n")
	f.want("four")
	if f.tail.anew != 1 {
		t.Errorf("the file began anew %d times, want once", f.tail.anew)
	}

	// It begins anew and is longer than before when it is looked at again.
	if err := os.Truncate(f.path, 0); err != nil {
		t.Fatal(err)
	}
	f.write("five is longer than what was there before\n")
	f.want("five is longer than what was there before")
}

// TestTailOfAMovedFile: what was written before the file was moved away is read first.
func TestTailOfAMovedFile(t *testing.T) {
	f := follow(t)
	f.write("one\n")
	f.want("one")
	f.write("two\n")
	if err := os.Rename(f.path, f.path+".1"); err != nil {
		t.Fatal(err)
	}
	f.write("three\n")
	f.want("two", "three")
	if err := os.Remove(f.path); err != nil {
		t.Fatal(err)
	}
	f.want()
	f.write("four\n")
	f.want("four")
}

func TestTailGoesOn(t *testing.T) {
	f := follow(t)
	f.write("one\ntwo\n")
	f.want("one", "two")
	at := f.tail.spot
	f.tail.close()
	f.write("three\n")
	f.tail = tail{path: f.path, spot: at}
	var before []string
	if err := f.tail.before(1<<20, func(b []byte) { before = append(before, string(b)) }); err != nil || !slices.Equal(before, []string{"one", "two"}) {
		t.Errorf("before the place are %q, %v", before, err)
	}
	before = nil
	if err := f.tail.before(5, func(b []byte) { before = append(before, string(b)) }); err != nil || !slices.Equal(before, []string{"two"}) {
		t.Errorf("in the five bytes before the place are %q, %v", before, err)
	}
	f.want("three")

	// Another file, while nobody looked.
	at = f.tail.spot
	f.tail.close()
	if err := os.WriteFile(f.path, []byte("another begins\nand goes on for long enough\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.tail = tail{path: f.path, spot: at}
	before = nil
	if err := f.tail.before(1<<20, func(b []byte) { before = append(before, string(b)) }); err != nil || before != nil {
		t.Errorf("of another file are told %q, %v", before, err)
	}
	f.want("another begins", "and goes on for long enough")
}

func TestTailOfLongLines(t *testing.T) {
	f := follow(t)
	f.write("one\n" + strings.Repeat("x", 3*maxLine) + "\ntwo\n")
	f.want("one", "two")
	if f.tail.tooLong != 1 {
		t.Errorf("%d lines were too long, want one", f.tail.tooLong)
	}
	f.write(strings.Repeat("y", maxLine+5))
	f.want()
	f.write(strings.Repeat("y", 5) + "\nthree\n")
	f.want("three")
	if f.tail.tooLong != 2 {
		t.Errorf("%d lines were too long, want two", f.tail.tooLong)
	}
}

// TestTailIsWhole: whatever pieces a file grows in, every line comes once.
func TestTailIsWhole(t *testing.T) {
	f := follow(t)
	var text bytes.Buffer
	var want, got []string
	for i := range 3000 {
		one := fmt.Sprintf("%d-%s", i, strings.Repeat("a", i%700))
		want = append(want, one)
		text.WriteString(one + "\n")
	}
	for b := text.Bytes(); len(b) > 0; {
		n := min(len(b), 1+len(b)%9973)
		f.write(string(b[:n]))
		b = b[n:]
		if _, err := f.tail.poll(func(b []byte) { got = append(got, string(b)) }); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d lines came, want %d", len(got), len(want))
	}
}
