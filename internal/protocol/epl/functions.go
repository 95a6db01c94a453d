package epl

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for id := range 0x100 {
		w := command(byte(id))
		tell(protocol.Function{Code: uint32(id), Verb: w.verb, Words: w.name})
	}
	for id := range 0x100 {
		w := sdoWord(byte(id))
		tell(protocol.Function{Code: codeSDO + uint32(id), Verb: w.verb, Words: w.name})
	}
	for id := range 0x100 {
		w := invite(byte(id))
		tell(protocol.Function{Code: codeInvite + uint32(id), Verb: w.verb, Words: w.name})
	}
}
