package mms

import (
	"bytes"

	"firedoor"
)

// call is what a service is for, in words.
type call struct {
	verb firedoor.Verb
	name string
}

// Numbers of confirmed services that are read in a way of their own.
const (
	svcIdentify      = 2
	svcRead          = 4
	svcWrite         = 5
	svcBeginDownload = 26
	svcDownload      = 27
	svcEndDownload   = 28
	svcBeginUpload   = 29
	svcUpload        = 30
	svcEndUpload     = 31
	svcOpenFile      = 72
	svcReadFile      = 73
	svcCloseFile     = 74
	codeInitiate     = 0x108
	codeCancel       = 0x105
	codeConclude     = 0x10b
	codeRelease      = 0x209
	codeAbort        = 0x219
)

// Calls that are no confirmed services.
var (
	initiateCall = call{firedoor.VerbSession, "initiate"}
	cancelCall   = call{firedoor.VerbSession, "cancel"}
	concludeCall = call{firedoor.VerbSession, "conclude"}
	releaseCall  = call{firedoor.VerbSession, "release"}
	abortCall    = call{firedoor.VerbSession, "abort"}
)

// services are the confirmed services by number (ISO 9506-2, 7.2).
var services = [...]call{
	0: {firedoor.VerbDiagnose, "status"}, 1: {firedoor.VerbIdentify, "get name list"}, 2: {firedoor.VerbIdentify, "identify"},
	3: {firedoor.VerbConfigure, "rename"}, 4: {firedoor.VerbRead, "read"}, 5: {firedoor.VerbWrite, "write"},
	6: {firedoor.VerbIdentify, "get variable access attributes"}, 7: {firedoor.VerbConfigure, "define named variable"},
	8: {firedoor.VerbConfigure, "define scattered access"}, 9: {firedoor.VerbIdentify, "get scattered access attributes"},
	10: {firedoor.VerbConfigure, "delete variable access"}, 11: {firedoor.VerbConfigure, "define named variable list"},
	12: {firedoor.VerbIdentify, "get named variable list attributes"}, 13: {firedoor.VerbConfigure, "delete named variable list"},
	14: {firedoor.VerbConfigure, "define named type"}, 15: {firedoor.VerbIdentify, "get named type attributes"},
	16: {firedoor.VerbConfigure, "delete named type"}, 17: {firedoor.VerbRead, "input"}, 18: {firedoor.VerbWrite, "output"},
	19: {firedoor.VerbControl, "take control"}, 20: {firedoor.VerbControl, "relinquish control"},
	21: {firedoor.VerbConfigure, "define semaphore"}, 22: {firedoor.VerbConfigure, "delete semaphore"},
	23: {firedoor.VerbDiagnose, "report semaphore status"}, 24: {firedoor.VerbDiagnose, "report pool semaphore status"},
	25: {firedoor.VerbDiagnose, "report semaphore entry status"}, 26: {firedoor.VerbProgram, "initiate download sequence"},
	27: {firedoor.VerbProgram, "download segment"}, 28: {firedoor.VerbProgram, "terminate download sequence"},
	29: {firedoor.VerbProgram, "initiate upload sequence"}, 30: {firedoor.VerbProgram, "upload segment"},
	31: {firedoor.VerbProgram, "terminate upload sequence"}, 32: {firedoor.VerbProgram, "request domain download"},
	33: {firedoor.VerbProgram, "request domain upload"}, 34: {firedoor.VerbProgram, "load domain content"},
	35: {firedoor.VerbProgram, "store domain content"}, 36: {firedoor.VerbProgram, "delete domain"},
	37: {firedoor.VerbIdentify, "get domain attributes"}, 38: {firedoor.VerbProgram, "create program invocation"},
	39: {firedoor.VerbProgram, "delete program invocation"}, 40: {firedoor.VerbControl, "start"}, 41: {firedoor.VerbControl, "stop"},
	42: {firedoor.VerbControl, "resume"}, 43: {firedoor.VerbControl, "reset"}, 44: {firedoor.VerbControl, "kill"},
	45: {firedoor.VerbDiagnose, "get program invocation attributes"}, 46: {firedoor.VerbWrite, "obtain file"},
	47: {firedoor.VerbConfigure, "define event condition"}, 48: {firedoor.VerbConfigure, "delete event condition"},
	49: {firedoor.VerbIdentify, "get event condition attributes"}, 50: {firedoor.VerbDiagnose, "report event condition status"},
	51: {firedoor.VerbConfigure, "alter event condition monitoring"}, 52: {firedoor.VerbControl, "trigger event"},
	53: {firedoor.VerbConfigure, "define event action"}, 54: {firedoor.VerbConfigure, "delete event action"},
	55: {firedoor.VerbIdentify, "get event action attributes"}, 56: {firedoor.VerbDiagnose, "report event action status"},
	57: {firedoor.VerbConfigure, "define event enrollment"}, 58: {firedoor.VerbConfigure, "delete event enrollment"},
	59: {firedoor.VerbConfigure, "alter event enrollment"}, 60: {firedoor.VerbDiagnose, "report event enrollment status"},
	61: {firedoor.VerbIdentify, "get event enrollment attributes"}, 62: {firedoor.VerbControl, "acknowledge event notification"},
	63: {firedoor.VerbDiagnose, "get alarm summary"}, 64: {firedoor.VerbDiagnose, "get alarm enrollment summary"},
	65: {firedoor.VerbRead, "read journal"}, 66: {firedoor.VerbWrite, "write journal"}, 67: {firedoor.VerbConfigure, "initialize journal"},
	68: {firedoor.VerbDiagnose, "report journal status"}, 69: {firedoor.VerbConfigure, "create journal"},
	70: {firedoor.VerbConfigure, "delete journal"}, 71: {firedoor.VerbIdentify, "get capability list"},
	72: {firedoor.VerbRead, "file open"}, 73: {firedoor.VerbRead, "file read"}, 74: {firedoor.VerbRead, "file close"},
	75: {firedoor.VerbWrite, "file rename"}, 76: {firedoor.VerbWrite, "file delete"}, 77: {firedoor.VerbIdentify, "file directory"},
	78: {firedoor.VerbDiagnose, "additional service"}, 80: {firedoor.VerbIdentify, "get data exchange attributes"},
	81: {firedoor.VerbWrite, "exchange data"}, 82: {firedoor.VerbConfigure, "define access control list"},
	83: {firedoor.VerbIdentify, "get access control list attributes"}, 84: {firedoor.VerbIdentify, "report access controlled objects"},
	85: {firedoor.VerbConfigure, "delete access control list"}, 86: {firedoor.VerbConfigure, "change access control"},
}

