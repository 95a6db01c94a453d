package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firedoor/internal/plant"
)

// The sentences of docs/formats/command-line.md, one test or row each. What
// event lines say is in events_test.go.

func TestHelpAndVersion(t *testing.T) {
	for _, c := range []struct {
		args []string
		says []string
	}{
		{nil, []string{"Usage: firedoor", "replay", "version", "help"}},
		{[]string{"help"}, []string{"Usage: firedoor", "replay", "version", "help"}},
		{[]string{"--help"}, []string{"Usage: firedoor", "replay"}},
		{[]string{"-h"}, []string{"Usage: firedoor", "replay"}},
		{[]string{"help", "replay"}, []string{"Usage: firedoor replay", "--learn", "--out", "--events", "--json", "--merge", "--shards"}},
		{[]string{"replay", "--help"}, []string{"Usage: firedoor replay", "--learn"}},
		{[]string{"replay", "--learn", "20%", "-h", "no-such-file"}, []string{"Usage: firedoor replay"}},
		{[]string{"help", "version"}, []string{"Usage: firedoor version"}},
		{[]string{"version"}, []string{"firedoor "}},
	} {
		o := works(t, c.args...)
		for _, word := range c.says {
			if !strings.Contains(o.stdout, word) {
				t.Errorf("firedoor %s does not say %q:\n%s", strings.Join(c.args, " "), word, o.stdout)
			}
		}
	}
}

// TestUsageErrors holds that what makes no sense ends with status 2, names the
// thing, and writes nothing.
func TestUsageErrors(t *testing.T) {
	good := sample(t)
	text := write(t, "notes.txt", []byte("no capture, but a note to somebody\n"))
	empty := write(t, "empty.pcap", nil)
	unknown := write(t, "unknown.pcap", []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25})
	short := write(t, "short.pcap", read(t, good)[:11])
	packed := write(t, "packed.gz", []byte("\x1f\x8b\x08\x00this is no gzip data at all"))
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.pcap")
	cases := [][]string{ // the last is what the message must name
		{"frobnicate", "frobnicate"},
		{"help", "frobnicate", "frobnicate"},
		{"version", "extra", "extra"},
		{"replay", "no capture given"},
		{"replay", "--frobnicate", good, "--frobnicate"},
		{"replay", "--learn", "--learn"},
		{"replay", good, "--learn", "--learn"},
		{"replay", missing, missing},
		{"replay", good, missing, missing},
		{"replay", dir, dir},
		{"replay", empty, empty},
		{"replay", text, text},
		{"replay", unknown, unknown},
		{"replay", short, short},
		{"replay", packed, packed},
		{"replay", os.DevNull, os.DevNull},
		{"replay", "--merge", good, text, text},
		{"replay", "--events", "-", "--json", good, "--events - and --json"},
		{"replay", "--shards", "0", good, "--shards 0"},
		{"replay", "--shards", "-1", good, "--shards"},
		{"replay", "--shards=-1", good, "--shards -1"},
		{"replay", "--shards", "17", good, "--shards 17"},
		{"replay", "--shards", "abc", good, "--shards"},
		{"replay", "--shards", "1.5", good, "--shards"},
		{"replay", "--learn=", good, "--learn"},
		{"replay", "--learn", "0%", good, "--learn 0%"},
		{"replay", "--learn", "101%", good, "--learn 101%"},
		{"replay", "--learn=-5%", good, "--learn -5%"},
		{"replay", "--learn", "NaN%", good, "--learn NaN%"},
		{"replay", "--learn", "x%", good, "--learn x%"},
		{"replay", "--learn", "0s", good, "--learn 0s"},
		{"replay", "--learn=-10m", good, "--learn -10m"},
		{"replay", "--learn", "20", good, `"20"`},
		{"replay", "--learn", missing, good, missing},
		{"replay", "--learn", good + "," + missing, good, missing},
		{"replay", "--learn", text, good, text},
		{"replay", "--learn", dir, good, dir},
		{"replay", "--out=", good, "--out"},
		{"replay", "--events=", good, "--events"},
		{"replay", "--out", text, good, "--out " + text},
		{"replay", "--out", filepath.Join(text, "below"), good, "--out " + text},
		{"replay", "--events", dir, good, "--events " + dir},
		{"replay", "--events", filepath.Join(missing, "lines"), good, "--events " + missing},
		{"isolate", "plc", "--verb", "no-write", "--for", "1h", "--reason", " ", "--reason"},
		{"isolate", "plc", "--verb", "no-write", "--for", "1h", "--reason", "x", "--cap", "5", "--cap: no-write"},
		{"bypass", "--reason", "", "--reason"},
	}
	for _, c := range cases {
		args, names := c[:len(c)-1], c[len(c)-1]
		o := run(t, args...)
		if o.status != 2 || !strings.Contains(o.err, names) || o.stdout != "" {
			t.Errorf("firedoor %s: exit status %d, want 2, naming %q, and nothing on standard output:\n%s%s", strings.Join(args, " "), o.status, names, o.err, o.stdout)
		}
		if !strings.HasPrefix(o.err, "firedoor: ") {
			t.Errorf("firedoor %s: who is speaking? %s", strings.Join(args, " "), o.err)
		}
	}
}

