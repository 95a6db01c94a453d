package dlms

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// answer joins an answer to its request.
func (p *parser) answer(s *service) {
	a := p.k.body
	ends := uint64(p.k.from)<<32 | uint64(p.k.to)<<16
	var q *question
	if s.kind == both {
		q = p.asked.Take(ends | keyOther | uint64(a[0]))
	} else if s.asked != 0 {
		q = p.asked.Take(ends | keyOf(s.asked, a))
	} else {
		q = p.any(ends)
	}
	if q == nil {
		p.partial(s, a)
		return
	}
	p.begin(q)
	switch a[0] {
	case aare:
		p.associated(q, a)
	case getResponse, setResponse, actionResponse:
		p.results(q, a)
	case exception, serviceError:
		p.all(q, failure(a))
	default:
		p.all(q, firedoor.OK) // what a ciphered answer says is not seen
	}
}

// any takes the request that an answer without an invoke identifier is for: the
// only one that waits.
func (p *parser) any(ends uint64) *question {
	for k := range uint64(16) {
		if q := p.asked.Take(ends | k); q != nil {
			return q
		}
	}
	for tag := range services {
		if services[tag].kind != asks && services[tag].kind != both {
			continue
		}
		if q := p.asked.Take(ends | keyOf(byte(tag), nil)); q != nil {
			return q
		}
	}
	return nil
}

// initiateError is the kind of a service error that refuses to begin.
const initiateError = 6

// failure is the outcome of an exception or a confirmed service error.
func failure(a []byte) firedoor.Outcome {
	switch {
	case a[0] == exception && len(a) > 2:
		return named(exceptions[:], a[2])
	case a[0] == serviceError && len(a) > 3 && a[2] == initiateError && int(a[3]) < len(initiateErrors):
		return firedoor.Failed(uint32(a[2])<<8|uint32(a[3]), initiateErrors[a[3]])
	case a[0] == serviceError && len(a) > 3: // of which service, kind of error, error
		return firedoor.Failed(uint32(a[2])<<8|uint32(a[3]), "")
	case len(a) > 1:
		return firedoor.Failed(uint32(a[1]), "")
	}
	return firedoor.Failed(0, "")
}

// all gives one outcome to all items.
func (p *parser) all(q *question, o firedoor.Outcome) {
	for i := range max(1, len(q.objects)) {
		p.reply(q, i, o, value{})
	}
}

func (p *parser) reply(q *question, i int, o firedoor.Outcome, v value) {
	p.item(q, i)
	p.op.ID, p.op.Phase, p.op.Outcome = q.id+uint32(i), firedoor.Answered, o
	p.fill(v)
	p.emit(&p.opEvent)
}

// fill gives the operation at hand, whose object is known, a value. Objects that hold
// secrets have none.
func (p *parser) fill(v value) {
	p.op.Values, p.op.Texts = firedoor.Values{}, nil
	if guarded(&p.op.Object) {
		return
	}
	p.op.Values, p.op.Texts = v.number, v.words(&p.op.Object, &p.texts)
}

// partial tells an answer whose request was not seen.
func (p *parser) partial(s *service, a []byte) {
	p.op = firedoor.Operation{Code: uint32(a[0]), Function: s.name, Verb: s.verb, HasUnit: true, Unit: uint32(p.k.from), Partial: true}
	p.op.Outcome = firedoor.OK
	switch a[0] {
	case exception, serviceError:
		p.op.Outcome = failure(a)
	case aare:
		p.op.Outcome, _ = accepted(a)
	case getResponse, setResponse, actionResponse:
		r := protocol.Read(a[1:])
		if choice := r.U8(); choice == 1 {
			r.Skip(1)
			var v value
			p.op.Outcome, v = one(s.asked, &r)
			p.op.Values = v.number
		}
	}
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Answered
	p.emit(&p.opEvent)
}

// accepted reads the result of an association (IEC 62056-5-3, 9.3.2).
func accepted(a []byte) (o firedoor.Outcome, sound bool) {
	outer := wire.ReadBER(a)
	r := outer.Into(aare)
	result, reason, names := int64(-1), int64(0), diagnostics[:]
	for !r.Failed() && r.Len() > 0 {
		tag, content := r.Any()
		switch tag {
		case 0xa2:
			inner := wire.ReadBER(content)
			result = inner.Int()
		case 0xa3: // who diagnoses, and what
			inner := wire.ReadBER(content)
			who, c := inner.Any()
			if who == 0xa2 {
				names = providers[:]
			}
			inner = wire.ReadBER(c)
			reason = inner.Int()
		}
	}
	switch {
	case r.Failed() || result < 0:
		return firedoor.Outcome{Kind: firedoor.OutcomeNoResponse}, false
	case result == 0:
		return firedoor.OK, true
	default:
		return named(names, byte(reason)), true
	}
}

