package eplv1

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	tell(protocol.Function{Code: typeASnd, Verb: sendWord.verb, Words: sendWord.name})
	for channel := range 0x100 {
		w := invite(byte(channel))
		tell(protocol.Function{Code: codeInvite + uint32(channel), Verb: w.verb, Words: w.name})
	}
}
