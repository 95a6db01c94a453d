package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"firedoor/internal/corpus"
	"firedoor/internal/plant/chance"
)

// robustMemory is what the whole process may hold on any capture, in MB.
const robustMemory = 300

// survives holds what must hold on any capture: it ends, does not panic, says
// what is wrong in a sentence of its own, and stays within its memory.
func survives(t *testing.T, path string) (status int) {
	dir := t.TempDir()
	o, memory := process(t, hangLimit, "replay", "--learn", "20%", "--shards", "2", "--out", dir, "--events", filepath.Join(dir, "lines"), path)
	switch {
	case o.status < 0 || o.status > 2 || strings.Contains(o.err, "goroutine ") || strings.Contains(o.err, "panic:"):
		t.Errorf("%s: exit status %d:\n%.3000s", path, o.status, o.err)
	case strings.Contains(o.err, "please report it"):
		t.Errorf("%s: a parser failed:\n%.3000s", path, o.err)
	case o.status != 0 && !strings.Contains(o.err, path):
		t.Errorf("%s: exit status %d, but the message does not name the file: %s", path, o.status, o.err)
	}
	if memory > robustMemory {
		t.Errorf("%s: held %d MB, at most %d are allowed", path, memory, robustMemory)
	}
	return o.status
}

// TestCorpusSurvives runs every capture from elsewhere, the malformed ones
// included. Only what the judge cannot read either may be refused.
func TestCorpusSurvives(t *testing.T) {
	list := corpus.Captures(t)
	judge, _ := exec.LookPath("tshark")
	var mu sync.Mutex
	statuses := map[int]int{}
	work := make(chan string)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for path := range work {
				status := survives(t, path)
				if status == exitUsage && judge != "" && exec.Command(judge, "-n", "-r", path, "-c", "1").Run() == nil {
					t.Errorf("%s: is refused, but tshark reads it", path)
				}
				mu.Lock()
				statuses[status]++
				mu.Unlock()
			}
		})
	}
	for _, path := range list {
		work <- path
	}
	close(work)
	wg.Wait()
	t.Logf("%d captures; by exit status: %v", len(list), statuses)
}

// TestMutatedCapturesSurvive does to the product's own captures what disks,
// networks and attackers do. Each runs in this process: a panic ends the test.
func TestMutatedCapturesSurvive(t *testing.T) {
	t.Parallel()
	for _, path := range ownCaptures(t) {
		capture := read(t, path)
		if rs := records(capture); len(rs) > 400 {
			capture = capture[:rs[400].offset]
		}
		for name, b := range mutated(capture) {
			finishes(t, write(t, name+".pcap", b), path+" "+name)
		}
	}
}

// finishes runs a replay that must end by itself with status 0 or 1.
func finishes(t *testing.T, path, words string) {
	t.Helper()
	done := make(chan outcome, 1)
	go func() { done <- run(t, "replay", "--learn", "30%", "--shards", "1", "--events", "-", path) }()
	select {
	case o := <-done:
		if o.status != exitOK && o.status != exitDamaged || strings.Contains(o.err, "please report it") {
			t.Errorf("%s: exit status %d: %s", words, o.status, o.err)
		}
		for _, l := range lines(o.stdout) {
			if err := checkLine(l, false); err != nil {
				t.Errorf("%s: %v: %s", words, err, l)
				return
			}
		}
	case <-time.After(hangLimit):
		t.Fatalf("%s: hangs", words)
	}
}

// TestMutatedSampleAsProcess runs some of it as a process, for the memory.
func TestMutatedSampleAsProcess(t *testing.T) {
	for name, b := range mutated(read(t, sample(t))) {
		survives(t, write(t, name+".pcap", b))
	}
}

// mutated gives damaged copies of a capture. The same copy every time.
func mutated(capture []byte) map[string][]byte {
	out := mirrored(capture)
	rs := records(capture)
	for i, share := range []int{7, 60, 900} { // one byte in share changes, headers of records excepted
		r := chance.New(uint64(i) + 77)
		b := bytes.Clone(capture)
		for _, rec := range rs {
			for at := rec.offset + recordHeader; at < rec.end; at++ {
				if r.N(share) == 0 {
					b[at] = byte(r.Next())
				}
			}
		}
		out[fmt.Sprintf("flipped-%d", share)] = b
	}
	out["headers"] = headersFlipped(capture)
	out["backwards"] = reordered(capture, func(i int) int { return len(rs) - 1 - i })
	out["shuffled"] = reordered(capture, func(i int) int { return i ^ 5 })
	out["again"] = reordered(capture, func(i int) int { return i / 3 })
	out["times"] = changed(capture, func(i int, h []byte, r *chance.Random) {
		if i%5 == 0 {
			binary.LittleEndian.PutUint32(h, uint32(r.Next()))
			binary.LittleEndian.PutUint32(h[4:], uint32(r.Next()))
		}
	})
	out["lengths"] = changed(capture, func(i int, h []byte, r *chance.Random) { // on the wire, not in the file
		if i%3 == 0 {
			binary.LittleEndian.PutUint32(h[12:], uint32(r.Next()))
		}
	})
	out["noise"] = noise(capture)
	return out
}

// changed gives a capture whose record headers were changed.
func changed(capture []byte, change func(i int, header []byte, r *chance.Random)) []byte {
	b := bytes.Clone(capture)
	r := chance.New(31)
	for i, rec := range records(capture) {
		change(i, b[rec.offset:rec.offset+recordHeader], &r)
	}
	return b
}

// reordered gives a capture whose record i is record from(i) of the original.
func reordered(capture []byte, from func(i int) int) []byte {
	rs := records(capture)
	out := bytes.Clone(capture[:captureHeader])
	for i := range rs {
		if j := from(i); j >= 0 && j < len(rs) {
			out = append(out, capture[rs[j].offset:rs[j].end]...)
		}
	}
	return out
}

// headersFlipped changes the first bytes of frames, where the headers are, and
// the first bytes of what they carry.
func headersFlipped(capture []byte) []byte {
	b := bytes.Clone(capture)
	r := chance.New(5)
	for _, rec := range records(capture) {
		frame := b[rec.offset+recordHeader : rec.end]
		if at := r.N(80); at < len(frame) && r.N(3) == 0 {
			frame[at] ^= 1 << r.N(8)
		}
	}
	return b
}

// noise gives every frame random bytes behind its Ethernet header.
func noise(capture []byte) []byte {
	b := bytes.Clone(capture)
	r := chance.New(6)
	for _, rec := range records(capture) {
		if at := rec.offset + recordHeader + 14; at < rec.end {
			r.Fill(b[at:rec.end])
		}
	}
	return b
}
