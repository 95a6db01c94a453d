package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"firedoor/internal/gateway"
	"firedoor/internal/testbed"
	"net"
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
		l.falseLengths(t)
	})
	l.t = t
	safe.held(t, false)
	again := l.again(l.bed.Client) // a refusal of what was sent again is one more
	s := l.untilStatus("all is explained and told", func(s *gateway.Status) bool {
		sum := s.Judged.Passed + s.Judged.Changed + s.Judged.Dropped + s.Judged.Held
		return s.Explained == s.In && s.Judged.In == sum && (int(s.Judged.Changed) >= told || s.Workers > 2)
	})
	if int(s.Judged.Changed) > told+again {
		t.Errorf("%d refusals were counted, %d were made, and %d segments were sent again", s.Judged.Changed, told, again)
	}
	if again > 0 {
		t.Logf("%d segments were sent again on a machine that stood still", again)
		return
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

// falseLengths holds that libmodbus, which looks neither at a request's length nor at its protocol
// identifier, carries out no write that either of them hides. On its own host, with nothing
// between, it carries out each.
func (l *line) falseLengths(t *testing.T) {
	t.Helper()
	const read, write = "\x00\x01\x00\x00\x00\x06\x01\x03\x00\x29\x00\x01", "\x01\x06\x00\x29\x1c"
	register := func() (n byte) {
		if answer := l.modbus(t, l.bed.Server, read, patience); len(answer) == 11 {
			return answer[10]
		}
		t.Fatal("the server does not answer")
		return 0
	}
	value := byte(0)
	for _, header := range []string{"\x00\x09\x00\x00\x00\xc8", "\x00\x09\x00\x00\x00\x07", "\x00\x09\x00\x00\x00\x02", "\x00\x09\x00\x00\x00\x00", "\x00\x09\x12\x34\x00\x06", "\x00\x09\x00\x00\x02\x00"} {
		value += 2
		l.modbus(t, l.bed.Server, header+write+string(value), patience)
		if register() != value {
			t.Errorf("% x: libmodbus does not take it, so it shows nothing", header)
		}
		l.modbus(t, l.bed.Client, header+write+string(value+1), time.Second)
		if register() != value {
			t.Errorf("% x: a write was carried out", header)
		}
	}
}

// modbus has a host say something to the server on a connection of its own, and gives the answer.
func (l *line) modbus(t *testing.T, from *testbed.Host, request string, wait time.Duration) (answer []byte) {
	t.Helper()
	err := from.Do(func() error {
		c, err := net.DialTimeout("tcp", net.JoinHostPort(l.bed.Server.IP4.String(), "502"), patience)
		if err != nil {
			return err
		}
		_ = c.SetDeadline(time.Now().Add(wait))
		if _, err := c.Write([]byte(request)); err != nil {
			return err
		}
		answer = make([]byte, 16)
		n, _ := c.Read(answer) // an answer, an end, or nothing
		answer = answer[:n]
		// What was dropped would be sent again and again before the end.
		return errors.Join(c.(*net.TCPConn).SetLinger(0), c.Close())
	})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}
