package melsec

import "firedoor"

// form tells how a command's data are read.
type form uint8

// Forms. The plain one has nothing to read.
const (
	formPlain form = iota
	formRead
	formWrite
	formReadRandom
	formWriteRandom
	formReadBlock
	formWriteBlock
	formRegister // devices to be monitored
	formMonitor
	formBuffer
	formBufferWrite
	formUnit
	formUnitWrite
	formMode
	formModel
	formLogin
	formDirectory
	formFile // password, drive, name
	formNewFile
	formOpen
	formFileRead
	formFileWrite
	formClose
	formOnDemand
	formLabels // names
	formLabelsWrite
	formArray // names with a unit and a length
	formArrayWrite
	// of 1E
	formOldModel
	formLoopback
	formOldRandom // devices with what is written to each
	formOldRegister
	formOldMonitor
	formOldBuffer
	formOldBufferWrite
	// of MELSOFT
	formInitial
	formUser
	formPassword
	formElements
	formOpenLong
	formList
)

// command is one command (SLMP reference manual, 5.1).
type command struct {
	code   uint16
	verb   firedoor.Verb
	form   form
	name   string
	theirs string // the name when the flow's server asks
}

// wordsAskedOf stands behind what a flow's server asks.
const wordsAskedOf = " asked of the client"

// commands are those of 3E and 4E, by number.
var commands = named([]command{
	{0x0101, firedoor.VerbIdentify, formModel, "read type name", ""},
	{0x0401, firedoor.VerbRead, formRead, "device read", ""},
	{0x0403, firedoor.VerbRead, formReadRandom, "device read random", ""},
	{0x0406, firedoor.VerbRead, formReadBlock, "device read block", ""},
	{0x041a, firedoor.VerbRead, formArray, "array label read", ""},
	{0x041c, firedoor.VerbRead, formLabels, "label read random", ""},
	{0x0601, firedoor.VerbRead, formUnit, "extend unit read", ""},
	{0x0613, firedoor.VerbRead, formBuffer, "memory read", ""},
	{0x0619, firedoor.VerbDiagnose, formPlain, "self test", ""},
	{0x0801, firedoor.VerbRead, formRegister, "entry monitor device", ""},
	{0x0802, firedoor.VerbRead, formMonitor, "execute monitor", ""},
	{0x0e30, firedoor.VerbIdentify, formPlain, "node search", ""},
	{0x0e31, firedoor.VerbConfigure, formPlain, "ip address set", ""},
	{0x1001, firedoor.VerbControl, formMode, "remote run", ""},
	{0x1002, firedoor.VerbControl, formMode, "remote stop", ""},
	{0x1003, firedoor.VerbControl, formMode, "remote pause", ""},
	{0x1005, firedoor.VerbControl, formPlain, "remote latch clear", ""},
	{0x1006, firedoor.VerbControl, formPlain, "remote reset", ""},
	{0x1401, firedoor.VerbWrite, formWrite, "device write", ""},
	{0x1402, firedoor.VerbWrite, formWriteRandom, "device write random", ""},
	{0x1406, firedoor.VerbWrite, formWriteBlock, "device write block", ""},
	{0x141a, firedoor.VerbWrite, formArrayWrite, "array label write", ""},
	{0x141b, firedoor.VerbWrite, formLabelsWrite, "label write random", ""},
	{0x1601, firedoor.VerbWrite, formUnitWrite, "extend unit write", ""},
	{0x1613, firedoor.VerbWrite, formBufferWrite, "memory write", ""},
	{0x1617, firedoor.VerbControl, formPlain, "clear error", ""},
	{0x1630, firedoor.VerbSession, formLogin, "remote password unlock", ""},
	{0x1631, firedoor.VerbSession, formPlain, "remote password lock", ""},
	{0x1810, firedoor.VerbRead, formDirectory, "read directory", ""},
	{0x1811, firedoor.VerbRead, formFile, "search directory", ""},
	{0x1820, firedoor.VerbProgram, formNewFile, "new file", ""},
	{0x1822, firedoor.VerbProgram, formFile, "delete file", ""},
	{0x1824, firedoor.VerbProgram, formPlain, "copy file", ""},
	{0x1825, firedoor.VerbProgram, formPlain, "change file state", ""},
	{0x1826, firedoor.VerbProgram, formPlain, "change file date", ""},
	{0x1827, firedoor.VerbProgram, formOpen, "open file", ""},
	{0x1828, firedoor.VerbProgram, formFileRead, "read file", ""},
	{0x1829, firedoor.VerbProgram, formFileWrite, "write file", ""},
	{0x182a, firedoor.VerbSession, formClose, "close file", ""},
	{0x2101, firedoor.VerbRead, formOnDemand, "on-demand", ""},
})

// nameless is what an answer is for whose request was not seen.
var nameless = command{0, firedoor.VerbRead, formPlain, "request", "request" + wordsAskedOf}

