package bacnet

import (
	"strconv"

	"firedoor"
)

// answer joins an answer to its request.
func (p *parser) answer(asker firedoor.Direction) {
	a := &p.app
	far, near := p.net.from, p.net.to
	if asker == p.dir { // who asked breaks it off
		far, near = near, far
	}
	key := p.key(asker, far, near)
	if a.kind == kindComplexAck && a.segmented() {
		body, ends := p.segment(key, true)
		if !ends {
			return
		}
		p.whole, a.body = body != nil, body
	}
	p.q = p.asked.Take(key)
	named := a.kind != kindReject && a.kind != kindAbort
	if p.q != nil && named && p.q.service != a.service {
		p.q = nil // another transaction's
	}
	s := &nameless
	switch {
	case p.q != nil:
		s = &confirmed[p.q.service]
	case named:
		s = &confirmed[a.service]
	}
	if s.form == formReport || p.q != nil && p.q.silent {
		return // a notification was received
	}
	code := uint32(a.service)
	if !named {
		code = codeNone
	}
	p.begin(s, code, asker)
	switch a.kind {
	case kindSimpleAck:
		p.replyAll(0, firedoor.OK)
		if len(a.body) > 0 {
			p.complain(reasonBehind)
		}
	case kindComplexAck:
		p.result()
	case kindError:
		p.failure()
	case kindReject:
		p.replyAll(0, firedoor.Failed(uint32(a.service), word(rejectReasons, uint32(a.service))))
	case kindAbort:
		p.replyAll(0, firedoor.Failed(uint32(a.service), word(abortReasons, uint32(a.service))))
	}
}

// nameless is what a reject or abort answers whose request was not seen: it does
// not say which service.
var nameless = service{name: "confirmed request", verb: firedoor.VerbRead, theirs: "confirmed request" + wordsAskedOf}

// codeNone is its code: no service has it.
const codeNone = 0xff

// result reads an answer with data.
func (p *parser) result() {
	p.op.Outcome = firedoor.OK
	if !p.whole {
		p.replyAll(0, firedoor.OK)
		return
	}
	t := readTags(p.app.body)
	switch p.app.service {
	case readProperty:
		p.readResult(&t)
	case readRange:
		p.rangeResult(&t)
	case readMultiple:
		p.multipleResult(&t)
	case readFile:
		p.fileRead(&t)
	case writeFile:
		p.fileWritten(&t)
	case createObject:
		id := t.identifier(t.take(applicationTag, tagObject))
		if p.q == nil && !t.bad {
			p.reply(0, p.object(id, noProperty, 0, 0))
		} else {
			p.replyAll(0, firedoor.OK)
		}
	default: // lists of alarms, sessions and what makers define
		p.replyAll(0, firedoor.OK)
		return
	}
	if t.bad || t.pos != len(t.b) {
		p.complain(reasonAnswer)
	}
}

// about tells whether an answer about an object and property can belong to item i
// of the request. A device may be asked for without knowing its number.
func (q *request) about(i int, id, property, index uint32) bool {
	if i >= len(q.items) || q.items[i].space != &objects {
		return false
	}
	at := &q.items[i].at
	same := at[atObject] == id || at[atObject] == typeDevice<<instanceBits|anyInstance && id>>instanceBits == typeDevice
	return same && at[atProperty] == property && at[atIndex] == index
}

// readResult reads one property's value (15.5).
func (p *parser) readResult(t *tags) {
	id := t.object(0)
	property, index := reference(t, 1)
	content := t.inside(3)
	if t.bad {
		p.replyAll(0, firedoor.OK)
		return
	}
	if p.q != nil && !p.q.about(0, id, property, index) {
		p.q = nil // of a request that was not seen
	}
	p.valued(property, content)
	p.reply(0, p.object(id, property, index, 0))
	p.learn(id, property, index, content)
}

