package evidence_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"firedoor/internal/capture"
	"firedoor/internal/evidence"
	"firedoor/internal/packet"
)

// frame is one that can be told from others, of any length.
func frame(n, length int) []byte {
	b := make([]byte, length)
	copy(b, fmt.Sprintf("frame %d", n))
	return b
}

// TestReadBack holds that a capture reader finds every frame where Add says it is.
func TestReadBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "evidence")
	r, err := evidence.Open(dir, evidence.Least, [2]string{"in", "out"})
	if err != nil {
		t.Fatal(err)
	}
	type place struct {
		file string
		at   int
	}
	where := map[place][]byte{}
	for i := range 40 {
		packets := []evidence.Packet{{Time: int64(i) * 1e9, Port: i % 2, Data: frame(2*i, 60+i)}, {Time: int64(i)*1e9 + 7, Wire: 1500, Data: frame(2*i+1, 70), Comment: "rule 1 of a, no-write"}}
		name, first, err := r.Add(packets...)
		if err != nil {
			t.Fatal(err)
		}
		where[place{name, first}], where[place{name, first + 1}] = packets[0].Data, packets[1].Data
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for at, want := range where {
		c, err := capture.Open(filepath.Join(dir, at.file), 0)
		if err != nil {
			t.Fatal(err)
		}
		var f packet.Frame
		for range at.at {
			if err := c.Next(&f); err != nil {
				t.Fatalf("%v: %v", at, err)
			}
		}
		if !bytes.Equal(f.Data, want) || at.at%2 == 0 && f.WireLen != 1500 || f.Time%1e9 != int64(7*((at.at+1)%2)) {
			t.Errorf("%v: %q at %d, on the wire %d", at, f.Data[:10], f.Time, f.WireLen)
		}
		_ = c.Close()
	}
	info, err := os.Stat(filepath.Join(dir, "stops-000001.pcapng"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestBound holds that a ring never grows beyond its bound, that the oldest goes first,
// and that a ring which is opened again goes on behind the last file.
func TestBound(t *testing.T) {
	dir := t.TempDir()
	names := map[string]bool{}
	for range 3 {
		r, err := evidence.Open(dir, evidence.Least, [2]string{"in", "out"})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 1500 {
			name, _, err := r.Add(evidence.Packet{Data: frame(i, 1400)})
			if err != nil {
				t.Fatal(err)
			}
			names[name] = true
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		total := int64(0)
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				t.Fatal(err)
			}
			total += info.Size()
			whole(t, filepath.Join(dir, e.Name()))
		}
		if total > evidence.Least || len(entries) > 8 || total < evidence.Least/2 {
			t.Errorf("%d files with %d bytes", len(entries), total)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "stops-000001.pcapng")); err == nil {
		t.Error("the oldest file is still there")
	}
	if len(names) < 30 {
		t.Errorf("only %d files were begun: one of an earlier ring was written again", len(names))
	}
}

func whole(t *testing.T, name string) {
	t.Helper()
	c, err := capture.Open(name, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	var f packet.Frame
	for err == nil {
		err = c.Next(&f)
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("%s: %v", name, err)
	}
}

// TestTooFew holds that a bound in which nothing has room is refused.
func TestTooFew(t *testing.T) {
	if _, err := evidence.Open(t.TempDir(), 1000, [2]string{}); err == nil {
		t.Error("1,000 bytes are taken")
	}
}
