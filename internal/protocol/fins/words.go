package fins

import (
	"firedoor"
)

// form tells how a command's body is read.
type form uint8

// Forms. The plain one has nothing to read.
const (
	formPlain form = iota
	formRead
	formWrite
	formFill
	formReadMany
	formTransfer
	formParameter
	formParameterWrite
	formProgram
	formProgramRead
	formProgramWrite
	formMode
	formFile
	formFileRead
	formFileWrite
	formFiles
	formFileCopy
	formRename
	formDisk
	formToFile
	formForce
	formNumber
	formController
	formConnection
	formName
)

// anyLength is the most octets of a command without a limit of its own.
const anyLength = 0xffff

// command is one command (W342, 5-1).
type command struct {
	code   uint16
	verb   firedoor.Verb
	form   form
	least  uint16 // octets of the body
	most   uint16
	name   string
	theirs string // the name when the flow's server asks
}

func (c *command) fits(n int) bool { return n >= int(c.least) && n <= int(c.most) }

// wordsAskedOf stands behind what a flow's server asks.
const wordsAskedOf = " asked of the client"

// commands are all commands, by MRC and SRC.
var commands = named([]command{
	{0x0101, firedoor.VerbRead, formRead, 6, 6, "memory area read", ""},
	{0x0102, firedoor.VerbWrite, formWrite, 6, anyLength, "memory area write", ""},
	{0x0103, firedoor.VerbWrite, formFill, 8, 8, "memory area fill", ""},
	{0x0104, firedoor.VerbRead, formReadMany, 4, anyLength, "multiple memory area read", ""},
	{0x0105, firedoor.VerbWrite, formTransfer, 10, 10, "memory area transfer", ""},
	{0x0201, firedoor.VerbRead, formParameter, 6, 6, "parameter area read", ""},
	{0x0202, firedoor.VerbConfigure, formParameterWrite, 6, anyLength, "parameter area write", ""},
	{0x0203, firedoor.VerbConfigure, formParameter, 8, 8, "parameter area clear", ""},
	{0x0220, firedoor.VerbRead, formPlain, 0, anyLength, "data link table read", ""},
	{0x0221, firedoor.VerbConfigure, formPlain, 0, anyLength, "data link table write", ""},
	{0x0304, firedoor.VerbConfigure, formProgram, 11, 15, "program area protect", ""},
	{0x0305, firedoor.VerbConfigure, formProgram, 11, 15, "program area protect clear", ""},
	{0x0306, firedoor.VerbProgram, formProgramRead, 8, 8, "program area read", ""},
	{0x0307, firedoor.VerbProgram, formProgramWrite, 8, anyLength, "program area write", ""},
	{0x0308, firedoor.VerbProgram, formProgram, 2, 3, "program area clear", ""},
	{0x0401, firedoor.VerbControl, formMode, 0, 3, "run", ""},
	{0x0402, firedoor.VerbControl, formPlain, 0, 2, "stop", ""},
	{0x0403, firedoor.VerbControl, formPlain, 0, 0, "reset", ""},
	{0x0501, firedoor.VerbIdentify, formController, 0, 1, "controller data read", ""},
	{0x0502, firedoor.VerbIdentify, formConnection, 1, 2, "connection data read", ""},
	{0x0601, firedoor.VerbDiagnose, formPlain, 0, 0, "controller status read", ""},
	{0x0602, firedoor.VerbDiagnose, formPlain, 0, 0, "network status read", ""},
	{0x0603, firedoor.VerbDiagnose, formPlain, 0, 0, "data link status read", ""},
	{0x0620, firedoor.VerbDiagnose, formPlain, 0, 1, "cycle time read", ""},
	{0x0701, firedoor.VerbRead, formPlain, 0, 0, "clock read", ""},
	{0x0702, firedoor.VerbConfigure, formPlain, 5, 7, "clock write", ""},
	{0x0801, firedoor.VerbDiagnose, formPlain, 0, anyLength, "loop-back test", ""},
	{0x0802, firedoor.VerbDiagnose, formPlain, 0, 0, "broadcast test results read", ""},
	{0x0803, firedoor.VerbDiagnose, formPlain, 0, anyLength, "broadcast test data send", ""},
	{0x0920, firedoor.VerbDiagnose, formPlain, 2, 2, "message read or clear", ""},
	{0x0c01, firedoor.VerbSession, formPlain, 2, 2, "access right acquire", ""},
	{0x0c02, firedoor.VerbSession, formPlain, 2, 2, "access right forced acquire", ""},
	{0x0c03, firedoor.VerbSession, formPlain, 2, 2, "access right release", ""},
	{0x2101, firedoor.VerbControl, formNumber, 2, 2, "error clear", ""},
	{0x2102, firedoor.VerbDiagnose, formPlain, 4, 4, "error log read", ""},
	{0x2103, firedoor.VerbConfigure, formPlain, 0, 0, "error log clear", ""},
	{0x2140, firedoor.VerbDiagnose, formPlain, 4, 4, "access log read", ""},
	{0x2141, firedoor.VerbConfigure, formPlain, 0, 0, "access log clear", ""},
	{0x2201, firedoor.VerbRead, formDisk, 6, anyLength, "file name read", ""},
	{0x2202, firedoor.VerbProgram, formFileRead, 20, anyLength, "single file read", ""},
	{0x2203, firedoor.VerbProgram, formFileWrite, 22, anyLength, "single file write", ""},
	{0x2204, firedoor.VerbProgram, formDisk, 2, 2, "file memory format", ""},
	{0x2205, firedoor.VerbProgram, formFiles, 4, anyLength, "file delete", ""},
	{0x2206, firedoor.VerbConfigure, formDisk, 4, anyLength, "volume label create or delete", ""},
	{0x2207, firedoor.VerbProgram, formFileCopy, 28, anyLength, "file copy", ""},
	{0x2208, firedoor.VerbProgram, formRename, 26, anyLength, "file name change", ""},
	{0x2209, firedoor.VerbDiagnose, formFile, 14, anyLength, "file data check", ""},
	{0x220a, firedoor.VerbProgram, formToFile, 22, anyLength, "memory area file transfer", ""},
	{0x220b, firedoor.VerbProgram, formToFile, 22, anyLength, "parameter area file transfer", ""},
	{0x220c, firedoor.VerbProgram, formToFile, 26, anyLength, "program area file transfer", ""},
	{0x220f, firedoor.VerbRead, formPlain, 3, 3, "file memory index read", ""},
	{0x2210, firedoor.VerbRead, formPlain, 2, 2, "file memory read", ""},
	{0x2211, firedoor.VerbProgram, formPlain, 4, anyLength, "file memory write", ""},
	{0x2215, firedoor.VerbProgram, formDisk, 4, anyLength, "directory create or delete", ""},
	{0x2220, firedoor.VerbProgram, formPlain, 2, anyLength, "memory cassette transfer", ""},
	{0x2301, firedoor.VerbControl, formForce, 8, anyLength, "forced set or reset", ""},
	{0x2302, firedoor.VerbControl, formPlain, 0, 0, "forced set or reset cancel", ""},
	{0x230a, firedoor.VerbRead, formRead, 6, 6, "multiple forced status read", ""},
	{0x2601, firedoor.VerbConfigure, formPlain, 1, 16, "name set", ""},
	{0x2602, firedoor.VerbConfigure, formPlain, 0, 0, "name delete", ""},
	{0x2603, firedoor.VerbIdentify, formName, 0, 0, "name read", ""},
})

