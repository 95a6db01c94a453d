package protocol

import (
	"math/bits"
	"slices"

	"firedoor"
)

// Host is what the runners of one shard's flows share: the protocols, the
// buffers, and the one emit function every parser is given. It is not safe for
// concurrent use.
type Host struct {
	tcp, udp   book
	ether      map[uint16]*Protocol
	sealed     map[uint16]*Protocol
	byName     map[string]*Protocol
	list       []*Protocol
	carriers   map[string][]*Protocol // of what travels inside others; nil until somebody asks
	first      map[*Protocol]Sharer   // whose scratch the later ones share
	emit       func(*firedoor.Event)  // given to parsers; bound once, so that calls allocate nothing
	sink       func(*firedoor.Event)
	free       [][]byte
	base       int64 // stream offset of the bytes Parse was given
	next       *firedoor.HandOver
	handover   firedoor.HandOver
	truncated  bool
	held       int // unconsumed bytes of all flows
	malformed  firedoor.Malformed
	malformedE firedoor.Event
}

// book is the order in which the protocols of one transport are probed.
type book struct {
	all    []*Protocol
	byPort map[uint16]uint64 // port -> bits of all that name it
	mask   uint64
	pairs  uint64 // bits of those that know an exchange
}

// MaxProtocols is how many protocols one transport can be probed for.
const MaxProtocols = 64

// NewHost returns a host for the protocols, probed in the order of the list;
// sink is called with every event but HandOver, and must copy what it keeps.
func NewHost(list []*Protocol, sink func(*firedoor.Event)) *Host {
	h := &Host{sink: sink, list: list, ether: map[uint16]*Protocol{}, sealed: map[uint16]*Protocol{}, byName: map[string]*Protocol{}, first: map[*Protocol]Sharer{}}
	h.emit = h.receive
	h.malformedE = firedoor.Event{Kind: firedoor.EventMalformed, Malformed: &h.malformed}
	h.tcp.byPort, h.udp.byPort = map[uint16]uint64{}, map[uint16]uint64{}
	for _, p := range list {
		h.byName[p.Name] = p
		h.tcp.add(p, p.TCP)
		h.udp.add(p, p.UDP)
		for _, t := range p.Ethernet {
			h.ether[t] = p
		}
		for _, port := range p.Sealed {
			h.sealed[port] = p
		}
	}
	return h
}

// carry notes what travels inside a protocol under a name of its own.
func (h *Host) carry(p *Protocol) {
	note := func(name string) {
		if name != "" && name != p.Name && !slices.Contains(h.carriers[name], p) {
			h.carriers[name] = append(h.carriers[name], p)
		}
	}
	for i := range p.Sheet.Inside {
		note(p.Sheet.Inside[i].Name)
	}
	if p.Functions != nil {
		p.Functions(func(f Function) { note(f.Protocol) })
	}
}

func (k *book) add(p *Protocol, ports []uint16) {
	if p.Probe == nil || len(ports) == 0 || len(k.all) == MaxProtocols {
		return
	}
	bit := uint64(1) << len(k.all)
	k.all = append(k.all, p)
	k.mask |= bit
	if p.Exchange != nil {
		k.pairs |= bit
	}
	for _, port := range ports {
		k.byPort[port] |= bit
	}
}

// Ethernet returns the protocol of an Ethernet type, nil if none.
func (h *Host) Ethernet(etherType uint16) *Protocol { return h.ether[etherType] }

// Sealed returns the protocol that is usually encrypted at a port, nil if none.
func (h *Host) Sealed(port uint16) *Protocol { return h.sealed[port] }

// ByName returns a registered protocol, nil if there is none of that name.
func (h *Host) ByName(name string) *Protocol { return h.byName[name] }

// Speakers are the protocols by whose parsers requests of a name are read on TCP or UDP: the
// one of that name, if it is found there, and those inside which it travels.
func (h *Host) Speakers(name string, tcp bool) (list []*Protocol) {
	add := func(p *Protocol) {
		if p.Probe != nil && (tcp && len(p.TCP) > 0 || !tcp && len(p.UDP) > 0) {
			list = append(list, p)
		}
	}
	if p := h.byName[name]; p != nil {
		add(p)
	}
	if h.carriers == nil {
		// Thousands of functions are listed for this: not in every lane of a start.
		h.carriers = map[string][]*Protocol{}
		for _, p := range h.list {
			h.carry(p)
		}
	}
	for _, p := range h.carriers[name] {
		add(p)
	}
	return list
}

// Elsewhere are the protocols whose servers may answer from another UDP port than they were
// asked at.
func (h *Host) Elsewhere() (list []*Protocol) {
	for _, p := range h.list {
		if p.Elsewhere {
			list = append(list, p)
		}
	}
	return list
}

// Registered tells whether any TCP or UDP protocol names the port.
func (h *Host) Registered(port uint16, tcp bool) bool {
	if tcp {
		return h.tcp.byPort[port] != 0
	}
	return h.udp.byPort[port] != 0
}

// OnPort gives the protocols that name a TCP or UDP port, in the order of the list.
func (h *Host) OnPort(port uint16, tcp bool) []*Protocol {
	k := &h.udp
	if tcp {
		k = &h.tcp
	}
	var named []*Protocol
	for mask := k.byPort[port]; mask != 0; mask &= mask - 1 {
		named = append(named, k.all[bits.TrailingZeros64(mask)])
	}
	return named
}

// receive is the emit of every parser: it keeps what is meant for the runner
// and rebases spans onto the stream.
func (h *Host) receive(e *firedoor.Event) {
	switch e.Kind {
	case firedoor.EventHandOver:
		h.handover = *e.HandOver
		h.next = &h.handover
		return
	case firedoor.EventOperation:
		if e.Operation.Phase == firedoor.Asked {
			e.Operation.Span.Start += h.base
			e.Operation.Span.End += h.base
		}
	case firedoor.EventMalformed:
		if h.truncated {
			return // the capture cut it, not the sender
		}
	}
	h.sink(e)
}

func (h *Host) broken(reason string) {
	if h.truncated {
		return
	}
	h.malformed = firedoor.Malformed{Reason: reason, Lost: true}
	h.sink(&h.malformedE)
}

// parser makes a parser for a flow; one that can share its scratch has that of the
// first of its kind.
func (h *Host) parser(p *Protocol) Parser {
	if first := h.first[p]; first != nil {
		return first.Another()
	}
	made := p.New()
	if first, ok := made.(Sharer); ok {
		h.first[p] = first
	}
	return made
}

// Buffers: unconsumed bytes wait in buffers that go round between flows.
const (
	smallBuffer = 256
	freeBuffers = 256
)

func (h *Host) keep(buf, rest []byte) []byte {
	if buf == nil {
		if n := len(h.free); n > 0 {
			buf, h.free = h.free[n-1][:0], h.free[:n-1]
		} else {
			buf = make([]byte, 0, smallBuffer)
		}
	}
	return append(buf, rest...)
}

func (h *Host) release(buf []byte) {
	if cap(buf) >= smallBuffer && cap(buf) <= MaxMessage && len(h.free) < freeBuffers {
		h.free = append(h.free, buf)
	}
}
