package gateway

import (
	"time"

	"firedoor"
	"firedoor/internal/guardian"
	"firedoor/internal/policy"
)

// Limits of measuring how long frames take.
const (
	// maxPaced is how many clients of conduits are told apart in a second; the frames of
	// further ones count for their conduit alone.
	maxPaced = 1024
	// paceEvery is how often it is looked whether a conduit is over its budget.
	paceEvery = int64(time.Second)
	// maxAge is how long a frame can have taken; beyond that somebody set the clock.
	maxAge = int64(10 * time.Second)
)

// pace measures how long frames took since the kernel had them, by conduit. It belongs to
// the thread that judges; out is read by another one.
type pace struct {
	number  uint32
	plan    *policy.Plan
	budgets []int64
	rows    []paceRow
	clients map[paceKey]uint32
	since   int64
	out     chan *guardian.Pace
}

type paceRow struct {
	frames, over uint32
	worst        int64
	told         int // its place among those that are told of + 1
}

type paceKey struct {
	conduit int32
	client  firedoor.IP
}

func newPace() *pace {
	return &pace{clients: make(map[paceKey]uint32, maxPaced), out: make(chan *guardian.Pace, 4)}
}

// setPlan measures by another policy from now on.
func (p *pace) setPlan(o *ordered) {
	p.number, p.plan = o.number, o.plan
	conduits := o.plan.Policy.Conduits
	p.budgets, p.rows = make([]int64, len(conduits)), make([]paceRow, len(conduits))
	for i := range conduits {
		p.budgets[i] = int64(budgetOf(&conduits[i]))
	}
	clear(p.clients)
}

// budgetOf is how long a frame of a conduit may take.
func budgetOf(c *policy.Conduit) time.Duration {
	if c.Budget == 0 {
		return policy.DefaultBudget
	}
	return c.Budget
}

// frame takes how long a frame of a conduit took.
func (p *pace) frame(conduit int32, client firedoor.IP, took int64) {
	if conduit < 0 || int(conduit) >= len(p.rows) || took > maxAge {
		return
	}
	r := &p.rows[conduit]
	r.frames++
	if took > p.budgets[conduit] {
		r.over++
		r.worst = max(r.worst, took)
	}
	k := paceKey{conduit, client}
	if n := p.clients[k]; n > 0 || len(p.clients) < maxPaced {
		p.clients[k] = n + 1
	}
}

// look tells once a second of conduits with frames over their budget.
func (p *pace) look(now int64) {
	if now-p.since < paceEvery {
		return
	}
	p.since = now
	over := false
	for i := range p.rows {
		over = over || p.rows[i].over > 0
	}
	if over {
		select {
		case p.out <- p.tell():
		default: // whoever tells has no time either
		}
	}
	clear(p.rows)
	clear(p.clients)
}

// tell is what went over its budget, and the client that took most of it. It runs on the thread
// that judges, so it looks at each client once, however many conduits are over theirs.
func (p *pace) tell() *guardian.Pace {
	out := &guardian.Pace{}
	for i := range p.rows {
		r := &p.rows[i]
		if r.over == 0 {
			continue
		}
		c := guardian.ConduitPace{Conduit: uint32(i + 1), Name: p.plan.Policy.Conduits[i].Name, Budget: time.Duration(p.budgets[i]), Frames: r.frames, Over: r.over,
			Worst: time.Duration(r.worst), Order: p.number}
		out.Conduits = append(out.Conduits, c)
		r.told = len(out.Conduits)
	}
	for k, n := range p.clients {
		at := p.rows[k.conduit].told
		if at == 0 {
			continue
		}
		c := &out.Conduits[at-1]
		if a := k.client.Netip(); a.IsValid() && (n > c.Of || n == c.Of && a.Less(c.Client)) {
			c.Client, c.Of = a, n
		}
	}
	return out
}

// tellPace hands on what was measured.
func (w *worker) tellPace(to *speech) {
	for p := range w.pace.out {
		if to.link.SendJSON(guardian.KindPace, p) != nil {
			return // whoever listened is gone; listen ends the process
		}
	}
}
