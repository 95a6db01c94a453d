package reassembly

import (
	"bytes"
	"fmt"
	"testing"
	"unsafe"

	"firedoor/internal/packet"

	"pgregory.net/rapid"
)

// step is one line of a scenario: a segment, or an acknowledgement (flags 0).
type step struct {
	seq     uint32
	flags   uint8
	b       string
	missing uint32
}

func ack(n uint32) step { return step{seq: n} }

const ackFlag = packet.ACK

func run(s *Stream, p *Pool, to Sink, steps ...step) {
	for _, st := range steps {
		if st.flags == 0 {
			s.Acked(p, to, st.seq)
			continue
		}
		s.Segment(p, to, st.seq, st.flags, []byte(st.b), st.missing)
	}
}

func (t *tape) String() string {
	var b bytes.Buffer
	for i, s := range t.log {
		if i > 0 {
			b.WriteByte(' ')
		}
		if s.bytes != nil {
			b.Write(s.bytes)
		} else {
			b.WriteString(s.String())
		}
	}
	return b.String()
}

func TestPolicies(t *testing.T) {
	data := func(seq uint32, b string) step { return step{seq: seq, flags: ackFlag, b: b} }
	syn := step{seq: 99, flags: packet.SYN}
	cases := []struct {
		name  string
		steps []step
		want  string
		count Counts
	}{
		{"handshake, data, FIN", []step{syn, data(100, "ab"), {102, packet.FIN | ackFlag, "c", 0}}, "abc end", Counts{}},
		{"data on SYN", []step{{99, packet.SYN, "ab", 0}, data(102, "c")}, "abc", Counts{}},
		{"data on SYN comes again without it", []step{{99, packet.SYN, "ab", 0}, data(100, "abc")}, "abc", Counts{Retransmissions: 1}},
		{"SYN comes again", []step{syn, syn, data(100, "ab"), syn}, "ab", Counts{}},
		{"picked up in the middle", []step{data(500, "ab"), data(502, "c")}, "abc", Counts{}},
		{"older data after a pick-up is old", []step{data(500, "ab"), data(490, "0123456789AB"), data(502, "c")}, "abc", Counts{Retransmissions: 1}},
		{"SYN after a pick-up", []step{data(102, "cd"), syn, data(100, "ab"), data(104, "e")}, "cde", Counts{Retransmissions: 1}},
		{"acknowledgements start nothing", []step{{499, ackFlag, "", 0}, data(500, "ab")}, "ab", Counts{}},
		{"a keep-alive before anything", []step{ack(500), data(499, "x"), data(500, "ab")}, "ab", Counts{KeepAlives: 1}},
		{"keep-alives", []step{data(500, "ab"), {501, ackFlag, "", 0}, data(501, "x"), data(502, "c")}, "abc", Counts{KeepAlives: 2}},
		{"FIN first", []step{{500, packet.FIN | ackFlag, "", 0}}, "end", Counts{}},
		{"RST first", []step{{500, packet.RST, "", 0}}, "end", Counts{}},
		{"out of order", []step{syn, data(102, "cd"), data(100, "ab")}, "abcd", Counts{OutOfOrder: 1}},
		{"across the wrap", []step{{0xfffffffd, packet.SYN, "", 0}, data(1, "de"), data(0xfffffffe, "abc")}, "abcde", Counts{OutOfOrder: 1}},
		{"held copy wins", []step{syn, data(102, "cd"), data(100, "abXYe")}, "abcde", Counts{OutOfOrder: 1, Conflicts: 2}},
		{"held copy wins over early copy", []step{syn, data(102, "cd"), data(101, "bXde"), data(100, "a")}, "abcde", Counts{OutOfOrder: 2, Conflicts: 1}},
		{"FIN waits for what is before it", []step{syn, {102, packet.FIN | ackFlag, "c", 0}, data(100, "ab")}, "abc end", Counts{OutOfOrder: 1}},
		{"FIN again", []step{syn, {100, packet.FIN | ackFlag, "a", 0}, {100, packet.FIN | ackFlag, "a", 0}}, "a end", Counts{AfterEnd: 1}},
		{"acknowledged hole before held data", []step{syn, data(103, "de"), ack(102), ack(103)}, "gap 3 de",
			Counts{OutOfOrder: 1, Gaps: 1, GapBytes: 3, AckedUnseen: 3}},
		{"an early acknowledgement skips nothing", []step{syn, ack(102), data(100, "ab"), ack(106), data(102, "cdef")}, "abcdef", Counts{}},
		{"acknowledged hole, then data", []step{syn, ack(103), data(103, "de")}, "gap 3 de",
			Counts{OutOfOrder: 1, Gaps: 1, GapBytes: 3, AckedUnseen: 3}},
		{"lost tail before FIN", []step{syn, data(100, "a"), {103, packet.FIN | ackFlag, "", 0}, ack(104)}, "a gap 2 end",
			Counts{Gaps: 1, GapBytes: 2, AckedUnseen: 2}},
		{"cut off by the capture", []step{syn, {100, ackFlag, "ab", 3}, data(105, "f")}, "ab gap 3 f",
			Counts{Gaps: 1, GapBytes: 3, CutOff: 3}},
		{"cut off, but held", []step{syn, data(102, "c"), {100, ackFlag, "a", 4}, data(105, "f")}, "a gap 1 c gap 2 f",
			Counts{OutOfOrder: 1, Gaps: 2, GapBytes: 3, CutOff: 3}},
		{"cut off early segment leaves a hole", []step{syn, {102, ackFlag, "c", 1}, data(100, "ab"), data(104, "e"), ack(105)}, "abc gap 1 e",
			Counts{OutOfOrder: 2, Gaps: 1, GapBytes: 1, AckedUnseen: 1}},
		{"RST ends at once", []step{syn, data(102, "c"), {103, packet.RST, "", 0}, data(100, "ab")}, "gap 2 c end",
			Counts{OutOfOrder: 1, Gaps: 1, GapBytes: 2, AfterEnd: 1}},
		{"RST out of the window", []step{syn, data(100, "ab"), {101, packet.RST, "", 0}, {102 + MaxResetAhead + 1, packet.RST, "", 0},
			{102 + 3<<29, packet.RST, "", 0}, data(102, "c")}, "abc", Counts{Wild: 3}},
		{"one wild segment", []step{syn, data(100, "ab"), data(100+3<<29, "x"), data(102, "c")}, "abc", Counts{Wild: 1}},
		{"wild segments that go on are followed", []step{syn, data(100, "ab"), data(3<<30, "12"), data(3<<30+2, "34"), data(3<<30+4, "56"), data(3<<30+6, "78")},
			"ab gap 0 5678", Counts{Wild: 3, Gaps: 1, Resyncs: 1}},
		{"doubled wild segments too", []step{syn, data(100, "ab"), data(3<<30, "12"), data(3<<30, "12"), data(3<<30+2, "34"), data(3<<30+2, "34"), data(3<<30+4, "56")},
			"ab gap 0 56", Counts{Wild: 5, Gaps: 1, Resyncs: 1}},
		{"before the start is wild", []step{syn, data(100, "ab"), data(1<<32+102-pickUpSlack-3, "12"), data(102, "c")}, "abc", Counts{Wild: 1}},
		{"nothing to lose: the first wild segment is followed", []step{syn, data(3<<30, "12"), data(3<<30+2, "34")}, "gap 0 1234",
			Counts{Wild: 1, Gaps: 1, Resyncs: 1}},
		{"SYN of another connection", []step{syn, data(100, "ab"), {5000, packet.SYN, "x", 0}, data(102, "c")}, "abc", Counts{Wild: 1}},
		{"spoofed data far ahead", []step{syn, data(100, "ab"), data(1<<29, "x"), data(102, "c"), {103, packet.FIN, "", 0}}, "abc end", Counts{OutOfOrder: 1}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			pool, to := NewPool(DefaultChunks), &tape{}
			var s Stream
			run(&s, pool, to, c.steps...)
			if got := to.String(); got != c.want || to.closed {
				t.Errorf("said %q, want %q", got, c.want)
			}
			if pool.Counts != c.count {
				t.Errorf("counts %+v\nwant   %+v", pool.Counts, c.count)
			}
			s.Close(pool, to)
			if to.ends != 1 || pool.Held() != 0 {
				t.Errorf("after Close: %d ends, %d chunks", to.ends, pool.Held())
			}
		})
	}
}

