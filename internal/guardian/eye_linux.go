package guardian

import (
	"fmt"
	"time"
)

// eye says whether a heartbeat that is old means that a worker hangs. What counts is for how long it is silent while
// whoever looks, and the worker's core, do something: after a pause of either it has as long to beat as ever, and if it
// does not then, it hangs. The zero value has not looked yet.
type eye struct {
	looked  time.Time
	quiet   time.Duration // for how long it is silent, as far as that counts
	still   time.Duration // for how long its core stood still since it beat
	pauses  int           // of whoever looks, since it beat
	excused bool          // more of them than are waited for
}

const (
	// maxCounts is how much of the time between two looks counts.
	maxCounts = 2 * watchEvery
	// maxPauses is after how many pauses of whoever looks a worker has its time anew; further ones excuse it, and no more.
	maxPauses = 3
)

// look hears that a worker is silent for so long, and whether its core stands still. It tells whether the worker is to be
// ended, and whether something stood still, so that it is not its frame that is to blame.
func (e *eye) look(now time.Time, silent time.Duration, still bool) (end, late bool) {
	passed := silent
	if !e.looked.IsZero() {
		passed = now.Sub(e.looked)
	}
	e.looked = now
	late = still || passed > hung
	counts := min(passed, maxCounts)
	switch {
	case silent < passed: // it beat since
		*e = eye{looked: now, quiet: min(silent, counts)}
	case still:
		e.quiet = 0
		e.still += counts
	case late && e.pauses < maxPauses:
		e.quiet = 0
		e.pauses++
	default:
		e.quiet += counts
		e.excused = e.excused || late
	}
	return e.quiet > hung, late || e.excused
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
}

// inspect ends a worker that hangs, if it may be ended. While its core stands still, and after a pause of the
// machine, it beats in its place.
func (g *Guardian) inspect(w *watchman, active *hand, may bool) {
	silent, stood := w.pulse.silent(g.path.LastBeat()), w.eye.still
	still := silent > suspect && stood < maxStill && w.inquiry.still(active.pid)
	now := time.Now()
	end, late := w.eye.look(now, silent, still)
	switch {
	case late && !end && silent > suspect && w.eye.still < maxStill:
		_ = g.path.Beat()
		w.pulse.lent, _ = g.path.LastBeat()
	case stood > hung && w.eye.still == 0: // shorter ones are many, and change nothing
		g.event("core-stood-still", fmt.Sprintf("the core of %s stood still for %v or somewhat longer; frames waited", active.name(), stood.Round(time.Millisecond)))
	}
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
