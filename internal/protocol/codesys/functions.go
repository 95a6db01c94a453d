package codesys

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for of := range 0x40 {
		for command := range uint32(0x60) {
			w := serviceWord(byte(of), uint16(command))
			tell(protocol.Function{Code: uint32(of)<<16 | command, Verb: w.verb, Words: w.name})
		}
	}
}
