package journal

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write the fixture of this version's journal, if it has none")

// TestVersions: a journal that an earlier version wrote is read whole, chain and
// all. A fixture is written once and never again: it is what lies on the disks of
// others.
func TestVersions(t *testing.T) {
	bodies := []struct {
		kind Kind
		time int64
		body string
	}{
		{Start, 0, `{"sensor":"line-1"}`},
		{Lines, 1772431200000000000, "{\"op\":\"write\",\"n\":1}\n{\"op\":\"write\",\"n\":2}\n"},
		{Run, 1772431201000000000, `{"function":"read_holding_registers","count":300}`},
		{Tick, -1, `{"after":{}}`},
		{Alert, 1772431202000000000, `{"alert":{"id":"a1"}}`},
		{Order, 1772431203000000000, `{"stage":"watching"}`},
	}
	newest := filepath.Join("testdata", fmt.Sprintf("version-%d", version))
	if _, err := os.Stat(newest); *update && os.IsNotExist(err) {
		for part := range 2 {
			j := open(t, Config{Dir: newest})
			for i, b := range bodies[part*3 : part*3+3] {
				j.Append(b.kind, b.time, []byte(b.body))
				if i == 1 {
					j.Flush()
				}
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var want []string
	for _, b := range bodies {
		want = append(want, fmt.Sprintf("%s %d %s", b.kind, b.time, b.body))
	}
	for v := 1; v <= version; v++ {
		dir := filepath.Join("testdata", fmt.Sprintf("version-%d", v))
		got, damage := all(t, dir, Position{})
		if damage != nil || !slices.Equal(got, want) || len(files(t, dir)) != 2 {
			t.Errorf("%s: %q, %v", dir, got, damage)
		}
		for _, f := range files(t, dir) {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if len(b) <= headerBytes || b[len(magic)] != byte(v) {
				t.Errorf("%s is not of version %d", f, v)
			}
		}
	}
}