func TestNothingIsWrittenOnUsageErrors(t *testing.T) {
	bad := write(t, "notes.txt", []byte("no capture\n"))
	for _, wrong := range [][]string{{bad}, {sample(t), bad}, {"--learn", bad, sample(t)}, {"--shards", "99", sample(t)}, {"--learn", "0%", sample(t)}} {
		dir := t.TempDir()
		args := append([]string{"replay", "--out", filepath.Join(dir, "out"), "--events", filepath.Join(dir, "lines")}, wrong...)
		if o := run(t, args...); o.status != 2 {
			t.Fatalf("%v: exit status %d", wrong, o.status)
		}
		if left := readDir(t, dir); len(left) > 0 {
			t.Errorf("%v: wrote %v", wrong, left)
		}
	}
}

func TestCaptureIsNotOverwritten(t *testing.T) {
	b := read(t, sample(t))
	path := write(t, "only-copy.pcap", b)
	for _, args := range [][]string{{"replay", "--events", path, path}, {"replay", "--learn", path, "--events", path, sample(t)}} {
		if o := run(t, args...); o.status != 2 || !strings.Contains(o.err, path) {
			t.Errorf("exit status %d: %s", o.status, o.err)
		}
		if !bytes.Equal(read(t, path), b) {
			t.Fatal("the capture was overwritten by --events")
		}
	}
}

func readDir(t *testing.T, dir string) (names []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestNamesThatBeginWithADash(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "--json"), read(t, sample(t)), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	o := works(t, "replay", "--", "--json")
	if !strings.HasPrefix(o.stdout, "--json: ") {
		t.Errorf("the file is not read:\n%.200s", o.stdout)
	}
}

func TestAlertsDoNotChangeTheStatus(t *testing.T) {
	s := summaryOf(t, "--learn", "60%", sample(t))
	if n := number(t, s, "alerts", "total"); n == 0 {
		t.Error("the sample's last third raises no alert")
	}
}

// TestOutput tells where things go.
func TestOutput(t *testing.T) {
	capture := sample(t)
	dir := t.TempDir()
	out, events := filepath.Join(dir, "new", "out"), filepath.Join(dir, "lines")
	readable := works(t, "replay", "--learn", "20%", "--out", out, "--events", events, capture)
	for _, part := range []string{"sample.pcap", "Learned from", "WHAT NEEDS A PERSON", "WHAT IS THERE", "WHAT COULD NOT BE SEEN"} {
		if !strings.Contains(readable.stdout, part) {
			t.Errorf("the readable summary lacks %q", part)
		}
	}
	got := readFolder(t, out)
	for _, name := range files {
		if got[name] == nil {
			t.Errorf("--out did not write %s", name)
		}
		parse[any](t, got[name])
		delete(got, name)
	}
	for name := range got {
		t.Errorf("--out wrote %s, which the contract does not know", name)
	}

	if o := works(t, "replay", "--learn", "20%", "--json", capture); o.stdout != string(readFolder(t, out)["summary.json"]) {
		t.Error("--json prints something else than summary.json")
	}
	o := run(t, "replay", "--learn", "20%", "--events", "-", capture)
	if o.status != 0 || o.stdout != string(read(t, events)) {
		t.Error("--events - prints other lines than --events FILE writes")
	}
	if o.err != readable.stdout {
		t.Error("with --events - the summary is not on standard error")
	}
}

