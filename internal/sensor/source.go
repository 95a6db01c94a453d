package sensor

import (
	"errors"
	"io"

	"firedoor"
	"firedoor/internal/capture"
	"firedoor/internal/flow"
	"firedoor/internal/packet"
)

// source reads all captures in their order and makes batches of them: it is
// where frames get their index, their traffic time, their segment, their lane
// and the mark of what is learned from.
type source struct {
	o        *Options
	parts    []part
	part     int
	reader   frameReader
	scopes   flow.Scopes
	clock    clock
	bare     firedoor.Segment
	index    uint64
	begun    bool
	elapsed  int64 // traffic time of the parts before this one
	start    int64 // of this part
	boundary uint64
	counted  uint64 // frames of captures so far
	damaged  []error
	total    int64 // bytes of all files
	before   int64 // bytes of finished parts

	sight         Sight // what is known before a lane sees the frame
	read          []fileRead
	learnedFrames uint64
	untagged      bool // frames without a tag were seen
}

// fileRead is what was read of one file: times as its frames claim them.
type fileRead struct {
	frames      uint64
	first, last int64
	damaged     string
}

// part is what runs on one clock: one file, or several interleaved.
type part struct {
	files   []string
	index   []uint32
	teacher bool
}

// frameReader is a capture, or several merged.
type frameReader interface {
	Fill(dst []packet.Frame, buf []byte) (n, used int, err error)
	Position() (done, total int64)
	Close() error
}

// merged is several captures interleaved by time.
type merged struct {
	*capture.Merge
	readers []*capture.Reader
}

// Position is how far all of them have come.
func (m *merged) Position() (done, total int64) {
	for _, r := range m.readers {
		d, t := r.Position()
		done, total = done+d, total+t
	}
	return done, total
}

// Close closes all of them.
func (m *merged) Close() error {
	var errs []error
	for _, r := range m.readers {
		errs = append(errs, r.Close())
	}
	return errors.Join(errs...)
}

func newSource(o *Options) (*source, error) {
	s := &source{o: o, read: make([]fileRead, len(o.Captures)+len(o.Teachers))}
	s.bare = s.scopes.Segment(packet.Scope{})
	for i, f := range o.Teachers {
		s.parts = append(s.parts, part{files: []string{f}, index: []uint32{uint32(len(o.Captures) + i)}, teacher: true})
	}
	if o.Merge {
		p := part{files: o.Captures}
		for i := range o.Captures {
			p.index = append(p.index, uint32(i))
		}
		s.parts = append(s.parts, p)
	} else {
		for i, f := range o.Captures {
			s.parts = append(s.parts, part{files: []string{f}, index: []uint32{uint32(i)}})
		}
	}
	return s, s.survey()
}

// UnreadableError says that a file cannot be read at all.
type UnreadableError struct{ Err error }

// Error names the file and the reason.
func (e UnreadableError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e UnreadableError) Unwrap() error { return e.Err }

// survey opens every file once, so that an unreadable one is named before any
// work is done, and counts frames where a share of them is to be learned.
func (s *source) survey() error {
	var frames uint64
	for _, p := range s.parts {
		for i, f := range p.files {
			r, err := capture.Open(f, p.index[i])
			if err != nil {
				return UnreadableError{err}
			}
			_, size := r.Position()
			s.total += size
			r.Close()
			if p.teacher || s.o.LearnPercent == 0 {
				continue
			}
			n, err := capture.Count(f)
			var damage *capture.DamageError
			if err != nil && !errors.As(err, &damage) {
				return err
			}
			frames += n
		}
	}
	s.boundary = uint64(float64(frames) * s.o.LearnPercent / 100)
	return nil
}

// next fills a batch; false when everything was read. A damaged capture ends
// there: what came before is processed, and the damage is kept for the end.
func (s *source) next(b *batch) (bool, error) {
	if s.reader == nil {
		if s.part == len(s.parts) {
			return false, nil
		}
		if err := s.open(); err != nil {
			return false, err
		}
	}
	p := &s.parts[s.part]
	n, err := s.fill(b)
	b.over, b.teacher = err != nil, p.teacher
	s.decode(b, n, p.teacher)
	if s.o.Progress != nil {
		done, _ := s.reader.Position()
		s.o.Progress(s.before+done, s.total)
	}
	if err == nil {
		return true, nil
	}
	files := p.index
	s.close()
	var damage *capture.DamageError
	switch {
	case errors.As(err, &damage):
		s.damaged = append(s.damaged, err)
		s.read[files[0]].damaged = damage.Reason
	case !errors.Is(err, io.EOF):
		return false, err
	}
	return true, nil
}

// fill reads the next frames. On one shard they are done with before the next
// are read, and need not be copied.
func (s *source) fill(b *batch) (n int, err error) {
	if r, ok := s.reader.(*capture.Reader); ok && s.o.Shards == 1 {
		return r.View(b.frames, b.buf)
	}
	n, _, err = s.reader.Fill(b.frames, b.buf)
	return n, err
}

func (s *source) open() error {
	p := &s.parts[s.part]
	var readers []*capture.Reader
	for i, f := range p.files {
		r, err := capture.Open(f, p.index[i])
		if err != nil {
			return UnreadableError{err}
		}
		readers = append(readers, r)
	}
	s.begun = false
	if len(readers) == 1 {
		s.reader = readers[0]
		return nil
	}
	s.reader = &merged{capture.NewMerge(readers), readers}
	return nil
}

func (s *source) close() {
	done, total := s.reader.Position()
	s.before += max(done, total)
	if m, ok := s.reader.(*merged); ok {
		s.damaged = append(s.damaged, m.Errors()...)
	}
	s.reader.Close()
	s.reader = nil
	s.part++
	s.elapsed += s.clock.now - s.start
}

// decode makes items of the first n frames.
func (s *source) decode(b *batch, n int, teacher bool) {
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
		b.last = item{Packet: packet.Packet{Time: s.clock.now, Index: s.index}}
	}
}

// odd counts a frame that is not plain IP.
func (s *source) odd(it *item) {
	if it.Broken != "" || it.Layer == packet.LayerNone {
		s.sight.Undecoded++
	}
	if it.Layer == packet.LayerLink {
		s.sight.NotIP++
	}
}

// note counts the first n frames of a batch for the summary.
func (s *source) note(b *batch, n int, teacher bool) {
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

// learning tells whether the frame at hand belongs to the learning part.
func (s *source) learning() bool {
	if s.o.LearnTime > 0 {
		return s.elapsed+s.clock.now-s.start < int64(s.o.LearnTime)
	}
	return s.counted < s.boundary
}

// begin starts a part's clock with the first frames.
func (s *source) begin(first []packet.Frame) {
	var times []int64
	for i := range first[:min(len(first), 9)] {
		times = append(times, first[i].Time)
	}
	s.clock.start(times)
	s.start, s.begun = s.clock.now, true
}