// unknown is a command nobody described.
var unknown = command{0, firedoor.VerbConfigure, formPlain, "unknown command", "unknown command" + wordsAskedOf}

// old are the commands of 1E by their subheader (SH-080008, 18.2; SH-081256, 18.4 to 18.7),
// as far as both sizes are certain: 1E does not say them.
var old = named([]command{
	{0x00, firedoor.VerbRead, formRead, "batch read in bits", ""},
	{0x01, firedoor.VerbRead, formRead, "batch read in words", ""},
	{0x02, firedoor.VerbWrite, formWrite, "batch write in bits", ""},
	{0x03, firedoor.VerbWrite, formWrite, "batch write in words", ""},
	{0x04, firedoor.VerbWrite, formOldRandom, "random write in bits", ""},
	{0x05, firedoor.VerbWrite, formOldRandom, "random write in words", ""},
	{0x06, firedoor.VerbRead, formOldRegister, "entry monitor in bits", ""},
	{0x07, firedoor.VerbRead, formOldRegister, "entry monitor in words", ""},
	{0x08, firedoor.VerbRead, formOldMonitor, "execute monitor in bits", ""},
	{0x09, firedoor.VerbRead, formOldMonitor, "execute monitor in words", ""},
	{0x0e, firedoor.VerbRead, formOldBuffer, "buffer memory read", ""},
	{0x0f, firedoor.VerbWrite, formOldBufferWrite, "buffer memory write", ""},
	{0x13, firedoor.VerbControl, formPlain, "remote run", ""},
	{0x14, firedoor.VerbControl, formPlain, "remote stop", ""},
	{0x15, firedoor.VerbIdentify, formOldModel, "pc type name read", ""},
	{0x16, firedoor.VerbDiagnose, formLoopback, "loopback test", ""},
	{0x17, firedoor.VerbRead, formRead, "extended file register read", ""},
	{0x18, firedoor.VerbWrite, formWrite, "extended file register write", ""},
	{0x19, firedoor.VerbWrite, formOldRandom, "extended file register random write", ""},
	{0x1a, firedoor.VerbRead, formOldRegister, "entry monitor of extended file registers", ""},
	{0x1b, firedoor.VerbRead, formOldMonitor, "execute monitor of extended file registers", ""},
	{0x3b, firedoor.VerbRead, formRead, "extended file register direct read", ""},
	{0x3c, firedoor.VerbWrite, formWrite, "extended file register direct write", ""},
})

// melsoft are the commands of MELSOFT that have been seen or described.
var melsoft = named([]command{
	{0x0121, firedoor.VerbIdentify, formInitial, "melsoft open initial", ""},
	{0x0131, firedoor.VerbSession, formUser, "melsoft user name login", ""},
	{0x0132, firedoor.VerbSession, formPassword, "melsoft password login", ""},
	{0x0133, firedoor.VerbDiagnose, formPlain, "melsoft read user information a", ""},
	{0x0134, firedoor.VerbDiagnose, formPlain, "melsoft read user information b", ""},
	{0x0150, firedoor.VerbDiagnose, formPlain, "melsoft safety run mode read", ""},
	{0x01a0, firedoor.VerbSession, formPlain, "melsoft function 0x01a0", ""},
	{0x0410, firedoor.VerbRead, formElements, "melsoft read", ""},
	{0x0411, firedoor.VerbRead, formPlain, "melsoft function 0x0411", ""},
	{0x0701, firedoor.VerbDiagnose, formPlain, "melsoft function 0x0701", ""},
	{0x0b16, firedoor.VerbDiagnose, formPlain, "melsoft function 0x0b16", ""},
	{0x0b2a, firedoor.VerbDiagnose, formPlain, "melsoft function 0x0b2a", ""},
	{0x0b2b, firedoor.VerbDiagnose, formPlain, "melsoft function 0x0b2b", ""},
	{0x1001, firedoor.VerbControl, formPlain, "melsoft remote run", ""},
	{0x1002, firedoor.VerbControl, formPlain, "melsoft remote stop", ""},
	{0x1003, firedoor.VerbControl, formPlain, "melsoft remote pause", ""},
	{0x1006, firedoor.VerbControl, formPlain, "melsoft remote reset", ""},
	{0x1120, firedoor.VerbControl, formPlain, "melsoft safety run mode change", ""},
	{0x1133, firedoor.VerbConfigure, formPlain, "melsoft user information registration", ""},
	{0x1410, firedoor.VerbWrite, formPlain, "melsoft function 0x1410", ""},
	{0x1730, firedoor.VerbConfigure, formPlain, "melsoft function 0x1730", ""},
	{0x1731, firedoor.VerbConfigure, formPlain, "melsoft function 0x1731", ""},
	{0x1734, firedoor.VerbConfigure, formPlain, "melsoft function 0x1734", ""},
	{0x1859, firedoor.VerbRead, formList, "melsoft file list read", ""},
	{0x185f, firedoor.VerbRead, formList, "melsoft file search", ""},
	{0x1867, firedoor.VerbProgram, formOpenLong, "melsoft open file", ""},
	{0x1868, firedoor.VerbProgram, formFileRead, "melsoft file read", ""},
	{0x1869, firedoor.VerbProgram, formFileWrite, "melsoft file write", ""},
	{0x186a, firedoor.VerbSession, formClose, "melsoft close file", ""},
	{0x187e, firedoor.VerbRead, formPlain, "melsoft function 0x187e", ""},
	{0x18a0, firedoor.VerbRead, formPlain, "melsoft function 0x18a0", ""},
})

