package s7comm

import "firedoor"

// Functions of jobs.
const (
	fnCPU             = 0x00
	fnRead            = 0x04
	fnWrite           = 0x05
	fnRequestDownload = 0x1a
	fnDownloadBlock   = 0x1b
	fnDownloadEnded   = 0x1c
	fnStartUpload     = 0x1d
	fnUpload          = 0x1e
	fnEndUpload       = 0x1f
	fnInvoke          = 0x28
	fnStop            = 0x29
	fnSetup           = 0xf0
)

// call is what a function is for and how it is called.
type call struct {
	verb firedoor.Verb
	name string
}

// jobCall names a job's function. What nobody knows could do anything.
func jobCall(fn byte) call {
	switch fn {
	case fnCPU:
		return call{firedoor.VerbDiagnose, "cpu services"}
	case fnSetup:
		return call{firedoor.VerbSession, "setup communication"}
	case fnRead:
		return call{firedoor.VerbRead, "read var"}
	case fnWrite:
		return call{firedoor.VerbWrite, "write var"}
	case fnRequestDownload:
		return call{firedoor.VerbProgram, "request download"}
	case fnDownloadBlock:
		return call{firedoor.VerbProgram, "download block"}
	case fnDownloadEnded:
		return call{firedoor.VerbProgram, "download ended"}
	case fnStartUpload:
		return call{firedoor.VerbProgram, "start upload"}
	case fnUpload:
		return call{firedoor.VerbProgram, "upload"}
	case fnEndUpload:
		return call{firedoor.VerbProgram, "end upload"}
	case fnInvoke:
		return call{firedoor.VerbControl, "pi service"}
	case fnStop:
		return call{firedoor.VerbControl, "plc stop"}
	}
	return call{firedoor.VerbControl, "unknown function"}
}

// loginCall is the invocation whose arguments are a password.
var loginCall = call{firedoor.VerbSession, "pi service login"}

// invocation names a program invocation service; arguments is what it is given.
func invocation(service, arguments []byte) call {
	switch string(service) {
	case "_INSE":
		return call{firedoor.VerbProgram, "pi service insert block"}
	case "_DELE":
		return call{firedoor.VerbProgram, "pi service delete block"}
	case "P_PROGRAM":
		if len(arguments) > 0 && arguments[0] == 'C' {
			return call{firedoor.VerbControl, "pi service cold restart"}
		}
		return call{firedoor.VerbControl, "pi service warm restart"}
	case "_MODU":
		return call{firedoor.VerbProgram, "pi service copy ram to rom"}
	case "_GARB":
		return call{firedoor.VerbProgram, "pi service compress memory"}
	case "_N_LOGIN_":
		return loginCall
	case "_N_LOGOUT":
		return call{firedoor.VerbSession, "pi service logout"}
	}
	return jobCall(fnInvoke)
}

// Function groups of userdata messages.
const (
	groupMode       = 0x0
	groupProgrammer = 0x1
	groupCyclic     = 0x2
	groupBlocks     = 0x3
	groupCPU        = 0x4
	groupSecurity   = 0x5
	groupPBC        = 0x6
	groupClock      = 0x7
	groupNC         = 0xf
)