// Without acknowledgements a hole is given up after MaxBeyond segments, the
// same one twice counting once; with them it waits.
func TestOneWay(t *testing.T) {
	for _, acks := range []bool{false, true} {
		pool, to := NewPool(DefaultChunks), &tape{}
		var s Stream
		run(&s, pool, to, step{99, packet.SYN, "", 0})
		if acks {
			run(&s, pool, to, ack(100))
		}
		for i := range uint32(MaxBeyond) {
			if to.log != nil {
				t.Fatalf("gave up after %d segments", i)
			}
			for range 2 {
				run(&s, pool, to, step{105 + i, ackFlag, "x", 0})
			}
		}
		want := "gap 5 xxxxxxxx"
		if acks {
			want = ""
		}
		if to.String() != want {
			t.Errorf("acknowledgements %v: said %q, want %q", acks, to, want)
		}
	}
}

// Close tells what was known to be on its way.
func TestCloseTellsTheTail(t *testing.T) {
	for _, c := range []struct {
		name   string
		steps  []step
		want   string
		unseen uint64
	}{
		{"nothing seen", nil, "", 0},
		{"only acknowledgements seen", []step{ack(100), ack(500)}, "", 400},
		{"held", []step{{99, packet.SYN, "", 0}, {105, ackFlag, "x", 0}}, "gap 5 x end", 0},
		{"acknowledged", []step{{99, packet.SYN, "", 0}, ack(110)}, "gap 10 end", 10},
		{"perhaps only a FIN", []step{{99, packet.SYN, "", 0}, ack(101)}, "end", 0},
		{"FIN behind a hole", []step{{99, packet.SYN, "", 0}, {110, packet.FIN, "", 0}}, "gap 10 end", 0},
		{"FIN behind a hole, half acknowledged", []step{{99, packet.SYN, "", 0}, ack(105), {110, packet.FIN, "", 0}}, "gap 10 end", 5},
		{"absurd acknowledgement", []step{{99, packet.SYN, "", 0}, ack(3 << 30)}, "end", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool, to := NewPool(DefaultChunks), &tape{}
			var s Stream
			run(&s, pool, to, c.steps...)
			s.Close(pool, to)
			if to.String() != c.want || pool.Counts.AckedUnseen != c.unseen || s != (Stream{}) {
				t.Errorf("said %q, want %q; %d unseen, want %d", to, c.want, pool.Counts.AckedUnseen, c.unseen)
			}
		})
	}
}

