package reassembly

import (
	"fmt"
	"reflect"
	"testing"

	"firedoor/internal/packet"
)

// lateSink notes of all bytes where the pool says they came from.
type lateSink struct {
	pool *Pool
	got  []string
}

func (s *lateSink) Bytes(b []byte) {
	from := "now"
	if s.pool.Late != nil {
		from = fmt.Sprint(s.pool.Late.Frame)
		if s.pool.Filled {
			from += " filled"
		}
	}
	s.got = append(s.got, string(b)+" "+from)
}

func (s *lateSink) Gap(n int64) { s.got = append(s.got, fmt.Sprint("gap ", n)) }
func (s *lateSink) End()        {}

// TestLate tells where held bytes came from: each piece its own segment, or of
// pieces delivered together the latest so far.
func TestLate(t *testing.T) {
	type segment struct {
		frame, seq uint32
		text       string
	}
	for _, c := range []struct {
		name     string
		segments []segment
		ack      uint32 // by frame 9, if not 0
		want     []string
	}{
		{"hole filled", []segment{{1, 10, "a"}, {2, 12, "c"}, {3, 11, "b"}}, 0, []string{"a now", "b now", "c 2 filled"}},
		{"hole given up", []segment{{1, 10, "a"}, {2, 12, "c"}, {3, 13, "d"}}, 14, []string{"a now", "gap 1", "c 2", "d 3"}},
		{"out of order behind a hole", []segment{{1, 10, "a"}, {2, 13, "d"}, {3, 12, "c"}}, 14, []string{"a now", "gap 1", "c 3", "d 3"}},
		{"in order", []segment{{1, 10, "a"}, {2, 11, "b"}}, 12, []string{"a now", "b now"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := NewPool(16)
			frame := uint32(0)
			p.Origin = func() Origin { return Origin{Time: int64(frame), Frame: frame} }
			s, sink := Stream{}, &lateSink{pool: p}
			s.Acked(p, sink, 10)
			for _, seg := range c.segments {
				frame = seg.frame
				s.Segment(p, sink, seg.seq, packet.ACK, []byte(seg.text), 0)
			}
			if c.ack != 0 {
				frame = 9
				s.Acked(p, sink, c.ack)
			}
			if !reflect.DeepEqual(sink.got, c.want) {
				t.Errorf("got %q, want %q", sink.got, c.want)
			}
			if p.Late != nil {
				t.Error("Late is still set behind the last byte")
			}
		})
	}
}
