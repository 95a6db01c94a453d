package main

import (
	"bytes"
	"fmt"
	"net"
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
	var err error
	defer func() {
		if l.t.Failed() {
			l.t.Logf("the status: %v, %+v", err, s)
		}
	}()
	l.until(what, func() bool {
		s = gateway.Status{}
		err = ask(l.t.Context(), l.data, "GET", "/gateway", &s)
		return err == nil && is(&s)
	})
	return s
}

// standsBy waits until a worker judges and another one stands by.
func (l *line) standsBy() gateway.Status {
	l.t.Helper()
	return l.untilStatus("somebody stands by", func(s *gateway.Status) bool { return s.Worker == "alive" && s.Standby })
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
	barred := l.untilStatus("the client is barred", func(s *gateway.Status) bool { return len(s.Barred) == 1 })
	if barred.Barred[0].Client != l.bed.Client.IP4 || barred.Barred[0].Deaths != deaths {
		l.t.Errorf("barred: %+v", barred.Barred)
	}
	l.standsBy()
	before := l.diedOn()
	if before < deaths {
		l.t.Errorf("barred, and %d workers were told to have died on its frames\n%s", before, l.log)
	}
	if answer, err := l.once(patience, 3, 0, 40, 0, 1); err != nil || answer[0] != 3 {
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
	// Where the machine is busy a worker may be replaced all the same, on nobody's frame.
	now, after := l.standsBy(), l.diedOn()
	if after != before || len(now.Barred) != 1 || now.Barred[0].Deaths != deaths {
		l.t.Errorf("%d workers died on its frames and then %d: %+v\n%s", before, after, now.Barred, l.log)
	}
}

// diedOn is how many workers were told to have died on a frame of the client.
func (l *line) diedOn() int {
	return strings.Count(fmt.Sprint(l.log), "died on a frame of client "+l.bed.Client.IP4.String()+",")
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
		if answer, err := l.once(patience, 6, 0, 5, 0, 7); err != nil || answer[0] != 6 {
			t.Fatalf("an allowed write: % x %v\n%s", answer, err, l.log)
		}
	}
	works()
	if s := l.status(); len(s.Barred) > 0 {
		t.Fatalf("barred: %+v", s.Barred)
	}
	l.untilBarred(crashes)
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
	l.untilBarred(hangs)
	l.isBarred(2, hangs)
}

// untilBarred sends what makes workers die until the client is barred. It stays in the ring, so
// that the next worker meets it too, and once is enough; but where nobody stands by the
// kernel's floor takes it, a worker that hangs is left to hang, and a hang does not count where the guardian was
// late itself (eye), nor beside one that is two seconds older. So it is sent again, as often as a busy machine takes.
func (l *line) untilBarred(frame []byte) {
	l.t.Helper()
	const most = 60
	for times := 1; times <= most; times++ {
		l.standsBy()
		_, _ = l.once(100*time.Millisecond, frame...)
		for range 20 {
			if len(l.status().Barred) == 0 {
				time.Sleep(100 * time.Millisecond)
				continue
			}
			if times > 1 {
				l.t.Logf("barred after %d frames\n%s", times, l.log)
			}
			return
		}
	}
	l.t.Fatalf("not barred after %d frames\n%s", most, l.log)
}
