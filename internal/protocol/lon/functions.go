package lon

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for code := range 0x80 {
		w := message(byte(code))
		tell(protocol.Function{Code: uint32(code), Verb: w.verb, Words: w.name})
	}
	for kind := range 0x80 {
		w := kinds(byte(kind))
		tell(protocol.Function{Code: codePacket + uint32(kind), Verb: w.verb, Words: w.name})
	}
}
