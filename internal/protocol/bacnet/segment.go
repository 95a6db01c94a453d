package bacnet

// Limits of what is put together again, in one flow.
const (
	maxParts    = 4
	maxAssembly = 32 << 10
)

// assembly is a segmented message on its way (5.4). When it is whole it stays
// without its data, so that a segment sent again is not taken for a new message.
type assembly struct {
	key   uint64
	ack   bool
	done  bool
	holed bool // a segment is missing, or it is too long
	next  uint8
	data  []byte
}

// segment adds the message at hand to its assembly. Of the last segment it tells
// that it ends the message, and gives the whole body, or nil if it is not whole.
func (p *parser) segment(key uint64, ack bool) (body []byte, ends bool) {
	a := &p.app
	s := p.assembly(key, ack)
	last := a.flags&flagMore == 0
	switch {
	case s == nil && a.sequence != 0: // its beginning was not seen: a request says nothing then, unless its receiver may have had it
		return nil, last && (ack || p.guarded)
	case a.sequence == 0 && (s == nil || s.done || s.next != 0): // not the 256th after it
		s = p.assemble(s, key, ack)
	case s.done || int8(a.sequence-s.next) < 0: // sent again
		return nil, false
	case a.sequence != s.next:
		s.holed = true
		if !last {
			return nil, false
		}
	}
	if a.sequence == s.next {
		s.next++
		if len(s.data)+len(a.body) > maxAssembly {
			s.holed = true
		} else if !s.holed {
			s.data = append(s.data, a.body...)
		}
	}
	if !last {
		return nil, false
	}
	s.done = true
	if s.holed {
		return nil, true
	}
	return s.data, true
}

func (p *parser) assembly(key uint64, ack bool) *assembly {
	for i := range p.parts {
		if p.parts[i].key == key && p.parts[i].ack == ack {
			return &p.parts[i]
		}
	}
	return nil
}

// assemble starts an assembly, in the place of s or of the oldest.
func (p *parser) assemble(s *assembly, key uint64, ack bool) *assembly {
	if s == nil {
		if len(p.parts) < maxParts {
			p.parts = append(p.parts, assembly{})
		} else {
			oldest := p.parts[0]
			copy(p.parts, p.parts[1:])
			p.parts[len(p.parts)-1] = oldest
		}
		s = &p.parts[len(p.parts)-1]
	}
	*s = assembly{key: key, ack: ack, data: s.data[:0]}
	return s
}
