package iec104

import "firedoor"

// fromControlled reads what the controlled station sends: data by itself, data
// that was asked for, and what became of requests.
func (p *parser) fromControlled() {
	a := &p.asdu
	if p.dir == firedoor.FromClient {
		p.tellAll()
		return
	}
	switch {
	case a.kind.group == groupFile:
		p.answerFile()
	case answers(a.cause) || a.negative && a.kind.group != groupMonitor:
		p.answerEach()
	case a.kind.group == groupMonitor && a.cause == causeRequest:
		p.answerRead()
	default:
		p.tellAll()
	}
}

// tellAll tells every object as a sample.
func (p *parser) tellAll() {
	a := &p.asdu
	for i := range a.count {
		address, data, _ := a.object(i)
		p.tell(address, data)
	}
	if !a.kind.fixed { // its type is all that is known
		p.sample = firedoor.Sample{Function: a.kind.name, Code: uint32(a.code), HasUnit: true, Unit: a.common}
		p.emit(&p.told)
	}
}

// answerEach joins a confirmation, a termination or a refusal with the requests
// for its objects.
func (p *parser) answerEach() {
	a := &p.asdu
	if a.count == 0 {
		p.begin(a.kind.name, a.kind.verb)
		p.op.Outcome = outcome(a.cause, a.negative)
		p.reply(p.take(0, variantExecute))
		return
	}
	for i := range a.count {
		address, data, _ := a.object(i)
		function, verb, variant := a.function(data)
		var q *request
		switch ended := a.cause == causeTerm && p.terminated(a.key(address, variant)); {
		case !ended:
			q = p.take(address, variant)
		case !a.negative:
			continue // the confirmation told it all
		}
		p.begin(function, verb)
		p.op.Selects = variant != variantExecute
		p.op.Object = firedoor.Object{Space: &objects, At: [4]uint32{address}}
		p.op.Outcome = outcome(a.cause, a.negative)
		if q == nil {
			p.op.Values, _ = p.value(a.kind.element, data)
			if a.count > 1 {
				p.op.Item = uint16(i + 1)
			}
		}
		if a.cause == causeActCon && !a.negative && a.kind.ends && variant == variantExecute {
			p.newest = (p.newest + 1) % maxConfirmed
			p.confirmed[p.newest] = a.key(address, variant)
		}
		p.reply(q)
	}
}

// reply emits the operation at hand as the answer of q; nil: not seen.
func (p *parser) reply(q *request) {
	if q == nil {
		p.answer(0)
		return
	}
	p.op.Function, p.op.Verb, p.op.Code, p.op.Item, p.op.Selects = q.name, q.verb, uint32(q.code), uint16(q.item), q.selects
	p.answer(q.id)
}

// take finds the request that the data at hand answers: of the same kind first.
// Some stations do not repeat the select bit, a refusal hides what was to be
// deactivated, and a request to all stations is answered by each in its own name.
func (p *parser) take(address uint32, variant int) *request {
	if p.asked.Len() == 0 {
		return nil
	}
	a := p.asdu
	for range 3 {
		for _, v := range [...]int{variant, variantExecute, variantSelect, variantDeactivate} {
			if (v == variantDeactivate) != (variant == variantDeactivate) && a.cause < causeNoType {
				continue
			}
			if q := p.asked.Take(a.key(address, v)); q != nil {
				return q
			}
		}
		switch a.common {
		case broadcast:
			return nil
		case broadcastOneOctet:
			a.common = broadcast
		default:
			if a.common = broadcast; a.sizes.common == 1 {
				a.common = broadcastOneOctet
			}
		}
	}
	return nil
}

// terminated tells whether a command was confirmed and forgets it.
func (p *parser) terminated(key uint64) bool {
	for i := range p.confirmed {
		if p.confirmed[i] == key {
			p.confirmed[i] = 0
			return true
		}
	}
	return false
}

// answerRead gives the values that reads asked for: a read names an object, the
// answer has the type of what is there.
func (p *parser) answerRead() {
	a := &p.asdu
	read := *a
	read.code = typeReadCommand
	for i := range a.count {
		address, data, _ := a.object(i)
		q := p.asked.Take(read.key(address, variantExecute))
		p.begin(kinds[typeReadCommand].name, firedoor.VerbRead)
		p.op.Code = typeReadCommand
		p.op.Object = firedoor.Object{Space: &objects, At: [4]uint32{address}}
		p.op.Values, _ = p.value(a.kind.element, data)
		p.op.Outcome = firedoor.OK
		if q == nil && a.count > 1 {
			p.op.Item = uint16(i + 1)
		}
		p.reply(q)
	}
}
