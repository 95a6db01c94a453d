package sensor

import (
	"firedoor/internal/baseline"
	"firedoor/internal/packet"
)

const (
	// beforeRhythm is how many packets of a side go by before a flow that nobody can
	// read is listened to: most are over by then.
	beforeRhythm = 4
	// maxRhythms bounds the flows of a lane that are, over the life of the sensor's
	// conversations; what comes later is counted with packets and bytes alone.
	maxRhythms = 512
	// beforeSealed and maxSealed are the same of flows that are encrypted: an office has
	// many, and they must not take the room of what nobody knows.
	beforeSealed = 16
	maxSealed    = 512
)

// hearken listens to a flow that nobody can read, because its protocol is unknown or
// its content sealed.
func (l *lane) hearken(c *conn, p *packet.Packet, side int) {
	packets := c.half[side].packets
	switch {
	case len(p.Payload) == 0:
	case c.flags&isEncrypted != 0:
		if packets > beforeSealed && c.listened(&l.sealed, maxSealed) {
			c.rhythm.Take(side^int(c.run.Client()), p.Payload, p.Time)
		}
	case packets > beforeRhythm && c.run.Protocol() == nil:
		l.unread(c, p, side)
	}
}

// listened tells whether the flow has a rhythm, and gives it one while there are.
func (c *conn) listened(taken *int, most int) bool {
	if c.rhythm == nil {
		if *taken >= most {
			return false
		}
		*taken++
		c.rhythm = &baseline.Rhythm{}
	}
	return true
}

// unread listens to a flow whose protocol nobody knows: when and how long its
// messages are, and how they begin.
func (l *lane) unread(c *conn, p *packet.Packet, side int) {
	if !c.run.GivenUp() && p.Layer != packet.LayerLink || !c.listened(&l.rhythms, maxRhythms) {
		return
	}
	c.rhythm.Take(side^int(c.run.Client()), p.Payload, p.Time)
}
