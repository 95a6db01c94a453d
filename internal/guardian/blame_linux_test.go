package guardian

import (
	"os/exec"
	"testing"
	"time"
)

// TestByItself holds which ends of a worker are its own doing: a crash is, and a hang for
// which it was ended; whoever kills or stops it from outside is not.
func TestByItself(t *testing.T) {
	for script, want := range map[string]bool{"exit 2": true, "exit 0": false, "kill -SEGV $$": true, "kill -KILL $$": false} {
		c := exec.Command("sh", "-c", script)
		_ = c.Run() // it fails as it is meant to
		h := &hand{fate: c.ProcessState}
		if got := h.byItself(); got != want {
			t.Errorf("%s: %v, want %v", script, got, want)
		}
	}
	for script, want := range map[string]bool{"kill -STOP $$": false, "while :; do :; done": true} {
		c := exec.Command("sh", "-c", script)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		for !want && !isStopped(c.Process.Pid) { // until it is
		}
		h := &hand{pid: c.Process.Pid, end: c.Process.Kill}
		h.hang(time.Now(), false)
		_ = c.Wait() // killed
		h.fate = c.ProcessState
		if got := h.byItself(); got != want {
			t.Errorf("%s, and ended for that: %v, want %v", script, got, want)
		}
	}
}
