package dnp3

import "firedoor"

// response reads what an outstation sends: the answer to a request, or reports
// by itself. Further fragments of a response hold samples only, as the first one
// answered.
func (p *parser) response(control, indications byte, body []byte) {
	outstation, master := source(p.frame), destination(p.frame)
	p.outcome, p.done, p.cursor = indicated(indications), 0, 0
	p.total = p.count(body)
	first := control&fragmentFirst != 0
	var q *request
	switch {
	case first && p.code == fnResponse:
		q = p.asked.Take(key(outstation, master, control))
	case first && p.code == fnAuthenticateResponse:
		q = p.asked.Take(authenticationKey(outstation, master, control))
	}
	w := walk{b: body, code: p.code}
	for w.next() {
		p.answerUnit(q, &w.unit)
	}
	switch {
	case q != nil:
		p.finish(q)
	case p.code == fnResponse && first && p.cursor == 0:
		p.begin(outstation)
		p.function(fnResponse, functions[fnResponse].verb)
		p.op.Outcome = p.outcome
		p.partial()
	case p.total == 0 && p.code != fnResponse: // it is there, and has nothing to report
		p.report(nil, firedoor.Values{})
	}
	if w.reason != "" {
		p.complain(w.reason)
	}
}

// finish answers what the objects of the response did not.
func (p *parser) finish(q *request) {
	for i := range q.count {
		if i < maxItems && p.done>>i&1 == 0 || i >= maxItems && i >= p.cursor {
			p.reply(q, i, p.outcome, firedoor.Values{})
		}
	}
}

// reply answers object i of a request.
func (p *parser) reply(q *request, i uint32, outcome firedoor.Outcome, values firedoor.Values) {
	p.begin(source(p.frame))
	p.function(q.code, q.verb)
	p.op.Outcome, p.op.Values, p.op.Selects = outcome, values, q.code == fnSelect
	if int(i) < len(q.items) {
		it := &q.items[i]
		p.op.Object, p.op.Verb = it.place.object(), it.verb
		p.op.Quantity, p.op.HasQty = it.quantity, it.counts
		if it.group == groupFile {
			p.op.Object.Text = q.name()
		}
	}
	if i < maxItems {
		p.done |= 1 << i
	}
	p.answer(q, i)
}

// report tells a sample.
func (p *parser) report(o *place, values firedoor.Values) {
	p.sample = firedoor.Sample{
		Function: functions[p.code].name, Code: uint32(p.code), HasUnit: true, Unit: uint32(source(p.frame)), Values: values,
	}
	if o != nil {
		p.sample.Object = o.object()
	}
	p.emit(&p.told)
}

// answerUnit reads an object of a response.
func (p *parser) answerUnit(q *request, u *unit) {
	switch u.group {
	case groupOutputBlock, groupAnalogBlock:
		if u.layout.form != formBits && u.data != nil {
			p.echo(q, u)
			return
		}
	case groupFile:
		p.answerFile(q, u)
		return
	case groupAttribute:
		p.identify(u)
		p.noValues(q, u, false)
		return
	case groupTime, groupCommonTime: // the time that times of events are counted from
		p.noValues(q, u, false)
		return
	case groupDelay:
		if q != nil && len(q.items) == 0 && u.count > 0 {
			p.reply(q, 0, p.outcome, p.values(&u.layout, u.data, 0, 1))
			return
		}
	}
	if u.data == nil || !told(u.group) || u.layout.form == formNone {
		p.noValues(q, u, true)
		return
	}
	p.points(q, u)
}

// noValues answers with an object of which no value is told.
func (p *parser) noValues(q *request, u *unit, report bool) {
	o := u.place()
	switch i := p.match(q, u, o); {
	case i >= 0:
		p.reply(q, uint32(i), p.outcome, firedoor.Values{})
	case report:
		p.report(&o, firedoor.Values{})
	}
}

// match finds the item of a request that asked for exactly this; -1 if none did.
func (p *parser) match(q *request, u *unit, o place) int {
	if q == nil {
		return -1
	}
	for i := range q.items {
		it := &q.items[i]
		if it.group == u.group && it.place == o && p.done>>i&1 == 0 && (!it.counts || it.quantity == u.count) {
			return i
		}
	}
	return -1
}

// points tells values: to the item that asked for them, or as samples.
func (p *parser) points(q *request, u *unit) {
	g := &groups[u.group]
	o := u.place()
	i := p.match(q, u, o)
	most := u.layout.pieces(u.count)
	for first := 0; first < int(u.count); first += most {
		n := min(most, int(u.count)-first)
		if !p.quality(g, &u.layout, u.data, first, n) {
			p.report(&place{&flagSpace, [2]uint32{o.at[0], uint32(u.group)}}, firedoor.Values{Type: firedoor.U8, Count: n, Raw: p.flags[:n]})
		}
		values := p.values(&u.layout, u.data, first, n)
		if i >= 0 && first == 0 {
			p.reply(q, uint32(i), p.outcome, values)
		} else {
			p.report(&o, values)
		}
		o.at[0] += uint32(n)
	}
}

// echo reads a control that a response repeats with its status (4.4.3).
func (p *parser) echo(q *request, u *unit) {
	outcome := failed(u.data[len(u.data)-1]&statusBits, controlStatuses[:])
	if q == nil {
		p.begin(source(p.frame))
		p.function(fnResponse, firedoor.VerbControl)
		if u.group == groupAnalogBlock {
			p.op.Verb = firedoor.VerbWrite
		}
		p.op.Object = u.place().object()
		p.op.Quantity, p.op.HasQty = 1, true
		p.op.Values = p.values(&u.layout, u.data, 0, 1)
		p.op.Outcome = outcome
		if p.total > 1 {
			p.op.Item = itemNumber(p.cursor)
		}
		p.cursor++
		p.partial()
		return
	}
	for int(p.cursor) < len(q.items) && q.items[p.cursor].group != u.group {
		p.cursor++
	}
	if p.cursor >= q.count || int(p.cursor) < len(q.items) && q.items[p.cursor].place != u.place() {
		p.complain(reasonEcho)
		return
	}
	p.reply(q, p.cursor, outcome, firedoor.Values{})
	p.cursor++
}
