package inline

import (
	"hash/maphash"
	"math"
	"time"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/recent"
)

// value is what is known of an element of an object: it lies between two numbers. They
// differ while a write was not answered, for it may have been done or not, and after one that
// was declined, until the element is read.
type value struct {
	low, high float64
	open      uint16 // writes that were not answered
	write     uint32 // the number of the last one that gave it a value
}

// trace is where an element lies of which a value is remembered.
type trace struct {
	memory policy.Memory
	key    uint64
	byUnit bool // it is that of one unit
	unit   uint32
}

// element is what the last pastKey was made of.
type element struct {
	text     []byte
	protocol string
	byUnit   bool
	unit     uint32
}

// nowhere are the numbers between which what nobody knows any more lies: nothing is near it.
func nowhere() (low, high float64) { return math.Inf(-1), math.Inf(1) }

// maxUnanswered is how many elements may be written on a connection before the answer. Of a
// further one it cannot be known what it leaves behind.
const maxUnanswered = 256

// unanswered is an element that was written.
type unanswered struct {
	id    uint32 // of the operation
	key   uint64
	value float64 // NaN: nobody knows which
}

// pastKey names an element of an object of a server, if a rule looks at how far it goes. The
// unit is a part of it where all such rules name one: a device may take what is meant for any.
func (g *Gate) pastKey(op *firedoor.Operation, number int) (key uint64, ok bool) {
	f := g.flow
	g.text = op.Object.AppendTo(g.text[:0])
	whole := len(g.text)
	protocol := op.Protocol
	if p := f.runner.Protocol(); protocol == "" && p != nil {
		protocol = p.Name
	}
	if g.text, ok = policy.ElementIn(g.text, protocol, g.text, uint64(number)); !ok {
		return 0, false
	}
	moves, byUnit := g.plan.Moves(&f.route, protocol, op.HasUnit && !op.UnitAgreed, op.Unit, g.text[whole:])
	if !moves {
		return 0, false
	}
	name := len(g.text)
	g.element = element{g.text[whole:name], protocol, byUnit, op.Unit}
	g.text = policy.AppendPlace(g.text, protocol, g.text[whole:], op.Values.Type)
	var h maphash.Hash
	h.SetSeed(g.seed)
	maphash.WriteComparable(&h, f.serverEnd.IP)
	if byUnit {
		maphash.WriteComparable(&h, op.Unit)
	}
	_, _ = h.Write(g.text[name:]) // never fails
	return h.Sum64(), true
}

// recall lets the policy ask what was there before. Of the two numbers between which that lies
// the one counts that is further away.
func (g *Gate) recall(op *firedoor.Operation) {
	room := len(g.flow.unanswered)+op.Values.Len() <= maxUnanswered
	find := func(i int) (k uint64, p value, known bool) {
		k, ok := g.pastKey(op, i)
		if p, known = g.past[k]; !ok || !known || !room {
			g.unknown = true
			return k, p, false
		}
		return k, p, true
	}
	g.request.Before = func(i int) (float64, bool) {
		_, p, known := find(i)
		if v := op.Values.Float(i); math.Abs(v-p.low) > math.Abs(v-p.high) {
			return p.low, known
		}
		return p.high, known
	}
	if g.plan.Rates() {
		g.request.Lately = func(i int, within time.Duration) (low, high float64, known bool) {
			k, p, known := find(i)
			if !known {
				return 0, 0, false
			}
			return g.lately(pacedKey{k, within}, p)
		}
	}
}

// pacedKey names an element (pastKey) and the time within which its changes are bounded.
type pacedKey struct {
	element uint64
	within  time.Duration
}

// lately is how far an element went within a time, followed from the first time on that a rule
// asks. Where there is no room for another one it may have been anything.
func (g *Gate) lately(k pacedKey, p value) (low, high float64, known bool) {
	s := g.paced[k]
	if s == nil {
		if len(g.paced) >= MaxPaced {
			return math.Inf(-1), math.Inf(1), true
		}
		s = recent.New(g.age, k.within, p.low)
		s.Add(g.age, p.high)
		g.paced[k] = s
	}
	low, high = s.Range(g.age)
	return low, high, true
}

