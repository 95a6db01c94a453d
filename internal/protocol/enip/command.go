package enip

import "firedoor"

// command is what is known of an encapsulation command.
type command struct {
	code     uint16
	function string
	verb     firedoor.Verb
	oneWay   bool // no answer is ever sent
}

var commands = [...]command{
	{cmdSendUnitData, "send unit data", firedoor.VerbSession, true},
	{cmdSendRRData, "send rr data", firedoor.VerbSession, false},
	{cmdNOP, "nop", firedoor.VerbSession, true},
	{cmdListServices, "list services", firedoor.VerbIdentify, false},
	{cmdListIdentity, "list identity", firedoor.VerbIdentify, false},
	{cmdListInterfaces, "list interfaces", firedoor.VerbIdentify, false},
	{cmdRegister, "register session", firedoor.VerbSession, false},
	{cmdUnregister, "unregister session", firedoor.VerbSession, true},
	{cmdIndicateStatus, "indicate status", firedoor.VerbDiagnose, true},
	{cmdCancel, "cancel", firedoor.VerbSession, true},
	{cmdStartDTLS, "start dtls", firedoor.VerbSession, false},
}

// legacy stands for the codes that CIP volume 2, table 2-3.2, reserves for old
// products: some software still opens with one, to hear that it is unsupported.
var legacy = command{function: "legacy command", verb: firedoor.VerbDiagnose}

// commandOf returns nil for an unknown command.
func commandOf(code uint16) *command {
	for i := range commands {
		if commands[i].code == code {
			return &commands[i]
		}
	}
	switch {
	case code >= 0x01 && code <= 0x05, code >= 0x67 && code <= 0x6e, code == 0x71, code >= 0x74 && code <= 0xc7:
		return &legacy
	}
	return nil
}

// statusKnown tells whether a header's status is one of CIP volume 2, table 2-3.3.
func statusKnown(s uint32) bool {
	switch s {
	case 0, 1, 2, 3, 0x64, 0x65, 0x69, 0x6a:
		return true
	}
	return false
}

// headerOutcome turns a header's status into an outcome.
func headerOutcome(s uint32) firedoor.Outcome {
	name := ""
	switch s {
	case 0:
		return firedoor.OK
	case 1:
		name = "invalid-or-unsupported-command"
	case 2:
		name = "insufficient-memory"
	case 3:
		name = "incorrect-data"
	case 0x64:
		name = "invalid-session-handle"
	case 0x65:
		name = "invalid-length"
	case 0x69:
		name = "unsupported-protocol-revision"
	case 0x6a:
		name = "encapsulated-cip-service-not-allowed-on-this-port"
	}
	return firedoor.Failed(s, name)
}
