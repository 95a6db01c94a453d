package pniocm

import "firedoor"

// Second byte of a status (coding of the field ErrorDecode).
const (
	decodeRecord = 0x80 // PNIORW: reading and writing
	decodeOther  = 0x81 // PNIO
)

// faultRPC is the third byte of PNIO where a fourth byte says what RPC missed.
const faultRPC = 64

// status reads what a device says (coding of the field PNIOStatus): error code,
// decode, and two codes, a byte each.
func status(v uint32) firedoor.Outcome {
	if v == 0 {
		return firedoor.OK
	}
	code1, code2 := v>>8&0xff, v&0xff
	var name string
	switch v >> 16 & 0xff {
	case decodeRecord:
		name = recordErrors[code1]
	case decodeOther:
		if name = otherErrors[code1]; code1 == faultRPC && code2 < uint32(len(managementErrors)) {
			name = managementErrors[code2]
		}
	}
	return firedoor.Failed(v, name)
}

// recordErrors are the words of the first code for reading and writing.
var recordErrors = [256]string{
	0xa0: "read-error", 0xa1: "write-error", 0xa2: "module-failure", 0xa7: "busy", 0xa8: "version-conflict", 0xa9: "feature-not-supported",
	0xb0: "invalid-index", 0xb1: "write-length-error", 0xb2: "invalid-slot-subslot", 0xb3: "type-conflict", 0xb4: "invalid-area-api",
	0xb5: "state-conflict", 0xb6: "access-denied", 0xb7: "invalid-range", 0xb8: "invalid-parameter", 0xb9: "invalid-type", 0xba: "backup",
	0xc0: "read-constrain-conflict", 0xc1: "write-constrain-conflict", 0xc2: "resource-busy", 0xc3: "resource-unavailable",
}

// otherErrors are the words of the first code for the rest: the block that is
// faulty, or the machine that says so.
var otherErrors = [256]string{
	1: "faulty-ar-block-req", 2: "faulty-iocr-block-req", 3: "faulty-expected-submodule-block-req", 4: "faulty-alarm-cr-block-req",
	5: "faulty-prm-server-block-req", 6: "faulty-mcr-block-req", 7: "faulty-ar-rpc-block-req", 8: "faulty-record", 9: "faulty-ir-info-block",
	10: "faulty-sr-info-block", 11: "faulty-ar-fsu-block", 12: "faulty-ar-vendor-block-req", 13: "faulty-rs-info-block",
	20: "faulty-control-block-connect", 21: "faulty-control-block-plug", 22: "faulty-control-block-after-connect",
	23: "faulty-control-block-after-plug", 24: "faulty-control-block-prm-begin", 25: "faulty-submodule-list-block",
	40: "faulty-release-block", 50: "faulty-ar-block-res", 51: "faulty-iocr-block-res", 52: "faulty-alarm-cr-block-res",
	53: "faulty-module-diff-block", 54: "faulty-ar-rpc-block-res", 60: "alarm-ack", 61: "cmdev", 62: "cmctl", 63: "ctldina", 64: "cmrpc",
	65: "alpmi", 66: "alpmr", 67: "lmpm", 68: "mac", 69: "rpc", 70: "apmr", 71: "apms", 72: "cpm", 73: "ppm",
}

// managementErrors are the words of the second code of CMRPC.
var managementErrors = [...]string{
	"args-length-invalid", "unknown-blocks", "iocr-missing", "wrong-alarm-cr-block-count", "out-of-ar-resources",
	"ar-uuid-unknown", "state-conflict", "out-of-provider-consumer-or-alarm-resources", "out-of-memory",
}

// rpcOutcome reads RPC's own status (C706, appendix E).
func rpcOutcome(v uint32) firedoor.Outcome {
	name := ""
	switch v {
	case 0x1c010002:
		name = "nca-op-rng-error"
	case 0x1c010003:
		name = "nca-unk-if"
	case 0x1c010006:
		name = "nca-wrong-boot-time"
	case 0x1c010009:
		name = "nca-you-crashed"
	case 0x1c01000b:
		name = "nca-proto-error"
	case 0x1c010013:
		name = "nca-out-args-too-big"
	case 0x1c010014:
		name = "nca-server-too-busy"
	case 0x1c010017:
		name = "nca-unsupported-type"
	}
	return firedoor.Failed(v, name)
}
