package reassembly

import (
	"bytes"
	"testing"

	"firedoor"
	"firedoor/internal/packet"

	"pgregory.net/rapid"
)

func fragment(v6 bool, id uint32, at int, b []byte, more bool, now int64) *packet.Packet {
	p := &packet.Packet{Time: now, Layer: packet.LayerNetwork, Proto: packet.UDP, Fragment: true, IPID: id,
		FragOffset: uint32(at), More: more, Payload: b, SrcIP: firedoor.IPv4(1), DstIP: firedoor.IPv4(2)}
	if v6 {
		p.SrcIP, p.DstIP = firedoor.IP{Hi: 1, Lo: 1}, firedoor.IP{Hi: 1, Lo: 2}
	}
	return p
}

// fragmentOracle is one datagram, byte by byte.
type fragmentOracle struct {
	have     map[int]byte
	total    int
	reach    int
	dead     bool
	overlaps uint64
	bad      uint64
	again    uint64
}

func (o *fragmentOracle) add(v6 bool, at int, b []byte, more bool) ([]byte, bool) {
	end := at + len(b)
	if o.dead {
		return nil, false
	}
	if o.total >= 0 && (end > o.total || !more && end != o.total) || !more && end < o.reach {
		o.bad++
		return nil, false
	}
	if !more {
		o.total = end
	}
	o.reach = max(o.reach, end)
	fresh, old, differ := false, false, false
	for i, c := range b {
		was, ok := o.have[at+i]
		old = old || ok
		differ = differ || ok && was != c
		fresh = fresh || !ok
	}
	if !fresh && !differ {
		o.again++
		return nil, false
	}
	if old {
		o.overlaps++
		if v6 {
			o.dead = true
			return nil, false
		}
	}
	for i, c := range b {
		if _, ok := o.have[at+i]; !ok {
			o.have[at+i] = c
		}
	}
	if len(o.have) != o.total {
		return nil, false
	}
	whole := make([]byte, o.total)
	for i := range whole {
		whole[i] = o.have[i]
	}
	*o = fragmentOracle{have: map[int]byte{}, total: -1, overlaps: o.overlaps, bad: o.bad, again: o.again}
	return whole, true
}

// However a datagram is cut, shuffled, repeated, overlapped and contradicted,
// Fragments says what the oracle says.
func TestFragmentsAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v6 := rapid.Bool().Draw(t, "v6")
		data := drawData(t, rapid.SampledFrom([]int{40, 3000, 9000, MaxDatagram}).Draw(t, "limit"))
		longest := rapid.SampledFrom([]int{1, 5, 185, 1100}).Draw(t, "longest") * max(1, len(data)/20000)
		type piece struct {
			at   int
			b    []byte
			more bool
		}
		var pieces []piece
		for at := 0; at < len(data) && len(pieces) < 100; {
			n := min(unit*(1+longest-rapid.IntRange(1, longest).Draw(t, "shorter")), len(data)-at)
			if len(pieces) == 99 {
				n = len(data) - at
			}
			from := max(0, at-unit*rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 1, 30}).Draw(t, "overlap"))
			pieces = append(pieces, piece{from, data[from : at+n], at+n < len(data)})
			at += n
		}
		for range rapid.IntRange(0, 2).Draw(t, "oddities") {
			p := pieces[rapid.IntRange(0, len(pieces)-1).Draw(t, "of")]
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0: // the same again
			case 1:
				p.b = bytes.Clone(p.b)
				p.b[rapid.IntRange(0, len(p.b)-1).Draw(t, "where")] ^= 1
			default: // another end
				p.b, p.more = p.b[:rapid.IntRange(1, len(p.b)).Draw(t, "cut")], false
			}
			pieces = append(pieces, p)
		}
		if rapid.IntRange(0, 3).Draw(t, "in order") > 0 {
			pieces = rapid.Permutation(pieces).Draw(t, "order")
		}
		var f Fragments
		o := fragmentOracle{have: map[int]byte{}, total: -1}
		for _, p := range pieces {
			if p.at == 0 && !p.more {
				continue // no fragment
			}
			got, done := f.Add(fragment(v6, 7, p.at, p.b, p.more, 0), 3)
			want, wantDone := o.add(v6, p.at, p.b, p.more)
			if done != wantDone || !bytes.Equal(got, want) {
				t.Fatalf("at %d, %d bytes: done %v with %d bytes, want %v with %d", p.at, len(p.b), done, len(got), wantDone, len(want))
			}
		}
		c := f.Counts
		if c.Overlaps != o.overlaps || c.Bad != o.bad || c.Duplicates != o.again || c.Evicted+c.TimedOut+c.TooBig != 0 {
			t.Fatalf("counts %+v, want %d overlaps, %d bad, %d again", c, o.overlaps, o.bad, o.again)
		}
		f.Expire(FragmentTimeout + 1)
		if f.Pending() != 0 || len(f.freePage) != len(f.pages) || len(f.free) != len(f.datagrams) {
			t.Fatalf("%d pending, %d of %d pages free", f.Pending(), len(f.freePage), len(f.pages))
		}
	})
}

