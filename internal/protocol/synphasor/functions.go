package synphasor

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for code := range uint32(0x1100) {
		c := commandOf(code)
		tell(protocol.Function{Code: code, Verb: c.verb, Words: c.name})
	}
}
