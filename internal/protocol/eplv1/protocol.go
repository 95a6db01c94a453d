package eplv1

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is Ethernet Powerlink version 1.
var Protocol = &protocol.Protocol{
	Name:       "epl_v1",
	Ethernet:   []uint16{0x3e3f},
	Industrial: true,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "Ethernet Powerlink, version 1", Depth: protocol.Recognised, By: "the Powerlink white paper V0006-B, as Wireshark's dissector has it",
		Unread: []string{"messages of the generic channel: that they came", "net commands of the cycle"}},
	Functions: listFunctions,
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&nodes},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventMalformed},
}

// orient: only the manager, node 0, begins and ends a cycle, polls and invites.
func orient(b []byte) protocol.Orientation {
	if len(b) == 0 {
		return protocol.OrientUnknown
	}
	switch b[0] & typeMask {
	case typeSoC, typeEoC, typePReq, typeAInv:
		return protocol.SentByClient
	}
	return protocol.OrientUnknown
}

// Types of message.
const (
	typeMask = 0x7f
	typeSoC  = 1
	typeEoC  = 2
	typePReq = 3
	typePRes = 4
	typeAInv = 5
	typeASnd = 6
)

// Channels of acyclic messages.
const (
	channelIdent   = 1
	channelGeneric = 0xff
)

// codeInvite is added to the channel that a node is invited to.
const codeInvite = 0x200

// nodes are told by their number.
var nodes = firedoor.Space{Name: "node"}

type word struct {
	name string
	verb firedoor.Verb
}

// sendWord is what somebody sends on a channel other than that of identity; what it is
// for is not known, so it is not called harmless.
var sendWord = word{"acyclic send", firedoor.VerbConfigure}

// invite is what a node is invited to send.
func invite(channel byte) word {
	switch channel {
	case channelIdent:
		return word{"ident request", firedoor.VerbIdentify}
	case channelGeneric:
		return word{"generic invite", firedoor.VerbSession}
	}
	return word{"invite", firedoor.VerbSession}
}
