package sensor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"firedoor"
	"firedoor/internal/capture"
	"firedoor/internal/packet"
)

// maxWait is the longest that a source keeps a watch from its other duties.
const maxWait = 250 * time.Millisecond

// betweenPasses is the traffic time between two passes of a capture that is
// played in a loop.
const betweenPasses = int64(time.Second)

// played is what a tape remembers of a capture: where to go on.
type played struct {
	Path    string // as it was found: cleaned and absolute
	Size    int64
	Name    string
	Frames  uint64 // handed over in the pass at hand
	Earlier uint64 // and in those before
	Bytes   uint64
	Last    int64 // claimed time of the last frame
	Done    bool
	Problem string
}

// reel is the stored part of a tape.
type reel struct {
	Played  []played // in the order they were first given; the place is the frames' Capture
	At      int      // the one at hand, -1
	Passes  uint64   // of all captures, in a loop
	Shift   int64    // added to the times of the pass at hand
	Elapsed int64    // traffic time of the captures before this one
}

// tape plays captures for a watch: at their own pace, at a multiple of it, or as
// fast as they can be read.
type tape struct {
	reel
	feed   *feed
	given  []int // captures to play, by place
	speed  float64
	loop   bool
	log    *slog.Logger
	reader *capture.Reader

	// What was read and is not due yet.
	frames []packet.Frame
	buf    []byte
	held   int // first of frames not handed over
	n      int
	// pace: the frame of traffic time since was due at wall.
	paced bool
	wall  time.Time
	since int64
}

// newTape finds the captures and opens each once, so that what cannot be read is
// said before anything is done.
func newTape(o *WatchOptions, f *feed, before reel) (*tape, error) {
	t := &tape{reel: before, feed: f, speed: o.Speed, loop: o.Loop, log: o.Log}
	if len(before.Played) == 0 {
		t.At = -1
	}
	for _, path := range o.Captures {
		c, err := capture.Open(path, 0)
		if err != nil {
			return nil, UnreadableError{err}
		}
		_, size := c.Position()
		if err := c.Close(); err != nil {
			return nil, UnreadableError{err}
		}
		if path, err = filepath.Abs(path); err != nil {
			return nil, UnreadableError{err}
		}
		t.given = append(t.given, t.place(path, size))
	}
	if o.Speed > 0 {
		t.frames, t.buf = make([]packet.Frame, epoch), make([]byte, epochBytes)
	}
	return t, nil
}

// place finds a capture among those played before, by path and size, or adds it.
func (t *tape) place(path string, size int64) int {
	for i := range t.Played {
		if p := &t.Played[i]; p.Path == path && p.Size == size {
			return i
		}
	}
	t.Played = append(t.Played, played{Path: path, Size: size, Name: filepath.Base(path)})
	t.feed.read = append(t.feed.read, fileRead{})
	return len(t.Played) - 1
}

// names are those of all captures by place.
func (t *tape) names() []string {
	var out []string
	for i := range t.Played {
		out = append(out, t.Played[i].Name)
	}
	return out
}

// next fills a batch with frames that are due; without any after maxWait. It
// returns false when all captures were played.
func (t *tape) next(ctx context.Context, b *batch) (bool, error) {
	if t.reader == nil {
		if more, err := t.open(); err != nil || !more {
			return false, err
		}
	}
	p := &t.Played[t.At]
	n, err := t.fill(ctx, b)
	for i := range n {
		f := &b.frames[i]
		p.Frames, p.Bytes, p.Last = p.Frames+1, p.Bytes+uint64(f.WireLen), f.Time
		f.Time += t.Shift
	}
	b.over, b.teacher = err != nil, false
	t.feed.decode(b, n, false)
	if err != nil {
		t.ended(p, err)
	}
	return true, nil
}

// open opens the next capture that was not played to its end.
func (t *tape) open() (bool, error) {
	for {
		for _, at := range t.given {
			if p := &t.Played[at]; !p.Done {
				return true, t.goOn(at)
			}
		}
		if !t.loop || len(t.given) == 0 || t.empty() {
			return false, nil
		}
		t.Passes++
		t.Shift += t.span() + betweenPasses
		for _, at := range t.given {
			p := &t.Played[at]
			p.Done, p.Earlier, p.Frames = false, p.Earlier+p.Frames, 0
		}
	}
}

// empty tells whether there is nothing to play again.
func (t *tape) empty() bool {
	for _, at := range t.given {
		if t.Played[at].Frames > 0 {
			return false
		}
	}
	return true
}

