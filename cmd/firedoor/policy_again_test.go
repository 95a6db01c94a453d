package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"firedoor/internal/whatif"
)

// relearned is a capture that was learned whole, and what was drafted from that.
type relearned struct {
	folder string // what the replay wrote; empty where the file is no capture
	drafts []redraft
}

// redraft is a policy drafted from a capture, and what it would have stopped of it.
type redraft struct {
	flags []string
	outcome
	would whatif.Report // where there is a draft
}

// relearnings has each capture by its path: it is learned and replayed under its drafts
// once, however many tests look at what comes of it.
var relearnings sync.Map

// relearn learns a capture whole and drafts a loose and a strict policy from it.
func relearn(t *testing.T, path string) *relearned {
	t.Helper()
	once, _ := relearnings.LoadOrStore(path, sync.OnceValues(func() (*relearned, error) { return relearnOnce(t, path) }))
	r, err := once.(func() (*relearned, error))()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return r
}

// relearnOnce must not end the test: others wait for what it returns.
func relearnOnce(t *testing.T, path string) (*relearned, error) {
	dir, err := os.MkdirTemp(shared, "relearned")
	if err != nil {
		return nil, err
	}
	if o := run(t, "replay", "--learn", "100%", "--out", dir, path); o.status == exitUsage {
		return &relearned{}, os.RemoveAll(dir)
	}
	r := relearned{folder: dir}
	for _, flags := range [][]string{nil, {"--reads", "--values"}} {
		d := redraft{flags: flags, outcome: run(t, append(append([]string{"policy", "draft"}, flags...), dir)...)}
		if d.status == 0 {
			file := filepath.Join(dir, "policy.yaml")
			if err := os.WriteFile(file, []byte(d.stdout), 0o600); err != nil {
				return nil, err
			}
			o := run(t, "policy", "replay", "--json", "--policy", file, path)
			if err := json.Unmarshal([]byte(o.stdout), &d.would); err != nil {
				return nil, fmt.Errorf("%v: status %d: %s", flags, o.status, o.err)
			}
		}
		r.drafts = append(r.drafts, d)
	}
	return &r, nil
}
