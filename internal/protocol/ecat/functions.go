package ecat

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for code, c := range commands {
		tell(protocol.Function{Code: uint32(code), Words: c.name, Of: "command"})
	}
	for i := range areas {
		a := &areas[i]
		tell(protocol.Function{Code: uint32(a.first), Verb: a.read, Words: a.get, Of: "from this register on"})
		tell(protocol.Function{Code: uint32(a.first), Verb: a.put, Words: a.set, Of: "from this register on"})
	}
	for code, w := range sdoWords {
		tell(protocol.Function{Code: codeSDO + uint32(code), Verb: w.verb, Words: w.name})
	}
}
