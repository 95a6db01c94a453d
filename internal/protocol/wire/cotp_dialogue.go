package wire

import "firedoor"

// COTPDialogue turns the connect and disconnect TPDUs of one connection into
// operations and keeps what they settled. Several protocols meet it on their
// way, each counts the operations with its own ids.
type COTPDialogue struct {
	Session *Session

	waiting bool // a connect is not answered yet
	id      uint32
	op      firedoor.Operation
	event   firedoor.Event
}

const (
	wordConnect    = "connect"
	wordDisconnect = "disconnect"
)

// COTPWord is what a type of TPDU that asks for something is called, "" for others.
func COTPWord(kind uint32) string {
	switch kind {
	case COTPConnect:
		return wordConnect
	case COTPDisconnect:
		return wordDisconnect
	}
	return ""
}

// Waiting tells whether a connect request is still to be answered.
func (d *COTPDialogue) Waiting() bool { return d.waiting }

// Control tells of the TPDU the framer found; last is the id last given out and
// is counted up.
func (d *COTPDialogue) Control(dir firedoor.Direction, f *COTPFramer, last *uint32, emit func(*firedoor.Event)) {
	c := &f.COTP
	switch c.Type {
	case COTPConnect:
		d.Session.Settle(c)
		d.ask(f, wordConnect, last)
		d.waiting, d.id = true, d.op.ID
		d.op.Object.Text = d.Session.Called.Bytes()
	case COTPConfirm:
		d.Session.Settle(c)
		d.answer(firedoor.OK, last)
	case COTPDisconnect, COTPError:
		switch {
		case d.waiting:
			d.answer(firedoor.Failed(uint32(c.Reason), reasonName(c)), last)
		case c.Type == COTPDisconnect && dir == firedoor.FromClient:
			d.ask(f, wordDisconnect, last)
			d.op.NoAnswer, d.op.Object = true, firedoor.Object{} // it names none
		default: // the server hangs up: nothing was asked of it
			return
		}
	default:
		return
	}
	d.event = firedoor.Event{Kind: firedoor.EventOperation, Operation: &d.op}
	emit(&d.event)
}

func (d *COTPDialogue) ask(f *COTPFramer, function string, last *uint32) {
	*last++
	d.op = firedoor.Operation{
		ID: *last, Phase: firedoor.Asked, Protocol: "cotp", Verb: firedoor.VerbSession,
		Function: function, Code: uint32(f.COTP.Type),
		Object: firedoor.Object{Space: SpaceTSAP, Text: d.Session.Called.Bytes()},
		Span:   firedoor.Span{Start: int64(f.Start), End: int64(f.End)},
	}
	if d.Session.Called.n == 0 {
		d.op.Object = firedoor.Object{}
	}
}

func (d *COTPDialogue) answer(o firedoor.Outcome, last *uint32) {
	partial := !d.waiting
	if partial {
		*last++
		d.id = *last
	}
	d.waiting = false
	d.op = firedoor.Operation{
		ID: d.id, Phase: firedoor.Answered, Protocol: "cotp", Verb: firedoor.VerbSession, Partial: partial,
		Function: wordConnect, Code: COTPConnect, Outcome: o,
		Object: firedoor.Object{Space: SpaceTSAP, Text: d.Session.Called.Bytes()},
	}
	if d.Session.Called.n == 0 {
		d.op.Object = firedoor.Object{}
	}
}

// reasonName is a disconnect's reason in the words of ISO 8073, 13.5.3 d.
func reasonName(c *COTP) string {
	if c.Type != COTPDisconnect {
		return ""
	}
	switch c.Reason {
	case 0:
		return "reason-not-specified"
	case 1:
		return "congestion-at-tsap"
	case 2:
		return "session-entity-not-attached"
	case 3:
		return "address-unknown"
	case 128:
		return "normal-disconnect"
	case 129:
		return "remote-congestion"
	case 130:
		return "connection-negotiation-failed"
	case 131:
		return "duplicate-source-reference"
	case 132:
		return "mismatched-references"
	case 133:
		return "protocol-error"
	case 135:
		return "reference-overflow"
	case 136:
		return "connection-request-refused"
	case 138:
		return "header-or-parameter-length-invalid"
	}
	return ""
}
