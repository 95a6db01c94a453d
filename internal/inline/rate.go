package inline

import (
	"firedoor"
	"firedoor/internal/packet"
)

// maxRates is how many rates there are at most. At it one that no connection has any more does
// not outlive them.
const maxRates = 2 * MaxFlows

// rate counts what a client asks of a server in a second, on all connections between
// them: a client does not get more by opening more, nor by beginning anew. It lives as long as one
// of them, and until the second is over in which something was asked.
type rate struct {
	key    rateKey
	flows  int
	second int64
	asked  uint32
	unused bool // it is among Gate.unused
}

type rateKey struct {
	scope          packet.Scope
	client, server firedoor.IP
}

// rateOf joins a flow to the rate of its two ends.
func (g *Gate) rateOf(f *flow) *rate {
	k := rateKey{f.key.scope, f.clientEnd.IP, f.serverEnd.IP}
	r := g.rates[k]
	if r == nil {
		r = &rate{key: k}
		g.rates[k] = r
	}
	r.flows++
	return r
}

// leave ends a flow's part in a rate.
func (g *Gate) leave(f *flow) {
	if f.rate == nil {
		return
	}
	r := f.rate
	f.rate = nil
	switch r.flows--; {
	case r.flows > 0:
	case r.counts(g.age) && len(g.rates) <= maxRates:
		if !r.unused {
			r.unused = true
			g.unused = append(g.unused, r)
		}
	default:
		g.drops(r)
	}
}

// counts tells whether something was asked in the second that is not over.
func (r *rate) counts(now int64) bool { return r.asked > 0 && r.second == now/1e9 }

// drops forgets a rate, if another one has not come in its place.
func (g *Gate) drops(r *rate) {
	if g.rates[r.key] == r {
		delete(g.rates, r.key)
	}
}

// sweepRates forgets rates that no connection has any more and whose second is over. It looks at so many at most.
func (g *Gate) sweepRates(most int) {
	for range min(most, len(g.unused)) {
		if g.rateHand >= len(g.unused) {
			g.rateHand = 0
		}
		r := g.unused[g.rateHand]
		if r.flows == 0 && r.counts(g.age) {
			g.rateHand++
			continue
		}
		if r.unused = false; r.flows == 0 {
			g.drops(r)
		}
		end := len(g.unused) - 1
		g.unused[g.rateHand] = g.unused[end]
		g.unused = g.unused[:end]
	}
}

// ask counts a request, and tells how many there were in this second.
func (r *rate) ask(now int64) uint32 {
	if second := now / 1e9; second != r.second {
		r.second, r.asked = second, 0
	}
	r.asked++
	return r.asked
}
