// Package recent keeps how far a value went within the last while, in traffic time, for
// those who judge how fast it may change (policy.Rate).
//
// It must not know a clock, nor whose value it is.
package recent

import "time"

// parts is in how many parts a time is cut. What is older than the time by less than one
// part of it still counts: never less than the time is looked at.
const parts = 8

// Span is the lowest and the highest value in each part of the last while.
type Span struct {
	within    int64 // ns
	part      int64 // number of the latest part, from 1970
	last      float64
	low, high [parts + 1]float64 // by the number of the part, modulo
}

// New is a span of a value that held for long. Within must be above 0.
func New(t int64, within time.Duration, v float64) *Span {
	s := &Span{within: int64(within), last: v}
	s.part = t / max(s.within/parts, 1)
	for i := range s.low {
		s.low[i], s.high[i] = v, v
	}
	return s
}

// Add notes that a value holds from a time (ns since 1970) on. Time that goes back counts
// as none that went by.
func (s *Span) Add(t int64, v float64) {
	s.move(t)
	i := s.part % (parts + 1)
	s.last, s.low[i], s.high[i] = v, min(s.low[i], v), max(s.high[i], v)
}

// Range gives the lowest and the highest value that held within the time before t.
func (s *Span) Range(t int64) (low, high float64) {
	s.move(t)
	low, high = s.low[0], s.high[0]
	for i := range s.low {
		low, high = min(low, s.low[i]), max(high, s.high[i])
	}
	return low, high
}

// move fills the parts that went by with the value that held.
func (s *Span) move(t int64) {
	now := t / max(s.within/parts, 1)
	if now-s.part > parts {
		s.part = now - parts - 1
	}
	for s.part < now {
		s.part++
		s.low[s.part%(parts+1)], s.high[s.part%(parts+1)] = s.last, s.last
	}
}
