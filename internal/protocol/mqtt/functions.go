package mqtt

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for kind, f := range functions {
		tell(protocol.Function{Code: uint32(kind), Verb: f.verb, Words: f.name})
	}
	for _, r := range reports {
		tell(protocol.Function{Code: typePublish, Words: r.name, Of: r.word})
	}
}
