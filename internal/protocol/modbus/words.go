package modbus

import (
	"strconv"

	"firedoor"
)

// Objects are counted from zero, as on the wire; data models that say 40001 for
// the first holding register count from one.
var (
	coils       = firedoor.Space{Name: "coil", Axis: 1, Last: 0xffff, Of: "modbus"}
	discretes   = firedoor.Space{Name: "discrete", Axis: 1, Last: 0xffff, Of: "modbus"}
	holding     = firedoor.Space{Name: "holding", Axis: 1, Last: 0xffff, Of: "modbus"}
	inputs      = firedoor.Space{Name: "input", Axis: 1, Last: 0xffff, Of: "modbus"}
	queues      = firedoor.Space{Name: "fifo"}
	diagnostics = firedoor.Space{Name: "diagnostic"}
	deviceIDs   = firedoor.Space{Name: "device-id"}
	files       = firedoor.Space{Name: "file", Append: appendRecord, Place: placeRecord}
	records     = firedoor.Space{Name: "file-record", Axis: 2, Append: appendRecord} // for points only
)

// placeRecord is where records of a file stand, one behind the other.
func placeRecord(o *firedoor.Object, _ *firedoor.Values) firedoor.Object {
	return firedoor.Object{Space: &records, At: o.At}
}

// appendRecord writes "file:4/record:1".
func appendRecord(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(append(dst, "file:"...), uint64(o.At[0]), 10)
	return strconv.AppendUint(append(dst, "/record:"...), uint64(o.At[1]), 10)
}

// form is how the data of a function's request and answer are laid out.
type form uint8

const (
	formOther form = iota // not public: nothing is known of its data
	formRead              // address, quantity; byte count, values
	formWriteOne
	formWriteMany
	formStatus
	formDiagnostics
	formCounter
	formLog
	formServerID
	formReadFile
	formWriteFile
	formMask
	formReadWrite
	formQueue
	formEncapsulated
	formUmas // what one vendor puts into function 90
)

// function is what is known of a function code (Application Protocol, 6).
type function struct {
	name  string
	verb  firedoor.Verb
	form  form
	space *firedoor.Space
	limit uint16 // largest quantity
	// stand is an unassigned function code that stands in for this one in a
	// refusal; each has its own, so that the exception can be told back.
	stand byte
	// refusals of a request that has its address in the usual place.
	refusals []firedoor.Refusal
}

// byFunction is the refusal of a request whose address cannot be read.
func (f *function) byFunction() []firedoor.Refusal { return f.refusals[min(1, len(f.refusals)):] }

// refusalsWith spoils the address at offset (no device has an object at 65,535
// unless it has all of a kind), or turns the function code into an unassigned one.
func refusalsWith(offset int, stand byte) []firedoor.Refusal {
	r := []firedoor.Refusal{{Name: "address", Offset: offset, Bytes: [4]byte{0xff, 0xff}, Len: 2}}
	if stand != 0 {
		r = append(r, firedoor.Refusal{Name: "function", Offset: functionAt, Bytes: [4]byte{stand}, Len: 1})
	}
	return r
}

// secondRefusals refuse the writing half of function 23.
var secondRefusals = refusalsWith(dataAt+4, functions[23].stand)

// umasRefusals refuse function 90, whose data have no place that surely spoils them.
var umasRefusals = refusalsWith(dataAt, functions[codeUmas].stand)[1:]

// Sub-codes.
const (
	exceptionBit  = 0x80
	fileReference = 6  // reference type of file records (6.14)
	meiCANopen    = 13 // MEI types (6.19)
	meiDeviceID   = 14

	// Sub-functions of diagnostics (6.8).
	subEcho        = 0
	subRestart     = 1
	subRegister    = 2
	subDelimiter   = 3
	subListenOnly  = 4
	subFirstCount  = 11
	subLastCount   = 18
	limitReadWrite = 121 // registers written by function 23
)

// functions by code. A code nobody defines may do anything: it counts as
// configuring, so that the right to it is learned for the exact client.
var functions = allFunctions()

