package modbus

import (
	"fmt"
	"strconv"

	"firedoor"
)

// codeUmas is the function code that one vendor's engineering runs in.
const codeUmas = 90

// Places in the data of function 90, and what an answer says in place of a function.
const (
	umasCodeAt = 1 // behind the pairing key
	umasBodyAt = 2
	umasOK     = 0xfe
	umasError  = 0xfd
)

// Functions of UMAS that are read further than their code.
const (
	umasReadID        = 0x02
	umasProject       = 0x03
	umasInfo          = 0x04
	umasReserve       = 0x10
	umasReadMemory    = 0x20
	umasWriteMemory   = 0x21
	umasReadVariables = 0x22
	umasWriteVars     = 0x23
	umasReadLocated   = 0x24
	umasBeginSend     = 0x30
	umasSendBlock     = 0x31
	umasEndSend       = 0x32
	umasBeginFetch    = 0x33
	umasFetchBlock    = 0x34
	umasEndFetch      = 0x35
	umasSigned        = 0x38
	umasMonitor       = 0x50
)

// What UMAS functions touch besides coils and holding registers, which are the
// same that plain functions reach. Blocks of a program are counted anew in each
// transfer.
var (
	umasMemory    = firedoor.Space{Name: "memory-block", Axis: 2, Append: appendMemory}
	umasVariables = firedoor.Space{Name: "variable", Append: appendVariable, Place: placeVariable}
	umasElements  = firedoor.Space{Name: "variable-element", Bytes: 3, Append: appendVariable} // for points only
	umasBlocks    = firedoor.Space{Name: "program-block", Passing: true}
	umasProjects  = firedoor.Space{Name: "project-info"} // by kind: 0 its name and times, the others nobody described
)

// appendMemory writes "memory-block:19/100": block and offset in bytes; a range
// other than the usual 0 stands behind.
func appendMemory(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(append(dst, "memory-block:"...), uint64(o.At[0]), 10)
	dst = strconv.AppendUint(append(dst, '/'), uint64(o.At[1]), 10)
	if o.At[2] != 0 {
		dst = strconv.AppendUint(append(dst, "/range:"...), uint64(o.At[2]), 10)
	}
	return dst
}

// appendVariable writes "variable:43/0/82": block, base and offset as they stand
// on the wire.
func appendVariable(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(append(dst, "variable:"...), uint64(o.At[0]), 10)
	dst = strconv.AppendUint(append(dst, '/'), uint64(o.At[1]), 10)
	return strconv.AppendUint(append(dst, '/'), uint64(o.At[2]), 10)
}

// placeVariable is where a variable or the elements of an array stand: one behind the other in
// their block.
func placeVariable(o *firedoor.Object, _ *firedoor.Values) firedoor.Object {
	return firedoor.Object{Space: &umasElements, At: o.At}
}

// umasFunction is what is known of a UMAS function.
type umasFunction struct {
	name string
	verb firedoor.Verb
}

// umasFunctions by code. Who takes or releases the reservation changes who may
// change the controller, so both configure. Code nobody described may do anything
// and counts as configuring too.
var umasFunctions = allUmasFunctions()

func allUmasFunctions() [256]umasFunction {
	const (
		session, identify, diagnose = firedoor.VerbSession, firedoor.VerbIdentify, firedoor.VerbDiagnose
		read, write, configure      = firedoor.VerbRead, firedoor.VerbWrite, firedoor.VerbConfigure
		control, program            = firedoor.VerbControl, firedoor.VerbProgram
	)
	all := [256]umasFunction{
		0x01: {"init comm", session}, umasReadID: {"read id", identify}, umasProject: {"read project info", identify},
		umasInfo: {"read plc info", diagnose}, 0x05: {"read loader info", diagnose}, 0x06: {"read card info", diagnose},
		0x07: {"read block info", diagnose}, 0x0a: {"repeat", diagnose},
		umasReserve: {"take plc reservation", configure}, 0x11: {"release plc reservation", configure}, 0x12: {"keep alive", session},
		umasReadMemory: {"read memory block", read}, umasWriteMemory: {"write memory block", write},
		umasReadVariables: {"read variables", read}, umasWriteVars: {"write variables", write},
		umasReadLocated: {"read coils and registers", read}, 0x25: {"write coils and registers", write},
		0x26: {"read data dictionary", read}, 0x27: {"preload data dictionary", read},
		0x28: {"read physical address", read}, 0x29: {"write physical address", program}, 0x2a: {"browse events", diagnose},
		umasBeginSend: {"initialize upload to plc", program}, umasSendBlock: {"upload block to plc", program},
		umasEndSend: {"end upload to plc", program}, umasBeginFetch: {"initialize download from plc", program},
		umasFetchBlock: {"download block from plc", program}, umasEndFetch: {"end download from plc", program},
		0x36: {"backup or restore", program}, 0x37: {"preload blocks", program}, umasSigned: {"signed message", configure},
		0x39: {"read ethernet master data", read},
		0x40: {"start plc", control}, 0x41: {"stop plc", control}, 0x42: {"initialize plc", control}, 0x43: {"swap blocks", program},
		umasMonitor: {"monitor plc", read}, 0x51: {"get auto modifications", diagnose}, 0x52: {"get forced bits", diagnose},
		0x53: {"get selected blocks", diagnose}, 0x58: {"check plc", diagnose},
		0x60: {"set breakpoint", control}, 0x61: {"delete breakpoint", control}, 0x62: {"step over", control},
		0x63: {"step in", control}, 0x64: {"step out", control}, 0x65: {"get call stack", diagnose},
		0x66: {"check debug allowed", diagnose}, 0x6c: {"process message", configure}, 0x6d: {"private message", configure},
		0x6e: {"exchange reservation nonces", session},
		0x70: {"read io object", read}, 0x71: {"write io object", write}, 0x72: {"read rack", diagnose},
		0x73: {"get status module", diagnose}, 0x74: {"read device data", read},
		umasOK: {"answer", configure}, umasError: {"error answer", configure},
	}
	for code := range all {
		if all[code].name == "" {
			all[code] = umasFunction{fmt.Sprintf("function 0x%02x", code), configure}
		}
	}
	return all
}

// Sources of identity facts that UMAS tells.
const (
	sourceReadID      = "umas read id"
	sourceProjectInfo = "umas project info"
	sourceReservation = "umas reservation"
)
