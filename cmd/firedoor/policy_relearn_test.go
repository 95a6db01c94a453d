package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// cannot are captures of which a draft stops something that it was drafted from, with the
// reason; the test fails where one of them does so no more.
var cannot = map[string]string{}

// TestDraftStopsNothingLearned holds that a policy drafted from a capture stops nothing of
// that capture, loose or strict.
func TestDraftStopsNothingLearned(t *testing.T) {
	for _, path := range append(ownCaptures(t), sample(t)) {
		for _, said := range stopsOfItself(t, path) {
			t.Errorf("%s: %s", path, said)
		}
	}
}

// TestCorpusDraftStopsNothingLearned is the same over captures from elsewhere.
func TestCorpusDraftStopsNothingLearned(t *testing.T) {
	for _, path := range corpusCaptures(t) {
		name, err := filepath.Rel(corpus(t), path)
		if err != nil {
			t.Fatal(err)
		}
		said := stopsOfItself(t, path)
		if why, known := cannot[name]; known != (len(said) > 0) {
			t.Errorf("%s: %s (%q)", name, strings.Join(said, "\n  "), why)
		}
	}
}

// stopsOfItself is what policies drafted from a capture stop of it, or cannot decide.
func stopsOfItself(t *testing.T, path string) (said []string) {
	t.Helper()
	dir := t.TempDir()
	if o := run(t, "replay", "--learn", "100%", "--out", dir, path); o.status == exitUsage {
		return nil // no capture
	}
	for _, flags := range [][]string{nil, {"--reads", "--values"}} {
		o := run(t, append(append([]string{"policy", "draft"}, flags...), dir)...)
		if o.status != 0 {
			if strings.Contains(o.err, "was learned") {
				return nil // nothing that a gateway sees
			}
			return append(said, "draft: "+o.err)
		}
		file := write(t, "policy.yaml", []byte(o.stdout))
		if o := run(t, "policy", "check", file); o.status != 0 {
			return append(said, "check: "+o.err)
		}
		r, _ := whatIf(t, "--policy", file, path)
		for _, s := range r.Stopped {
			said = append(said, fmt.Sprintf("%v: %+v", flags, s))
		}
	}
	return said
}
