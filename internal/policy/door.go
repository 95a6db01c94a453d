package policy

import (
	"fmt"
	"strings"

	"firedoor"
)

// Door is what stands between a client and a server, as people on a map see it.
type Door uint8

// Doors: whatever is asked passes; a connection passes and what is asked on it is
// judged; nothing passes.
const (
	DoorOpen Door = iota
	DoorGuarded
	DoorShut
)

var doorNames = [...]string{"open", "guarded", "shut"}

// String is the word used in files and on screens.
func (d Door) String() string { return doorNames[d] }

// Door says what stands between two ends. The request is about a connection or a
// flow. Testing: nothing is stopped so far, it is only told what would be; then the
// door is as it would be. The verdict is the one by which it is so.
func (p *Plan) Door(r *Request) (d Door, testing bool, v firedoor.Verdict) {
	v = Decide(p, r)
	if r.Transport == Link { // frames without IP pass both ways
		if _, _, turned := p.Frame(r.Client, r.Server, r.Port, false); turned {
			route, back := p.Route(r.Server, r.Client, r.Transport, r.Port), *r
			back.Route = &route
			return p.Door(&back)
		}
	}
	switch {
	case v.Action != firedoor.Pass:
		return DoorShut, false, v
	case !p.Watches(r.Route):
		return DoorOpen, false, v
	case v.Says != firedoor.Pass:
		return DoorShut, true, v
	case p.Judges(r.Route):
		return DoorGuarded, !p.Enforces(r.Route), v
	}
	return DoorOpen, false, v
}

// DoorSentence says in words what Door found, and by what.
func (p *Plan) DoorSentence(r *Request, d Door, testing bool, v firedoor.Verdict) string {
	var b strings.Builder
	switch {
	case d == DoorShut && testing:
		b.WriteString("It passes, but would be shut: ")
	case d == DoorShut:
		b.WriteString("Nothing passes: ")
	case d == DoorGuarded && testing:
		b.WriteString("It passes; each request is judged, and it is only told what would be stopped: ")
	case d == DoorGuarded:
		b.WriteString("A connection passes, and each request on it is judged: ")
	default:
		b.WriteString("Everything passes: ")
	}
	b.WriteString(p.Why(r, v))
	for _, n := range r.isolations[:r.isolated] {
		i := &p.isolated[n]
		fmt.Fprintf(&b, " Decision %d isolates it: %s", i.ID, i.Verb)
		if i.Testing {
			b.WriteString(", being released, so it only says what it would stop")
		}
		b.WriteString(".")
	}
	if n := v.Conduit; n >= 0 {
		c := &p.conduits[n]
		fmt.Fprintf(&b, " Conduit %s has mode %s.", c.Name, c.Mode)
	}
	if text := p.sidesSentence(r.Route); text != "" {
		b.WriteString(" " + text)
	}
	return b.String()
}

// Conduits is how many there are; verdicts number them.
func (p *Plan) Conduits() int { return len(p.conduits) }

// Conduit gives a conduit by the number that verdicts have.
func (p *Plan) Conduit(n int32) *Conduit { return p.conduits[n].Conduit }
