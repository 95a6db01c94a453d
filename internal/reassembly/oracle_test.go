package reassembly

import (
	"bytes"
	"fmt"
	"testing"

	"firedoor/internal/packet"

	"pgregory.net/rapid"
)

// tape records what a Sink is told: neighbouring Bytes as one.
type tape struct {
	log    []said
	bytes  []byte
	gaps   int64
	ends   int
	closed bool // something came after the end
}

type said struct {
	bytes []byte
	gap   int64
	end   bool
}

func (s said) String() string {
	switch {
	case s.end:
		return "end"
	case s.bytes != nil:
		return fmt.Sprintf("%x", s.bytes)
	default:
		return fmt.Sprintf("gap %d", s.gap)
	}
}

func (t *tape) Bytes(b []byte) {
	t.closed = t.closed || t.ends > 0 || len(b) == 0
	t.bytes = append(t.bytes, b...)
	if n := len(t.log); n > 0 && t.log[n-1].bytes != nil {
		t.log[n-1].bytes = append(t.log[n-1].bytes, b...)
		return
	}
	t.log = append(t.log, said{bytes: bytes.Clone(b)})
}

func (t *tape) Gap(n int64) {
	t.closed = t.closed || t.ends > 0 || n < 0
	t.gaps += n
	if l := len(t.log); l > 0 && n > 0 && t.log[l-1].gap > 0 {
		t.log[l-1].gap += n
		return
	}
	t.log = append(t.log, said{gap: n})
}

func (t *tape) End() {
	t.ends++
	t.log = append(t.log, said{end: true})
}

// oracle is the Stream told byte by byte, without limits, wild segments and
// resets; positions are offsets from the start of the stream.
type oracle struct {
	tape
	held      map[int64]byte
	next      int64
	acked     int64
	ackSeen   bool
	fin       int64 // -1 unknown
	beyond    int
	conflicts uint64
	unseen    int64
}

func newStreamOracle() *oracle { return &oracle{held: map[int64]byte{}, fin: -1} }

func (o *oracle) segment(at int64, b []byte, missing int64, fin bool) {
	if o.ends > 0 {
		return
	}
	if at == o.next-1 && int64(len(b))+missing <= 1 && !fin {
		return // keep-alive
	}
	end := at + int64(len(b)) + missing
	if fin && end >= o.next && (o.fin < 0 || end < o.fin) {
		o.fin = end
	}
	fresh, before := false, o.next
	turn := at <= o.next
	for i, c := range b {
		pos := at + int64(i)
		if pos < o.next {
			continue
		}
		if old, ok := o.held[pos]; ok {
			if old != c {
				o.conflicts++
			}
			continue
		}
		o.held[pos] = c
		fresh = true
	}
	if turn {
		o.drain()
		for o.next < end {
			o.give(1)
		}
	} else if fresh {
		o.beyond++
	}
	if o.next != before {
		o.beyond = 0
	}
	o.resolve()
}

func (o *oracle) drain() {
	for {
		c, ok := o.held[o.next]
		if !ok {
			return
		}
		delete(o.held, o.next)
		o.Bytes([]byte{c})
		o.next++
	}
}

func (o *oracle) give(n int64) {
	o.Gap(n)
	o.next += n
	o.beyond = 0
	o.drain()
}

func (o *oracle) lowest() int64 {
	low := int64(-1)
	for pos := range o.held {
		if low < 0 || pos < low {
			low = pos
		}
	}
	return low
}

func (o *oracle) resolve() {
	for o.fin != o.next && len(o.held) > 0 {
		low := o.lowest()
		switch {
		case o.ackSeen && o.acked >= low:
			o.unseen += low - o.next
		case !o.ackSeen && o.beyond >= MaxBeyond:
		default:
			return
		}
		o.give(low - o.next)
	}
	if o.fin >= 0 && o.fin < o.next {
		o.fin = -1
	}
	if o.fin < 0 {
		return
	}
	if o.fin > o.next {
		if !o.ackSeen || o.acked < o.fin {
			return
		}
		o.unseen += o.fin - o.next
		o.give(o.fin - o.next)
	}
	o.End()
}

func (o *oracle) ack(pos int64) {
	o.acked, o.ackSeen = pos, true
	if o.ends == 0 {
		o.resolve()
	}
}

func (o *oracle) close() {
	if o.ends > 0 {
		return
	}
	for len(o.held) > 0 {
		o.give(o.lowest() - o.next)
	}
	tail := int64(0)
	switch {
	case o.fin >= 0:
		tail = max(0, o.fin-o.next)
	case o.ackSeen && o.acked-o.next > 1:
		tail = o.acked - o.next
	}
	if o.ackSeen {
		o.unseen += max(0, min(o.acked-o.next, tail))
	}
	if tail > 0 {
		o.give(tail)
	}
	o.End()
}

// cut is one segment of a test stream.
type cut struct {
	at      int
	b       []byte
	fin     bool
	missing int
}

func drawData(t *rapid.T, limit int) []byte {
	n := limit - rapid.IntRange(0, limit-1).Draw(t, "fewer bytes") // small draws are likely: long data
	seed := rapid.Uint32().Draw(t, "seed")
	b := make([]byte, n)
	for i := range b {
		seed = seed*1664525 + 1013904223
		b[i] = byte(seed >> 24)
	}
	return b
}

