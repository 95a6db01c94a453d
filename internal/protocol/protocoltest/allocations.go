package protocoltest

import (
	"testing"

	"firedoor"
	"firedoor/internal/protocol"
)

// allocations checks that steady polling costs no memory: the middle of a
// capture whose name starts with "poll" is fed to its parser again and again.
func (s *suite) allocations(t *testing.T, st *sight, base *player) {
	for _, f := range st.flows {
		if base.spokeFirst(f) == "" || base.settles[f] {
			continue
		}
		warm, middle := steady(st, f, int(base.runners[f].Client()))
		if len(middle) == 0 {
			t.Errorf("flow %d is too short to be polling: at least 6 requests, each with its answer", f.index)
			continue
		}
		events := 0
		h := protocol.NewHost(s.list, func(*firedoor.Event) { events++ })
		r := &protocol.Runner{}
		r.Begin(h, protocol.Flow{UDP: f.kind == overUDP, Client: base.runners[f].Client(), Sure: true,
			Ports: [2]uint16{f.ends[0].Port, f.ends[1].Port}})
		r.Become(h, h.ByName(base.spokeFirst(f)), nil)
		base.settled(f, r, h.ByName(base.spokeFirst(f)))
		feed(h, r, warm)
		feed(h, r, middle)
		before := events
		n := testing.AllocsPerRun(20, func() { feed(h, r, middle) })
		if events == before {
			t.Errorf("flow %d: no event came of its middle", f.index)
		}
		if n != 0 {
			t.Errorf("flow %d: %v allocations in %d messages of steady polling, want none", f.index, n, len(middle))
		}
	}
}

// steady returns the first chunks of a flow and whole exchanges of its middle.
func steady(st *sight, f *flow, client int) (warm, middle []chunk) {
	var mine []chunk
	for _, c := range st.chunks {
		if c.flow == f {
			mine = append(mine, c)
		}
	}
	oneWay := true
	for _, c := range mine {
		oneWay = oneWay && c.side == mine[0].side
	}
	begins := func(i int) bool {
		return i < len(mine) && (oneWay || mine[i].side == client && i > 0 && mine[i-1].side != client)
	}
	from, to := len(mine)/3, 2*len(mine)/3
	for from < to && !begins(from) {
		from++
	}
	for to > from && !begins(to) {
		to--
	}
	if len(mine) < 6 || from == to {
		return nil, nil
	}
	return mine[:from], mine[from:to]
}

func feed(h *protocol.Host, r *protocol.Runner, chunks []chunk) {
	for i := range chunks {
		c := &chunks[i]
		if c.flow.kind == overTCP {
			r.Bytes(h, c.side, c.data)
		} else {
			r.Datagram(h, c.side, c.data, c.truncated)
		}
	}
}
