package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// watched names the core that a process of the tests watches instead of testing.
const watched = "FIREDOOR_TEST_CORE"

func init() {
	if core := os.Getenv(watched); core != "" {
		os.Exit(watchCore(core))
	}
}

// watchCores sees when a core does nothing for longPause, not even for a thread that goes before a
// worker: then this machine stood still. What it gives ends that, and tells the pauses. Each core is watched
// by a process of its own: where garbage is collected, a thread may wait for another one without giving way, and one
// of this priority would keep a worker from its core.
func watchCores(t *testing.T) (pauses func() []time.Duration) {
	t.Helper()
	var all sync.WaitGroup
	var over []io.Closer
	seen := make([][]time.Duration, runtime.NumCPU())
	for core := range seen {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), watched+"="+strconv.Itoa(core))
		c.Stderr = os.Stderr
		open, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		over = append(over, open)
		all.Go(func() {
			told, err := c.Output()
			if err != nil {
				t.Errorf("core %d: %v", core, err)
			}
			for line := bufio.NewScanner(bytes.NewReader(told)); line.Scan(); {
				pause, err := time.ParseDuration(line.Text())
				if err != nil {
					t.Error(err)
				}
				seen[core] = append(seen[core], pause)
			}
		})
	}
	end := sync.OnceFunc(func() {
		for _, o := range over {
			_ = o.Close()
		}
		all.Wait()
	})
	t.Cleanup(end)
	return func() []time.Duration { end(); return slices.Concat(seen...) }
}

// watchCore prints the pauses of a core once standard input is closed. It collects no garbage.
func watchCore(core string) int {
	debug.SetGCPercent(-1)
	n, err := strconv.Atoi(core)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ahead(beforeWorker)
	var set unix.CPUSet
	set.Set(n)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	pauses := make([]time.Duration, 0, 1<<12)
	over := []unix.PollFd{{Fd: 0, Events: unix.POLLIN}}
	for last := time.Now(); ; {
		// the runtime is not told: where it waits for a thread of ordinary priority on this core, it would wait for ever
		ended, _, err := unix.RawSyscall(unix.SYS_POLL, uintptr(unsafe.Pointer(unsafe.SliceData(over))), 1, 1)
		if err != 0 && err != unix.EINTR || err == 0 && ended > 0 {
			break
		}
		now := time.Now()
		if pause := now.Sub(last); pause > longPause {
			pauses = append(pauses, pause.Round(100*time.Microsecond))
		}
		last = now
	}
	for _, p := range pauses {
		fmt.Println(p)
	}
	return 0
}
