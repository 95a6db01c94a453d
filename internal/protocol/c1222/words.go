package c1222

import (
	"strconv"

	"firedoor"
)

// tables are those of a meter; those of its maker count from 2048 on. The second
// number is 1 + the first byte of a part.
var tables = firedoor.Space{Name: "table", Append: func(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(append(dst, "table:"...), uint64(o.At[0]), 10)
	if o.At[1] > 0 {
		dst = strconv.AppendUint(append(dst, "/offset:"...), uint64(o.At[1]-1), 10)
	}
	return dst
}}

// procedures are started by a write of table 7; those of the maker count from 2048 on.
var procedures = firedoor.Space{Name: "procedure"}

// word is a service and what it is for.
type word struct {
	name string
	verb firedoor.Verb
}

// Services that are read further.
const (
	firstRequest = 0x20
	svcIdentify  = 0x20
	svcRead      = 0x30
	svcPartRead  = 0x3f
	svcWrite     = 0x40
	svcPartWrite = 0x4f
	svcLogon     = 0x50
)

// Codes of what is no service.
const (
	codeSecret = 0x100
	codeAnswer = 0x101
)

const (
	identify  = firedoor.VerbIdentify
	session   = firedoor.VerbSession
	diagnose  = firedoor.VerbDiagnose
	fetch     = firedoor.VerbRead
	write     = firedoor.VerbWrite
	configure = firedoor.VerbConfigure
	control   = firedoor.VerbControl
)

// wordOf is what a service code stands for.
func wordOf(code byte) word {
	switch {
	case code >= 0x31 && code <= 0x39:
		return word{"partial read by index", fetch}
	case code >= 0x41 && code <= 0x49:
		return word{"partial write by index", write}
	case code >= 0x60 && code <= 0x6b:
		return word{"negotiate", session}
	}
	switch code {
	case 0x20:
		return word{"identify", identify}
	case 0x21:
		return word{"terminate", session}
	case 0x22:
		return word{"disconnect", control}
	case 0x24:
		return word{"deregister", configure}
	case 0x25:
		return word{"resolve", diagnose}
	case 0x26:
		return word{"trace", diagnose}
	case 0x27:
		return word{"register", configure}
	case 0x30:
		return word{"full read", fetch}
	case 0x3e:
		return word{"default read", fetch}
	case 0x3f:
		return word{"partial read by offset", fetch}
	case 0x40:
		return word{"full write", write}
	case 0x4e:
		return word{"default write", write}
	case 0x4f:
		return word{"partial write by offset", write}
	case 0x50:
		return word{"logon", session}
	case 0x51:
		return word{"security", session}
	case 0x52:
		return word{"logoff", session}
	case 0x53:
		return word{"authenticate", session}
	case 0x70:
		return word{"wait", session}
	case 0x71:
		return word{"timing setup", session}
	}
	return word{"unassigned service", configure}
}

// refusals are the response codes.
var refusals = [...]string{1: "error", 2: "service-not-supported", 3: "insufficient-security-clearance", 4: "operation-not-possible",
	5: "inappropriate-action-requested", 6: "device-busy", 7: "data-not-ready", 8: "data-locked", 9: "renegotiate-request",
	10: "invalid-service-sequence-state", 11: "security-mechanism-error", 12: "unknown-application-title", 13: "network-time-out",
	14: "network-not-reachable", 15: "request-too-large", 16: "response-too-large", 17: "segmentation-not-possible", 18: "segmentation-error"}

func outcome(code byte) firedoor.Outcome {
	switch {
	case code == 0:
		return firedoor.OK
	case int(code) < len(refusals):
		return firedoor.Failed(uint32(code), refusals[code])
	}
	return firedoor.Failed(uint32(code), "")
}
