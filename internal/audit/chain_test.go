package audit_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"firedoor/internal/audit"
)

func filled(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "decisions.jsonl")
	for i := range 2 { // opened again, it goes on
		n := 0
		c, err := audit.Open(name, func(*audit.Entry) error { n++; return nil })
		if err != nil {
			t.Fatal(err)
		}
		if n != 3*i {
			t.Fatalf("%d entries, want %d", n, 3*i)
		}
		for k := range 3 {
			if err := c.Add("2026-11-26T00:00:00Z", "isolate", "0", map[string]int{"n": k}); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

func TestChainIsInOrder(t *testing.T) {
	if n, err := audit.Verify(filled(t)); n != 6 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}

// TestEveryChangeIsNoticed changes each byte in turn, and takes each line out.
func TestEveryChangeIsNoticed(t *testing.T) {
	name := filled(t)
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var damage *audit.DamageError
	last := bytes.LastIndexByte(good[:len(good)-1], '\n')
	for i := 0; i < len(good); i += 3 {
		changed := bytes.Clone(good)
		if changed[i] ^= 1; i > last && i < len(good)-1 {
			continue // of the last line, only whoever keeps its hash elsewhere notices
		}
		if err := os.WriteFile(name, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		if n, err := audit.Verify(name); !errors.As(err, &damage) || n > 5 {
			t.Fatalf("byte %d changed: %d entries in order, %v", i, n, err)
		}
	}
	lines := bytes.SplitAfter(good, []byte("\n"))
	for i := range 5 {
		without := bytes.Join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...), nil)
		if err := os.WriteFile(name, without, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := audit.Verify(name); !errors.As(err, &damage) {
			t.Errorf("line %d taken out: %v", i+1, err)
		}
		if _, err := audit.Open(name, nil); !errors.As(err, &damage) {
			t.Errorf("line %d taken out, and the chain goes on: %v", i+1, err)
		}
	}
}

// TestBrokenOff holds that a line which a crash cut is told, and taken away when the
// chain goes on.
func TestBrokenOff(t *testing.T) {
	name := filled(t)
	good, _ := os.ReadFile(name)
	if err := os.WriteFile(name, good[:len(good)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := audit.Verify(name); n != 5 || err == nil {
		t.Errorf("%d entries, %v", n, err)
	}
	c, err := audit.Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Add("t", "release", "0", 1), c.Close()); err != nil {
		t.Fatal(err)
	}
	if n, err := audit.Verify(name); n != 6 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}
