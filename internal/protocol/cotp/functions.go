package cotp

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for _, code := range []uint32{wire.COTPDisconnect, wire.COTPConnect} {
		tell(protocol.Function{Code: code, Verb: firedoor.VerbSession, Words: wire.COTPWord(code)})
	}
}
