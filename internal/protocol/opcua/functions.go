package opcua

import "firedoor/internal/protocol"

// widestType is the largest identifier of a type: services have small ones, but whoever
// asks may write all 32 bits (OPC 10000-6, 5.2.2.9).
const widestType = 1<<32 - 1

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for i := range services {
		s := &services[i]
		tell(protocol.Function{Code: s.request, Verb: s.verb, Words: s.name})
	}
	for _, s := range []*service{&faultService, &openService, &closeService} {
		tell(protocol.Function{Code: s.request, Verb: s.verb, Words: s.name})
	}
	for _, code := range []uint32{0, widestType} {
		tell(protocol.Function{Code: code, Verb: unknownService.verb, Words: unknownService.name, Of: "any other"})
	}
}
