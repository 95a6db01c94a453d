package fins

import (
	"firedoor"
)

// Sources of identity.
const (
	sourceController = "fins controller data"
	sourceConnection = "fins connection data"
	sourceName       = "fins name"
)

// sure: the device speaks for itself.
const sure = 90

// answer reads an answer and joins it to its request. One without is partial: what
// its data are nobody knows.
func (p *parser) answer(c *command, q *request) {
	if p.op.Outcome.Kind != firedoor.OutcomeOK || q == nil && c.form != formReadMany {
		p.replyAll(q)
		if p.op.Outcome.Kind == firedoor.OutcomeOK {
			p.identify(c)
		}
		return
	}
	reason := ""
	switch c.form {
	case formRead:
		reason = p.answerRead(q)
	case formReadMany:
		reason = p.answerMany(q)
	default:
		if c.form == formParameter && len(p.body) > 6 { // area, first word, how many, words
			p.op.Values = firedoor.Values{Type: firedoor.U16, Count: len(p.body)/2 - 3, Raw: p.body[6:]}
		}
		p.replyAll(q)
		p.answerTransfer(c, q)
	}
	if reason != "" {
		p.complain(reason)
	}
	p.identify(c)
}

func (p *parser) answerRead(q *request) string {
	if len(q.items) == 0 || q.items[0].space == nil {
		p.replyAll(q)
		return ""
	}
	it := &q.items[0]
	a := &areas[it.code]
	if p.op.Code == 0x0101 {
		p.op.Values = a.values(p.body, it.count)
	}
	p.reply(q, 0)
	if n := a.size(it.count); p.op.Code == 0x0101 && n >= 0 && n != len(p.body) {
		return reasonElements
	}
	return ""
}

// answerMany reads elements each behind the code of its area.
func (p *parser) answerMany(q *request) string {
	b := p.body
	if q == nil {
		p.reply(nil, 0)
		return ""
	}
	for i := range q.items {
		p.op.Values = firedoor.Values{}
		if len(b) > 0 {
			a := &areas[b[0]]
			size := max(a.size(1), 0)
			if size > 0 && len(b) > size {
				p.op.Values = a.values(b[1:1+size], 1)
			}
			b = b[min(len(b), 1+size):]
		}
		p.reply(q, i)
	}
	if len(b) > 0 && len(q.items) < maxItems {
		return reasonElements
	}
	return ""
}

// identify tells what the answer at hand says of the device that answers; what one
// beyond a gateway says is not about the gateway.
func (p *parser) identify(c *command) {
	if p.b[atSNA] != 0 {
		return
	}
	switch c.form {
	case formController: // model, version: 20 octets each
		if len(p.body) >= 40 {
			p.fact(firedoor.FactModel, sourceController, 0, p.body[:20])
			p.fact(firedoor.FactFirmware, sourceController, 0, p.body[20:40])
		}
	case formConnection: // how many, then address and model of each
		if len(p.body) == 0 {
			return
		}
		b := p.body[1:]
		for range min(int(p.body[0]&0x7f), len(b)/21) {
			p.fact(firedoor.FactModule, sourceConnection, uint16(b[0]), b[1:21])
			b = b[21:]
		}
	case formName:
		p.fact(firedoor.FactName, sourceName, 0, p.body)
	}
}

func (p *parser) fact(kind firedoor.FactKind, source string, slot uint16, value []byte) {
	p.voice.Fact(p.emit, firedoor.Identity{Kind: kind, Source: source, Slot: slot, Confidence: sure, Value: value})
}
