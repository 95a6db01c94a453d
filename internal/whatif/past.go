package whatif

import (
	"math"
	"strconv"
	"time"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/recent"
)

type pastKey struct {
	server, unit, element string
}

// pacedKey is an element and the time within which its changes are bounded.
type pacedKey struct {
	pastKey
	within time.Duration
}

// between is all that is known of a value: it lies between two numbers. They differ where a
// write was declined or not answered, as for a gateway (package inline), until it is read or written anew.
type between struct {
	low, high float64
}

// value is what is known of an element, and what was before the answer that said so: lines
// come as their answers do, and a request may have been sent before that.
type value struct {
	between
	was     between
	wasNone bool
	capture uint32 // its number
	answer  uint32 // the frame that said so; 0 is none
	asked   int64  // the time of the latest request that was judged by it
	rule    int32  // and the rule that decided then
	write   uint32 // the number of the last one that gave it a value
}

// trace is where an element lies of which a value is remembered, and a rule asks how far it goes.
type trace struct {
	memory policy.Memory
	key    pastKey
}

// at is what was known of an element when a line's request was sent.
func (j *Judge) at(l *line, k pastKey) (b between, known bool) {
	p, known := j.past[k]
	if known && l.Frame != nil && *l.Frame < p.answer && p.capture == j.captures[l.Capture] {
		return p.was, !p.wasNone
	}
	return p.between, known
}

// recall lets the policy ask what was there before. Of the two numbers between which that lies
// the one counts that is further away.
func (j *Judge) recall(l *line, r *asked, values *firedoor.Values) {
	j.forgotten, j.looked = false, j.looked[:0]
	find := func(i int) (pastKey, between, bool) {
		k, ok := j.pastKey(l, r, i, values.Type)
		b, known := j.at(l, k)
		if j.forgotten = j.forgotten || !known; !ok {
			return k, b, false
		}
		j.looked = append(j.looked, k)
		return k, b, known
	}
	r.Before = func(i int) (float64, bool) {
		_, b, known := find(i)
		if v := values.Float(i); math.Abs(v-b.low) > math.Abs(v-b.high) {
			return b.low, known
		}
		return b.high, known
	}
	r.Lately = func(i int, within time.Duration) (low, high float64, known bool) {
		k, b, known := find(i)
		if !known {
			return 0, 0, false
		}
		if low, high, known = j.lately(pacedKey{k, within}, r.Time, b); !known {
			j.forgotten = true
		}
		return low, high, known
	}
}

// judgedBy notes which rule decided by the values that were looked at.
func (j *Judge) judgedBy(r *asked, rule int32) {
	for _, k := range j.looked {
		if p, known := j.past[k]; known {
			p.asked, p.rule = max(p.asked, r.Time), rule
			j.past[k] = p
		}
	}
}

// pastKey names an element of an object of a server, and its unit where the rules that look at
// how far it goes do. Not ok where it is not known which element it is.
func (j *Judge) pastKey(l *line, r *asked, element int, t firedoor.ValueType) (k pastKey, ok bool) {
	if j.element, ok = policy.ElementIn(j.element[:0], r.Protocol, []byte(l.Object), uint64(element)); !ok {
		return k, false
	}
	unit := ""
	moves, byUnit := j.plan.Moves(r.Route, r.Protocol, r.HasUnit, r.Unit, j.element)
	if byUnit {
		unit = strconv.FormatUint(uint64(r.Unit), 10)
	}
	k = pastKey{l.Server.IP + l.Server.MAC, unit, string(policy.AppendPlace(nil, r.Protocol, j.element, t))}
	if j.moving = nil; moves {
		j.moving = j.element
	}
	return k, true
}

