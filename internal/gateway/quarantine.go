package gateway

import "firedoor/internal/datapath"

// quarantine puts hosts and zones into the kernel's own quarantine of which nothing may
// pass: then it holds towards everybody, for every kind of frame, whoever answers or not.
// Where something is never blocked, frames must be looked into, and gates say so.
func (t *tables) quarantine() {
	for _, at := range t.plan.Held() {
		if len(t.out.Quarantine) < datapath.MaxHeld {
			t.out.Quarantine = append(t.out.Quarantine, datapath.Held{Place: uint32(at)})
		}
	}
}