func allFunctions() [256]function {
	const read, write = firedoor.VerbRead, firedoor.VerbWrite
	all := [256]function{
		1:        {"read coils", read, formRead, &coils, 2000, 0, nil},
		2:        {"read discrete inputs", read, formRead, &discretes, 2000, 0, nil},
		3:        {"read holding registers", read, formRead, &holding, 125, 0, nil},
		4:        {"read input registers", read, formRead, &inputs, 125, 0, nil},
		5:        {"write single coil", write, formWriteOne, &coils, 1, 73, nil},
		6:        {"write single register", write, formWriteOne, &holding, 1, 74, nil},
		7:        {"read exception status", firedoor.VerbDiagnose, formStatus, nil, 0, 0, nil},
		8:        {"diagnostics", firedoor.VerbDiagnose, formDiagnostics, &diagnostics, 0, 0, nil},
		11:       {"get comm event counter", firedoor.VerbDiagnose, formCounter, nil, 0, 0, nil},
		12:       {"get comm event log", firedoor.VerbDiagnose, formLog, nil, 0, 0, nil},
		15:       {"write multiple coils", write, formWriteMany, &coils, 1968, 75, nil},
		16:       {"write multiple registers", write, formWriteMany, &holding, 123, 76, nil},
		17:       {"report server id", firedoor.VerbIdentify, formServerID, nil, 0, 0, nil},
		20:       {"read file record", read, formReadFile, &files, 0, 0, nil},
		21:       {"write file record", write, formWriteFile, &files, 0, 0, nil},
		22:       {"mask write register", write, formMask, &holding, 1, 77, nil},
		23:       {"read/write multiple registers", read, formReadWrite, &holding, 125, 78, nil},
		24:       {"read fifo queue", read, formQueue, &queues, 0, 0, nil},
		codeUmas: {"function 90", firedoor.VerbConfigure, formUmas, nil, 0, 79, nil},
		43:       {"encapsulated interface transport", firedoor.VerbConfigure, formEncapsulated, nil, 0, 0, nil},
	}
	for code := range all {
		if f := &all[code]; f.form == formOther {
			f.name = "function " + strconv.Itoa(code)
			f.verb = firedoor.VerbConfigure
		}
		switch f := &all[code]; f.form {
		case formRead, formWriteOne, formWriteMany, formMask, formReadWrite, formQueue:
			f.refusals = refusalsWith(dataAt, f.stand)
		}
	}
	return all
}

// MEI types of function 43 (6.19): only device identification is known to be
// harmless. A CANopen general reference can read and write.
var (
	nameDeviceID = "read device identification"
	nameCANopen  = "canopen general reference"
)

// exceptions are the words of exception codes (7); 7 is the older name.
var exceptions = [...]string{
	1:  "illegal-function",
	2:  "illegal-data-address",
	3:  "illegal-data-value",
	4:  "server-device-failure",
	5:  "acknowledge",
	6:  "server-device-busy",
	7:  "negative-acknowledge",
	8:  "memory-parity-error",
	10: "gateway-path-unavailable",
	11: "gateway-target-device-failed-to-respond",
}

func exception(code byte) firedoor.Outcome {
	name := ""
	if int(code) < len(exceptions) {
		name = exceptions[code]
	}
	return firedoor.Failed(uint32(code), name)
}

// Sources of identity facts. A model and a product name are two facts: a device
// has both, and neither replaces the other.
const (
	sourceDeviceID = "modbus device identification"
	sourceProduct  = "modbus product name"
	sourceURL      = "modbus vendor url"
	sourceServerID = "modbus server id"
)

// deviceObjects are the objects of device identification (6.21).
var deviceObjects = [...]struct {
	kind   firedoor.FactKind
	source string
}{
	0: {firedoor.FactVendor, sourceDeviceID},
	1: {firedoor.FactOrder, sourceDeviceID},
	2: {firedoor.FactFirmware, sourceDeviceID},
	3: {firedoor.FactComment, sourceURL},
	4: {firedoor.FactModel, sourceProduct},
	5: {firedoor.FactModel, sourceDeviceID},
	6: {firedoor.FactComment, sourceDeviceID}, // the user's name for the application
}

// diagnosticNames are the words of diagnostics' sub-functions (6.8.1). Some of
// them do far more than diagnose, so the function's own name says too little.
var diagnosticNames = [...]string{
	subEcho:       "diagnostics: return query data",
	subRestart:    "diagnostics: restart communications option",
	subRegister:   "diagnostics: return diagnostic register",
	subDelimiter:  "diagnostics: change ascii input delimiter",
	subListenOnly: "diagnostics: force listen only mode",
	10:            "diagnostics: clear counters and diagnostic register",
	11:            "diagnostics: return bus message count",
	12:            "diagnostics: return bus communication error count",
	13:            "diagnostics: return bus exception error count",
	14:            "diagnostics: return server message count",
	15:            "diagnostics: return server no response count",
	16:            "diagnostics: return server nak count",
	17:            "diagnostics: return server busy count",
	18:            "diagnostics: return bus character overrun count",
	20:            "diagnostics: clear overrun counter and flag",
}

// diagnosticName is the name of a sub-function, nil for those without one.
func diagnosticName(sub uint16) *string {
	if int(sub) < len(diagnosticNames) && diagnosticNames[sub] != "" {
		return &diagnosticNames[sub]
	}
	return nil
}

// diagnosticVerb is what a sub-function of diagnostics is for.
func diagnosticVerb(sub uint16) firedoor.Verb {
	switch sub {
	case subRestart, subListenOnly:
		return firedoor.VerbControl
	case subDelimiter:
		return firedoor.VerbConfigure
	default:
		return firedoor.VerbDiagnose
	}
}
