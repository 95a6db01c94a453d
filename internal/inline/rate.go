package inline

import (
	"firedoor"
	"firedoor/internal/packet"
)

// rate counts what a client asks of a server in a second, on all connections between
// them: a client does not get more by opening more. It lives as long as one of them.
type rate struct {
	key    rateKey
	flows  int
	second int64
	asked  uint32
}

type rateKey struct {
	scope          packet.Scope
	client, server firedoor.IP
}

// rateOf joins a flow to the rate of its two ends. There are never more than flows.
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
	if f.rate.flows--; f.rate.flows == 0 {
		delete(g.rates, f.rate.key)
	}
	f.rate = nil
}

// ask counts a request, and tells how many there were in this second.
func (r *rate) ask(now int64) uint32 {
	if second := now / 1e9; second != r.second {
		r.second, r.asked = second, 0
	}
	r.asked++
	return r.asked
}
