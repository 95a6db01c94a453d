//go:build unix

package capture

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestCountOfLargeRecords: counting without copying gives what reading gives,
// on whole files and on files that end in the middle of a record.
func TestCountOfLargeRecords(t *testing.T) {
	var file bytes.Buffer
	file.Write([]byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0})
	const records = 9000
	for i := range records {
		size := 400 + i%1100
		head := make([]byte, 16)
		le.PutUint32(head[8:], uint32(size))
		le.PutUint32(head[12:], uint32(size))
		file.Write(head)
		file.Write(make([]byte, size))
	}
	for _, c := range []struct {
		name  string
		bytes []byte
		want  uint64
		whole bool
	}{
		{"whole", file.Bytes(), records, true},
		{"cut", file.Bytes()[:file.Len()-3], records - 1, false},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, c.bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Open(path, 0)
		if err != nil {
			t.Fatal(err)
		}
		if n, counted := r.countMapped(); counted != c.whole || counted && n != c.want {
			t.Errorf("%s: counted %d (%v) without copying, want %d (%v)", c.name, n, counted, c.want, c.whole)
		}
		r.Close()
		n, err := Count(path)
		var damage *DamageError
		if n != c.want || c.whole != (err == nil) || err != nil && !errors.As(err, &damage) {
			t.Errorf("%s: Count gives %d, %v; want %d", c.name, n, err, c.want)
		}
	}
}
