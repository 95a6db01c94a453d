package cclinkief

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// commands are those that nodes are asked with; all others are of SLMP and not read.
var commands = [...]struct {
	code  uint32
	verb  firedoor.Verb
	words string
}{
	{commandSearch, firedoor.VerbIdentify, "node search"},
	{commandSet, firedoor.VerbConfigure, "set ip address"},
}

// name fills in what the operation at hand is called; false if its command is another.
func (p *parser) name() bool {
	for i := range commands {
		if c := &commands[i]; c.code == p.op.Code {
			p.op.Function, p.op.Verb = c.words, c.verb
			return true
		}
	}
	return false
}

// Words of samples, all of the cyclic command.
const (
	wordOutput  = "cyclic output"
	wordInput   = "cyclic input"
	wordEndCode = "cyclic end code"
)

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for _, c := range commands {
		tell(protocol.Function{Code: c.code, Verb: c.verb, Words: c.words})
	}
	for _, w := range []string{wordOutput, wordInput, wordEndCode} {
		tell(protocol.Function{Code: commandCyclic, Words: w, Of: w[len("cyclic "):]})
	}
}
