package mms

import (
	"firedoor"
	"firedoor/internal/protocol/wire"
)

// accessErrors are why a variable was not read or written (DataAccessError, ISO
// 9506-2, 14.4.2).
var accessErrors = [...]string{"object-invalidated", "hardware-fault", "temporarily-unavailable", "object-access-denied", "object-undefined",
	"invalid-address", "type-unsupported", "type-inconsistent", "object-attribute-inconsistent", "object-access-unsupported",
	"object-non-existent", "object-value-invalid"}

func accessFailed(content []byte) firedoor.Outcome {
	v, ok := wire.BERInt(content)
	if !ok || v < 0 {
		return firedoor.Failed(0xff, "")
	}
	return firedoor.Failed(uint32(v), word(accessErrors[:], v))
}

func word(words []string, v int64) string {
	if v >= 0 && v < int64(len(words)) {
		return words[v]
	}
	return ""
}

// serviceErrors are the classes of errors with their codes (ServiceError, ISO
// 9506-2, 7.4.2).
var serviceErrors = [...][]string{
	{"vmd-state-other", "vmd-state-conflict", "vmd-operational-problem", "domain-transfer-problem", "state-machine-id-invalid"},
	{"application-reference-other", "application-unreachable", "connection-lost", "application-reference-invalid", "context-unsupported"},
	{"definition-other", "object-undefined", "invalid-address", "type-unsupported", "type-inconsistent", "object-exists", "object-attribute-inconsistent"},
	{"resource-other", "memory-unavailable", "processor-resource-unavailable", "mass-storage-unavailable", "capability-unavailable", "capability-unknown"},
	{"service-other", "primitives-out-of-sequence", "object-state-conflict", "pdu-size", "continuation-invalid", "object-constraint-conflict"},
	{"service-preempt-other", "timeout", "deadlock", "cancel"},
	{"time-resolution-other", "unsupportable-time-resolution"},
	{"access-other", "object-access-unsupported", "object-non-existent", "object-access-denied", "object-invalidated"},
	{"initiate-other", "version-incompatible", "max-segment-insufficient", "max-services-outstanding-calling-insufficient",
		"max-services-outstanding-called-insufficient", "service-cbb-insufficient", "parameter-cbb-insufficient", "nesting-level-insufficient"},
	{"conclude-other", "further-communication-required"},
	{"cancel-other", "invoke-id-unknown", "cancel-not-possible"},
	{"file-other", "filename-ambiguous", "file-busy", "filename-syntax-error", "content-type-invalid", "position-invalid", "file-access-denied",
		"file-non-existent", "duplicate-filename", "insufficient-space-in-filestore"},
	{"other"},
}

// serviceFailed reads a ServiceError: the class is the number of the tag in the
// first element. The outcome's code is class * 256 + code.
func serviceFailed(r *wire.BER) (firedoor.Outcome, bool) {
	class := r.Into(0xa0)
	tag, content := class.Any()
	v, ok := wire.BERInt(content)
	if class.Failed() || !ok {
		return firedoor.Failed(0xff, ""), false
	}
	number := uint32(tag & 0x1f)
	name := ""
	if number < uint32(len(serviceErrors)) {
		name = word(serviceErrors[number], v)
	}
	return firedoor.Failed(number<<8|uint32(v)&0xff, name), true
}

// rejectWords are why a request was rejected (RejectPDU, ISO 9506-2, 7.5.1).
var rejectWords = [...][]string{
	1:  {"other", "unrecognized-service", "unrecognized-modifier", "invalid-invokeid", "invalid-argument", "invalid-modifier", "max-serv-outstanding-exceeded", "", "max-recursion-exceeded", "value-out-of-range"},
	5:  {"unknown-pdu-type", "invalid-pdu", "illegal-acse-mapping"},
	6:  {"other", "invalid-invokeid"},
	9:  {"other", "invalid-argument"},
	11: {"other", "invalid-argument"},
}

func rejected(tag byte, content []byte) firedoor.Outcome {
	kind := int64(tag & 0x1f)
	v, ok := wire.BERInt(content)
	if !ok {
		return firedoor.Failed(0xffff, "")
	}
	name := ""
	if kind < int64(len(rejectWords)) {
		name = word(rejectWords[kind], v)
	}
	return firedoor.Failed(uint32(kind)<<8|uint32(v)&0xff, name)
}

// diagnostics are why a partner refused an association (ISO 8650-1, 9.1).
var diagnostics = [...]string{"", "no-reason-given", "application-context-name-not-supported", "calling-ap-title-not-recognized",
	"calling-ap-invocation-identifier-not-recognized", "calling-ae-qualifier-not-recognized", "calling-ae-invocation-identifier-not-recognized",
	"called-ap-title-not-recognized", "called-ap-invocation-identifier-not-recognized", "called-ae-qualifier-not-recognized",
	"called-ae-invocation-identifier-not-recognized", "authentication-mechanism-name-not-recognized", "authentication-mechanism-name-required",
	"authentication-failure", "authentication-required"}

// refusals of the session (ISO 8327-1, 8.3.5) by their reason code.
func sessionRefusal(reason byte) string {
	switch reason {
	case 0:
		return "rejection-by-called-ss-user"
	case 1:
		return "rejection-by-called-ss-user-congestion"
	case 2:
		return "rejection-by-called-ss-user-with-data"
	case 129:
		return "session-selector-unknown"
	case 130:
		return "ss-user-not-attached"
	case 131:
		return "spm-congestion"
	case 132:
		return "proposed-protocol-versions-not-supported"
	}
	return ""
}
