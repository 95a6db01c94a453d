package dlms

import (
	"strconv"

	"firedoor"
)

// Tags of APDUs that are read further (IEC 62056-5-3, 9.5).
const (
	aarq             = 0x60
	aare             = 0x61
	rlrq             = 0x62
	rlre             = 0x63
	getRequest       = 0xc0
	setRequest       = 0xc1
	eventNote        = 0xc2
	actionRequest    = 0xc3
	getResponse      = 0xc4
	setResponse      = 0xc5
	actionResponse   = 0xc7
	dataNote         = 0x0f
	serviceError     = 0x0e
	unconfirmedWrite = 0x16
	exception        = 0xd8

	cipheredUnconfirmed  = 0x36 // with the global key
	dedicatedUnconfirmed = 0x56 // with that of the association
)

// kind is the side that sends an APDU.
type kind uint8

const (
	none kind = iota
	asks
	answers
	tells // unasked
	both  // whoever opened the connection asks with it
)

// service is an APDU: what it is called, what it is for, and for an answer the tag
// of its request.
type service struct {
	name   string
	verb   firedoor.Verb
	kind   kind
	asked  byte
	secret bool // ciphered
}

func known(tag byte) bool { return services[tag].kind != none }

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

var services = [256]service{
	0x01: {"initiate", session, asks, 0, false}, 0x05: {"read", read, asks, 0, false}, 0x06: {"write", write, asks, 0, false},
	0x08: {"initiate", session, answers, 0x01, false}, 0x0c: {"read", read, answers, 0x05, false}, 0x0d: {"write", write, answers, 0x06, false},
	serviceError: {"confirmed service error", diagnose, answers, 0, false}, dataNote: {"data notification", read, tells, 0, false},
	unconfirmedWrite: {"unconfirmed write", write, asks, 0, false}, 0x18: {"information report", read, tells, 0, false},
	0x21: {"ciphered initiate", session, asks, 0, true}, 0x28: {"ciphered initiate", session, answers, 0x21, true},
	0x25: {"ciphered read", read, asks, 0, true}, 0x26: {"ciphered write", write, asks, 0, true},
	0x2c: {"ciphered read", read, answers, 0x25, true}, 0x2d: {"ciphered write", write, answers, 0x26, true},
	0x2e: {"ciphered service error", diagnose, answers, 0, true}, cipheredUnconfirmed: {"ciphered unconfirmed write", write, asks, 0, true},
	0x38: {"ciphered information report", read, tells, 0, true},
	0x41: {"ciphered initiate", session, asks, 0, true}, 0x48: {"ciphered initiate", session, answers, 0x41, true},
	0x45: {"ciphered read", read, asks, 0, true}, 0x46: {"ciphered write", write, asks, 0, true},
	0x4c: {"ciphered read", read, answers, 0x45, true}, 0x4d: {"ciphered write", write, answers, 0x46, true},
	0x4e: {"ciphered service error", diagnose, answers, 0, true}, dedicatedUnconfirmed: {"ciphered unconfirmed write", write, asks, 0, true},
	0x58: {"ciphered information report", read, tells, 0, true},
	aarq: {"associate", session, asks, 0, false}, aare: {"associate", session, answers, aarq, false},
	rlrq: {"release", session, asks, 0, false}, rlre: {"release", session, answers, rlrq, false},
	getRequest: {"get", read, asks, 0, false}, setRequest: {"set", write, asks, 0, false}, eventNote: {"event notification", read, tells, 0, false},
	actionRequest: {"action", control, asks, 0, false}, getResponse: {"get", read, answers, getRequest, false},
	setResponse: {"set", write, answers, setRequest, false}, actionResponse: {"action", control, answers, actionRequest, false},
	0xc8: {"ciphered get", read, asks, 0, true}, 0xc9: {"ciphered set", write, asks, 0, true}, 0xca: {"ciphered event notification", read, tells, 0, true},
	0xcb: {"ciphered action", control, asks, 0, true}, 0xcc: {"ciphered get", read, answers, 0xc8, true},
	0xcd: {"ciphered set", write, answers, 0xc9, true}, 0xcf: {"ciphered action", control, answers, 0xcb, true},
	0xd0: {"ciphered get", read, asks, 0, true}, 0xd1: {"ciphered set", write, asks, 0, true}, 0xd2: {"ciphered event notification", read, tells, 0, true},
	0xd3: {"ciphered action", control, asks, 0, true}, 0xd4: {"ciphered get", read, answers, 0xd0, true},
	0xd5: {"ciphered set", write, answers, 0xd1, true}, 0xd7: {"ciphered action", control, answers, 0xd3, true},
	exception: {"exception", diagnose, answers, 0, false}, 0xd9: {"access", control, asks, 0, false}, 0xda: {"access", control, answers, 0xd9, false},
	0xdb: {"ciphered apdu", control, both, 0, true}, 0xdc: {"ciphered apdu", control, both, 0, true}, 0xdd: {"ciphered apdu", control, both, 0, true},
	0xdf: {"signed apdu", control, both, 0, true}, 0xe0: {"general block transfer", control, both, 0, false},
}

