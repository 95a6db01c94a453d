package policy

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Rate is how far values may go within a time: from any value that held at some moment of
// the time before, Most at most.
type Rate struct {
	Most   float64
	Within time.Duration // one of Windows
}

// Windows are the times of rates, shortest first.
var Windows = [...]time.Duration{time.Second, time.Minute, time.Hour}

var windowWords = [...]string{"s", "min", "h"}

// String is how a policy has it: "5/s", "30/min", "100/h".
func (r Rate) String() string {
	for i, w := range Windows {
		if w == r.Within {
			return strconv.FormatFloat(r.Most, 'g', -1, 64) + "/" + windowWords[i]
		}
	}
	return ""
}

// RateOf reads it.
func RateOf(text string) (r Rate, ok bool) {
	most, word, _ := strings.Cut(text, "/")
	v, err := strconv.ParseFloat(most, 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return r, false
	}
	for i, w := range windowWords {
		if word == w {
			return Rate{v, Windows[i]}, true
		}
	}
	return r, false
}

// words says it in a sentence.
func (r Rate) words() string {
	return strconv.FormatFloat(r.Most, 'g', -1, 64) + " within " + map[time.Duration]string{time.Second: "a second", time.Minute: "a minute", time.Hour: "an hour"}[r.Within]
}

// moves tells whether an entry looks at how far a value goes from those before.
func (e *entry) moves() bool { return e.step > 0 || e.rate.Most > 0 }

// near tells whether value i, which is v, is as near to those before as the entry has it.
// Of what nothing is known it is.
func (e *entry) near(r *Request, i int, v float64) bool {
	if before, known := r.before(i); known && e.step > 0 && !(math.Abs(v-e.as.signed(before)) <= e.step) {
		return false
	}
	if e.rate.Most == 0 || r.Lately == nil {
		return true
	}
	low, high, known := r.Lately(i, e.rate.Within)
	return !known || v-low <= e.rate.Most && high-v <= e.rate.Most
}

// hears notes that what holds at a server must be known, for something is said of how far
// its values go.
func (c *compiler) hears(e *entry, to string) {
	at := e.server
	if zone, ok := c.zones[to]; at == 0 && ok {
		at = Place(zone) + 1
	}
	c.rates = c.rates || e.rate.Most > 0
	if e.moves() {
		c.moving[at] = append(c.moving[at], *e)
		c.heard[at] = true
		if zone := c.places.zones[at]; zone >= 0 && c.IsHost(at) {
			c.heardIn[Place(zone)+1] = true
		}
	}
}

// Moves tells whether a rule looks at how far an element goes, at the server of a route, and
// whether all that do so name its unit.
func (p *Plan) Moves(r *Route, protocol string, hasUnit bool, unit uint32, element []byte) (moves, byUnit bool) {
	number, zone := p.protocols[protocol], p.places.zones[r.Server]
	lies := lying{}
	if p.lying {
		lies = locate(layoutOf(protocol), element, 1)
	}
	for i, at := range [...]Place{r.Server, Place(zone) + 1, 0} {
		if i == 1 && zone < 0 {
			continue
		}
		for n := range p.moving[at] {
			e := &p.moving[at][n]
			if e.protocol != 0 && e.protocol != number || e.hasObject && !e.passes(element, 1, &lies) {
				continue
			}
			if !e.hasUnit {
				return true, false
			}
			if hasUnit && e.unit == unit {
				moves, byUnit = true, true
			}
		}
	}
	return moves, byUnit
}

// Steps tells whether any rule looks at values before.
func (p *Plan) Steps() bool { return len(p.heard) > 0 }

// Rates tells whether any rule looks at how fast values change.
func (p *Plan) Rates() bool { return p.rates }

// Hears tells whether whoever judges must know the values at the server of a route: a rule,
// perhaps of another client's conduit, looks at how far they go. A zone stands for all of its
// hosts here, for what no rule says of a client and a host is looked up by their zones.
func (p *Plan) Hears(r *Route) bool {
	if len(p.heard) == 0 {
		return false
	}
	return p.heard[0] || p.heard[r.Server] || p.heard[Place(p.places.zones[r.Server]+1)] || p.heardIn[r.Server]
}
