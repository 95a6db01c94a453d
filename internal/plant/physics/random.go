package physics

import (
	"math"

	"firedoor/internal/plant/chance"
)

// random is a generator with the distributions of noise. Every sensor and every cell has one of its
// own, so that a fault in one place changes no noise in another: a run with an
// attack differs from the run without it only by what follows from the attack.
type random struct{ chance.Random }

func seeded(seed uint64) random { return random{chance.New(seed)} }

// unit is uniform in [0, 1).
func (r *random) unit() float64 { return float64(r.Next()>>11) / (1 << 53) }

// normal has mean 0 and deviation 1 and is the sum of the four 16-bit parts of
// one draw: near enough to a bell, never beyond 3.5, and exact everywhere.
func (r *random) normal() float64 {
	const mean, deviation = 131070, 37837.227 // of the sum of four uniform 16-bit numbers
	u := r.Next()
	s := u&0xffff + u>>16&0xffff + u>>32&0xffff + u>>48
	return (float64(s) - mean) / deviation
}

// split gives a generator that shares nothing with this one.
func (r *random) split() random { return seeded(r.Next()) }

// clamp keeps x between low and high.
func clamp(x, low, high float64) float64 { return math.Min(math.Max(x, low), high) }

// toward moves x the share 1/tau of the way to target: a first-order lag of tau
// seconds, one second long. tau is at least 1, which keeps it stable.
func toward(x, target, tau float64) float64 { return x + (target-x)/tau }

// ramp moves x to target by at most step.
func ramp(x, target, step float64) float64 { return x + clamp(target-x, -step, step) }

// number is 1 for true: how a memory holds it.
func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