// drawCuts cuts data into segments that overlap, come twice and in a wrong
// order: no further off than the window says.
func drawCuts(t *rapid.T, data []byte, longest, window int) []cut {
	var cuts []cut
	for at := 0; at < len(data); {
		n := min(rapid.IntRange(1, longest).Draw(t, "length"), len(data)-at)
		from := max(0, at-rapid.SampledFrom([]int{0, 0, 0, 1, 3, 40}).Draw(t, "overlap"))
		cuts = append(cuts, cut{at: from, b: data[from : at+n]})
		if rapid.IntRange(0, 5).Draw(t, "again") == 0 {
			cuts = append(cuts, cuts[rapid.IntRange(0, len(cuts)-1).Draw(t, "which")])
		}
		at += n
	}
	for i := range cuts {
		j := i + rapid.IntRange(0, min(window, len(cuts)-1-i)).Draw(t, "swap")
		cuts[i], cuts[j] = cuts[j], cuts[i]
	}
	return cuts
}

func drawISN(t *rapid.T) uint32 {
	return rapid.OneOf(rapid.Uint32(), rapid.Uint32Range(0xffffff00, 0xffffffff)).Draw(t, "isn")
}

// Any stream that is cut, overlapped, repeated and shuffled within the window
// comes out as it was, once.
func TestStreamComesOutInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := drawData(t, 2000)
		cuts := drawCuts(t, data, 300, 5)
		isn := drawISN(t)
		pool, to := NewPool(DefaultChunks), &tape{}
		var s Stream
		first := data[:0]
		if rapid.Bool().Draw(t, "data on SYN") {
			first = data[:min(len(data), 7)]
		}
		s.Segment(pool, to, isn, packet.SYN, first, 0)
		s.Acked(pool, to, isn+1) // a receiver that acknowledges what it has
		for _, c := range cuts {
			s.Segment(pool, to, isn+1+uint32(c.at), packet.ACK, c.b, 0)
			if rapid.IntRange(0, 3).Draw(t, "ack") == 0 {
				s.Acked(pool, to, isn+1+uint32(s.Offset()))
			}
		}
		s.Segment(pool, to, isn+1+uint32(len(data)), packet.FIN|packet.ACK, nil, 0)
		if !bytes.Equal(to.bytes, data) || to.gaps != 0 || to.ends != 1 || to.closed {
			t.Fatalf("%d bytes of %d, gaps %d, %d ends", len(to.bytes), len(data), to.gaps, to.ends)
		}
		if s.Offset() != int64(len(data)) || pool.Held() != 0 || pool.Counts.Conflicts != 0 {
			t.Fatalf("offset %d, %d chunks held, %d conflicts", s.Offset(), pool.Held(), pool.Counts.Conflicts)
		}
	})
}

// With losses, cut-off payloads, acknowledgements of every kind, conflicting
// overlaps and ends, the Stream says what the oracle says, in its order.
func TestStreamAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := drawData(t, 600)
		cuts := drawCuts(t, data, 60, 12)
		base := drawISN(t)
		finAt := rapid.IntRange(0, len(cuts)).Draw(t, "FIN at")
		acks := rapid.Bool().Draw(t, "acks")
		pool, to, o := NewPool(DefaultChunks), &tape{}, newStreamOracle()
		var s Stream
		s.Segment(pool, to, base-1, packet.SYN, nil, 0)
		for i, c := range cuts {
			switch rapid.IntRange(0, 11).Draw(t, "fate") {
			case 0, 1:
				continue // lost
			case 2:
				k := rapid.IntRange(0, len(c.b)).Draw(t, "kept")
				c.b, c.missing = c.b[:k], len(c.b)-k
			case 3:
				c.b = bytes.Clone(c.b)
				c.b[rapid.IntRange(0, len(c.b)-1).Draw(t, "where")] ^= 0x55
			}
			c.fin = i == finAt
			flags := uint8(packet.ACK)
			if c.fin {
				flags |= packet.FIN
			}
			s.Segment(pool, to, base+uint32(c.at), flags, c.b, uint32(c.missing))
			o.segment(int64(c.at), c.b, int64(c.missing), c.fin)
			if acks && rapid.IntRange(0, 2).Draw(t, "ack") == 0 {
				ack := rapid.IntRange(0, len(data)+1).Draw(t, "acked")
				s.Acked(pool, to, base+uint32(ack))
				o.ack(int64(ack))
			}
			same(t, to, o, &s, pool)
		}
		s.Close(pool, to)
		o.close()
		same(t, to, o, nil, pool)
		if pool.Held() != 0 || s != (Stream{}) {
			t.Fatalf("%d chunks held after Close, %+v", pool.Held(), s)
		}
	})
}

func same(t *rapid.T, to *tape, o *oracle, s *Stream, pool *Pool) {
	if got, want := fmt.Sprint(to.log), fmt.Sprint(o.log); got != want || to.closed {
		t.Fatalf("said  %s\nwants %s", got, want)
	}
	if s != nil && o.ends == 0 && s.Offset() != o.next {
		t.Fatalf("offset %d, want %d", s.Offset(), o.next)
	}
	c := &pool.Counts
	if c.Overflows+c.Wild != 0 {
		t.Fatalf("the test went over the limits: %+v", *c)
	}
	if c.Conflicts != o.conflicts || c.AckedUnseen != uint64(o.unseen) || c.GapBytes != uint64(o.gaps) {
		t.Fatalf("counts %+v, want %d conflicts, %d unseen, %d given up", *c, o.conflicts, o.unseen, o.gaps)
	}
}
