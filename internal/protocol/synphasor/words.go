package synphasor

import (
	"strconv"

	"firedoor"
)

// streams are what data frames without a known layout belong to; units are the
// measurement units in a stream, by their identifier, with a part of their data.
var (
	streams = firedoor.Space{Name: "stream"}
	units   = firedoor.Space{Name: "pmu", Append: func(dst []byte, o *firedoor.Object) []byte {
		dst = strconv.AppendUint(append(dst, "pmu:"...), uint64(o.At[0]), 10)
		return append(append(dst, '/'), parts[o.At[1]%uint32(len(parts))]...)
	}}
)

// Parts of a unit's data.
const (
	partStatus = iota
	partPhasors
	partFrequency
	partAnalogs
	partDigitals
)

var parts = [...]string{"status", "phasors", "frequency", "analogs", "digitals"}

// command is what a command word asks for (table 15). answer is the type of frame
// that answers it, 0 if none does.
type command struct {
	name   string
	verb   firedoor.Verb
	answer int
}

var commands = [...]command{
	1: {"data transmission off", firedoor.VerbControl, 0},
	2: {"data transmission on", firedoor.VerbSession, 0},
	3: {"send header frame", firedoor.VerbIdentify, frameHeader},
	4: {"send configuration frame 1", firedoor.VerbIdentify, frameConfig1},
	5: {"send configuration frame 2", firedoor.VerbIdentify, frameConfig2},
	6: {"send configuration frame 3", firedoor.VerbIdentify, frameConfig3},
	8: {"extended frame", firedoor.VerbConfigure, 0},
}

// commandOf is what a command word stands for.
func commandOf(word uint32) command {
	switch {
	case word < uint32(len(commands)) && commands[word].name != "":
		return commands[word]
	case word >= 0x100 && word <= 0xfff:
		return command{"user-defined command", firedoor.VerbConfigure, 0}
	default:
		return command{"reserved command", firedoor.VerbConfigure, 0}
	}
}

// asksFor is the command word whose answer is a type of frame.
var asksFor = [...]uint32{frameHeader: 3, frameConfig1: 4, frameConfig2: 5, frameConfig3: 6}

// frames are the words for frames that come unasked.
var frames = [...]string{"data frame", "header frame", "configuration frame 1", "configuration frame 2", "command frame", "configuration frame 3"}
