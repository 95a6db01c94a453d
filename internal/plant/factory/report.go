package factory

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"firedoor"
	"firedoor/internal/plant/truth"
)

// MaxTouched is how many kinds of stops an Outcome lists; further ones are counted.
const MaxTouched = 10_000

// Outcome is what became of what was asked of the plant's controllers in a while.
type Outcome struct {
	Seed    uint64       `json:"seed"`
	From    truth.Moment `json:"from"`
	Until   truth.Moment `json:"until"`
	Good    int64        `json:"good_parts"`
	PerHour float64      `json:"good_parts_per_hour"`
	Attacks []Fates      `json:"attacks"` // by kind
	Tries   []Tried      `json:"tries"`   // of attacks, those alike in one
	Honest  Tally        `json:"honest"`
	Changes []Fates      `json:"honest_changes"` // what those who may wanted to change
	Failed  []Tried      `json:"honest_failed"`  // those of them that did not come to pass
	Touched []Touched    `json:"touched"`        // by a gateway, of those who may
	Stopped []Touched    `json:"stopped"`        // by a gateway, of attacks
	Unkept  int          `json:"unkept,omitempty"`
	begun   int64        // good parts at its beginning
	before  Tally        // at its beginning
	from    time.Duration
	at      map[touch]int
	firsts  []*Attempt // of each of Tries
}

// First is the first of those attempts that are alike.
func (o *Outcome) First(i int) *Attempt { return o.firsts[i] }

// Fates counts attempts of a kind by what became of them.
type Fates struct {
	Kind    string `json:"kind"`
	Total   int    `json:"total"`
	Refused int    `json:"refused"`
	Dropped int    `json:"dropped"`
	Reached int    `json:"reached"`
	Alike   int    `json:"indistinguishable"` // reached, and no policy can tell it from everyday work
	Idle    int    `json:"idle"`
	Lost    int    `json:"lost"`
}

// Tried are attempts that are alike.
type Tried struct {
	Of      string       `json:"of"` // entry of the truth
	Client  string       `json:"client"`
	Server  string       `json:"server"`
	Kind    string       `json:"kind"`
	What    string       `json:"what"`
	Fate    string       `json:"fate"`
	Count   int          `json:"count"`
	Changed int          `json:"changed"`        // how often the controller became another
	Rule    string       `json:"rule,omitempty"` // by which it passes, where there is a policy
	Why     string       `json:"why,omitempty"`  // of what is indistinguishable
	First   truth.Moment `json:"first"`
}

// touch is what stops have in common that are told as one.
type touch struct {
	of, class, client, server, what, done, why string
}

// Touched are frames or requests that a gateway stopped or held back.
type Touched struct {
	Of     string       `json:"of"` // entry of the truth, "polling", or empty
	Class  string       `json:"class"`
	Client string       `json:"client"`
	Server string       `json:"server"`
	What   string       `json:"what"`
	Done   string       `json:"done"`
	Why    string       `json:"why"`
	Count  int          `json:"count"`
	First  truth.Moment `json:"first"`
}

// Watch begins to count at a time since the start; Result ends it.
func (f *Factory) Watch(from time.Duration) *Outcome {
	o := &Outcome{Seed: f.o.Seed, From: truth.Moment(f.start + int64(from)), from: from, at: map[touch]int{}}
	f.at(from, func() { o.begun, o.before = f.physics.Good(), f.outcome.honest })
	return o
}

// Touch notes that a gateway on a cable of a network stopped or held back a frame of
// whoever it is. what says what it was, done what was done, why for which reason. A frame
// that a switch sent everywhere is nobody's there: it was not for the device on the cable.
func (f *Factory) Touch(o *Outcome, c *Cable, flooded bool, client, server firedoor.Endpoint, what, done, why string) {
	network := c.Network
	var who Owner
	if !flooded {
		who = f.Stopped(network, client, server, done)
	}
	k := touch{class: "other", client: f.nameOf(network, &client), server: f.nameOf(network, &server), what: what, done: done, why: why}
	switch {
	case flooded:
		k.class = "flooded"
	case who.Entry != nil:
		k.of, k.class = who.Entry.ID, string(who.Entry.Class)
	case who.Polls:
		k.of, k.class = "polling", string(truth.Routine)
	}
	list := &o.Touched
	if who.Attack {
		k.class, list = string(truth.Malicious), &o.Stopped
	}
	i, known := o.at[k]
	if !known {
		if len(*list) >= MaxTouched {
			o.Unkept++
			return
		}
		i = len(*list)
		o.at[k] = i
		*list = append(*list, Touched{Of: k.of, Class: k.class, Client: k.client, Server: k.server, What: what, Done: done, Why: why, First: truth.Moment(f.world.Now())})
	}
	(*list)[i].Count++
}

