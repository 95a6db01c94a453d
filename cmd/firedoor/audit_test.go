package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firedoor/internal/audit"
)

// TestAuditVerify holds that a chain is in order only with its head beside it, without which
// nobody sees that its end was cut off; and that a folder is no chain.
func TestAuditVerify(t *testing.T) {
	file := filepath.Join(t.TempDir(), "decisions.jsonl")
	chain, err := audit.Open(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := chain.Add("2026-03-02T06:00:00Z", "release", "A", 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := chain.Close(); err != nil {
		t.Fatal(err)
	}
	if o := works(t, "audit", "verify", file).stdout; o != "3 entries: all in order.\n" {
		t.Errorf("a whole chain: %q", o)
	}
	all := read(t, file)
	first, _, _ := strings.Cut(string(all), "\n")
	if err := os.WriteFile(file, []byte(first+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := run(t, "audit", "verify", file); o.status != exitDamaged {
		t.Errorf("an end that was cut off: status %d, %s%s", o.status, o.stdout, o.err)
	}
	if err := os.Remove(file + audit.HeadSuffix); err != nil {
		t.Fatal(err)
	}
	if o := run(t, "audit", "verify", file); o.status != exitDamaged || strings.Contains(o.stdout, "all in order") || !strings.Contains(o.err, "decisions.jsonl.head: is missing") {
		t.Errorf("without its head: status %d, %s%s", o.status, o.stdout, o.err)
	}
	if o := run(t, "audit", "verify", filepath.Dir(file)); o.status != exitUsage || !strings.Contains(o.err, "is a folder") {
		t.Errorf("a folder: status %d, %s", o.status, o.err)
	}
}
