package baseline

import (
	"math/rand"
	"testing"
)

func TestRhythm(t *testing.T) {
	noise := rand.New(rand.NewSource(1))
	message := func(n int) []byte {
		b := make([]byte, n)
		noise.Read(b)
		copy(b, "\x57\x01")
		return b
	}
	type play func(r *Rhythm)
	beat := func(n int, gap int64, lengths ...int) play {
		return func(r *Rhythm) {
			for i := range n {
				now := int64(1e12) + int64(i)*gap + noise.Int63n(gap/10)
				r.Take(0, message(lengths[i%len(lengths)]), now)
				r.Take(1, message(20), now+1e6)
			}
		}
	}
	for _, k := range []struct {
		name    string
		play    play
		regular bool
	}{
		{"polling", beat(40, 1e9, 12), true},
		{"three blocks in turn", beat(60, 1e8, 12, 30, 44), true},
		{"bursts of two", func(r *Rhythm) {
			for i := range int64(40) {
				r.Take(0, message(12), 1e12+i*1e9)
				r.Take(0, message(30), 1e12+i*1e9+5e6)
			}
		}, true},
		{"a greeting of many lengths", func(r *Rhythm) {
			for i := range 20 {
				r.Take(0, message(40+i), 1e12+int64(i))
				r.Take(1, message(90+i), 1e12+int64(i))
			}
			beat(200, 1e9, 12)(r)
		}, true},
		{"a server that tells unasked", func(r *Rhythm) {
			r.Take(0, message(30), 1e12)
			for i := range int64(40) {
				r.Take(1, message(12), 1e12+i*1e9)
			}
		}, true},
		{"a server that tells when it likes", func(r *Rhythm) {
			for i, now := int64(0), int64(1e12); i < 200; i++ {
				now += 1 << (20 + noise.Intn(18))
				r.Take(1, message(12), now)
			}
		}, false},
		{"too few", beat(10, 1e9, 12), false},
		{"every length", func(r *Rhythm) {
			for i := range int64(200) {
				r.Take(0, message(10+int(i)), 1e12+i*1e9)
			}
		}, false},
		{"when it likes", func(r *Rhythm) {
			for i, now := int64(0), int64(1e12); i < 200; i++ {
				now += 1 << (20 + noise.Intn(18))
				r.Take(0, message(12), now)
			}
		}, false},
		{"words", func(r *Rhythm) {
			for i := range int64(40) {
				r.Take(0, []byte("STATUS?\r\n"), 1e12+i*1e9)
			}
		}, false},
	} {
		var r Rhythm
		k.play(&r)
		if r.Regular() != k.regular {
			t.Errorf("%s: regular %v; period %d, lengths %v", k.name, !k.regular, r.Period(), r.Lengths)
		}
	}
	var r Rhythm
	beat(100, 1e9, 12, 12, 30)(&r)
	if p := r.Period(); p < 9e8 || p > 11e8 {
		t.Errorf("period %d, want about a second", p)
	}
	if l := r.Common(0); len(l) != 2 || l[0].Length != 12 || l[1].Length != 30 {
		t.Errorf("lengths %v", l)
	}
	r = Rhythm{}
	beat(300, 1e9, 12)(&r)
	r.Take(0, message(99), 2e12)
	if l := r.Common(0); len(l) != 1 || l[0].Length != 12 {
		t.Errorf("what came once is among the common lengths: %v", l)
	}
	if p := r.Prefix(0); len(p) < 2 || p[0] != 0x57 || p[1] != 0x01 || len(p) > 3 {
		t.Errorf("prefix %x", p)
	}
}
