package sensor

import (
	"firedoor/internal/packet"
	"math"
	"testing"

	"pgregory.net/rapid"
)

const second = int64(1e9)

// clockAt is a clock that has begun at t.
func clockAt(t int64) *clock {
	c := &clock{}
	c.start([]int64{t})
	return c
}

func ticks(c *clock, claims ...int64) []int64 {
	var out []int64
	for _, t := range claims {
		out = append(out, c.tick(t))
	}
	return out
}

func wantTimes(t *testing.T, got []int64, want ...int64) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("frame %d at %d, want %d (all: %v)", i+1, got[i], want[i], got)
		}
	}
}

const year = 365 * 86400 * second

func TestClockFollows(t *testing.T) {
	c := clockAt(1000 * second)
	wantTimes(t, ticks(c, 1000*second, 1001*second, 1001*second-5, 1002*second), 1000*second, 1001*second, 1001*second, 1002*second)
	if c.Odd != 0 || c.Jumps != 0 {
		t.Errorf("%+v", c)
	}
}

func TestClockNeedsWitnesses(t *testing.T) {
	for _, far := range []int64{10 * year, believeStep + 2*second} {
		c := clockAt(1000 * second)
		now := 1000 * second
		wantTimes(t, ticks(c, now+far, now+far+1, now+far+2, now+far+3), now, now, now+far+2, now+far+3)
		if c.Odd != 3 || c.Jumps != 1 {
			t.Errorf("%+v", c)
		}
	}
}

func TestClockWitnessesMustAgreeInARow(t *testing.T) {
	c := clockAt(1000 * second)
	now := 1000 * second
	got := ticks(c, now+year, now+2*year, now+3*year, now+year, now+1, now+year, now+year, now+2)
	wantTimes(t, got, now, now, now, now, now+1, now+1, now+1, now+2)
	if c.Jumps != 0 {
		t.Errorf("%+v", c)
	}
}

func TestClockSetBackGoesOn(t *testing.T) {
	c := clockAt(1000000 * second)
	now, back := 1000000*second, 3600*second
	got := ticks(c, now-back, now-back+second, now-back+2*second, now-back+3*second, now-back+10*second)
	wantTimes(t, got, now, now, now, now+second, now+8*second)
	if c.Jumps != 1 {
		t.Errorf("%+v", c)
	}
}

func TestClockDoubtsTheFirstFrame(t *testing.T) {
	now := 1000 * second
	for _, absurd := range []int64{now + 50*year, 0} {
		c := &clock{}
		c.start([]int64{absurd, now, now + 1, now + 2, now + 3})
		wantTimes(t, ticks(c, absurd, now, now+1), now, now, now+1)
		if c.Jumps != 0 {
			t.Errorf("%+v", c)
		}
	}
}

func TestClockCountsStayOverSources(t *testing.T) {
	c := clockAt(1000 * second)
	ticks(c, year, year, year)
	c.start([]int64{5 * second})
	if c.Jumps != 1 || c.Odd != 3 || c.tick(6*second) != 6*second {
		t.Errorf("%+v", c)
	}
	c.start(nil)
	if c.Jumps != 1 {
		t.Errorf("%+v", c)
	}
}

func TestClockOutlivesExtremes(t *testing.T) {
	c := clockAt(1 << 62)
	last := c.now
	for _, claim := range []int64{math.MinInt64, math.MaxInt64, 0, 1 << 62, -1} {
		for range 5 {
			if now := c.tick(claim); now < last {
				t.Fatalf("%d after %d, claimed %d", now, last, claim)
			}
			last = c.now
		}
	}
}

// TestClockNeverRunsBackwards whatever frames claim, from the least to the most
// a capture can say.
func TestClockNeverRunsBackwards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		claims := rapid.SliceOfN(rapid.OneOf(
			rapid.Int64Range(0, 1<<33), rapid.Int64Range(0, 1<<62), rapid.Int64Range(1000*second, 3000*second), rapid.Int64(),
		), 1, 60).Draw(t, "claims")
		c := &clock{}
		c.start(claims[:min(len(claims), 9)])
		last := c.now
		for _, claim := range claims {
			now := c.tick(claim)
			if now < last || now != c.now {
				t.Fatalf("%d after %d", now, last)
			}
			last = now
		}
	})
}

// TestOneAbsurdFrameChangesNothing: the others get the time they would have had.
func TestOneAbsurdFrameChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := rapid.Int64Range(0, 50*year).Draw(t, "start")
		var claims []int64
		for _, step := range rapid.SliceOfN(rapid.Int64Range(-second, 60*second), 1, 40).Draw(t, "steps") {
			now += step
			claims = append(claims, max(now, 0))
		}
		absurd := rapid.OneOf(rapid.Int64Range(now+2*believeStep, 1<<62), rapid.Int64Range(-1<<62, claims[0]-2*believeStep)).Draw(t, "absurd")
		at := rapid.IntRange(1, len(claims)).Draw(t, "at")
		with := append(append(append([]int64{}, claims[:at]...), absurd), claims[at:]...)
		a, b := clockAt(claims[0]), clockAt(claims[0])
		plain, got := ticks(a, claims...), ticks(b, with...)
		got = append(got[:at], got[at+1:]...)
		wantSame(t, plain, got)
		if b.Jumps != 0 {
			t.Fatalf("%+v", b)
		}
	})
}

func wantSame(t *rapid.T, want, got []int64) {
	for i := range want {
		if want[i] != got[i] {
			t.Fatalf("frame %d at %d, want %d", i+1, got[i], want[i])
		}
	}
}

// TestFirstFrameBehindAPause: where the frames behind it bear it out, a long step
// is believed with its first frame; one frame alone is not.
func TestFirstFrameBehindAPause(t *testing.T) {
	hour := int64(3600e9)
	for _, c := range []struct {
		name  string
		times []int64
		want  []int64
	}{
		{"pause", []int64{0, 1, hour, hour + 1, hour + 2}, []int64{0, 1, hour, hour + 1, hour + 2}},
		{"two frames behind the pause", []int64{0, 1, hour, hour + 1}, []int64{0, 1, hour, hour + 1}},
		{"one absurd frame", []int64{0, 1, 90 * hour, 2, 3}, []int64{0, 1, 1, 2, 3}},
		{"set back", []int64{hour, hour + 1, 5, 6, 7}, []int64{hour, hour + 1, hour + 1, hour + 2, hour + 3}},
		{"alone at the end", []int64{0, 1, hour}, []int64{0, 1, 1}},
	} {
		frames := make([]packet.Frame, len(c.times))
		for i, at := range c.times {
			frames[i].Time = at
		}
		var k clock
		k.start(c.times)
		k.now = c.times[0]
		for i, at := range c.times {
			k.expect(at, frames[i+1:])
			if got := k.tick(at); got != c.want[i] {
				t.Errorf("%s: frame %d has the time %d, want %d", c.name, i, got, c.want[i])
			}
		}
	}
}
