// Package chance makes all that is left to chance in the virtual factory
// repeatable: equal seeds give equal numbers, on every machine.
//
// It must not be used for anything secret, and must not know what its numbers are for.
package chance

import (
	"math/bits"
	"time"
)

// Random is a small generator of repeatable numbers (the 64-bit mixing of
// SplitMix, Steele et al. 2014). The zero value is a generator.
type Random struct{ state uint64 }

// New returns a generator; equal seeds give equal numbers.
func New(seed uint64) Random { return Random{state: seed} }

// Named gives the generator of a named thing: it depends on the seed and the name
// alone, so that one more thing changes nobody else's numbers.
func Named(seed uint64, name string) Random {
	hash := uint64(14695981039346656037) // FNV-1a
	for i := range len(name) {
		hash = (hash ^ uint64(name[i])) * 1099511628211
	}
	mix := Random{state: seed ^ hash}
	return Random{state: mix.Next()}
}

// Next returns 64 bits.
func (r *Random) Next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// N returns a number in [0, n); 0 when n is not positive.
func (r *Random) N(n int) int { return int(r.N64(int64(n))) }

// N64 returns a number in [0, n), as N does, also where int has 32 bits.
func (r *Random) N64(n int64) int64 {
	if n <= 0 {
		return 0
	}
	hi, _ := bits.Mul64(r.Next(), uint64(n))
	return int64(hi)
}

// Duration returns a duration in [0, d); 0 when d is not positive.
func (r *Random) Duration(d time.Duration) time.Duration { return time.Duration(r.N64(int64(d))) }

// Fill fills b with bytes.
func (r *Random) Fill(b []byte) {
	for i := range b {
		b[i] = byte(r.Next() >> 32)
	}
}