// remember keeps the values that a step is counted from: what was read, and what a write left
// behind, or may have.
func (j *Judge) remember(l *line, r *asked, values *firedoor.Values) {
	done := l.Outcome == "ok"
	if r.Verb == firedoor.VerbRead || !r.Verb.Changes() {
		for i := range values.Len() {
			if k, ok := j.pastKey(l, r, i, values.Type); ok && done {
				v := values.Float(i)
				j.keep(l, k, between{v, v}, r.Time, v)
			}
		}
		return
	}
	j.writes++
	given := policy.Elements(values, r.Quantity) // elements whose values are known
	if firedoor.Masks(r.Protocol, r.Code) {      // it is not known what they make of what was there
		given = 0
		if k, ok := j.pastKey(l, r, 0, values.Type); ok {
			j.keep(l, k, nowhere, r.Time, nowhere.low)
		}
	}
	for i := range given {
		k, ok := j.pastKey(l, r, i, values.Type)
		if !ok {
			continue
		}
		v := values.Float(min(i, values.Len()-1))
		p, known := j.past[k]
		b := between{v, v}
		if known && (!done || l.ResponseFrame == nil && !l.Partial) { // nobody said that it was done
			b = between{min(p.low, v), max(p.high, v)}
		}
		if known && !done && r.Time < p.asked {
			j.undecided(p.rule, "of some writes nobody saw an answer, and what they left behind when the next one came is not known")
		}
		j.keep(l, k, b, r.Time, v)
		j.stamp(k)
	}
	j.overwritten(l, r, values, given)
}

// stamp notes that the write at hand gave an element a value.
func (j *Judge) stamp(k pastKey) {
	if p, known := j.past[k]; known {
		p.write = j.writes
		j.past[k] = p
	}
}

// nowhere is where what nobody knows any more lies: nothing is near it.
var nowhere = between{math.Inf(-1), math.Inf(1)}

// overwritten forgets what was known of elements that a write may have changed to something that nobody knows, as a
// gateway does: those of its own behind the values that are known, and what lies in the same memory by another name.
func (j *Judge) overwritten(l *line, r *asked, values *firedoor.Values, given int) {
	quantity := policy.Quantity(values, r.HasQty, r.Quantity)
	for i := given; i < int(min(quantity, policy.MaxFilled)); i++ {
		if k, ok := j.pastKey(l, r, i, values.Type); ok {
			j.forget(l, r, k)
		}
	}
	traces := j.traces[l.Server.IP+l.Server.MAC]
	if len(traces) == 0 {
		return
	}
	w, ok := policy.WrittenBy(r.Protocol, r.Object, quantity)
	for i := range traces {
		t := &traces[i]
		other := t.key.unit != "" && r.HasUnit && t.key.unit != strconv.FormatUint(uint64(r.Unit), 10)
		if ok && !other && t.memory.Touches(&w) {
			j.forget(l, r, t.key)
		}
	}
}

// forget lets an element be anything, unless the write at hand gave it a value.
func (j *Judge) forget(l *line, r *asked, k pastKey) {
	if p, known := j.past[k]; known && p.write != j.writes {
		j.keep(l, k, nowhere, r.Time, nowhere.low)
		if p.asked > r.Time {
			j.undecided(p.rule, "what was written to its memory by another name came after it was judged")
		}
	}
}

// keep notes what is known of an element, and a number that it has, or may have, now.
func (j *Judge) keep(l *line, k pastKey, b between, now int64, v float64) {
	p, known := j.past[k]
	if !known && (len(j.past) >= j.most || !j.trace(l, k)) {
		j.full = true
		return
	}
	p.was, p.wasNone, p.between, p.answer = p.between, !known, b, 0
	if l.ResponseFrame != nil {
		if _, seen := j.captures[l.Capture]; !seen {
			j.captures[l.Capture] = uint32(len(j.captures))
		}
		p.capture = j.captures[l.Capture]
		p.answer = *l.ResponseFrame
	}
	j.past[k] = p
	for _, within := range policy.Windows {
		if s := j.paced[pacedKey{k, within}]; s != nil {
			s.Add(now, v)
			if b == nowhere {
				s.Add(now, b.high)
			}
		}
	}
}

// trace notes where the element lies that a rule asks about; false where there is no room.
func (j *Judge) trace(l *line, k pastKey) bool {
	if j.moving == nil {
		return true
	}
	m := policy.MemoryOf(l.Protocol, j.moving)
	if len(m) == 0 {
		return true
	}
	if len(j.traces[k.server]) >= policy.MaxTraced {
		return false
	}
	j.traces[k.server] = append(j.traces[k.server], trace{m, k})
	return true
}

// lately is how far an element went within a time, followed from the first time on that a
// rule asks: what was there before is as far as it is remembered.
func (j *Judge) lately(k pacedKey, now int64, b between) (low, high float64, known bool) {
	s := j.paced[k]
	if s == nil {
		if len(j.paced) >= j.most {
			return 0, 0, false
		}
		s = recent.New(now, k.within, b.low)
		s.Add(now, b.high)
		j.paced[k] = s
	}
	low, high = s.Range(now)
	return low, high, true
}