func TestReused(t *testing.T) {
	syn := step{99, packet.SYN, "", 0}
	ab := step{100, ackFlag, "ab", 0}
	fin := step{102, packet.FIN | ackFlag, "", 0}
	rst := step{102, packet.RST, "", 0}
	for _, c := range []struct {
		name  string
		steps []step
		next  step
		want  bool
	}{
		{"nothing seen", nil, syn, false},
		{"the same SYN", []step{syn, ab}, syn, false},
		{"another SYN", []step{syn, ab}, step{7000, packet.SYN, "", 0}, true},
		{"another SYN after the end", []step{syn, ab, fin}, step{7000, packet.SYN, "", 0}, true},
		{"the same SYN after RST", []step{syn, rst}, syn, false},
		{"SYN that was overtaken", []step{ab}, syn, false},
		{"SYN after a pick-up", []step{ab}, step{7000, packet.SYN, "", 0}, true},
		{"more data", []step{syn, ab}, step{102, ackFlag, "cd", 0}, false},
		{"the same data after FIN", []step{syn, ab, fin}, ab, false},
		{"acknowledgement after FIN", []step{syn, ab, fin}, step{103, ackFlag, "", 0}, false},
		{"keep-alive after FIN", []step{syn, ab, fin}, step{102, ackFlag, "x", 0}, false},
		{"data that denies the FIN", []step{syn, ab, fin}, step{102, ackFlag, "cd", 0}, true},
		{"data that denies the RST", []step{syn, ab, rst}, step{101, ackFlag, "bcd", 0}, true},
		{"data behind the RST", []step{syn, ab, rst}, step{105, ackFlag, "xy", 0}, false},
		{"another RST", []step{syn, ab, rst}, step{102, packet.RST, "cd", 0}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool, to := NewPool(DefaultChunks), &tape{}
			var s Stream
			run(&s, pool, to, c.steps...)
			if got := s.Reused(c.next.seq, c.next.flags, len(c.next.b)); got != c.want {
				t.Errorf("Reused is %v", got)
			}
		})
	}
}

