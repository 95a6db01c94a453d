package bsap

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for i := range functionWords {
		f := &functionWords[i]
		tell(protocol.Function{Code: f.code, Verb: f.verb, Words: f.name})
	}
	tell(protocol.Function{Verb: unknown.verb, Words: unknown.name, Of: "any other"})
}