// Fragments of datagrams that differ in any part of the key do not meet.
func TestFragmentKeys(t *testing.T) {
	var f Fragments
	base := *fragment(false, 7, 0, []byte("12345678"), true, 0)
	f.Add(&base, 1)
	last := *fragment(false, 7, 8, []byte("9"), false, 0)
	for name, change := range map[string]func(p *packet.Packet, seg *firedoor.Segment){
		"segment":     func(_ *packet.Packet, seg *firedoor.Segment) { *seg = 2 },
		"id":          func(p *packet.Packet, _ *firedoor.Segment) { p.IPID = 8 },
		"source":      func(p *packet.Packet, _ *firedoor.Segment) { p.SrcIP = firedoor.IPv4(9) },
		"destination": func(p *packet.Packet, _ *firedoor.Segment) { p.DstIP = firedoor.IPv4(9) },
		"protocol":    func(p *packet.Packet, _ *firedoor.Segment) { p.Proto = packet.TCP },
	} {
		p, seg := last, firedoor.Segment(1)
		change(&p, &seg)
		if _, done := f.Add(&p, seg); done {
			t.Errorf("another %s: the datagram was completed", name)
		}
	}
	if b, done := f.Add(&last, 1); !done || string(b) != "123456789" {
		t.Errorf("%q, %v", b, done)
	}
	if f.Pending() != 5 {
		t.Errorf("%d datagrams wait, want 5", f.Pending())
	}
}

func TestFragmentsUnusable(t *testing.T) {
	eight := []byte("12345678")
	for _, c := range []struct {
		name string
		p    *packet.Packet
		miss uint32
		want FragmentCounts
	}{
		{"cut off by the capture", fragment(false, 1, 8, eight, true, 0), 5, FragmentCounts{CutOff: 1}},
		{"empty", fragment(false, 1, 8, nil, true, 0), 0, FragmentCounts{Bad: 1}},
		{"no multiple of eight", fragment(false, 1, 8, eight[:7], true, 0), 0, FragmentCounts{Bad: 1}},
		{"odd offset", fragment(false, 1, 9, eight, true, 0), 0, FragmentCounts{Bad: 1}},
		{"beyond the largest datagram", fragment(false, 1, 65528, eight, false, 0), 0, FragmentCounts{TooBig: 1}},
		{"far beyond", fragment(false, 1, 0xfffffff8, eight, false, 0), 0, FragmentCounts{TooBig: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f Fragments
			c.p.Missing = c.miss
			if _, done := f.Add(c.p, 0); done || f.Pending() != 0 || f.Counts != c.want {
				t.Errorf("done %v, %d pending, %+v", done, f.Pending(), f.Counts)
			}
		})
	}
	var f Fragments
	if b, done := f.Add(fragment(true, 1, 0, eight, false, 0), 0); !done || string(b) != string(eight) || f.Pending() != 0 {
		t.Errorf("a datagram in one fragment: %q, %v", b, done)
	}
	if _, done := f.Add(fragment(false, 2, 65520, append(eight, 1, 2, 3, 4, 5, 6, 7), false, 0), 0); done || f.Pending() != 1 {
		t.Error("the largest datagram was not taken")
	}
}

func TestFragmentsTimeOut(t *testing.T) {
	var f Fragments
	eight := []byte("12345678")
	f.Add(fragment(false, 1, 0, eight, true, 100), 0)
	f.Add(fragment(false, 2, 0, eight, true, 200), 0)
	if _, done := f.Add(fragment(false, 1, 8, eight, false, FragmentTimeout+100), 0); !done {
		t.Error("timed out too early")
	}
	if _, done := f.Add(fragment(false, 2, 8, eight, false, FragmentTimeout+201), 0); done || f.Counts.TimedOut != 1 {
		t.Errorf("did not time out: %+v", f.Counts)
	}
}

