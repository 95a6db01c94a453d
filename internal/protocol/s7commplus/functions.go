package s7commplus

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for fn := range uint32(0x800) {
		c := functionCall(uint16(fn))
		tell(protocol.Function{Code: fn, Verb: c.verb, Words: c.name})
	}
}
