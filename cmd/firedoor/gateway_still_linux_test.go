package main

import (
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestCoreStandsStill holds that a worker whose core does nothing for a while, as where a hypervisor takes it away, keeps
// its place: nobody is put there instead, and no frame goes by the kernel's floor. This machine's own pauses may spoil a
// few of the rounds.
func TestCoreStandsStill(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("the guardian needs a core of its own to see that another one stands still")
	}
	const rounds, enough = 20, 15
	s := newSiege(t, false)
	s.standsBy()
	good := 0
	for range rounds {
		before := s.standsBy()
		core := s.seat(t)
		occupy(t, core, 60*time.Millisecond)
		time.Sleep(100 * time.Millisecond)
		now := s.status()
		if now.Workers == before.Workers && stale(now.Kernel) == stale(before.Kernel) {
			good++
		}
	}
	for _, p := range s.panels {
		n, longest, wrong := p.seen()
		t.Logf("%v: %d polls, the longest took %v", p.from, n, longest)
		if len(wrong) > 0 {
			t.Errorf("%.500q", wrong)
		}
	}
	t.Logf("%d of %d times that its core stood still a worker kept its place and judged all", good, rounds)
	if good < enough {
		t.Errorf("%d of %d, want %d\n%.3000s", good, rounds, enough, s.log)
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