func TestProgressOnATerminal(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		var stdout, stderr bytes.Buffer
		m := Main{Args: []string{"replay", "--shards", "1", sample(t)}, Stdout: &stdout, Stderr: &stderr, Terminal: terminal}
		if status := m.Run(context.Background()); status != 0 {
			t.Fatal(status)
		}
		if got := strings.Contains(stderr.String(), "\r"); got != terminal {
			t.Errorf("terminal %v: progress shown: %v", terminal, got)
		}
		if strings.Contains(stdout.String(), "\r") {
			t.Error("progress stands on standard output")
		}
		if terminal && !strings.HasSuffix(stderr.String(), "\r") {
			t.Error("the progress bar stays on the screen")
		}
	}
}

// TestSameRunSameBytes also holds that no file has the time of the run in it.
func TestSameRunSameBytes(t *testing.T) {
	var first folder
	for range 2 {
		dir := t.TempDir()
		o := works(t, "replay", "--learn", "20%", "--out", dir, "--events", filepath.Join(dir, "lines"), sample(t))
		got := readFolder(t, dir)
		got["stdout"] = []byte(o.stdout)
		for name, b := range got {
			if first != nil && !bytes.Equal(b, first[name]) {
				t.Errorf("%s differs between two runs", name)
			}
		}
		first = got
	}
}

// damaged makes captures that end before their time: cut, and with bytes in the
// middle that can be no record.
func damaged(t *testing.T) map[string]struct {
	capture []byte
	frames  int
	offset  int
} {
	whole := read(t, sample(t))
	rs := records(whole)
	middle := rs[len(rs)/2]
	garbage := bytes.Clone(whole)
	for i := range 64 {
		garbage[middle.offset+i] = 0xff
	}
	return map[string]struct {
		capture []byte
		frames  int
		offset  int
	}{
		"cut.pcap":     {plant.Cut(whole), len(rs) - 1, rs[len(rs)-1].offset},
		"garbage.pcap": {garbage, len(rs) / 2, middle.offset},
		"half.pcap":    {whole[:middle.offset+7], len(rs) / 2, middle.offset},
	}
}

// TestDamagedCapture holds that what came before the damage is processed and
// written, and that the message names file and offset.
func TestDamagedCapture(t *testing.T) {
	whole := run(t, "replay", "--events", "-", sample(t)).stdout
	for name, d := range damaged(t) {
		path, dir := write(t, name, d.capture), t.TempDir()
		o := run(t, "replay", "--out", dir, "--events", filepath.Join(dir, "lines"), path)
		if o.status != 1 {
			t.Fatalf("%s: exit status %d, want 1: %s", name, o.status, o.err)
		}
		if want := fmt.Sprintf("%s: damaged at byte %d: ", path, d.offset); !strings.Contains(o.err, want) {
			t.Errorf("%s: the message lacks %q: %s", name, want, o.err)
		}
		if !strings.Contains(o.stdout, "DAMAGED") {
			t.Errorf("%s: the readable summary does not tell", name)
		}
		got := readFolder(t, dir)
		s := parse[map[string]any](t, got["summary.json"])
		file := dig(t, s, "captures").([]any)[0]
		if n := number(t, file, "frames"); n != d.frames || dig(t, file, "damaged") == "" {
			t.Errorf("%s: summary.json has %d frames, want %d, and the damage", name, n, d.frames)
		}
		samePrefix(t, name, lines(whole), lines(string(got["lines"])))
	}
}

// samePrefix expects the lines of a capture that ends early to begin as those of
// the whole one; behind that, only what was still waiting is told.
func samePrefix(t *testing.T, name string, whole, early []string) {
	t.Helper()
	same := 0
	for same < len(early) && early[same] == whole[same] {
		same++
	}
	if same < 100 {
		t.Errorf("%s: only %d lines are those of the whole capture", name, same)
	}
	for _, l := range early[same:] {
		if !strings.Contains(l, `"outcome":"no-response"`) {
			t.Errorf("%s: a line that the whole capture does not have there: %s", name, l)
			return
		}
	}
}

