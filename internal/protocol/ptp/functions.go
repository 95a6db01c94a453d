package ptp

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// listFunctions tells every function that has words: actions on settings, answers, and unicast.
func listFunctions(tell func(protocol.Function)) {
	for _, action := range [...]byte{actionGet, actionSet, actionCommand} {
		for i := range settingList {
			e := element{id: settingList[i].id}
			w := wordOf(e.id, action)
			tell(protocol.Function{Code: e.code(action), Verb: w.verb, Words: w.words})
		}
	}
	for i, action := range [...]byte{actionResponse, actionAcknowledge} {
		tell(protocol.Function{Code: uint32(action) << 16, Verb: answerWords[i].verb, Words: answerWords[i].words})
	}
	for _, element := range [...]uint16{elementRequest, elementCancel} {
		for kind := range byte(len(kinds)) {
			if w := unicastWord(element, kind); w != unicastOther && w != cancelOther {
				tell(protocol.Function{Code: contractCode(element, kind), Verb: firedoor.VerbSession, Words: w})
			}
		}
	}
}
