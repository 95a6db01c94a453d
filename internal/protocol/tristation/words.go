package tristation

import "firedoor"

// Types of datagram.
const (
	typeConnect = iota + 1
	typeConnected
	typeDisconnected
	typeDisconnect
	typeCommand
	typePing
	typeLimit
	typeNotConnected
	typeDead
	typeDenied
	typeFailed
)

// typeBase and a type are the code of what has no function.
const typeBase = 0x100

// typeErrors are the words of types that say no.
var typeErrors = [typeFailed + 1]string{typeLimit: "connection-limit-reached", typeNotConnected: "not-connected", typeDead: "mps-are-dead",
	typeDenied: "access-denied", typeFailed: "connection-failed"}

// Functions that are read in ways of their own, and the refusal.
const (
	fnEndDownload     = 10
	fnStatus          = 19
	fnModuleVersions  = 54
	fnAllocateProgram = 55
	fnAllocateFunc    = 56
	fnUploadProgram   = 65
	fnUploadFunc      = 66
	firstAnswer       = 100
	fnRejected        = 100
)

type function struct {
	name string
	verb firedoor.Verb
}

// functionWords are what a workstation asks a controller for. OVD is the output voter
// diagnostic, SOE the sequence of events, CP the control program, MP a main processor.
var functionWords = [firstAnswer]function{
	0: {"start download all", firedoor.VerbProgram}, 1: {"start download change", firedoor.VerbProgram},
	2: {"update configuration", firedoor.VerbConfigure}, 3: {"upload configuration", firedoor.VerbProgram},
	4: {"set i/o addresses", firedoor.VerbConfigure}, 5: {"allocate network", firedoor.VerbProgram},
	6: {"load vector table", firedoor.VerbProgram}, 7: {"set calendar", firedoor.VerbConfigure},
	8: {"get calendar", firedoor.VerbRead}, 9: {"set scan time", firedoor.VerbConfigure},
	fnEndDownload: {"end download all", firedoor.VerbProgram}, 11: {"end download change", firedoor.VerbProgram},
	12: {"cancel download change", firedoor.VerbProgram}, 13: {"attach tricon", firedoor.VerbSession},
	14: {"set i/o address limits", firedoor.VerbConfigure}, 15: {"configure module", firedoor.VerbConfigure},
	16: {"set multiple point values", firedoor.VerbWrite}, 17: {"enable all points", firedoor.VerbControl},
	18: {"upload vector table", firedoor.VerbProgram}, fnStatus: {"get cp status", firedoor.VerbDiagnose},
	20: {"run program", firedoor.VerbControl}, 21: {"halt program", firedoor.VerbControl},
	22: {"pause program", firedoor.VerbControl}, 23: {"do single scan", firedoor.VerbControl},
	24: {"get chassis status", firedoor.VerbDiagnose}, 25: {"get minimum scan time", firedoor.VerbDiagnose},
	26: {"set node number", firedoor.VerbConfigure}, 27: {"set i/o point values", firedoor.VerbWrite},
	28: {"get i/o point values", firedoor.VerbRead}, 29: {"get mp status", firedoor.VerbDiagnose},
	30: {"set retentive values", firedoor.VerbWrite}, 31: {"adjust clock calendar", firedoor.VerbConfigure},
	32: {"clear module alarms", firedoor.VerbControl}, 33: {"get event log", firedoor.VerbDiagnose},
	34: {"set soe block", firedoor.VerbConfigure}, 35: {"record event log", firedoor.VerbConfigure},
	36: {"get soe data", firedoor.VerbRead}, 37: {"enable ovd", firedoor.VerbControl},
	38: {"disable ovd", firedoor.VerbControl}, 39: {"enable all ovds", firedoor.VerbControl},
	40: {"disable all ovds", firedoor.VerbControl}, 41: {"process modbus", firedoor.VerbWrite},
	42: {"upload network", firedoor.VerbProgram}, 43: {"set label", firedoor.VerbConfigure},
	44: {"configure system variables", firedoor.VerbConfigure}, 45: {"deconfigure module", firedoor.VerbConfigure},
	46: {"get system variables", firedoor.VerbRead}, 47: {"get module types", firedoor.VerbIdentify},
	48: {"begin conversion table download", firedoor.VerbConfigure}, 49: {"continue conversion table download", firedoor.VerbConfigure},
	50: {"end conversion table download", firedoor.VerbConfigure}, 51: {"get conversion table", firedoor.VerbRead},
	52: {"set icm status", firedoor.VerbConfigure}, 53: {"broadcast soe data available", firedoor.VerbDiagnose},
	fnModuleVersions: {"get module versions", firedoor.VerbIdentify}, fnAllocateProgram: {"allocate program", firedoor.VerbProgram},
	fnAllocateFunc: {"allocate function", firedoor.VerbProgram}, 57: {"clear retentives", firedoor.VerbWrite},
	58: {"set initial values", firedoor.VerbWrite}, 59: {"start ts2 program download", firedoor.VerbProgram},
	60: {"set ts2 data area", firedoor.VerbConfigure}, 61: {"get ts2 data", firedoor.VerbRead},
	62: {"set ts2 data", firedoor.VerbWrite}, 63: {"set program information", firedoor.VerbProgram},
	64: {"get program information", firedoor.VerbIdentify}, fnUploadProgram: {"upload program", firedoor.VerbProgram},
	fnUploadFunc: {"upload function", firedoor.VerbProgram}, 67: {"get point groups", firedoor.VerbRead},
	68: {"allocate symbol table", firedoor.VerbProgram}, 69: {"get i/o address", firedoor.VerbRead},
	70: {"resend i/o address", firedoor.VerbConfigure}, 71: {"get program timing", firedoor.VerbDiagnose},
	72: {"allocate multiple functions", firedoor.VerbProgram}, 73: {"get node number", firedoor.VerbIdentify},
	74: {"get symbol table", firedoor.VerbRead}, 80: {"go to download mode", firedoor.VerbControl},
}

