package guardian

import (
	"net/netip"
	"testing"
	"time"
)

// TestGuard holds whom the latency guard sheds, in which order, and for how long.
func TestGuard(t *testing.T) {
	g, now := newGuard(), time.Date(2026, 11, 26, 6, 0, 0, 0, time.UTC)
	client := netip.MustParseAddr("10.0.0.9")
	pace := func(frames, over, of uint32) *Pace {
		return &Pace{Conduits: []ConduitPace{{Conduit: 3, Name: "down", Budget: 5 * time.Millisecond, Frames: frames, Over: over, Worst: 40 * time.Millisecond, Client: client, Of: of}}}
	}
	for _, p := range []*Pace{pace(19, 19, 19), pace(1000, 99, 1000), pace(1000, 0, 1000), {}} {
		if s := g.hear(now, p); len(s) > 0 {
			t.Errorf("%+v is shed for %+v", s, p)
		}
	}
	g.stood = now.Add(time.Millisecond - stillCounts)
	for range maxExcused {
		if s := g.hear(now, pace(1000, 1000, 1000)); len(s) > 0 {
			t.Errorf("after the machine stood still %+v is shed", s)
		}
	}
	if s := g.hear(now, pace(1000, 1000, 19)); len(s) != 1 {
		t.Errorf("where the machine stands still all the time %+v is shed", s)
	}
	g = newGuard()
	now = now.Add(time.Millisecond)
	if s := g.hear(now, pace(1000, 100, 900)); len(s) != 1 || s[0].Client != client || s[0].Conduit != 3 || s[0].Until.Sub(now) != firstRest {
		t.Fatalf("first: %+v", s)
	}
	now = now.Add(time.Second)
	if s := g.hear(now, pace(100, 50, 10)); len(s) != 1 || s[0].Client.IsValid() || s[0].Conduit != 3 {
		t.Fatalf("still too slow: %+v, want all of the conduit", s)
	}
	if s := g.hear(now, pace(100, 50, 10)); len(s) != 0 || len(g.list()) != 2 {
		t.Errorf("shed already: %+v of %+v", s, g.list())
	}
	if s := g.over(now.Add(firstRest - 2*time.Second)); len(s) != 0 {
		t.Errorf("too early: %+v", s)
	}
	now = now.Add(firstRest)
	if s := g.over(now); len(s) != 2 || len(g.list()) != 0 {
		t.Errorf("after the rest %+v ends, %+v stays", s, g.list())
	}
	// Without one that asks more than all others together, nobody is to blame.
	if s := g.hear(now, pace(1000, 500, 400)); len(s) != 1 || s[0].Client.IsValid() || s[0].Until.Sub(now) != 2*firstRest {
		t.Errorf("once more: %+v, want the conduit for twice as long", s)
	}
	for range 10 {
		now = now.Add(longRest + time.Second)
		g.over(now)
		g.hear(now, pace(1000, 500, 400))
	}
	if s := g.list(); len(s) != 1 || s[0].Until.Sub(now) != longRest {
		t.Errorf("again and again: %+v", s)
	}
	now = now.Add(longRest + goodAfter + time.Second)
	g.over(now)
	if s := g.hear(now, pace(1000, 500, 400)); len(s) != 1 || s[0].Until.Sub(now) != firstRest {
		t.Errorf("after a good time: %+v", s)
	}
	g.hear(now, pace(100, 50, 10))
	budget := 5 * time.Millisecond
	stay, end := g.follow([]Conduit{{"up", budget}, {"down", budget}})
	if len(stay) != 1 || len(end) != 0 || stay[0].Conduit != 2 || stay[0].Until != g.list()[0].Until {
		t.Errorf("under an order that changes nothing of the conduit: %+v stays, %+v ends", stay, end)
	}
	for _, other := range [][]Conduit{nil, {{"up", budget}}, {{"down", 2 * budget}}} {
		if stay, end := g.follow(other); len(stay) != 0 || len(end) != 1 {
			t.Errorf("under %+v: %+v stays, %+v ends", other, stay, end)
		}
	}
}
