package policy

import (
	"time"

	"firedoor"
)

// entry is a rule for one client, server, protocol, operation, unit and object: what
// is left of it when its lists are written out.
type entry struct {
	rule           int32 // in the order of the policy
	number         int32 // among the entries of an index
	action         firedoor.Action
	client, server Place  // 0 is anybody of the zone
	protocol       uint16 // 0 is any
	elsewhere      bool   // whose servers may answer from another UDP port
	hasCode        bool
	hasUnit        bool
	code, unit     uint32
	verb           firedoor.Verb // 0 is any
	function       uint32        // number of the words, 0 is any
	object         Object
	hasObject      bool
	memory         []stretch // of its object, where protocols have layouts
	ports          []Port
	values         *Span
	as             Form
	step           float64
	rate           Rate
	when           *Window
}

// whole tells whether nothing but who asks whom is asked of a request.
func (e *entry) whole() bool {
	return !e.hasCode && !e.hasUnit && e.verb == 0 && e.function == 0 && !e.hasObject && e.values == nil && !e.moves()
}

// settles tells whether the entry decides whatever is asked at its ports.
func (e *entry) settles() bool { return e.whole() && e.protocol == 0 && e.when == nil }

// opensPort tells whether the entry lets everything of a protocol pass at ports of its
// own: then the port stands for the protocol, and nobody looks at the content.
func (e *entry) opensPort() bool {
	return e.action == firedoor.Pass && e.whole() && e.when == nil && len(e.ports) > 0
}

// onPort tells whether the entry is about a port; with no port it is about all, but of
// frames without IP only where their ends and type are all that is asked for.
func (e *entry) onPort(transport uint8, number uint16) bool {
	return onPort(e.ports, transport, number) && (len(e.ports) > 0 || transport != Link || !e.ofIP())
}

func onPort(ports []Port, transport uint8, number uint16) bool {
	if len(ports) == 0 {
		return true
	}
	for _, p := range ports {
		if p.Transport == Link || transport == Link {
			if p.Transport == transport && (p.Number == number || p.Number == 0) {
				return true
			}
			continue
		}
		if p.Portless() {
			if p.Transport == transport {
				return true
			}
			continue
		}
		if p.Number == number && (p.Transport == 0 || transport == 0 || p.Transport == transport) {
			return true
		}
	}
	return false
}

// fits tells whether the values written are such that the entry holds. No values, and what is
// no number, are in no range: what was not understood passes no rule that looks at it, and is
// stopped by those that stop. Nor is what lies behind the values that were kept of a long list.
func (e *entry) fits(r *Request) bool {
	if e.values == nil && !e.moves() {
		return true
	}
	if r.Values == nil || r.Values.Len() == 0 || r.Values.Cut() {
		return e.action != firedoor.Pass
	}
	stop := e.action != firedoor.Pass
	n := e.as.count(r.Values)
	if n == 0 || !e.aligned(r) || e.moves() && r.Values.Each == firedoor.Filled { // each was another one before
		return stop
	}
	for i := range n {
		v := e.as.at(r.Values, i)
		if v != v && stop && e.values != nil {
			return true
		}
		inside := e.values == nil || v >= e.values.Min && v <= e.values.Max // false for NaN
		inside = inside && (!e.moves() || e.near(r, i, v))
		if stop && inside {
			return true
		}
		if !stop && !inside {
			return false
		}
	}
	return !stop
}

// aligned tells whether what is written has the elements of the entry's row, and numbers that lie in two
// of them begin where those of the row do: else a request would write the halves of two, and be looked at
// as one.
func (e *entry) aligned(r *Request) bool {
	if e.hasObject && r.lies.layout != 0 && e.placedIn(r.lies.layout) {
		behind, yes := e.alike(&r.lies, r.Object)
		return yes && (e.as.One() || e.as.whole(r.Values) || behind&1 == 0)
	}
	if e.as.One() || e.as.whole(r.Values) || !e.hasObject || !e.object.Row {
		return true
	}
	from, _, ok := e.object.row(r.Object, r.quantity(), true)
	return ok && (from^e.object.From)&1 == 0
}

const minutesOfDay = 24 * 60

// holds tells whether a moment lies in the window.
func (w *Window) holds(t int64, zone *time.Location) bool {
	if w == nil {
		return true
	}
	at := time.Unix(0, t).In(zone)
	return w.open(int(at.Weekday()), uint16(at.Hour()*60+at.Minute()))
}

func (w *Window) open(day int, minute uint16) bool {
	on := func(day int) bool { return w.Days == 0 || w.Days>>(day%7)&1 == 1 }
	if w.From <= w.Until {
		return on(day) && (w.From == w.Until || minute >= w.From && minute < w.Until)
	}
	return on(day) && minute >= w.From || on(day+6) && minute < w.Until
}
