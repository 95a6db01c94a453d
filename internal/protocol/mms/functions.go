package mms

import "firedoor/internal/protocol"

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for code := range uint32(0x80) {
		c := service(code)
		tell(protocol.Function{Code: code, Verb: c.verb, Words: c.name})
	}
	for _, k := range []struct {
		code uint32
		call call
	}{{codeInitiate, initiateCall}, {codeCancel, cancelCall}, {codeConclude, concludeCall}, {codeRelease, releaseCall}, {codeAbort, abortCall}} {
		tell(protocol.Function{Code: k.code, Verb: k.call.verb, Words: k.call.name})
	}
	for _, of := range []string{"X$CO$P$SBO", "X$CO$P$SBOw", "X$CO$P$Oper", "X$CO$P$Cancel", "X$CO$P", "X$SP$P", "X$SG$P", "X$SE$P", "X$SP$SGCB",
		"X$CF$P", "X$DC$P", "X$SV$P", "X$BR$P", "X$RP$P", "X$GO$P", "X$GS$P", "X$LG$P", "X$MS$P", "X$US$P", "X$ST$P", "X$MX$P"} {
		for _, code := range []uint32{svcRead, svcWrite} {
			c := variableCall(code, []byte(of))
			tell(protocol.Function{Code: code, Verb: c.verb, Words: c.name, Of: of})
		}
	}
}
