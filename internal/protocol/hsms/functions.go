package hsms

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for code := range uint32(0x8000) {
		w := word(byte(code>>8), byte(code))
		tell(protocol.Function{Code: code, Verb: w.verb, Words: w.name})
	}
}
