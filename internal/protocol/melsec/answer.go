package melsec

import (
	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Sources of identity.
const (
	sourceModel   = "melsec type name"
	sourceInitial = "melsoft open initial"
)

// sure: the device speaks for itself.
const sure = 90

// Sizes of what a device says of itself.
const modelSize = 16

// answer reads an answer and joins it to its request. One without is partial: of 3E
// and 4E it does not even say what was asked.
func (p *parser) answer() {
	f := &p.f
	var q *request
	if f.variant == variantOld {
		q, p.oldWaits = &p.oldAsk, false
	} else {
		q = p.asked.Take(p.key())
	}
	var c *command
	switch {
	case q != nil:
		c = q.command
		p.begin(c, q.code)
	case f.variant == variantMC && !f.failed:
		c = &nameless
		p.begin(c, 0)
	default:
		c = p.command()
		p.begin(c, f.code)
	}
	names := endNames
	if f.variant == variantOld {
		names = oldNames
	}
	p.op.Outcome = end(f.end, names)
	if f.end == 0 {
		p.answered(c, q)
	} else {
		p.replyAll(q)
		p.refused(q)
	}
	p.login(c)
}

// answered reads the data of an accepted request.
func (p *parser) answered(c *command, q *request) {
	r := &p.f.data
	switch {
	case q == nil:
		p.reply(nil, 0)
		p.identify(c, r)
		return
	case c.form == formRegister, c.form == formOldRegister:
		p.enter(c, q)
	case c.form == formMonitor, c.form == formOldMonitor:
		p.monitored(c, r)
	case c.form == formRead, c.form == formReadRandom, c.form == formReadBlock, c.form == formBuffer:
		p.answerValues(q, r)
		return
	case (c.form == formLabels || c.form == formArray) && q.items[0].space == labels:
		p.answerLabels(c, q, r)
		return
	case (c.form == formUnit || c.form == formOldBuffer) && len(q.items) == 1 && q.items[0].space != nil:
		p.op.Values = r.bytes(q.items[0].points, &p.numbers)
		p.reply(q, 0)
		if r.failed || len(r.b) > 0 {
			p.complain(reasonAnswer)
		}
		return
	}
	p.replyAll(q)
	p.answerFile(c, q, r)
	p.identify(c, r)
}

// answerValues gives each item its values.
func (p *parser) answerValues(q *request, r *fields) {
	known := true
	for i := range q.items {
		it := &q.items[i]
		known = known && it.shape != shapeNone
		if known {
			p.op.Values = r.values(it.shape, it.points, it.bit && it.shape != shapeBit, &p.numbers)
		}
		p.reply(q, i)
	}
	if known && (r.failed || len(r.b) > 0 && len(q.items) < maxItems) {
		p.complain(reasonAnswer)
	}
}

// identify tells what a device says of itself.
func (p *parser) identify(c *command, r *fields) {
	source := sourceModel
	switch c.form {
	case formInitial:
		source = sourceInitial
	case formModel:
	default:
		return
	}
	if model := r.take(modelSize); !r.failed {
		p.voice.Fact(p.emit, firedoor.Identity{Kind: firedoor.FactModel, Source: source, Confidence: sure, Value: wire.Text(model)})
	}
}

// login tells of an attempt to get past a password, which is never read.
func (p *parser) login(c *command) {
	if c.form != formLogin && c.form != formPassword {
		return
	}
	result := "failed"
	if p.op.Outcome.Kind == firedoor.OutcomeOK {
		result = "ok"
	}
	var user []byte
	if c.form == formPassword {
		user = p.userName()
	}
	p.voice.Login(p.emit, user, result)
}
