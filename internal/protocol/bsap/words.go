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
	by   by // how the signals are named that stand in the data
}

// by is how a request says which signals it is about.
type by uint8

const (
	byNothing   by = iota
	bySelection    // which parts are wanted, then names
	byName         // names, each with what is written
	byAddress      // addresses, each with what is written
	byAddresses    // which parts are wanted, then addresses
)

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

var unknown = function{"unknown function", firedoor.VerbConfigure, byNothing}

var functionWords = [...]struct {
	code uint32
	function
}{
	{0xa000, function{"read signal by address", firedoor.VerbRead, byAddresses}},
	{0xa002, function{"read logical by address", firedoor.VerbRead, byAddresses}},
	{0xa004, function{"read signal by name", firedoor.VerbRead, bySelection}},
	{0xa006, function{"read logical by name", firedoor.VerbRead, bySelection}},
	{0xa00c, function{"read signal by list start", firedoor.VerbRead, byNothing}},
	{0xa00d, function{"read signal by list continue", firedoor.VerbRead, byNothing}},
	{0xa00e, function{"read logical by list start", firedoor.VerbRead, byNothing}},
	{0xa00f, function{"read logical by list continue", firedoor.VerbRead, byNothing}},
	{0xa080, function{"write signal by address", firedoor.VerbWrite, byAddress}},
	{0xa084, function{"write signal by name", firedoor.VerbWrite, byName}},
	{0xa08c, function{"write signal by list start", firedoor.VerbWrite, byNothing}},
	{0xa08d, function{"write signal by list continue", firedoor.VerbWrite, byNothing}},
	{0xa10101, function{"reset system", firedoor.VerbControl, byNothing}},
	{0xa10102, function{"diagnostics reset", firedoor.VerbControl, byNothing}},
	{0xa10201, function{"read date and time", firedoor.VerbRead, byNothing}},
	{0xa10202, function{"read date", firedoor.VerbRead, byNothing}},
	{0xa10203, function{"read time", firedoor.VerbRead, byNothing}},
	{0xa10281, function{"write date and time", firedoor.VerbConfigure, byNothing}},
	{0xa10400, function{"change local node address", firedoor.VerbConfigure, byNothing}},
	{0x4000, function{"on-line message", firedoor.VerbConfigure, byNothing}},
	{0x4800, function{"diagnostics", firedoor.VerbDiagnose, byNothing}},
	{0x5000, function{"transmitter request", firedoor.VerbConfigure, byNothing}},
	{0x6000, function{"communication by others", firedoor.VerbConfigure, byNothing}},
	{0x6800, function{"flash download", firedoor.VerbProgram, byNothing}},
	{0x6a00, function{"flash configuration", firedoor.VerbConfigure, byNothing}},
	{0x7000, function{"command handler request", firedoor.VerbControl, byNothing}},
	{0x7800, function{"download", firedoor.VerbProgram, byNothing}},
	{0x8800, function{"time and routing", firedoor.VerbConfigure, byNothing}},
	{0x8900, function{"request for time and routing", firedoor.VerbRead, byNothing}},
	{0xa200, function{"report by exception", firedoor.VerbRead, byNothing}},
	{0xa300, function{"report by exception management", firedoor.VerbConfigure, byNothing}},
	{0xa800, function{"alarm acknowledgement", firedoor.VerbControl, byNothing}},
	{0xa900, function{"alarm initialization", firedoor.VerbSession, byNothing}},
	{0xaa00, function{"alarm report", firedoor.VerbRead, byNothing}},
	{0xb000, function{"peer to peer master", firedoor.VerbWrite, byNothing}},
	{0xb100, function{"peer to peer slave", firedoor.VerbWrite, byNothing}},
	{0xbf00, function{"tunnel request", firedoor.VerbConfigure, byNothing}},
}
