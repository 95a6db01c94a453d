package bacnet

import (
	"strconv"

	"firedoor/internal/protocol"
)

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for _, k := range []struct {
		base uint32
		all  *[256]service
	}{{0, confirmed}, {codeUnconfirmed, unconfirmed}, {codeNetwork, networkMessages}} {
		for choice := range k.all {
			s := &k.all[choice]
			tell(protocol.Function{Code: k.base + uint32(choice), Verb: s.verb, Words: s.name})
		}
	}
	for choice := range linkFunctions[:codeLink6-codeLink] {
		s := &linkFunctions[choice]
		tell(protocol.Function{Code: codeLink + uint32(choice), Verb: s.verb, Words: s.name})
	}
	for state, words := range reinitializeStates[0] {
		tell(protocol.Function{Code: reinitialize, Verb: confirmed[reinitialize].verb, Words: words, Of: "state " + strconv.Itoa(state)})
	}
	for state, words := range communicationStates[0] {
		tell(protocol.Function{Code: communicationControl, Verb: confirmed[communicationControl].verb, Words: words, Of: "state " + strconv.Itoa(state)})
	}
}
