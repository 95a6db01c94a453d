package dnp3

import (
	"strconv"

	"firedoor"
)

// Function codes (4.2.2.5 and Annex A) that are treated by name.
const (
	fnConfirm              = 0
	fnRead                 = 1
	fnWrite                = 2
	fnSelect               = 3
	fnOperate              = 4
	fnDirect               = 5
	fnDirectNoResponse     = 6
	fnFreezeAtTime         = 11
	fnFreezeAtTimeNo       = 12
	fnEnable               = 20
	fnDisable              = 21
	fnDelay                = 23
	fnOpenFile             = 25
	fnCloseFile            = 26
	fnDeleteFile           = 27
	fnFileInformation      = 28
	fnAuthenticateFile     = 29
	fnAbortFile            = 30
	fnActivate             = 31
	fnAuthenticate         = 32
	fnAuthenticateNo       = 33
	fnUnassigned           = 0x70 // stands in for a function in a refusal
	fnResponse             = 129
	fnUnsolicited          = 130
	fnAuthenticateResponse = 131
)

// function is what is known of a function code.
type function struct {
	name     string
	verb     firedoor.Verb
	noAnswer bool
}

var functions = allFunctions()

func allFunctions() *[256]function {
	const (
		session, diagnose, read        = firedoor.VerbSession, firedoor.VerbDiagnose, firedoor.VerbRead
		write, configure, control      = firedoor.VerbWrite, firedoor.VerbConfigure, firedoor.VerbControl
		program                        = firedoor.VerbProgram
		answered, unanswered      bool = false, true
	)
	all := &[256]function{
		{"confirm", session, unanswered},
		{"read", read, answered},
		{"write", write, answered},
		{"select", control, answered},
		{"operate", control, answered},
		{"direct operate", control, answered},
		{"direct operate, no response", control, unanswered},
		{"immediate freeze", control, answered},
		{"immediate freeze, no response", control, unanswered},
		{"freeze and clear", control, answered},
		{"freeze and clear, no response", control, unanswered},
		{"freeze at time", control, answered},
		{"freeze at time, no response", control, unanswered},
		{"cold restart", control, answered},
		{"warm restart", control, answered},
		{"initialize data", control, answered},
		{"initialize application", control, answered},
		{"start application", control, answered},
		{"stop application", control, answered},
		{"save configuration", configure, answered},
		{"enable unsolicited", configure, answered},
		{"disable unsolicited", configure, answered},
		{"assign class", configure, answered},
		{"delay measurement", diagnose, answered},
		{"record current time", diagnose, answered},
		{"open file", read, answered},
		{"close file", session, answered},
		{"delete file", program, answered},
		{"get file information", read, answered},
		{"authenticate file", session, answered},
		{"abort file", session, answered},
		{"activate configuration", program, answered},
		{"authenticate request", session, answered},
		{"authenticate request, no response", session, unanswered},
		fnResponse:             {"response", session, answered},
		fnUnsolicited:          {"unsolicited response", session, answered},
		fnAuthenticateResponse: {"authenticate response", session, answered},
	}
	for i := range all {
		if all[i].name == "" { // may do anything: the right to it is learned for the exact client
			all[i] = function{name: "function " + strconv.Itoa(i), verb: configure}
		}
	}
	return all
}

// linkCode is what the code of a link service is counted from.
const linkCode = 0x100

var linkNames = [...]string{linkReset: "reset link states", linkResetUser: "reset user process", linkTest: "test link states",
	linkStatus: "request link status"}

// Errors among the internal indications of a response (4.2.2.6): the second
// byte. The others tell of the device and not of the request.
const (
	iinNoFunction = 0x01
	iinNoObject   = 0x02
	iinParameter  = 0x04
	iinExecuting  = 0x10
)

// indicated reads the internal indications.
func indicated(second byte) firedoor.Outcome {
	switch {
	case second&iinNoFunction != 0:
		return firedoor.Failed(iinNoFunction, "no-func-code-support")
	case second&iinNoObject != 0:
		return firedoor.Failed(iinNoObject, "object-unknown")
	case second&iinParameter != 0:
		return firedoor.Failed(iinParameter, "parameter-error")
	case second&iinExecuting != 0:
		return firedoor.Failed(iinExecuting, "already-executing")
	}
	return firedoor.OK
}

// controlStatuses are those of groups 12, 13, 41 and 43 (11.9.4), fileStatuses
// those of group 70.
var (
	controlStatuses = [...]string{
		1: "timeout", "no-select", "format-error", "not-supported", "already-active", "hardware-error", "local", "too-many-ops",
		"not-authorized", "automation-inhibit", "processing-limited", "out-of-range", "downstream-local", "already-complete",
		"blocked", "canceled", "blocked-other-master", "downstream-fail", 126: "non-participating", 127: "undefined",
	}
	fileStatuses = [...]string{
		1: "permission-denied", "invalid-mode", "file-not-found", "file-locked", "too-many-open", "invalid-handle",
		"write-block-size", "comm-lost", "cannot-abort", 16: "not-opened", "handle-expired", "buffer-overrun", "fatal",
		"block-seq", 255: "undefined",
	}
)

