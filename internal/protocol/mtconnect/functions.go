package mtconnect

import (
	"firedoor"
	"firedoor/internal/protocol"
)

const wordPing = "ping"

// listFunctions tells what an adapter is asked: nothing else is. What agents are asked
// stands with HTTP.
func listFunctions(tell func(protocol.Function)) {
	tell(protocol.Function{Code: codePing, Verb: firedoor.VerbDiagnose, Words: wordPing})
}
