package ads

import (
	"fmt"

	"firedoor/internal/protocol"
)

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for i := range services {
		s := &services[i]
		of := fmt.Sprintf("group %#x to %#x", s.first, s.last)
		if s.system {
			of += " of the system service"
		}
		tell(protocol.Function{Code: uint32(s.command), Verb: s.verb, Words: s.name, Of: of})
	}
	for code, s := range plainServices {
		tell(protocol.Function{Code: uint32(code), Verb: s.verb, Words: s.name})
	}
	for state, s := range controls {
		tell(protocol.Function{Code: cmdWriteControl, Verb: s.verb, Words: s.name, Of: fmt.Sprintf("state %d", state)})
	}
	for _, s := range openForWrite {
		tell(protocol.Function{Code: cmdReadWrite, Verb: s.verb, Words: s.name, Of: "a mode that changes"})
	}
	for code, s := range datagramServices {
		tell(protocol.Function{Code: serviceCode + uint32(code), Verb: s.verb, Words: s.name})
	}
}
