package sensor

import (
	"context"
	"errors"
	"fmt"
	"io"

	"firedoor"
	"firedoor/internal/packet"
)

// Frames are frames that neither a file nor an interface gives: those of a
// simulated plant, which are made while they are watched.
type Frames interface {
	// Name is what records and alerts call the source.
	Name() string
	// Skip passes over the first n frames: they were watched before a restart, and
	// are the same again.
	Skip(ctx context.Context, n uint64) error
	// Fill makes the next frames, with their bytes in buf, and tells how many. One
	// that keeps a pace may give none when it has waited for maxWait. The error is
	// io.EOF behind the last frame.
	Fill(ctx context.Context, dst []packet.Frame, buf []byte) (n int, err error)
}

// made is the input of a watch whose frames are made.
type made struct {
	reel
	feed *feed
	from Frames
}

// newMade goes on behind the frames that were watched before.
func newMade(ctx context.Context, from Frames, f *feed, before reel) (*made, error) {
	m := &made{reel: before, feed: f, from: from}
	if len(m.Played) == 0 {
		m.Played = []played{{Name: from.Name()}}
		f.read = append(f.read, fileRead{})
	}
	p := &m.Played[0]
	if p.Name != from.Name() {
		return nil, fmt.Errorf("the stored state is of %q and not of %q", p.Name, from.Name())
	}
	if p.Frames == 0 || p.Done {
		return m, nil
	}
	if err := from.Skip(ctx, p.Frames); err != nil {
		return nil, fmt.Errorf("to go on behind frame %d: %w", p.Frames, err)
	}
	return m, nil
}

func (m *made) next(ctx context.Context, b *batch) (bool, error) {
	p := &m.Played[0]
	if p.Done {
		return false, nil
	}
	n, err := m.from.Fill(ctx, b.frames, b.buf)
	for i := range n {
		f := &b.frames[i]
		p.Frames, p.Bytes, p.Last = p.Frames+1, p.Bytes+uint64(f.WireLen), f.Time
		f.Capture, f.Number = 0, uint32(p.Frames)
	}
	b.over, b.teacher = errors.Is(err, io.EOF), false
	m.feed.decode(b, n, false)
	if b.over {
		p.Done = true
		return true, nil
	}
	return err == nil, err
}

func (m *made) states() []firedoor.SourceState {
	p := &m.Played[0]
	s := firedoor.SourceState{Name: p.Name, Kind: "simulation", State: "running", Frames: p.Frames, Bytes: p.Bytes}
	if p.Done {
		s.State = "finished"
	}
	if p.Frames > 0 {
		s.LastFrame = stamp(p.Last)
	}
	return []firedoor.SourceState{s}
}

func (m *made) learnElapsed() int64 { return m.Elapsed + m.feed.clock.now - m.feed.start }

func (m *made) close() error { return nil }