const statusBits = 0x7f // of a control status: bit 7 is reserved

func failed(status byte, names []string) firedoor.Outcome {
	switch {
	case status == 0:
		return firedoor.OK
	case int(status) < len(names):
		return firedoor.Failed(uint32(status), names[status])
	}
	return firedoor.Failed(uint32(status), "")
}

// Object groups that are treated by name (Annex A).
const (
	groupAttribute      = 0
	groupOutputBlock    = 12
	groupAnalogBlock    = 41
	groupTime           = 50
	groupCommonTime     = 51
	groupDelay          = 52
	groupClass          = 60
	groupFile           = 70
	groupIndication     = 80
	groupApplication    = 90
	groupString         = 110
	groupStringEvent    = 111
	groupTerminal       = 112
	groupTerminalEvent  = 113
	groupAuthentication = 120
)

// group is what is known of an object group.
type group struct {
	points *firedoor.Space // what its objects are named after
	buffer *firedoor.Space // events: what a request for all or some of them is named after
	double bool            // flags with two bits of state
	state  bool            // flags with one bit of state
}

// Spaces.
var (
	binaryInputs   = firedoor.Space{Name: "binary-input", Axis: 1, Append: appendPoint}
	doubleInputs   = firedoor.Space{Name: "double-bit-input", Axis: 1, Append: appendPoint}
	binaryOutputs  = firedoor.Space{Name: "binary-output", Axis: 1, Append: appendPoint}
	counters       = firedoor.Space{Name: "counter", Axis: 1, Append: appendPoint}
	frozenCounters = firedoor.Space{Name: "frozen-counter", Axis: 1, Append: appendPoint}
	analogInputs   = firedoor.Space{Name: "analog-input", Axis: 1, Append: appendPoint}
	frozenAnalogs  = firedoor.Space{Name: "frozen-analog-input", Axis: 1, Append: appendPoint}
	deadbands      = firedoor.Space{Name: "analog-input-deadband", Axis: 1, Append: appendPoint}
	analogOutputs  = firedoor.Space{Name: "analog-output", Axis: 1, Append: appendPoint}
	bcds           = firedoor.Space{Name: "bcd", Axis: 1, Append: appendPoint}
	integers       = firedoor.Space{Name: "unsigned-integer", Axis: 1, Append: appendPoint}
	texts          = firedoor.Space{Name: "octet-string", Axis: 1, Append: appendPoint, Place: nowhere}
	terminals      = firedoor.Space{Name: "virtual-terminal", Axis: 1, Append: appendPoint}
	statistics     = firedoor.Space{Name: "security-statistic", Axis: 1, Append: appendPoint}
	indications    = firedoor.Space{Name: "internal-indication", Axis: 1, Append: appendPoint}

	binaryInputEvents   = firedoor.Space{Name: "binary-input-event", Append: appendName}
	doubleInputEvents   = firedoor.Space{Name: "double-bit-input-event", Append: appendName}
	binaryOutputEvents  = firedoor.Space{Name: "binary-output-event", Append: appendName}
	outputCommandEvents = firedoor.Space{Name: "binary-output-command-event", Append: appendName}
	counterEvents       = firedoor.Space{Name: "counter-event", Append: appendName}
	frozenCounterEvents = firedoor.Space{Name: "frozen-counter-event", Append: appendName}
	analogInputEvents   = firedoor.Space{Name: "analog-input-event", Append: appendName}
	frozenAnalogEvents  = firedoor.Space{Name: "frozen-analog-input-event", Append: appendName}
	analogOutputEvents  = firedoor.Space{Name: "analog-output-event", Append: appendName}
	analogCommandEvents = firedoor.Space{Name: "analog-output-command-event", Append: appendName}
	textEvents          = firedoor.Space{Name: "octet-string-event", Append: appendName}
	terminalEvents      = firedoor.Space{Name: "virtual-terminal-event", Append: appendName}
	statisticEvents     = firedoor.Space{Name: "security-statistic-event", Append: appendName}

	attributes      = firedoor.Space{Name: "attribute"}
	classes         = firedoor.Space{Name: "class"}
	authentications = firedoor.Space{Name: "authentication"}
	times           = firedoor.Space{Name: "time", Append: appendName}
	commonTimes     = firedoor.Space{Name: "common-time", Append: appendName}
	delays          = firedoor.Space{Name: "time-delay", Append: appendName}
	fileSpace       = firedoor.Space{Name: "file", Append: appendFile}
	applications    = firedoor.Space{Name: "application", Append: appendName}
	flagSpace       = firedoor.Space{Name: "flags", Append: appendFlags, Place: placeFlags}
	flagRow         = firedoor.Space{Name: "flags-row", Axis: 1, Append: appendFlags} // for points only
	others          = firedoor.Space{Name: "group", Append: appendOther}
)

