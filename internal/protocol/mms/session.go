package mms

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Session units (ISO 8327-1, 8.3) and the parameters that are read.
const (
	spduData       = 1 // give tokens, and behind it data transfer
	spduNotFinish  = 8
	spduFinish     = 9
	spduDisconnect = 10
	spduRefuse     = 12
	spduConnect    = 13
	spduAccept     = 14
	spduAbort      = 25

	paramEnclosure = 25
	enclosureWhole = 3 // its beginning and its end (8.3.9.5)
	paramReason    = 50
	paramUserData  = 193
	paramExtended  = 194
)

// paramHead reads the code and length that begin units and parameters: a length
// of 255 is followed by one of two bytes (8.2.5).
func paramHead(b []byte) (code byte, head, size int, ok bool) {
	if len(b) < 2 {
		return 0, 0, 0, false
	}
	if b[1] != 0xff {
		return b[0], 2, int(b[1]), 2+int(b[1]) <= len(b)
	}
	if len(b) < 4 {
		return 0, 0, 0, false
	}
	size = int(binary.BigEndian.Uint16(b[2:]))
	return b[0], 4, size, 4+size <= len(b)
}

// session reads a transport message.
func (p *parser) session(b []byte) {
	kind, head, size, ok := paramHead(b)
	if !ok {
		p.malformed("session unit longer than what holds it")
		return
	}
	at := head + size
	if kind == spduData {
		if at == len(b) {
			return // tokens alone
		}
		kind, head, size, ok = paramHead(b[at:])
		if !ok || kind != spduData {
			p.malformed("no data behind the tokens of a session")
			return
		}
		if in := b[at+head : at+head+size]; len(in) > 0 && in[0] == paramEnclosure && (len(in) < 3 || in[2]&enclosureWhole != enclosureWhole) {
			p.unread("part of a message that the session cut") // no device is known to do that
			return
		}
		at += head + size
		p.presentation(spduData, 0, b[at:], at)
		return
	}
	user, from, reason := 0, at, byte(0xff)
	for i := head; i < at; {
		code, h, n, ok := paramHead(b[i:at])
		if !ok {
			p.malformed("session parameter longer than its unit")
			return
		}
		switch {
		case code == paramUserData || code == paramExtended:
			from, user = i+h, n
		case code == paramReason && n > 0:
			reason = b[i+h]
			if kind == spduRefuse && n > 1 { // user data stands behind the reason
				from, user = i+h+1, n-1
			}
		}
		i += h + n
	}
	p.presentation(kind, reason, b[from:from+user], from)
}

// presentation reads user data of a session unit and tells of the unit.
func (p *parser) presentation(kind, reason byte, b []byte, at int) {
	switch kind {
	case spduData, spduConnect, spduAccept:
	default:
		p.ending(kind, reason)
		return
	}
	before := p.last
	if !p.ppdu(wire.ReadBERAt(b, at)) {
		p.malformed("presentation unit breaks its encoding")
	} else if kind == spduConnect && p.last == before && p.opening == 0 {
		p.initiate() // an association without a readable initiate
	}
}

// ppdu reads a presentation unit (ISO 8823-1, 8.2): a connect or its answer, or
// user data alone; false if it breaks its encoding.
func (p *parser) ppdu(r wire.BER) bool {
	const (
		normalMode = 0xa2
		contexts   = 0xa4
		userData   = 0x61
	)
	ok := true
	for ok && r.Len() > 0 {
		tag, in := r.Enter()
		switch tag {
		case userData:
			ok = p.userData(in)
		case wire.TagSet, normalMode:
			ok = p.ppdu(in) // by value: a pointer to itself would not stay on the stack
		case contexts:
			ok = p.contexts(in)
		}
		ok = ok && !r.Failed()
	}
	return ok
}

// asnMMS and asnACSE are the abstract syntaxes that are read: 1.0.9506.2.1 and
// 2.2.1.0.1.
const (
	asnMMS  = "\x28\xca\x22\x02\x01"
	asnACSE = "\x52\x01\x00\x01"
)

// contexts notes which contexts belong to others; false if the list breaks its encoding.
func (p *parser) contexts(r wire.BER) bool {
	p.foreign = [maxContexts]uint32{}
	for n := 0; r.Len() > 0 && !r.Failed() && n < maxContexts; {
		one := r.Into(wire.TagSequence)
		id, syntax := one.Int(), one.Take(wire.TagOID)
		if s := string(syntax); !one.Failed() && s != asnMMS && s != asnACSE {
			p.foreign[n] = uint32(id) + 1
			n++
		}
	}
	return !r.Failed()
}

// userData reads a list of values, each in a context. What belongs to nobody
// known is passed over.
func (p *parser) userData(r wire.BER) bool {
	for r.Len() > 0 && !r.Failed() {
		list := r.Into(wire.TagSequence)
		if tag, _, _, ok := wire.BERHeader(list.Rest()); ok && tag == wire.TagOID {
			list.Any() // transfer syntax
		}
		context := uint32(list.Int())
		tag, in := list.Enter()
		if list.Failed() {
			return false
		}
		if tag != 0xa0 || p.isForeign(context) {
			continue
		}
		if first, _, _, ok := wire.BERHeader(in.Rest()); ok && first&0xc0 == 0x40 {
			p.association(in)
		} else if len(in.Rest()) > 0 {
			p.pdu(in)
		}
	}
	return !r.Failed()
}

func (p *parser) isForeign(context uint32) bool {
	for _, f := range p.foreign {
		if f != 0 && f == context+1 {
			return true
		}
	}
	return false
}

// ending tells of units that end an association, or refuse it.
func (p *parser) ending(kind, reason byte) {
	switch kind {
	case spduRefuse:
		p.opened(firedoor.Failed(uint32(reason), sessionRefusal(reason)))
	case spduFinish:
		p.begin(firedoor.Asked, releaseCall, codeRelease)
		p.closing = p.next()
		p.emit(&p.opEvent)
	case spduDisconnect, spduNotFinish:
		if p.closing == 0 {
			return
		}
		p.begin(firedoor.Answered, releaseCall, codeRelease)
		p.op.ID, p.closing = p.closing, 0
		p.op.Outcome = firedoor.OK
		if kind == spduNotFinish {
			p.op.Outcome = firedoor.Failed(uint32(kind), "not-finished")
		}
		p.emit(&p.opEvent)
	case spduAbort:
		if p.opening != 0 && p.dir == firedoor.FromServer {
			p.opened(firedoor.Failed(uint32(kind), "aborted"))
			return
		}
		if p.dir == firedoor.FromClient {
			p.begin(firedoor.Asked, abortCall, codeAbort)
			p.next()
			p.op.NoAnswer = true
			p.emit(&p.opEvent)
		}
	}
}
