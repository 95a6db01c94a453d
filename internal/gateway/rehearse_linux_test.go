package gateway

import (
	"testing"

	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/all"
)

func rehearsing(t *testing.T) *rehearsal {
	t.Helper()
	known := policy.Known{Ports: func(string) []policy.Port {
		return []policy.Port{{Transport: 17, Number: 502}, {Transport: 6, Number: 502}}
	}, Protocols: []string{rehearsed}}
	r, err := newRehearsal(all.List, known)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRehearsalGoesOn holds that the same is judged again and again, as long as frames come often: for longer than a
// connection may be silent, past the end of its numbers, in nothing but what was there from the beginning.
func TestRehearsalGoesOn(t *testing.T) {
	r := rehearsing(t)
	now := int64(1e18)
	round := func() {
		now += rehearseEvery
		if r.since, r.often = now, true; r.wait() != rehearseEvery {
			t.Fatalf("it ended behind number %d", r.next[0])
		}
		r.rehearse(now, now)
	}
	for range 1000 {
		round()
	}
	in := r.gate.Counts.In
	if n := testing.AllocsPerRun(1000, round); n > 0 {
		t.Errorf("%v allocations in a round", n)
	}
	if got := r.gate.Counts.In - in; got != 2*1001 {
		t.Errorf("%d frames in 1001 rounds", got)
	}
	now += 9 * 3600e9
	round() // on a connection that is forgotten
	round()
	if r.next[0] > 1<<31 || r.next[1] > 1<<31 {
		t.Errorf("numbers did not begin anew: %d", r.next)
	}
	if c := r.gate.Counts; c.Passed != c.In || r.gate.Flows() != 1 {
		t.Errorf("%d of %d frames passed, of %d connections", c.Passed, c.In, r.gate.Flows())
	}
}

// TestRehearsalIsForOftenFrames holds that nothing is rehearsed where frames are seldom, or stopped coming.
func TestRehearsalIsForOftenFrames(t *testing.T) {
	for _, c := range []struct {
		name  string
		every int64
		want  bool
	}{{"1,000 a second", 1e6, true}, {"200 a second", 5e6, true}, {"50 a second", 20e6, false}} {
		r := rehearsing(t)
		now := int64(1e18)
		for range 500 {
			now += c.every
			r.came(now)
		}
		if got := r.wait() == rehearseEvery; got != c.want {
			t.Errorf("%s: rehearsing is %t", c.name, got)
		}
		in := r.gate.Counts.In
		r.rehearse(now+1e9, now+1e9)
		if r.wait() != pollWait || r.gate.Counts.In != in {
			t.Errorf("%s: rehearsing a second after the last frame", c.name)
		}
	}
	var none *rehearsal
	if none.came(1); none.wait() != pollWait {
		t.Error("no rehearsal is one")
	}
	none.rehearse(1, 1)
	if r, err := newRehearsal([]*protocol.Protocol{}, policy.Known{Ports: func(string) []policy.Port { return nil }}); r != nil || err != nil {
		t.Error("there is a rehearsal without its protocol", err)
	}
}
