package sensor

import (
	"errors"
	"io"

	"firedoor/internal/capture"
	"firedoor/internal/packet"
)

// source reads all captures in their order and makes batches of them.
type source struct {
	feed
	o        *Options
	parts    []part
	part     int
	reader   frameReader
	elapsed  int64 // traffic time of the parts before this one
	boundary uint64
	damaged  []error
	total    int64 // bytes of all files
	before   int64 // bytes of finished parts
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
	s := &source{o: o}
	s.begins(len(o.Captures) + len(o.Teachers))
	s.feed.learning = s.learning
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

// UnreadableError says that a file or an interface cannot be read at all.
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
	s.begun, s.calls = false, calls{forgotten: s.calls.forgotten}
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

// learning tells whether the frame at hand belongs to the learning part.
func (s *source) learning() bool {
	if s.o.LearnTime > 0 {
		return s.elapsed+s.clock.now-s.start < int64(s.o.LearnTime)
	}
	return s.counted < s.boundary
}
