package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firedoor/internal/gateway"
)

// crowd sends the same again and again on one connection, for as long as it is taken.
func (l *line) crowd(many []byte) {
	c, err := l.dial()
	if err != nil {
		return
	}
	defer c.Close()
	go func() { _, _ = io.Copy(io.Discard, c) }()
	_ = c.SetDeadline(time.Now().Add(time.Second)) // then there is another crowd
	for err == nil {
		_, err = c.Write(many)
	}
}

// TestLatencyGuard holds that a client whose frames take longer than the budget of its
// conduit goes by the kernel's floor: told in status, log and stopped.jsonl; reads pass
// there, forbidden writes do not; that a policy which leaves the conduit alone, and isolations,
// change nothing of it; and that another budget ends it.
func TestLatencyGuard(t *testing.T) {
	l := newLine(t)
	tight := strings.Replace(gatewayPolicy, "    unjudged: closed\n", "    unjudged: closed\n    budget: 100us\n", 1)
	l.policyOf(tight)
	// Many requests at once: the last of them waits for all others.
	var many []byte
	for id := range uint16(2000) {
		many = binary.BigEndian.AppendUint16(many, id)
		many = append(many, 0, 0, 0, 6, 1, 3, 0, 40, 0, 4)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				l.crowd(many)
			}
		}
	}()
	var s gateway.Status
	l.until("something is shed", func() bool { s = l.status(); return len(s.Shed) > 0 })
	close(stop)
	<-done
	if s.Shed[0].Name != "down" || s.Shed[0].Client != l.bed.Client.IP4 {
		t.Fatalf("shed: %+v\n%s", s.Shed, l.log)
	}
	c, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if answer, err := askModbus(c, 1, patience, 3, 0, 40, 0, 1); err != nil || answer[0] != 3 {
		t.Errorf("a read on the floor: % x %v", answer, err)
	}
	if answer, err := askModbus(c, 2, 300*time.Millisecond, 16, 0, 40, 0, 1, 2, 0x12, 0x34); err == nil && answer[0] == 16 {
		t.Error("a forbidden write passed on the floor")
	}
	until := s.Shed[0].Until // so long it is told, and the floor judges
	if o := run(t, "status", "--data", l.data); (o.status != exitDamaged || !strings.Contains(o.stdout, "of conduit down until ") || !strings.Contains(o.stdout, "took longer than 100µs")) && time.Now().Before(until) {
		t.Errorf("status %d says\n%s", o.status, o.stdout)
	}
	told := read(t, filepath.Join(l.data, "stopped.jsonl"))
	if !bytes.Contains(told, []byte(`"reason":"latency"`)) {
		t.Errorf("stopped.jsonl says nothing of it:\n%.500s", told)
	}
	for what, change := range map[string]func(){
		"a policy": func() {
			l.policyOf(strings.Replace(tight, "conduits:\n", "conduits:\n  up: {from: cell, to: office, mode: enforce, default: drop, never-block: {reviewed: {by: Jo, on: 2026-11-26}}}\n", 1))
		},
		"an isolation": func() {
			ordered(t, "isolate", "--data", l.data, "guard-a", "--verb", "no-program", "--for", "10m", "--reason", "a trial")
		},
	} {
		change()
		s = l.status()
		kept := len(s.Shed) > 0 && s.Shed[0].Client == l.bed.Client.IP4 && s.Shed[0].Until.Equal(until)
		if !kept && time.Now().Before(until) {
			t.Errorf("%s that changes nothing of the conduit ends its shedding: %+v\n%s", what, s.Shed, l.log)
		}
		if answer, err := l.once(300*time.Millisecond, 6, 0, 5, 0, 7); err == nil && time.Now().Before(until) {
			t.Errorf("after %s what only a worker can judge passes: % x", what, answer)
		}
	}
	l.policyOf(gatewayPolicy)
	if s = l.status(); len(s.Shed) > 0 {
		t.Errorf("under another policy %+v is shed", s.Shed)
	}
	again, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if answer, err := askModbus(again, 1, patience, 6, 0, 5, 0, 7); err != nil || answer[0] != 6 {
		t.Errorf("an allowed write, judged again: % x %v", answer, err)
	}
}
