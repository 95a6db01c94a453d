package sensor

import (
	"slices"

	"firedoor/internal/packet"
)

// clock turns the timestamps of one source into traffic time: never backwards,
// and not moved by a frame whose timestamp no other confirms.
type clock struct {
	now     int64
	shift   int64 // added to the source's time after it was set back
	started bool
	doubt   int   // frames in a row that disagree with now
	at      int64 // what they claim
	Jumps   uint64
	Odd     uint64 // frames whose time was not believed
}

// believeStep is a step between two frames that needs no second witness, and
// witnesses is how many frames in a row must agree on a longer one.
const (
	believeStep = int64(600e9)
	witnesses   = 3
)

// start begins a source. first are its earliest timestamps: if the very first
// is far from the middle of them, it is not believed.
func (c *clock) start(first []int64) {
	*c = clock{Jumps: c.Jumps, Odd: c.Odd}
	if len(first) == 0 {
		return
	}
	sorted := slices.Clone(first)
	for i := range sorted {
		sorted[i] = sane(sorted[i])
	}
	slices.Sort(sorted)
	middle := sorted[len(sorted)/2]
	c.started = true
	for _, t := range first {
		if t = sane(t); t >= middle-believeStep && t <= middle+believeStep {
			c.now = t
			return
		}
	}
}

// maxTime is the latest time that is told apart, in 2116: twice it still fits.
const maxTime = 1<<62 - 1

// sane is a claimed time within what can be reckoned with.
func sane(t int64) int64 { return min(max(t, 0), maxTime) }

// expect looks at the frames behind one that claims t: where those that are at
// hand bear out a long step, it is believed at once, and the first frame behind a
// pause has its own time. One frame that stands alone waits for witnesses.
func (c *clock) expect(t int64, behind []packet.Frame) {
	t = sane(sane(t) + c.shift)
	if step := t - c.now; step <= believeStep && step >= -believeStep {
		return
	}
	behind = behind[:min(len(behind), witnesses-1)]
	for i := range behind {
		if d := sane(sane(behind[i].Time)+c.shift) - t; d > believeStep || d < -believeStep {
			return
		}
	}
	if len(behind) > 0 {
		c.jump(t)
	}
}

// jump moves the clock to t, or the source's time to the clock: traffic time
// never runs backwards.
func (c *clock) jump(t int64) {
	c.doubt = 0
	c.Jumps++
	if t > c.now {
		c.now = t
	} else {
		c.shift += c.now - t
	}
}

// tick returns the traffic time of a frame that claims t.
func (c *clock) tick(t int64) int64 {
	t = sane(sane(t) + c.shift)
	step := t - c.now
	if step >= 0 && step <= believeStep {
		c.now, c.doubt = t, 0
		return t
	}
	if step < 0 && step >= -believeStep { // frames out of order by a little
		c.doubt = 0
		return c.now
	}
	c.Odd++
	if c.doubt > 0 && t-c.at <= believeStep && t-c.at >= -believeStep {
		c.doubt++
	} else {
		c.doubt = 1
	}
	c.at = t
	if c.doubt < witnesses {
		return c.now
	}
	c.jump(t)
	return c.now
}
