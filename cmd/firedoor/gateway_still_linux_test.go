package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"firedoor/internal/datapath"
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

// TestMachineStandsStill holds that what comes behind a pause of the whole machine, and before the worker's next
// heartbeat, waits for the worker: the floor of this policy would stop it, and its sender repeat it 200 ms later.
func TestMachineStandsStill(t *testing.T) {
	const rounds, enough = 10, 7 // where this machine stands still itself, a segment is sent again
	l := newLine(t)
	c, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	writes := func(id uint16, register byte, want byte) {
		t.Helper()
		if answer, err := askModbus(c, id, patience, 6, 0, register, 0, byte(id)); err != nil || answer[0] != want {
			t.Fatalf("write to %d: % x (%v)\n%s", register, answer, err, l.log)
		}
	}
	writes(1, 5, 6)
	before, kept := l.standsBy(), 0
	for i := range uint16(rounds) {
		was := retransmitted(c)
		goOn := l.standStill(t)
		time.AfterFunc(40*time.Millisecond, goOn)
		if i%2 == 0 {
			writes(2+i, 5, 6)
		} else {
			writes(2+i, 40, 0x86)
		}
		if retransmitted(c) == was {
			kept++
		}
		l.standsBy()
	}
	after := l.status()
	t.Logf("%d of %d writes were judged without being sent again, %d frames went by the floor, workers %v, before %v", kept, rounds, stale(after.Kernel)-stale(before.Kernel), after.Workers, before.Workers)
	if kept < enough {
		t.Errorf("%d of %d writes were judged, want %d\n%s", kept, rounds, enough, l.log)
	}
}

// standStill stops all processes of a gateway for as long as a heartbeat may be old and longer; goOn lets them
// go on.
func (l *line) standStill(t *testing.T) (goOn func()) {
	t.Helper()
	out, err := exec.Command("ps", "-o", "pid=", "--ppid", strconv.Itoa(l.cmd.Process.Pid)).Output()
	if err != nil {
		t.Fatal(err)
	}
	pids := []int{l.cmd.Process.Pid} // first: it ends a worker that hangs
	for _, f := range strings.Fields(string(out)) {
		pid, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	all := func(pids []int, sig unix.Signal) {
		for _, pid := range pids {
			if err := unix.Kill(pid, sig); err != nil {
				t.Errorf("%v of %d: %v", sig, pid, err)
			}
		}
	}
	all(pids, unix.SIGSTOP)
	time.Sleep(2 * datapath.DefaultLimit)
	slices.Reverse(pids)
	return func() { all(pids, unix.SIGCONT) }
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
