package mishap

import (
	"bufio"
	"os"
	"os/exec"
	"testing"
)

// victimDir tells a test binary that it is the process to kill.
const victimDir = "FIREDOOR_TEST_VICTIM_DIR"

// Main is a TestMain of which the test binary may be the process that Kill kills:
// then victim works in a folder, and prints a line of each thing it has done.
func Main(m *testing.M, victim func(dir string)) {
	if dir := os.Getenv(victimDir); dir != "" {
		victim(dir)
		return
	}
	os.Exit(m.Run())
}

// Kill starts the victim, and kills it when it has printed so many lines; said
// gets each line, and those that were still on their way.
func Kill(t *testing.T, dir string, lines int, said func(line string)) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0]) // killed, too, where said ends the test
	child.Env = append(os.Environ(), victimDir+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	printed := bufio.NewScanner(out)
	n := 0
	for ; printed.Scan(); n++ {
		said(printed.Text())
		if n+1 == lines {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); n < lines {
		t.Fatalf("the process ended after %d of %d lines: %v", n, lines, err)
	}
}
