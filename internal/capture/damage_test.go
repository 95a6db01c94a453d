package capture

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"firedoor/internal/packet"
)

// TestCutAtEveryOffset shortens a capture to every length: what is whole comes
// out, and the error names the record that is not.
func TestCutAtEveryOffset(t *testing.T) {
	frames := someFrames(4)
	for i := range frames {
		frames[i].Data = frames[i].Data[:14+i]
		frames[i].WireLen = 60
	}
	for _, v := range variants() {
		plain, ends := v.file(frames)
		starts := recordStarts(plain, ends)
		var file string
		for n := range plain {
			path := rewrite(t, &file, plain[:n])
			whole := 0
			for _, e := range ends {
				if e <= n {
					whole++
				}
			}
			atBoundary := slices.Contains(starts, n)
			for name, read := range map[string]func(*Reader) ([]packet.Frame, error){
				"Next": func(r *Reader) ([]packet.Frame, error) { return readAll(r) },
				"Fill": func(r *Reader) ([]packet.Frame, error) { return fillAll(r, 3, 1000) },
			} {
				r, err := Open(path, 7)
				var got []packet.Frame
				if err == nil {
					got, err = read(r)
					r.Close()
				}
				sameFrames(t, got, frames[:whole])
				if (err == nil) != atBoundary {
					t.Fatalf("%s cut at %d, %s: error %v", v.name, n, name, err)
				}
				var d *DamageError
				if n >= 4 && err != nil && (!errors.As(err, &d) || d.Offset > int64(n) || d.File != path || d.Reason == "") {
					t.Fatalf("%s cut at %d, %s: %v", v.name, n, name, err)
				}
				if d != nil && !slices.Contains(starts, int(d.Offset)) && d.Offset != 0 {
					t.Fatalf("%s cut at %d, %s: offset %d is not where a record starts: %v", v.name, n, name, d.Offset, starts)
				}
				count, countErr := Count(path)
				if count != uint64(whole) || text(countErr) != text(err) {
					t.Fatalf("%s cut at %d: Count says %d, %v; %s says %d, %v", v.name, n, count, countErr, name, whole, err)
				}
			}
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// recordStarts is where a capture may end without being cut.
func recordStarts(plain []byte, ends []int) []int {
	if le.Uint32(plain) != ngSectionHeader {
		return append([]int{pcapHeaderSize}, ends...)
	}
	section := len(ngSection(little))
	return append([]int{section, section + len(ngDescription(little, 1, 0, ngOption(little, optionResolution, []byte{9})))}, ends...)
}

// TestCutCompressed shortens compressed captures: no frame is wrong, and the
// end is never taken for a clean one.
func TestCutCompressed(t *testing.T) {
	frames := someFrames(40)
	for _, c := range compressions[1:] {
		plain, _ := pcapFile(little, magicNano, 1, frames)
		packed := compress(t, c, plain)
		var file string
		for n := 1; n < len(packed); n += 1 + len(packed)/150 {
			path := rewrite(t, &file, packed[:n])
			r, err := Open(path, 7)
			var got []packet.Frame
			if err == nil {
				got, err = readAll(r)
				r.Close()
			}
			if len(got) > len(frames) {
				t.Fatalf("%s cut at %d: %d frames", c, n, len(got))
			}
			sameFrames(t, got, frames[:len(got)])
			if err == nil {
				t.Fatalf("%s cut at %d: no error after %d frames", c, n, len(got))
			}
			var d *DamageError
			if n > 6 && (!errors.As(err, &d) || !strings.Contains(err.Error(), "uncompressed offset") || d.Offset > int64(len(plain))) {
				t.Fatalf("%s cut at %d: %v", c, n, err)
			}
		}
	}
}

// TestDamagedBytes changes every byte of small captures: whatever comes of it,
// what stands before the changed record comes out as it was.
func TestDamagedBytes(t *testing.T) {
	frames := someFrames(3)
	for i := range frames {
		frames[i].Data = frames[i].Data[:14+i]
		frames[i].WireLen = 60
	}
	for _, v := range variants() {
		plain, ends := v.file(frames)
		var file string
		for at := ends[0]; at < len(plain); at++ {
			for _, flip := range []byte{0x01, 0xf0} {
				bad := bytes.Clone(plain)
				bad[at] ^= flip
				r, err := Open(rewrite(t, &file, bad), 7)
				if err != nil {
					t.Fatal(err)
				}
				got, err := readAll(r)
				r.Close()
				before := 0
				for _, e := range ends {
					if e <= at {
						before++
					}
				}
				if len(got) < before {
					t.Fatalf("%s byte %d: only %d frames", v.name, at, len(got))
				}
				sameFrames(t, got[:before], frames[:before])
				var d *DamageError
				if err != nil && (!errors.As(err, &d) || d.Offset < int64(ends[0]) || d.Offset > int64(len(bad))) {
					t.Fatalf("%s byte %d: %v", v.name, at, err)
				}
			}
		}
	}
}

// TestShrinkingAndGrowing changes the file after it was opened.
func TestShrinkingAndGrowing(t *testing.T) {
	frames := someFrames(3000)
	for _, v := range variants() {
		plain, ends := v.file(frames)
		for _, c := range []struct {
			name string
			size int
		}{{"inside a record", ends[1500] + 5}, {"between records", ends[1500]}, {"to nothing", 0}} {
			path := write(t, plain)
			r := open(t, path)
			var f packet.Frame
			if err := r.Next(&f); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, int64(c.size)); err != nil {
				t.Fatal(err)
			}
			got, err := readAll(r)
			var d *DamageError
			if !errors.As(err, &d) || !strings.Contains(d.Reason, "shortened while it was read") || d.Offset > int64(len(plain)) {
				t.Errorf("%s, %s: %v", v.name, c.name, err)
			}
			sameFrames(t, got, frames[1:1+len(got)])
		}
		path := write(t, plain[:ends[1500]])
		r := open(t, path)
		file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write(plain[ends[1500]:]); err != nil {
			t.Fatal(err)
		}
		file.Close()
		got, err := readAll(r)
		if err != nil {
			t.Errorf("%s, growing: %v", v.name, err)
		}
		sameFrames(t, got, frames)
	}
}
