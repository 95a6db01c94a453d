package tristation

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for code := range 0x100 {
		name, verb := words(byte(code))
		tell(protocol.Function{Code: uint32(code), Verb: verb, Words: name})
	}
}