// At the limits the hole goes, not the data: all that was given comes out, at
// its place, and no limit is passed.
func TestStreamLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chunks := rapid.SampledFrom([]int{0, 1, 2, 40, DefaultChunks}).Draw(t, "chunks")
		pool := NewPool(chunks)
		var streams [3]Stream
		var tapes [3]tape
		var given [3][]byte // 0 where nothing was given
		base := drawISN(t)
		for i := range streams {
			streams[i].Segment(pool, &tapes[i], base-1, packet.SYN, nil, 0)
			streams[i].Acked(pool, &tapes[i], base) // holes wait
		}
		for n := range rapid.IntRange(1, 80).Draw(t, "segments") {
			i := rapid.IntRange(0, len(streams)-1).Draw(t, "stream")
			s, to := &streams[i], &tapes[i]
			pos := int(s.Offset()) + rapid.IntRange(0, 20).Draw(t, "ahead")*rapid.SampledFrom([]int{1, 100, 3000}).Draw(t, "times")
			b := bytes.Repeat([]byte{byte(n + 1)}, rapid.SampledFrom([]int{1, 100, ChunkSize, 5000, 70_000}).Draw(t, "bytes"))
			if more := pos + len(b) - len(given[i]); more > 0 {
				given[i] = append(given[i], make([]byte, more)...)
			}
			for k := range b {
				if g := &given[i][pos+k]; *g == 0 {
					*g = b[k]
				}
			}
			s.Segment(pool, to, base+uint32(pos), packet.ACK, b, 0)
			if pool.Held() > chunks || s.hold != 0 && pool.holds[s.hold-1].n > MaxPieces {
				t.Fatal("over the limit")
			}
		}
		for i := range streams {
			streams[i].Close(pool, &tapes[i])
			var got []byte
			for _, l := range tapes[i].log {
				got = append(append(got, l.bytes...), make([]byte, l.gap)...)
			}
			if !bytes.Equal(got, given[i]) {
				t.Fatalf("stream %d: what came out, gaps as zeros, is not what was given", i)
			}
		}
		if pool.Held() != 0 || len(pool.freeHold) != len(pool.holds) {
			t.Fatalf("%d chunks and %d of %d holds left", pool.Held(), len(pool.freeHold), len(pool.holds))
		}
	})
}

func TestStreamIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(Stream{}); n > 40 {
		t.Errorf("a Stream takes %d bytes, want at most 40", n)
	}
}

// count is a Sink that keeps nothing.
type count struct{ bytes, gaps, ends int }

func (c *count) Bytes(b []byte) { c.bytes += len(b) }
func (c *count) Gap(n int64)    { c.gaps++ }
func (c *count) End()           { c.ends++ }

