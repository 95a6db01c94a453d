package main

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// samples is how often memory is looked at while it is measured. What counts is
// the least of the first quarter and the least of the last: buffers of the stream's
// store fill to a few MB and are let go again, all the time; what leaks stays.
const (
	samples = 40
	quarter = samples / 4
)

// sample is a moment of a soak.
type sample struct {
	counts
	heapMB, rssMB float64
}

// soak plays for long and judges how memory grew after the warm-up.
func soak(o *options) (ok bool, err error) {
	if o.alone {
		return false, errors.New("-soak is for firedoor, not for -alone")
	}
	if err := prepare(o); err != nil {
		return false, err
	}
	p, err := newPair()
	if err != nil {
		return false, err
	}
	defer p.remove()
	r, err := newProcess(o, p.here)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	frames, _, err := p.play(o.capture, o.pps, 1)
	if err != nil {
		return false, err
	}
	// Longer than needed: the last sample is to be taken under load.
	player := p.player(o.capture, o.pps, 1+loopsFor(frames, o.pps, o.warmup+o.measure+time.Minute))
	player.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := player.Start(); err != nil {
		return false, fmt.Errorf("tcpreplay: %w", err)
	}
	defer func() {
		_ = syscall.Kill(-player.Process.Pid, syscall.SIGTERM) // it may have ended by itself
		_ = player.Wait()                                      // it was killed: that is no news
	}()
	time.Sleep(o.warmup)
	return r.watchMemory(o)
}

// watchMemory takes samples and prints them.
func (p *process) watchMemory(o *options) (ok bool, err error) {
	fmt.Printf("%10s %14s %10s %12s %10s\n", "after", "seen", "dropped", "live heap MB", "RSS MB")
	var first, last sample
	early, late := sample{heapMB: math.Inf(1), rssMB: math.Inf(1)}, sample{heapMB: math.Inf(1), rssMB: math.Inf(1)}
	begun := time.Now()
	for i := range samples + 1 {
		time.Sleep(time.Until(begun.Add(o.measure * time.Duration(i) / samples)))
		if last, err = p.sample(); err != nil {
			return false, err
		}
		if i == 0 {
			first = last
		}
		if i <= quarter {
			early.least(&last)
		}
		if i >= samples-quarter {
			late.least(&last)
		}
		fmt.Printf("%10v %14d %10d %12.2f %10.2f\n", time.Since(begun).Round(time.Second), last.seen, last.dropped, last.heapMB, last.rssMB)
	}
	heap, rss := late.heapMB-early.heapMB, late.rssMB-early.rssMB
	rate := float64(last.seen-first.seen) / time.Since(begun).Seconds()
	ok = heap <= o.heapMB && rss <= o.rssMB && rate >= o.rate*float64(o.pps)
	verdict := "ok"
	if !ok {
		verdict = "MISSED"
	}
	fmt.Printf("%s: in %v at %.0f packets per second from the least of the first quarter to the least of the last the live heap grew by %.2f MB (at most %.2f) and resident memory by %.2f MB (at most %.2f); from the first sample to the last by %.2f and %.2f MB\n",
		verdict, o.measure, rate, heap, o.heapMB, rss, o.rssMB, last.heapMB-first.heapMB, last.rssMB-first.rssMB)
	return ok, nil
}

// least takes over what is less in another sample.
func (s *sample) least(o *sample) {
	s.heapMB, s.rssMB = min(s.heapMB, o.heapMB), min(s.rssMB, o.rssMB)
}

// sample collects garbage and reads what is left.
func (p *process) sample() (s sample, err error) {
	if s.heapMB, err = p.collect(); err != nil {
		return s, err
	}
	if s.rssMB, err = p.resident(); err != nil {
		return s, err
	}
	s.counts, err = p.counts()
	return s, err
}

const megabyte = 1 << 20

// collect has the process collect garbage and returns what is live then.
func (p *process) collect() (heapMB float64, err error) {
	var live struct {
		Bytes float64 `json:"live_heap_bytes"`
	}
	if err := p.control(http.MethodPost, "/collect", &live); err != nil {
		return 0, fmt.Errorf("collecting garbage: %w", err)
	}
	return live.Bytes / megabyte, nil
}

// resident is how much memory the process holds.
func (p *process) resident() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 64)
			return kilobytes / 1024, err
		}
	}
	return 0, errors.New("the kernel does not tell VmRSS")
}
