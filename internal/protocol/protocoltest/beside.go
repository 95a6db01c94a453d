package protocoltest

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// stations are two MAC addresses, the lower first, and the Ethernet type of what they
// settle on UDP.
type stations struct {
	macs      [2]firedoor.MAC
	etherType uint16
}

// stationsOf names the ends of a flow, and the one of them that a side is.
func stationsOf(f *flow, side int, etherType uint16) (stations, int) {
	from, to := f.ends[side].MAC, f.ends[1-side].MAC
	if to < from {
		return stations{[2]firedoor.MAC{to, from}, etherType}, 1
	}
	return stations{[2]firedoor.MAC{from, to}, etherType}, 0
}

// beside lets those hear a datagram whom it concerns, as a sensor does.
func (p *player) beside(c *chunk) {
	if c.flow.kind != overUDP || c.truncated {
		return
	}
	for _, pr := range p.list {
		if pr.Beside == nil || !pr.Beside.Concerns(c.data) {
			continue
		}
		p.hear(pr, c.flow, c.side, c.data)
		p.settles[c.flow] = true
	}
}

// hear lets the listener of a flow's stations hear a datagram of a side.
func (p *player) hear(pr *protocol.Protocol, f *flow, side int, b []byte) {
	k, from := stationsOf(f, side, pr.Ethernet[0])
	heard := p.heard[k]
	if heard == nil {
		heard = pr.Beside.New()
		p.heard[k] = heard
		pr = p.host.ByName(pr.Name) // as the runners know it
		for f, r := range p.runners {
			p.settled(f, r, pr)
		}
	}
	heard.Hear(from, b)
}

// settled gives a flow's parser what its ends settled, if they did.
func (p *player) settled(f *flow, r *protocol.Runner, pr *protocol.Protocol) {
	if f.kind != overEthernet || pr.Beside == nil || pr.Ethernet[0] != f.etherType {
		return
	}
	k, lower := stationsOf(f, 0, f.etherType)
	if heard := p.heard[k]; heard != nil && !r.GivenUp() {
		client := int(r.Client())
		was := p.flow
		p.flow = f
		r.Expected(p.host, pr, heard.For(client^lower), client)
		p.flow = was
	}
}
