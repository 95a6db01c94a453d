package pnio

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for service, s := range services {
		tell(protocol.Function{Code: uint32(service), Verb: s.verb, Words: s.name})
	}
}
