package protocoltest

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
)

// question is a function as a rule of a policy names it.
type question struct {
	protocol string
	code     uint32
	words    string
	verb     firedoor.Verb
}

// asked is a request in a capture.
type asked struct {
	question
	frame     int  // that brought its last byte
	client    bool // the flow's client asks
	refusable bool
}

// trial is one flow of a capture as a gate meets it, and what is asked in it.
type trial struct {
	capture string
	flow    *flow
	client  int
	speaks  []string // protocols by their names
	frames  []whole
	asked   []asked
	gap     bool // bytes of the client are missing: a gate waits for them in vain
	odd     bool // something breaks the rules of its protocol
}

// place is where a chunk lies in its flow.
type place struct {
	end   int64 // of it in what its side said
	frame int   // among those of the flow
}

// trials are the flows of a capture that was played.
func trials(st *sight, p *player) []*trial {
	of := map[*flow]*trial{}
	var out []*trial
	for _, f := range st.flows {
		if r := p.runners[f]; r != nil {
			of[f] = &trial{capture: st.name, flow: f, client: int(r.Client()), speaks: p.spoke[f]}
			out = append(out, of[f])
		}
	}
	frames := make([]int, len(st.chunks))
	for _, w := range st.frames {
		t := of[w.flow]
		if t == nil || w.cut {
			continue
		}
		if w.chunk >= 0 {
			frames[w.chunk] = len(t.frames)
		}
		t.frames = append(t.frames, w)
	}
	said := map[*flow]*[2][]place{}
	for i := range st.chunks {
		c := &st.chunks[i]
		if said[c.flow] == nil {
			said[c.flow] = &[2][]place{}
		}
		s, at := &said[c.flow][c.side], int64(0)
		if len(*s) > 0 {
			at = (*s)[len(*s)-1].end
		}
		*s = append(*s, place{at + int64(c.missing+len(c.data)), frames[i]})
		of[c.flow].gap = of[c.flow].gap || c.missing > 0 && c.side == of[c.flow].client
	}
	for i := range p.records {
		r := &p.records[i]
		if r.kind == firedoor.EventMalformed {
			of[r.flow].odd = true
		}
		if r.kind != firedoor.EventOperation || r.phase != firedoor.Asked {
			continue
		}
		t := of[r.flow]
		side := t.client ^ int(r.dir)
		a := asked{question: r.asked, frame: frames[r.chunk], client: side == t.client, refusable: len(r.refusal) > 0}
		all := said[r.flow][side]
		at, _ := slices.BinarySearchFunc(all, r.span.End, func(p place, end int64) int { return int(p.end - end) })
		// What is too long to be kept is told before its end, and then that is too late to stop it at.
		if at < len(all) && (st.chunks[r.chunk].side != side || all[at].frame > a.frame) {
			a.frame = all[at].frame
		}
		t.asked = append(t.asked, a)
	}
	return out
}

// port is that of the trial's server, as a rule names it.
func (t *trial) port() policy.Port {
	switch server := t.flow.ends[1-t.client]; t.flow.kind {
	case overTCP:
		return policy.Port{Transport: 6, Number: server.Port}
	case overUDP:
		return policy.Port{Transport: 17, Number: server.Port}
	}
	return policy.Port{Transport: policy.Link, Number: t.flow.etherType}
}

// said are the frames in which the client says something.
func (t *trial) said() (out []int) {
	for i, w := range t.frames {
		if w.chunk >= 0 && w.side == t.client {
			out = append(out, i)
		}
	}
	return out
}

// gates makes gates for trials.
type gates struct {
	list  []*protocol.Protocol
	known policy.Known
	names []string
}

func newGates(list []*protocol.Protocol) *gates {
	g := &gates{list: list}
	ports := map[string][]policy.Port{}
	add := func(name string, pr *protocol.Protocol) {
		if slices.Contains(g.names, name) {
			return
		}
		g.names = append(g.names, name)
		for _, of := range []struct {
			transport uint8
			numbers   []uint16
		}{{6, pr.TCP}, {17, pr.UDP}, {policy.Link, pr.Ethernet}} {
			for _, n := range of.numbers {
				ports[name] = append(ports[name], policy.Port{Transport: of.transport, Number: n})
			}
		}
	}
	for _, pr := range list {
		add(pr.Name, pr)
	}
	for _, pr := range list {
		for _, in := range pr.Sheet.Inside {
			add(in.Name, pr)
		}
	}
	g.known = policy.Known{Ports: func(name string) []policy.Port { return ports[name] }, Protocols: g.names}
	return g
}

// became is what a gate made of the frames of a trial.
type became struct {
	on, changed []bool
	resets      uint64
}

// run gives a trial to a gate by whose policy all passes between its two ends but what the
// rule says; its server is known to refuse.
func (g *gates) run(t *trial, rule policy.Rule) (out became, err error) {
	end := func(name string, e firedoor.Endpoint) policy.Host {
		if e.IP.IsZero() {
			return policy.Host{Name: name, MAC: e.MAC}
		}
		return policy.Host{Name: name, Addresses: []netip.Addr{netip.MustParseAddr(e.IP.String())}}
	}
	client, server := end("client", t.flow.ends[t.client]), end("server", t.flow.ends[1-t.client])
	if !server.MAC.IsGroup() { // no device answers for one
		server.Refuses = g.names
	}
	plan, faults := policy.Compile(&policy.Policy{
		Hosts: []policy.Host{client, server},
		Zones: []policy.Zone{{Name: "clients", Hosts: []string{"client"}}, {Name: "servers", Hosts: []string{"server"}}},
		Conduits: []policy.Conduit{{Name: "down", From: "clients", To: "servers", Mode: policy.Enforce, Default: firedoor.Pass, Instead: firedoor.Drop,
			Reviewed: policy.Review{By: "A", On: "2026-11-26"}, Rules: []policy.Rule{rule}}},
		Otherwise: policy.Otherwise{Default: firedoor.Pass},
	}, g.known)
	if len(faults) > 0 {
		return out, fmt.Errorf("flow %d of %s: %+v", t.flow.index, t.capture, faults)
	}
	gate := inline.New(plan, g.list, nil)
	out = became{on: make([]bool, len(t.frames)), changed: make([]bool, len(t.frames))}
	const began, apart = int64(1772323200 * 1e9), int64(1e6)
	for i := range t.frames {
		gate.Frame(began+int64(i)*apart, inline.Port(t.frames[i].side^t.client), bytes.Clone(t.frames[i].bytes), func(_ inline.Port, b []byte) {
			if k := t.which(i, b, out.on); k >= 0 {
				out.on[k], out.changed[k] = true, !bytes.Equal(b, t.frames[k].bytes)
			}
		})
	}
	out.resets = gate.Counts.Resets
	return out, nil
}

// which is the frame that a gate sent on when it was given frame i: that one, perhaps changed,
// or one of TCP that had waited; -1 is none, an end that the gate made.
func (t *trial) which(i int, b []byte, on []bool) int {
	const most = 8 // bytes that a refusal and its checksum take
	differs := func(k int) int {
		a, n := t.frames[k].bytes, 0
		if len(a) != len(b) || !bytes.Equal(a[:14], b[:14]) {
			return most + 1
		}
		for j := range a {
			if a[j] != b[j] {
				n++
			}
		}
		return n
	}
	if !on[i] && (t.flow.kind != overTCP || differs(i) <= most) {
		return i
	}
	for k := range i {
		if !on[k] && differs(k) <= most {
			return k
		}
	}
	return -1
}
