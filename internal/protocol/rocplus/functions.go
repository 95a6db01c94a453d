package rocplus

import (
	"strconv"

	"firedoor/internal/protocol"
)

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for code := range 0x100 {
		w := opcodeOf(byte(code))
		tell(protocol.Function{Code: uint32(code), Verb: w.verb, Words: w.name})
	}
	for command := range 0x100 {
		data := make([]byte, deleteSize)
		data[0] = byte(command)
		for _, b := range [][]byte{data[:1], data} {
			if w := fileOf(b); w.name != opcodes[opFile].name {
				tell(protocol.Function{Code: opFile, Verb: w.verb, Words: w.name, Of: "command " + strconv.Itoa(command) + " of " + strconv.Itoa(len(b)) + " bytes"})
			}
		}
	}
}
