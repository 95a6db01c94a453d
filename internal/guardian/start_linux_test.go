package guardian

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestProgramIsWhatWasRead holds that a process is of the program that was opened and read, whatever is put in
// its place meanwhile.
func TestProgramIsWhatWasRead(t *testing.T) {
	sleeps := copied(t, "/bin/sleep", filepath.Join(t.TempDir(), "program"))
	f, err := openProgram(sleeps)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	was, err := os.ReadFile(sleeps)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(copied(t, "/bin/false", sleeps+".new"), sleeps); err != nil {
		t.Fatal(err)
	}
	digest, err := digestOf(f)
	if want := fmt.Sprintf("%x", sha256.Sum256(was)); err != nil || digest != want {
		t.Errorf("%s (%v), want %s", digest, err, want)
	}
	s, ended := newStarter(), make(chan error)
	go func() { _ = s.serve(ended) }()
	defer close(ended)
	child, conn, err := s.start(ordinary, runOf(f), []string{sleeps, "600"}, nil, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	exe := fmt.Sprintf("/proc/%d/exe", child.Process.Pid)
	if got, err := os.ReadFile(exe); err != nil || string(got) != string(was) {
		t.Errorf("what runs is not what was read (%d bytes, %v)", len(got), err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = child.Wait() // killed
}

// copied copies a program.
func copied(t *testing.T, from, to string) string {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	return to
}
