package inline

import (
	"firedoor"
	"firedoor/internal/packet"
	"firedoor/internal/policy"
)

// While something is isolated, whoever wants to reach it sends again and again. When it is
// released, what was asked then would be done now, minutes late. So connections that are
// older than the release are reset while it is being released, and begin anew.

// released notes whether an isolation that cut connections begins to be released under a
// plan.
func (g *Gate) released(next *policy.Plan) {
	was := map[uint32]bool{}
	for _, i := range g.plan.Isolations() {
		was[i.ID] = i.Testing
	}
	for _, i := range next.Isolations() {
		if before, known := was[i.ID]; known && !before && i.Testing && (i.Verb == policy.Quarantine || i.Verb == policy.KnownClients) {
			g.releasedAt = g.generation
		}
	}
}

// beginning is the generation that a connection begins in + 1, 0 where it is under way.
func (g *Gate) beginning(p *packet.Packet) uint32 {
	if p.Proto == packet.TCP && p.Flags&packet.SYN != 0 {
		return g.generation + 1
	}
	return 0
}

// relieved tells whether a connection in which an isolation stopped a request, while what is never blocked
// went through it, is isolated no more: bytes of it are missing for good, and each end waits for the other.
func (g *Gate) relieved(f *flow) bool {
	isolated := f.why.Reason == firedoor.ReasonQuarantine || f.why.Reason == firedoor.ReasonStranger
	return f.key.proto == packet.TCP && isolated && g.packet.Flags&packet.RST == 0 && f.fins != 3 && !g.plan.Cuts(&f.route)
}

// queued tells whether a flow that may go on again may have sent bytes while it was
// isolated: it is older than the release.
func (g *Gate) queued(f *flow, v firedoor.Verdict) bool {
	return f.key.proto == packet.TCP && v.Says != firedoor.Pass && (v.Reason == firedoor.ReasonQuarantine || v.Reason == firedoor.ReasonStranger) && f.since <= g.releasedAt && g.releasedAt != 0
}
