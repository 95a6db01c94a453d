package main

import (
	"bytes"
	"encoding/json"
	"firedoor/internal/gateway"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// long tells whether checks of the gateway run in their full length.
func long() bool { return os.Getenv("FIREDOOR_GATEWAY_LONG") != "" }

// refusedPeer is a peer's program, or why it is not there.
type refusedPeer struct {
	name    string
	missing string
	command []string // its address follows
}

// buildLibmodbus builds the program with libmodbus that is both client and server.
func buildLibmodbus(t *testing.T) refusedPeer {
	t.Helper()
	p := refusedPeer{name: "libmodbus", command: []string{filepath.Join(t.TempDir(), "modbus")}}
	if out, err := exec.Command("gcc", "-O1", "-o", p.command[0], script(t, "libmodbus/modbus.c"), "-lmodbus").CombinedOutput(); err != nil {
		p.missing = "no program with libmodbus: apt-get install gcc libmodbus-dev (" + string(out[:min(len(out), 200)]) + ")"
	}
	return p
}

func simonvetter(t *testing.T) refusedPeer {
	t.Helper()
	p := refusedPeer{name: "simonvetter/modbus", command: []string{filepath.Join(peersDir(t), "simonvetter")}}
	if _, err := os.Stat(p.command[0]); err != nil {
		p.missing = "simonvetter/modbus is not built: run scripts/tools peers"
	}
	return p
}

// refusals are what a client saw of its forbidden writes; times of polls are in ms.
type refusals struct {
	Refused, Changed, Reconnects, Allowed int
	Failed                                int `json:"failed_polls"`
	Other                                 []string
	AloneP50                              float64 `json:"alone_p50"`
	AloneP99                              float64 `json:"alone_p99"`
	AfterP50                              float64 `json:"after_p50"`
	AfterP99                              float64 `json:"after_p99"`
}

// TestGatewayRefuses holds that forbidden writes are declined by the device itself: other
// people's clients are told so of their own requests, nothing changes, and the connection with
// the polls on it goes on.
func TestGatewayRefuses(t *testing.T) {
	l := newLine(t) // with a server of pymodbus
	n := 150
	if long() {
		n = 1000
	}
	lib := buildLibmodbus(t)
	clients := []refusedPeer{
		{name: "pymodbus", command: []string{l.python, script(t, "refused.py")}},
		{name: lib.name, missing: lib.missing, command: append(lib.command, "refused")},
		simonvetter(t),
	}
	safe, told := beginSafety(t, l, newBeside(t)), 0
	trial := func(server string) {
		for _, c := range clients {
			t.Run(c.name+" against "+server, func(t *testing.T) {
				if c.missing != "" {
					t.Skip(c.missing)
				}
				told += n
				l.refused(t, &c, n)
			})
		}
	}
	trial("pymodbus")
	l.endServer()
	t.Run("libmodbus as the server", func(t *testing.T) {
		if lib.missing != "" {
			t.Skip(lib.missing)
		}
		l.t = t
		l.serve(lib.command[0], "server", l.bed.Server.IP4.String())
		trial("libmodbus")
	})
	l.t = t
	safe.held(t, false)
	time.Sleep(600 * time.Millisecond) // counts are told now and then
	s := l.status()
	if s.Explained != s.In || s.Judged.In != s.Judged.Passed+s.Judged.Changed+s.Judged.Dropped+s.Judged.Held {
		t.Errorf("%d frames in, %d explained; judged: %+v", s.In, s.Explained, s.Judged)
	}
	if int(s.Judged.Changed) > told {
		t.Errorf("%d refusals were counted, %d were made", s.Judged.Changed, told)
	}
	if s.Workers > 2 { // this machine stood still for longer than a heartbeat
		t.Logf("a worker was replaced, with what it had not told yet: %d of %d refusals were counted", s.Judged.Changed, told)
		return
	}
	if int(s.Judged.Changed) != told {
		t.Errorf("%d refusals were counted, want %d", s.Judged.Changed, told)
	}
	l.untilStopped(uint64(told), func(r *gateway.StopRow) bool { return r.Done == "refuse" })
}

// refused has a client write what it may not.
func (l *line) refused(t *testing.T, c *refusedPeer, n int) {
	t.Helper()
	cmd := exec.Command(c.command[0], append(c.command[1:len(c.command):len(c.command)], l.bed.Server.IP4.String(), strconv.Itoa(n))...)
	var out []byte
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := l.bed.Client.Do(func() (err error) { out, err = cmd.Output(); return err })
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, stderr.String(), l.log)
	}
	var got refusals
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if got.Refused != n || got.Failed+got.Changed+got.Reconnects+len(got.Other) > 0 || got.Allowed != 1 {
		t.Errorf("%s", out)
	}
	t.Logf("%d refused; a poll takes p50 %.3f, p99 %.3f ms alone, and p50 %.3f (%+.3f), p99 %.3f ms after a refusal", n, got.AloneP50, got.AloneP99, got.AfterP50, got.AfterP50-got.AloneP50, got.AfterP99)
}
