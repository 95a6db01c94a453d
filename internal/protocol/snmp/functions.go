package snmp

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for unit, f := range functions {
		tell(protocol.Function{Code: unitGet + uint32(unit), Verb: f.verb, Words: f.name})
	}
}
