package sensor

import (
	"firedoor/internal/baseline"
	"firedoor/internal/packet"
)

const (
	// beforeRhythm is how many packets of a side go by before a flow that nobody can
	// read is listened to: most are over by then.
	beforeRhythm = 4
	// beforeUndecided is how many go by while it is still looked for the protocol: of a
	// flow that says little, or in one direction alone, that may be for hours.
	beforeUndecided = 8
	// manyFlows is from how many flows of a conversation that nobody could read on they
	// are heard as one: some ask on a connection, or from a port, of its own each time.
	manyFlows = 3
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
	case c.run.Protocol() == nil && (packets > beforeRhythm || c.rhythm != nil || l.oneOfMany(c)):
		l.unread(c, p, side)
	}
}

// oneOfMany tells whether the flow is one of many that nobody could read between the same
// two ends, and lets it go on where those before it stopped.
func (l *lane) oneOfMany(c *conn) bool {
	pair := l.ends(c)
	i := l.table.Find(&pair)
	if i < 0 {
		return false
	}
	conv := l.table.Conversation(i)
	if conv.Flows < manyFlows || conv.Encrypted > 0 {
		return false
	}
	if conv.Rhythm == nil {
		if l.rhythms >= maxRhythms {
			return false
		}
		l.rhythms++
		conv.Rhythm = &baseline.Rhythm{}
	}
	c.rhythm = conv.Rhythm
	return true
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
	decided := c.run.GivenUp() || p.Layer == packet.LayerLink || c.rhythm != nil || c.half[side].packets > beforeUndecided
	if !decided || !c.listened(&l.rhythms, maxRhythms) {
		return
	}
	c.rhythm.Take(side^int(c.run.Client()), p.Payload, p.Time)
}
