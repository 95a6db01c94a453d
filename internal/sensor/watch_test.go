package sensor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"firedoor"
	"firedoor/internal/capture"
	"firedoor/internal/detect"
	"firedoor/internal/journal"
	"firedoor/internal/packet"
	"firedoor/internal/protocol/all"
	"firedoor/internal/snapshot"
)

var update = flag.Bool("update", false, "write the fixtures of stored state anew")

const sampleCapture = "../../samples/plant.pcap.xz"

// taken collects records as an uplink would.
type taken struct {
	mu      sync.Mutex
	records map[recordName]firedoor.Record
	fail    func(n int) bool
	calls   int
}

func (k *taken) publish(_ context.Context, records []firedoor.Record) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.calls++; k.fail != nil && k.fail(k.calls) {
		return errors.New("no answer")
	}
	if k.records == nil {
		k.records = map[recordName]firedoor.Record{}
	}
	for _, r := range records {
		n := recordName{r.Kind, r.Key}
		if r.Gone {
			delete(k.records, n)
			continue
		}
		r.Body = bytes.Clone(r.Body)
		k.records[n] = r
	}
	return nil
}

func (k *taken) of(kind firedoor.RecordKind) map[string]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := map[string]string{}
	for n, r := range k.records {
		if n.kind == kind {
			out[n.key] = string(r.Body)
		}
	}
	return out
}

