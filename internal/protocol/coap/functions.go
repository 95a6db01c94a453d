package coap

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for code := range 0x20 {
		w := method(byte(code))
		tell(protocol.Function{Code: uint32(code), Verb: w.verb, Words: w.name})
	}
	for _, words := range []string{nameObserve, nameCancel} {
		tell(protocol.Function{Code: codeGet, Verb: method(codeGet).verb, Words: words, Of: "observe option"})
	}
}
