package rocplus

import (
	"strconv"

	"firedoor"
)

// points are parameters of points: type, logical number, parameter.
var points = firedoor.Space{Name: "tlp", Axis: 3, Append: func(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(append(dst, "tlp:"...), uint64(o.At[0]), 10)
	dst = strconv.AppendUint(append(dst, ','), uint64(o.At[1]), 10)
	return strconv.AppendUint(append(dst, ','), uint64(o.At[2]), 10)
}}

// tables are those of configurable opcodes: table, place in it.
var tables = firedoor.Space{Name: "table", Axis: 2, Append: func(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(append(dst, "table:"...), uint64(o.At[0]), 10)
	return strconv.AppendUint(append(dst, '/'), uint64(o.At[1]), 10)
}}

// historyPoints are those of a segment.
var historyPoints = firedoor.Space{Name: "history", Append: func(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(append(dst, "history:"...), uint64(o.At[0]), 10)
	return strconv.AppendUint(append(dst, '/'), uint64(o.At[1]), 10)
}}

// word is an opcode and what it is for; plus: one of ROC Plus, not only of its
// forerunner.
type word struct {
	name string
	verb firedoor.Verb
	plus bool
}

// Opcodes that are read further.
const (
	opConfiguration = 6
	opReadTable     = 10
	opWriteTable    = 11
	opLogin         = 17
	opMinMax        = 105
	opSetPoint      = 166
	opReadPoint     = 167
	opReadTLPs      = 180
	opWriteTLPs     = 181
	opFile          = 203
	opReport        = 224
	opError         = 255
)

const (
	session   = firedoor.VerbSession
	identify  = firedoor.VerbIdentify
	diagnose  = firedoor.VerbDiagnose
	read      = firedoor.VerbRead
	write     = firedoor.VerbWrite
	configure = firedoor.VerbConfigure
	control   = firedoor.VerbControl
	program   = firedoor.VerbProgram
)

var opcodes = [256]word{
	0: {"general update", read, false}, 2: {"send test data", diagnose, false},
	opConfiguration: {"read system configuration", identify, true}, 7: {"read real-time clock", diagnose, true},
	8: {"set real-time clock", configure, true}, opReadTable: {"read configurable opcode table", read, true},
	opWriteTable: {"write configurable opcode table", write, true}, opLogin: {"login", session, true},
	18: {"log event", write, false}, 24: {"store and forward", control, true}, 50: {"read i/o point positions", diagnose, true},
	100: {"read user-defined point information", identify, true}, 102: {"set system variables", configure, false},
	103: {"read system information", identify, false}, opMinMax: {"read minimum and maximum of history point", read, true},
	107: {"read history", read, false}, 108: {"read history tags and periodic index", read, true},
	118: {"read alarms", read, true}, 119: {"read events", read, true}, 120: {"read alarm, event and history pointers", read, false},
	121: {"read alarms of the past", read, false}, 122: {"read events of the past", read, false}, 123: {"read user template", read, false},
	135: {"read single history point", read, true}, 136: {"read multiple history points", read, true}, 137: {"read history index", read, true},
	138: {"read daily and periodic history", read, true}, 139: {"read history information", read, true},
	opSetPoint: {"set single point parameters", write, true}, opReadPoint: {"read single point parameters", read, true},
	opReadTLPs: {"read parameters", read, true}, opWriteTLPs: {"write parameters", write, true}, opFile: {"file transfer", program, true},
	205: {"peer-to-peer network message", control, true}, 206: {"read transaction history", read, true},
	opReport: {"report by exception", read, true}, 225: {"acknowledge report by exception", session, true}, opError: {"error indicator", diagnose, true},
}

// opcodeOf is what an opcode stands for.
func opcodeOf(code byte) word {
	if w := opcodes[code]; w.name != "" {
		return w
	}
	return word{"unassigned opcode", configure, false}
}

// logins are the forms of opcode 17 by the length of their data.
func loginOf(data []byte) string {
	switch len(data) {
	case loginShort, loginLong:
		return "login"
	case 11, 76:
		return "logout"
	case 13:
		return "request session key"
	}
	return "login"
}

// Length of a login's data, and of the operator's name that it begins with.
const (
	loginShort = 6
	loginLong  = 71
	nameShort  = 3
	nameLong   = 30
)

// Commands of the file transfer.
const (
	fileOpen   = 1
	fileRead   = 2
	fileWrite  = 3
	fileClose  = 4
	fileDelete = 6 // and list, by length
	fileList64 = 0x40
	deleteSize = 126
)

// fileOf is what a command of the file transfer is for.
func fileOf(data []byte) word {
	if len(data) == 0 {
		return opcodes[opFile]
	}
	switch data[0] {
	case fileOpen:
		if len(data) > 1 && data[1] != 0 {
			return word{name: "open file to write", verb: program}
		}
		return word{name: "open file to read", verb: read}
	case fileRead:
		return word{name: "read file", verb: read}
	case fileWrite:
		return word{name: "write file", verb: program}
	case fileClose:
		return word{name: "close file", verb: session}
	case fileDelete:
		if len(data) == deleteSize {
			return word{name: "delete file", verb: program}
		}
		return word{name: "list files", verb: diagnose}
	case fileList64:
		return word{name: "list files", verb: diagnose}
	}
	return opcodes[opFile]
}

// refusals are the codes of the error indicator.
var refusals = [...]string{1: "invalid-opcode-request", 2: "invalid-parameter-number", 3: "invalid-logical-number", 4: "invalid-point-type",
	5: "received-too-many-data-bytes", 6: "received-too-few-data-bytes", 13: "outside-valid-address-range", 14: "invalid-history-request",
	15: "invalid-fst-request", 16: "invalid-event-entry", 17: "requested-too-many-alarms", 18: "requested-too-many-events",
	19: "write-to-read-only-parameter", 20: "security-error", 21: "invalid-security-logon", 22: "invalid-store-and-forward-path",
	24: "history-configuration-in-progress", 63: "request-access-level-too-high"}

func refused(code byte) firedoor.Outcome {
	if int(code) < len(refusals) {
		return firedoor.Failed(uint32(code), refusals[code])
	}
	return firedoor.Failed(uint32(code), "")
}

// models by the type of device in the system configuration.
var models = [...]string{1: "ROCPAC ROC300-Series", 2: "FloBoss 407", 3: "FlashPAC ROC300-Series", 4: "FloBoss 503", 5: "FloBoss 504",
	6: "ROC800-Series", 11: "DL8000"}
