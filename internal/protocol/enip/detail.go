package enip

import (
	"encoding/binary"

	"firedoor"
)

// managerDetails are the extended status codes of the connection manager under general
// status 1 (CIP volume 1, table 3-5.33; from 0x0801 to 0x080f volume 5).
var managerDetails = map[uint16]string{
	0x0100: "connection-in-use-or-duplicate-forward-open",
	0x0103: "transport-class-and-trigger-combination-not-supported",
	0x0106: "ownership-conflict",
	0x0107: "target-connection-not-found",
	0x0108: "invalid-network-connection-parameter",
	0x0109: "invalid-connection-size",
	0x0110: "target-for-connection-not-configured",
	0x0111: "rpi-not-supported",
	0x0112: "rpi-values-not-acceptable",
	0x0113: "out-of-connections",
	0x0114: "vendor-id-or-product-code-mismatch",
	0x0115: "device-type-mismatch",
	0x0116: "revision-mismatch",
	0x0117: "invalid-produced-or-consumed-application-path",
	0x0118: "invalid-or-inconsistent-configuration-application-path",
	0x0119: "non-listen-only-connection-not-opened",
	0x011a: "target-object-out-of-connections",
	0x011b: "rpi-is-smaller-than-the-production-inhibit-time",
	0x011c: "transport-class-not-supported",
	0x011d: "production-trigger-not-supported",
	0x011e: "direction-not-supported",
	0x011f: "invalid-originator-to-target-fixed-or-variable",
	0x0120: "invalid-target-to-originator-fixed-or-variable",
	0x0121: "invalid-originator-to-target-priority",
	0x0122: "invalid-target-to-originator-priority",
	0x0123: "invalid-originator-to-target-connection-type",
	0x0124: "invalid-target-to-originator-connection-type",
	0x0125: "invalid-originator-to-target-redundant-owner",
	0x0126: "invalid-configuration-size",
	0x0127: "invalid-originator-to-target-size",
	0x0128: "invalid-target-to-originator-size",
	0x0129: "invalid-configuration-application-path",
	0x012a: "invalid-consuming-application-path",
	0x012b: "invalid-producing-application-path",
	0x012c: "configuration-symbol-does-not-exist",
	0x012d: "consuming-symbol-does-not-exist",
	0x012e: "producing-symbol-does-not-exist",
	0x012f: "inconsistent-application-path-combination",
	0x0130: "inconsistent-consume-data-format",
	0x0131: "inconsistent-produce-data-format",
	0x0132: "null-forward-open-not-supported",
	0x0203: "connection-timed-out",
	0x0204: "unconnected-request-timed-out",
	0x0205: "parameter-error-in-unconnected-request",
	0x0206: "message-too-large-for-unconnected-send",
	0x0207: "unconnected-acknowledge-without-reply",
	0x0301: "no-buffer-memory-available",
	0x0302: "network-bandwidth-not-available-for-data",
	0x0303: "no-consumed-connection-id-filter-available",
	0x0304: "not-configured-to-send-scheduled-priority-data",
	0x0305: "schedule-signature-mismatch",
	0x0306: "schedule-signature-validation-not-possible",
	0x0311: "port-not-available",
	0x0312: "link-address-not-valid",
	0x0315: "invalid-segment-in-connection-path",
	0x0316: "forward-close-connection-path-mismatch",
	0x0317: "scheduling-not-specified",
	0x0318: "link-address-to-self-invalid",
	0x0319: "secondary-resources-unavailable",
	0x031a: "rack-connection-already-established",
	0x031b: "module-connection-already-established",
	0x031c: "miscellaneous",
	0x031d: "redundant-connection-mismatch",
	0x031e: "no-more-link-consumer-resources-in-the-producing-module",
	0x031f: "no-link-consumer-resources-configured-in-the-producing-module",
	0x0800: "network-link-offline",
	0x0801: "incompatible-multicast-rpi",
	0x0802: "invalid-safety-connection-size",
	0x0803: "invalid-safety-connection-format",
	0x0804: "invalid-time-correction-connection-parameters",
	0x0805: "invalid-ping-interval-epi-multiplier",
	0x0806: "time-coordination-message-minimum-multiplier",
	0x0807: "network-time-expectation-multiplier",
	0x0808: "timeout-multiplier",
	0x0809: "invalid-maximum-consumer-number",
	0x080a: "invalid-cpcrc",
	0x080b: "time-correction-connection-id-invalid",
	0x080c: "scid-mismatch",
	0x080d: "tunid-not-set",
	0x080e: "tunid-mismatch",
	0x080f: "configuration-operation-not-allowed",
	0x0810: "no-target-application-data-available",
	0x0811: "no-originator-application-data-available",
	0x0812: "node-address-has-changed-since-the-network-was-scheduled",
	0x0813: "not-configured-for-off-subnet-multicast",
	0x0814: "invalid-produce-or-consume-data-format",
}

// tagDetails are those of Logix tags under general status 0xff (Logix 5000 Controllers Data
// Access, publication 1756-PM020).
var tagDetails = map[uint16]string{
	0x2104: "offset-is-beyond-the-end-of-the-tag",
	0x2105: "access-beyond-the-end-of-the-object",
	0x2107: "data-type-does-not-match-that-of-the-tag",
}

const statusGeneral = 0xff // of a Logix controller: the extended status says it all

// outcomeOf turns the status of the answer b to an item, which is all there, into an outcome. Of
// additional words the first is the extended status, and the others say how much there could be.
func (it *item) outcomeOf(b []byte) firedoor.Outcome {
	o := statusOutcome(b[2])
	if o.Kind != firedoor.OutcomeError || b[3] == 0 {
		return o
	}
	code := binary.LittleEndian.Uint16(b[4:])
	o.DetailCode = code
	switch {
	case b[2] == statusConnectionFailure:
		o.Detail = managerDetails[code]
	case b[2] == statusGeneral && (it.tag || it.service >= svcReadTag && it.service <= svcWriteFragment):
		o.Detail = tagDetails[code]
	}
	return o
}
