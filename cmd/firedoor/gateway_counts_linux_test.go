package main

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestCountsOverTwoFailures holds that what a quarantine and the policy stopped is in lines and in the status as often as it was stopped,
// where the worker and control are killed at one time: nothing is gone, and nothing told twice.
func TestCountsOverTwoFailures(t *testing.T) {
	l := newLine(t)
	c, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	works(t, "isolate", "plc", "--verb", "no-write", "--for", "30m", "--reason", "so that writes are judged", "--data", l.data)
	for id := range uint16(20) {
		if _, err := askModbus(c, id, patience, 6, 0, 5, 0, byte(id)); err != nil {
			t.Fatal(err)
		}
	}
	works(t, "isolate", "plc", "--verb", "quarantine", "--for", "30m", "--reason", "a trial", "--data", l.data)
	l.flood(100)
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end) && l.status().Judged.In < 20; {
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(1500 * time.Millisecond) // what workers counted is noted once a second
	before := l.status().Judged
	l.flood(1) // of which a line is written, and not noted when the next thing happens
	time.Sleep(50 * time.Millisecond)
	was := l.process("gateway-control")
	worker := l.strike(syscall.SIGKILL)
	if err := syscall.Kill(was, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	l.flood(50)
	l.another("gateway-control", was)
	l.another("gateway-worker", worker)
	l.answers()
	var st gatewayState
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if err := ask(t.Context(), l.data, "GET", "/gateway", &st); err != nil {
			t.Fatal(err)
		}
		if st.Stops.Dropped == st.Stops.Told && st.Stops.Dropped >= 151 && st.In == st.Explained && st.Judged.In >= before.In {
			break
		}
	}
	if st.Stops.Dropped < 151 || st.Stops.Told != st.Stops.Dropped || st.In != st.Explained || before.In < 20 || st.Judged.In < before.In {
		t.Errorf("%d dropped, %d told; %d came in, %d explained; %d judged, %d before\n%s", st.Stops.Dropped, st.Stops.Told, st.In, st.Explained, st.Judged.In, before.In, l.log)
	}
	told, lines := st.Stops.Told, uint64(0)
	for _, r := range l.tally() {
		if r.By == "kernel" && r.Done != "pass" {
			lines += r.Count
		}
	}
	if err := ask(t.Context(), l.data, "GET", "/gateway", &st); err != nil {
		t.Fatal(err)
	}
	if dropped := st.Kernel["drop quarantine"]; lines < told || lines > dropped { // what comes late is dropped too
		t.Errorf("%d to %d frames dropped, %d in lines:\n%s", told, dropped, lines, read(t, filepath.Join(l.data, "stopped.jsonl")))
	}
}
