package bsap

import "firedoor"

// Functions of messages.
const (
	fnDatabase  = 0xa0
	fnExtension = 0xa1
	firstTask   = 0x40 // lower ones are programs on a computer
)

type function struct {
	name string
	verb firedoor.Verb
	// Signals of that name stand in the data; what else stands before them in a serial
	// frame, behind the function.
	named bool
	front int
}

// find returns the words of a code.
func find(code uint32) *function {
	for i := range functionWords {
		if functionWords[i].code == code {
			return &functionWords[i].function
		}
	}
	if code < 0x10000 && code>>8 != fnDatabase && code&0xff != 0 {
		return find(code &^ 0xff)
	}
	return &unknown
}

var unknown = function{"unknown function", firedoor.VerbConfigure, false, 0}

var functionWords = [...]struct {
	code uint32
	function
}{
	{0xa000, function{"read signal by address", firedoor.VerbRead, false, 0}},
	{0xa002, function{"read logical by address", firedoor.VerbRead, false, 0}},
	{0xa004, function{"read signal by name", firedoor.VerbRead, true, 3}},
	{0xa006, function{"read logical by name", firedoor.VerbRead, true, 3}},
	{0xa00c, function{"read signal by list start", firedoor.VerbRead, false, 0}},
	{0xa00d, function{"read signal by list continue", firedoor.VerbRead, false, 0}},
	{0xa00e, function{"read logical by list start", firedoor.VerbRead, false, 0}},
	{0xa00f, function{"read logical by list continue", firedoor.VerbRead, false, 0}},
	{0xa080, function{"write signal by address", firedoor.VerbWrite, false, 0}},
	{0xa084, function{"write signal by name", firedoor.VerbWrite, true, 1}},
	{0xa08c, function{"write signal by list start", firedoor.VerbWrite, false, 0}},
	{0xa08d, function{"write signal by list continue", firedoor.VerbWrite, false, 0}},
	{0xa10101, function{"reset system", firedoor.VerbControl, false, 0}},
	{0xa10102, function{"diagnostics reset", firedoor.VerbControl, false, 0}},
	{0xa10201, function{"read date and time", firedoor.VerbRead, false, 0}},
	{0xa10202, function{"read date", firedoor.VerbRead, false, 0}},
	{0xa10203, function{"read time", firedoor.VerbRead, false, 0}},
	{0xa10281, function{"write date and time", firedoor.VerbConfigure, false, 0}},
	{0xa10400, function{"change local node address", firedoor.VerbConfigure, false, 0}},
	{0x4000, function{"on-line message", firedoor.VerbConfigure, false, 0}},
	{0x4800, function{"diagnostics", firedoor.VerbDiagnose, false, 0}},
	{0x5000, function{"transmitter request", firedoor.VerbConfigure, false, 0}},
	{0x6000, function{"communication by others", firedoor.VerbConfigure, false, 0}},
	{0x6800, function{"flash download", firedoor.VerbProgram, false, 0}},
	{0x6a00, function{"flash configuration", firedoor.VerbConfigure, false, 0}},
	{0x7000, function{"command handler request", firedoor.VerbControl, false, 0}},
	{0x7800, function{"download", firedoor.VerbProgram, false, 0}},
	{0x8800, function{"time and routing", firedoor.VerbConfigure, false, 0}},
	{0x8900, function{"request for time and routing", firedoor.VerbRead, false, 0}},
	{0xa200, function{"report by exception", firedoor.VerbRead, false, 0}},
	{0xa300, function{"report by exception management", firedoor.VerbConfigure, false, 0}},
	{0xa800, function{"alarm acknowledgement", firedoor.VerbControl, false, 0}},
	{0xa900, function{"alarm initialization", firedoor.VerbSession, false, 0}},
	{0xaa00, function{"alarm report", firedoor.VerbRead, false, 0}},
	{0xb000, function{"peer to peer master", firedoor.VerbWrite, false, 0}},
	{0xb100, function{"peer to peer slave", firedoor.VerbWrite, false, 0}},
	{0xbf00, function{"tunnel request", firedoor.VerbConfigure, false, 0}},
}
