package detect

import (
	"strings"

	"firedoor"
)

// Outcomes tells what was done from what was only tried: it counts what was
// asked for and what became of it. Until an answer says otherwise, what was
// asked for is taken for done.
type Outcomes struct {
	asked, failed int  // how many; and of how many nothing but failure is known
	done          bool // one that failed was done at last
	refused       bool
	silent        bool
}

// Ask counts something asked for.
func (s *Outcomes) Ask() { s.asked++ }

// Note takes in what a Refused says.
func (s *Outcomes) Note(o *Observation) {
	switch o.Operation.Outcome.Kind {
	case firedoor.OutcomeError:
		s.refused = true
	case firedoor.OutcomeNoResponse:
		s.silent = true
	default:
		s.done = true
		return
	}
	if !o.Again {
		s.failed++
	}
}

// Tried tells that nothing of it was done.
func (s *Outcomes) Tried() bool { return s.asked > 0 && s.failed >= s.asked && !s.done }

// add makes s the sum of both.
func (s *Outcomes) add(o *Outcomes) {
	s.asked, s.failed = s.asked+o.asked, s.failed+o.failed
	s.done, s.refused, s.silent = s.done || o.done, s.refused || o.refused, s.silent || o.silent
}

// Tail ends what is told of it: ", which refused (illegal-data-address)"; empty
// if it was done. reasons are the refusals' names.
func (s *Outcomes) Tail(reasons *Names) string {
	var text string
	switch tried := s.Tried(); {
	case tried && s.refused && s.silent:
		text = ", which refused or did not answer"
	case tried && s.refused:
		text = ", which refused"
	case tried:
		return ", no answer was seen"
	case s.refused:
		text = ", which refused some of it"
	default:
		return ""
	}
	if reasons.Len() > 0 {
		text += " (" + reasons.String() + ")"
	}
	return text
}

// Refusal is the name or number with which a device refused, with what it added, "" if it did not.
func Refusal(op *firedoor.Operation) string {
	if op.Outcome.Kind != firedoor.OutcomeError {
		return ""
	}
	text := strings.TrimPrefix(string(op.Outcome.AppendTo(nil)), "error:")
	if detail := op.Outcome.AppendDetail(nil); len(detail) > 0 {
		text += ": " + string(detail)
	}
	return text
}
