package protocol

// Standing is what can be stored of a Runner: who speaks what. What a parser knew
// of its flow is not among it.
type Standing struct {
	UDP, Sure bool
	Client    uint8
	Ports     [2]uint16
	Protocol  string // empty while unknown
	GivenUp   bool
	Whole     [2]bool // by side: nothing waits for the rest of its message
}

// Standing tells what can be stored.
func (r *Runner) Standing() Standing {
	s := Standing{UDP: r.udp, Sure: r.sure, Client: r.client, Ports: r.ports, GivenUp: r.state == finished}
	if r.proto != nil {
		s.Protocol = r.proto.Name
	}
	for side := range s.Whole {
		s.Whole[side] = !s.GivenUp && !r.Pending(side)
	}
	return s
}

// Resume goes on with a flow in its middle: on a side that is not whole, as after
// a gap. On one that is whole the next byte begins a message.
// A protocol that is never found by content needs what its parser was told at the
// beginning: such a flow keeps its name, and what it says is not read.
func (r *Runner) Resume(h *Host, s Standing) {
	r.Begin(h, Flow{UDP: s.UDP, Ports: s.Ports, Client: s.Client, Sure: s.Sure})
	p := h.byName[s.Protocol]
	switch {
	case p == nil && s.GivenUp:
		r.state = finished
	case p == nil: // still to be found, or of a program that knew more
	case s.GivenUp || p.Probe == nil && len(p.Ethernet) == 0:
		r.proto, r.state = p, finished
	default:
		r.Become(h, p, nil)
		for side, whole := range s.Whole {
			if !r.udp && !whole {
				r.Gap(h, side, 0)
			}
		}
	}
}
