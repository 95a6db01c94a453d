package audit_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
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
	for i := 0; i < len(good); i += 3 {
		changed := bytes.Clone(good)
		changed[i] ^= 1
		if err := os.WriteFile(name, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		if n, err := audit.Verify(name); !errors.As(err, &damage) || n > 6 {
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

// TestEndIsMissing cuts the file at each byte: nothing that was confirmed goes unnoticed,
// and nothing of it is taken away.
func TestEndIsMissing(t *testing.T) {
	name := filled(t)
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var damage *audit.DamageError
	for cut := range good {
		if err := os.WriteFile(name, good[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if n, err := audit.Verify(name); !errors.As(err, &damage) {
			t.Fatalf("cut to %d bytes: %d entries in order, %v", cut, n, err)
		}
		if cut == len(good)-1 {
			break // the end of the last line alone: nothing of it is lost
		}
		if _, err := audit.Open(name, nil); !errors.As(err, &damage) {
			t.Fatalf("cut to %d bytes, and the chain goes on: %v", cut, err)
		}
	}
	n := 0
	c, err := audit.Open(name, func(*audit.Entry) error { n++; return nil })
	if err != nil || n != 6 {
		t.Fatalf("without the end of the last line: %d entries, %v", n, err)
	}
	if err := errors.Join(c.Add("t", "release", "0", 1), c.Close()); err != nil {
		t.Fatal(err)
	}
	if n, err := audit.Verify(name); n != 7 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
	for _, b := range [][]byte{nil, []byte("7"), bytes.Repeat([]byte("0"), 86)} {
		if err := os.WriteFile(name+audit.HeadSuffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := audit.Verify(name); !errors.As(err, &damage) {
			t.Errorf("with the head %q: %v", b, err)
		}
	}
}

// TestBrokenOff holds that a line which a crash cut is told, and taken away when the
// chain goes on.
func TestBrokenOff(t *testing.T) {
	name := filled(t)
	good, _ := os.ReadFile(name)
	if err := os.WriteFile(name, append(good, `{"number":7,"ti`...), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := audit.Verify(name); n != 6 || err == nil {
		t.Errorf("%d entries, %v", n, err)
	}
	c, err := audit.Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Add("t", "release", "0", 1), c.Close()); err != nil {
		t.Fatal(err)
	}
	if n, err := audit.Verify(name); n != 7 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}

// TestCrashBeforeTheHead holds that a line which was written and not yet counted stays.
func TestCrashBeforeTheHead(t *testing.T) {
	name := filled(t)
	before, _ := os.ReadFile(name + audit.HeadSuffix)
	c, err := audit.Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Add("t", "release", "0", 1), c.Close(), os.WriteFile(name+audit.HeadSuffix, before, 0o600)); err != nil {
		t.Fatal(err)
	}
	if n, err := audit.Verify(name); n != 7 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
	if c, err = audit.Open(name, nil); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Add("t", "release", "0", 1), c.Close()); err != nil {
		t.Fatal(err)
	}
	if n, err := audit.Verify(name); n != 8 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}

// TestTooLong holds that what could not be read again is not added, and that text stands
// as it is.
func TestTooLong(t *testing.T) {
	name := filled(t)
	c, err := audit.Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Add("t", "isolate", "0", strings.Repeat("<", audit.MaxLine)); err == nil {
		t.Error("a line that is too long was added")
	}
	if err := errors.Join(c.Add("t", "isolate", "0", strings.Repeat("<", audit.MaxLine-1000)), c.Close()); err != nil {
		t.Fatal(err)
	}
	if n, err := audit.Verify(name); n != 7 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}
