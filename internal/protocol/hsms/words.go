package hsms

import "firedoor"

// Kinds of object: by their identifiers, which are numbers or texts.
var (
	commands  = firedoor.Space{Name: "command"}
	constants = firedoor.Space{Name: "constant", Axis: 3, Append: appendNumbered("constant:")}
	programs  = firedoor.Space{Name: "program"}
	events    = firedoor.Space{Name: "event"}
	alarms    = firedoor.Space{Name: "alarm"}
	traces    = firedoor.Space{Name: "trace"}
	jobs      = firedoor.Space{Name: "job"}
	variables = firedoor.Space{Name: "variable", Axis: 3, Append: appendNumbered("variable:")}
	reports   = firedoor.Space{Name: "report", Axis: 3, Append: appendValue("report:")}
	samples   = firedoor.Space{Name: "trace-value", Axis: 3, Append: appendValue("trace:")}
)

// meaning is what a primary message is for.
type meaning struct {
	name   string
	verb   firedoor.Verb
	space  *firedoor.Space // of its object, in the item number leaf that is no list
	leaf   int
	values bool // in the item behind
	acks   bool // the answer begins with a code
	sample bool // sent by equipment, whoever connected
}

const (
	identify  = firedoor.VerbIdentify
	diagnose  = firedoor.VerbDiagnose
	read      = firedoor.VerbRead
	write     = firedoor.VerbWrite
	configure = firedoor.VerbConfigure
	control   = firedoor.VerbControl
	program   = firedoor.VerbProgram
)

// Codes are stream * 256 + function.
const (
	areYouThere  = 0x101
	establish    = 0x10d
	constantAsk  = 0x20d
	constantSend = 0x20f
	hostCommand  = 0x229
	alarmReport  = 0x501
	programSend  = 0x703
	programAsk   = 0x705
	streamError  = 9
)

// word knows the primary messages that are common (E5, 10); functions are odd.
func word(stream, function byte) meaning {
	switch uint16(stream)<<8 | uint16(function) {
	case areYouThere:
		return meaning{name: "are you there", verb: identify}
	case statusAsk:
		return meaning{name: "selected equipment status", verb: read, space: &variables}
	case 0x10b:
		return meaning{name: "status variable names", verb: read}
	case establish:
		return meaning{name: "establish communications", verb: identify, acks: true}
	case 0x10f:
		return meaning{name: "request off-line", verb: control, acks: true}
	case 0x111:
		return meaning{name: "request on-line", verb: control, acks: true}
	case 0x115, 0x117:
		return meaning{name: "variable and event names", verb: read}
	case constantAsk:
		return meaning{name: "equipment constants", verb: read, space: &constants}
	case constantSend:
		return meaning{name: "new equipment constants", verb: write, space: &constants, values: true, acks: true}
	case 0x211:
		return meaning{name: "date and time", verb: read}
	case 0x215:
		return meaning{name: "remote command", verb: control, space: &commands, acks: true}
	case 0x217:
		return meaning{name: "initialize trace", verb: configure, space: &traces, acks: true}
	case 0x219:
		return meaning{name: "loopback", verb: diagnose}
	case 0x21d:
		return meaning{name: "equipment constant names", verb: read}
	case 0x21f:
		return meaning{name: "set date and time", verb: configure, acks: true}
	case 0x221:
		return meaning{name: "define report", verb: configure, acks: true}
	case 0x223:
		return meaning{name: "link event report", verb: configure, acks: true}
	case 0x225:
		return meaning{name: "enable event report", verb: configure, acks: true}
	case hostCommand:
		return meaning{name: "host command", verb: control, space: &commands, acks: true}
	case 0x22b:
		return meaning{name: "reset spooling", verb: configure, acks: true}
	case 0x22d:
		return meaning{name: "define limits", verb: configure, acks: true}
	case 0x231:
		return meaning{name: "enhanced remote command", verb: control, space: &commands, leaf: 2, acks: true}
	}
	return further(stream, function)
}

