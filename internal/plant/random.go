package plant

import "math/bits"

// Random is a small generator of repeatable numbers (the 64-bit mixing of
// SplitMix, Steele et al. 2014). It must not be used for anything secret.
type Random struct{ state uint64 }

// NewRandom returns a generator; equal seeds give equal numbers.
func NewRandom(seed uint64) Random { return Random{state: seed} }

// Next returns 64 bits.
func (r *Random) Next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// N returns a number in [0, n); 0 when n is not positive.
func (r *Random) N(n int) int {
	return int(r.N64(int64(n)))
}

// N64 returns a number in [0, n), as N does, also where int has 32 bits.
func (r *Random) N64(n int64) int64 {
	if n <= 0 {
		return 0
	}
	hi, _ := bits.Mul64(r.Next(), uint64(n))
	return int64(hi)
}

// Fill fills b with bytes.
func (r *Random) Fill(b []byte) {
	for i := range b {
		b[i] = byte(r.Next() >> 32)
	}
}
