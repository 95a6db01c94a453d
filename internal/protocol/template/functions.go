package template

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for kind, r := range requests {
		tell(protocol.Function{Code: uint32(kind), Verb: r.verb, Words: r.name})
	}
}
