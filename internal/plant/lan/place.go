package lan

// Gateway judges the frames of a cable.
type Gateway interface {
	// Pass is shown a frame that travels towards the host (or, on a trunk, towards the
	// second switch) or away from it. It returns the frame, a changed one, or nil to
	// drop it. The frame begins with the Ethernet header and has no VLAN tag, on a trunk
	// neither; frame and what is returned are borrowed until the next call.
	Pass(towards bool, frame []byte) (out []byte)
}

// Place is where a gateway stands: the cable of a host or a trunk. A gateway costs
// a frame 20 microseconds.
type Place struct {
	w       *World
	gateway Gateway
	nic     *nic  // on the cable of a host or a router
	trunk   *port // on a trunk: the end at the first switch
	passing bool  // a frame is being shown to the gateway
}

// Inline puts a gateway on the host's cable; nil takes it away.
func (h *Host) Inline(g Gateway) *Place {
	if g == nil {
		h.place = nil
		return nil
	}
	h.place = &Place{w: h.w, gateway: g, nic: &h.nic}
	return h.place
}

// Inline puts a gateway on the cable of one of the router's ports, in the order they
// were given; nil takes it away. Without such a port it returns nil and does nothing.
// Towards is towards the router.
func (r *Router) Inline(port int, g Gateway) *Place {
	if port < 0 || port >= len(r.ports) {
		return nil
	}
	n := r.ports[port]
	if n.place = nil; g != nil {
		n.place = &Place{w: r.w, gateway: g, nic: n}
	}
	return n.place
}

// Inline puts a gateway on the trunk from s to t; nil takes it away. Without such a
// trunk it returns nil and does nothing.
func (s *Switch) Inline(t *Switch, g Gateway) *Place {
	for _, p := range s.trunks {
		if p.peer.sw != t {
			continue
		}
		if g == nil {
			p.place, p.peer.place = nil, nil
			return nil
		}
		place := &Place{w: s.w, gateway: g, trunk: p}
		p.place, p.peer.place = place, place
		p.near = true
		return place
	}
	return nil
}

// pass shows a frame to the gateway; nil when it was dropped.
func (p *Place) pass(towards bool, f *frame) *frame {
	p.passing = true
	out := p.gateway.Pass(towards, f.bytes())
	p.passing = false
	if len(out) == f.n && string(out) == string(f.bytes()) {
		return f
	}
	var changed *frame
	if out != nil {
		if changed = p.w.copyOf(out); changed != nil {
			changed.vlan = f.vlan
		}
	}
	if changed == nil {
		p.w.stats.Swallowed++
	}
	p.w.release(f)
	return changed
}

// Inject sends a frame of the gateway's own in one direction of the cable; vlan
// matters on a trunk only. A frame too short or too long is not sent. From within
// Pass it leaves behind the frame that is shown there.
func (p *Place) Inject(towards bool, frame []byte, vlan uint16) {
	f := p.w.copyOf(frame)
	if f == nil {
		return
	}
	p.w.stats.Frames++
	if p.passing {
		p.w.At(p.w.now, func() { p.send(towards, f, vlan) })
		return
	}
	p.send(towards, f, vlan)
}

// send puts a frame of the gateway's own on the cable.
func (p *Place) send(towards bool, f *frame, vlan uint16) {
	at := p.w.now + int64(placeLatency)
	if p.nic != nil {
		if towards {
			p.nic.arriving(at, f)
			return
		}
		f.vlan = p.nic.port.vlan
		sw := p.nic.port.sw
		from := p.nic.port
		p.w.At(at, func() { sw.injected(from, f) })
		return
	}
	f.vlan = vlan
	to := p.trunk
	if towards {
		to = to.peer
	}
	p.w.At(at, func() { to.sw.injected(to, f) })
}

// injected handles a frame that came in at a port behind the gateway.
func (s *Switch) injected(from *port, f *frame) {
	if s.mirrored && !f.seen {
		s.w.record(f)
	}
	s.forward(from, f)
}
