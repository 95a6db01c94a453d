package fox

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for i := range channels {
		c := &channels[i]
		for _, w := range c.commands {
			tell(protocol.Function{Verb: w.verb, Words: w.name, Of: c.name + " " + w.command})
		}
		tell(protocol.Function{Verb: c.other.verb, Words: c.other.name, Of: c.name + ", any other"})
	}
	tell(protocol.Function{Verb: unknown.verb, Words: unknown.name, Of: "any other"})
}
