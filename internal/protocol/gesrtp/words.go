package gesrtp

import (
	"strconv"

	"firedoor"
)

// memory is what a segment selector stands for. Elements are words, bytes or bits.
type memory struct {
	name string
	of   firedoor.ValueType
}

// memoryOf is what a segment selector stands for; an unknown one has no name.
func memoryOf(selector byte) memory {
	if int(selector) < len(memoryTable) {
		return memoryTable[selector]
	}
	return memory{}
}

var memoryTable = [...]memory{
	0x08: {"%R", firedoor.U16}, 0x0a: {"%AI", firedoor.U16}, 0x0c: {"%AQ", firedoor.U16},
	0x10: {"%I", firedoor.U8}, 0x12: {"%Q", firedoor.U8}, 0x14: {"%T", firedoor.U8}, 0x16: {"%M", firedoor.U8},
	0x18: {"%SA", firedoor.U8}, 0x1a: {"%SB", firedoor.U8}, 0x1c: {"%SC", firedoor.U8}, 0x1e: {"%S", firedoor.U8},
	0x38: {"%G", firedoor.U8},
	0x46: {"%I", firedoor.Bit}, 0x48: {"%Q", firedoor.Bit}, 0x4a: {"%T", firedoor.Bit}, 0x4c: {"%M", firedoor.Bit},
	0x4e: {"%SA", firedoor.Bit}, 0x50: {"%SB", firedoor.Bit}, 0x52: {"%SC", firedoor.Bit}, 0x54: {"%S", firedoor.Bit},
	0x56: {"%G", firedoor.Bit},
}

// memories are places in the controller's memory: selector and offset, counted
// from zero as on the wire (%R1 is %R:0). Bits and bytes of the same memory have
// numbers of their own.
var memories = firedoor.Space{Name: "memory", Axis: 2, Append: func(dst []byte, o *firedoor.Object) []byte {
	m := memoryOf(byte(o.At[0]))
	if m.name == "" {
		dst = strconv.AppendUint(append(dst, "selector:0x"...), uint64(o.At[0]), 16)
	}
	dst = append(dst, m.name...)
	if m.of == firedoor.U8 {
		dst = append(dst, ".byte"...)
	}
	return strconv.AppendUint(append(dst, ':'), uint64(o.At[1]), 10)
}}

// service is a service request and what it is for.
type service struct {
	name string
	verb firedoor.Verb
}

const unassigned = "unassigned service"

// Codes of what is no service: the initialisation, and an answer to a service
// that was not seen.
const (
	initCode = 0x100
	anyCode  = 0x101
)

func serviceOf(code byte) service {
	if int(code) < len(services) {
		return services[code]
	}
	return service{unassigned, firedoor.VerbConfigure}
}

// Services that are read further.
const (
	programName     = 0x03
	readSystem      = 0x04
	writeSystem     = 0x07
	changePrivilege = 0x21
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

// services by their code. Store is towards the controller, load away from it.
var services = [...]service{
	{"plc short status", diagnose}, {"plc long status", diagnose}, {"plc memory usage", diagnose}, {"return control program name", identify},
	{"read system memory", read}, {"read task memory", read}, {"read program block memory", read},
	{"write system memory", write}, {"write task memory", write}, {"write program block memory", write},
	{"define symbol", configure}, {"delete symbol", configure}, {"read system memory symbol", read}, {"read task memory symbol", read},
	{"read program block memory symbol", read}, {"write system memory symbol", write}, {"write task memory symbol", write},
	{"write program block memory symbol", write}, {"resolve system memory name", diagnose}, {"resolve task memory name", diagnose},
	{"resolve program block memory name", diagnose}, {"establish datagram", session}, {"update datagram", read}, {"cancel datagram", session},
	{"format disk", program}, {"open file", session}, {"close file", session}, {"create file", program}, {"unlink file", program},
	{"read file", read}, {"write file", program}, {"seek file", session},
	{"programmer logon", session}, {"change plc cpu privilege level", session}, {"set plc cpu controller id", configure}, {"set plc state", control},
	{"set plc time and date", configure}, {"return plc time and date", diagnose}, {"return program block sizes", diagnose},
	{"return program block list", diagnose}, {"store program block", program}, {"sequence control", control}, {"store program into block", program},
	{"load program block", program}, {"load program from block", program}, {"verify program block", diagnose}, {"delete program block", program},
	{"change program block size", program}, {"declare interrupt", program}, {"clear configuration", configure}, {"autoconfigure i/o", configure},
	{"replace i/o module", configure}, {"verify configuration block", diagnose}, {"clear all plc memory", program},
	{"clear reference memory", write}, {"clear logic memory", program}, {"return fault table", diagnose}, {"clear fault table", control},
	{"create configuration parameter task", configure}, {"delete configuration parameter task", configure}, {"return configuration sizes", diagnose},
	{"store block", program}, {"load block", program}, {"store program", program}, {"load program", program}, {"change program", program},
	{"verify program", diagnose}, {"return controller type and id", identify}, {"toggle force system memory", write}, {"access eeprom", program},
	{"manage block", program}, {"lock or unlock oem", configure}, {"write datagram", write}, {"access fa card", program},
	{"read configuration parameter", read}, {"write slot configuration", configure}, {"rename task", program}, {"return functions supported", identify},
	{"store subrequest", program}, {"session control", session}, {"return subrequest list", diagnose}, {"extra piggyback data", diagnose},
	{"store os extension", program}, {"load os extension", program}, {"delete os extension", program}, {"delete subrequest", program},
	{"share plc data", configure}, {"toggle force program block memory", write}, {"sfc event queue", diagnose}, {"interrogate i/o", diagnose},
	{"store program extended", program}, {"load program extended", program}, {"verify program extended", diagnose}, {"activate debugger", control},
	{"configuration change control", configure}, {"register remote server", configure}, {"clear selected fault", control},
	{"return plc features supported", identify},
}

// major error codes.
var majors = [...]string{1: "illegal-service-request", 2: "insufficient-privilege", 4: "protocol-sequence-error", 5: "service-request-error",
	6: "illegal-mailbox-type", 7: "service-request-queue-full"}

// refused is the outcome of an error: the code is major * 256 + minor. Where the
// minor code is one of those that a person would ask for, it gives the name.
func refused(major, minor byte) firedoor.Outcome {
	code := uint32(major)<<8 | uint32(minor)
	switch minor {
	case 0xca:
		return firedoor.Failed(code, "device-write-protected")
	case 0xea:
		return firedoor.Failed(code, "not-logged-in")
	case 0xef:
		return firedoor.Failed(code, "programmer-already-attached")
	case 0xf0:
		return firedoor.Failed(code, "only-valid-in-stop-mode")
	case 0xf1:
		return firedoor.Failed(code, "only-valid-from-programmer")
	case 0xf4:
		return firedoor.Failed(code, "invalid-input-parameter")
	case 0xf5:
		return firedoor.Failed(code, "invalid-password")
	case 0xf9:
		return firedoor.Failed(code, "address-out-of-range")
	case 0xfe:
		return firedoor.Failed(code, "no-privilege")
	}
	if int(major) < len(majors) {
		return firedoor.Failed(code, majors[major])
	}
	return firedoor.Failed(code, "")
}
