package enip

import "firedoor"

// statusPartial says that the service was done and there is more to fetch.
const (
	statusConnectionFailure = 0x01
	statusUnavailable       = 0x02
	statusPartial           = 0x06
	statusEmbedded          = 0x1e
)

// statusNames are the general status codes (CIP volume 1, table B-1.1); a code
// without a name here has none there.
var statusNames = [...]string{
	0x01: "connection-failure",
	0x02: "resource-unavailable",
	0x03: "invalid-parameter-value",
	0x04: "path-segment-error",
	0x05: "path-destination-unknown",
	0x06: "partial-transfer",
	0x07: "connection-lost",
	0x08: "service-not-supported",
	0x09: "invalid-attribute-value",
	0x0a: "attribute-list-error",
	0x0b: "already-in-requested-mode",
	0x0c: "object-state-conflict",
	0x0d: "object-already-exists",
	0x0e: "attribute-not-settable",
	0x0f: "privilege-violation",
	0x10: "device-state-conflict",
	0x11: "reply-data-too-large",
	0x12: "fragmentation-of-a-primitive-value",
	0x13: "not-enough-data",
	0x14: "attribute-not-supported",
	0x15: "too-much-data",
	0x16: "object-does-not-exist",
	0x17: "service-fragmentation-sequence-not-in-progress",
	0x18: "no-stored-attribute-data",
	0x19: "store-operation-failure",
	0x1a: "routing-failure-request-packet-too-large",
	0x1b: "routing-failure-response-packet-too-large",
	0x1c: "missing-attribute-list-entry-data",
	0x1d: "invalid-attribute-value-list",
	0x1e: "embedded-service-error",
	0x1f: "vendor-specific-error",
	0x20: "invalid-parameter",
	0x21: "write-once-value-or-medium-already-written",
	0x22: "invalid-reply-received",
	0x23: "buffer-overflow",
	0x24: "invalid-message-format",
	0x25: "key-failure-in-path",
	0x26: "path-size-invalid",
	0x27: "unexpected-attribute-in-list",
	0x28: "invalid-member-id",
	0x29: "member-not-settable",
	0x2a: "group-2-only-server-general-failure",
	0x2b: "unknown-modbus-error",
	0x2c: "attribute-not-gettable",
}

// statusOutcome turns a general status into an outcome.
func statusOutcome(s uint8) firedoor.Outcome {
	switch {
	case s == 0 || s == statusPartial:
		return firedoor.OK
	case int(s) < len(statusNames):
		return firedoor.Failed(uint32(s), statusNames[s])
	}
	return firedoor.Failed(uint32(s), "")
}
