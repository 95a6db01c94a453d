package s7commplus

import "firedoor"

// Functions.
const (
	fnError         = 0x04b1
	fnExplore       = 0x04bb
	fnCreateObject  = 0x04ca
	fnDeleteObject  = 0x04d4
	fnSetVariable   = 0x04f2
	fnGetVariable   = 0x04fc
	fnAddLink       = 0x0506
	fnRemoveLink    = 0x051a
	fnGetLink       = 0x0524
	fnSetMulti      = 0x0542
	fnGetMulti      = 0x054c
	fnBeginSequence = 0x0556
	fnEndSequence   = 0x0560
	fnInvoke        = 0x056b
	fnSetStreamed   = 0x057c
	fnGetStreamed   = 0x0586
	fnGetAddress    = 0x0590
	fnAbort         = 0x059a
	fnError2        = 0x05a9
	fnInitSSL       = 0x05b3
	firstFunction   = fnError
	lastFunction    = fnInitSSL
)

// call is what a function is for and how it is called.
type call struct {
	verb firedoor.Verb
	name string
}

// functionCall is a function without its object. What nobody knows could do
// anything.
func functionCall(fn uint16) call {
	switch fn {
	case fnError, fnError2:
		return call{firedoor.VerbDiagnose, "error"}
	case fnExplore:
		return call{firedoor.VerbRead, "explore"}
	case fnCreateObject:
		return call{firedoor.VerbConfigure, "create object"}
	case fnDeleteObject:
		return call{firedoor.VerbConfigure, "delete object"}
	case fnSetVariable:
		return call{firedoor.VerbWrite, "set variable"}
	case fnGetVariable:
		return call{firedoor.VerbRead, "get variable"}
	case fnAddLink:
		return call{firedoor.VerbConfigure, "add link"}
	case fnRemoveLink:
		return call{firedoor.VerbConfigure, "remove link"}
	case fnGetLink:
		return call{firedoor.VerbRead, "get link"}
	case fnSetMulti:
		return call{firedoor.VerbWrite, "set multi variables"}
	case fnGetMulti:
		return call{firedoor.VerbRead, "get multi variables"}
	case fnInvoke:
		return call{firedoor.VerbControl, "invoke"}
	case fnSetStreamed:
		return call{firedoor.VerbWrite, "set var substreamed"}
	case fnGetStreamed:
		return call{firedoor.VerbRead, "get var substreamed"}
	case fnGetAddress:
		return call{firedoor.VerbRead, "get variables address"}
	}
	return sequenceCall(fn)
}

func sequenceCall(fn uint16) call {
	switch fn {
	case fnBeginSequence:
		return call{firedoor.VerbSession, "begin sequence"}
	case fnEndSequence:
		return call{firedoor.VerbSession, "end sequence"}
	case fnAbort:
		return call{firedoor.VerbSession, "abort"}
	case fnInitSSL:
		return call{firedoor.VerbSession, "init ssl"}
	}
	return call{firedoor.VerbControl, "unknown function"}
}

// loginCall is a proof of a password.
var loginCall = call{firedoor.VerbSession, "legitimate"}

// itemCall is what a function does with an object: what is written to a session's
// own objects sets up the session, what is written to objects that every
// controller has configures it, and some of it is more than that.
func itemCall(fn uint16, it *item, v *value) call {
	c := functionCall(fn)
	attribute := it.at[1]
	switch it.space {
	case spaceBlock:
		if writes(fn) || fn == fnGetStreamed && holdsContent(it.at[2]) {
			c.verb = firedoor.VerbProgram
		}
	case spaceSession, spaceGiven:
		c.verb = firedoor.VerbSession
		if (fn == fnSetVariable || fn == fnSetStreamed) && (attribute == attrResponse || attribute == attrLegitimate) {
			return loginCall
		}
	case spaceAttribute:
		switch {
		case !writes(fn):
			c.verb = firedoor.VerbDiagnose
		case it.at[0] == objExecUnit && attribute == attrOperatingState:
			return stateCall(c, v)
		default:
			c.verb = firedoor.VerbConfigure
		}
	}
	return c
}

// stateCall is a request for an operating state.
func stateCall(c call, v *value) call {
	c.verb = firedoor.VerbControl
	if v == nil || v.values.Len() != 1 {
		return c
	}
	switch v.scalar {
	case operatingStateStop:
		c.name = "cpu stop"
	case operatingStateReset:
		c.name = "cpu memory reset"
	case operatingStateRun:
		c.name = "cpu start"
	case operatingStatePair:
		c.name = "cpu start redundant"
	}
	return c
}

func writes(fn uint16) bool {
	switch fn {
	case fnSetVariable, fnSetMulti, fnSetStreamed, fnAddLink, fnRemoveLink, fnDeleteObject:
		return true
	}
	return false
}

// createCall is the making of an object of a class.
func createCall(class uint32) call {
	c := functionCall(fnCreateObject)
	switch {
	case class == classSession:
		return call{firedoor.VerbSession, "create session"}
	case class == classSubscribed, class == classAlarms:
		return call{firedoor.VerbRead, "create subscription"}
	case blockName(class) != "":
		c.verb = firedoor.VerbProgram
	}
	return c
}

// Return values: the low 16 bits are a signed code, the highest bit of all tells
// that it is an error. Positive codes are remarks on what was done.
const delegitimated = 22 // the password was wrong

// loginOutcome is outcome for a proof of a password.
func loginOutcome(v uint64) firedoor.Outcome {
	if int16(v) == delegitimated {
		return firedoor.Failed(delegitimated, "service-session-delegitimated")
	}
	return outcome(v)
}

// outcome is the outcome that a return value stands for.
func outcome(v uint64) firedoor.Outcome {
	code := int16(v)
	if v>>63 == 0 && code >= 0 {
		return firedoor.OK
	}
	name := ""
	switch code {
	case -12:
		name = "object-not-found"
	case -17:
		name = "invalid-crc"
	case -134:
		name = "service-multi-es-not-supported"
	case -255:
		name = "invalid-lid"
	}
	return firedoor.Failed(uint32(uint16(code)), name)
}
