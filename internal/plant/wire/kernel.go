package wire

import (
	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/packet"
	"firedoor/internal/policy"
)

// kernel decides about frames what the gateway's program in the kernel decides by its
// tables, which are made of the same policy by the same function: who may speak with
// whom at which port, and where the verdict hangs on what is said.
type kernel struct {
	plan    *policy.Plan
	packet  packet.Packet
	frame   packet.Frame
	scope   packet.Scope
	segment string
	pairs   map[pair]*readings
	seen    map[pair]int64 // UDP requests that passed, by when
	stopped inline.Stopped
}

// asked is what judge returns of a frame that must be looked into.
var asked inline.Stopped

// Limits of what is remembered; beyond them it is found out anew.
const (
	maxPairs = 1 << 16
	// answered is for how long two ends of UDP may say nothing until an answer is none any more, in ns.
	answered = int64(60e9)
)

type pair struct {
	src, dst         firedoor.IP
	srcMAC, dstMAC   firedoor.MAC
	srcPort, dstPort uint16
	proto            uint8
}

func (p *pair) turned() pair {
	return pair{p.dst, p.src, p.dstMAC, p.srcMAC, p.dstPort, p.srcPort, p.proto}
}

// act is what the tables say of a way.
type act uint8

const (
	drop act = iota
	pass
	ask
)

// readings of a frame: it asks, or it answers.
type readings struct {
	asks, answers act
	verdict       firedoor.Verdict // on what asks
}

func newKernel(plan *policy.Plan) kernel {
	return kernel{plan: plan, pairs: map[pair]*readings{}, seen: map[pair]int64{}, segment: packet.ScopeName(packet.Scope{})}
}

// judge returns nil for what passes, asked for what must be looked into, and else what
// is to be told of a frame that is dropped.
func (k *kernel) judge(now int64, from inline.Port, b []byte) *inline.Stopped {
	p := &k.packet
	k.frame = packet.Frame{Time: now, Link: packet.LinkEthernet, WireLen: uint32(len(b)), Data: b}
	packet.Decode(p, &k.frame)
	if p.Scope != k.scope { // places are another's there
		k.scope, k.segment = p.Scope, packet.ScopeName(p.Scope)
		clear(k.pairs)
	}
	if p.Layer != packet.LayerTransport || p.Scope.Tunnel != packet.NoTunnel {
		return &asked // by its two ends, which the gate does in the same way
	}
	if inline.Astray(k.plan, k.segment, p, p.SrcIP, from) {
		return &asked // it is told, or judged by what is never blocked
	}
	at := pair{p.SrcIP, p.DstIP, p.SrcMAC, p.DstMAC, p.SrcPort, p.DstPort, p.Proto}
	r := k.pairs[at]
	if r == nil {
		r = k.read(at)
	}
	switch k.both(now, &at, r) {
	case pass:
		return nil
	case ask:
		return &asked
	}
	k.stopped = inline.Stopped{Time: now, From: from, Verdict: r.verdict, Done: firedoor.Drop, Segment: k.segment, Frame: b}
	k.stopped.Client, k.stopped.Server = ends(p)
	return &k.stopped
}

// both is the verdict of both readings: the stricter of those that let a frame through.
func (k *kernel) both(now int64, at *pair, r *readings) act {
	p := &k.packet
	if p.Proto == packet.TCP {
		switch p.Flags & (packet.SYN | packet.ACK) {
		case packet.SYN:
			return r.asks
		case packet.SYN | packet.ACK:
			return r.answers
		}
		return max(r.asks, r.answers)
	}
	if p.Proto == packet.UDP && p.SrcPort == p.DstPort && r.asks != r.answers {
		return ask // which of them it is only its content says
	}
	if r.asks != drop {
		if len(k.seen) >= maxPairs {
			clear(k.seen)
		}
		k.seen[*at] = now
		return max(r.asks, r.answers) // or a client would choose by its own port
	}
	turned := at.turned()
	since, known := k.seen[turned]
	if known = known && now-since <= answered; known { // who answers goes on talking
		k.seen[turned] = now
	}
	if r.answers == pass && !known {
		return ask // it may be an answer, and nobody asked
	}
	return r.answers
}

// read looks both readings of a frame up.
func (k *kernel) read(at pair) *readings {
	src, dst := k.plan.Place(k.segment, at.src, at.srcMAC), k.plan.Place(k.segment, at.dst, at.dstMAC)
	there, back := k.plan.Route(src, dst, at.proto, at.dstPort), k.plan.Route(dst, src, at.proto, at.srcPort)
	r := &readings{}
	r.asks, r.verdict = k.act(&there)
	r.answers, _ = k.act(&back)
	if len(k.pairs) >= maxPairs {
		clear(k.pairs)
	}
	k.pairs[at] = r
	return r
}

// act is what the kernel's tables say of a route (package gateway, Tables).
func (k *kernel) act(r *policy.Route) (act, firedoor.Verdict) {
	v := policy.Decide(k.plan, &policy.Request{Route: r, Level: policy.OfConnection})
	switch {
	case v.Reason == firedoor.ReasonSafety:
		return pass, v
	case k.plan.Judges(r) && k.plan.Watches(r), v.Action == firedoor.Reset:
		return ask, v
	case v.Action != firedoor.Pass && k.plan.Elsewhere(r):
		return ask, v // the gate knows what was asked
	case v.Action != firedoor.Pass:
		return drop, v
	case v.Says != firedoor.Pass && k.plan.Watches(r):
		return ask, v // passes, and is told of
	}
	return pass, v
}