// userCalls names the functions of userdata groups by subfunction.
var userCalls = [16][]call{
	groupProgrammer: {
		1: {firedoor.VerbDiagnose, "block status"}, 2: {firedoor.VerbRead, "variable status"},
		3: {firedoor.VerbDiagnose, "output istack"}, 4: {firedoor.VerbDiagnose, "output bstack"},
		5: {firedoor.VerbDiagnose, "output lstack"}, 6: {firedoor.VerbDiagnose, "time measurement"},
		7: {firedoor.VerbControl, "force selection"}, 8: {firedoor.VerbWrite, "modify variable"},
		9: {firedoor.VerbControl, "force"}, 10: {firedoor.VerbControl, "breakpoint"},
		11: {firedoor.VerbControl, "exit hold"}, 12: {firedoor.VerbControl, "memory reset"},
		13: {firedoor.VerbDiagnose, "disable job"}, 14: {firedoor.VerbDiagnose, "enable job"},
		15: {firedoor.VerbDiagnose, "delete job"}, 16: {firedoor.VerbDiagnose, "read job list"},
		17: {firedoor.VerbDiagnose, "read job"}, 18: {firedoor.VerbDiagnose, "replace job"},
		19: {firedoor.VerbDiagnose, "block status v2"}, 22: {firedoor.VerbIdentify, "flash led"},
	},
	groupCyclic: {
		1: {firedoor.VerbRead, "cyclic transfer"}, 4: {firedoor.VerbSession, "unsubscribe"},
		5: {firedoor.VerbRead, "change driven transfer"}, 7: {firedoor.VerbRead, "change driven transfer modify"},
		8: {firedoor.VerbRead, "rdrec"},
	},
	groupBlocks: {
		1: {firedoor.VerbRead, "list blocks"}, 2: {firedoor.VerbRead, "list blocks of type"},
		3: {firedoor.VerbRead, "get block info"},
	},
	groupCPU: {
		1: {firedoor.VerbDiagnose, "read szl"}, 2: {firedoor.VerbDiagnose, "message service"},
		3: {firedoor.VerbDiagnose, "diagnostic message"}, 5: {firedoor.VerbDiagnose, "alarm_8 indication"},
		6: {firedoor.VerbDiagnose, "notify indication"}, 7: {firedoor.VerbConfigure, "alarm_8 lock"},
		8: {firedoor.VerbConfigure, "alarm_8 unlock"}, 9: {firedoor.VerbDiagnose, "scan indication"},
		11: {firedoor.VerbControl, "alarm ack"}, 12: {firedoor.VerbDiagnose, "alarm ack indication"},
		13: {firedoor.VerbDiagnose, "alarm lock indication"}, 14: {firedoor.VerbDiagnose, "alarm unlock indication"},
		17: {firedoor.VerbDiagnose, "alarm_sq indication"}, 18: {firedoor.VerbDiagnose, "alarm_s indication"},
		19: {firedoor.VerbDiagnose, "alarm query"}, 22: {firedoor.VerbDiagnose, "notify_8 indication"},
	},
	groupSecurity: {1: {firedoor.VerbSession, "plc password"}, 2: {firedoor.VerbSession, "clear password"}},
	groupClock: {
		1: {firedoor.VerbRead, "read clock"}, 2: {firedoor.VerbConfigure, "set clock"},
		3: {firedoor.VerbRead, "read clock following"}, 4: {firedoor.VerbConfigure, "set clock"},
	},
	groupNC: {
		1: {firedoor.VerbProgram, "nc request download"}, 2: {firedoor.VerbProgram, "nc download block"},
		3: {firedoor.VerbProgram, "nc continue download"}, 4: {firedoor.VerbProgram, "nc download ended"},
		6: {firedoor.VerbProgram, "nc start upload"}, 7: {firedoor.VerbProgram, "nc upload"},
		8: {firedoor.VerbProgram, "nc continue upload"},
	},
}

// userCall names a userdata function. What nobody knows could do anything.
func userCall(group, sub byte) call {
	switch group {
	case groupPBC: // the subfunction is a number of the data, not a function
		return call{firedoor.VerbWrite, "bsend"}
	case groupMode:
		return call{firedoor.VerbDiagnose, "mode transition"}
	}
	if list := userCalls[group&0xf]; int(sub) < len(list) && list[sub].name != "" {
		return list[sub]
	}
	return call{firedoor.VerbControl, "unknown userdata function"}
}

// itemOutcome is the outcome a return code stands for.
func itemOutcome(code byte) firedoor.Outcome {
	switch code {
	case codeOK, codeReserved:
		return firedoor.OK
	case 0x01:
		return firedoor.Failed(0x01, "hardware-error")
	case 0x03:
		return firedoor.Failed(0x03, "accessing-the-object-not-allowed")
	case 0x05:
		return firedoor.Failed(0x05, "invalid-address")
	case 0x06:
		return firedoor.Failed(0x06, "data-type-not-supported")
	case 0x07:
		return firedoor.Failed(0x07, "data-type-inconsistent")
	case 0x0a:
		return firedoor.Failed(0x0a, "object-does-not-exist")
	}
	return firedoor.Failed(uint32(code), "")
}
