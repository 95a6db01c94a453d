package inline

import (
	"hash/maphash"
	"math"
	"time"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/recent"
)

// hear is the sink of every parser.
func (g *Gate) hear(e *firedoor.Event) {
	switch e.Kind {
	case firedoor.EventOperation:
		if op := e.Operation; op.Phase == firedoor.Asked && g.judging {
			g.ask(op)
		} else if op.Phase == firedoor.Answered && op.Outcome.Kind == firedoor.OutcomeOK {
			g.remember(op)
		}
	case firedoor.EventMalformed:
		if g.judging && (g.flow.closed || e.Malformed.Lost) {
			g.strange()
		}
	}
}

// strange judges bytes that break the rules of their protocol. What breaks them inside
// a request that was read was judged with it, and only a closed conduit looks at it;
// what is no request at all is one of which nothing is known.
func (g *Gate) strange() {
	f := g.flow
	g.request = policy.Request{Route: &f.route, Time: g.now, Level: policy.OfOperation}
	if p := f.runner.Protocol(); p != nil {
		g.request.Protocol = p.Name
	}
	v := g.plan.Unknown(&g.request)
	if f.closed && g.plan.Enforces(&f.route) {
		v.Action, v.Says = firedoor.Drop, firedoor.Drop
	}
	if v.Reason = firedoor.ReasonMalformed; v.Action == firedoor.Refuse {
		v.Action = g.plan.Instead(&f.route)
	}
	if v.Action != firedoor.Pass {
		g.weigh(v)
	}
}

// ask has a request judged and notes what is to be done.
func (g *Gate) ask(op *firedoor.Operation) {
	f := g.flow
	f.asked++
	g.request = policy.Request{Route: &f.route, Time: g.now, Rate: f.rate.ask(g.now)}
	name := ""
	if p := f.runner.Protocol(); p != nil {
		name = p.Name
	}
	g.text = g.request.Take(op, name, g.text)
	if g.plan.Steps() && op.Values.Len() > 0 {
		g.request.Before = func(i int) (float64, bool) {
			v, ok := g.past[g.pastKey(op, i)]
			return v, ok
		}
		if g.plan.Rates() {
			g.request.Lately = func(i int, within time.Duration) (low, high float64, known bool) { return g.lately(op, i, within) }
		}
	}
	v := policy.Decide(g.plan, &g.request)
	if v.Says == firedoor.Pass {
		g.written(op, v)
		return
	}
	done := v.Action
	if done == firedoor.Refuse {
		if g.refuse(op, name) {
			g.worst = v
			g.tellOperation(op, name, v, firedoor.Refuse)
			return
		}
		done = g.plan.Instead(&f.route)
		v.Action = done
	}
	g.tellOperation(op, name, v, done)
	if done != firedoor.Pass {
		g.weigh(v)
	} else {
		g.written(op, v)
	}
}

// weigh keeps the gravest verdict on the frame at hand.
func (g *Gate) weigh(v firedoor.Verdict) {
	if !g.stopped || v.Action > g.worst.Action {
		g.worst = v
	}
	g.stopped = true
}

// refuse notes the patch that makes the device say no; false where there is none that
// can still be applied, or none that the device is known to answer.
func (g *Gate) refuse(op *firedoor.Operation, protocol string) bool {
	if !g.plan.Refuses(&g.flow.route, protocol) {
		return false
	}
	for i := range op.Refusals {
		r := &op.Refusals[i]
		at := op.Span.Start + int64(r.Offset)
		if r.Name != "address" || at < g.start {
			continue
		}
		g.patches = append(g.patches, patch{at: at, bytes: r.Bytes, n: int(r.Len)})
		return true
	}
	return false
}

func (g *Gate) tellOperation(op *firedoor.Operation, protocol string, v firedoor.Verdict, done firedoor.Action) {
	if g.report == nil {
		return
	}
	f := g.flow
	if op.Protocol != "" { // as event lines name it: CIP, and not what carries it
		protocol = op.Protocol
	}
	g.note = Stopped{Time: g.now, From: g.from, Verdict: v, Done: done, Client: f.clientEnd, Server: f.serverEnd, Segment: g.segment, Operation: op, Protocol: protocol, Frame: g.data}
	g.report(&g.note)
}

// pastKey names an element of an object of a server.
func (g *Gate) pastKey(op *firedoor.Operation, element int) uint64 {
	var h maphash.Hash
	h.SetSeed(g.seed)
	maphash.WriteComparable(&h, g.flow.serverEnd.IP)
	maphash.WriteComparable(&h, op.Unit)
	g.text = op.Object.AppendTo(g.text[:0])
	whole := len(g.text)
	g.text = policy.Element(g.text, g.text, uint64(element))
	_, _ = h.Write(g.text[whole:]) // never fails
	return h.Sum64()
}

// pacedKey names an element (pastKey) and the time within which its changes are bounded.
type pacedKey struct {
	element uint64
	within  time.Duration
}

// lately is how far an element went within a time, followed from the first time on that a rule
// asks. Where there is no room for another one it may have been anything.
func (g *Gate) lately(op *firedoor.Operation, i int, within time.Duration) (low, high float64, known bool) {
	k := pacedKey{g.pastKey(op, i), within}
	s := g.paced[k]
	if s == nil {
		v, known := g.past[k.element]
		if !known {
			return 0, 0, false
		}
		if len(g.paced) >= MaxPaced {
			return math.Inf(-1), math.Inf(1), true
		}
		s = recent.New(g.now, within, v)
		g.paced[k] = s
	}
	low, high = s.Range(g.now)
	return low, high, true
}

// written remembers what a passed write leaves behind.
func (g *Gate) written(op *firedoor.Operation, _ firedoor.Verdict) {
	if g.plan.Steps() && op.Verb.Changes() {
		g.keep(op)
	}
}

// remember keeps what was read.
func (g *Gate) remember(op *firedoor.Operation) {
	if g.plan.Steps() && op.Verb == firedoor.VerbRead {
		g.keep(op)
	}
}

func (g *Gate) keep(op *firedoor.Operation) {
	for i := range op.Values.Len() {
		k := g.pastKey(op, i)
		if _, known := g.past[k]; known || len(g.past) < MaxRemembered {
			g.past[k] = op.Values.Float(i)
		}
		for _, within := range policy.Windows {
			if s := g.paced[pacedKey{k, within}]; s != nil {
				s.Add(g.now, op.Values.Float(i))
			}
		}
	}
}
