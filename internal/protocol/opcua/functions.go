package opcua

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for i := range services {
		s := &services[i]
		tell(protocol.Function{Code: s.request, Verb: s.verb, Words: s.name})
	}
	for _, s := range []*service{&faultService, &openService, &closeService} {
		tell(protocol.Function{Code: s.request, Verb: s.verb, Words: s.name})
	}
	tell(protocol.Function{Verb: unknownService.verb, Words: unknownService.name, Of: "any other"})
}
