package sensor

import (
	"firedoor"
	"firedoor/internal/flow"
	"firedoor/internal/packet"
)

// feed is where frames get their index, their traffic time, their segment, their
// lane and the mark of what is learned from, whatever they come from.
type feed struct {
	scopes  flow.Scopes
	clock   clock
	bare    firedoor.Segment
	index   uint64
	begun   bool   // the clock of the part at hand runs
	start   int64  // of this part
	counted uint64 // frames of captures so far

	sight         Sight // what is known before a lane sees the frame
	read          []fileRead
	learnedFrames uint64
	untagged      bool // frames without a tag were seen

	// learning tells whether the frame at hand is learned from.
	learning func() bool `snapshot:"-"`
}

func newFeed(files int) feed {
	s := feed{read: make([]fileRead, files)}
	s.bare = s.scopes.Segment(packet.Scope{})
	return s
}

// fileRead is what was read of one file: times as its frames claim them.
type fileRead struct {
	frames      uint64
	first, last int64
	damaged     string
}

// decode makes items of the first n frames.
func (s *feed) decode(b *batch, n int, teacher bool) {
	if n > 0 && !s.begun {
		s.begin(b.frames[:n])
	}
	b.items = b.items[:n]
	for i := range n {
		it := &b.items[i]
		f := &b.frames[i]
		packet.Decode(&it.Packet, f)
		it.Raw = f.Time
		if step := f.Time + s.clock.shift - s.clock.now; step > believeStep || step < -believeStep {
			s.clock.expect(f.Time, b.frames[i+1:n])
		}
		it.Time = s.clock.tick(f.Time)
		it.Packet.Index = s.index
		s.index++
		it.Segment = s.scopes.Segment(it.Scope)
		s.untagged = s.untagged || it.Segment == s.bare
		it.Lane = uint8(flow.PairHash(&it.Packet) % lanes)
		it.Learning = teacher || s.learning()
		if it.Learning {
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
	s.note(b, n, teacher)
	if n > 0 {
		b.last = b.items[n-1]
		b.last.Payload, b.last.Index = nil, s.index // behind them all
	} else {
		b.last = item{Packet: packet.Packet{Time: s.clock.now, Index: s.index}, Learning: teacher || s.learning()}
	}
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

// note counts the first n frames of a batch for the summary.
func (s *feed) note(b *batch, n int, teacher bool) {
	for i := range n {
		f := &b.frames[i]
		r := &s.read[f.Capture]
		if r.frames == 0 || f.Time < r.first {
			r.first = f.Time
		}
		if r.frames == 0 || f.Time > r.last {
			r.last = f.Time
		}
		r.frames++
		if teacher {
			continue
		}
		s.sight.Bytes += uint64(f.WireLen)
		if uint32(len(f.Data)) < f.WireLen {
			s.sight.Truncated++
		}
	}
	if !teacher {
		s.sight.Frames += uint64(n)
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
