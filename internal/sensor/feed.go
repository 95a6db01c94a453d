package sensor

import (
	"firedoor"
	"firedoor/internal/flow"
	"firedoor/internal/packet"
	"firedoor/internal/protocol"
)

// feed is where frames get their index, their traffic time, their segment, their
// lane and the mark of what is learned from, whatever they come from.
type feed struct {
	scopes  flow.Scopes
	clock   clock
	bare    firedoor.Segment
	index   uint64
	begun   bool  // the clock of the part at hand runs
	start   int64 // of this part
	ticked  int64 // place on the grid of the last tick
	latest  firedoor.FrameRef
	counted uint64 // frames of captures so far

	sight         Sight // what is known before a lane sees the frame
	read          []fileRead
	learnedFrames uint64
	untagged      bool // frames without a tag were seen

	besides []*protocol.Protocol `snapshot:"-"` // that settle something on UDP
	served  map[uint16]bool      `snapshot:"-"` // UDP ports of protocols
	calls   calls

	// learning tells whether the frame at hand is learned from.
	learning func() bool `snapshot:"-"`
}

// begins makes an empty feed ready for so many files.
func (s *feed) begins(files int) {
	s.read = make([]fileRead, files)
	s.bare = s.scopes.Segment(packet.Scope{})
}

// fileRead is what was read of one file: times as its frames claim them.
type fileRead struct {
	frames      uint64
	first, last int64
	damaged     string
}

// decode makes items of the first n frames, with ticks between them.
func (s *feed) decode(b *batch, n int, teacher bool) {
	if n > 0 && !s.begun {
		s.begin(b.frames[:n])
	}
	b.items = b.items[:0]
	for i := range n {
		f := &b.frames[i]
		s.note(f, teacher)
		if step := f.Time + s.clock.shift - s.clock.now; step > believeStep || step < -believeStep {
			s.clock.expect(f.Time, b.frames[i+1:n])
		}
		now := s.clock.tick(f.Time)
		learning := teacher || s.learning()
		if now/tickEvery != s.ticked {
			s.tick(b, now, learning)
		}
		b.items = b.items[:len(b.items)+1]
		it := &b.items[len(b.items)-1]
		packet.Decode(&it.Packet, f)
		it.Tick, it.Raw, it.Time, it.Learning = false, f.Time, now, learning
		it.Packet.Index = s.index
		s.index++
		s.latest = firedoor.FrameRef{Capture: f.Capture, Frame: f.Number}
		it.Segment = s.scopes.Segment(it.Scope)
		s.untagged = s.untagged || it.Segment == s.bare
		if it.ToAll = it.DstIP == everybody; it.ToAll {
			it.ToAll = s.called(it)
		}
		it.Lane = uint8(flow.PairHash(&it.Packet) % lanes)
		s.concern(it)
		if learning {
			s.learnedFrames++
		}
		if teacher {
			continue
		}
		s.counted++
		if it.Broken != "" || it.Layer < packet.LayerNetwork {
			s.odd(it)
		}
	}
	if !teacher {
		s.sight.Frames += uint64(n)
	}
	s.end(b, n, teacher)
}

// tick puts a moment between two frames. It stands at the frame before it.
func (s *feed) tick(b *batch, now int64, learning bool) {
	s.ticked = now / tickEvery
	b.items = append(b.items, item{Tick: true, Learning: learning, Packet: packet.Packet{Time: now, Index: s.index,
		Capture: s.latest.Capture, Frame: s.latest.Frame}})
	s.index++
}

// silence is a batch without a frame: only time goes on. now is what the source's
// clock says. It tells whether there was a tick.
func (s *feed) silence(b *batch, now int64) (ticked bool) {
	b.items = b.items[:0]
	if s.begun {
		now = s.clock.tick(now)
		if ticked = now/tickEvery != s.ticked; ticked {
			s.tick(b, now, s.learning())
		}
	}
	s.end(b, 0, false)
	return ticked
}

// end makes the copy of the last item that stands for the end of the batch.
func (s *feed) end(b *batch, n int, teacher bool) {
	if n > 0 {
		b.last = b.items[len(b.items)-1]
		b.last.Payload, b.last.Index = nil, s.index // behind them all
		return
	}
	b.last = item{Packet: packet.Packet{Time: s.clock.now, Index: s.index}, Learning: teacher || s.learning()}
}

// odd counts a frame that is not plain IP.
func (s *feed) odd(it *item) {
	if it.Broken != "" || it.Layer == packet.LayerNone {
		s.sight.Undecoded++
	}
	if it.Layer == packet.LayerLink {
		s.sight.NotIP++
	}
}

// note counts a frame for the summary.
func (s *feed) note(f *packet.Frame, teacher bool) {
	r := &s.read[f.Capture]
	if r.frames == 0 {
		r.first, r.last = f.Time, f.Time
	}
	r.first, r.last = min(r.first, f.Time), max(r.last, f.Time)
	r.frames++
	if teacher {
		return
	}
	s.sight.Bytes += uint64(f.WireLen)
	if uint32(len(f.Data)) < f.WireLen {
		s.sight.Truncated++
	}
}

// begin starts a part's clock with the first frames.
func (s *feed) begin(first []packet.Frame) {
	var times []int64
	for i := range first[:min(len(first), 9)] {
		times = append(times, first[i].Time)
	}
	s.clock.start(times)
	s.start, s.begun = s.clock.now, true
}