// rangeResult reads which records came; what they hold is not read (15.8).
func (p *parser) rangeResult(t *tags) {
	id := t.object(0)
	property, index := reference(t, 1)
	t.take(contextTag, 3) // whether there is more
	count := t.number(4)
	t.inside(5)
	t.skipIf(6)
	if p.q == nil && !t.bad {
		p.op.Quantity, p.op.HasQty = count, true
		p.reply(0, p.object(id, property, index, 0))
		return
	}
	p.replyAll(0, firedoor.OK)
}

// outcome is one property's part of an answer over several (15.7).
type outcome struct {
	property, index uint32
	content         []byte
	failed          bool
}

func readOutcome(t *tags) (o outcome) {
	o.property, o.index = reference(t, 2)
	if o.failed = t.sees(openingTag, 5); o.failed {
		o.content = t.inside(5)
	} else {
		o.content = t.inside(4)
	}
	return o
}

// multipleResult joins the parts of an answer to the items of its request. What
// was asked for as a whole ("all") is answered by many, which are told as samples.
func (p *parser) multipleResult(t *tags) {
	if p.q == nil {
		p.count = 0
		count := *t
		for count.more() {
			count.object(0)
			list := readTags(count.inside(1))
			for list.more() {
				readOutcome(&list)
				p.count++
			}
		}
	}
	next := 0
	for t.more() {
		id := t.object(0)
		list := readTags(t.inside(1))
		for list.more() {
			o := readOutcome(&list)
			if list.bad {
				break
			}
			next = p.part(id, &o, next)
		}
		t.bad = t.bad || list.bad
	}
	for ; p.q != nil && next < len(p.q.items); next++ {
		at := &p.q.items[next].at
		p.op.Values, p.op.Texts, p.op.Outcome = firedoor.Values{}, nil, firedoor.OK
		if pr := at[atProperty]; pr != propertyAll && pr != propertyRequired && pr != propertyOptional {
			p.op.Outcome = firedoor.Outcome{Kind: firedoor.OutcomeNoResponse} // left out
		}
		p.reply(next, firedoor.Object{})
	}
}

// part answers the item that comes next, if the part belongs to it, or a later
// one, leaving those before it unanswered. It returns the next item.
func (p *parser) part(id uint32, o *outcome, next int) int {
	p.op.Outcome, p.op.Values, p.op.Texts = firedoor.OK, firedoor.Values{}, nil
	if o.failed {
		t := readTags(o.content)
		p.op.Outcome = errorOutcome(&t)
	} else {
		p.learn(id, o.property, o.index, o.content)
	}
	if p.q == nil {
		if !o.failed {
			p.valued(o.property, o.content)
		}
		p.reply(0, p.object(id, o.property, o.index, 0))
		return next
	}
	for i := next; i < len(p.q.items); i++ {
		if !p.q.about(i, id, o.property, o.index) {
			continue
		}
		said := p.op.Outcome
		for ; next < i; next++ {
			p.op.Outcome, p.op.Values, p.op.Texts = firedoor.OK, firedoor.Values{}, nil
			if pr := p.q.items[next].at[atProperty]; pr != propertyAll && pr != propertyRequired && pr != propertyOptional {
				p.op.Outcome = firedoor.Outcome{Kind: firedoor.OutcomeNoResponse}
			}
			p.reply(next, firedoor.Object{})
		}
		if p.op.Outcome = said; !o.failed {
			p.valued(o.property, o.content)
		}
		p.reply(i, firedoor.Object{})
		return i + 1
	}
	if !o.failed && p.q.asksAll(next, id) {
		p.valued(o.property, o.content)
		p.ofAll(p.object(id, o.property, o.index, 0))
	}
	return next
}

// asksAll tells whether one of the items from the next on asks for properties of an object
// without naming them.
func (q *request) asksAll(next int, id uint32) bool {
	for i := next; i < len(q.items); i++ {
		if pr := q.items[i].at[atProperty]; (pr == propertyAll || pr == propertyRequired || pr == propertyOptional) && q.about(i, id, pr, q.items[i].at[atIndex]) {
			return true
		}
	}
	return false
}

