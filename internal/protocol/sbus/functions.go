package sbus

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for code := range 0x100 {
		w := wordOf(byte(code))
		tell(protocol.Function{Code: uint32(code), Verb: w.verb, Words: w.name})
	}
}
