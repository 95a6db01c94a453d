package main

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// TestGatewaySoak holds that a worker keeps its place while other programs want all of
// the machine: no step down to the kernel's floor, no worker replaced, nobody cut off, for as
// many minutes as FIREDOOR_GATEWAY_MINUTES says (make gateway-soak), or some seconds.
func TestGatewaySoak(t *testing.T) {
	length := 10 * time.Second
	if m := os.Getenv("FIREDOOR_GATEWAY_MINUTES"); m != "" {
		n, err := strconv.ParseFloat(m, 64)
		if err != nil {
			t.Fatalf("FIREDOOR_GATEWAY_MINUTES: %v", err)
		}
		length = time.Duration(n * float64(time.Minute))
	}
	s := newSiege(t, false)
	safe := beginSafety(t, s.line, newBeside(t))
	pauses := watchCores(t)
	before := s.standsBy()
	hogs(t)
	polls, longest := 0, time.Duration(0)
	look := func() {
		t.Helper()
		for _, p := range s.panels {
			n, l, wrong := p.seen()
			polls, longest = polls+n, max(longest, l)
			if len(wrong) > 0 {
				t.Errorf("%.500q", wrong)
			}
		}
	}
	end := time.Now().Add(length)
	for next := time.Now(); time.Now().Before(end); {
		next = next.Add(min(time.Minute, length))
		time.Sleep(time.Until(next))
		look()
		now := s.status()
		t.Logf("%s: %d polls, the longest took %s; %d frames by the kernel's floor; %d workers replaced", time.Now().UTC().Format(time.TimeOnly), polls, longest.Round(100*time.Microsecond), stale(now.Kernel)-stale(before.Kernel), now.Workers-before.Workers)
	}
	now := s.status()
	steps, replaced := stale(now.Kernel)-stale(before.Kernel), now.Workers-before.Workers
	still := pauses()
	safe.held(t, false)
	t.Logf("%d frames went by the kernel's floor, %d workers were replaced; cores of this machine stood still for %v", steps, replaced, still)
	if replaced > 0 {
		t.Logf("%.20000s", s.log)
	}
	if replaced > len(still) || steps > 0 && len(still) == 0 {
		t.Errorf("more than this machine's own pauses explain\n%.2000s", s.log)
	}
}

// TestGatewayThreads holds that one thread of a worker goes before other programs, whatever the runtime
// does with threads: that which judges; and that a worker whose rings are gone ends, and does not keep
// a core busy.
func TestGatewayThreads(t *testing.T) {
	s := newSiege(t, false)
	for i := range 20 {
		works(t, "isolate", "plc", "--verb", "no-write", "--for", strconv.Itoa(10+i)+"m", "--reason", "a trial", "--data", s.data)
	}
	pid := 0
	s.until("one thread of the worker is first in, first out", func() bool { // it may be on its way to another one, as the worker may be
		pid = s.worker()
		out, err := exec.Command("ps", "-L", "-o", "cls=,rtprio=", "-p", strconv.Itoa(pid)).Output()
		return err == nil && strings.Count(string(out), "FF") == 1 && strings.Contains(string(out), "FF     40")
	})
	if err := netlink.LinkDel(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: s.name + "-iw"}}); err != nil {
		t.Fatal(err)
	}
	s.another("gateway-worker", pid)
}

// stale counts frames that the kernel judged by its floor.
func stale(kernel map[string]uint64) (n uint64) {
	for what, frames := range kernel {
		if strings.HasSuffix(what, " stale") {
			n += frames
		}
	}
	return n
}

// longPause is how long a core must have stood still to be the reason for a worker's silence:
// somewhat less than the kernel waits, for a heartbeat may be two milliseconds old.
const longPause = 7 * time.Millisecond

// hogs keep each core busy, at ordinary priority, until the test ends.
func hogs(t *testing.T) {
	t.Helper()
	for core := range runtime.NumCPU() {
		c := exec.Command("sh", "-c", "while :; do :; done")
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
		var set unix.CPUSet
		set.Set(core)
		if err := unix.SchedSetaffinity(c.Process.Pid, &set); err != nil {
			t.Fatal(err)
		}
	}
}
