package modbus

import (
	"strconv"

	"firedoor/internal/protocol"
)

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for code := range functions {
		f := &functions[code]
		tell(protocol.Function{Code: uint32(code), Verb: f.verb, Words: f.name})
	}
	for sub := range uint16(len(diagnosticNames)) {
		if name := diagnosticName(sub); name != nil {
			tell(protocol.Function{Code: 8, Verb: diagnosticVerb(sub), Words: *name, Of: "sub-function " + strconv.Itoa(int(sub))})
		}
	}
	for code := range umasFunctions {
		f := &umasFunctions[code]
		tell(protocol.Function{Code: uint32(code), Verb: f.verb, Words: f.name, Protocol: "umas"})
	}
}
