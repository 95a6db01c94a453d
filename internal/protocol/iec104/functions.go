package iec104

import (
	"strconv"

	"firedoor/internal/protocol"
)

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for code := range kinds {
		k := &kinds[code]
		tell(protocol.Function{Code: uint32(code), Verb: k.verb, Words: k.name})
	}
	for i, f := range freezes {
		tell(protocol.Function{Code: typeCounters, Verb: f.verb, Words: f.name, Of: "freeze " + strconv.Itoa(i)})
	}
	for i, c := range calls {
		tell(protocol.Function{Code: typeCallFile, Verb: c.verb, Words: c.name, Of: "select and call " + strconv.Itoa(i)})
	}
}
