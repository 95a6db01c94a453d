package s7comm

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for fn := range 0x100 {
		c := jobCall(byte(fn))
		tell(protocol.Function{Code: uint32(fn), Verb: c.verb, Words: c.name})
	}
	for _, service := range []string{"_INSE", "_DELE", "P_PROGRAM", "_MODU", "_GARB", "_N_LOGIN_", "_N_LOGOUT", "OTHER"} {
		c := invocation([]byte(service), nil)
		tell(protocol.Function{Code: fnInvoke, Verb: c.verb, Words: c.name, Of: service})
	}
	c := invocation([]byte("P_PROGRAM"), []byte("C"))
	tell(protocol.Function{Code: fnInvoke, Verb: c.verb, Words: c.name, Of: "P_PROGRAM C"})
	for group := range 0x10 {
		for sub := range 0x20 {
			c := userCall(byte(group), byte(sub))
			u := user{group: byte(group), sub: byte(sub)}
			tell(protocol.Function{Code: u.number(), Verb: c.verb, Words: c.name})
		}
	}
}
