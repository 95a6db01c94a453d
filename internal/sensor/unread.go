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
)

// unread listens to a flow whose protocol nobody knows: when and how long its
// messages are, and how they begin.
func (l *lane) unread(c *conn, p *packet.Packet, side int) {
	if len(p.Payload) == 0 || !c.run.GivenUp() && p.Layer != packet.LayerLink {
		return
	}
	if c.rhythm == nil {
		if l.rhythms >= maxRhythms {
			return
		}
		l.rhythms++
		c.rhythm = &baseline.Rhythm{}
	}
	c.rhythm.Take(side^int(c.run.Client()), p.Payload, p.Time)
}
