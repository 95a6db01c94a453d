package mqtt

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Reasons of malformed subscriptions.
const (
	reasonNothing = "no topic filter"
	reasonFilter  = "topic filter with a wildcard where none may be"
	reasonOptions = "subscription options that are reserved"
	reasonCodes   = "not as many reasons as topic filters"
)

// subscribe reads a SUBSCRIBE or UNSUBSCRIBE (3.8, 3.10): an operation for each
// filter.
func (p *parser) subscribe(kind byte) {
	r := p.body()
	number := p.number(&r)
	if p.speaks == unknown {
		switch body := p.frame[p.head:]; {
		case listFits(body, kind, true):
			p.speaks = five
		case listFits(body, kind, false):
			p.speaks = three
		}
	}
	if p.speaks != unknown { // what is broken is read as of before 5.0
		p.block(&r, kind)
	}
	count := 0
	for each := r; each.Len() > 0; {
		if p.filter(&each, kind); each.Failed() {
			break
		}
		count++
	}
	p.begin(kind)
	p.expect(number, max(count, 1))
	if count == 0 {
		p.ask()
		p.complain(reasonNothing)
		return
	}
	wrong := ""
	for i := range count {
		filter, options := p.filter(&r, kind)
		p.op.Object = name(&filters, filter)
		if count > 1 {
			p.op.Item = uint16(i + 1)
		}
		p.ask()
		switch {
		case !filterFits(filter):
			wrong = reasonFilter
		case !optionsFit(options, p.speaks == five):
			wrong = reasonOptions
		}
	}
	if wrong != "" {
		p.complain(wrong)
	}
	if r.Len() > 0 {
		p.complain(reasonShort)
	}
}

// filter reads one filter with its options.
func (p *parser) filter(r *protocol.Reader, kind byte) (filter []byte, options byte) {
	filter = r.Bytes(int(r.U16()))
	if kind == typeSubscribe {
		options = r.U8()
	}
	return filter, options
}

// number reads a packet identifier (2.2.1).
func (p *parser) number(r *protocol.Reader) uint16 {
	n := r.U16()
	switch {
	case r.Failed():
		p.complain(reasonShort)
	case n == 0:
		p.complain(reasonNumber)
	}
	return n
}

// subscribed reads a SUBACK or UNSUBACK (3.9, 3.11): a code for each filter, but
// in UNSUBACK before 5.0.
func (p *parser) subscribed(kind byte) {
	asked := kind - 1
	r := p.body()
	number := p.number(&r)
	q := p.take(asked, number)
	if p.speaks == unknown {
		p.weighCodes(q, kind, p.frame[p.head+min(2, r.Pos()):])
	}
	p.block(&r, kind)
	if r.Failed() {
		return
	}
	if kind == typeUnsubAck && p.speaks != five {
		if r.Len() > 0 {
			p.complain(reasonMore)
		}
		p.replyAll(q, asked, firedoor.OK)
		return
	}
	codes := r.Rest()
	of := len(codes)
	if q != nil {
		of = int(q.count)
	}
	if len(codes) != of || of == 0 {
		p.complain(reasonCodes)
	}
	for i := range min(of, len(codes)) {
		o := granted(codes[i])
		if p.speaks == five {
			o = outcome(codes[i])
		}
		p.reply(q, asked, i, of, o)
	}
}

// weighCodes tells the version by an answer, if it can be told: the number of
// filters that were asked for, or what only one version allows.
func (p *parser) weighCodes(q *request, kind byte, b []byte) {
	switch {
	case kind == typeUnsubAck && len(b) == 0, q != nil && kind == typeSubAck && len(b) == int(q.count):
		p.speaks = three
	case q != nil, kind == typeUnsubAck, !codesFit(b):
		p.speaks = five
	case len(b) == 1 || b[0] != 0:
		p.speaks = three
	}
}
