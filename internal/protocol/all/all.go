package all

import (
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/modbus"
)

// List is every protocol the product knows. Of several whose probes would take
// the same bytes, those whose port is in use come first, then this order: within
// a group the stricter probe stands before the laxer one.
var List = []*protocol.Protocol{
	// Industrial: structure of their own, so their probes are strict.
	modbus.Protocol,

	// Carriers and what is handed over from them.

	// Identity and IT: names, addresses, software.

	// On Ethernet, told by its type: order does not matter.
}
