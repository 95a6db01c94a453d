package enip

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// listFunctions tells every function that has words.
func listFunctions(tell func(protocol.Function)) {
	for code := range uint32(0x100) {
		if c := commandOf(uint16(code)); c != nil {
			tell(protocol.Function{Code: code, Verb: c.verb, Words: c.function})
		}
	}
	for i := range pcccFunctions {
		f := &pcccFunctions[i]
		tell(protocol.Function{Code: uint32(f.code), Verb: f.verb, Words: f.name, Protocol: "pccc"})
		if f.form == formOpen {
			tell(protocol.Function{Code: uint32(f.code), Verb: firedoor.VerbRead, Words: f.name, Of: "to read", Protocol: "pccc"})
		}
	}
	for _, k := range []struct {
		of  string
		all []action
	}{
		{"", commonServices[:]}, {"connection manager", managerServices[:]}, {"tags", tagServices[:]}, {"files", fileServices[:]},
		{"non-volatile storage", nvsServices[:]}, {"safety supervisor", safetyServices[:]}, {"security", securityServices[:]},
		{"security of EtherNet/IP", enipSecurityServices[:]}, {"certificates", certificateServices[:]},
	} {
		for code, a := range k.all {
			tell(protocol.Function{Code: uint32(code), Verb: a.verb, Words: a.function, Of: k.of, Protocol: "cip"})
		}
	}
}
