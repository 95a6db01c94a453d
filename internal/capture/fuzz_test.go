package capture

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"firedoor/internal/packet"
)

// FuzzRead checks what must hold of any file: no panic, Next and Fill give the
// same frames and the same end, and Count their number.
func FuzzRead(f *testing.F) {
	frames := someFrames(3)
	for i := range frames {
		frames[i].Data = frames[i].Data[:14+i]
	}
	for _, v := range variants() {
		plain, _ := v.file(frames)
		f.Add(plain)
		f.Add(plain[:len(plain)-3])
	}
	plain, _ := pcapFile(little, magicMicro, 1|2<<28|1<<26, frames)
	for _, c := range compressions {
		f.Add(compress(f, c, plain))
	}
	path := filepath.Join(f.TempDir(), "capture")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Open(path, 7)
		count, countErr := Count(path)
		if err != nil {
			if count != 0 || text(err) != text(countErr) {
				t.Fatalf("Open says %v, Count %d and %v", err, count, countErr)
			}
			return
		}
		byNext, err := limited(r)
		r.Close()
		var d *DamageError
		if err != nil && (!errors.As(err, &d) || d.Offset < 0 || d.Reason == "") {
			t.Fatalf("error %v", err)
		}
		if len(byNext) == fuzzFrames {
			return
		}
		if count != uint64(len(byNext)) || text(countErr) != text(err) {
			t.Fatalf("Count says %d, %v; Next %d, %v", count, countErr, len(byNext), err)
		}
		r, openErr := Open(path, 7)
		if openErr != nil {
			t.Fatal(openErr)
		}
		byFill, fillErr := fillAll(r, 5, 3000)
		r.Close()
		if text(fillErr) != text(err) {
			t.Fatalf("Fill ends with %v, Next with %v", fillErr, err)
		}
		sameFrames(t, byFill, byNext)
	})
}

// fuzzFrames is how many frames are kept: compressed files may hold any number.
const fuzzFrames = 2000

func limited(r *Reader) ([]packet.Frame, error) {
	var list []packet.Frame
	for len(list) < fuzzFrames {
		var f packet.Frame
		if err := r.Next(&f); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return list, err
		}
		f.Data = bytes.Clone(f.Data)
		list = append(list, f)
	}
	return list, nil
}
