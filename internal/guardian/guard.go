package guardian

import (
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"time"
)

// Pace is how long a worker took over frames of a second, from the kernel's hands to the
// other port, by conduit.
type Pace struct{ Conduits []ConduitPace }

// ConduitPace is the pace of one conduit.
type ConduitPace struct {
	Conduit uint32 // number + 1, as in tables
	Name    string
	Budget  time.Duration
	Frames  uint32
	Over    uint32 // of these over the budget
	Worst   time.Duration
	Client  netip.Addr // that asked most, where that can be told
	Of      uint32     // frames of it
	Order   uint32     // number of the order by which the worker judged
}

// When a conduit is over its budget, and for how long something is shed then.
const (
	overShare = 10 // one frame in so many
	overLeast = 20 // of at least so many frames in a second
	firstRest = 30 * time.Second
	longRest  = 10 * time.Minute
	goodAfter = 10 * time.Minute // without shedding, the first rest holds again
	maxShed   = 256
	// stillCounts is for how long nothing is shed after this machine or a core of it stood still: what a worker was slow
	// with until then it tells within a second, twice as long where it is late.
	stillCounts = 2 * time.Second
	// maxExcused is for how many reports in a row that holds: one comes every second.
	maxExcused = 5
)

// Shed is what goes by the kernel's floor for a while because it took too long.
type Shed struct {
	Conduit uint32     `json:"-"`
	Name    string     `json:"conduit"`
	Client  netip.Addr `json:"client,omitzero"` // none: all of the conduit
	Since   time.Time  `json:"since"`
	Until   time.Time  `json:"until"`
	Why     string     `json:"why"`

	Budget time.Duration `json:"-"`
}

// Conduit is what the guard knows of a conduit under an order. Its number is its place.
type Conduit struct {
	Name   string
	Budget time.Duration
}

func (s *Shed) subject() string {
	if s.Client.IsValid() {
		return "client " + s.Client.String() + " of conduit " + s.Name
	}
	return "conduit " + s.Name
}

// guard is the latency guard: it says what is to be shed, and when that ends. First the
// heaviest client of a conduit, then all of it. Time is the caller's.
type guard struct {
	sheds   []Shed
	rests   map[string]rest // by subject
	stood   time.Time       // when the machine was last seen to stand still: no frame is to blame for that
	excused int             // reports that were not weighed for that, in a row
}

// rest is how often something was shed.
type rest struct {
	length time.Duration
	ended  time.Time
}

func newGuard() *guard { return &guard{rests: map[string]rest{}} }

// hear weighs what a worker took, and gives what is to be shed now.
func (g *guard) hear(now time.Time, p *Pace) (begin []Shed) {
	switch {
	case now.Sub(g.stood) >= stillCounts:
		g.excused = 0
	case g.excused < maxExcused:
		g.excused++
		return nil
	}
	for i := range p.Conduits {
		c := &p.Conduits[i]
		if c.Conduit == 0 || c.Frames < overLeast || c.Over*overShare < c.Frames || len(g.sheds) >= maxShed || g.all(c.Conduit) {
			continue
		}
		s := Shed{Conduit: c.Conduit, Name: c.Name, Budget: c.Budget, Since: now,
			Why: fmt.Sprintf("%d of %d frames in a second took longer than %v, the longest %v", c.Over, c.Frames, c.Budget, c.Worst.Round(10*time.Microsecond))}
		if !g.any(c.Conduit) && c.Client.IsValid() && c.Of*2 > c.Frames {
			s.Client = c.Client
		}
		s.Until = now.Add(g.length(now, s.subject()))
		g.sheds = append(g.sheds, s)
		begin = append(begin, s)
	}
	return begin
}

// length is for how long a subject is shed: twice as long as the last time.
func (g *guard) length(now time.Time, subject string) time.Duration {
	r, known := g.rests[subject]
	if !known && len(g.rests) >= maxShed {
		return longRest
	}
	if r.length *= 2; r.length == 0 || now.Sub(r.ended) > goodAfter {
		r.length = firstRest
	}
	r.length = min(r.length, longRest)
	r.ended = now.Add(r.length)
	g.rests[subject] = r
	return r.length
}

func (g *guard) all(conduit uint32) bool {
	for i := range g.sheds {
		if g.sheds[i].Conduit == conduit && !g.sheds[i].Client.IsValid() {
			return true
		}
	}
	return false
}

func (g *guard) any(conduit uint32) bool {
	for i := range g.sheds {
		if g.sheds[i].Conduit == conduit {
			return true
		}
	}
	return false
}

// over gives what is to be shed no more.
func (g *guard) over(now time.Time) (end []Shed) {
	stay := g.sheds[:0]
	for _, s := range g.sheds {
		if now.Before(s.Until) {
			stay = append(stay, s)
		} else {
			end = append(end, s)
		}
	}
	g.sheds = stay
	for subject, r := range g.rests {
		if now.Sub(r.ended) > goodAfter {
			delete(g.rests, subject)
		}
	}
	return end
}

// follow says what is shed under another order: what it is about is there still, by name, and
// has the budget that it was over. The other shedding ends. Nothing is changed.
func (g *guard) follow(conduits []Conduit) (stay, end []Shed) {
	for _, s := range g.sheds {
		n := slices.Index(conduits, Conduit{s.Name, s.Budget})
		if n < 0 {
			end = append(end, s)
			continue
		}
		s.Conduit = uint32(n + 1)
		stay = append(stay, s)
	}
	return stay, end
}

// list gives what is shed now.
func (g *guard) list() []Shed {
	out := append([]Shed(nil), g.sheds...)
	sort.Slice(out, func(i, j int) bool { return out[i].Since.Before(out[j].Since) })
	return out
}
