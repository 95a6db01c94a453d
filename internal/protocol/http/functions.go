package http

import "firedoor/internal/protocol"

// listFunctions tells what agents of MTConnect are asked. HTTP itself has no operations
// here.
func listFunctions(tell func(protocol.Function)) {
	for what, a := range asks {
		tell(protocol.Function{Protocol: "mtconnect", Code: codeBase + uint32(what), Verb: a.verb, Words: a.word})
	}
}