func spaces() []*firedoor.Space {
	return []*firedoor.Space{
		&binaryInputs, &doubleInputs, &binaryOutputs, &counters, &frozenCounters, &analogInputs, &frozenAnalogs, &deadbands,
		&analogOutputs, &bcds, &integers, &texts, &terminals, &statistics, &indications, &binaryInputEvents, &doubleInputEvents,
		&binaryOutputEvents, &outputCommandEvents, &counterEvents, &frozenCounterEvents, &analogInputEvents, &frozenAnalogEvents,
		&analogOutputEvents, &analogCommandEvents, &textEvents, &terminalEvents, &statisticEvents, &attributes, &classes,
		&authentications, &times, &commonTimes, &delays, &fileSpace, &applications, &flagSpace, &flagRow, &others,
	}
}

var groups = [256]group{
	groupAttribute:      {points: &attributes},
	1:                   {points: &binaryInputs, state: true},
	2:                   {points: &binaryInputs, buffer: &binaryInputEvents, state: true},
	3:                   {points: &doubleInputs, double: true},
	4:                   {points: &doubleInputs, buffer: &doubleInputEvents, double: true},
	10:                  {points: &binaryOutputs, state: true},
	11:                  {points: &binaryOutputs, buffer: &binaryOutputEvents, state: true},
	groupOutputBlock:    {points: &binaryOutputs},
	13:                  {points: &binaryOutputs, buffer: &outputCommandEvents},
	20:                  {points: &counters},
	21:                  {points: &frozenCounters},
	22:                  {points: &counters, buffer: &counterEvents},
	23:                  {points: &frozenCounters, buffer: &frozenCounterEvents},
	30:                  {points: &analogInputs},
	31:                  {points: &frozenAnalogs},
	32:                  {points: &analogInputs, buffer: &analogInputEvents},
	33:                  {points: &frozenAnalogs, buffer: &frozenAnalogEvents},
	34:                  {points: &deadbands},
	40:                  {points: &analogOutputs},
	groupAnalogBlock:    {points: &analogOutputs},
	42:                  {points: &analogOutputs, buffer: &analogOutputEvents},
	43:                  {points: &analogOutputs, buffer: &analogCommandEvents},
	groupTime:           {points: &times},
	groupCommonTime:     {points: &commonTimes},
	groupDelay:          {points: &delays},
	groupClass:          {points: &classes},
	groupFile:           {points: &fileSpace},
	groupIndication:     {points: &indications},
	groupApplication:    {points: &applications},
	101:                 {points: &bcds},
	102:                 {points: &integers},
	groupString:         {points: &texts},
	groupStringEvent:    {points: &texts, buffer: &textEvents},
	groupTerminal:       {points: &terminals},
	groupTerminalEvent:  {points: &terminals, buffer: &terminalEvents},
	groupAuthentication: {points: &authentications},
	121:                 {points: &statistics},
	122:                 {points: &statistics, buffer: &statisticEvents},
}

// everything stands in At[1] for all points of a kind.
const everything = 1

// appendPoint writes "counter:3" or "counter:all".
func appendPoint(dst []byte, o *firedoor.Object) []byte {
	dst = append(append(dst, o.Space.Name...), ':')
	if o.At[1] == everything {
		return append(dst, "all"...)
	}
	return strconv.AppendUint(dst, uint64(o.At[0]), 10)
}

func appendName(dst []byte, o *firedoor.Object) []byte { return append(dst, o.Space.Name...) }

// appendFile writes "file:NAME", or "file" where only its handle is known.
func appendFile(dst []byte, o *firedoor.Object) []byte {
	dst = append(dst, o.Space.Name...)
	if len(o.Text) == 0 {
		return dst
	}
	return append(append(dst, ':'), o.Text...)
}

// nowhere is the place of a string: its octets are no values of points.
func nowhere(*firedoor.Object, *firedoor.Values) firedoor.Object { return firedoor.Object{} }

// placeFlags is where flags of points in a row stand: those of events are of their points.
func placeFlags(o *firedoor.Object, _ *firedoor.Values) firedoor.Object {
	return firedoor.Object{Space: &flagRow, At: [4]uint32{o.At[0], uint32(firstOf[byte(o.At[1])])}}
}

// firstOf is the first group with the same points as a group.
var firstOf = func() (first [256]byte) {
	for g := range groups {
		for groups[first[g]].points != groups[g].points {
			first[g]++
		}
	}
	return
}()

// appendFlags writes "flags:counter:3": the group is in At[1].
func appendFlags(dst []byte, o *firedoor.Object) []byte {
	dst = append(dst, "flags:"...)
	if points := groups[byte(o.At[1])].points; points != nil {
		dst = append(append(dst, points.Name...), ':')
	}
	return strconv.AppendUint(dst, uint64(o.At[0]), 10)
}

// appendOther writes "group:85/variation:1".
func appendOther(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(append(dst, "group:"...), uint64(o.At[0]), 10)
	return strconv.AppendUint(append(dst, "/variation:"...), uint64(o.At[1]), 10)
}
