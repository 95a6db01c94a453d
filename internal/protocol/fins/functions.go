package fins

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for i := range commands {
		c := &commands[i]
		tell(protocol.Function{Code: uint32(c.code), Verb: c.verb, Words: c.name})
	}
	tell(protocol.Function{Verb: unknown.verb, Words: unknown.name, Of: "any other"})
}
