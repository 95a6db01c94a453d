package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"firedoor"
)

// Change is one difference between two policies, in words. Opens and closes tell
// whether something passes now that did not, or no longer does.
type Change struct {
	What   string // "+", "-" or "~" and what it is about
	Opens  []string
	Closes []string
}

// maxExamples is how many requests a change shows that are judged differently.
const maxExamples = 5

// Diff says what is different in b from a: names, settings and rules in words, and of
// each rule that is new or gone, requests on which both policies decide otherwise.
func Diff(a, b *Plan) (out []Change) {
	say := func(format string, args ...any) { out = append(out, Change{What: fmt.Sprintf(format, args...)}) }
	if a.Policy.Otherwise != b.Policy.Otherwise {
		say("~ otherwise: %s with mode %s, was %s with mode %s", b.Policy.Otherwise.Default, b.Policy.Otherwise.Mode, a.Policy.Otherwise.Default, a.Policy.Otherwise.Mode)
		was, is := &a.Policy.Otherwise, &b.Policy.Otherwise
		out[0].turned("what no conduit joins", "what no conduit joins, and is to be stopped", was.Mode, is.Mode, was.Default, is.Default)
	}
	if a.zone.String() != b.zone.String() {
		say("~ time-zone: %s, was %s", b.zone, a.zone)
	}
	named(a.Policy.Hosts, b.Policy.Hosts, "host", say, func(h *Host) (string, string) {
		text := fmt.Sprint(h.Addresses, h.MAC, h.Segment)
		if len(h.Refuses) > 0 {
			text += " refuses " + strings.Join(h.Refuses, ", ")
		}
		return h.Name, text
	})
	named(a.Policy.Zones, b.Policy.Zones, "zone", say, func(z *Zone) (string, string) {
		text := fmt.Sprint(z.Level, z.Target, z.Segment, z.Prefixes, z.Hosts)
		if z.At != Anywhere {
			text += " at the " + z.At.String()
		}
		return z.Name, text
	})
	sidesChanged(out, a.Policy, b.Policy)
	conduits := len(out)
	named(a.Policy.Conduits, b.Policy.Conduits, "conduit", say, func(c *Conduit) (string, string) {
		return c.Name, fmt.Sprintf("from %s to %s, mode %s, default %s, instead %s, unjudged %s, never-rewrite %t, budget %s, reviewed %s", c.From, c.To, c.Mode, c.Default,
			c.Instead, c.Unjudged, c.NeverRewrite, c.budget(), c.Reviewed.By+" "+c.Reviewed.On)
	})
	turnedConduits(out[conduits:], a.Policy, b.Policy)
	safetyChanged(a, b, say)
	l := &looks{maxLooks}
	olds, news := a.ruleTexts(), b.ruleTexts()
	for _, r := range b.changedRules(news, olds) {
		c := Change{What: "+ " + b.ConduitName(b.of[r]) + ": " + b.Sentence(r)}
		c.Opens, c.Closes = effects(b, r, a, b, l)
		out = append(out, c)
	}
	for _, r := range a.changedRules(olds, news) {
		c := Change{What: "- " + a.ConduitName(a.of[r]) + ": " + a.Sentence(r)}
		c.Opens, c.Closes = effects(a, r, a, b, l)
		out = append(out, c)
	}
	for n := range b.conduits {
		out = append(out, moved(a, b, int32(n), l)...)
	}
	return out
}

// turnedConduits tells of conduits that both policies have what their modes and defaults open and
// close: no rule changes with them.
func turnedConduits(changes []Change, a, b *Policy) {
	before := map[string]*Conduit{}
	for i := range a.Conduits {
		before[a.Conduits[i].Name] = &a.Conduits[i]
	}
	for i := range b.Conduits {
		is := &b.Conduits[i]
		was, both := before[is.Name]
		for k := range changes {
			if c := &changes[k]; both && strings.HasPrefix(c.What, "~ conduit "+is.Name+":") {
				c.turned("what no rule of "+is.Name+" matches", "what "+is.Name+" is to stop", was.Mode, is.Mode, was.Default, is.Default)
			}
		}
	}
}

// turned adds what another mode and another default open and close.
func (c *Change) turned(unmatched, stopped string, wasMode, isMode Mode, was, is firedoor.Action) {
	words := fmt.Sprintf("%s: %s, was %s", unmatched, is, was)
	switch is {
	case was:
	case firedoor.Pass:
		c.Opens = append(c.Opens, words)
	default:
		c.Closes = append(c.Closes, words)
	}
	switch {
	case isMode == Enforce && wasMode != Enforce:
		c.Closes = append(c.Closes, fmt.Sprintf("%s: is stopped, passed with mode %s", stopped, wasMode))
	case wasMode == Enforce && isMode != Enforce:
		c.Opens = append(c.Opens, fmt.Sprintf("%s: passes with mode %s, was stopped", stopped, isMode))
	}
}

