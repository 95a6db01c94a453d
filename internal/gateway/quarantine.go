package gateway

import (
	"firedoor/internal/datapath"
	"firedoor/internal/policy"
)

// quarantine puts hosts and zones into the kernel's own quarantine of which nothing may
// pass: then it holds towards everybody, for every kind of frame, whoever answers or not.
// Where something is never blocked, frames must be looked into, and gates say so.
func (t *tables) quarantine() {
	for _, i := range t.plan.Isolations() {
		if at, ok := holds(t.plan, &i); ok && len(t.out.Quarantine) < datapath.MaxHeld {
			t.out.Quarantine = append(t.out.Quarantine, datapath.Held{Place: uint32(at)})
		}
	}
}

// holds gives the place that an isolation takes off the network altogether, if any.
func holds(plan *policy.Plan, i *policy.Isolation) (policy.Place, bool) {
	if i.Verb != policy.Quarantine || i.Testing || i.Host == "" || i.Other != "" {
		return 0, false
	}
	at, ok := plan.Named(i.Host)
	return at, ok && (i.Both || !plan.NeverBlocksAny(at))
}
