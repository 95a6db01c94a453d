package opcua

import "firedoor"

// The readers of answers come after the answer's header was good: they give each
// item its outcome.

func answerNothing(p *parser, q *request, _ *walk) { p.replyAll(q) }

func answerNumber(p *parser, q *request, r *walk) {
	r.Skip(4)
	p.replyAll(q)
}

// results reads a list of results, one for each operation of the request, with one
// function for each; then the diagnostics that follow all such lists.
func (p *parser) results(q *request, r *walk, one func(p *parser, q *request, r *walk, i int)) {
	n := r.List()
	if q != nil && n != int(q.items) {
		if n == 0 && q.items == 1 { // a request for nothing is one operation
			p.replyAll(q)
		} else {
			p.complain(reasonItems)
		}
	}
	for i := range n {
		p.op.Values, p.op.Texts, p.op.Outcome = firedoor.Values{}, nil, firedoor.OK
		one(p, q, r, i)
		if r.Failed() {
			p.behind(q, i)
			return
		}
		if q == nil || i < int(q.ops) {
			p.reply(q, i, n)
		}
	}
	r.DiagnosticsList()
}

// behind answers item i, at which the part that was kept of a long answer ends, and those that
// follow it. The service was good; what came of each of them stands in what was not kept.
func (p *parser) behind(q *request, i int) {
	if !p.cut || q == nil {
		return
	}
	p.op.Outcome = firedoor.OK
	for ; i < int(q.ops); i++ {
		p.reply(q, i, 0)
		p.op.Values, p.op.Texts = firedoor.Values{}, nil
	}
}

func oneStatus(p *parser, _ *request, r *walk, _ int) { p.op.Outcome = outcome(r.U32LE()) }

func answerStatuses(p *parser, q *request, r *walk) { p.results(q, r, oneStatus) }

// answerOneOfMany reads a list of results of which the request is one operation:
// it is refused if all of them are.
func answerOneOfMany(p *parser, q *request, r *walk) {
	p.outcomeOf(r, func(r *walk) { r.Skip(0) })
	p.replyAll(q)
	r.DiagnosticsList()
}

// outcomeOf reads results that begin with a status each and sets the outcome: the
// first of them if none is good.
func (p *parser) outcomeOf(r *walk, rest func(r *walk)) {
	n := r.List()
	var first uint32
	good := false
	for i := 0; i < n && !r.Failed(); i++ {
		status := r.U32LE()
		p.status = status
		rest(r)
		if i == 0 {
			first = status
		}
		good = good || status&statusBad == 0
	}
	if n > 0 && !good {
		p.op.Outcome = outcome(first)
	}
}

func answerAddNodes(p *parser, q *request, r *walk) {
	p.results(q, r, func(p *parser, _ *request, r *walk, _ int) {
		p.op.Outcome = outcome(r.U32LE())
		r.NodeID()
	})
}

func answerBrowse(p *parser, q *request, r *walk) {
	p.results(q, r, func(p *parser, _ *request, r *walk, _ int) {
		p.op.Outcome = outcome(r.U32LE())
		r.Text()
		for n := r.List(); n > 0 && !r.Failed(); n-- {
			r.NodeID() // reference
			r.Skip(1)
			r.Expanded()
			r.Qualified()
			r.Localized()
			r.Skip(4)
			r.Expanded()
		}
	})
}

func answerTranslate(p *parser, q *request, r *walk) {
	p.results(q, r, func(p *parser, _ *request, r *walk, _ int) {
		p.op.Outcome = outcome(r.U32LE())
		for n := r.List(); n > 0 && !r.Failed(); n-- {
			r.Expanded()
			r.Skip(4)
		}
	})
}

func answerRegistered(p *parser, q *request, r *walk) {
	for n := r.List(); n > 0 && !r.Failed(); n-- {
		r.NodeID()
	}
	p.replyAll(q)
}

func answerRead(p *parser, q *request, r *walk) {
	p.results(q, r, func(p *parser, q *request, r *walk, i int) {
		v, status := r.DataValue()
		if p.op.Outcome = outcome(status); p.op.Outcome.Kind != firedoor.OutcomeOK || r.Failed() && !p.cut {
			return
		}
		if p.op.Values = v.Values; !q.hides(i) {
			p.op.Texts = p.textsOf(&v, &p.op.Object)
		}
		if q != nil && !r.Failed() {
			p.tellFact(q, &v, i)
		}
	})
}

func answerHistoryRead(p *parser, q *request, r *walk) {
	p.results(q, r, func(p *parser, _ *request, r *walk, _ int) {
		p.op.Outcome = outcome(r.U32LE())
		r.Text()
		r.Extension()
	})
}

func answerHistoryUpdate(p *parser, q *request, r *walk) {
	p.results(q, r, func(p *parser, _ *request, r *walk, _ int) {
		p.op.Outcome = outcome(r.U32LE())
		r.statuses()
		r.DiagnosticsList()
	})
}

func answerCall(p *parser, q *request, r *walk) {
	p.results(q, r, func(p *parser, _ *request, r *walk, _ int) {
		p.op.Outcome = outcome(r.U32LE())
		r.statuses()
		r.DiagnosticsList()
		for n := r.List(); n > 0 && !r.Failed(); n-- {
			r.Variant()
		}
	})
}
