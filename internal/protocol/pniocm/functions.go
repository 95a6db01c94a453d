package pniocm

import (
	"fmt"

	"firedoor/internal/protocol"
)

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	none := item{}
	for opnum := range uint16(0x10) {
		if opnum != opControl && opnum != opWrite {
			w := wordsOf(&call{opnum: opnum}, &none)
			tell(protocol.Function{Code: uint32(opnum), Verb: w.verb, Words: w.name})
		}
	}
	for i, w := range controls {
		tell(protocol.Function{Code: opControl, Verb: w.verb, Words: w.name, Of: fmt.Sprintf("block %#x", blockControl+i)})
	}
	for i, w := range mapperWords {
		tell(protocol.Function{Code: uint32(mapperBase + i), Verb: w.verb, Words: w.name})
	}
	for index := range uint32(0x10000) {
		tell(protocol.Function{Code: index, Verb: readVerb(index), Words: "read", Of: "index of a record"})
	}
	for index := range uint32(0x10000) {
		w := writeWords(index)
		tell(protocol.Function{Code: index, Verb: w.verb, Words: w.name, Of: "index of a record"})
	}
}
