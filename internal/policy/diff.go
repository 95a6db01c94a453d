package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"firedoor"
)

// Change is one difference between two policies, in words.
type Change struct {
	What    string   // "+", "-" or "~" and what it is about
	Effects []string // requests that are judged differently, each behind what that does to them: "opens: ..."
}

// Diff says what is different in b from a: names, settings and rules in words, and of
// each rule that is new, gone or elsewhere, requests on which both policies decide otherwise.
func Diff(a, b *Plan) (out []Change) {
	say := func(format string, args ...any) { out = append(out, Change{What: fmt.Sprintf(format, args...)}) }
	named([]Policy{*a.Policy}, []Policy{*b.Policy}, "", say, func(p *Policy) (string, []trait) {
		return "otherwise", []trait{{"mode", p.Otherwise.Mode.String()}, {"default", p.Otherwise.Default.String()}}
	})
	for i := range out {
		out[i].turned("what no conduit joins", "what no conduit joins, and is to be stopped", a.otherwise(), b.otherwise())
	}
	if a.zone.String() != b.zone.String() {
		say("~ time-zone: %s, was %s", b.zone, a.zone)
	}
	named(a.Policy.Hosts, b.Policy.Hosts, "host ", say, hostTraits)
	named(a.Policy.Zones, b.Policy.Zones, "zone ", say, zoneTraits)
	sidesChanged(out, a.Policy, b.Policy)
	conduits := len(out)
	named(a.Policy.Conduits, b.Policy.Conduits, "conduit ", say, conduitTraits)
	turnedConduits(out[conduits:], a, b)
	safetyChanged(a, b, say)
	d := newDiffer(a, b)
	olds, news := a.ruleTexts(), b.ruleTexts()
	for _, r := range b.changedRules(news, olds) {
		out = append(out, Change{"+ " + b.ConduitName(b.of[r]) + ": " + b.Sentence(r), d.effects(after, r)})
	}
	for _, r := range a.changedRules(olds, news) {
		out = append(out, Change{"- " + a.ConduitName(a.of[r]) + ": " + a.Sentence(r), d.effects(before, r)})
	}
	for n := range b.conduits {
		out = append(out, d.moved(int32(n))...)
	}
	return out
}

// trait is one thing that is said of what has a name.
type trait struct{ key, value string }

func hostTraits(h *Host) (string, []trait) {
	mac := ""
	if h.MAC != 0 {
		mac = h.MAC.String()
	}
	return h.Name, []trait{{"address", strings.Join(texts(h.Addresses), ", ")}, {"mac", mac}, {"segment", h.Segment}, {"refuses", strings.Join(h.Refuses, ", ")}}
}

func zoneTraits(z *Zone) (string, []trait) {
	at, target := "", ""
	if z.At != Anywhere {
		at = z.At.String()
	}
	if z.Target != 0 {
		target = strconv.Itoa(z.Target)
	}
	return z.Name, []trait{{"level", z.Level}, {"target", target}, {"segment", z.Segment}, {"at", at}, {"addresses", strings.Join(texts(z.Prefixes), ", ")}, {"hosts", strings.Join(z.Hosts, ", ")}}
}

func conduitTraits(c *Conduit) (string, []trait) {
	reviewed := ""
	if c.Reviewed != (Review{}) {
		reviewed = "by " + c.Reviewed.By + " on " + c.Reviewed.On
	}
	return c.Name, []trait{{"from", c.From}, {"to", c.To}, {"mode", c.Mode.String()}, {"default", c.Default.String()}, {"instead", c.Instead.String()}, {"unjudged", c.Unjudged.String()},
		{"never-rewrite", strconv.FormatBool(c.NeverRewrite)}, {"budget", c.budget()}, {"reviewed", reviewed}}
}

// bearing is how something is judged that no rule speaks of, and whether a rule stops anything there.
type bearing struct {
	mode    Mode
	written firedoor.Action
	rules   bool
}

func (b bearing) stops() bool { return b.rules || b.written != firedoor.Pass }

func (p *Plan) otherwise() bearing {
	o := &p.Policy.Otherwise
	return bearing{o.Mode, o.Default, false}
}

// bears is how a plan takes what goes between two zones.
func (p *Plan) bears(from, to string) bearing {
	a, okA := p.zones[from]
	b, okB := p.zones[to]
	n, joined := p.joined[[2]int32{a, b}]
	switch {
	case !okA || !okB:
		return p.otherwise()
	case joined:
		c := &p.conduits[n]
		return bearing{c.Mode, c.Default, slices.ContainsFunc(c.Rules, func(r Rule) bool { return r.Verdict != firedoor.Pass })}
	case a == b:
		return bearing{Enforce, firedoor.Pass, false}
	}
	return p.otherwise()
}

// turnedConduits tells of conduits what their modes and defaults open and close, also of those that are
// new or gone: no rule says it.
func turnedConduits(changes []Change, a, b *Plan) {
	for _, list := range [][]Conduit{b.Policy.Conduits, a.Policy.Conduits} {
		for i := range list {
			c := &list[i]
			for k := range changes {
				change := &changes[k]
				if _, about, _ := strings.Cut(change.What, " conduit "); change.Effects == nil && (about == c.Name || strings.HasPrefix(about, c.Name+": ")) {
					change.turned("what no rule of "+c.Name+" matches", "what "+c.Name+" is to stop", a.bears(c.From, c.To), b.bears(c.From, c.To))
				}
			}
		}
	}
}

