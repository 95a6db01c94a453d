package hartip

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for code := range uint32(0x400) {
		w := wordOf(code)
		tell(protocol.Function{Code: code, Verb: w.verb, Words: w.name})
	}
	for id, w := range sessions {
		tell(protocol.Function{Code: sessionBase + uint32(id), Verb: w.verb, Words: w.name})
	}
}