// asked tells what was asked by the function of an answer, where one request is named
// as the answer is, counted from the first answer on: 1 + the function, 0 where nobody
// knows.
var asked = [...]byte{1: 1, 2: 2, 3: 12, 4: 13, 5: 11, 6: 14, 7: 5, 8: 20, 9: 21, 10: 22, 11: 23, 12: 24, 14: 10, 17: 16,
	19: 25, 20: 19, 21: 29, 22: 8, 23: 3, 24: 26, 26: 27, 27: 30, 28: 31, 29: 35, 30: 33, 31: 34, 33: 38, 34: 39, 35: 36, 36: 43,
	37: 37, 38: 6, 39: 7, 40: 9, 41: 44, 42: 48, 43: 45, 44: 46, 47: 52, 49: 53, 50: 47, 51: 55, 52: 42, 53: 56, 54: 57, 55: 58, 56: 59,
	57: 61, 58: 62, 59: 63, 60: 64, 61: 65, 62: 66, 63: 67, 64: 68, 65: 69, 66: 72, 68: 73, 69: 74, 70: 75}

// described tells whether an answer of its own is known of a function. Those of others
// may be answered by that of a neighbour: who adjusts the clock by "calendar changed".
func described(code uint32) bool {
	for _, of := range asked {
		if of > 0 && uint32(of-1) == code {
			return true
		}
	}
	return false
}

// words returns those of a function.
func words(code byte) (string, firedoor.Verb) {
	if code < firstAnswer && functionWords[code].name != "" {
		return functionWords[code].name, functionWords[code].verb
	}
	return "unknown function", firedoor.VerbConfigure
}

// firstReason is the lowest reason of a refusal.
const firstReason = 200

// reasons are why a controller refuses, counted from the first one on.
var reasons = [...]string{"wrong-command", "load-is-in-progress", "bad-clock-calendar-data", "control-program-not-halted",
	"control-program-checksum-error", "no-memory-available", "control-program-not-valid", "not-loading-a-control-program",
	"network-is-out-of-range", "not-enough-arguments", "a-network-is-missing", "the-download-time-mismatches",
	"key-setting-prohibits-this-operation", "bad-control-program-version", "command-not-in-correct-sequence", "", "bad-index-for-a-module",
	"module-address-is-invalid", "", "", "bad-offset-for-an-io-point", "invalid-point-type", "invalid-point-location",
	"program-name-is-invalid", "", "", "", "invalid-module-type", "", "invalid-table-type", "", "invalid-network-continuation",
	"invalid-scan-time", "load-is-busy", "an-mp-has-re-educated", "invalid-chassis-or-slot", "invalid-soe-number", "invalid-soe-type",
	"invalid-soe-state", "the-variable-is-write-protected", "node-number-mismatch", "command-not-allowed", "invalid-sequence-number",
	"time-change-on-non-master-tricon", "no-free-tristation-ports", "invalid-tristation-i-command", "invalid-tristation-1131-command",
	"only-one-chassis-allowed", "bad-variable-address", "response-overflow", "invalid-bus", "disable-is-not-allowed", "invalid-length",
	"point-cannot-be-disabled", "too-many-retentive-variables", "loader-connect"}

func refused(reason byte) firedoor.Outcome {
	if i := int(reason) - firstReason; i >= 0 && i < len(reasons) {
		return firedoor.Failed(uint32(reason), reasons[i])
	}
	return firedoor.Failed(uint32(reason), "")
}
