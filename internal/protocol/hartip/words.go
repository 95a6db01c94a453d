package hartip

import (
	"strconv"

	"firedoor"
)

// devices are HART devices by their long address: the type's 14 bits there and
// the device's number. A third number is 1 + the variable of a sample; a variable
// alone belongs to a device that is told by its unit, or to the server itself.
var devices = firedoor.Space{Name: "device", Append: func(dst []byte, o *firedoor.Object) []byte {
	if o.At[0]|o.At[1] == 0 && o.At[2] > 0 {
		return strconv.AppendUint(append(dst, "variable:"...), uint64(o.At[2]-1), 10)
	}
	dst = hex(append(dst, "device:"...), o.At[0], 4)
	dst = hex(append(dst, '-'), o.At[1], 6)
	if o.At[2] > 0 {
		dst = strconv.AppendUint(append(dst, "/variable:"...), uint64(o.At[2]-1), 10)
	}
	return dst
}}

func hex(dst []byte, v uint32, digits int) []byte {
	const set = "0123456789abcdef"
	for i := digits - 1; i >= 0; i-- {
		dst = append(dst, set[v>>(4*i)&15])
	}
	return dst
}

// sessionBase is added to a message's identifier to give the code of what is no
// HART command.
const sessionBase = 0x10000

// word is a name and what it is for.
type word struct {
	name string
	verb firedoor.Verb
}

// sessions are the messages that carry no HART command.
var sessions = [...]word{
	idInitiate:  {"session initiate", firedoor.VerbSession},
	idClose:     {"session close", firedoor.VerbSession},
	idKeepAlive: {"keep alive", firedoor.VerbSession},
	idToken:     {"token-passing pdu", firedoor.VerbDiagnose},
	idDirect:    {"direct pdu", firedoor.VerbDiagnose},
	idAudit:     {"read audit log", firedoor.VerbDiagnose},
}

// wordOf is what a code stands for.
func wordOf(code uint32) word {
	switch {
	case code >= sessionBase:
		return sessions[code-sessionBase]
	case code < uint32(len(commands)) && commands[code].name != "":
		return commands[code]
	case code >= 128 && code <= 253:
		return word{"device-specific command", firedoor.VerbConfigure}
	case code > 253:
		return extendedWord(code)
	default:
		return word{"unassigned command", firedoor.VerbConfigure}
	}
}

const (
	identify  = firedoor.VerbIdentify
	diagnose  = firedoor.VerbDiagnose
	read      = firedoor.VerbRead
	configure = firedoor.VerbConfigure
	control   = firedoor.VerbControl
)

// Commands that are read further.
const (
	readVariables    = 9
	sendToSub        = 77
	firstUniversal   = 0
	byTag            = 11
	readTag          = 13
	readLongTag      = 20
	byLongTag        = 21
	readPV           = 1
	readLoop         = 2
	readDynamic      = 3
	readVariablesOld = 33
)

// commands are the universal and common practice commands.
var commands = [...]word{
	0: {"read unique identifier", identify}, 1: {"read primary variable", read}, 2: {"read loop current and percent of range", read},
	3: {"read dynamic variables and loop current", read}, 6: {"write polling address", configure}, 7: {"read loop configuration", read},
	8: {"read dynamic variable classifications", read}, 9: {"read device variables with status", read},
	11: {"read unique identifier associated with tag", identify}, 12: {"read message", read}, 13: {"read tag, descriptor, date", identify},
	14: {"read primary variable transducer information", read}, 15: {"read device information", read}, 16: {"read final assembly number", identify},
	17: {"write message", configure}, 18: {"write tag, descriptor, date", configure}, 19: {"write final assembly number", configure},
	20: {"read long tag", identify}, 21: {"read unique identifier associated with long tag", identify}, 22: {"write long tag", configure},
	33: {"read device variables", read}, 34: {"write primary variable damping value", configure}, 35: {"write primary variable range values", configure},
	36: {"set primary variable upper range value", configure}, 37: {"set primary variable lower range value", configure},
	38: {"reset configuration changed flag", configure}, 39: {"eeprom control", configure}, 40: {"enter or exit fixed current mode", control},
	41: {"perform self test", control}, 42: {"perform device reset", control}, 43: {"set primary variable zero", configure},
	44: {"write primary variable units", configure}, 45: {"trim loop current zero", configure}, 46: {"trim loop current gain", configure},
	47: {"write primary variable transfer function", configure}, 48: {"read additional device status", diagnose},
	49: {"write primary variable transducer serial number", configure}, 50: {"read dynamic variable assignments", read},
	51: {"write dynamic variable assignments", configure}, 52: {"set device variable zero", configure}, 53: {"write device variable units", configure},
	54: {"read device variable information", read}, 55: {"write device variable damping value", configure},
	56: {"write device variable transducer serial number", configure}, 57: {"read unit tag, descriptor, date", identify},
	58: {"write unit tag, descriptor, date", configure}, 59: {"write number of response preambles", configure},
	60: {"read analog channel and percent of range", read}, 61: {"read dynamic variables and primary variable analog channel", read},
	62: {"read analog channels", read}, 63: {"read analog channel information", read}, 64: {"write analog channel additional damping value", configure},
	65: {"write analog channel range values", configure}, 66: {"enter or exit fixed analog channel mode", control},
	67: {"trim analog channel zero", configure}, 68: {"trim analog channel gain", configure}, 69: {"write analog channel transfer function", configure},
	70: {"read analog channel endpoint values", read}, 71: {"lock device", control}, 72: {"squawk", identify}, 73: {"find device", identify},
	74: {"read i/o system capabilities", identify}, 75: {"poll sub-device", identify}, 76: {"read lock device state", diagnose},
	77: {"send command to sub-device", configure}, 78: {"read aggregated commands", read}, 79: {"write device variable", firedoor.VerbWrite},
	80: {"read device variable trim points", read}, 81: {"read device variable trim guidelines", read}, 82: {"write device variable trim point", configure},
	83: {"reset device variable trim", configure}, 84: {"read sub-device identity summary", identify}, 85: {"read i/o channel statistics", diagnose},
	86: {"read sub-device statistics", diagnose}, 87: {"write i/o system master mode", configure}, 88: {"write i/o system retry count", configure},
	89: {"set real-time clock", configure}, 90: {"read real-time clock", read}, 91: {"read trend configuration", read},
	92: {"write trend configuration", configure}, 93: {"read trend", read}, 94: {"read i/o system client-side communication statistics", diagnose},
	95: {"read device communication statistics", diagnose}, 96: {"read synchronous action", read}, 97: {"configure synchronous action", configure},
	98: {"read command action", read}, 99: {"configure command action", configure}, 101: {"read sub-device to burst message map", read},
	102: {"map sub-device to burst message", configure}, 103: {"write burst period", configure}, 104: {"write burst trigger", configure},
	105: {"read burst mode configuration", read}, 106: {"flush delayed responses", control}, 107: {"write burst device variables", configure},
	108: {"write burst mode command number", configure}, 109: {"burst mode control", configure}, 110: {"read all dynamic variables", read},
	111: {"transfer service control", configure}, 112: {"transfer service", configure}, 113: {"catch device variable", configure},
	114: {"read caught device variable", read}, 115: {"read event notification summary", read}, 116: {"write event notification bit mask", configure},
	117: {"write event notification timing", configure}, 118: {"event notification control", configure}, 119: {"acknowledge event notification", configure},
}