// written remembers what a write that passed may leave behind.
func (g *Gate) written(op *firedoor.Operation) {
	if !g.plan.Steps() || !op.Verb.Changes() {
		return
	}
	g.writes++
	known := 0 // elements whose values are
	if g.request.Values != nil {
		known = policy.Elements(&op.Values, op.Quantity)
	} else if k, ok := g.pastKey(op, 0); ok { // it is not known what they make of what was there
		if _, had := g.past[k]; !had {
			low, high := nowhere()
			g.keep(k, value{low: low, high: high}, false, low)
		}
	}
	for i := range known {
		k, ok := g.pastKey(op, i)
		if !ok {
			continue
		}
		v := op.Values.Float(min(i, op.Values.Len()-1))
		p, had := g.past[k]
		if !had {
			p = value{low: v, high: v}
		}
		p.low, p.high, p.write = min(p.low, v), max(p.high, v), g.writes
		g.await(op, k, &p, v)
		g.keep(k, p, had, v)
	}
	g.overwritten(op, known)
}

// await notes that a write of an element was not answered.
func (g *Gate) await(op *firedoor.Operation, k uint64, p *value, v float64) {
	if f := g.flow; !op.NoAnswer && len(f.unanswered) < maxUnanswered && p.open < math.MaxUint16 {
		f.unanswered = append(f.unanswered, unanswered{op.ID, k, v})
		p.open++
	}
}

// overwritten forgets what was known of elements that a write may have changed to something that nobody knows: those
// of its own behind the values that are known, and what lies in the same memory by another name.
func (g *Gate) overwritten(op *firedoor.Operation, known int) {
	quantity := policy.Quantity(&op.Values, op.HasQty, op.Quantity)
	for i := known; i < int(min(quantity, policy.MaxFilled)); i++ {
		if k, ok := g.pastKey(op, i); ok {
			g.blur(op, k)
		}
	}
	traces := g.traces[g.flow.serverEnd.IP]
	if len(traces) == 0 {
		return
	}
	w, ok := policy.WrittenBy(g.request.Protocol, g.request.Object, quantity)
	for i := range traces {
		t := &traces[i]
		if ok && t.memory.Touches(&w) && !(t.byUnit && op.HasUnit && !op.UnitAgreed && op.Unit != t.unit) {
			g.blur(op, t.key)
		}
	}
}

// blur lets an element be anything until it is read or written, unless the write at hand gave it a value.
func (g *Gate) blur(op *firedoor.Operation, k uint64) {
	p, had := g.past[k]
	if !had || p.write == g.writes {
		return
	}
	p.low, p.high = nowhere()
	g.await(op, k, &p, math.NaN())
	g.keep(k, p, true, p.low)
	g.keep(k, p, true, p.high)
}

// answered remembers what was read, and what a write left behind.
func (g *Gate) answered(op *firedoor.Operation) {
	if !g.plan.Steps() || g.flow == &g.asked { // what nobody asked for may be anybody's word
		return
	}
	done := op.Outcome.Kind == firedoor.OutcomeOK
	if f := g.flow; op.ID != 0 {
		left := f.unanswered[:0]
		for _, u := range f.unanswered {
			if u.id != op.ID {
				left = append(left, u)
			} else if p, known := g.past[u.key]; known {
				if p.open--; done && p.open == 0 && !math.IsNaN(u.value) {
					p.low, p.high = u.value, u.value
				}
				g.past[u.key] = p
			}
		}
		f.unanswered = left
	}
	if !done || op.Verb != firedoor.VerbRead {
		return
	}
	for i := range op.Values.Len() {
		k, ok := g.pastKey(op, i)
		if !ok {
			continue
		}
		v := op.Values.Float(i)
		p, known := g.past[k]
		if p.open == 0 {
			p.low, p.high = v, v
		} else {
			p.low, p.high = min(p.low, v), max(p.high, v)
		}
		g.keep(k, p, known, v)
	}
}

// keep notes what is known of an element, and that it has, or may have, a value now. What is
// known makes no room for another one.
func (g *Gate) keep(k uint64, p value, known bool, v float64) {
	if known || len(g.past) < MaxRemembered && g.trace(k) {
		g.past[k] = p
	}
	for _, within := range policy.Windows {
		if s := g.paced[pacedKey{k, within}]; s != nil {
			s.Add(g.age, v)
		}
	}
}

// trace notes where the element at hand lies; false where there is no room.
func (g *Gate) trace(k uint64) bool {
	e, ip := &g.element, g.flow.serverEnd.IP
	m := policy.MemoryOf(e.protocol, e.text)
	if len(m) == 0 {
		return true
	}
	if len(g.traces[ip]) >= policy.MaxTraced {
		return false
	}
	g.traces[ip] = append(g.traces[ip], trace{m, k, e.byUnit, e.unit})
	return true
}

// unanswer ends the waiting for answers of a connection that is over: what was written on it
// may have been done, and will not be any more.
func (g *Gate) unanswer(f *flow) {
	for _, u := range f.unanswered {
		if p, known := g.past[u.key]; known {
			p.open--
			g.past[u.key] = p
		}
	}
	f.unanswered = f.unanswered[:0]
}
