package sensor

import (
	"context"

	"firedoor"
	"firedoor/internal/capture"
)

// wire reads live interfaces for a watch. Silence has a time too: without a
// frame it hands over batches that only say how late it is.
type wire struct {
	feed *feed
	live *capture.Live
	book *book
}

func newWire(o *WatchOptions, f *feed, b *book, sources int) (*wire, error) {
	live, err := capture.OpenLive(o.Live)
	if err != nil {
		return nil, UnreadableError{err}
	}
	for len(f.read) < sources {
		f.read = append(f.read, fileRead{})
	}
	return &wire{feed: f, live: live, book: b}, nil
}

func (w *wire) next(_ context.Context, b *batch) (bool, error) {
	n, _, err := w.live.Fill(b.frames, b.buf)
	if err != nil {
		return false, err
	}
	b.over, b.teacher = false, false
	if n == 0 {
		if w.feed.silence(b, w.live.Now()) {
			w.book.silence(b.last.Time, w.feed.latest)
		}
	} else {
		w.feed.decode(b, n, false)
	}
	return true, nil
}

// close ends a next that waits.
func (w *wire) close() error { return w.live.Close() }

func (w *wire) states() []firedoor.SourceState {
	var out []firedoor.SourceState
	for _, s := range w.live.Stats() {
		x := firedoor.SourceState{Name: s.Name, Kind: "interface", State: s.State, Problem: s.Problem, Frames: s.Frames, Bytes: s.Bytes,
			Dropped: s.Dropped + s.Missed}
		if s.LastFrame > 0 {
			x.LastFrame = stamp(s.LastFrame)
		}
		out = append(out, x)
	}
	return out
}

func (w *wire) learnElapsed() int64 { return w.feed.clock.now - w.feed.start }