func TestStreamAllocatesNothing(t *testing.T) {
	pool, to := NewPool(DefaultChunks), &count{}
	payload := make([]byte, 3000)
	var s Stream
	seq := uint32(1)
	s.Segment(pool, to, 0, packet.SYN, nil, 0)
	inOrder := func() {
		for range 100 {
			s.Segment(pool, to, seq, packet.ACK, payload, 0)
			seq += uint32(len(payload))
			s.Acked(pool, to, seq)
		}
	}
	outOfOrder := func() {
		n := uint32(len(payload))
		for range 100 {
			s.Segment(pool, to, seq+2*n, packet.ACK, payload, 0)
			s.Segment(pool, to, seq+n, packet.ACK, payload, 0)
			s.Segment(pool, to, seq, packet.ACK, payload, 0)
			s.Segment(pool, to, seq+4*n, packet.ACK, payload, 0)
			seq += 5 * n
			s.Acked(pool, to, seq)
		}
	}
	for name, f := range map[string]func(){"in order": inOrder, "out of order": outOfOrder} {
		f()
		if n := testing.AllocsPerRun(50, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	if to.gaps == 0 || pool.Held() != 0 {
		t.Errorf("%d gaps, %d chunks held", to.gaps, pool.Held())
	}
}

// FuzzStream plays any segments and acknowledgements to two streams that share
// a small pool: nothing may panic, pass a limit or get lost.
func FuzzStream(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 16, 0, 0, 9, 16, 0, 9, 9, 17, 0, 18, 1})
	f.Add([]byte{2, 0, 0, 0, 16, 0, 20, 200, 0x50, 0, 20, 0, 16, 0, 0, 10, 4, 0, 220, 0})
	f.Add([]byte{2, 0, 0, 0, 16, 0, 1, 1, 0x90, 0xc0, 0, 4, 0x90, 0xc0, 4, 4, 0x90, 0xc0, 8, 4})
	f.Fuzz(func(t *testing.T, script []byte) {
		pool := NewPool(12)
		var streams [2]Stream
		var tapes [2]strict
		payload := make([]byte, 255*300)
		for ; len(script) >= 4; script = script[4:] {
			op, n := script[0], int(script[3])
			s, to := &streams[op>>5&1], &tapes[op>>5&1]
			seq := uint32(script[1])<<8 | uint32(script[2])
			if op&0x80 != 0 {
				seq = uint32(script[1])<<24 | uint32(script[2])
			}
			flags := op & (packet.FIN | packet.SYN | packet.RST | packet.ACK)
			if op&0x40 != 0 {
				s.Acked(pool, to, seq)
				continue
			}
			missing := uint32(0)
			if op&0x08 != 0 {
				missing = uint32(n) << (script[1] & 31)
				n /= 3
			}
			if seq&3 == 3 {
				n *= 300
			}
			if s.Reused(seq, flags, n) {
				s.Close(pool, to)
				*to = strict{}
			}
			s.Segment(pool, to, seq, flags, payload[:n], missing)
			to.check(t, s)
			if pool.Held() > 12 {
				t.Fatal("over the limit")
			}
		}
		for i := range streams {
			streams[i].Close(pool, &tapes[i])
			if tapes[i].ends > 1 || tapes[i].late {
				t.Fatalf("%+v", tapes[i])
			}
		}
		if pool.Held() != 0 || len(pool.freeHold) != len(pool.holds) {
			t.Fatal("chunks or holds are lost")
		}
	})
}

// strict is a Sink that adds up.
type strict struct {
	offset int64
	ends   int
	late   bool
}

func (c *strict) Bytes(b []byte) {
	c.offset += int64(len(b))
	c.late = c.late || c.ends > 0 || len(b) == 0
}
func (c *strict) Gap(n int64) { c.offset += n; c.late = c.late || c.ends > 0 || n < 0 }
func (c *strict) End()        { c.ends++ }

func (c *strict) check(t *testing.T, s *Stream) {
	if c.late || c.ends > 1 || c.offset != s.Offset() || s.Ended() != (c.ends == 1) {
		t.Fatalf("told %+v, the stream stands at %d, ended %v", *c, s.Offset(), s.Ended())
	}
	if s.hold == 0 && s.beyond != 0 {
		t.Fatal(fmt.Sprint("segments beyond no hole: ", s.beyond))
	}
}

func BenchmarkInOrder(b *testing.B) {
	pool := NewPool(DefaultChunks)
	var to Sink = &count{}
	payload := make([]byte, 60)
	streams := make([]Stream, 2)
	seq := uint32(1)
	b.ReportAllocs()
	for range b.N {
		streams[0].Segment(pool, to, seq, packet.ACK, payload, 0)
		seq += uint32(len(payload))
		streams[1].Acked(pool, to, seq)
	}
}

func BenchmarkSwapped(b *testing.B) {
	pool := NewPool(DefaultChunks)
	var to Sink = &count{}
	payload := make([]byte, 1460)
	var s Stream
	seq := uint32(1)
	s.Segment(pool, to, 0, packet.SYN, nil, 0)
	b.ReportAllocs()
	for range b.N / 2 {
		s.Segment(pool, to, seq+1460, packet.ACK, payload, 0)
		s.Segment(pool, to, seq, packet.ACK, payload, 0)
		seq += 2920
	}
}

// What was broken once stays mended.
func TestEndBeforeHeldData(t *testing.T) {
	pool, to := NewPool(DefaultChunks), &tape{}
	var s Stream
	run(&s, pool, to, step{99, packet.SYN, "", 0}, step{101, packet.FIN | ackFlag, "b", 0}, step{110, ackFlag, "x", 0}, ack(101))
	if to.String() != "gap 1 b end" || pool.Held() != 0 {
		t.Errorf("said %q, %d chunks held", to, pool.Held())
	}
}