func (p *parser) associated(q *question, a []byte) {
	o, sound := accepted(a)
	login := q.login
	p.reply(q, 0, o, value{})
	switch {
	case !sound && !p.k.part:
		p.malformed("association answer without a result")
	case o.Kind == firedoor.OutcomeError && login > 0:
		p.voice.Login(p.emit, nil, "failed")
	case o.Kind == firedoor.OutcomeOK && login == loginLow:
		p.voice.Login(p.emit, nil, "ok")
	}
}

// block is the outcome of an answer that is a block, or takes one: that of GET has
// whether it is the last, its number, and an error in place of data; the last of SET
// begins with the result of all.
func (p *parser) block(tag, choice byte, r *protocol.Reader) firedoor.Outcome {
	switch {
	case tag == getResponse && choice == 2:
		r.Skip(5)
		if r.U8() == 1 {
			return result(getRequest, r.U8())
		}
	case tag == setResponse && choice == 3:
		return result(setRequest, r.U8())
	}
	return firedoor.OK
}

// results reads the answer to GET, SET or ACTION. Choice 1 is one result, a list
// has its count; all others are blocks.
func (p *parser) results(q *question, a []byte) {
	r := protocol.Read(a[1:])
	choice := r.U8()
	r.Skip(1)
	n := 1
	switch {
	case r.Failed():
		p.all(q, firedoor.Outcome{Kind: firedoor.OutcomeNoResponse})
		p.malformed("answer ends too early")
		return
	case choice == 1:
	case choice == 3 && a[0] != setResponse, choice == 5 && a[0] == setResponse:
		n = int(r.U8())
	default:
		block := r
		p.all(q, p.block(a[0], choice, &r))
		if a[0] == getResponse && choice == 2 {
			p.takeBlock(q, block)
		}
		return
	}
	if n != max(1, len(q.objects)) {
		p.all(q, firedoor.Outcome{Kind: firedoor.OutcomeNoResponse})
		if len(q.objects) > 0 && !p.holes {
			p.malformed("answer has not as many results as were asked for")
		}
		return
	}
	for i := range n {
		o, v := one(q.tag, &r)
		if r.Failed() {
			o = firedoor.Outcome{Kind: firedoor.OutcomeNoResponse}
		}
		p.reply(q, i, o, v)
		if o.Kind == firedoor.OutcomeOK && i < len(q.objects) {
			p.identify(&q.objects[i], v.text)
		}
		if q.login == loginHigh && q.tag == actionRequest {
			p.authenticated(o)
		}
	}
	if r.Failed() && !p.k.part {
		p.malformed("answer ends too early")
	}
}

// one reads a result. That of GET is data behind a 0, or an error behind a 1; that
// of an ACTION may have such a thing behind it.
func one(tag byte, r *protocol.Reader) (o firedoor.Outcome, v value) {
	code := r.U8()
	switch tag {
	case setRequest:
		return result(tag, code), v
	case actionRequest:
		if r.Len() > 0 && r.U8() != 0 {
			if r.U8() == 0 {
				skipDatum(r)
			} else {
				r.Skip(1)
			}
		}
		return result(tag, code), v
	}
	if code != 0 {
		return result(tag, r.U8()), v
	}
	return firedoor.OK, skipDatum(r)
}

// skipDatum passes over data; what cannot be measured is taken to fill the rest.
func skipDatum(r *protocol.Reader) value {
	rest := *r
	b := rest.Rest()
	size, v := datum(b)
	if size == 0 && len(b) > 0 {
		size = len(b)
	}
	if len(b) == 0 {
		size = 1 // there is none
	}
	r.Skip(size)
	return v
}

func (p *parser) authenticated(o firedoor.Outcome) {
	word := "failed"
	if o.Kind == firedoor.OutcomeOK {
		word = "ok"
	}
	p.voice.Login(p.emit, nil, word)
}

// identify tells what an attribute says of the meter. A logical device name begins
// with three letters of its maker.
func (p *parser) identify(o *firedoor.Object, text []byte) {
	kind := factOf(o)
	if kind == 0 || !printable(text) {
		return
	}
	p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: kind, Confidence: 90, Source: "cosem object", Value: text})
	if kind == firedoor.FactName && len(text) > 3 {
		p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: firedoor.FactVendor, Confidence: 90, Source: "logical device name", Value: text[:3]})
	}
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return len(b) > 0
}
