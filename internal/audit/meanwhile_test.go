package audit_test

import (
	"path/filepath"
	"testing"

	"firedoor/internal/audit"
)

// TestVerifyMeanwhile holds that a chain to which entries are added is not taken for one that was changed.
func TestVerifyMeanwhile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "chain.jsonl")
	c, err := audit.Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		for i := range 300 {
			if err := c.Add("t", "isolate", "0", i); err != nil {
				done <- err
				return
			}
		}
		done <- c.Close()
	}()
	for looks := 0; ; looks++ {
		if _, err := audit.Verify(name, nil); err != nil {
			t.Errorf("look %d: %v", looks, err)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			if n, err := audit.Verify(name, nil); n != 300 || err != nil {
				t.Errorf("%d entries, %v", n, err)
			}
			return
		default:
		}
	}
}
