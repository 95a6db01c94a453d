package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSecondPerson holds that what is never blocked passes a quarantine that one person
// ordered, and no longer when another user confirmed one of everything; that the same
// user cannot confirm it; and that members of the group, and nobody else, reach the socket.
func TestSecondPerson(t *testing.T) {
	l := newLineWith(t, strings.Replace(gatewayPolicy, "reviewed: {by: Jo, on: 2026-11-26}",
		`reviewed: {by: Jo, on: 2026-11-26}, rules: [{name: emergency stop, protocol: modbus, object: "coil:1"}]`, 1), "--group", "4242")
	within := func(wait time.Duration) bool {
		c, err := l.dialIn(wait)
		if err != nil {
			return false
		}
		defer c.Close()
		answer, err := askModbus(c, 1, wait, 5, 0, 1, 0xff, 0)
		return err == nil && answer[0] == 5
	}
	stops := func() bool { return within(patience) }
	if !stops() {
		t.Fatal("the emergency stop does not pass at first")
	}
	works(t, "isolate", "plc", "--verb", "quarantine", "--for", "30m", "--reason", "a trial", "--data", l.data)
	if !stops() {
		t.Error("a quarantine of one person stops what is never blocked")
	}
	if o := works(t, "isolate", "plc", "--verb", "quarantine", "--everything", "--for", "30m", "--reason", "a trial", "--data", l.data).stdout; !strings.Contains(o, "Decision 2 waits for a second person") {
		t.Errorf("isolate says %q", o)
	}
	if !stops() {
		t.Error("what nobody confirmed is in force")
	}
	if o := works(t, "list", "--data", l.data).stdout; !strings.Contains(o, "quarantine of everything") || !strings.Contains(o, "pending") {
		t.Errorf("list says %q", o)
	}
	if o := run(t, "confirm", "2", "--data", l.data); o.status == 0 || !strings.Contains(o.err, "not the same one") {
		t.Errorf("the same person confirms: status %d, %s", o.status, o.err)
	}
	as := asOthers(t, l)
	if out, err := as(4243, 4243, "confirm", "2", "--data", l.data); err == nil {
		t.Errorf("somebody who is not in the group confirms: %s", out)
	}
	if out, err := as(4242, 4242, "confirm", "2", "--data", l.data); err != nil || !strings.Contains(out, "quarantine of everything of plc until") {
		t.Fatalf("a second person confirms: %v, %s", err, out)
	}
	if within(2 * time.Second) {
		t.Error("a quarantine of everything lets something pass")
	}
	if o := works(t, "audit", "verify", filepath.Join(l.data, "decisions.jsonl")).stdout; !strings.Contains(o, "all in order") {
		t.Errorf("audit says %q", o)
	}
	text := read(t, filepath.Join(l.data, "decisions.jsonl"))
	if !bytes.Contains(text, []byte(`"what":"propose"`)) || !bytes.Contains(text, []byte(`"confirmed_by":"uid 4242"`)) {
		t.Errorf("%s", text)
	}
}

// TestSecondPersonIsNoOtherUser holds that whoever became another user after he logged in is no
// second person, under control's real confinement, and that somebody else who did is.
func TestSecondPersonIsNoOtherUser(t *testing.T) {
	l := newLineWith(t, gatewayPolicy, "--group", "4242")
	_ = asOthers(t, l) // the folders above may be walked through
	// loggedIn runs the program as a user that somebody became who had logged in as another one.
	loggedIn := func(login, uid string, args ...string) (string, error) {
		script := `echo "$0" > /proc/self/loginuid || exit 99; id=$1; shift; exec setpriv --reuid "$id" --regid "$id" --clear-groups "$@"`
		out, err := exec.Command("sh", append([]string{"-c", script, login, uid, program(t)}, append(args, "--data", l.data)...)...).CombinedOutput()
		var gone *exec.ExitError
		if errors.As(err, &gone) && gone.ExitCode() == 99 {
			t.Skipf("this kernel does not let a login be set: %s", out)
		}
		return string(out), err
	}
	if out, err := loggedIn("4777", "0", "isolate", "plc", "--verb", "quarantine", "--everything", "--for", "30m", "--reason", "a trial"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := loggedIn("4777", "4242", "confirm", "1"); err == nil || !strings.Contains(out, "not the same one") {
		t.Errorf("whoever became another user confirms what he ordered: %v, %s", err, out)
	}
	if out, err := loggedIn("4778", "4242", "confirm", "1"); err != nil || !strings.Contains(out, "quarantine of everything of plc until") {
		t.Errorf("a second person confirms: %v, %s", err, out)
	}
}

// asOthers runs the program as another user.
func asOthers(t *testing.T, l *line) func(uid, gid uint32, args ...string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	b := read(t, program(t))
	name := filepath.Join(dir, "firedoor")
	if err := os.WriteFile(name, b, 0o755); err != nil {
		t.Fatal(err)
	}
	for at := l.data; len(at) > len(os.TempDir()); at = filepath.Dir(at) {
		if at != l.data {
			if err := os.Chmod(at, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	for at := dir; len(at) > len(os.TempDir()); at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return func(uid, gid uint32, args ...string) (string, error) {
		cmd := exec.Command(name, args...)
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}

// TestReleaseResetsWhatWaited holds that a write which a client sent into a quarantine is
// not done when it is released: its connection ends, and the next one works.
func TestReleaseResetsWhatWaited(t *testing.T) {
	l := newLine(t)
	c, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if answer, err := askModbus(c, 1, patience, 6, 0, 5, 0, 11); err != nil || answer[0] != 6 {
		t.Fatalf("an allowed write: % x, %v", answer, err)
	}
	works(t, "isolate", "plc", "--verb", "quarantine", "--for", "30m", "--reason", "a trial", "--data", l.data)
	if answer, err := askModbus(c, 2, 300*time.Millisecond, 6, 0, 5, 0, 22); !os.IsTimeout(err) {
		t.Fatalf("a write in quarantine: % x, %v", answer, err)
	}
	works(t, "release", "1", "--data", l.data)
	if answer, err := askModbus(c, 3, patience, 3, 0, 5, 0, 1); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after the release: % x, %v\n%s", answer, err, l.log)
	}
	again, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	answer, err := askModbus(again, 4, patience, 3, 0, 5, 0, 1)
	if err != nil || len(answer) != 4 || answer[3] != 11 {
		t.Errorf("the register: % x, %v", answer, err)
	}
}
