package dnp3

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for code := range functions {
		f := &functions[code]
		tell(protocol.Function{Code: uint32(code), Verb: f.verb, Words: f.name})
	}
	for code, name := range linkNames {
		tell(protocol.Function{Code: linkCode + uint32(code), Words: name, Of: "link layer"})
	}
}
