package lon

import (
	"strconv"

	"firedoor"
)

type word struct {
	name string
	verb firedoor.Verb
}

const (
	session   = firedoor.VerbSession
	identify  = firedoor.VerbIdentify
	diagnose  = firedoor.VerbDiagnose
	configure = firedoor.VerbConfigure
	control   = firedoor.VerbControl
)

const (
	typeData    = 0x01
	codePacket  = 0x100 // and the type of the packet
	codeUpdate  = 0x80
	codePoll    = 0xc0
	codeAnswer  = 0x200 // and the code of a response whose request was not seen
	codeService = 0x7f
	codeQueryID = 0x61
)

// kinds are the types of packet (ISO/IEC 14908-4, 8). Those without a verb answer.
func kinds(kind byte) word {
	switch kind {
	case typeData:
		return word{"data", 0}
	case 0x03:
		return word{"device registration", session}
	case 0x04:
		return word{"channel membership", configure}
	case 0x06:
		return word{"send list", configure}
	case 0x07:
		return word{"acknowledge", 0}
	case 0x08:
		return word{"channel routing", configure}
	case 0x60:
		return word{"status request", diagnose}
	case 0x63:
		return word{"device configuration request", diagnose}
	case 0x64:
		return word{"channel membership request", diagnose}
	case 0x66:
		return word{"send list request", diagnose}
	case 0x68:
		return word{"channel routing request", diagnose}
	case 0x70:
		return word{"status response", 0}
	case 0x71:
		return word{"device configuration", configure}
	case 0x7f:
		return word{"segment", 0}
	}
	return word{}
}

// management are the network management messages (ISO/IEC 14908-1, 10), from 0x61.
var management = [...]word{
	{"query id", identify}, {"respond to query", session}, {"update domain", configure}, {"leave domain", configure},
	{"update key", configure}, {"update address", configure}, {"query address", diagnose}, {"query network variable configuration", diagnose},
	{"update group address", configure}, {"query domain", diagnose}, {"update network variable configuration", configure}, {"set node mode", control},
	{"read memory", firedoor.VerbRead}, {"write memory", firedoor.VerbProgram}, {"recalculate checksum", configure}, {"wink", identify},
	{"refresh memory", configure}, {"query self-identification", identify}, {"fetch network variable", firedoor.VerbRead}, {"set router mode", configure},
	{"write router table", configure}, {"write router table", configure}, {"write router table", configure}, {"write router table", configure},
	{"write router table", configure}, {"write router table", configure}, {"report router table", diagnose}, {"router status", diagnose},
	{"escape", configure}, {"network management", configure}, {"service pin message", identify},
}

// diagnosis are the network diagnostic messages, from 0x51.
var diagnosis = [...]word{
	{"query status", diagnose}, {"proxy command", diagnose}, {"clear status", diagnose}, {"query transceiver status", diagnose},
}

// message is the word for the code of a message.
func message(code byte) word {
	switch {
	case code >= 0x61 && int(code-0x61) < len(management):
		return management[code-0x61]
	case code >= 0x51 && int(code-0x51) < len(diagnosis):
		return diagnosis[code-0x51]
	case code >= 0x50:
		return word{"network diagnostic", diagnose}
	case code >= 0x40:
		return word{"foreign frame", firedoor.VerbWrite}
	}
	return word{"application message", firedoor.VerbWrite}
}

// How a message says whom it is for.
const (
	toNode = iota
	toGroup
	toSubnet
	toNeuron
)

// Objects: how the node is told, subnet and node or group, or the six bytes of its
// neuron identifier in two numbers; then the selector of a network variable.
var (
	nodes     = firedoor.Space{Name: "node", Append: node}
	variables = firedoor.Space{Name: "variable", Append: func(dst []byte, o *firedoor.Object) []byte {
		return hex(append(node(dst, o), "/variable:0x"...), uint64(o.At[3]), 4)
	}}
)

func node(dst []byte, o *firedoor.Object) []byte {
	switch o.At[0] {
	case toGroup:
		return strconv.AppendUint(append(dst, "group:"...), uint64(o.At[1]), 10)
	case toSubnet:
		return strconv.AppendUint(append(dst, "subnet:"...), uint64(o.At[1]), 10)
	case toNeuron:
		return hex(append(dst, "neuron:"...), uint64(o.At[1])<<32|uint64(o.At[2]), 12)
	}
	dst = strconv.AppendUint(append(dst, "subnet:"...), uint64(o.At[1]>>8), 10)
	return strconv.AppendUint(append(dst, "/node:"...), uint64(o.At[1]&0xff), 10)
}

// hex writes a number in so many digits.
func hex(dst []byte, n uint64, digits int) []byte {
	const set = "0123456789abcdef"
	for digits--; digits >= 0; digits-- {
		dst = append(dst, set[n>>(4*digits)&15])
	}
	return dst
}