// sidesChanged tells of zones that both policies have what is stopped by another side, and what no longer is.
func sidesChanged(changes []Change, a, b *Policy) {
	before := map[string]Side{}
	for i := range a.Zones {
		before[a.Zones[i].Name] = a.Zones[i].At
	}
	for i := range b.Zones {
		z := &b.Zones[i]
		was, both := before[z.Name]
		for k := range changes {
			c := &changes[k]
			if !both || was == z.At || !strings.HasPrefix(c.What, "~ zone "+z.Name+":") {
				continue
			}
			if z.At != Anywhere {
				c.Closes = append(c.Closes, fmt.Sprintf("what comes from the %s with an address of %s: is stopped as wrong-side where that is enforced", z.At.Other(), z.Name))
			}
			if was != Anywhere {
				c.Opens = append(c.Opens, fmt.Sprintf("what comes from the %s with an address of %s: is taken for its own, was stopped as wrong-side", was.Other(), z.Name))
			}
		}
	}
}

// safetyChanged tells of what always passes, or no longer does.
func safetyChanged(a, b *Plan, say func(string, ...any)) {
	texts := func(p *Plan) (out []string) {
		for i := range p.Policy.Safety {
			out = append(out, p.SafetySentence(i))
		}
		return out
	}
	was, is := texts(a), texts(b)
	for _, text := range is {
		if !slices.Contains(was, text) {
			say("+ safety: %s", text)
		}
	}
	for _, text := range was {
		if !slices.Contains(is, text) {
			say("- safety: %s", text)
		}
	}
}

// moved are rules that both policies have and that stand in another order, where the first
// that matches decides.
func moved(a, b *Plan, conduit int32, l *looks) (out []Change) {
	name := b.ConduitName(conduit)
	inA, inB := a.sequence(name), b.sequence(name)
	common := func(list []int32, p *Plan, other map[string]int) (out []int32) {
		left := maps.Clone(other)
		for _, r := range list {
			if text := p.ruleText(r); left[text] > 0 {
				left[text]--
				out = append(out, r)
			}
		}
		return out
	}
	olds, news := a.ruleTexts(), b.ruleTexts()
	inA, inB = common(inA, a, news), common(inB, b, olds)
	for i, r := range inB {
		if i >= len(inA) || a.ruleText(inA[i]) == b.ruleText(r) {
			continue
		}
		if len(out) == maxExamples {
			return append(out, Change{What: "~ " + name + ": and more rules stand elsewhere"})
		}
		c := Change{What: "~ " + name + ": stands elsewhere among its rules: " + b.Sentence(r)}
		c.Opens, c.Closes = effects(b, r, a, b, l)
		out = append(out, c)
	}
	return out
}

// sequence are the rules of a conduit in order; what is never blocked has none.
func (p *Plan) sequence(conduit string) (out []int32) {
	for r := range int32(len(p.rules)) {
		if p.ConduitName(p.of[r]) == conduit && !p.NeverBlocks(r) {
			out = append(out, r)
		}
	}
	return out
}

// named compares lists of things with names.
func named[T any](a, b []T, what string, say func(string, ...any), key func(*T) (name, text string)) {
	before := map[string]string{}
	for i := range a {
		name, text := key(&a[i])
		before[name] = text
	}
	for i := range b {
		name, text := key(&b[i])
		switch old, was := before[name]; {
		case !was:
			say("+ %s %s: %s", what, name, text)
		case old != text:
			say("~ %s %s: %s; was %s", what, name, text, old)
		}
		delete(before, name)
	}
	for i := range a {
		if name, _ := key(&a[i]); before[name] != "" || slices.Contains(keys(before), name) {
			say("- %s %s", what, name)
		}
	}
}

func keys(m map[string]string) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	return out
}

// ruleTexts counts rules by what they say, conduit included.
func (p *Plan) ruleTexts() map[string]int {
	out := map[string]int{}
	for r := range int32(len(p.rules)) {
		out[p.ruleText(r)]++
	}
	return out
}

// ruleText is all that a rule does: a sentence may read like that of another one.
func (p *Plan) ruleText(r int32) string {
	rule := &p.rules[r]
	return fmt.Sprintf("%s|%t|%d|%s", p.ConduitName(p.of[r]), p.NeverBlocks(r), rule.Verdict, rule.Match.text())
}

