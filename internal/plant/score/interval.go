package score

import "math"

// Interval bounds a number from both sides with 95 % confidence.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// z is the 97.5 % quantile of the normal distribution.
const z = 1.959963984540054

// Wilson is the interval of a share, k of n, between 0 and 1. Nothing is known of
// none: 0 to 1.
func Wilson(k, n int) Interval {
	if n == 0 {
		return Interval{0, 1}
	}
	count, share := float64(n), float64(k)/float64(n)
	square := z * z
	middle := share + square/(2*count)
	half := z * math.Sqrt(share*(1-share)/count+square/(4*count*count))
	whole := 1 + square/count
	return Interval{max(0, (middle-half)/whole), min(1, (middle+half)/whole)}
}

// tail is what lies outside of an interval on each side.
const tail = 0.025

// Garwood is the exact interval of the mean of a Poisson count of which k was
// seen.
func Garwood(k int) Interval {
	seen := float64(k)
	reach := seen + float64(12*math.Sqrt(seen+1)) + 12
	out := Interval{High: bisect(seen, reach, func(mean float64) bool { return atMost(k, mean) > tail })}
	if k > 0 {
		out.Low = bisect(0, seen, func(mean float64) bool { return atLeast(k, mean) < tail })
	}
	return out
}

// bisect finds where below turns from true to false between two numbers.
func bisect(low, high float64, below func(float64) bool) float64 {
	const turns = 100
	for range turns {
		middle := (low + high) / 2
		if below(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}

// negligible is the share of a sum below which further terms are left out.
const negligible = 1e-17

// chance is the probability of exactly k.
func chance(k int, mean float64) float64 {
	if mean <= 0 {
		return 0
	}
	gamma, _ := math.Lgamma(float64(k) + 1)
	return math.Exp(float64(float64(k)*math.Log(mean)) - mean - gamma)
}

// atMost is the probability of k or fewer, for a mean of at least k: the terms
// fall from k downwards.
func atMost(k int, mean float64) float64 {
	term := chance(k, mean)
	sum := term
	for i := k; i > 0 && term > sum*negligible; i-- {
		term *= float64(i) / mean
		sum += term
	}
	return sum
}

// atLeast is the probability of k or more, for a mean of at most k.
func atLeast(k int, mean float64) float64 {
	term := chance(k, mean)
	sum := term
	for i := k + 1; term > sum*negligible; i++ {
		term *= mean / float64(i)
		sum += term
	}
	return sum
}

// rounded keeps three digits: more would pretend to be known, and would differ
// between machines.
func rounded(v float64) float64 {
	if v == 0 || v-v != 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-2)
	if unit >= 1 {
		return math.Round(v/unit) * unit
	}
	return math.Round(v/unit) / math.Round(1/unit)
}

func (i Interval) rounded() Interval { return Interval{rounded(i.Low), rounded(i.High)} }

func (i Interval) times(v float64) Interval { return Interval{i.Low * v, i.High * v} }
