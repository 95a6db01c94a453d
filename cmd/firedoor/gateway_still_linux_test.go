package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestCoreStandsStill holds that a worker whose core does nothing for a while, as where a hypervisor takes it away, keeps
// its place. Where the machine takes the guardian's core too, a round may end otherwise.
func TestCoreStandsStill(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("the guardian needs a core of its own to see that another one stands still")
	}
	const rounds, enough = 20, 15
	s := newSiege(t, false)
	kept, unjudged := 0, uint64(0)
	for range rounds {
		before := s.standsBy()
		occupy(t, s.seat(t), 60*time.Millisecond)
		time.Sleep(100 * time.Millisecond)
		now := s.status()
		unjudged += stale(now.Kernel) - stale(before.Kernel)
		if now.Workers == before.Workers {
			kept++
		}
	}
	for _, p := range s.panels {
		n, longest, wrong := p.seen()
		t.Logf("%v: %d polls, the longest took %v", p.from, n, longest)
		if len(wrong) > 0 {
			t.Errorf("%.500q", wrong)
		}
	}
	told := strings.Count(fmt.Sprint(s.log), "event=core-stood-still")
	t.Logf("its core stood still %d times, which was told %d times; a worker kept its place %d times, and %d frames went by the kernel's floor", rounds, told, kept, unjudged)
	if kept < enough || told == 0 {
		t.Errorf("kept its place %d times, want %d; told %d times\n%.3000s", kept, enough, told, s.log)
	}
}

// seat is the core on which the worker that judges sits.
func (s *siege) seat(t *testing.T) (core int) {
	t.Helper()
	pid := s.worker()
	tasks, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		id, _ := strconv.Atoi(task.Name())
		var set unix.CPUSet
		if a, err := unix.SchedGetAttr(id, 0); err != nil || a.Policy != unix.SCHED_FIFO || unix.SchedGetaffinity(id, &set) != nil {
			continue
		}
		for core = 0; !set.IsSet(core); core++ {
		}
		return core
	}
	t.Fatalf("no thread of worker %d goes before ordinary work", pid)
	return 0
}

// occupy keeps all else off a core for a time.
func occupy(t *testing.T, core int, length time.Duration) {
	t.Helper()
	done := make(chan error)
	go func() {
		ahead(beforeAll)
		var set unix.CPUSet
		set.Set(core)
		err := unix.SchedSetaffinity(0, &set)
		for end := time.Now().Add(length); time.Now().Before(end); {
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
