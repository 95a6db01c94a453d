package guardian

import (
	"fmt"
	"time"
)

// eye says whether a heartbeat that is old means that a worker hangs. What counts is for how long it is silent while
// whoever looks, and the worker's core, do something: after a pause of either it has as long to beat as ever, and if it
// does not then, it hangs. Times are of the clock of heartbeats. The zero value has not looked yet.
type eye struct {
	looked  time.Duration
	own     time.Duration // its last beat
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

// look hears when a worker beat last, and whether its core stands still. It tells whether the worker is to be
// ended, and whether something stood still, so that it is not its frame that is to blame. That it beat since the last look is told by
// the beat and by no length of time: two looks may come one right after the other, with a beat before the first one
// that came too late for it.
func (e *eye) look(now, own time.Duration, still bool) (end, late bool) {
	passed := now - e.looked
	if e.looked == 0 {
		passed = now - own
	}
	e.looked = now
	late = still || passed > hung
	counts := min(passed, maxCounts)
	switch {
	case own != e.own:
		*e = eye{looked: now, own: own, quiet: max(0, min(now-own, counts))}
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

// heard is when the worker itself beat last, where the last heartbeat was at a time.
func (p *pulse) heard(at time.Duration) time.Duration {
	if at != p.lent {
		p.own, p.lent = at, 0
	}
	return p.own
}

// watchman looks after the worker that judges. The zero value looks for the first time.
type watchman struct {
	eye     eye
	pulse   pulse
	inquiry inquiry
	ended   *hand // that it told of
}

// inspect ends a worker that hangs, if it may be ended. While its core stands still, and after a pause of the
// machine, it beats in its place.
func (g *Guardian) inspect(w *watchman, active *hand, may bool) {
	at, now := g.path.LastBeat()
	if at == 0 {
		return // the next one has not beaten yet
	}
	stood := w.eye.still
	still := now-w.pulse.heard(at) > suspect && stood < maxStill && w.inquiry.still(active.pid)
	at, now = g.path.LastBeat() // to ask takes a while, and it may have beaten meanwhile
	own := w.pulse.heard(at)
	end, late := w.eye.look(now, own, still)
	switch {
	case late && !end && now-own > suspect && w.eye.still < maxStill:
		_ = g.path.Beat()
		w.pulse.lent, _ = g.path.LastBeat()
	case stood > hung && w.eye.still == 0: // shorter ones are many, and change nothing
		g.event("core-stood-still", fmt.Sprintf("the core of %s stood still for %v or somewhat longer; frames waited", active.name(), stood.Round(time.Millisecond)))
	}
	if late {
		g.stoodStill(time.Now())
	}
	if end && may && w.ended != active {
		w.ended = active // to end it may take a while
		g.event("worker-hangs", fmt.Sprintf("%s says nothing for %v: it is ended", active.name(), (now-own).Round(time.Millisecond/10)))
	}
	if end && may {
		active.hang(time.Now().Add(own-now), late)
	}
}

// stoodStill says that what frames waited for now tells nothing of them.
func (g *Guardian) stoodStill(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.guard.stood = now
}
