package kip

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for i := range services {
		s := &services[i]
		tell(protocol.Function{Code: uint32(s.id), Verb: s.verb, Words: s.name})
	}
	for apci := range uint32(0x400) {
		w := application(uint16(apci))
		tell(protocol.Function{Code: codeApplication + apci, Verb: w.verb, Words: w.name})
	}
	for code := range uint32(0x100) {
		w := management(byte(code))
		tell(protocol.Function{Code: codeManagement + code, Verb: w.verb, Words: w.name})
	}
}