// choices name the forms of GET, SET and ACTION requests by their number.
var choices = [...][7]string{
	{1: "get", "get next", "get with list"},
	{1: "set", "set with first data block", "set with data block", "set with list", "set with list and first data block"},
	{}, // event notification
	{1: "action", "action next block", "action with list", "action with first block", "action with list and first block", "action with block"},
}

// attributes and methods are those of COSEM objects: class, OBIS code in two halves, number.
var (
	attributes = firedoor.Space{Name: "attribute", Append: func(dst []byte, o *firedoor.Object) []byte { return member(dst, o, "/attribute:") }}
	methods    = firedoor.Space{Name: "method", Append: func(dst []byte, o *firedoor.Object) []byte { return member(dst, o, "/method:") }}
)

func member(dst []byte, o *firedoor.Object, what string) []byte {
	dst = strconv.AppendUint(append(dst, "class:"...), uint64(o.At[0]), 10)
	for i := range 6 {
		sign := byte('.')
		if i == 0 {
			sign = '/'
		}
		dst = strconv.AppendUint(append(dst, sign), uint64(o.At[1+i/3]>>(16-8*(i%3))&0xff), 10)
	}
	return strconv.AppendInt(append(dst, what...), int64(int8(o.At[3])), 10)
}

// Classes of IEC 62056-6-2 whose methods and attributes are for more than process values.
const (
	classData        = 1
	classClock       = 8
	classScript      = 9
	lastValued       = 11 // days of a calendar
	classAssociation = 15
	classImage       = 18
	classPPP         = 44 // these three hold user, PIN and password of a way in
	classModem       = 45
	classMail        = 46
	classSecurity    = 64
	classDisconnect  = 70
)

// verbFor is what a service on an object is for.
func verbFor(tag byte, o *firedoor.Object) firedoor.Verb {
	class, number := o.At[0], o.At[3]
	switch tag {
	case getRequest:
		if fact := factOf(o); fact != 0 {
			return identify
		}
		return read
	case setRequest:
		switch class {
		case classClock, classAssociation, classSecurity:
			return configure
		case classImage:
			return program
		}
		return write
	}
	switch class {
	case classAssociation:
		if number == 1 {
			return session
		}
		return configure
	case classSecurity, classClock:
		return configure
	case classImage:
		return program
	}
	return control // classScript, classDisconnect and others
}

