package telnet

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is Telnet.
var Protocol = &protocol.Protocol{
	Name:   "telnet",
	TCP:    []uint16{23},
	Sealed: []uint16{992},
	Probe:  probe,
	Sheet: protocol.Sheet{Title: "Telnet", Depth: protocol.Names, By: "RFC 854",
		Unread: []string{"what is typed"}},
	New:    func() protocol.Parser { return &parser{} },
	Events: []firedoor.EventKind{firedoor.EventLogin},
}

// Commands (RFC 854): what stands behind the escape byte.
const (
	iac  = 255
	will = 251
	dont = 254
	sb   = 250
	se   = 240

	maxOption = 50  // of those assigned in a row
	extended  = 255 // the list of further options
)

// probe asks for the negotiation that every Telnet begins with: at least one
// whole request for an option there is, and another or text behind it.
func probe(b []byte) protocol.Match {
	for _, want := range [...]func(byte) bool{isEscape, isRequest, isOption} {
		if len(b) == 0 {
			return protocol.More
		}
		if !want(b[0]) {
			return protocol.No
		}
		b = b[1:]
	}
	if len(b) == 0 || b[0] == iac || b[0] == '\r' || b[0] == '\n' || b[0] >= ' ' && b[0] < 0x7f {
		return protocol.Yes
	}
	return protocol.No
}

func isEscape(c byte) bool  { return c == iac }
func isRequest(c byte) bool { return c >= will && c <= dont }
func isOption(c byte) bool  { return c <= maxOption || c == extended }
