package sensor

import (
	"context"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"firedoor/internal/packet"
	"firedoor/internal/protocol/all"
)

// again makes the frames of a list, and stops for good at the place stop.
type again struct {
	frames []packet.Frame
	at     int
	stop   int // 0: nowhere
	full   chan struct{}
}

func (a *again) Name() string { return "made" }

func (a *again) Skip(_ context.Context, n uint64) error {
	a.at = int(n)
	return nil
}

func (a *again) Fill(ctx context.Context, dst []packet.Frame, buf []byte) (n int, err error) {
	if a.stop > 0 && a.at >= a.stop {
		if a.full != nil {
			close(a.full)
			a.full = nil
		}
		<-ctx.Done()
		return 0, nil
	}
	if a.at == len(a.frames) {
		return 0, io.EOF
	}
	used := 0
	for n < len(dst) && a.at < len(a.frames) && (a.stop == 0 || a.at < a.stop) && used+len(a.frames[a.at].Data) <= len(buf) {
		f := a.frames[a.at]
		end := used + copy(buf[used:], f.Data)
		f.Data = buf[used:end:end]
		dst[n], used = f, end
		n, a.at = n+1, a.at+1
	}
	return n, nil
}

// operations are counted once more where the stop parts a question from its answer.
var operations = regexp.MustCompile(`\d+ operations`)

var assemblies = regexp.MustCompile(`(?m)^.*"object":"assembly:.*\n|"changes":\d+,`)

// TestMadeGoesOn: a watch of frames that are made while they are watched, stopped
// and started again, knows in the end what one knows that was never stopped.
func TestMadeGoesOn(t *testing.T) {
	frames := sampleFrames(t)
	learn := Learning{For: 12 * 60e9}
	known := func(w *Watch) string {
		var points strings.Builder
		if err := w.p.view().WritePoints(&points); err != nil || points.Len() < 1000 {
			t.Fatal(err, points.Len())
		}
		// Which assembly a connection carries was said when it began; and an answer
		// whose question was before the stop is passed over.
		return operations.ReplaceAllString(digest(w), "operations") + assemblies.ReplaceAllString(points.String(), "")
	}
	want := known(watchOnce(t, WatchOptions{Frames: &again{frames: frames}, Learn: learn, Points: true}))
	dir := t.TempDir()
	for _, stop := range []int{9000, 21000} {
		full := make(chan struct{})
		w, err := NewWatch(WatchOptions{Name: "test", Log: slog.New(slog.DiscardHandler), Shards: 2, Dir: dir, Publish: (&taken{}).publish, Learn: learn, Points: true,
			Frames: &again{frames: frames, stop: stop, full: full}}, all.List)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.Run(ctx) }()
		<-full
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	once, err := NewWatch(WatchOptions{Name: "test", Log: slog.New(slog.DiscardHandler), Shards: 1, Publish: (&taken{}).publish, Learn: learn, Points: true, Once: true,
		Frames: &again{frames: frames}}, all.List)
	if err != nil {
		t.Fatal(err)
	}
	if err := once.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var alerts strings.Builder
	if err := once.WriteAlerts(&alerts); err != nil || strings.Count(alerts.String(), `"id"`) != once.p.site.board.Len() {
		t.Errorf("%v, alerts.json is %s", err, alerts.String())
	}
	if got := known(once); got != want {
		t.Error("a watch that ends with its input: ", firstDifference(got, want))
	}
	if got := known(watchOnce(t, WatchOptions{Frames: &again{frames: frames}, Learn: learn, Dir: dir, Points: true})); got != want {
		t.Error(firstDifference(got, want))
	}
}
