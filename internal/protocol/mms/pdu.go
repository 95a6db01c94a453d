package mms

import (
	"strconv"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

func appendNumber(dst []byte, v uint64) []byte { return strconv.AppendUint(dst, v, 10) }

// Units of MMS (ISO 9506-2, 7.1).
const (
	pduRequest       = 0xa0
	pduResponse      = 0xa1
	pduError         = 0xa2
	pduUnconfirmed   = 0xa3
	pduReject        = 0xa4
	pduCancel        = 0x85
	pduCancelled     = 0x86
	pduCancelError   = 0xa7
	pduInitiate      = 0xa8
	pduInitiated     = 0xa9
	pduInitiateError = 0xaa
	pduConclude      = 0x8b
	pduConcluded     = 0x8c
	pduConcludeError = 0xad
	concludeInvoke   = 1 << 31 // keys beside those of confirmed services
	cancelInvoke     = 1 << 30 // invoke ids of real partners are small
)

// pdu reads a unit of MMS.
func (p *parser) pdu(r wire.BER) {
	tag, in := r.Enter()
	if r.Failed() {
		p.malformed("unit of MMS longer than what holds it")
		return
	}
	ok := true
	switch tag {
	case pduRequest:
		ok = p.request(&in)
	case pduResponse:
		ok = p.response(&in)
	case pduError:
		ok = p.failure(&in)
	case pduUnconfirmed:
		ok = p.unconfirmed(&in)
	case pduReject:
		ok = p.reject(&in)
	case pduInitiate:
		p.initiate()
	case pduInitiated:
		p.opened(firedoor.OK)
	case pduInitiateError:
		o, _ := serviceFailed(&in)
		p.opened(o)
	case pduConclude, pduConcluded, pduConcludeError:
		p.conclude(tag, &in)
	case pduCancel, pduCancelled, pduCancelError:
		ok = p.cancel(tag, &in)
	default:
		p.malformed("no unit of MMS")
	}
	if !ok {
		p.malformed("unit of MMS breaks its encoding")
	}
}

// number reads an unsigned number of 32 bits.
func number(content []byte) (uint32, bool) {
	v, ok := wire.BERInt(content)
	return uint32(v), ok && v >= -1<<31 && v <= 1<<32-1
}

func (p *parser) conclude(tag byte, r *wire.BER) {
	if tag == pduConclude {
		p.begin(firedoor.Asked, concludeCall, codeConclude)
		p.ask(concludeInvoke)
		return
	}
	o := firedoor.OK
	if tag == pduConcludeError {
		o, _ = serviceFailed(r)
	}
	p.answer(concludeInvoke, codeConclude, concludeCall, o)
}

func (p *parser) cancel(tag byte, r *wire.BER) bool {
	if tag == pduCancelError {
		id, ok := number(r.Take(0x80))
		for r.Len() > 0 && ok {
			field, in := r.Enter()
			if field == 0xa1 || field == 0xa2 {
				o, read := serviceFailed(&in)
				p.answer(id|cancelInvoke, codeCancel, cancelCall, o)
				return read
			}
			ok = !r.Failed()
		}
		return false
	}
	id, ok := number(r.Rest())
	if ok && tag == pduCancel {
		p.begin(firedoor.Asked, cancelCall, codeCancel)
		p.ask(id | cancelInvoke)
	} else if ok {
		p.answer(id|cancelInvoke, codeCancel, cancelCall, firedoor.OK)
	}
	return ok
}

// answer tells an outcome of a request that is one operation.
func (p *parser) answer(invoke, code uint32, c call, o firedoor.Outcome) {
	if r := p.asked.Take(key(invoke, p.dir.Other())); r != nil && r.code == code {
		p.answerAll(r, o)
		return
	}
	p.answerUnseen(c, code, o)
}

// request reads a confirmed request.
func (p *parser) request(r *wire.BER) bool {
	invoke, ok := number(r.Take(wire.TagInteger))
	if tag, _, _, fits := wire.BERHeader(r.Rest()); fits && tag == wire.TagSequence {
		r.Any() // modifiers
	}
	_, code, in := r.EnterLong()
	if !ok || r.Failed() {
		return false
	}
	if code == svcRead || code == svcWrite {
		return p.askVariables(invoke, code, in)
	}
	c := service(code)
	p.begin(firedoor.Asked, c, code)
	fine := p.about(code, in)
	p.ask(invoke)
	p.follow(code)
	return fine
}

// response reads a confirmed response.
func (p *parser) response(r *wire.BER) bool {
	invoke, ok := number(r.Take(wire.TagInteger))
	_, code, in := r.EnterLong()
	if !ok || r.Failed() {
		return false
	}
	q := p.asked.Take(key(invoke, p.dir.Other()))
	if q != nil && q.code != code {
		q = nil
	}
	if code == svcRead || code == svcWrite {
		return p.answerVariables(q, code, in)
	}
	if q == nil {
		p.answerUnseen(service(code), code, firedoor.OK)
	} else {
		p.answerAll(q, firedoor.OK)
	}
	p.moved(q, code, in)
	if code == svcIdentify {
		p.identify(in)
	}
	return true
}

// failure reads a confirmed error. Nothing tells what it answers if the request
// was not seen.
func (p *parser) failure(r *wire.BER) bool {
	invoke, ok := number(r.Take(0x80))
	tag, in := r.Enter()
	if tag == 0x81 { // position of the modifier
		tag, in = r.Enter()
	}
	if !ok || r.Failed() || tag != 0xa2 {
		return false
	}
	o, ok := serviceFailed(&in)
	if q := p.asked.Take(key(invoke, p.dir.Other())); q != nil {
		p.answerAll(q, o)
	}
	return ok
}

func (p *parser) reject(r *wire.BER) bool {
	tag, content := r.Any()
	if r.Failed() || tag != 0x80 || r.Len() == 0 { // without an invoke id nothing is answered
		return !r.Failed()
	}
	invoke, ok := number(content)
	reason, content := r.Any()
	if !ok || r.Failed() {
		return false
	}
	switch reason & 0x1f {
	case 6, 7, 8:
		invoke |= cancelInvoke
	case 9, 10, 11:
		invoke = concludeInvoke
	}
	if q := p.asked.Take(key(invoke, p.dir.Other())); q != nil {
		p.answerAll(q, rejected(reason, content))
	}
	return true
}

// identify tells what a device says of itself (ISO 9506-2, 10.5).
func (p *parser) identify(r wire.BER) {
	for r.Len() > 0 && !r.Failed() {
		tag, content := r.Any()
		if tag >= 0x80 && tag <= 0x82 {
			p.fact([...]firedoor.FactKind{firedoor.FactVendor, firedoor.FactModel, firedoor.FactFirmware}[tag-0x80], "mms identify", content)
		}
	}
}

func (p *parser) fact(kind firedoor.FactKind, source string, value []byte) {
	p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutSender, Kind: kind, Confidence: 90, Source: source, Value: value})
}
