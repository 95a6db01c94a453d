package physics

import (
	"math"
	"testing"
	"time"
)

// TestHallIsWarmestInTheAfternoon walks the day: no jump, one top, one bottom.
func TestHallIsWarmestInTheAfternoon(t *testing.T) {
	p := New(1, early)
	warmest, coldest := int64(0), int64(0)
	high, low, last := -100.0, 100.0, 0.0
	for s := range day {
		p.second = s
		w := p.weather()
		if s > 0 && math.Abs(w-last) > 0.001 {
			t.Fatalf("at %d s the hall jumps from %g to %g °C", s, last, w)
		}
		last = w
		if w > high {
			high, warmest = w, s
		}
		if w < low {
			low, coldest = w, s
		}
	}
	if warmest != 15*3600 || coldest != 3*3600 || high-low < 4 || high-low > 6 {
		t.Errorf("warmest at %d s, coldest at %d s, %g..%g °C", warmest, coldest, low, high)
	}
}

// TestWearIsSlow: machines wear by the week, not by the hour, and dirt keeps heat
// from the product until somebody cleans.
func TestWearIsSlow(t *testing.T) {
	p := New(1, early)
	friction, fouled, wear := p.mixers[0].friction, p.mixers[0].fouled, p.filler.wear
	run(p, 24*time.Hour)
	f, d, w := p.mixers[0].friction-friction, p.mixers[0].fouled-fouled, p.filler.wear-wear
	for name, v := range map[string][3]float64{
		"friction, N·m": {f, 0.02, 0.05}, "dirt, share of heat": {d, 0.008, 0.02}, "nozzle, g": {w, 0.01, 0.05},
	} {
		if v[0] < v[1] || v[0] > v[2] {
			t.Errorf("%s: %g in a day, want %g to %g", name, v[0], v[1], v[2])
		}
	}
}
