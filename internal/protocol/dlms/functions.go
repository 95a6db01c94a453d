package dlms

import (
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
)

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for tag := range services {
		s := &services[tag]
		tell(protocol.Function{Code: uint32(tag), Verb: s.verb, Words: s.name})
	}
	for _, tag := range []byte{getRequest, setRequest, actionRequest} {
		for number := uint32(1); number <= 2; number++ {
			for class := range uint32(0x80) {
				o := firedoor.Object{At: [4]uint32{0: class, 3: number}}
				tell(protocol.Function{Code: class, Verb: verbFor(tag, &o), Words: services[tag].name, Of: "class, number " + strconv.Itoa(int(number))})
			}
		}
	}
}

// furtherWords are what requests of several kinds that have one tag are called by their kind.
func furtherWords() (out []string) {
	for _, kinds := range choices {
		for _, words := range kinds {
			if words != "" {
				out = append(out, words)
			}
		}
	}
	return out
}
