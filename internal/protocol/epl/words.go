package epl

import (
	"strconv"

	"firedoor"
)

// Types of message (DS 301, 4.6.1.1.1).
const (
	typeMask = 0x7f
	typeSoC  = 1
	typePReq = 3
	typePRes = 4
	typeSoA  = 5
	typeASnd = 6
	typeAMNI = 7
	typeAInv = 13
)

// Services of an ASnd (DS 301, 4.6.1.1.6).
const (
	serviceIdent   = 1
	serviceStatus  = 2
	serviceRequest = 3
	serviceCommand = 4
	serviceSDO     = 5
)

// Codes: a network management command has its own number.
const (
	codeSDO     = 0x100
	codeInvite  = 0x200
	codeRequest = 0x300
)

var (
	nodes   = firedoor.Space{Name: "node"}
	objects = firedoor.Space{Name: "object", Append: func(dst []byte, o *firedoor.Object) []byte {
		const set = "0123456789abcdef"
		dst = strconv.AppendUint(append(dst, "node:"...), uint64(o.At[0]), 10)
		dst = append(dst, "/object:0x"...)
		for shift := 12; shift >= 0; shift -= 4 {
			dst = append(dst, set[o.At[1]>>shift&15])
		}
		return strconv.AppendUint(append(dst, ':'), uint64(o.At[2]), 10)
	}}
)

type word struct {
	name string
	verb firedoor.Verb
}

const (
	session   = firedoor.VerbSession
	identify  = firedoor.VerbIdentify
	configure = firedoor.VerbConfigure
	control   = firedoor.VerbControl
)

// invite is what a SoA asks a node for (DS 301, 4.6.1.1.5).
func invite(service byte) word {
	switch service {
	case 1:
		return word{"ident request", identify}
	case 2:
		return word{"status request", firedoor.VerbDiagnose}
	case 3:
		return word{"nmt request invite", session}
	case 6:
		return word{"sync request", session}
	case 0xff:
		return word{"unspecified invite", session}
	}
	return word{"manufacturer invite", session}
}

// command is a network management command (DS 301, 7.3.1.2).
func command(id byte) word {
	switch id {
	case 0x21, 0x41:
		return word{"nmt start node", control}
	case 0x22, 0x42:
		return word{"nmt stop node", control}
	case 0x23, 0x43:
		return word{"nmt enter pre-operational 2", control}
	case 0x24, 0x44:
		return word{"nmt enable ready to operate", control}
	case 0x28, 0x48:
		return word{"nmt reset node", control}
	case 0x29, 0x49:
		return word{"nmt reset communication", control}
	case 0x2a, 0x4a:
		return word{"nmt reset configuration", control}
	case 0x2b, 0x4b:
		return word{"nmt software reset", control}
	case 0x62:
		return word{"nmt set host name", configure}
	case 0x63:
		return word{"nmt flush arp entry", session}
	case 0xff:
		return word{"nmt invalid service", session}
	}
	if id >= 0x80 && id <= 0xbf {
		return word{"nmt publish", session}
	}
	return word{"nmt command", control}
}

// Commands of service data objects (DS 301, 6.3.2.4.2).
const (
	sdoWrite = 0x01
	sdoRead  = 0x02
)

func sdoWord(id byte) word {
	switch id {
	case 0x00:
		return word{"sdo nil", session}
	case sdoWrite:
		return word{"sdo write by index", configure}
	case sdoRead:
		return word{"sdo read by index", firedoor.VerbRead}
	case 0x03:
		return word{"sdo write all by index", configure}
	case 0x04:
		return word{"sdo read all by index", firedoor.VerbRead}
	case 0x05:
		return word{"sdo write by name", configure}
	case 0x06:
		return word{"sdo read by name", firedoor.VerbRead}
	case 0x20:
		return word{"sdo file write", firedoor.VerbProgram}
	case 0x21:
		return word{"sdo file read", firedoor.VerbRead}
	case 0x31:
		return word{"sdo write multiple by index", configure}
	case 0x32:
		return word{"sdo read multiple by index", firedoor.VerbRead}
	case 0x70:
		return word{"sdo maximum segment size", session}
	}
	return word{"sdo command", configure}
}

// abort is the word for an SDO abort code (DS 301, appendix 3.10).
func abort(code uint32) string {
	switch code {
	case 0x05040000:
		return "sdo-protocol-timed-out"
	case 0x05040001:
		return "command-id-not-valid"
	case 0x05040005:
		return "out-of-memory"
	case 0x06010000:
		return "unsupported-access"
	case 0x06010001:
		return "read-of-a-write-only-object"
	case 0x06010002:
		return "write-to-a-read-only-object"
	case 0x06020000:
		return "object-does-not-exist"
	case 0x06040041:
		return "object-cannot-be-mapped"
	case 0x06060000:
		return "hardware-error"
	case 0x06070010:
		return "data-type-does-not-match"
	case 0x06090011:
		return "sub-index-does-not-exist"
	case 0x06090030:
		return "value-range-exceeded"
	case 0x08000000:
		return "general-error"
	case 0x08000020:
		return "data-cannot-be-transferred"
	case 0x08000021:
		return "local-control"
	case 0x08000022:
		return "present-state"
	}
	return ""
}
