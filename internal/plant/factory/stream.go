package factory

import (
	"context"
	"io"
	"time"

	"firedoor/internal/packet"
)

// slice is how much of the plant's time passes at once when frames are asked for.
const slice = 50 * time.Millisecond

// Stream gives the plant's frames as they are asked for: nothing happens in the
// plant before. It is not safe for concurrent use.
type Stream struct {
	f     *Factory
	name  string
	end   time.Duration // 0: without one
	bytes []byte
	list  []packet.Frame // their Data is cut from bytes when they are handed over
	spans [][2]int
	at    int
}

// Stream begins a stream with the plant's first frame, that ends when so much time
// has passed (0: never). There must be only one, and nobody else may Run the plant.
func (f *Factory) Stream(name string, end time.Duration) *Stream {
	s := &Stream{f: f, name: name, end: end}
	f.Tap(func(at int64, frame []byte) {
		from := len(s.bytes)
		s.bytes = append(s.bytes, frame...)
		s.spans = append(s.spans, [2]int{from, len(s.bytes)})
		s.list = append(s.list, packet.Frame{Time: at, Link: packet.LinkEthernet, WireLen: uint32(len(frame))})
	})
	return s
}

// Name is the stream's.
func (s *Stream) Name() string { return s.name }

// Skip lets the plant run until n frames have passed.
func (s *Stream) Skip(ctx context.Context, n uint64) error {
	for n > 0 {
		if s.at == len(s.list) && !s.more(0) {
			return io.ErrUnexpectedEOF
		}
		passed := min(uint64(len(s.list)-s.at), n)
		s.at += int(passed)
		n -= passed
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// Fill hands over the next frames, io.EOF behind the last.
func (s *Stream) Fill(_ context.Context, dst []packet.Frame, buf []byte) (int, error) {
	for s.at == len(s.list) {
		if !s.more(0) {
			return 0, io.EOF
		}
	}
	return s.take(dst, buf), nil
}

// Until hands over frames up to a time since the start, which may be none. The
// plant has come so far when there are no more.
func (s *Stream) Until(limit time.Duration, dst []packet.Frame, buf []byte) (n int, over bool) {
	for s.at == len(s.list) {
		if !s.more(limit) {
			return 0, s.end > 0 && s.f.Now() >= s.end
		}
	}
	return s.take(dst, buf), false
}

// more lets a slice of time pass; false at the end, or at a limit that is not 0.
func (s *Stream) more(limit time.Duration) bool {
	now := s.f.Now()
	to := now + slice
	if s.end > 0 {
		to = min(to, s.end)
	}
	if limit > 0 {
		to = min(to, limit)
	}
	if to <= now {
		return false
	}
	s.bytes, s.list, s.spans, s.at = s.bytes[:0], s.list[:0], s.spans[:0], 0
	s.f.Run(to)
	return true
}

// take copies what is at hand, as much as fits.
func (s *Stream) take(dst []packet.Frame, buf []byte) (n int) {
	used := 0
	for n < len(dst) && s.at < len(s.list) {
		span := s.spans[s.at]
		if used+span[1]-span[0] > len(buf) {
			break
		}
		end := used + copy(buf[used:], s.bytes[span[0]:span[1]])
		dst[n] = s.list[s.at]
		dst[n].Data = buf[used:end:end]
		used = end
		n, s.at = n+1, s.at+1
	}
	return n
}
