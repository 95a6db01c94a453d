package sensor

import (
	"time"

	"firedoor"
)

// Learning says how long a watch learns when it begins with nothing. At most one
// of the members is set; with none there is no baseline, and only alerts that
// need no comparison.
type Learning struct {
	For       time.Duration // traffic time from the first frame on
	Percent   float64       // of the frames of all captures
	UntilTold bool
}

func (l Learning) any() bool { return l.For > 0 || l.Percent > 0 || l.UntilTold }

// course is the stored part of a baseline's life: what stage it is in, and how it
// goes on.
type course struct {
	Stage    firedoor.Stage
	Since    int64 // traffic time
	For      int64 // learning ends after so much traffic time from From on; 0: not by time
	From     int64 // as learnElapsed counts
	Boundary uint64
	Reason   string            // of a pause, in the words of whoever asked for it
	Judges   map[string][]byte // what detectors remembered when a pause began
	Before   firedoor.Stage    // the stage that a pause interrupted
	Paused   int64             // learnElapsed when it began
	Counted  uint64            // and the frames counted then
}

// learning tells whether the frame at hand is learned from, and ends learning
// when its time has come.
func (w *Watch) learning() bool {
	c := &w.course
	if c.Stage != firedoor.Learning {
		return false
	}
	switch {
	case c.For > 0:
		if w.from.learnElapsed()-c.From < c.For {
			return true
		}
	case c.Boundary > 0:
		if w.feed.counted < c.Boundary {
			return true
		}
	default:
		return true
	}
	w.enter(firedoor.Watching)
	return false
}

func (w *Watch) enter(s firedoor.Stage) {
	w.course.Stage, w.course.Since = s, w.feed.clock.now
	w.book.stage(w.course.Since, s, w.course.Reason)
}

// learn begins learning, or goes on with it: for a time, or until told. Nothing
// may be under way.
func (w *Watch) learn(length time.Duration) {
	w.unpause()
	w.enter(firedoor.Learning)
	w.course.For, w.course.From, w.course.Boundary = int64(length), w.from.learnElapsed(), 0
	if w.p.site.armed {
		w.p.site.relearned = w.feed.clock.now
	}
	w.p.site.armed = false // until learning is over again
}

// watch ends learning now.
func (w *Watch) watch() {
	w.unpause()
	w.enter(firedoor.Watching)
	w.p.site.turn(false)
}

// pause begins a maintenance window: what is new in it is told as such, without
// alarm, and nothing is learned from it.
func (w *Watch) pause(reason string) error {
	if w.course.Stage == firedoor.Paused {
		w.course.Reason = reason
		return nil
	}
	state, err := w.p.site.board.State(&stateCodec)
	if err != nil {
		return err
	}
	w.course.Judges, w.course.Before, w.course.Reason = state.Judges, w.course.Stage, reason
	w.course.Paused, w.course.Counted = w.from.learnElapsed(), w.feed.counted
	w.enter(firedoor.Paused)
	w.calm()
	return nil
}

// calm tells the site that a maintenance window is on, if one is: nothing alarms,
// and learning that it interrupts is not over.
func (w *Watch) calm() {
	c := &w.course
	w.p.site.board.Calm(c.Reason)
	w.p.site.interrupted = c.Stage == firedoor.Paused && c.Before == firedoor.Learning
}

// resume ends a maintenance window: what was first seen in it is new again when
// it comes back, and judges know no more than before it.
func (w *Watch) resume() error {
	if w.course.Stage != firedoor.Paused {
		return nil
	}
	since := w.course.Since
	for i := range lanes {
		t := w.p.lane(i).table
		w.p.lane(i).forget(func(_, st int32) bool {
			s := t.Statement(st)
			return !s.Learned && s.First >= since
		})
	}
	w.book.skip(w.p.view().lanes)
	err := w.p.site.board.Remind(&stateCodec, w.course.Judges)
	before := w.course.Before
	if c := &w.course; before == firedoor.Learning { // what passed in the window was not learned from
		c.From += w.from.learnElapsed() - c.Paused
		if c.Boundary > 0 {
			c.Boundary += w.feed.counted - c.Counted
		}
	}
	w.unpause()
	w.enter(before)
	return err
}

func (w *Watch) unpause() {
	w.course.Judges, w.course.Reason, w.course.Before = nil, "", ""
	w.p.site.board.Calm("")
	w.p.site.interrupted = false
}
