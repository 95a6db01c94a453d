package enip

import "firedoor"

// Status bytes of PCCC answers (publication 1770-6.5.16, chapter 8). The low half is that of the
// link on the way, the high half that of the station asked.
var pcccStatuses = map[uint8]string{
	0x01: "destination-node-is-out-of-buffer-space",
	0x02: "cannot-guarantee-delivery",
	0x03: "duplicate-token-holder-detected",
	0x04: "local-port-is-disconnected",
	0x05: "application-layer-timed-out-waiting-for-a-response",
	0x06: "duplicate-node-detected",
	0x07: "station-is-offline",
	0x08: "hardware-fault",
	0x10: "illegal-command-or-format",
	0x20: "host-has-a-problem-and-will-not-communicate",
	0x30: "remote-node-host-is-missing",
	0x40: "host-could-not-complete-function-due-to-hardware-fault",
	0x50: "addressing-problem-or-memory-protect-rungs",
	0x60: "function-not-allowed-due-to-command-protection-selection",
	0x70: "processor-is-in-program-mode",
	0x80: "compatibility-mode-file-missing-or-communication-zone-problem",
	0x90: "remote-node-cannot-buffer-command",
	0xa0: "wait-ack",
	0xb0: "remote-node-problem-due-to-download",
	0xc0: "wait-ack",
}

// pcccExtended says that the extended status byte tells what was wrong.
const pcccExtended = 0xf0

// pcccDetails are the extended status bytes.
var pcccDetails = [...]string{
	0x01: "a-field-has-an-illegal-value",
	0x02: "less-levels-specified-in-address-than-minimum-for-any-address",
	0x03: "more-levels-specified-in-address-than-system-supports",
	0x04: "symbol-not-found",
	0x05: "symbol-is-of-improper-format",
	0x06: "address-does-not-point-to-something-usable",
	0x07: "file-is-wrong-size",
	0x08: "cannot-complete-request-situation-has-changed",
	0x09: "data-or-file-is-too-large",
	0x0a: "transaction-size-plus-word-address-is-too-large",
	0x0b: "access-denied-improper-privilege",
	0x0c: "condition-cannot-be-generated-resource-is-not-available",
	0x0d: "condition-already-exists-resource-is-already-available",
	0x0e: "command-cannot-be-executed",
	0x0f: "histogram-overflow",
	0x10: "no-access",
	0x11: "illegal-data-type",
	0x12: "invalid-parameter-or-invalid-data",
	0x13: "address-reference-exists-to-deleted-area",
	0x14: "command-execution-failure-for-unknown-reason",
	0x15: "data-conversion-error",
	0x16: "scanner-not-able-to-communicate-with-1771-rack-adapter",
	0x17: "type-mismatch",
	0x18: "1771-module-response-was-not-valid",
	0x19: "duplicated-label",
	0x1a: "file-is-open-another-node-owns-it",
	0x1b: "another-node-is-the-program-owner",
	0x1e: "data-table-element-protection-violation",
	0x1f: "temporary-internal-problem",
	0x22: "remote-rack-fault",
	0x23: "timeout",
	0x24: "unknown-error",
}

// pcccOutcome turns a status byte and the extended one, 0 where there is none, into an outcome.
func pcccOutcome(status, extended uint8) firedoor.Outcome {
	if status == 0 {
		return firedoor.OK
	}
	o := firedoor.Failed(uint32(status), pcccStatuses[status])
	o.DetailCode = uint16(extended)
	if int(extended) < len(pcccDetails) {
		o.Detail = pcccDetails[extended]
	}
	return o
}