func TestDamageIsNamedForItsFile(t *testing.T) {
	cut, good := write(t, "cut.pcap", plant.Cut(read(t, sample(t)))), sample(t)
	for _, flags := range [][]string{{}, {"--merge"}} {
		args := append([]string{"replay", "--json"}, flags...)
		o := run(t, append(args, good, cut, good)...)
		if o.status != 1 || !strings.Contains(o.err, cut+": damaged at byte ") || strings.Count(o.err, "damaged") != 1 {
			t.Errorf("%v: exit status %d: %s", flags, o.status, o.err)
		}
		for i, c := range dig(t, parse[map[string]any](t, []byte(o.stdout)), "captures").([]any) {
			_, is := c.(map[string]any)["damaged"]
			if is != (i == 1) {
				t.Errorf("%v: capture %d: damaged: %v", flags, i+1, is)
			}
			if n := number(t, c, "frames"); n < 30000 {
				t.Errorf("%v: capture %d: only %d frames were processed", flags, i+1, n)
			}
		}
	}
}

// onFirst does something when the first bytes are written to it.
type onFirst struct {
	bytes.Buffer
	do func()
}

func (w *onFirst) Write(b []byte) (int, error) {
	if w.do != nil {
		w.do()
		w.do = nil
	}
	return w.Buffer.Write(b)
}

func TestShortenedWhileRead(t *testing.T) {
	b := read(t, sample(t))
	whole := b
	for range 3 { // long enough that it is not read at once
		b = append(b, whole[captureHeader:]...)
	}
	path := write(t, "shrinks.pcap", b)
	stdout := &onFirst{do: func() { os.Truncate(path, int64(len(b)/2)) }}
	var stderr bytes.Buffer
	m := Main{Args: []string{"replay", "--shards", "1", "--events", "-", path}, Stdout: stdout, Stderr: &stderr}
	if status := m.Run(context.Background()); status != 1 {
		t.Fatalf("exit status %d, want 1", status)
	}
	if text := stderr.String(); !strings.Contains(text, path+": damaged at byte ") || !strings.Contains(text, "shortened while it was read") {
		t.Errorf("the message does not say so: %s", text)
	}
	if stdout.Len() == 0 {
		t.Error("what came before is not written")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "alerts.json"), 0o755); err != nil {
		t.Fatal(err)
	}
	if o := run(t, "replay", "--out", dir, sample(t)); o.status != 1 || !strings.Contains(o.err, "alerts.json") {
		t.Errorf("exit status %d, want 1, naming alerts.json: %s", o.status, o.err)
	}
	for _, args := range [][]string{{"replay", sample(t)}, {"replay", "--json", sample(t)}, {"replay", "--events", "-", sample(t)}, {"help"}, {"version"}} {
		var stderr bytes.Buffer
		m := Main{Args: args, Stdout: full{}, Stderr: &stderr}
		if status := m.Run(context.Background()); status != 1 || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("%v: exit status %d, want 1 with the reason: %s", args, status, stderr.String())
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, shards := range []string{"1", "2"} {
		var stdout, stderr bytes.Buffer
		m := Main{Args: []string{"replay", "--shards", shards, sample(t)}, Stdout: &stdout, Stderr: &stderr}
		if status := m.Run(ctx); status != 1 || !strings.Contains(stderr.String(), "stopped") {
			t.Errorf("--shards %s: exit status %d, want 1: %s", shards, status, stderr.String())
		}
	}
}

func TestLearnForms(t *testing.T) {
	capture := read(t, sample(t))
	rs := records(capture)
	within := 0
	for _, r := range rs {
		if r.time < rs[0].time+int64(150e9) {
			within++
		}
	}
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{sample(t)}, 0},
		{[]string{"--learn", "20%", sample(t)}, len(rs) / 5},
		{[]string{"--learn", "12.5%", sample(t)}, len(rs) / 8},
		{[]string{"--learn", "100%", sample(t)}, len(rs)},
		{[]string{"--learn", "20%", sample(t), sample(t)}, 2 * len(rs) / 5},
		{[]string{"--learn", "75%", "--merge", sample(t), sample(t)}, 3 * len(rs) / 2},
		{[]string{"--learn", "2m30s", sample(t)}, within},
		{[]string{"--learn", "150s", sample(t)}, within},
		{[]string{"--learn", "100h", sample(t)}, len(rs)},
		{[]string{"--learn", sample(t), sample(t)}, len(rs)},
		{[]string{"--learn", sample(t) + "," + sample(t), sample(t)}, 2 * len(rs)},
	} {
		s := summaryOf(t, c.args...)
		if got := number(t, s, "learned_frames"); got != c.want {
			t.Errorf("%v: %d frames learned from, want %d", c.args[:len(c.args)-1], got, c.want)
		}
		if got := number(t, s, "statements", "learned"); (got > 0) != (c.want > 0) {
			t.Errorf("%v: %d statements learned", c.args[:len(c.args)-1], got)
		}
	}
}