// watchOnce runs a watch until its input is over.
func watchOnce(t *testing.T, o WatchOptions) *Watch {
	t.Helper()
	o.Name, o.Log = "test", slog.New(slog.DiscardHandler)
	if o.Publish == nil {
		o.Publish = (&taken{}).publish
	}
	if o.Shards == 0 {
		o.Shards = 2
	}
	w, err := NewWatch(o, all.List)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		over := false
		if err := w.order(ctx, func() error { over = w.ended; return nil }); err != nil || over || time.Now().After(end) {
			break
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return w
}

// script is an input of given steps: frames, or a moment without any.
type script struct {
	feed  *feed
	book  *book
	steps []step
	at    int
}

type step struct {
	frames []packet.Frame
	now    int64 // of a moment without frames
}

func (s *script) next(_ context.Context, b *batch) (bool, error) {
	if s.at == len(s.steps) {
		return false, nil
	}
	st := s.steps[s.at]
	s.at++
	b.over, b.teacher = false, false
	if st.frames == nil {
		if s.feed.silence(b, st.now) {
			s.book.silence(b.last.Time, s.feed.latest)
		}
		return true, nil
	}
	n := copy(b.frames, st.frames)
	s.feed.decode(b, n, false)
	return true, nil
}

func (s *script) states() []firedoor.SourceState { return nil }
func (s *script) learnElapsed() int64            { return s.feed.clock.now - s.feed.start }
func (s *script) close() error                   { return nil }

func sampleFrames(t *testing.T) []packet.Frame {
	t.Helper()
	r, err := capture.Open(sampleCapture, 0)
	if err != nil {
		t.Fatal(err)
	}
	return allFrames(t, r)
}

// framesOf reads the frames of a capture in memory.
func framesOf(t *testing.T, file []byte) []packet.Frame {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made.pcap")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := capture.Open(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	return allFrames(t, r)
}

func allFrames(t *testing.T, r *capture.Reader) (frames []packet.Frame) {
	t.Helper()
	defer r.Close()
	for {
		var f packet.Frame
		if err := r.Next(&f); errors.Is(err, io.EOF) {
			return frames
		} else if err != nil {
			t.Fatal(err)
		}
		f.Data = bytes.Clone(f.Data)
		frames = append(frames, f)
	}
}

// cut cuts frames into steps at random, and puts moments without frames where
// ticks says so, by the number of the frame before.
func cut(frames []packet.Frame, seed uint64, silences map[uint32][]int64) (steps []step) {
	r := rand.New(rand.NewPCG(seed, 1))
	for len(frames) > 0 {
		n := min(len(frames), 1+r.IntN(300))
		for i := range n {
			if at := silences[frames[i].Number]; at != nil {
				n = i + 1
				break
			}
		}
		steps = append(steps, step{frames: frames[:n]})
		for _, now := range silences[frames[n-1].Number] {
			steps = append(steps, step{now: now})
		}
		frames = frames[n:]
	}
	return steps
}

// TestJournalledRunReplays: a live run, whose frames came in pieces as chance
// wanted, with moments of silence between, gives the same records when the frames
// are read again, in other pieces and on another number of shards, with the ticks
// that its journal holds.
func TestJournalledRunReplays(t *testing.T) {
	frames := sampleFrames(t)
	live := map[uint32][]int64{}
	r := rand.New(rand.NewPCG(3, 4))
	for i := range frames[1:] {
		gap := frames[i+1].Time - frames[i].Time
		for now := frames[i].Time + int64(250e6); gap > int64(250e6) && now < frames[i+1].Time; now += int64(250e6) + r.Int64N(20e6) {
			live[frames[i].Number] = append(live[frames[i].Number], now)
		}
	}
	last := frames[len(frames)-1]
	for i := range int64(200) { // the plant is silent at last, and what was held is told
		live[last.Number] = append(live[last.Number], last.Time+i*int64(1e9))
	}
	dir := t.TempDir()
	run := func(name string, seed uint64, shards int, silences map[uint32][]int64) (*taken, string) {
		folder := filepath.Join(dir, name)
		j, err := journal.Open(journal.Config{Dir: folder}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		var k taken
		watchOnce(t, WatchOptions{Learn: Learning{For: 12 * time.Minute}, Shards: shards, Points: true, Journal: j, Publish: k.publish,
			input: func(f *feed, b *book) input {
				f.read = make([]fileRead, 1)
				return &script{feed: f, book: b, steps: cut(frames, seed, silences)}
			}})
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		return &k, folder
	}
	first, folder := run("live", 1, 1, live)
	ticks := map[uint32][]int64{}
	if err := journal.Read(folder, journal.Position{}, func(e *journal.Entry) error {
		if e.Kind != journal.Tick {
			return nil
		}
		var what struct{ After firedoor.FrameRef }
		err := json.Unmarshal(e.Body, &what)
		ticks[what.After.Frame] = append(ticks[what.After.Frame], e.Time)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(ticks) == 0 {
		t.Fatal("the journal holds no ticks")
	}
	again, _ := run("again", 99, 8, ticks)
	for _, kind := range []firedoor.RecordKind{firedoor.RecordAlert, firedoor.RecordAsset, firedoor.RecordConversation, firedoor.RecordPoints, firedoor.RecordProgram} {
		a, b := first.of(kind), again.of(kind)
		if len(a) == 0 || len(a) != len(b) {
			t.Errorf("%d records of kind %s live, %d again", len(a), kind, len(b))
		}
		for key, body := range a {
			if b[key] != body {
				t.Errorf("%s %s\nlive  %.600s\nagain %.600s", kind, key, body, b[key])
			}
		}
	}
}

// TestUplinkThatFails: what the uplink does not take comes again until it does.
func TestUplinkThatFails(t *testing.T) {
	defer goleak.VerifyNone(t)
	k := taken{fail: func(n int) bool { return n < 4 }}
	w := watchOnce(t, WatchOptions{Captures: []string{sampleCapture}, Learn: Learning{Percent: 60}, Publish: k.publish})
	if got := len(k.of(firedoor.RecordAlert)); got != w.p.site.board.Len() || got == 0 {
		t.Errorf("%d alerts taken of %d", got, w.p.site.board.Len())
	}
	if out, _ := w.Stats(); out.Waiting != 0 || out.Failing != "" {
		t.Errorf("%+v", out)
	}
}

// TestAdopted: alerts that were told after the state was stored are known again
// from the journal, and stand once.
func TestAdopted(t *testing.T) {
	dir := t.TempDir()
	logs := slog.New(slog.DiscardHandler)
	j, err := journal.Open(journal.Config{Dir: filepath.Join(dir, "journal")}, logs)
	if err != nil {
		t.Fatal(err)
	}
	w := watchOnce(t, WatchOptions{Captures: []string{sampleCapture}, Learn: Learning{Percent: 60}, Dir: dir, Journal: j})
	stranger := detect.Raised{Cause: "x>y", Alert: firedoor.Alert{ID: "00112233", Time: 5, Kind: "new-writer", Sentence: "told in the last moment"}}
	w.book.alert(&stranger, []string{"plant.pcap.xz"})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	n := w.p.site.board.Len()
	if j, err = journal.Open(journal.Config{Dir: filepath.Join(dir, "journal")}, logs); err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	var k taken
	again := watchOnce(t, WatchOptions{Captures: []string{sampleCapture}, Learn: Learning{Percent: 60}, Dir: dir, Journal: j, Publish: k.publish})
	if got := again.p.site.board.Len(); got != n+1 {
		t.Errorf("%d alerts after the restart, want %d", got, n+1)
	}
	if !strings.Contains(k.of(firedoor.RecordAlert)["00112233"], "told in the last moment") {
		t.Error("the alert of the last moment was not told again")
	}
}

// TestPause: what is new in a maintenance window is told for information, is not
// learned, and alarms when it comes back.
func TestPause(t *testing.T) {
	frames := sampleFrames(t)
	attack := slices.IndexFunc(frames, func(f packet.Frame) bool { return f.Number == 23000 })
	var w *Watch
	sever := func() (worst firedoor.Severity, n int) {
		for _, a := range w.p.site.board.Alerts() {
			worst = max(worst, a.Severity)
		}
		return worst, w.p.site.board.Len()
	}
	var inWindow, after firedoor.Severity
	var statements [2]int
	o := WatchOptions{Name: "test", Log: slog.New(slog.DiscardHandler), Publish: (&taken{}).publish, Shards: 1, Learn: Learning{For: 12 * time.Minute},
		input: func(f *feed, b *book) input {
			f.read = make([]fileRead, 1)
			return &script{feed: f, book: b}
		}}
	w, err := NewWatch(o, all.List)
	if err != nil {
		t.Fatal(err)
	}
	play := func(frames []packet.Frame, seed uint64) {
		s := w.from.(*script)
		s.steps, s.at = cut(frames, seed, nil), 0
		c := w.p.crew()
		for {
			b := c.take()
			if more, err := w.p.next(reader{w}, b); err != nil || !more {
				return
			}
			c.give(b)
		}
	}
	count := func() (n int) {
		for i := range lanes {
			n += w.p.lane(i).table.Statements()
		}
		return n
	}
	play(frames[:attack], 1)
	statements[0] = count()
	if err := w.pause("pump 3 is replaced"); err != nil {
		t.Fatal(err)
	}
	play(frames[attack:], 2)
	inWindow, _ = sever()
	for _, a := range w.p.site.board.Alerts() {
		if a.Time > frames[attack].Time && !strings.HasPrefix(a.Sentence, "In a maintenance window (pump 3 is replaced): ") {
			t.Errorf("told in the window as if there were none: %s", a.Sentence)
		}
	}
	if err := w.resume(); err != nil {
		t.Fatal(err)
	}
	if statements[1] = count(); statements[1] > statements[0] {
		t.Errorf("%d statements before the window, %d after it", statements[0], statements[1])
	}
	later := slices.Clone(frames[attack:])
	for i := range later {
		later[i].Time += int64(time.Hour)
	}
	play(later, 3)
	after, _ = sever()
	if inWindow > firedoor.Medium || after != firedoor.High {
		t.Errorf("the worst was %s in the window and %s when it came back", inWindow, after)
	}
}

// digest says what a watch knows, in lines that a person can read.
func digest(w *Watch) string {
	var b strings.Builder
	for _, a := range w.p.site.board.Alerts() {
		fmt.Fprintf(&b, "alert %s %s %s %s\n", a.ID, a.Severity, a.Kind, a.Sentence)
	}
	for a := range w.p.site.inventory.Assets {
		fmt.Fprintf(&b, "asset %s %s %s %s known %v, %d identifiers, %d facts, %d packets\n", a.ID, a.Role, a.Level, a.Name, a.Known, len(a.Identifiers), len(a.Facts), a.Packets)
	}
	_ = w.p.view().Conversations(func(c *firedoor.Conversation) error {
		n := 0
		for _, s := range c.Statements {
			n += len(s.Written)
		}
		fmt.Fprintf(&b, "conversation %s %s>%s %s learned %v, %d operations, %d statements, %d ranges\n", c.Segment, c.Client.IP+c.Client.MAC, c.Server.IP+c.Server.MAC, c.Protocol, c.Learned, c.Operations, len(c.Statements), n)
		return nil
	})
	fmt.Fprintf(&b, "stage %s, %d frames learned\n", w.course.Stage, w.feed.learnedFrames)
	return b.String()
}

// TestStoredVersions: the stored form of every released version loads, and says
// what it said. -update writes that of the present version, which is done once
// for each version and never again.
func TestStoredVersions(t *testing.T) {
	for version := uint32(1); version <= stateVersion; version++ {
		name := filepath.Join("testdata", fmt.Sprintf("state-v%d", version))
		if *update && version == stateVersion {
			dir := t.TempDir()
			w := watchOnce(t, WatchOptions{Captures: []string{sampleCapture}, Learn: Learning{Percent: 60}, Dir: dir, Shards: 1})
			b, err := os.ReadFile(filepath.Join(dir, stateFile))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(name+".state", b, 0o644), os.WriteFile(name+".golden", []byte(digest(w)), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		dir := t.TempDir()
		b, err := os.ReadFile(name + ".state")
		if err != nil {
			t.Fatalf("%v: a stored form without a fixture may stop to load unseen", err)
		}
		if err := os.WriteFile(filepath.Join(dir, stateFile), b, 0o600); err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(name + ".golden")
		if err != nil {
			t.Fatal(err)
		}
		o := WatchOptions{Name: "test", Log: slog.New(slog.DiscardHandler), Shards: 2, Dir: dir, Publish: (&taken{}).publish,
			input: func(f *feed, b *book) input { return &script{feed: f, book: b} }}
		w, err := NewWatch(o, all.List)
		if err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		if got := digest(w); got != string(want) {
			t.Errorf("version %d is read as something else: %s", version, firstDifference(got, string(want)))
		}
	}
	path := filepath.Join(t.TempDir(), stateFile)
	if err := snapshot.Write(path, stateVersion+1, nil); err != nil {
		t.Fatal(err)
	}
	_, err := NewWatch(WatchOptions{Dir: filepath.Dir(path), Log: slog.New(slog.DiscardHandler)}, all.List)
	var newer *snapshot.VersionError
	if !errors.As(err, &newer) {
		t.Errorf("the state of a newer version: %v", err)
	}
}

// TestExportedVersions: a baseline that was exported by any released version can
// be taken over. -update writes that of the present version.
func TestExportedVersions(t *testing.T) {
	name := filepath.Join("testdata", "baseline-v1")
	idle := WatchOptions{Name: "test", Log: slog.New(slog.DiscardHandler), Shards: 1, Publish: (&taken{}).publish,
		input: func(f *feed, b *book) input { return &script{feed: f, book: b} }}
	learned := func(w *Watch) (n int) {
		for i := range lanes {
			n += w.p.lane(i).table.LearnedStatements()
		}
		return n
	}
	if *update {
		w := watchOnce(t, WatchOptions{Captures: []string{sampleCapture}, Learn: Learning{Percent: 60}, Shards: 1})
		if err := w.export(name + ".new"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(name+".new", name); err != nil {
			t.Fatal(err)
		}
	}
	w, err := NewWatch(idle, all.List)
	if err != nil {
		t.Fatal(err)
	}
	body, version, _, err := snapshot.Read(name, exportVersion)
	if err != nil || version != exportFirst {
		t.Fatalf("version %d: %v", version, err)
	}
	if err := w.takeOver(body); err != nil {
		t.Fatal(err)
	}
	if n, st := learned(w), w.p.site.inventory.Stats(); n != 77 || st.Known != 46 || w.course.Stage != firedoor.Watching {
		t.Errorf("%d statements, %+v, stage %s", n, st, w.course.Stage)
	}
}