// unknown stands for commands nobody described.
var unknown = command{0, firedoor.VerbConfigure, formPlain, 0, anyLength, "unknown command", "unknown command" + wordsAskedOf}

// Commands of the header of TCP, told as operations of their own.
const tcpCode = 0x10000

// function returns the words of a command.
func (c *command) function(theirs bool) string {
	if theirs {
		return c.theirs
	}
	return c.name
}

func named(all []command) []command {
	for i := range all {
		all[i].theirs = all[i].name + wordsAskedOf
	}
	return all
}

// find returns the command of a code, nil for one unknown.
func find(code uint16) *command {
	low, high := 0, len(commands)
	for low < high {
		if mid := (low + high) / 2; commands[mid].code < code {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low < len(commands) && commands[low].code == code {
		return &commands[low]
	}
	return nil
}

// Bits of an end code that say something else than what became of the command
// (W342, 5-1-3): an error while relaying, and errors the CPU has anyway.
const (
	endRelay    = 0x8000
	endFatal    = 0x0080
	endNonFatal = 0x0040
)

// endWord is an end code without them.
func endWord(code uint16) uint16 { return code &^ (endRelay | endFatal | endNonFatal) }

// endCode is what an answer's end code says became of the command.
func endCode(code uint16) firedoor.Outcome {
	if code &^= endFatal | endNonFatal; code == 0 {
		return firedoor.OK
	}
	return firedoor.Failed(uint32(code), endNames[endWord(code)])
}

// endNames are the end codes (W342, 5-1-3).
var endNames = map[uint16]string{
	0x0001: "service-interrupted",
	0x0101: "local-node-not-in-network", 0x0102: "token-timeout", 0x0103: "retries-failed",
	0x0104: "too-many-send-frames", 0x0105: "node-address-range-error", 0x0106: "node-address-duplication",
	0x0201: "destination-node-not-in-network", 0x0202: "unit-missing", 0x0203: "third-node-missing",
	0x0204: "destination-node-busy", 0x0205: "response-timeout",
	0x0301: "communications-controller-error", 0x0302: "cpu-unit-error", 0x0303: "controller-error", 0x0304: "unit-number-error",
	0x0401: "undefined-command", 0x0402: "not-supported-by-model-or-version",
	0x0501: "destination-address-setting-error", 0x0502: "no-routing-tables", 0x0503: "routing-table-error", 0x0504: "too-many-relays",
	0x1001: "command-too-long", 0x1002: "command-too-short", 0x1003: "elements-and-data-do-not-match",
	0x1004: "command-format-error", 0x1005: "header-error",
	0x1101: "area-classification-missing", 0x1102: "access-size-error", 0x1103: "address-range-error",
	0x1104: "address-range-exceeded", 0x1106: "program-missing", 0x1109: "relational-error",
	0x110a: "duplicate-data-access", 0x110b: "response-too-long", 0x110c: "parameter-error",
	0x2002: "protected", 0x2003: "table-missing", 0x2004: "data-missing", 0x2005: "program-missing",
	0x2006: "file-missing", 0x2007: "data-mismatch",
	0x2101: "read-only", 0x2102: "protected", 0x2103: "cannot-register", 0x2105: "program-missing",
	0x2106: "file-missing", 0x2107: "file-name-already-exists", 0x2108: "cannot-change",
	0x2201: "not-possible-during-execution", 0x2202: "not-possible-while-running", 0x2203: "wrong-plc-mode-program",
	0x2204: "wrong-plc-mode-debug", 0x2205: "wrong-plc-mode-monitor", 0x2206: "wrong-plc-mode-run",
	0x2207: "specified-node-not-polling-node", 0x2208: "step-cannot-be-executed",
	0x2301: "file-device-missing", 0x2302: "memory-missing", 0x2303: "clock-missing",
	0x2401: "table-missing",
	0x2502: "memory-error", 0x2503: "io-setting-error", 0x2504: "too-many-io-points", 0x2505: "cpu-bus-error",
	0x2506: "io-duplication", 0x2507: "io-bus-error", 0x2509: "sysmac-bus-2-error", 0x250a: "cpu-bus-unit-error",
	0x250d: "sysmac-bus-number-duplication", 0x250f: "memory-error", 0x2510: "sysmac-bus-terminator-missing",
	0x2601: "no-protection", 0x2602: "incorrect-password", 0x2604: "protected", 0x2605: "service-already-executing",
	0x2606: "service-stopped", 0x2607: "no-execution-right", 0x2608: "settings-not-complete",
	0x2609: "necessary-items-not-set", 0x260a: "number-already-defined", 0x260b: "error-will-not-clear",
	0x3001: "no-access-right", 0x4001: "service-aborted",
}

// tcpErrors are the error codes of the header of TCP (W421, 7-4-2).
var tcpErrors = map[uint32]string{
	1: "header-is-not-fins", 2: "data-length-too-long", 3: "command-not-supported",
	0x20: "all-connections-in-use", 0x21: "node-already-connected", 0x22: "protected-node-from-unspecified-address",
	0x23: "client-node-address-out-of-range", 0x24: "same-node-address-at-client-and-server", 0x25: "no-node-address-available",
}