// quietAndBusy cuts the sample in two: nothing is wrong in the first part.
func quietAndBusy(t *testing.T) (quiet, busy string) {
	capture := read(t, sample(t))
	rs := records(capture)
	end := rs[0].time + int64(plant.SampleQuiet)
	return write(t, "quiet.pcap", only(capture, func(i int) bool { return rs[i].time < end })),
		write(t, "busy.pcap", only(capture, func(i int) bool { return rs[i].time >= end }))
}

// TestTeachersAreNoCaptures holds that a file to learn from is no capture and
// raises no alert, whatever is in it.
func TestTeachersAreNoCaptures(t *testing.T) {
	quiet, busy := quietAndBusy(t)
	dir := t.TempDir()
	works(t, "replay", "--learn", busy, "--out", dir, "--events", filepath.Join(dir, "lines"), quiet)
	got := readFolder(t, dir)
	s := parse[map[string]any](t, got["summary.json"])
	for member, want := range map[string]string{"captures": "quiet.pcap", "learned_from": "busy.pcap"} {
		list := dig(t, s, member).([]any)
		if len(list) != 1 || dig(t, list[0], "name") != want {
			t.Errorf("%s: %v, want %s", member, list, want)
		}
	}
	if n, want := number(t, s, "sight", "frames"), len(records(read(t, quiet))); n != want {
		t.Errorf("%d frames counted, want the capture's %d", n, want)
	}
	for _, a := range parse[[]map[string]any](t, got["alerts.json"]) {
		if a["capture"] != "quiet.pcap" {
			t.Errorf("an alert about what was only learned from: %v", a)
		}
	}
	alone := run(t, "replay", "--events", "-", quiet)
	told, want := lines(string(got["lines"])), lines(alone.stdout)
	slices.Sort(told) // when waiting for an answer ends hangs on the frames before
	slices.Sort(want)
	if !slices.Equal(told, want) {
		t.Error("with a file to learn from the event lines are not those of the capture")
	}
}

// exchange is a capture of one connection on which a register is read n times.
func exchange(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	writeExchange(t, &b, n)
	return b.Bytes()
}

