package baseline

import "firedoor"

// Range is what was written to one element.
type Range struct {
	Min, Max float64
	Count    uint32 // values learned
	Settled  uint32 // Count when it last grew
}

// MaxRanged is how many elements of one write have a range of their own.
const MaxRanged = 16

// minRange is how many values make a range that is worth an alert, and
// maxOutside how often one statement says that it was left.
const (
	minRange   = 2
	maxOutside = 8
)

// Outside is a written value outside what was learned.
type Outside struct {
	Element   int
	Got       float64
	Low, High float64
}

// Write learns the values of an asked write, or compares them with what was
// learned: the first one outside comes back with true. A range wider than half
// of what its type can hold is noise and says nothing.
func (t *Table) Write(st int32, v *firedoor.Values, learning bool) (Outside, bool) {
	n := min(v.Len(), MaxRanged)
	s := &t.details[st]
	if n == 0 {
		s.loose = s.loose || learning
		return Outside{}, false
	}
	if s.ranges < 0 {
		if !learning || !t.reserve(s, n) {
			return Outside{}, false
		}
	}
	rs := t.ranges[s.ranges : int(s.ranges)+int(s.nRanges)]
	if learning {
		s.loose = s.loose || n > len(rs)
		for i := range rs[:min(n, len(rs))] {
			x := v.Float(i)
			s.loose = s.loose || x != x
			rs[i].learn(x)
		}
		return Outside{}, false
	}
	for i := range rs[:min(n, len(rs))] {
		if got := v.Float(i); rs[i].leaves(got, v.Type) {
			if s.outside >= maxOutside {
				return Outside{}, false
			}
			s.outside++
			return Outside{Element: i, Got: got, Low: rs[i].Min, High: rs[i].Max}, true
		}
	}
	return Outside{}, false
}

func (t *Table) reserve(s *detail, n int) bool {
	if len(t.ranges)+n > t.limits.Ranges {
		return false
	}
	s.ranges, s.nRanges = int32(len(t.ranges)), uint8(n)
	for range n {
		t.ranges = append(t.ranges, Range{})
	}
	return true
}

func (r *Range) learn(x float64) {
	if x != x { // a NaN has no place in a range
		return
	}
	r.Count++
	switch {
	case r.Count == 1:
		r.Min, r.Max, r.Settled = x, x, 1
	case x < r.Min:
		r.Min, r.Settled = x, r.Count
	case x > r.Max:
		r.Max, r.Settled = x, r.Count
	}
}

// leaves tells whether x is clearly outside: by a twentieth of the range, or by
// a whole range where it was still growing in the second half of learning.
func (r *Range) leaves(x float64, typ firedoor.ValueType) bool {
	if r.Count < minRange || r.noise(typ) || x >= r.Min && x <= r.Max { // of infinities there is no span
		return false
	}
	span := r.Max - r.Min
	margin := span / 20
	if r.Settled > r.Count/2 {
		margin = span
	}
	return !(x >= r.Min-margin && x <= r.Max+margin)
}

// noise tells whether the values fill more than half of what the type can
// hold: counters, low words of floats, random bits.
func (r *Range) noise(typ firedoor.ValueType) bool {
	size := typ.Size()
	if size == 0 || typ == firedoor.Bool || typ >= firedoor.F32 {
		return false
	}
	return r.Max-r.Min > float64(uint64(1)<<(8*size-1))
}

// Loose tells whether something was written while learning that is in none of the ranges: what nobody
// understood, no number, or more elements than the first time.
func (t *Table) Loose(st int32) bool { return t.details[st].loose }

// Ranges gives the learned ranges of a statement's written elements.
func (t *Table) Ranges(st int32) []Range {
	s := &t.details[st]
	if s.ranges < 0 {
		return nil
	}
	return t.ranges[s.ranges : int(s.ranges)+int(s.nRanges)]
}
