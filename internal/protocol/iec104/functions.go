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
		if k.selects != 0 {
			tell(protocol.Function{Code: uint32(code), Verb: k.verb, Words: k.words[variantSelect], Of: "select bit"})
		}
		if k.verb != 0 {
			tell(protocol.Function{Code: uint32(code), Verb: k.verb, Words: k.words[variantDeactivate], Of: "cause of transmission"})
		}
	}
	tell(protocol.Function{Code: typeDelay, Verb: kinds[typeDelay].verb, Words: nameDelayLoad, Of: "cause of transmission"})
	for i, f := range freezes {
		tell(protocol.Function{Code: typeCounters, Verb: f.verb, Words: f.name, Of: "freeze " + strconv.Itoa(i)})
	}
	for i, c := range calls {
		tell(protocol.Function{Code: typeCallFile, Verb: c.verb, Words: c.name, Of: "select and call " + strconv.Itoa(i)})
	}
}
