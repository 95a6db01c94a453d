package amqp

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for i := range methods {
		m := &methods[i]
		tell(protocol.Function{Code: code(m), Verb: m.verb, Words: m.name})
	}
	for i, w := range performatives {
		tell(protocol.Function{Code: performative + uint32(i), Verb: w.verb, Words: w.name, Of: "1.0"})
	}
}
