package main

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firedoor/internal/gateway"
)

// deadlyPolicy is gatewayPolicy, where to switch a coil on is never blocked.
var deadlyPolicy = strings.Replace(gatewayPolicy, "never-block: {reviewed: {by: Jo, on: 2026-11-26}}",
	`never-block: {reviewed: {by: Jo, on: 2026-11-26}, rules: [{protocol: modbus, function: write single coil, object: "coil:17", value: 1}]}`, 1)

func deadlyWorker() error { return gateway.RunWorker(deadlyProtocols(), known()) }

// untilStatus waits until the gateway is as it should be.
func (l *line) untilStatus(what string, is func(*gateway.Status) bool) (s gateway.Status) {
	l.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if s = l.status(); is(&s) {
			return s
		}
	}
	l.t.Fatalf("never: %s: %+v\n%s", what, s, l.log)
	return s
}

// once asks on a connection of its own.
func (l *line) once(wait time.Duration, body ...byte) ([]byte, error) {
	c, err := l.dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.(*net.TCPConn).SetLinger(0); err != nil { // else it is sent again after the end of the test's step
		return nil, err
	}
	return askModbus(c, 1, wait, body...)
}

// isBarred holds that the client is barred, and that this is so: what it asks is judged by
// the kernel, and no worker dies on its frames any more.
func (l *line) isBarred(deaths int, frame []byte) {
	l.t.Helper()
	s := l.untilStatus("the client is barred", func(s *gateway.Status) bool { return len(s.Barred) == 1 })
	if s.Barred[0].Client != l.bed.Client.IP4 || s.Barred[0].Deaths != deaths {
		l.t.Errorf("barred: %+v", s.Barred)
	}
	s = l.untilStatus("workers are there", func(s *gateway.Status) bool { return s.Worker == "alive" && s.Standby })
	if answer, err := l.once(5*time.Second, 3, 0, 40, 0, 1); err != nil || answer[0] != 3 {
		l.t.Errorf("a read on the floor: % x %v", answer, err)
	}
	if answer, err := l.once(300*time.Millisecond, 6, 0, 5, 0, 7); err == nil {
		l.t.Errorf("what a worker must judge passed on the floor: % x", answer)
	}
	if answer, err := l.once(5*time.Second, 5, 0, 17, 0xff, 0); err != nil || answer[0] != 5 {
		l.t.Errorf("what is never blocked, on the floor: % x %v", answer, err)
	}
	if answer, err := l.once(300*time.Millisecond, 5, 0, 17, 0, 0); err == nil {
		l.t.Errorf("another value than is never blocked passed on the floor: % x", answer)
	}
	for range 3 {
		if answer, err := l.once(100*time.Millisecond, frame...); err == nil {
			l.t.Errorf("a frame that kills workers was answered: % x", answer)
		}
	}
	if now := l.status(); now.Workers != s.Workers || len(now.Barred) != 1 || now.Barred[0].Deaths != deaths {
		l.t.Errorf("%d workers were started and then %d: %+v\n%s", s.Workers, now.Workers, now.Barred, l.log)
	}
}

// TestDeadlyClient holds that a client on whose frames two workers died is judged by no worker
// any more, until a person says so: told in status, log, stopped.jsonl and decisions.jsonl,
// over a restart too; and that a frame which waits for the next worker does not kill that one.
func TestDeadlyClient(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(deadly, "1")
	l := newLineOf(t, self, deadlyPolicy)
	works := func() {
		t.Helper()
		if answer, err := l.once(5*time.Second, 6, 0, 5, 0, 7); err != nil || answer[0] != 6 {
			t.Fatalf("an allowed write: % x %v\n%s", answer, err, l.log)
		}
	}
	works()
	if s := l.status(); len(s.Barred) > 0 {
		t.Fatalf("barred: %+v", s.Barred)
	}
	_, _ = l.once(100*time.Millisecond, crashes...) // it stays in the ring, so that both workers meet it
	l.isBarred(2, crashes)
	client := l.bed.Client.IP4.String()
	for file, want := range map[string]string{"stopped.jsonl": `"reason":"worker-deaths"`, "decisions.jsonl": `"what":"bar"`} {
		if b := read(t, filepath.Join(l.data, file)); !bytes.Contains(b, []byte(want)) || !bytes.Contains(b, []byte(client)) {
			t.Errorf("%s does not say %s:\n%s", file, want, b)
		}
	}
	if o := run(t, "status", "--data", l.data); o.status != exitDamaged || !strings.Contains(o.stdout, "firedoor release "+client) {
		t.Errorf("status %d says\n%s", o.status, o.stdout)
	}
	l.policyOf(strings.Replace(deadlyPolicy, "name: test", "name: another", 1))
	l.stop()
	l.start()
	l.untilStatus("barred after a restart", func(s *gateway.Status) bool { return len(s.Barred) == 1 && s.Barred[0].Client == l.bed.Client.IP4 })
	if o := run(t, "release", "--data", l.data, "10.97.0.99"); o.status == exitOK {
		t.Errorf("somebody was released who is not barred: %s", o.stdout)
	}
	ordered(t, "release", "--data", l.data, client)
	if s := l.status(); len(s.Barred) > 0 {
		t.Errorf("after the release: %+v", s.Barred)
	}
	works()
	if b := read(t, filepath.Join(l.data, "decisions.jsonl")); !bytes.Contains(b, []byte(`"what":"unbar"`)) {
		t.Errorf("decisions.jsonl does not say who released:\n%s", b)
	}
	ordered(t, "audit", "verify", filepath.Join(l.data, "decisions.jsonl"))
	l.untilStatus("somebody stands by", func(s *gateway.Status) bool { return s.Standby })
	_, _ = l.once(100*time.Millisecond, hangs...)
	l.untilStatus("a worker was ended", func(s *gateway.Status) bool { return s.Workers > 2 })
	for !isBarredNow(l) { // where nobody stood by, a worker that hangs is left to hang
		_, _ = l.once(100*time.Millisecond, hangs...)
	}
	l.isBarred(2, hangs)
}

// isBarredNow waits a moment for it.
func isBarredNow(l *line) bool {
	l.t.Helper()
	for range 100 {
		if s := l.status(); len(s.Barred) > 0 {
			return s.Barred[0].Client.Compare(netip.Addr{}) > 0
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}
