package mms

import (
	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Units of the association (ISO 8650-1, 9.1) and their fields. The value of an
// authentication (0xac) is not read.
const (
	acseRequest = 0x60
	acseAnswer  = 0x61

	acseResult     = 0xa2
	acseDiagnostic = 0xa3
	acseCalledAP   = 0xa2 // of a request
	acseCalledAE   = 0xa3 // of a request
	acseCallingAP  = 0xa6
	acseMechanism  = 0x8b
	acseUser       = 0xbe
)

// association reads the units that open an association; what ends one is told by
// the session.
func (p *parser) association(r wire.BER) {
	tag, in := r.Enter()
	switch tag {
	case acseRequest:
		p.associate(&in)
	case acseAnswer:
		p.associated(&in)
	}
}

func (p *parser) associate(r *wire.BER) {
	p.name = p.name[:0]
	p.authenticated, p.ncaller = false, 0
	for r.Len() > 0 && !r.Failed() {
		tag, in := r.Enter()
		switch tag {
		case acseCalledAP:
			if oid := in.Take(wire.TagOID); wire.ValidOID(oid) {
				p.name = wire.AppendOID(p.name, oid)
			}
		case acseCalledAE:
			if v := in.Int(); !in.Failed() && v >= 0 {
				p.name = append(p.name, 0x2f)
				p.name = appendNumber(p.name, uint64(v))
			}
		case acseCallingAP:
			if oid := in.Take(wire.TagOID); wire.ValidOID(oid) && len(oid) < len(p.caller)/5 {
				p.ncaller = len(wire.AppendOID(p.caller[:0], oid))
			}
		case acseMechanism:
			p.authenticated = true
		case acseUser:
			p.external(&in)
		}
	}
}

// external reads the unit of MMS that comes along (EXTERNAL, X.690, 8.18).
func (p *parser) external(r *wire.BER) {
	in := r.Into(0x28)
	for in.Len() > 0 && !in.Failed() {
		tag, data := in.Enter()
		if tag == 0xa0 {
			p.pdu(data)
			return
		}
	}
}

// associated reads the answer. Refused, it answers the initiate in its words;
// else the initiate inside is the answer.
func (p *parser) associated(r *wire.BER) {
	result, diagnostic := int64(0), int64(0)
	for r.Len() > 0 && !r.Failed() {
		tag, in := r.Enter()
		switch tag {
		case acseResult:
			result = in.Int()
		case acseDiagnostic:
			source, detail := in.Enter()
			if diagnostic = detail.Int(); source != 0xa1 {
				diagnostic = 0
			}
		case acseUser:
			if result == 0 {
				p.external(&in)
			}
		}
	}
	if result == 0 {
		return
	}
	name := word(diagnostics[:], diagnostic)
	if name == "" {
		name = word([]string{"", "rejected-permanent", "rejected-transient"}, result)
	}
	p.opened(firedoor.Failed(uint32(result)<<8|uint32(diagnostic)&0xff, name))
}

// initiate tells that an association is asked for, with what its request said.
func (p *parser) initiate() {
	p.begin(firedoor.Asked, initiateCall, codeInitiate)
	p.opening = p.next()
	if !p.bare && len(p.name) > 0 {
		p.op.Object = firedoor.Object{Space: &associations, Text: p.name}
	}
	p.emit(&p.opEvent)
	if p.authenticated {
		p.voice.Login(p.emit, p.caller[:p.ncaller], "")
	}
	p.name = p.name[:0]
}

// opened tells what became of the association that was asked for.
func (p *parser) opened(o firedoor.Outcome) {
	if p.opening == 0 {
		if o.Kind == firedoor.OutcomeOK || p.dir == firedoor.FromServer {
			p.answerUnseen(initiateCall, codeInitiate, o)
		}
		return
	}
	p.begin(firedoor.Answered, initiateCall, codeInitiate)
	p.op.ID, p.opening = p.opening, 0
	p.op.Outcome = o
	p.emit(&p.opEvent)
	if p.authenticated {
		result := "failed"
		if o.Kind == firedoor.OutcomeOK {
			result = "ok"
		}
		p.authenticated = false
		p.voice.Login(p.emit, p.caller[:p.ncaller], result)
	}
}