// ofAll tells what came of a property that nobody named.
func (p *parser) ofAll(o firedoor.Object) {
	if p.items++; p.items > maxItems {
		return
	}
	p.routed(&o, p.q.route[:p.q.routeLen])
	p.sample = firedoor.Sample{Function: p.q.function, Code: p.q.code, HasUnit: p.op.HasUnit, Unit: p.op.Unit, Object: o, Values: p.op.Values, Texts: p.op.Texts}
	p.emit(&p.sampleEvent)
}

// errorOutcome reads class and code of an error (18). The code says enough: its
// words are different in every class.
func errorOutcome(t *tags) firedoor.Outcome {
	t.unsigned(t.take(applicationTag, tagEnumerated))
	code := t.unsigned(t.take(applicationTag, tagEnumerated))
	if t.bad {
		return firedoor.Failed(0, "")
	}
	return firedoor.Failed(code, word(errorCodes, code))
}

// failure reads an error (20.1.7). Some services wrap it and say what it is about.
func (p *parser) failure() {
	t := readTags(p.app.body)
	first := 0
	var o firedoor.Outcome
	if t.sees(openingTag, 0) {
		inner := readTags(t.inside(0))
		o = errorOutcome(&inner)
		t.bad = t.bad || inner.bad
		if p.app.service == writeMultiple && !t.bad {
			first = p.written(&t)
		}
		for t.more() { // parameters of the service's own
			t.next()
		}
	} else {
		o = errorOutcome(&t)
	}
	p.replyAll(first, o)
	if t.bad || t.pos != len(t.b) {
		p.complain(reasonAnswer)
	}
}

// written answers the writes before the first that failed: those were done
// (15.10.2). It returns that item.
func (p *parser) written(t *tags) int {
	inner := readTags(t.inside(1))
	id := inner.object(0)
	property, index := reference(&inner, 1)
	if p.q == nil || inner.bad {
		t.bad = t.bad || inner.bad
		return 0
	}
	for i := range p.q.items {
		if !p.q.about(i, id, property, index) {
			continue
		}
		p.op.Outcome = firedoor.OK
		for k := range i {
			p.reply(k, firedoor.Object{})
		}
		return i
	}
	return 0
}

// fileRead reads how much of a file came (14.1).
func (p *parser) fileRead(t *tags) {
	end := t.next()
	records := t.sees(openingTag, 1)
	part := readTags(t.inside(uint8(b2i(records))))
	start := part.start()
	size := 0
	if records {
		part.unsigned(part.take(applicationTag, tagUnsigned))
	}
	for part.more() {
		size += len(part.take(applicationTag, tagOctets))
	}
	t.bad = t.bad || part.bad || end.kind != applicationTag || end.number != tagBoolean
	p.replyAll(0, firedoor.OK)
	if !t.bad {
		p.file(true, int64(start)+int64(size), end.truth)
	}
}

// start reads where a part of a file begins.
func (t *tags) start() int32 {
	b := t.take(applicationTag, tagSigned)
	if len(b) < 1 || len(b) > 4 {
		t.bad = true
		return 0
	}
	return signed(b)
}

// fileWritten reads from where on a file was written (14.2).
func (p *parser) fileWritten(t *tags) {
	g := t.next()
	t.bad = t.bad || g.kind != contextTag || g.number > 1 || len(g.content) < 1 || len(g.content) > 4
	p.replyAll(0, firedoor.OK)
	if !t.bad && p.q != nil {
		p.file(false, int64(signed(g.content))+int64(p.q.quantity), false)
	}
}

// file tells how far a file's transfer is. Only the request names the file.
func (p *parser) file(upload bool, bytes int64, done bool) {
	if p.q == nil || len(p.q.items) == 0 || p.q.items[0].space != &objects {
		return
	}
	name := strconv.AppendUint(append(p.name[:0], "file:"...), uint64(p.q.items[0].at[atObject]&anyInstance), 10)
	p.voice.File(p.emit, firedoor.FileTransfer{Name: name, Upload: upload, Bytes: bytes, Done: done, HasUnit: p.op.HasUnit, Unit: p.op.Unit})
}