// unknownMelsoft is one nobody has seen.
var unknownMelsoft = command{0, firedoor.VerbConfigure, formPlain, "melsoft unknown function", "melsoft unknown function" + wordsAskedOf}

// links are the frames that find and open links, told by their last octet.
var links = named([]command{
	{linkCode | 0x01, firedoor.VerbSession, formPlain, "melsoft link 0x01", ""},
	{linkCode | 0x11, firedoor.VerbSession, formPlain, "melsoft link 0x11", ""},
	{linkCode | 0x22, firedoor.VerbSession, formPlain, "melsoft link 0x22", ""},
	{linkCode | 0xff, firedoor.VerbSession, formPlain, "melsoft link 0xff", ""},
})

// linkCode makes a code of the last octet of a frame that begins 5a.
const linkCode = 0x5a00

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
func find(all []command, code uint16) *command {
	low, high := 0, len(all)
	for low < high {
		if mid := (low + high) / 2; all[mid].code < code {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low < len(all) && all[low].code == code {
		return &all[low]
	}
	return nil
}

// endNames are the end codes that the manuals give a meaning of their own (SLMP
// reference manual, 6; MELSEC communication protocol reference manual, appendix).
var endNames = map[uint32]string{
	0x0055: "online-program-change-disabled",
	0x4000: "serial-communication-sum-check-error", 0x4001: "request-not-supported", 0x4002: "request-not-supported",
	0x4003: "global-request-not-possible", 0x4004: "disabled-by-system-protect", 0x4005: "data-volume-too-large",
	0x4010: "cpu-running", 0x4013: "cpu-not-stopped",
	0x4021: "drive-missing", 0x4022: "file-missing", 0x4023: "file-name-and-number-mismatch", 0x4024: "file-not-for-user",
	0x4025: "file-in-process", 0x4026: "password-not-registered", 0x4027: "range-error", 0x4029: "file-not-open",
	0x4030: "device-name-error", 0x4031: "device-number-out-of-range", 0x4032: "device-qualification-error",
	0x4040: "module-access-not-possible", 0x4041: "buffer-range-exceeded", 0x4042: "module-access-error",
	0x4043: "no-module-at-io-number", 0x4050: "memory-card-write-protected", 0x4052: "read-only", 0x4080: "request-data-error",
	0x408b: "remote-request-not-possible", 0x4408: "password-mismatch", 0x4409: "password-mismatch", 0x440a: "password-mismatch",
	0xc050: "ascii-conversion-error", 0xc051: "number-of-words-out-of-range", 0xc052: "number-of-bits-out-of-range",
	0xc053: "number-of-words-out-of-range", 0xc054: "number-of-bits-out-of-range", 0xc055: "size-out-of-range",
	0xc056: "address-out-of-range", 0xc057: "request-length-error", 0xc058: "ascii-length-error", 0xc059: "command-error",
	0xc05a: "target-not-readable-or-writable", 0xc05b: "target-not-readable-or-writable", 0xc05c: "request-content-error",
	0xc05d: "monitor-not-registered", 0xc05e: "monitoring-timer-exceeded", 0xc05f: "target-not-executable", 0xc060: "bit-data-error",
	0xc061: "request-length-error", 0xc06f: "ascii-or-binary-mismatch", 0xc070: "device-memory-extension-error",
	0xc0b5: "data-error", 0xc200: "remote-password-mismatch", 0xc201: "remote-password-locked", 0xc204: "other-device-unlocked",
	0xc810: "remote-password-mismatch", 0xc815: "remote-password-locked-out", 0xcee0: "other-device-processing",
	0xcee1: "request-too-large", 0xcee2: "response-too-large",
}

// oldNames are the complete codes of 1E (SH-080008, 18.5).
var oldNames = map[uint32]string{
	0x50: "command-error", 0x54: "ascii-conversion-error", 0x55: "online-program-change-disabled", 0x56: "device-error",
	0x57: "number-of-points-error", 0x58: "address-out-of-range", 0x59: "extension-file-register-error", 0x5b: "pc-error",
	0x5c: "pc-not-compatible", 0x60: "monitoring-timer-exceeded",
}

// end is what an end code says became of a request.
func end(code uint32, names map[uint32]string) firedoor.Outcome {
	if code == 0 {
		return firedoor.OK
	}
	return firedoor.Failed(code, names[code])
}
