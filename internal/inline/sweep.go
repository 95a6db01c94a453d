package inline

import (
	"cmp"
	"slices"

	"firedoor/internal/packet"
)

const (
	// sweepEvery is within what time each connection is looked at once, in ns, where frames come.
	sweepEvery = int64(10 * 1e9)
	// sweepMost is how many are looked at with one frame: all of them at once would keep it waiting for longer than
	// a worker may stand still.
	sweepMost = 64
	// sweepRates is the same of rates; a frame leaves fewer of them.
	sweepRates = 8
)

// sweep forgets connections that were idle for long.
func (g *Gate) sweep() {
	g.sweepRates(sweepRates)
	turn := sweepEvery / int64(len(g.all)+1)
	for range min(sweepMost, (g.age-g.swept)/turn) {
		if g.swept += turn; g.hand >= len(g.all) {
			g.hand = 0
		}
		if len(g.all) == 0 {
			break
		}
		switch f := g.all[g.hand]; {
		case !g.idle(f):
			g.hand++
		case len(f.half[0].held)+len(f.half[1].held) > 0:
			g.due = append(g.due, f)
			g.hand++
		default:
			g.forget(f.key, f) // and another one has its place
		}
	}
	g.swept = max(g.swept, g.age-turn) // what was not done in time is done later
	if len(g.due) > 0 {
		g.forgetDue()
	}
}

// forgetDue forgets those in which something waits. What waited in vain is told, so that is done in the order in which it came.
func (g *Gate) forgetDue() {
	slices.SortFunc(g.due, func(a, b *flow) int {
		x, y := &a.key, &b.key
		return cmp.Or(cmp.Compare(a.last, b.last), cmp.Compare(x.a.Hi, y.a.Hi), cmp.Compare(x.a.Lo, y.a.Lo), cmp.Compare(x.b.Hi, y.b.Hi), cmp.Compare(x.b.Lo, y.b.Lo),
			cmp.Compare(x.aPort, y.aPort), cmp.Compare(x.bPort, y.bPort))
	})
	for _, f := range g.due {
		if f.at != 0 { // where there are few, one is looked at more than once
			g.forget(f.key, f)
		}
	}
	g.due = g.due[:0]
}

// idle tells whether nothing was heard of a connection for so long that it is forgotten.
func (g *Gate) idle(f *flow) bool {
	limit := idleTCP
	switch {
	case f.key.proto != packet.TCP:
		limit = idleUDP
	case !f.confirmed || f.fins == 3:
		limit = sweepEvery
	}
	return g.age-f.last > limit
}
