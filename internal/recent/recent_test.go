package recent_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"firedoor/internal/recent"
)

// TestRange holds a span against all values there were: it looks at no less than its time,
// and at no more than an eighth beyond it.
func TestRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		within := rapid.SampledFrom([]time.Duration{time.Second, time.Minute, time.Hour}).Draw(t, "within")
		now := int64(1_772_323_200e9)
		type point struct {
			at int64
			v  float64
		}
		all := []point{{math.MinInt64, 5}}
		s := recent.New(now, within, 5)
		far := func(old int64) (low, high float64) { // of values that held within old ns
			low, high = math.Inf(1), math.Inf(-1)
			for i, p := range all {
				if i+1 == len(all) || all[i+1].at > now-old {
					low, high = min(low, p.v), max(high, p.v)
				}
			}
			return low, high
		}
		for range rapid.IntRange(1, 40).Draw(t, "points") {
			now += rapid.Int64Range(0, int64(within)/3).Draw(t, "later")
			if rapid.Bool().Draw(t, "add") {
				v := float64(rapid.IntRange(0, 100).Draw(t, "v"))
				s.Add(now, v)
				all = append(all, point{now, v})
			}
			low, high := s.Range(now)
			least, most := far(int64(within))
			if low > least || high < most {
				t.Fatalf("%g to %g, but %g to %g held", low, high, least, most)
			}
			least, most = far(int64(within) + int64(within)/8)
			if low < least || high > most {
				t.Fatalf("%g to %g, but only %g to %g held in an eighth more", low, high, least, most)
			}
		}
	})
}

// TestTimeThatGoesBack holds that nothing is forgotten by it, and that a long pause leaves
// what held last.
func TestTimeThatGoesBack(t *testing.T) {
	now := int64(1_772_323_200e9)
	s := recent.New(now, time.Second, 5)
	s.Add(now, 9)
	if low, high := s.Range(now - 3600e9); low != 5 || high != 9 {
		t.Errorf("%g to %g", low, high)
	}
	if low, high := s.Range(now + 365*24*3600e9); low != 9 || high != 9 {
		t.Errorf("after a year: %g to %g", low, high)
	}
}
