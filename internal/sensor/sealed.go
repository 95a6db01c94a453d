package sensor

import (
	"firedoor"
	"firedoor/internal/baseline"
)

// encrypted counts a flow whose content cannot be read, and notes what it presumably
// holds. Content decides: what the parser knows stands before what the port suggests.
func (l *lane) encrypted(c *conn, e *firedoor.Encrypted) {
	if !l.converse(c) {
		return
	}
	conv := l.table.Conversation(c.conv)
	if c.flags&isEncrypted == 0 {
		c.flags |= isEncrypted
		conv.Encrypted++
	}
	own := c.run.Protocol()
	switch {
	case e.Inside != "":
		conv.Presume(baseline.Inside{Protocol: e.Inside, By: e.By})
	case own == nil || own.Name != e.Protocol: // it is known what speaks there
	default:
		port := c.server().Port
		if p := l.host.Sealed(port); p != nil && p != own {
			conv.Presume(baseline.Inside{Protocol: p.Name, By: baseline.ByPort, Port: port})
		}
	}
}
