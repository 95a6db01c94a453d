package factory

import (
	"fmt"

	"firedoor/internal/plant/device"
	"firedoor/internal/plant/truth"
)

// practice is what those who may did to one thing of a controller from one place, in
// everyday work: a point that they set, or an order that they gave.
type practice struct{ client, server, kind, what string }

// spread is between which values something was set, and how often.
type spread struct {
	low, high float64
	n         int
}

// practised gathers what everyday work did, learning included. Work by order does not
// count: its time tells it from others.
func practised(attempts []*Attempt) map[practice]spread {
	m := map[practice]spread{}
	for _, a := range attempts {
		if f := a.Fate(); a.Entry.Class != truth.Routine || f != Reached && f != Idle {
			continue
		}
		a.each(func(p practice, v float64) {
			s, known := m[p]
			if !known {
				s.low, s.high = v, v
			}
			m[p] = spread{min(s.low, v), max(s.high, v), s.n + 1}
		})
	}
	return m
}

// each gives what an attempt does, one by one, with the value where it sets one.
func (a *Attempt) each(do func(p practice, v float64)) {
	p := practice{client: a.Client, server: a.Server, kind: a.Kind}
	if len(a.sets) == 0 {
		p.what = a.What
		do(p, 0)
	}
	for _, s := range a.sets {
		p.what = s.tag
		do(p, s.value)
	}
}

// set is a value that is to be written.
type set struct {
	tag   string
	value float64
}

// sets are the values of a request.
func (m *image) sets(r *device.Request) (out []set) {
	if r.Verb != device.Write {
		return nil
	}
	for i, p := range r.Points {
		out = append(out, set{m.tag(p), r.Values[i]})
	}
	return out
}

// resembles tells whether an attempt that changed its controller was one that everyday
// work makes as well: from the same place, of the same thing, with a value between those
// that people set. Nobody who sees only what is asked can tell the two apart, and a policy
// that stops the one stops the other. Programs never are: what is in them differs. It
// returns the reason in words; empty is no.
func (a *Attempt) resembles(m map[practice]spread) (why string) {
	if a.Kind == "program" || a.Fate() != Reached {
		return ""
	}
	alike := true
	a.each(func(p practice, v float64) {
		s, known := m[p]
		switch {
		case !known || v < s.low || v > s.high:
			alike = false
		case len(a.sets) > 0:
			why = fmt.Sprintf("its people set %s there too, %d times between %g and %g", p.what, s.n, s.low, s.high)
		default:
			why = fmt.Sprintf("its people do that there too, %d times", s.n)
		}
	})
	if !alike {
		return ""
	}
	return why
}
