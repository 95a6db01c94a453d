package guardian

import (
	"fmt"
	"time"
)

// eye says whether a heartbeat that is old means that a worker hangs. Whoever looks late stood
// still itself, and the worker most likely too; so it did if its core did. Then it has until the next look to beat. The
// zero value has not looked yet.
type eye struct {
	looked time.Time
	still  bool // the last look found that the worker's core stood still
	spared bool
}

// look tells whether a worker that was silent for so long is to be ended, and whether this look or the last
// one was late, or its core stands still, so that it is not the worker's frame that is to blame.
func (e *eye) look(now time.Time, silent time.Duration, still bool) (end, late bool) {
	late = still || e.still || !e.looked.IsZero() && now.Sub(e.looked) > hung
	e.looked, e.still = now, still
	switch {
	case silent <= hung || still:
		e.spared = false
		return false, late
	case late && !e.spared:
		e.spared = true
		return false, late
	}
	late = late || e.spared
	e.spared = false
	return true, late
}

// pulse tells a worker's heartbeats from those that the guardian gives in its place. The zero value has heard none.
type pulse struct {
	own  time.Duration // the worker's last one, by the clock of heartbeats
	lent time.Duration // the guardian's, where that was the last one
}

// silent is how long the worker itself is silent, where the last heartbeat was at a time, so long ago.
func (p *pulse) silent(at, ago time.Duration) time.Duration {
	if at != p.lent {
		p.own, p.lent = at, 0
	}
	return ago + at - p.own
}

// watchman looks after the worker that judges. The zero value looks for the first time.
type watchman struct {
	eye     eye
	pulse   pulse
	inquiry inquiry
	still   time.Duration // for how long the worker's core stood still at the last look
}

// inspect ends a worker that hangs, if it may be ended. While its core stands still it beats in its place.
func (g *Guardian) inspect(w *watchman, active *hand, may bool) {
	silent := w.pulse.silent(g.path.LastBeat())
	still := silent > suspect && silent < maxStill && w.inquiry.still(active.pid)
	switch {
	case still:
		w.still = silent
		_ = g.path.Beat()
		w.pulse.lent, _ = g.path.LastBeat()
	case w.still > 0:
		g.event("core-stood-still", fmt.Sprintf("the core of %s stood still for %v or somewhat longer; frames waited", active.name(), w.still.Round(time.Millisecond)))
		w.still = 0
	}
	now := time.Now()
	end, late := w.eye.look(now, silent, still)
	if late {
		g.stoodStill(now)
	}
	if end && may {
		active.hang(now.Add(-silent), late)
	}
}

// stoodStill says that what frames waited for now tells nothing of them.
func (g *Guardian) stoodStill(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.guard.stood = now
}
