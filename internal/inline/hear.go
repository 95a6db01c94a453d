package inline

import (
	"firedoor"
	"firedoor/internal/policy"
)

// hear is the sink of every parser.
func (g *Gate) hear(e *firedoor.Event) {
	switch e.Kind {
	case firedoor.EventOperation:
		switch op := e.Operation; {
		case op.Phase == firedoor.Asked && g.judging:
			g.ask(op)
		case op.Phase == firedoor.Asked:
			g.overhear(op)
		case op.Partial:
			g.heard.unmatched++
			g.answered(op)
		default:
			g.heard.answered++
			g.answered(op)
		}
	case firedoor.EventMalformed:
		g.heard.odd = true
		g.odd = g.odd || g.judging
		if g.judging {
			g.strange(e.Malformed.Lost)
		}
	}
}

// strange judges bytes that break the rules of their protocol: what is no request at all is one of
// which nothing is known, and so is what breaks them inside a request that was read, for a server may find
// there what nobody here did (the third item of a list, an envelope whose parts lie in another order). Where
// nobody knows where the next message begins and a port is guarded it does not pass, whatever else does.
func (g *Gate) strange(lost bool) {
	f := g.flow
	g.request = policy.Request{Route: &f.route, Time: g.now, Level: policy.OfOperation}
	if p := f.runner.Protocol(); p != nil {
		g.request.Protocol = p.Name
	}
	v := g.plan.Unknown(&g.request)
	enforces := g.plan.Enforces(&f.route)
	if f.closed && enforces {
		v.Action, v.Says = firedoor.Drop, firedoor.Drop
	} else if lost && f.guarded && v.Says == firedoor.Pass {
		v = firedoor.Verdict{Says: g.plan.Instead(&f.route), Rule: -1, Conduit: f.route.Conduit}
		if enforces {
			v.Action = v.Says
		}
	}
	if v.Reason = firedoor.ReasonMalformed; v.Action == firedoor.Refuse {
		v.Action = g.plan.Instead(&f.route)
	}
	if v.Action != firedoor.Pass {
		g.weigh(v)
	} else if v.Says != firedoor.Pass && g.plan.Watches(&f.route) {
		g.tell(g.frame.Data, g.frame.Data, v, firedoor.Pass)
	}
}

// ask has a request judged and notes what is to be done.
func (g *Gate) ask(op *firedoor.Operation) {
	f := g.flow
	f.asked++
	g.request = policy.Request{Route: &f.route, Time: g.now, Rate: f.rate.ask(g.age)}
	name := ""
	if p := f.runner.Protocol(); p != nil {
		name = p.Name
	}
	g.text = g.request.Take(op, name, g.text)
	g.unknown = false
	if g.plan.Steps() && op.Values.Len() > 0 {
		g.recall(op)
	}
	v := policy.Decide(g.plan, &g.request)
	if g.unknown && v.Says == firedoor.Pass && v.Reason == firedoor.ReasonRule && g.plan.Drops(&f.route) {
		v.Action, v.Says, v.Reason = firedoor.Refuse, firedoor.Refuse, firedoor.ReasonUnjudged
	}
	if v.Says == firedoor.Pass {
		g.written(op)
		return
	}
	done := v.Action
	if done == firedoor.Refuse {
		if g.refuse(op, name) {
			if !g.stopped { // else its frame goes no further, and it with that
				g.worst = v
			} else {
				done = g.worst.Action
			}
			g.tellOperation(op, name, v, done)
			return
		}
		done = g.plan.Instead(&f.route)
		v.Action = done
	}
	g.tellOperation(op, name, v, done)
	if done != firedoor.Pass {
		g.weigh(v)
	} else {
		g.written(op)
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
