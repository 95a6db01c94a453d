package protocoltest

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"firedoor"
	"firedoor/internal/protocol"
)

// cuts checks that a stream gives the same events however it is cut: byte by
// byte, in pieces of random size, and all a side sends at a time in one.
func (s *suite) cuts(t *testing.T, st *sight, base *player) {
	if !hasTCP(st) {
		t.Skip("datagrams are never cut")
	}
	whole := untilGap(st.chunks)
	ways := []struct {
		name string
		cut  func([]chunk) []chunk
	}{
		{"byte by byte", func(c []chunk) []chunk { return split(c, func(int) int { return 1 }) }},
		{"at random, seed 1", func(c []chunk) []chunk { return split(c, random(1, 40)) }},
		{"at random, seed 2", func(c []chunk) []chunk { return split(c, random(2, 7)) }},
		{"all at once", join},
	}
	plain := newPlayer(s.list)
	plain.play(whole)
	for _, way := range ways {
		p := newPlayer(s.list)
		p.play(way.cut(whole))
		report(t, p)
		for _, f := range st.flows {
			if f.kind == overTCP && !f.sure {
				continue // where a flow is picked up in the middle depends on the cuts
			}
			if diff := sameEvents(p.ofFlow(f), plain.ofFlow(f)); diff != "" {
				t.Errorf("flow %d cut %s differs: %s", f.index, way.name, diff)
			}
		}
	}
}

func hasTCP(st *sight) bool {
	for _, f := range st.flows {
		if f.kind == overTCP {
			return true
		}
	}
	return false
}

// untilGap drops what comes of a flow after its first gap: where a parser finds
// its feet again may depend on the cuts.
func untilGap(chunks []chunk) []chunk {
	stopped := map[*flow]bool{}
	var out []chunk
	for _, c := range chunks {
		stopped[c.flow] = stopped[c.flow] || c.missing > 0
		if !stopped[c.flow] {
			out = append(out, c)
		}
	}
	return out
}

// split cuts TCP chunks into pieces of next(left) bytes.
func split(chunks []chunk, next func(left int) int) []chunk {
	var out []chunk
	for _, c := range chunks {
		for c.flow.kind == overTCP && len(c.data) > 1 {
			n := next(len(c.data))
			if n >= len(c.data) {
				break
			}
			piece := c
			piece.data = c.data[:n]
			out = append(out, piece)
			c.data, c.missing = c.data[n:], 0
		}
		out = append(out, c)
	}
	return out
}

func random(seed uint64, most int) func(int) int {
	r := rand.New(rand.NewPCG(seed, 0))
	return func(int) int { return 1 + r.IntN(most) }
}

// join puts together what one side of a flow sends before the other speaks.
func join(chunks []chunk) []chunk {
	last := map[*flow]int{}
	var out []chunk
	for _, c := range chunks {
		i, ok := last[c.flow]
		if ok && c.flow.kind == overTCP && out[i].side == c.side && c.missing == 0 {
			out[i].data = append(bytes.Clone(out[i].data), c.data...)
			continue
		}
		last[c.flow] = len(out)
		out = append(out, c)
	}
	return out
}

// sameEvents compares two runs of a flow up to the first framing error: what is
// thrown away with it depends on the cuts, and the contract says so.
func sameEvents(got, want []record) string {
	for i := range want {
		switch {
		case i >= len(got):
			return "missing " + want[i].text
		case got[i].dir != want[i].dir || got[i].bare != want[i].bare:
			return "got " + got[i].text + ", want " + want[i].text
		case want[i].framing:
			return ""
		}
	}
	if len(got) > len(want) {
		return "extra " + got[len(want)].text
	}
	return ""
}

// spans checks that the span of every asked operation holds the request: it
// lies in the client's stream, reads back alone as the same operation if the
// parser can read it without what came before, and stays a well-framed request
// with any of its refusals applied.
func (s *suite) spans(t *testing.T, st *sight, base *player) {
	streams := map[*flow]*[2][]byte{}
	at := 0
	for i := range base.records {
		r := &base.records[i]
		for ; at <= r.chunk; at++ {
			grow(streams, &st.chunks[at])
		}
		if r.kind != firedoor.EventOperation || r.phase != firedoor.Asked {
			continue
		}
		side := int(r.dir) ^ int(base.runners[r.flow].Client())
		stream := streams[r.flow][side]
		if r.span.End > int64(len(stream)) {
			t.Errorf("%s: the span ends behind the %d bytes of the stream so far", r.text, len(stream))
			continue
		}
		s.readBack(t, r, stream[r.span.Start:r.span.End])
	}
}

// grow appends a chunk to its stream; missing bytes are zero.
func grow(streams map[*flow]*[2][]byte, c *chunk) {
	if streams[c.flow] == nil {
		streams[c.flow] = &[2][]byte{}
	}
	b := &streams[c.flow][c.side]
	*b = append(append(*b, make([]byte, c.missing)...), c.data...)
}

