package melsec

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for _, k := range []struct {
		of  string
		all []command
	}{{"", commands}, {"1e", old}, {"melsoft", melsoft}, {"melsoft", links}} {
		for i := range k.all {
			c := &k.all[i]
			tell(protocol.Function{Code: uint32(c.code), Verb: c.verb, Words: c.name, Of: k.of})
			if c.form == formOpen || c.form == formOpenLong {
				tell(protocol.Function{Code: uint32(c.code), Verb: firedoor.VerbRead, Words: c.name, Of: "to read"})
			}
		}
	}
	for _, c := range []*command{&nameless, &unknown, &unknownMelsoft} {
		tell(protocol.Function{Verb: c.verb, Words: c.name, Of: "any other"})
	}
}
