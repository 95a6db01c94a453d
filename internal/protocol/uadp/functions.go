package uadp

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// wordOther is a request for what nobody gave a number yet.
const (
	wordOther        = "request information"
	wordApplications = "find applications"
)

// listFunctions tells every function that has words: what is asked of publishers, and
// what data sets are.
func listFunctions(tell func(protocol.Function)) {
	for kind, words := range askWords {
		tell(protocol.Function{Code: uint32(kind), Verb: firedoor.VerbIdentify, Words: words})
	}
	tell(protocol.Function{Code: codeApplications, Verb: firedoor.VerbIdentify, Words: wordApplications})
	for kind, words := range setWords {
		tell(protocol.Function{Code: uint32(kind), Words: words, Of: "data set"})
	}
}