// text is what m asks for; where it differs, so does m.
func (m *Match) text() string {
	rest := *m
	rest.Values, rest.When, rest.Line = nil, nil, 0
	var span Span
	if m.Values != nil {
		span = *m.Values
	}
	var window Window
	if m.When != nil {
		window = *m.When
	}
	return fmt.Sprintf("%#v|%t%v|%t%v", rest, m.Values != nil, span, m.When != nil, window)
}

// changedRules are those of which the other policy has fewer.
func (p *Plan) changedRules(own, other map[string]int) (out []int32) {
	seen := map[string]int{}
	for r := range int32(len(p.rules)) {
		text := p.ruleText(r)
		if seen[text]++; seen[text] > other[text] && own[text] > other[text] {
			out = append(out, r)
		}
	}
	return out
}

// effects looks for requests that a rule of p matches and that two policies judge
// differently, as written.
func effects(p *Plan, rule int32, before, after *Plan, l *looks) (opens, closes []string) {
	c := &p.conduits[p.of[rule]]
	x := c.rules
	if p.NeverBlocks(rule) {
		x = c.never
	}
	for i := range x.entries {
		if x.entries[i].rule != rule {
			continue
		}
		others, ok := x.meeting(i, l, func(int32) bool { return true })
		if !ok {
			return opens, closes
		}
		left, s, ok := p.standing(x, i, p.zones[c.From], p.zones[c.To], l, others[:min(len(others), maxMet)]...)
		if !ok {
			continue
		}
		for b := range left {
			s.each(&left[b], func(one *box) {
				was, is := before.says(s, one), after.says(s, one)
				switch words := fmt.Sprintf("%s: %s, was %s", s.words(one), is, was); {
				case is == was:
				case is == firedoor.Pass && len(opens) < maxExamples && !slices.Contains(opens, words):
					opens = append(opens, words)
				case is != firedoor.Pass && len(closes) < maxExamples && !slices.Contains(closes, words):
					closes = append(closes, words)
				}
			})
		}
	}
	return opens, closes
}

// each calls f with a request of a box, and with those that differ from it in one
// dimension.
func (s *space) each(b *box, f func(*box)) {
	f(b)
	for d := range dimensions {
		for i := range s.dims[d] {
			if !b[d].has(i) || i == b[d].first() {
				continue
			}
			one := *b
			one[d] = newSet(len(s.dims[d]))
			one[d].add(i)
			f(&one)
		}
	}
}

// says is what a plan says of one request of a box of another plan.
func (p *Plan) says(s *space, b *box) firedoor.Action {
	at := func(d dimension) *standIn { return &s.dims[d][b[d].first()] }
	place := func(q Place) Place {
		name := s.p.PlaceName(q)
		for i, n := range p.places.names {
			if i > 0 && n == name {
				return Place(i)
			}
		}
		return 0
	}
	port := at(byPort).port
	route := p.Route(place(at(byClient).place), place(at(byServer).place), port.Transport, port.Number)
	r := Request{Route: &route, Level: OfOperation, Verb: at(byItsVerb).verb, Code: at(byItsCode).number}
	for name, n := range s.p.protocols {
		if n == at(byProtocol).protocol {
			r.Protocol = name
		}
	}
	for name, n := range s.p.functions {
		if n == at(byItsFunction).number {
			r.Function = name
		}
	}
	if number := at(byObject).lies.layout; r.Protocol == "" && number != 0 {
		r.Protocol = layouts[number].protocol
	}
	if u := at(byUnit); !u.none {
		r.HasUnit, r.Unit = true, u.number
	}
	if o := at(byObject); !o.none {
		r.Object, r.HasQty, r.Quantity = o.object, true, uint32(max(o.quantity, 1))
	}
	if v := at(byValue); !v.none {
		r.Values = v.values()
	}
	r.Time = minuteTime(at(byTime).minute, p)
	return Decide(p, &r).Says
}

// String joins a change and its effects.
func (c Change) String() string {
	lines := []string{c.What}
	for _, e := range c.Opens {
		lines = append(lines, "    opens: "+e)
	}
	for _, e := range c.Closes {
		lines = append(lines, "    closes: "+e)
	}
	return strings.Join(lines, "\n")
}

// budget is a conduit's own, in words.
func (c *Conduit) budget() string {
	if c.Budget == 0 {
		return "as usual"
	}
	return c.Budget.String()
}