// span is the traffic time from the first frame of all captures to the last.
func (t *tape) span() int64 {
	first, last := int64(0), int64(0)
	for i, at := range t.given {
		r := &t.feed.read[at]
		if i == 0 || r.first < first {
			first = r.first
		}
		last = max(last, r.last)
	}
	if t.Passes > 1 { // what was read stands at the times of the passes
		last -= t.Shift
	}
	return max(last-first, 0)
}

// goOn opens a capture and passes over the frames that were handed over before.
func (t *tape) goOn(at int) error {
	p := &t.Played[at]
	r, err := capture.Open(p.Path, uint32(at))
	if err != nil {
		return UnreadableError{err}
	}
	var f packet.Frame
	for range p.Frames {
		if err := r.Next(&f); err != nil {
			_ = r.Close()
			return fmt.Errorf("%s: to go on behind frame %d: %w", p.Path, p.Frames, err)
		}
	}
	if at != t.At {
		t.feed.begun, t.feed.calls = false, calls{forgotten: t.feed.calls.forgotten}
	}
	t.reader, t.At, t.paced, t.held, t.n = r, at, false, 0, 0
	return nil
}

// ended closes a capture that is over.
func (t *tape) ended(p *played, err error) {
	if !errors.Is(err, io.EOF) {
		p.Problem = err.Error()
		t.log.Error("a capture ended before its time: what came before was processed", "capture", p.Name, "problem", err)
	}
	p.Done = true
	_ = t.reader.Close() // it was only read
	t.reader = nil
	t.Elapsed += t.feed.clock.now - t.feed.start
}

// fill puts frames that are due into the batch.
func (t *tape) fill(ctx context.Context, b *batch) (int, error) {
	if t.speed <= 0 {
		n, _, err := t.reader.Fill(b.frames, b.buf)
		return n, err
	}
	if t.held == t.n {
		var err error
		if t.n, _, err = t.reader.Fill(t.frames, t.buf); err != nil {
			return 0, err
		}
		t.held = 0
	}
	n := t.due()
	if n == 0 {
		t.wait(ctx)
		n = t.due()
	}
	used := 0
	for i := range n {
		f := t.frames[t.held+i]
		used += copy(b.buf[used:], f.Data)
		f.Data = b.buf[used-len(f.Data) : used : used]
		b.frames[i] = f
	}
	t.held += n
	return n, nil
}

// due counts the frames at hand whose time has come, by their own pace times
// speed. A step back or a pause of more than a minute begins a new pace.
func (t *tape) due() int {
	now := time.Now()
	n := 0
	for ; t.held+n < t.n; n++ {
		at := t.frames[t.held+n].Time
		if !t.paced || at < t.since || at-t.since > int64(longPause) {
			t.paced, t.wall, t.since = true, now, at
		}
		if t.dueAt(at).After(now) {
			break
		}
	}
	if n > 0 { // from here on, so that rounding does not add up
		last := t.frames[t.held+n-1].Time
		t.wall, t.since = t.dueAt(last), last
	}
	return n
}

// longPause in a capture is not waited for.
const longPause = time.Minute

func (t *tape) dueAt(at int64) time.Time {
	return t.wall.Add(time.Duration(float64(at-t.since) / t.speed))
}

// wait waits until the next frame is due, at most maxWait.
func (t *tape) wait(ctx context.Context) {
	timer := time.NewTimer(min(time.Until(t.dueAt(t.frames[t.held].Time)), maxWait))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// close gives the file back.
func (t *tape) close() error {
	if t.reader == nil {
		return nil
	}
	err := t.reader.Close()
	t.reader = nil
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// states tells how far each capture is.
func (t *tape) states() []firedoor.SourceState {
	var out []firedoor.SourceState
	for _, at := range t.given {
		p := &t.Played[at]
		s := firedoor.SourceState{Name: p.Name, Kind: "capture", State: "running", Frames: p.Earlier + p.Frames, Bytes: p.Bytes, Problem: p.Problem}
		switch {
		case p.Done:
			s.State = "finished"
		case at != t.At || t.reader == nil:
			s.State = "waiting"
		}
		if p.Frames > 0 {
			s.LastFrame = stamp(p.Last + t.Shift)
		}
		out = append(out, s)
	}
	return out
}

// learnElapsed is the traffic time that counts for learning for a time.
func (t *tape) learnElapsed() int64 { return t.Elapsed + t.feed.clock.now - t.feed.start }

// share is how many frames a share of all captures is, in per cent.
func (t *tape) share(percent float64) (uint64, error) {
	var frames uint64
	for _, at := range t.given {
		n, err := capture.Count(t.Played[at].Path)
		var damage *capture.DamageError
		if err != nil && !errors.As(err, &damage) {
			return 0, UnreadableError{err}
		}
		frames += n
	}
	return uint64(float64(frames) * percent / 100), nil
}