// turned adds what another mode and another default open and close.
func (c *Change) turned(unmatched, stopped string, was, is bearing) {
	one := func(b bearing) decision {
		v := firedoor.Verdict{Says: b.written}
		if b.mode == Enforce {
			v.Action = b.written
		}
		return decision{v, b.mode}
	}
	kind, note := turn(one(was), one(is))
	if kind != "" {
		c.Effects = append(c.Effects, fmt.Sprintf("%s: %s: %s, was %s%s", kind, unmatched, is.written, was.written, note))
	}
	switch {
	case is.mode == Enforce && was.mode != Enforce && is.stops() && (is.rules || kind != "closes"): // else that is all
		c.Effects = append(c.Effects, fmt.Sprintf("closes: %s: is stopped, passed with mode %s", stopped, was.mode))
	case was.mode == Enforce && is.mode != Enforce && was.stops() && (was.rules || kind != "opens"):
		c.Effects = append(c.Effects, fmt.Sprintf("opens: %s: passes with mode %s, was stopped", stopped, is.mode))
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
				c.Effects = append(c.Effects, fmt.Sprintf("closes: what comes from the %s with an address of %s: is stopped as wrong-side where that is enforced", z.At.Other(), z.Name))
			}
			if was != Anywhere {
				c.Effects = append(c.Effects, fmt.Sprintf("opens: what comes from the %s with an address of %s: is taken for its own, was stopped as wrong-side", was.Other(), z.Name))
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
// that matches decides: as few as it takes to make one order of the other.
func (d *differ) moved(conduit int32) (out []Change) {
	a, b := d.plans[before], d.plans[after]
	name := b.ConduitName(conduit)
	common := func(p *Plan, other map[string]int) (out []int32) {
		left := maps.Clone(other)
		for _, r := range p.sequence(name) {
			if text := p.ruleText(r); left[text] > 0 {
				left[text]--
				out = append(out, r)
			}
		}
		return out
	}
	inA, inB := common(a, b.ruleTexts()), common(b, a.ruleTexts())
	at := map[string][]int{} // where in inA
	for i, r := range inA {
		at[a.ruleText(r)] = append(at[a.ruleText(r)], i)
	}
	places := make([]int, len(inB))
	for i, r := range inB {
		text := b.ruleText(r)
		places[i], at[text] = at[text][0], at[text][1:]
	}
	more := 0
	for i, stays := range rising(places) {
		if stays {
			continue
		}
		effects := d.effects(after, inB[i])
		for _, e := range d.effects(before, inA[places[i]]) {
			if !slices.Contains(effects, e) {
				effects = append(effects, e)
			}
		}
		if len(effects) == 0 && len(out) >= maxExamples {
			more++
			continue
		}
		out = append(out, Change{"~ " + name + ": stands elsewhere among its rules: " + b.Sentence(inB[i]), effects})
	}
	if more > 0 {
		out = append(out, Change{What: fmt.Sprintf("~ %s: and %d more rules stand elsewhere, which is not seen to change anything", name, more)})
	}
	return out
}

// rising marks a longest run of numbers of a list that rise, none of them twice.
func rising(list []int) []bool {
	ends, before := []int{}, make([]int, len(list)) // ends[n] is where the lowest number stands that ends a run of n+1
	for i, v := range list {
		n, _ := slices.BinarySearchFunc(ends, v, func(at, v int) int { return list[at] - v })
		if before[i] = -1; n > 0 {
			before[i] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, i)
		} else {
			ends[n] = i
		}
	}
	out := make([]bool, len(list))
	if len(ends) > 0 {
		for i := ends[len(ends)-1]; i >= 0; i = before[i] {
			out[i] = true
		}
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
func named[T any](a, b []T, what string, say func(string, ...any), key func(*T) (name string, traits []trait)) {
	before := map[string][]trait{}
	for i := range a {
		name, traits := key(&a[i])
		before[name] = traits
	}
	for i := range b {
		name, traits := key(&b[i])
		old, was := before[name]
		var words []string
		for n, t := range traits {
			switch {
			case !was && t.value != "":
				words = append(words, t.key+" "+t.value)
			case was && t.value != old[n].value:
				words = append(words, fmt.Sprintf("%s %s, was %s", t.key, orNone(t.value), orNone(old[n].value)))
			}
		}
		switch text := strings.Join(words, "; "); {
		case !was:
			say("+ %s%s: %s", what, name, text)
		case text != "":
			say("~ %s%s: %s", what, name, text)
		}
		delete(before, name)
	}
	for i := range a {
		name, _ := key(&a[i])
		if _, gone := before[name]; gone {
			say("- %s%s", what, name)
		}
	}
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
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

// String joins a change and its effects.
func (c Change) String() string {
	return strings.Join(append([]string{c.What}, c.Effects...), "\n    ")
}

// budget is a conduit's own, in words.
func (c *Conduit) budget() string {
	if c.Budget == 0 {
		return "as usual"
	}
	return c.Budget.String()
}