// nameOf is the name of a device by its address, as somebody in a network sees it.
func (f *Factory) nameOf(network string, e *firedoor.Endpoint) string {
	ip := e.IP.Netip()
	if !ip.IsValid() {
		return e.MAC.String()
	}
	for _, u := range f.order {
		if u.seen == ip || u.ip() == ip && (lineOf(u.network) == "" || u.network == network) {
			return u.name
		}
	}
	return ip.String()
}

// Result ends the counting.
func (f *Factory) Result(o *Outcome) {
	o.Until = truth.Moment(f.world.Now())
	o.Good = f.physics.Good() - o.begun
	if hours := (f.Now() - o.from).Hours(); hours > 0 {
		o.PerHour = float64(o.Good) / hours
	}
	o.Honest = f.outcome.honest.since(&o.before)
	tries := tried{at: map[Tried]int{}}
	failed := tried{at: map[Tried]int{}}
	usual := practised(f.outcome.attempts)
	for _, a := range f.outcome.attempts {
		fate := a.Fate()
		switch {
		case a.At < int64(o.From):
		case a.Attack():
			why := a.resembles(usual)
			if why != "" {
				fate = Alike
			}
			o.Attacks = count(o.Attacks, a.Kind, fate)
			tries.add(a, fate, why)
		default:
			if o.Changes = count(o.Changes, a.Kind, fate); fate != Reached && fate != Idle {
				failed.add(a, fate, "")
			}
		}
	}
	o.Tries, o.Failed, o.firsts = tries.list, failed.list, tries.firsts
	o.Unkept += f.outcome.unkept
	for _, list := range []*[]Touched{&o.Touched, &o.Stopped} {
		if *list == nil {
			*list = []Touched{}
		}
	}
}

func (t Tally) since(b *Tally) Tally {
	t.Asked, t.Answered, t.Errors, t.Broken = t.Asked-b.Asked, t.Answered-b.Answered, t.Errors-b.Errors, t.Broken-b.Broken
	t.Unasked, t.Slow = t.Unasked-b.Unasked, t.Slow-b.Slow
	return t
}

func count(list []Fates, kind, fate string) []Fates {
	i := slices.IndexFunc(list, func(f Fates) bool { return f.Kind == kind })
	if i < 0 {
		list = append(list, Fates{Kind: kind})
		slices.SortFunc(list, func(a, b Fates) int { return cmp.Compare(a.Kind, b.Kind) })
		i = slices.IndexFunc(list, func(f Fates) bool { return f.Kind == kind })
	}
	f := &list[i]
	f.Total++
	switch fate {
	case Reached:
		f.Reached++
	case Alike:
		f.Alike++
	case Idle:
		f.Idle++
	case Refused:
		f.Refused++
	case Dropped:
		f.Dropped++
	default:
		f.Lost++
	}
	return list
}

type tried struct {
	list   []Tried
	firsts []*Attempt
	at     map[Tried]int
}

func (t *tried) add(a *Attempt, fate, why string) {
	k := Tried{Of: a.Entry.ID, Client: a.Client, Server: a.Server, Kind: a.Kind, What: a.What, Fate: fate, Why: why}
	i, known := t.at[k]
	if !known {
		i = len(t.list)
		t.at[k] = i
		first := k
		first.First = truth.Moment(a.At)
		t.list, t.firsts = append(t.list, first), append(t.firsts, a)
	}
	t.list[i].Count++
	t.list[i].Changed += a.Changed
}

// String is one line for people.
func (t *Tried) String() string {
	text := fmt.Sprintf("%s: %s > %s: %s, %d times %s, %d changes", t.Of, t.Client, t.Server, t.What, t.Count, t.Fate, t.Changed)
	if t.Why != "" {
		text += " (" + t.Why + ")"
	}
	return text
}
