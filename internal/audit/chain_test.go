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
	if n, err := audit.Verify(filled(t), nil); n != 6 || err != nil {
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
		if n, err := audit.Verify(name, nil); !errors.As(err, &damage) || n > 6 {
			t.Fatalf("byte %d changed: %d entries in order, %v", i, n, err)
		}
	}
	lines := bytes.SplitAfter(good, []byte("\n"))
	for i := range 5 {
		without := bytes.Join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...), nil)
		if err := os.WriteFile(name, without, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := audit.Verify(name, nil); !errors.As(err, &damage) {
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
		if n, err := audit.Verify(name, nil); !errors.As(err, &damage) {
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
	if n, err := audit.Verify(name, nil); n != 7 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
	for _, b := range [][]byte{nil, []byte("7"), bytes.Repeat([]byte("0"), 86)} {
		if err := os.WriteFile(name+audit.HeadSuffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := audit.Verify(name, nil); !errors.As(err, &damage) {
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
	if n, err := audit.Verify(name, nil); n != 6 || err == nil {
		t.Errorf("%d entries, %v", n, err)
	}
	c, err := audit.Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Add("t", "release", "0", 1), c.Close()); err != nil {
		t.Fatal(err)
	}
	if n, err := audit.Verify(name, nil); n != 7 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}

// TestCrashAtAnyInstant holds that whatever a crash leaves of an entry and of its head is read: what
// was announced and is whole stays, what is not whole is taken away, and the chain goes on.
func TestCrashAtAnyInstant(t *testing.T) {
	name := filled(t)
	before, headBefore := contents(t, name)
	c, err := audit.Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Add("t", "release", "0", 1), c.Close()); err != nil {
		t.Fatal(err)
	}
	after, headAfter := contents(t, name)
	announced := append(bytes.Clone(headBefore), headAfter...)
	type state struct {
		file, head []byte
		entries    uint64
	}
	states := []state{{after, append(bytes.Clone(headAfter), headAfter...), 7}, {after, headAfter, 7}, {after, announced, 7}, {after[:len(after)-1], announced, 7}}
	for cut := 0; cut < len(headAfter); cut += 5 { // while it is announced
		states = append(states, state{before, announced[:len(headBefore)+cut], 6})
	}
	for cut := len(before); cut < len(after)-1; cut += 5 { // while it is written
		states = append(states, state{after[:cut], announced, 6})
	}
	for i, x := range states {
		if err := errors.Join(os.WriteFile(name, x.file, 0o600), os.WriteFile(name+audit.HeadSuffix, x.head, 0o600)); err != nil {
			t.Fatal(err)
		}
		var damage *audit.DamageError
		if n, err := audit.Verify(name, nil); n != x.entries || err != nil && (!errors.As(err, &damage) || !strings.Contains(damage.Reason, "breaks off")) {
			t.Errorf("state %d: %d entries, %v", i, n, err)
		}
		n := uint64(0)
		c, err := audit.Open(name, func(*audit.Entry) error { n++; return nil })
		if err != nil || n != x.entries {
			t.Fatalf("state %d: opened with %d entries, %v", i, n, err)
		}
		if err := errors.Join(c.Add("t", "release", "0", 1), c.Close()); err != nil {
			t.Fatal(err)
		}
		if n, err := audit.Verify(name, nil); n != x.entries+1 || err != nil {
			t.Errorf("state %d: and then %d entries, %v", i, n, err)
		}
		if _, h := contents(t, name); len(h) != len(headBefore) {
			t.Errorf("state %d: the head is %q", i, h)
		}
	}
}

// TestNobodyAddsAnEntry holds that an entry which the head neither counts nor announces is told,
// whatever it follows, and that no chain goes on behind it.
func TestNobodyAddsAnEntry(t *testing.T) {
	for _, announced := range []bool{false, true} {
		name := filled(t)
		_, head := contents(t, name)
		c, err := audit.Open(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.Add("t", "release", "0", 1), c.Close()); err != nil {
			t.Fatal(err)
		}
		if announced { // another one
			head = append(head, bytes.Replace(head, []byte("6 "), []byte("7 "), 1)...)
		}
		if err := os.WriteFile(name+audit.HeadSuffix, head, 0o600); err != nil {
			t.Fatal(err)
		}
		var damage *audit.DamageError
		if n, err := audit.Verify(name, nil); n != 6 || !errors.As(err, &damage) || damage.Line != 7 || !strings.Contains(damage.Reason, "is one too many") {
			t.Errorf("announced %v: %d entries in order, %v", announced, n, err)
		}
		if _, err := audit.Open(name, nil); !errors.As(err, &damage) {
			t.Errorf("announced %v: the chain goes on: %v", announced, err)
		}
	}
}

// TestHeadIsMissing holds that a chain does not go on without its head, and that who tries leaves all as it was: afterwards
// it is still seen that the head is not there.
func TestHeadIsMissing(t *testing.T) {
	name := filled(t)
	if err := os.Remove(name + audit.HeadSuffix); err != nil {
		t.Fatal(err)
	}
	var damage *audit.DamageError
	if _, err := audit.Open(name, nil); !errors.As(err, &damage) || damage.File != name+audit.HeadSuffix || !strings.Contains(damage.Reason, "is missing") {
		t.Errorf("the chain goes on: %v", err)
	}
	if _, err := os.Stat(name + audit.HeadSuffix); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an attempt to go on leaves a head behind (%v)", err)
	}
}

func contents(t *testing.T, name string) (file, head []byte) {
	t.Helper()
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if head, err = os.ReadFile(name + audit.HeadSuffix); err != nil {
		t.Fatal(err)
	}
	return file, head
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
	if n, err := audit.Verify(name, nil); n != 7 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}
