package template

import "firedoor"

// Types of message.
const (
	kindHello     = 1
	kindRead      = 2
	kindWrite     = 3
	kindSet       = 4
	kindLogin     = 5
	kindSubscribe = 6
	kindResolve   = 7
	kindCompact   = 8
	kindSample    = 9
)

// registers are the objects operations touch. A protocol has a Space for each
// kind of object it knows; objects are counted from zero, as on the wire.
var registers = firedoor.Space{Name: "register"}

// requests are the words for each type: the specification's own, in lower case.
// The verb is what the rest of the product understands.
var requests = [256]struct {
	name  string
	verb  firedoor.Verb
	least int // bytes of the shortest body
}{
	kindHello:     {"hello", firedoor.VerbIdentify, 0},
	kindRead:      {"read registers", firedoor.VerbRead, 2},
	kindWrite:     {"write registers", firedoor.VerbWrite, 4},
	kindSet:       {"set register", firedoor.VerbWrite, 4},
	kindLogin:     {"login", firedoor.VerbSession, 2},
	kindSubscribe: {"subscribe", firedoor.VerbSession, 2},
	kindResolve:   {"resolve", firedoor.VerbDiagnose, 2},
	kindCompact:   {"compact", firedoor.VerbSession, 0},
}

// statuses are the error names: the specification's words, with hyphens. One
// that is not in the table is told by its number.
var statuses = [...]string{1: "no-such-register", 2: "denied", 3: "busy"}

func outcome(status byte) firedoor.Outcome {
	switch {
	case status == 0:
		return firedoor.OK
	case int(status) < len(statuses):
		return firedoor.Failed(uint32(status), statuses[status])
	default:
		return firedoor.Failed(uint32(status), "")
	}
}

// Source of identity facts.
const sourceHello = "template hello"