// extendedWord is what a number of 16 bits stands for, as far as it is public.
func extendedWord(code uint32) word {
	switch code {
	case 520:
		return word{"read process unit tag", identify}
	case 521:
		return word{"write process unit tag", configure}
	case 532:
		return word{"read client subscription summary", diagnose}
	case 533:
		return word{"write client subscription flags", firedoor.VerbSession}
	case 538:
		return word{"read hart-ip server ports", diagnose}
	case 539:
		return word{"write hart-ip udp port", configure}
	case 540:
		return word{"write hart-ip tcp port", configure}
	case 541:
		return word{"write client pake password", configure}
	case 542:
		return word{"write client pre-shared key", configure}
	case 543:
		return word{"read syslog server hostname and port", diagnose}
	case 544:
		return word{"write syslog port", configure}
	case 545:
		return word{"write syslog server hostname", configure}
	case 546:
		return word{"write syslog server pre-shared key", configure}
	case 547:
		return word{"write syslog server pake password", configure}
	case 768:
		return word{"write join key", configure}
	case 774:
		return word{"read network id", diagnose}
	case 779:
		return word{"report device health", diagnose}
	case 780:
		return word{"report neighbor health list", diagnose}
	case 787:
		return word{"report neighbor signal levels", diagnose}
	case 833:
		return word{"read neighbor health of a device", diagnose}
	case 834:
		return word{"read network topology", diagnose}
	}
	return word{"extended command", configure}
}

// codes are the response codes that mean the same for every command (TS20307).
var codes = [...]string{
	2: "invalid-selection", 3: "passed-parameter-too-large", 4: "passed-parameter-too-small", 5: "too-few-data-bytes-received",
	6: "device-specific-command-error", 7: "in-write-protect-mode", 16: "access-restricted", 17: "invalid-device-variable-index",
	18: "invalid-units-code", 19: "device-variable-index-not-allowed", 20: "invalid-extended-command-number", 21: "invalid-io-card-number",
	22: "invalid-channel-number", 23: "sub-device-response-too-long", 32: "busy", 33: "delayed-response-initiated",
	34: "delayed-response-running", 35: "delayed-response-dead", 36: "delayed-response-conflict", 64: "command-not-implemented",
}

// outcome is what a response code says. Warnings (8, 14, 24-27, 30, 31, 96 and
// more) tell of a command that was done; with bit 7 it is a communication error.
func outcome(code byte) firedoor.Outcome {
	switch {
	case code&0x80 != 0:
		return firedoor.Failed(uint32(code), "communication-error")
	case code == 0, code == 8, code == 14, code >= 24 && code <= 27, code == 30, code == 31, code >= 96:
		return firedoor.OK
	case int(code) < len(codes):
		return firedoor.Failed(uint32(code), codes[code])
	default:
		return firedoor.Failed(uint32(code), "")
	}
}

// status is what the status of a header says: session initiate has codes of its own.
func status(id, code byte) firedoor.Outcome {
	if id == idInitiate && code == 15 {
		return firedoor.Failed(15, "all-available-sessions-in-use")
	}
	return outcome(code)
}

// vendors are makers by their number, as the expanded device types of TS20183
// (whose high byte is the maker's number) show them.
var vendors = [...]string{
	0x11: "Endress+Hauser", 0x12: "ABB", 0x13: "Fisher Controls", 0x14: "Schneider Electric", 0x15: "Fuji Electric", 0x16: "ABB",
	0x17: "Honeywell", 0x1a: "ABB", 0x1f: "Micro Motion", 0x26: "Rosemount", 0x2a: "Siemens", 0x2c: "Toshiba",
	0x2e: "Rosemount Analytical", 0x2f: "Valmet", 0x30: "Flowserve", 0x36: "Azbil", 0x37: "Yokogawa", 0x38: "Mobrey",
	0xf9: "FieldComm Group",
}

func vendor(id uint32) string {
	if id < uint32(len(vendors)) {
		return vendors[id]
	}
	return ""
}