// readBack parses the span of an asked operation alone.
func (s *suite) readBack(t *testing.T, r *record, request []byte) {
	alone, used, ok := s.alone(r, request)
	if !ok {
		return // needs what came before it
	}
	same := false
	for _, a := range alone {
		same = same || withoutNumbers(a.bare, r.agreed) == withoutNumbers(r.bare, r.agreed)
	}
	if len(alone) > 0 && !same {
		t.Errorf("the span of %q, parsed alone, gives %q", r.text, alone[0].text)
	}
	for _, ref := range r.refusal {
		patched := bytes.Clone(request)
		copy(patched[ref.Offset:], ref.Bytes[:ref.Len])
		if bytes.Equal(patched, request) {
			continue // already what the device refuses
		}
		if _, n, ok := s.alone(r, patched); !ok || n != used {
			t.Errorf("%s: with refusal %q the request is no longer framed as before", r.text, ref.Name)
		}
	}
}

// alone parses bytes with a new parser; ok if framing held.
func (s *suite) alone(r *record, b []byte) (asked []record, used int, ok bool) {
	p := newPlayer(s.list)
	p.flow = r.flow
	w := p.host.ByName(r.parser).New()
	n, err := w.Parse(r.dir, bytes.Clone(b), func(e *firedoor.Event) {
		if e.Kind == firedoor.EventOperation && e.Operation.Phase == firedoor.Asked {
			asked = append(asked, record{text: describe(e, false), bare: describe(e, true)})
		}
	})
	return asked, n, err == nil && n > 0
}

// withoutNumbers cuts off an operation's line what a message alone may not say:
// id and item, and a unit that was agreed on when the connection began.
func withoutNumbers(bare string, agreed bool) string {
	words := bytes.Fields([]byte(bare))
	out := words[:0]
	for _, w := range words {
		if !bytes.HasPrefix(w, []byte("id=")) && !bytes.HasPrefix(w, []byte("item=")) && !(agreed && bytes.HasPrefix(w, []byte("unit"))) {
			out = append(out, w)
		}
	}
	return string(bytes.Join(out, []byte(" ")))
}

// damageRounds is how many damaged copies of a capture are played.
const damageRounds = 16

// damage flips bytes: parsers must not panic, must keep the contract and must
// not hoard what they cannot read.
func (s *suite) damage(t *testing.T, st *sight, base *player) {
	forced := starts(st, base)
	for round := range damageRounds {
		rnd := rand.New(rand.NewPCG(uint64(round), 1))
		p := newPlayer(s.list)
		p.forced, p.damaged = forced, true
		damaged := make([]chunk, len(st.chunks))
		for i, c := range st.chunks {
			c.data = bytes.Clone(c.data)
			if rnd.IntN(4) == 0 {
				for range 1 + rnd.IntN(3) {
					c.data[rnd.IntN(len(c.data))] = byte(rnd.Uint32())
				}
			}
			damaged[i] = c
		}
		p.play(damaged)
		report(t, p)
	}
	s.flood(t, st, forced)
	s.shorten(t, st, forced)
}

// starts makes each flow begin with the protocol it was found to speak, so that
// damage reaches the parser and not only the probe.
func starts(st *sight, base *player) map[*flow]start {
	out := map[*flow]start{}
	for _, f := range st.flows {
		if name := base.spokeFirst(f); name != "" && f.kind != overEthernet {
			out[f] = start{name, int(base.runners[f].Client())}
		}
	}
	return out
}

// flood feeds each parser a stream that goes on from a wrong place for more
// than a parser may hold back.
func (s *suite) flood(t *testing.T, st *sight, forced map[*flow]start) {
	for _, f := range st.flows {
		if _, ok := forced[f]; !ok || f.kind != overTCP {
			continue
		}
		for side := range 2 {
			var stream []byte
			for _, c := range st.chunks {
				if c.flow == f && c.side == side {
					stream = append(stream, c.data...)
				}
			}
			for _, skip := range []int{1, 2, 3, 5, 7} {
				if len(stream) <= skip {
					continue
				}
				p := newPlayer(s.list)
				p.forced, p.damaged, p.quiet = forced, true, true
				piece := bytes.Repeat(stream[skip:], 1+(16<<10)/len(stream))
				for fed := 0; fed < 2*protocol.MaxMessage; fed += len(piece) {
					p.feed(0, &chunk{flow: f, side: side, data: piece})
				}
				report(t, p)
			}
		}
	}
}

// shorten plays datagrams cut short: by the capture, which is nobody's fault
// and no malformed event, and by the sender.
func (s *suite) shorten(t *testing.T, st *sight, forced map[*flow]start) {
	for _, byCapture := range []bool{true, false} {
		for _, keep := range []int{1, 2, 4, 8} { // eighths
			p := newPlayer(s.list)
			p.forced = forced
			for i, c := range st.chunks {
				if c.flow.kind == overTCP {
					continue
				}
				c.data = c.data[:max(1, len(c.data)*keep/8-1)]
				c.truncated = byCapture
				p.feed(i, &c)
			}
			report(t, p)
			for _, r := range p.records {
				if byCapture && r.kind == firedoor.EventMalformed {
					t.Errorf("flow %d: a datagram cut by the capture gives %s", r.flow.index, r.text)
				}
			}
		}
	}
}