// public tells whether an object is one that the standard names and that holds values,
// no settings of a way in (IEC 62056-6-2, 4; 62056-6-1, 5.2). Groups B, C, D, E, F from
// 128 on are a maker's own, but for 255, which is none.
func public(o *firedoor.Object) bool {
	if o.Space != &attributes || o.At[0] > classImage || o.At[0] > lastValued && o.At[0] < classImage || guarded(o) {
		return false
	}
	for _, c := range [...]uint32{o.At[1] >> 8 & 0xff, o.At[1] & 0xff, o.At[2] >> 16 & 0xff, o.At[2] >> 8 & 0xff, o.At[2] & 0xff} {
		if c >= 128 && c < 255 {
			return false
		}
	}
	return true
}

// factOf is what an attribute says of a meter, 0 if nothing: logical device name,
// device number, firmware (IEC 62056-6-2, 6.2).
func factOf(o *firedoor.Object) firedoor.FactKind {
	if o.Space != &attributes || o.At[0] != classData || o.At[3] != 2 {
		return 0
	}
	switch [2]uint32{o.At[1], o.At[2]} {
	case [2]uint32{0x00002a, 0x0000ff}: // 0.0.42.0.0.255
		return firedoor.FactName
	case [2]uint32{0x000060, 0x0100ff}: // 0.0.96.1.0.255
		return firedoor.FactSerial
	case [2]uint32{0x010000, 0x0200ff}: // 1.0.0.2.0.255
		return firedoor.FactFirmware
	}
	return 0
}

// results are those of access and of actions (IEC 62056-5-3, 9.5: Data-Access-Result, Action-Result).
var results = [...]string{1: "hardware-fault", 2: "temporary-failure", 3: "read-write-denied", 4: "object-undefined",
	9: "object-class-inconsistent", 11: "object-unavailable", 12: "type-unmatched", 13: "scope-of-access-violated", 14: "data-block-unavailable",
	15: "long-get-aborted", 16: "no-long-get-in-progress", 17: "long-set-aborted", 18: "no-long-set-in-progress", 19: "data-block-number-invalid"}

// actionResults are those of actions that mean another thing.
var actionResults = [...]string{15: "long-action-aborted", 16: "no-long-action-in-progress"}

func result(tag, code byte) firedoor.Outcome {
	if tag == actionRequest && int(code) < len(actionResults) && actionResults[code] != "" {
		return firedoor.Failed(uint32(code), actionResults[code])
	}
	switch {
	case code == 0:
		return firedoor.OK
	case code == 250:
		return firedoor.Failed(250, "other-reason")
	case int(code) < len(results):
		return firedoor.Failed(uint32(code), results[code])
	}
	return firedoor.Failed(uint32(code), "")
}

// diagnostics of a refused association.
var diagnostics = [...]string{1: "no-reason-given", 2: "application-context-name-not-supported", 3: "calling-ap-title-not-recognized",
	4: "calling-ap-invocation-identifier-not-recognized", 5: "calling-ae-qualifier-not-recognized", 6: "calling-ae-invocation-identifier-not-recognized",
	7: "called-ap-title-not-recognized", 8: "called-ap-invocation-identifier-not-recognized", 9: "called-ae-qualifier-not-recognized",
	10: "called-ae-invocation-identifier-not-recognized", 11: "authentication-mechanism-name-not-recognised",
	12: "authentication-mechanism-name-required", 13: "authentication-failure", 14: "authentication-required"}

// providers are diagnostics of what carries the association.
var providers = [...]string{1: "no-reason-given", 2: "no-common-acse-version"}

// initiateErrors are why a service error refuses to begin.
var initiateErrors = [...]string{"other", "dlms-version-too-low", "incompatible-conformance", "pdu-size-too-short", "refused-by-the-vde-handler"}

// exceptions are the service errors of an exception response.
var exceptions = [...]string{1: "operation-not-possible", 2: "service-not-supported", 3: "other-reason", 4: "pdu-too-long",
	5: "deciphering-error", 6: "invocation-counter-error"}

func named(names []string, code byte) firedoor.Outcome {
	if int(code) < len(names) {
		return firedoor.Failed(uint32(code), names[code])
	}
	return firedoor.Failed(uint32(code), "")
}
