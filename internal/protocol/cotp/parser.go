package cotp

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

type parser struct {
	framer   wire.COTPFramer
	dialogue wire.COTPDialogue
	session  *wire.Session
	last     uint32 // id of the last operation
	quiet    bool   // the inner protocol has no parser
	foreign  bool   // an ISO session that began for another than MMS

	malformed firedoor.Malformed
	handover  firedoor.HandOver
	event     firedoor.Event
}

func newParser() *parser {
	s := &wire.Session{}
	return &parser{session: s, dialogue: wire.COTPDialogue{Session: s}}
}

// Parse reads until the first data unit says who carries on. It is not
// consumed when it is handed over: the next parser begins at its packet.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	for n := 0; ; {
		next, status := p.framer.Next(dir, b, n)
		switch status {
		case wire.FrameMore:
			return next, nil
		case wire.FrameLost:
			if p.quiet { // what is inside may have upgraded to something else: none of our business
				return len(b), nil
			}
			return next, protocol.Broken("no TPKT packet where one must begin")
		case wire.FrameBad:
			if !p.quiet {
				p.bad(p.framer.Reason, next, emit)
			}
		case wire.FrameControl:
			p.dialogue.Control(dir, &p.framer, &p.last, emit)
		case wire.FrameData:
			if p.carries(emit) {
				return p.framer.Start, nil
			}
		}
		n = next
	}
}

// carries decides by content and tells whether the stream was handed over. In a
// quiet connection only a message whose lengths agree changes that: the tail of
// one that was too long to be joined can begin with anything.
func (p *parser) carries(emit func(*firedoor.Event)) bool {
	b := p.framer.TSDU
	var next string
	switch c := wire.Carries(b); {
	case !p.foreign && wire.CarriesMMS(b):
		next = "mms"
	case c == wire.CarriesS7 && (!p.quiet || wire.S7Length(b) == len(b)):
		next = "s7comm"
	case c == wire.CarriesS7Plus && (!p.quiet || wire.S7PlusFits(b)):
		next = "s7comm-plus"
	case wire.TLSRecord(b, len(b)): // what asked for TLS was not captured
		next = "s7comm-plus"
	default:
		p.quiet = true
		p.foreign = p.foreign || wire.Carries(b) == wire.CarriesOSI && b[0] != 1
		return false
	}
	p.handover = firedoor.HandOver{Protocol: next, State: p.session}
	p.event = firedoor.Event{Kind: firedoor.EventHandOver, HandOver: &p.handover}
	emit(&p.event)
	return true
}

func (p *parser) bad(reason string, at int, emit func(*firedoor.Event)) {
	p.malformed = firedoor.Malformed{Reason: reason, Offset: at}
	p.event = firedoor.Event{Kind: firedoor.EventMalformed, Malformed: &p.malformed}
	emit(&p.event)
}

// Gap looks for the next packet that can be trusted.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.framer.Gap(dir)
	return true
}