// At the limits the oldest go, and the rest is unharmed.
func TestFragmentsEvictOldest(t *testing.T) {
	t.Run("datagrams", func(t *testing.T) {
		var f Fragments
		for id := range uint32(MaxDatagrams + 10) {
			f.Add(fragment(false, id, 0, make([]byte, 8), true, int64(id)), 0)
		}
		if f.Pending() != MaxDatagrams || f.Counts.Evicted != 10 {
			t.Fatalf("%d pending, %+v", f.Pending(), f.Counts)
		}
		if _, done := f.Add(fragment(false, 10, 8, []byte{1}, false, 300), 0); !done {
			t.Error("the oldest that stays does not complete")
		}
		if _, done := f.Add(fragment(false, 9, 8, []byte{1}, false, 300), 0); done {
			t.Error("the youngest that went completes")
		}
	})
	t.Run("pages", func(t *testing.T) {
		var f Fragments
		half := make([]byte, 32768)
		for id := range uint32(40) { // 16 pages each
			f.Add(fragment(false, id, 0, half, true, int64(id)), 0)
		}
		if want := MaxPages / 16; f.Pending() != want || len(f.pages) != MaxPages {
			t.Fatalf("%d pending in %d pages, want %d", f.Pending(), len(f.pages), want)
		}
		b, done := f.Add(fragment(false, 24, 32768, half[:32767], false, 50), 0) // the oldest itself needs more
		if !done || len(b) != MaxDatagram {
			t.Errorf("the oldest does not complete when it needs the room: %d bytes", len(b))
		}
	})
}

func TestFragmentsAllocateNothing(t *testing.T) {
	var f Fragments
	a, b := make([]byte, 1480), make([]byte, 900)
	p, q := fragment(false, 0, 0, a, true, 0), fragment(false, 0, 1480, b, false, 0)
	id := uint32(0)
	step := func() {
		for range 300 {
			id++
			p.IPID, q.IPID = id, id
			f.Add(q, 0)
			if id%4 != 0 { // every fourth never completes
				f.Add(p, 0)
			}
		}
	}
	for range 5 {
		step()
	}
	if n := testing.AllocsPerRun(20, step); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func FuzzFragments(f *testing.F) {
	f.Add([]byte{0, 0, 1, 9, 1, 1, 0, 4}, false)
	f.Add([]byte{2, 0, 1, 40, 2, 3, 0, 200, 2, 1, 1, 255, 1, 0, 0, 1}, true)
	f.Fuzz(func(t *testing.T, script []byte, v6 bool) {
		var fr Fragments
		payload := make([]byte, 255*64)
		for now := int64(0); len(script) >= 4; script = script[4:] {
			now += int64(script[0]>>4) * FragmentTimeout / 8
			n := int(script[3])
			if script[2]&2 != 0 {
				n *= 64
			}
			p := fragment(v6, uint32(script[0]&7), int(script[1])*unit*(1+int(script[2]>>3)), payload[:n], script[2]&1 != 0, now)
			whole, done := fr.Add(p, 0)
			if len(whole) > MaxDatagram || done && len(whole) == 0 {
				t.Fatalf("%d bytes, done %v", len(whole), done)
			}
			if fr.Pending() > MaxDatagrams || len(fr.pages) > MaxPages {
				t.Fatal("over the limit")
			}
		}
		fr.Expire(1 << 62)
		if len(fr.freePage) != len(fr.pages) || len(fr.free) != len(fr.datagrams) {
			t.Fatalf("lost pages: %d of %d free", len(fr.freePage), len(fr.pages))
		}
	})
}

func BenchmarkFragments(b *testing.B) {
	var f Fragments
	data := make([]byte, 1480)
	p, q := fragment(false, 0, 0, data, true, 0), fragment(false, 0, 1480, data, false, 0)
	b.ReportAllocs()
	for i := range b.N {
		p.IPID, q.IPID = uint32(i), uint32(i)
		f.Add(p, 0)
		f.Add(q, 0)
	}
}