// further is word for streams from 3 on.
func further(stream, function byte) meaning {
	switch uint16(stream)<<8 | uint16(function) {
	case 0x311:
		return meaning{name: "carrier action", verb: control, acks: true}
	case alarmReport:
		return meaning{name: "alarm report", space: &alarms, leaf: 1, sample: true}
	case 0x503:
		return meaning{name: "enable alarm", verb: configure, space: &alarms, leaf: 1, acks: true}
	case 0x505, 0x507:
		return meaning{name: "list alarms", verb: read}
	case traceData:
		return meaning{name: "trace data", space: &traces, sample: true}
	case 0x603, 0x609:
		return meaning{name: "discrete variable data", space: &events, leaf: 1, sample: true}
	case eventReport, annotatedReport:
		return meaning{name: "event report", space: &events, leaf: 1, sample: true}
	case 0x60f:
		return meaning{name: "request event report", verb: read, space: &events}
	case 0x613:
		return meaning{name: "request report", verb: read}
	case 0x617:
		return meaning{name: "request spooled data", verb: read, acks: true}
	case 0x701:
		return meaning{name: "process program load inquire", verb: program, space: &programs, acks: true}
	case programSend:
		return meaning{name: "process program send", verb: program, space: &programs, acks: true}
	case programAsk:
		return meaning{name: "process program request", verb: read, space: &programs}
	case 0x711:
		return meaning{name: "delete process program", verb: program, space: &programs, acks: true}
	case 0x713:
		return meaning{name: "process program directory", verb: read}
	case 0x717:
		return meaning{name: "formatted process program send", verb: program, space: &programs, acks: true}
	case 0x719:
		return meaning{name: "formatted process program request", verb: read, space: &programs}
	case 0xa03, 0xa05:
		return meaning{name: "terminal display", verb: write, acks: true}
	case 0xe01:
		return meaning{name: "get attributes", verb: read}
	case 0xe03:
		return meaning{name: "set attributes", verb: write}
	case 0xe09, 0xe0b:
		return meaning{name: "create or delete object", verb: configure}
	case 0x1005:
		return meaning{name: "process job command", verb: control, space: &jobs, leaf: 1}
	case 0x100b, 0x100f:
		return meaning{name: "create process job", verb: control}
	case 0x101b:
		return meaning{name: "control job command", verb: control, space: &jobs}
	}
	return meaning{}
}

// acknowledge names the code with which an answer begins.
func acknowledge(code uint16, c byte) firedoor.Outcome {
	if c == 0 || c == 4 && (code == hostCommand || code == 0x231) { // done, or will be
		return firedoor.OK
	}
	var names []string
	switch code {
	case hostCommand, 0x231:
		names = commandNames[:]
	case constantSend:
		names = constantNames[:]
	case programSend:
		names = programNames[:]
	case establish:
		names = establishNames[:]
	}
	if int(c) < len(names) {
		return firedoor.Failed(uint32(c), names[c])
	}
	return firedoor.Failed(uint32(c), "")
}

// Words of HCACK, EAC, ACKC7 and COMMACK (E5, 9).
var (
	commandNames   = [...]string{1: "invalid-command", 2: "cannot-do-now", 3: "parameter-error", 5: "already-in-condition", 6: "invalid-object"}
	constantNames  = [...]string{1: "constant-does-not-exist", 2: "busy", 3: "constant-out-of-range"}
	programNames   = [...]string{1: "permission-not-granted", 2: "length-error", 3: "matrix-overflow", 4: "program-not-found", 5: "mode-unsupported"}
	establishNames = [...]string{1: "denied"}
)

// streamErrors are the functions of stream 9, which tell of a message that was not
// understood.
var streamErrors = [...]string{1: "unrecognized-device", 3: "unrecognized-stream", 5: "unrecognized-function", 7: "illegal-data", 9: "transaction-timeout", 11: "data-too-long", 13: "conversation-timeout"}

// Words of the answers to control messages (E37, 8.3).
var (
	selectNames   = [...]string{1: "communication-already-active", 2: "connection-not-ready", 3: "connect-exhausted"}
	deselectNames = [...]string{1: "communication-not-established", 2: "communication-busy"}
	rejectNames   = [...]string{1: "type-not-supported", 2: "presentation-not-supported", 3: "transaction-not-open", 4: "not-selected"}
)

func named(names []string, c byte) firedoor.Outcome {
	switch {
	case c == 0:
		return firedoor.OK
	case int(c) < len(names):
		return firedoor.Failed(uint32(c), names[c])
	}
	return firedoor.Failed(uint32(c), "")
}
