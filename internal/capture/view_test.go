package capture

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"firedoor/internal/packet"
)

// TestViewEqualsFill: the batches of View and Fill are the same, frame by frame,
// for any sizes of frames, batches and buffers.
func TestViewEqualsFill(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		var file bytes.Buffer
		file.Write([]byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0})
		for i, size := range rapid.SliceOfN(rapid.SampledFrom([]int{0, 60, 90, 1500, 9000, 70000}), 0, 60).Draw(t, "sizes") {
			head := make([]byte, 16)
			le.PutUint32(head, uint32(i))
			le.PutUint32(head[8:], uint32(size))
			le.PutUint32(head[12:], uint32(size))
			file.Write(head)
			file.Write(bytes.Repeat([]byte{byte(i)}, size))
		}
		raw := file.Bytes()
		raw = raw[:max(24, len(raw)-rapid.IntRange(0, 50).Draw(t, "cut"))]
		path := filepath.Join(dir, "view.pcap")
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		frames := rapid.IntRange(1, 40).Draw(t, "frames")
		room := rapid.SampledFrom([]int{100, 2000, 80000, 1 << 20}).Draw(t, "room")
		filled, viewed := mustOpen(t, path), mustOpen(t, path)
		a, b := make([]packet.Frame, frames), make([]packet.Frame, frames)
		for range 200 {
			n, _, err := filled.Fill(a, make([]byte, room))
			m, vErr := viewed.View(b, make([]byte, room))
			if n != m || (err == nil) != (vErr == nil) || err != nil && err.Error() != vErr.Error() {
				t.Fatalf("Fill gives %d (%v), View gives %d (%v)", n, err, m, vErr)
			}
			for i := range n {
				x, y := a[i], b[i]
				if !bytes.Equal(x.Data, y.Data) || x.Time != y.Time || x.Number != y.Number || x.WireLen != y.WireLen {
					t.Fatalf("frame %d of a batch of %d differs", i, n)
				}
			}
			if err != nil {
				var damage *DamageError
				if !errors.Is(err, io.EOF) && !errors.As(err, &damage) {
					t.Fatal(err)
				}
				return
			}
		}
	})
}

func mustOpen(t *rapid.T, path string) *Reader {
	r, err := Open(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}
