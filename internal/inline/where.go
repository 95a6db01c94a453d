package inline

import (
	"firedoor"
	"firedoor/internal/packet"
)

// Where gives the conduit of the connection that the frame judged last belongs to, and
// the connection's client; -1 where it belongs to none.
func (g *Gate) Where() (conduit int32, client firedoor.IP) {
	if g.flow == nil || g.packet.Layer != packet.LayerTransport {
		return -1, firedoor.IP{}
	}
	return g.flow.route.Conduit, g.flow.clientEnd.IP
}