// service is the call of a confirmed service. What nobody numbered may change
// anything.
func service(code uint32) call {
	if code < uint32(len(services)) && services[code].name != "" {
		return services[code]
	}
	return call{firedoor.VerbConfigure, "unknown service"}
}

// Calls that the name of a variable makes of a write or read (IEC 61850-8-1, 20, 16 and 17).
var (
	selectCall   = call{firedoor.VerbControl, "select"}
	operateCall  = call{firedoor.VerbControl, "operate"}
	cancelOpCall = call{firedoor.VerbControl, "cancel"}
	controlCall  = call{firedoor.VerbControl, "write control object"}
	replaceCall  = call{firedoor.VerbControl, "substitute"}
	settingCall  = call{firedoor.VerbConfigure, "write setting"}
	groupCall    = call{firedoor.VerbConfigure, "write setting group control"}
	configCall   = call{firedoor.VerbConfigure, "write configuration"}
	reportCall   = call{firedoor.VerbConfigure, "write report control"}
	gooseCall    = call{firedoor.VerbConfigure, "write goose control"}
	logCall      = call{firedoor.VerbConfigure, "write log control"}
	sampledCall  = call{firedoor.VerbConfigure, "write sampled value control"}
)

// constraint finds the functional constraint in the name of a variable, "CO" in
// "LD0/XCBR1$CO$Pos$Oper", and what stands behind it.
func constraint(name []byte) (fc, rest []byte) {
	_, rest, _ = bytes.Cut(name, dollar)
	fc, rest, _ = bytes.Cut(rest, dollar)
	return fc, rest
}

var dollar = []byte{'$'}

// hasPart tells whether one of the parts of a name is the word.
func hasPart(name []byte, word string) bool {
	for len(name) > 0 {
		var part []byte
		if part, name, _ = bytes.Cut(name, dollar); string(part) == word {
			return true
		}
	}
	return false
}

// variableCall is what reading or writing a variable means.
func variableCall(code uint32, name []byte) call {
	fc, rest := constraint(name)
	if code == svcRead {
		if string(fc) == "CO" && hasPart(rest, "SBO") {
			return selectCall
		}
		return services[svcRead]
	}
	switch string(fc) {
	case "CO":
		switch {
		case hasPart(rest, "SBOw"):
			return selectCall
		case hasPart(rest, "Cancel"):
			return cancelOpCall
		case hasPart(rest, "Oper"):
			return operateCall
		}
		return controlCall
	case "SP", "SG", "SE":
		if hasPart(rest, "SGCB") {
			return groupCall
		}
		return settingCall
	case "CF", "DC":
		return configCall
	case "SV":
		return replaceCall
	case "BR", "RP":
		return reportCall
	case "GO", "GS":
		return gooseCall
	case "LG":
		return logCall
	case "MS", "US":
		return sampledCall
	}
	return services[svcWrite]
}
