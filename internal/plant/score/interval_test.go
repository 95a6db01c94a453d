package score

import (
	"math"
	"testing"
)

// The expected numbers are those of published tables: Garwood's of 1936 for
// Poisson counts, and Wilson's formula as statistics packages print it.
func TestGarwoodIsTheTable(t *testing.T) {
	for _, c := range []struct {
		k         int
		low, high float64
	}{
		{0, 0, 3.689},
		{1, 0.0253, 5.572},
		{2, 0.2422, 7.225},
		{5, 1.623, 11.668},
		{10, 4.795, 18.390},
		{20, 12.217, 30.888},
		{50, 37.111, 65.919},
		{100, 81.364, 121.627},
	} {
		got := Garwood(c.k)
		if math.Abs(got.Low-c.low) > 0.0015 || math.Abs(got.High-c.high) > 0.0015 {
			t.Errorf("%d: %.4f to %.4f, want %.4f to %.4f", c.k, got.Low, got.High, c.low, c.high)
		}
	}
}

// Far from the tables the interval must still be one of a Poisson count: about
// two square roots to each side, and its tails must hold what they say.
func TestGarwoodOfManyHoldsItsTails(t *testing.T) {
	for _, k := range []int{1_000, 10_000, 1_000_000} {
		got := Garwood(k)
		root := math.Sqrt(float64(k))
		if got.Low > float64(k)-1.9*root || got.Low < float64(k)-2.1*root || got.High < float64(k)+1.9*root || got.High > float64(k)+2.1*root {
			t.Errorf("%d: %v", k, got)
		}
		if p := atMost(k, got.High); math.Abs(p-tail) > 1e-6 {
			t.Errorf("%d: %v below the upper end, want %v", k, p, tail)
		}
		if p := atLeast(k, got.Low); math.Abs(p-tail) > 1e-6 {
			t.Errorf("%d: %v above the lower end, want %v", k, p, tail)
		}
	}
}

func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 0, 0, 1}, {0, 10, 0, 0.2775}, {10, 10, 0.7225, 1}, {5, 10, 0.2366, 0.7634}, {1, 1, 0.2065, 1}, {81, 263, 0.2553, 0.3662},
	} {
		got := Wilson(c.k, c.n)
		if math.Abs(got.Low-c.low) > 0.0002 || math.Abs(got.High-c.high) > 0.0002 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.k, c.n, got.Low, got.High, c.low, c.high)
		}
	}
}

func TestRoundingKeepsThreeDigits(t *testing.T) {
	for in, want := range map[float64]float64{0: 0, 1: 1, 1234567: 1230000, 0.0012345: 0.00123, 99.96: 100, 3.68888: 3.69, math.Inf(1): 0} {
		if got := rounded(in); got != want {
			t.Errorf("%v became %v, want %v", in, got, want)
		}
	}
}
