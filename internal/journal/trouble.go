package journal

import "time"

// Limits of what is said.
const (
	// calmAfter is how long after the last failure a block that is written means
	// that writing is no trouble any more: on a full disk small ones fit now and then.
	calmAfter = 5 * time.Second
	// sayEvery is how often what happens again and again is said.
	sayEvery = time.Minute
)

// trouble is a state that is said when it begins and when it is over, and not in
// between.
type trouble struct {
	problem string // empty: none
	last    time.Time
}

// begin notes a failure; true if it is the first.
func (t *trouble) begin(now time.Time, err error) bool {
	first := t.problem == ""
	t.problem, t.last = err.Error(), now
	return first
}

// over notes a success; true if the trouble ends with it, for which the last
// failure must be calm ago.
func (t *trouble) over(now time.Time, calm time.Duration) bool {
	if t.problem == "" || now.Sub(t.last) < calm {
		return false
	}
	t.problem = ""
	return true
}

// seldom is something that is said once in sayEvery.
type seldom struct {
	last  time.Time // when it was said
	count int       // how often it happened since
}

// say counts one more time, and tells whether to say it now, with the number of
// times since it was last said.
func (s *seldom) say(now time.Time) (count int, say bool) {
	s.count++
	if !s.last.IsZero() && now.Sub(s.last) < sayEvery {
		return 0, false
	}
	count, s.count, s.last = s.count, 0, now
	return count, true
}
