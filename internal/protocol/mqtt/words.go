package mqtt

import "firedoor"

// failure is what SUBACK of 3.1.1 refuses with; from it on codes of 5.0 refuse.
const failure = 0x80

// Reasons that connecting is refused for in 3.1 and 3.1.1 (3.2.2.3 there).
var refusals = [...]string{1: "unacceptable-protocol-version", 2: "identifier-rejected", 3: "server-unavailable",
	4: "bad-user-name-or-password", 5: "not-authorized"}

// Reasons of 5.0 (2.4), from 0x80 on.
var reasons = [...]string{
	"unspecified-error", "malformed-packet", "protocol-error", "implementation-specific-error", "unsupported-protocol-version",
	"client-identifier-not-valid", "bad-user-name-or-password", "not-authorized", "server-unavailable", "server-busy", "banned",
	"server-shutting-down", "bad-authentication-method", "keep-alive-timeout", "session-taken-over", "topic-filter-invalid",
	"topic-name-invalid", "packet-identifier-in-use", "packet-identifier-not-found", "receive-maximum-exceeded",
	"topic-alias-invalid", "packet-too-large", "message-rate-too-high", "quota-exceeded", "administrative-action",
	"payload-format-invalid", "retain-not-supported", "qos-not-supported", "use-another-server", "server-moved",
	"shared-subscriptions-not-supported", "connection-rate-exceeded", "maximum-connect-time",
	"subscription-identifiers-not-supported", "wildcard-subscriptions-not-supported",
}

// reasonKnown tells whether a code is assigned (2.4).
func reasonKnown(code byte) bool {
	switch code {
	case 0, 1, 2, 4, 0x10, 0x11, 0x18, 0x19:
		return true
	}
	return code >= failure && int(code-failure) < len(reasons)
}

// outcome is what a code of 5.0 says.
func outcome(code byte) firedoor.Outcome {
	switch {
	case code < failure:
		return firedoor.OK
	case int(code-failure) < len(reasons):
		return firedoor.Failed(uint32(code), reasons[code-failure])
	}
	return firedoor.Failed(uint32(code), "")
}

// connected is what CONNACK of 3.1 and 3.1.1 says.
func connected(code byte) firedoor.Outcome {
	switch {
	case code == 0:
		return firedoor.OK
	case int(code) < len(refusals):
		return firedoor.Failed(uint32(code), refusals[code])
	}
	return firedoor.Failed(uint32(code), "")
}

// granted is what SUBACK of 3.1.1 says of a filter (3.9.3 there).
func granted(code byte) firedoor.Outcome {
	switch {
	case code <= 2:
		return firedoor.OK
	case code == failure:
		return firedoor.Failed(failure, "failure")
	}
	return firedoor.Failed(uint32(code), "")
}

// functions are the words for requests, by type of packet.
var functions = [16]struct {
	name string
	verb firedoor.Verb
}{
	typeConnect:     {"connect", firedoor.VerbSession},
	typePublish:     {"publish", firedoor.VerbWrite},
	typeSubscribe:   {"subscribe", firedoor.VerbRead},
	typeUnsubscribe: {"unsubscribe", firedoor.VerbSession},
	typePingRequest: {"ping", firedoor.VerbDiagnose},
	typeDisconnect:  {"disconnect", firedoor.VerbSession},
	typeAuth:        {"authenticate", firedoor.VerbSession},
}

// generated are beginnings of client names that libraries complete with something
// random, so that only the beginning is the same the next time.
var generated = [...]string{"mosq-", "mosq/", "mosqpub|", "mosqsub|", "mosqpub/", "mosqsub/", "paho/", "paho", "mqttjs_", "auto-",
	"MQTT_FX_Client", "mqtt-explorer-", "mqttx_", "hmq-"}

// steady is the part of a client's name that it has the next time, too, and
// whether that is all of it.
func steady(id []byte) ([]byte, bool) {
	for _, g := range generated {
		if len(id) > len(g) && string(id[:len(g)]) == g {
			return id[:len(g)], false
		}
	}
	return id, true
}