// TestFlowsDoNotCarryOver cuts a connection in the middle of an exchange: what
// was asked in one file and answered in the next is seen by halves.
func TestFlowsDoNotCarryOver(t *testing.T) {
	capture := exchange(t, 6)
	rs := records(capture)
	asked := -1 // the frame of the fourth request
	for i, n := 0, 0; i < len(rs); i++ {
		if carries(capture[rs[i].offset:rs[i].end], true) {
			if n++; n == 4 {
				asked = i
			}
		}
	}
	first := write(t, "first.pcap", only(capture, func(i int) bool { return i <= asked }))
	second := write(t, "second.pcap", only(capture, func(i int) bool { return i > asked }))
	o := run(t, "replay", "--learn", "50%", "--events", "-", first, second)
	var got []string
	for _, l := range lines(o.stdout) {
		e := parse[map[string]any](t, []byte(l))
		if e["function"] != "read holding registers" {
			continue
		}
		partial, _ := e["partial"].(bool)
		got = append(got, fmt.Sprint(e["capture"], " ", e["outcome"], " ", partial))
	}
	want := []string{"first.pcap ok false", "first.pcap ok false", "first.pcap ok false", "first.pcap no-response false",
		"second.pcap ok true", "second.pcap ok false", "second.pcap ok false"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestLearnedCarriesOver runs the two parts of one life as two files: what was
// learned in the first is known in the second, whichever file is older.
func TestLearnedCarriesOver(t *testing.T) {
	capture := read(t, sample(t))
	rs := records(capture)
	end := rs[0].time + int64(plant.SampleQuiet)
	calm := only(capture, func(i int) bool { return rs[i].time < end })
	first := write(t, "first.pcap", calm)
	for name, shift := range map[string]int32{"newer": 86400, "older": -400 * 86400, "same": 0} {
		second := write(t, name+".pcap", later(calm, shift))
		s := summaryOf(t, "--learn", "50%", first, second)
		for _, member := range []string{"jumps", "odd_timestamps"} {
			if n := number(t, s, "clock", member); n != 0 {
				t.Errorf("%s: %d %s: each file has a clock of its own", name, n, member)
			}
		}
		if total, learned := number(t, s, "statements", "total"), number(t, s, "statements", "learned"); total != learned || total == 0 {
			t.Errorf("%s: %d of %d statements learned: the second file is the same life", name, learned, total)
		}
		if n := number(t, s, "alerts", "total"); n != 0 {
			t.Errorf("%s: %d alerts about what was learned: %v", name, n, dig(t, s, "alerts"))
		}
	}
}

// TestTimesOfAnOlderFile holds that a conversation of two files has its earliest
// and latest time, and no period below nothing.
func TestTimesOfAnOlderFile(t *testing.T) {
	b := exchange(t, 6)
	now, before, dir := write(t, "now.pcap", b), write(t, "before.pcap", later(b, -86400)), t.TempDir()
	works(t, "replay", "--out", dir, now, before)
	for _, c := range parse[[]map[string]any](t, readFolder(t, dir)["conversations.json"]) {
		if c["first"].(string) > c["last"].(string) {
			t.Errorf("a conversation ends before it begins: %v to %v", c["first"], c["last"])
		}
		for _, st := range dig(t, c, "statements").([]any) {
			if st := st.(map[string]any); st["first"].(string) > st["last"].(string) || number(t, st, "period_ns") < 0 {
				t.Errorf("a statement's times: %v to %v, period %v", st["first"], st["last"], st["period_ns"])
			}
		}
	}
}

// TestMerge deals the frames of a capture out to two files: interleaved by time
// they are the capture again; one after the other they are not.
func TestMerge(t *testing.T) {
	capture := read(t, sample(t))
	even := write(t, "even.pcap", only(capture, func(i int) bool { return i%2 == 0 }))
	odd := write(t, "odd.pcap", only(capture, func(i int) bool { return i%2 == 1 }))
	want := withoutFrames(t, run(t, "replay", "--events", "-", sample(t)).stdout)
	if got := withoutFrames(t, run(t, "replay", "--merge", "--events", "-", even, odd).stdout); !slices.Equal(got, want) {
		t.Errorf("%d lines merged, %d of the whole capture, or others", len(got), len(want))
	}
	if got := withoutFrames(t, run(t, "replay", "--events", "-", even, odd).stdout); slices.Equal(got, want) {
		t.Error("without --merge the files are interleaved, too")
	}
	if s := summaryOf(t, "--merge", odd, even); number(t, s, "clock", "jumps")+number(t, s, "clock", "odd_timestamps") > 0 {
		t.Error("merged files do not share a clock")
	}
}

// withoutFrames takes out of event lines what names a file or a place in it.
func withoutFrames(t *testing.T, text string) (out []string) {
	for _, l := range lines(text) {
		head, _, ok := strings.Cut(l, `"frame":`)
		if !ok {
			t.Fatalf("a line without frame: %s", l)
		}
		out = append(out, head)
	}
	return out
}

// TestOneOddTimestamp holds that one frame from another decade changes nothing
// but the count of it.
func TestOneOddTimestamp(t *testing.T) {
	capture := read(t, sample(t))
	odd := write(t, "odd.pcap", plant.Absurd(capture))
	s := summaryOf(t, odd)
	if n := number(t, s, "clock", "odd_timestamps"); n != 1 || number(t, s, "clock", "jumps") != 0 {
		t.Errorf("clock: %v, want one odd timestamp and no jump", dig(t, s, "clock"))
	}
	whole := summaryOf(t, sample(t))
	for _, member := range []string{"flows", "operations", "flows_evicted", "answers_without_request"} {
		if a, b := number(t, s, "sight", member), number(t, whole, "sight", member); a != b {
			t.Errorf("%s: %d, without the odd frame %d", member, a, b)
		}
	}
}

// carries tells whether a record of an exchange is a TCP segment with bytes from
// the client (to port 502) or from the server.
func carries(record []byte, client bool) bool {
	const ip, tcp = recordHeader + 14, recordHeader + 14 + 20
	if size := int(binary.BigEndian.Uint16(record[ip+2:])); size <= 20+int(record[tcp+12]>>4)*4 {
		return false
	}
	return (binary.BigEndian.Uint16(record[tcp+2:]) == plant.PortModbus) == client
}
