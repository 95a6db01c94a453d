package genisys

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for low, w := range words {
		tell(protocol.Function{Code: 0xf0 + uint32(low), Verb: w.verb, Words: w.name})
	}
}
