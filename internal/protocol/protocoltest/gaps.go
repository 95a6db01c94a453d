package protocoltest

import (
	"testing"

	"firedoor"
)

// Gap tests leave out one segment at a time, at most maxLost of a flow, and
// want to hear of later operations again when at least minLater events followed.
const (
	maxLost  = 12
	minLater = 6
)

// gaps leaves out segments: no panic, no invented malformed traffic, and either
// the flow is given up quietly or operations behind the gap are seen again.
func (s *suite) gaps(t *testing.T, st *sight, base *player) {
	for _, f := range st.flows {
		if f.kind != overTCP || base.spokeFirst(f) == "" {
			continue
		}
		var mine []int
		for i, c := range st.chunks {
			if c.flow == f {
				mine = append(mine, i)
			}
		}
		step := max(1, len(mine)/maxLost)
		for k := 2; k < len(mine)-1; k += step {
			s.lose(t, st, base, f, mine[k])
		}
	}
}

// lose plays the capture without one chunk, whose bytes are lost.
func (s *suite) lose(t *testing.T, st *sight, base *player, f *flow, at int) {
	p := newPlayer(s.list)
	chunks := make([]chunk, len(st.chunks))
	copy(chunks, st.chunks)
	lost := &chunks[at]
	lost.missing += len(lost.data)
	lost.data = nil
	for i := at + 1; i < len(chunks); i++ { // the gap is known with the next segment
		if chunks[i].flow == f && chunks[i].side == lost.side {
			chunks[i].missing += lost.missing
			lost.missing = 0
			break
		}
	}
	for i := range chunks {
		if i != at || lost.missing > 0 {
			p.feed(i, &chunks[i])
		}
	}
	report(t, p)
	want, got := base.ofFlow(f), p.ofFlow(f)
	if m, w := malformed(got), malformed(want); m > w {
		t.Errorf("flow %d without the segment of chunk %d gives %d malformed events, with it %d: a gap is nobody's fault", f.index, at, m, w)
	}
	if p.runners[f].GivenUp() || later(want, at) < minLater {
		return
	}
	if later(got, at) == 0 {
		t.Errorf("flow %d: %d operations followed the segment of chunk %d; with it lost none is seen, yet the flow was not given up", f.index, later(want, at), at)
	}
}

func malformed(records []record) int {
	n := 0
	for _, r := range records {
		if r.kind == firedoor.EventMalformed {
			n++
		}
	}
	return n
}

func later(records []record, at int) int {
	n := 0
	for _, r := range records {
		if r.chunk > at && (r.kind == firedoor.EventOperation || r.kind == firedoor.EventSample) {
			n++
		}
	}
	return n
}
