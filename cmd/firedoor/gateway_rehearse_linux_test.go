package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestGatewayRehearses holds that the thread that judges looks up much more often than frames come while they come often,
// as it does to rehearse, and sleeps where none come. Looks are held against what waiting for frames alone takes.
func TestGatewayRehearses(t *testing.T) {
	const wait = 2 * time.Millisecond // for a frame, where nothing is rehearsed
	l := newLine(t)
	c, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ask := func() {
		for id := range uint16(300) {
			if _, err := askModbus(c, id, patience, 6, 0, 1, 0, 5); err != nil {
				t.Fatal(err)
			}
			time.Sleep(wait / 2)
		}
	}
	ask() // until then it becomes often
	looks := func(frames int, meanwhile func()) (n, alone int) {
		pid, began := l.worker(), time.Now()
		before := waits(t, pid)
		meanwhile()
		if alone = frames + int(time.Since(began)/wait); l.worker() != pid {
			t.Skip("a worker was replaced meanwhile")
		}
		return waits(t, pid) - before, alone
	}
	if n, alone := looks(300, ask); n < 3*alone {
		t.Errorf("it waited %d times where %d are for frames alone: nothing is rehearsed", n, alone)
	}
	time.Sleep(time.Second)
	if n, alone := looks(0, func() { time.Sleep(time.Second) }); n > 2*alone {
		t.Errorf("it waited %d times where nothing came, want about %d", n, alone)
	}
	l.until("all frames are counted", func() bool { return l.status().Judged.In >= 600 })
	if s := l.status(); s.Judged.In > 1000 {
		t.Errorf("%d frames were judged, of 600 requests: what is rehearsed is counted", s.Judged.In)
	}
}

// waits is how often the thread that judges waited for something.
func waits(t *testing.T, pid int) int {
	t.Helper()
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		dir := fmt.Sprintf("/proc/%d/task/%s/", pid, task.Name())
		stat, err := os.ReadFile(dir + "stat")
		if err != nil {
			continue
		}
		f := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
		if f[38] != "1" { // policy: SCHED_FIFO
			continue
		}
		status, err := os.ReadFile(dir + "status")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(status)) {
			if n, ok := strings.CutPrefix(line, "voluntary_ctxt_switches:"); ok {
				v, _ := strconv.Atoi(strings.TrimSpace(n))
				return v
			}
		}
	}
	t.Fatal("no thread judges")
	return 0
}
