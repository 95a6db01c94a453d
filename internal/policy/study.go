package policy

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"firedoor"
)

// Finding is something that a person should know of a policy that is not wrong.
type Finding struct {
	Line int
	Kind string // "shadowed", "conflict", "empty", "nowhere", "not-enforced", "unjudged", "opened", "unheard", "unknown", "never", "signed", "otherwise", "valued", "uncounted", "either-side", "one-side", "same-name", "apart", "undecided"
	Text string
}

// MaxFindings is how many findings are told; one more says that there are others.
const MaxFindings = 200

// Study looks at a policy for rules that never decide, rules that contradict each
// other where neither is the exception of the other, and names that do nothing.
func (p *Plan) Study() (out []Finding) {
	shadows, conflicts, open := &looks{maxLooks}, &looks{maxLooks}, &looks{maxLooks}
	pairs := sync.OnceValue(p.Pairs)
	for i := range p.conduits {
		c := &p.conduits[i]
		for _, x := range []*index{c.rules, c.never} {
			alive, one := p.shadows(x, int32(i), shadows)
			two := p.conflicts(x, int32(i), alive, conflicts)
			if shadows.left < 0 && conflicts.left < 0 && len(two) > 0 && len(one) > 0 {
				two = two[:len(two)-1] // it says the same
			}
			out = append(append(out, one...), two...)
		}
		out = append(append(out, p.opened(c.rules, open)...), p.unjudgedFindings(c, pairs)...)
		out = append(append(out, p.frameFindings(c)...), p.valueFindings(c)...)
		out = append(append(out, p.lengthFindings(c)...), c.nameFindings()...)
		if !c.Reviewed.Done() {
			out = append(out, Finding{c.Line, "not-enforced", fmt.Sprintf("conduit %s: nobody has looked yet at what must never be blocked, so it cannot be enforced", c.Name)})
		}
	}
	out = append(append(append(out, p.doubts...), p.otherwiseOpen()...), p.unheard(pairs)...)
	out = append(out, p.sideFindings()...)
	members := map[int32]bool{}
	for at := 1 + len(p.Policy.Zones); at < len(p.places.zones); at++ {
		zone := p.places.zones[at]
		if members[zone] = true; zone < 0 {
			h := &p.Policy.Hosts[at-1-len(p.Policy.Zones)]
			out = append(out, Finding{h.Line, "nowhere", fmt.Sprintf("host %s is in no zone: what holds for it stands under otherwise", h.Name)})
		}
	}
	for i := range p.Policy.Zones {
		if z := &p.Policy.Zones[i]; !members[int32(i)] && len(z.Prefixes) == 0 {
			out = append(out, Finding{z.Line, "empty", fmt.Sprintf("zone %s: nothing is in it", z.Name)})
		}
	}
	return ordered(out)
}

// nameFindings names rules that have the name of an earlier one: what is stopped is told by that name.
func (c *conduit) nameFindings() (out []Finding) {
	first := map[string]int{}
	for i := range c.Rules {
		r := &c.Rules[i]
		if line, known := first[r.Name]; known && r.Name != "" {
			out = append(out, Finding{r.Line, "same-name", fmt.Sprintf("a rule of %s is named %q, as is the one in line %d: what either stops is told under that name", c.Name, r.Name, line)})
			continue
		}
		first[r.Name] = r.Line
	}
	return out
}

// valueFindings names rules that stop by a value whatever is asked: a request without one is stopped too.
func (p *Plan) valueFindings(c *conduit) (out []Finding) {
	for i := range c.Rules {
		m := &c.Rules[i].Match
		if c.Rules[i].Verdict != firedoor.Pass && m.Values != nil && len(m.Verbs)+len(m.Functions)+len(m.Codes) == 0 {
			rule := c.first + int32(len(c.NeverBlock)+i)
			out = append(out, Finding{m.Line, "valued", p.RuleName(rule) + " stops by a value whatever is asked: what writes none, as a read does, is stopped by it too. Name what it is about (verb: [write, control])"})
		}
	}
	return out
}

// uncounted are texts of memory whose numbers are not decimal: bits of words (FINS) and devices that are
// numbered in hexadecimal digits (MELSEC).
var uncounted = regexp.MustCompile(`^[A-Z]+[0-9]*:([0-9]+\.[0-9]{2}|[0-9]*[A-F][0-9A-F]*)$`)

// lengthFindings names rules that stop a place which a longer request may reach from another word, or from a
// number without letters, in a protocol that is not known to count so: it is not seen to.
func (p *Plan) lengthFindings(c *conduit) (out []Finding) {
	for i := range c.Rules {
		m := &c.Rules[i].Match
		at := slices.IndexFunc(m.Objects, func(o Object) bool {
			return (o.hexed() || !o.Row && uncounted.MatchString(o.Text)) && !o.counts(m.Protocols)
		})
		if at < 0 || c.Rules[i].Verdict == firedoor.Pass {
			continue
		}
		rule := c.first + int32(len(c.NeverBlock)+i)
		out = append(out, Finding{m.Line, "uncounted", fmt.Sprintf("%s stops no longer request that begins before %s, in another word or at a number without letters, and reaches it: let pass what is meant, and stop the rest", p.RuleName(rule), m.Objects[at])})
	}
	return out
}

// otherwiseOpen tells of what stands beside a conduit that enforces and stops nothing: whoever
// takes an address of no zone, or asks between zones that no conduit joins, goes past the conduit.
func (p *Plan) otherwiseOpen() []Finding {
	o := &p.Policy.Otherwise
	if o.Mode == Enforce && o.Default != firedoor.Pass {
		return nil
	}
	for i := range p.conduits {
		if c := &p.conduits[i]; c.Mode == Enforce {
			return []Finding{{c.Line, "otherwise", fmt.Sprintf("conduit %s enforces, but otherwise has mode %s and default %s: whoever takes an address of no zone, or of one that no conduit joins with %s, reaches it unjudged. Say otherwise: {mode: enforce, default: drop}",
				c.Name, o.Mode, o.Default, c.To)}}
		}
	}
	return nil
}

// undecided is the kind of findings that say what was not looked at.
const undecided = "undecided"

// ordered sorts findings by line and cuts them off. What was not looked at is always
// told: it says what the others are worth.
func ordered(found []Finding) []Finding {
	slices.SortStableFunc(found, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	if len(found) <= MaxFindings {
		return found
	}
	kept, more := found[:0], 0
	for i, f := range found {
		if i < MaxFindings || f.Kind == undecided {
			kept = append(kept, f)
		} else {
			more++
		}
	}
	if more > 0 {
		kept = append(kept, Finding{Kind: undecided, Text: fmt.Sprintf("there are %d more findings", more)})
	}
	return kept
}

// mayMeet tells quickly whether two entries may match the same request.
func mayMeet(a, b *entry) bool {
	switch {
	case a.client != 0 && b.client != 0 && a.client != b.client,
		a.server != 0 && b.server != 0 && a.server != b.server,
		a.protocol != 0 && b.protocol != 0 && a.protocol != b.protocol,
		a.hasCode && b.hasCode && a.code != b.code,
		a.function != 0 && b.function != 0 && a.function != b.function,
		a.verb != 0 && b.verb != 0 && a.verb != b.verb,
		a.hasUnit && b.hasUnit && a.unit != b.unit:
		return false
	}
	if !a.hasObject || !b.hasObject || a.object.Open || b.object.Open || a.object.Row != b.object.Row {
		return true
	}
	if a.meets(b) {
		return true
	}
	over := apart([]byte(a.object.Text)) - 1 // words touch each other that far
	return a.object.Text == b.object.Text && (!a.object.Row || a.object.From <= b.object.To+over && b.object.From <= a.object.To+over)
}

// maxLooks is how often two entries are held against each other, or against a stand-in,
// for one question about a policy: some seconds on a slow machine. What is beyond it is
// told as not looked at.
const maxLooks = 30_000_000

// looks counts down what may still be looked at.
type looks struct{ left int }

func (l *looks) take(n int) bool {
	l.left -= n
	return l.left >= 0
}

// met are the earlier entries of other rules that may match a request that e matches too;
// not ok when there is no looking any more.
func (x *index) met(i int, l *looks) (out []*entry, ok bool) {
	return x.meeting(i, l, func(rule int32) bool { return rule < x.entries[i].rule })
}

// meeting are the entries of some rules, the first in order, that may match a request that
// e matches too.
func (x *index) meeting(i int, l *looks, meant func(rule int32) bool) (out []*entry, ok bool) {
	return x.about(&x.entries[i], l, meant)
}

// about is meeting of an entry of any index.
func (x *index) about(e *entry, l *looks, meant func(rule int32) bool) (out []*entry, ok bool) {
	for k, b := range x.buckets {
		if k.client != 0 && e.client != 0 && k.client != e.client || k.server != 0 && e.server != 0 && k.server != e.server {
			continue
		}
		for at, j := range b.all {
			other := &x.entries[j]
			if !meant(other.rule) {
				break
			}
			if at%maxMet == 0 && !l.take(maxMet) {
				return nil, false
			}
			if mayMeet(other, e) {
				out = append(out, other)
			}
		}
	}
	slices.SortFunc(out, func(a, b *entry) int { return cmp.Compare(a.number, b.number) })
	return out, true
}

// maxMet is how many earlier entries are held against one.
const maxMet = 256

// standing is what is left of an entry when all that is decided before it is taken
// away: none of it left means that it never decides.
//
// besides are entries whose stand-ins are wanted too.
func (p *Plan) standing(x *index, i int, from, to int32, l *looks, besides ...*entry) (left []box, s *space, ok bool) {
	earlier, ok := x.met(i, l)
	if !ok || len(earlier) > maxMet {
		return nil, nil, false
	}
	s = newSpace(p, from, to, append(append([]*entry{&x.entries[i]}, earlier...), besides...))
	if !l.take(s.size()) {
		return nil, nil, false
	}
	left = []box{s.widest(&x.entries[i])}
	for _, e := range earlier {
		if left, ok = minus(left, s.box(e, true)); !ok || !l.take(s.size()+len(left)) {
			return nil, nil, false
		}
	}
	left = s.asked(s.real(left), false)
	return left, s, len(left) > 0 || !s.short
}

// size is how many stand-ins there are.
func (s *space) size() (n int) {
	for d := range dimensions {
		n += len(s.dims[d])
	}
	return n
}

// shadows tells which rules may decide, and of those that never do.
func (p *Plan) shadows(x *index, number int32, l *looks) (alive map[int32]bool, out []Finding) {
	c := &p.conduits[number]
	from, to := p.zones[c.From], p.zones[c.To]
	alive = map[int32]bool{}
	first := map[int32]int{}
	var order, many []int32
	for i := range x.entries {
		rule := x.entries[i].rule
		if _, known := first[rule]; !known {
			first[rule], order = i, append(order, rule)
		}
		if alive[rule] {
			continue
		}
		left, _, ok := p.standing(x, i, from, to, l)
		if !ok && l.left >= 0 {
			many = append(many, rule)
		}
		if alive[rule] = len(left) > 0 || !ok; l.left < 0 {
			out = append(out, p.unheld(rule))
			for _, later := range x.entries[i:] {
				alive[later.rule] = true
			}
			break
		}
	}
	if len(many) > 0 {
		out = append(out, p.tooMany(many))
	}
	for _, rule := range order {
		if !alive[rule] {
			out = append(out, p.shadowed(x, first[rule]))
		}
	}
	return alive, out
}

// tooMany says that rules were not held against those before them, each for itself.
func (p *Plan) tooMany(rules []int32) Finding {
	text := p.RuleName(rules[0])
	if more := len(rules) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more of its conduit", more)
	}
	return Finding{p.rules[rules[0]].Line, undecided, fmt.Sprintf("it is not known whether %s never decide: what may decide before is more than %d rules, or falls into too many pieces", text, maxMet)}
}

// unheld says that there was too much to look at.
func (p *Plan) unheld(rule int32) Finding {
	return Finding{p.rules[rule].Line, undecided, fmt.Sprintf("from %s on the rules of %s were not all held against those before them: there are too many", p.RuleName(rule), p.ConduitName(p.of[rule]))}
}

// conflicts tells of rules that contradict an earlier one where neither is the exception of
// the other.
func (p *Plan) conflicts(x *index, number int32, alive map[int32]bool, l *looks) (out []Finding) {
	c := &p.conduits[number]
	told := map[[2]int32]bool{}
	for i := range x.entries {
		e := &x.entries[i]
		if !alive[e.rule] {
			continue
		}
		met, ok := x.met(i, l)
		for _, earlier := range met {
			pair := [2]int32{earlier.rule, e.rule}
			if earlier.action == e.action || told[pair] || !alive[earlier.rule] {
				continue
			}
			late, early := p.whole(e), p.whole(earlier)
			s := newSpace(p, p.zones[c.From], p.zones[c.To], []*entry{&late, &early})
			if ok = l.take(4 * s.size()); !ok {
				break
			}
			a, b := s.box(&late, false), s.box(&early, false)
			some, inside := overlap(b, a)
			if _, all := overlap(a, b); some && !inside && !all {
				told[pair] = true
				out = append(out, Finding{p.rules[e.rule].Line, "conflict", fmt.Sprintf("%s says %s and %s before it says %s to some of the same requests: the earlier one decides",
					p.RuleName(e.rule), e.action, p.RuleName(earlier.rule), earlier.action)})
			}
		}
		if !ok {
			return append(out, p.unheld(e.rule))
		}
	}
	return out
}

// whole is an entry with what its words say without being written: who names a function
// names its verb and its code.
func (p *Plan) whole(e *entry) entry {
	out := *e
	if p.known.Functions == nil || e.protocol == 0 {
		return out
	}
	var meant []Function
	for _, f := range p.known.Functions(p.protocolName(e.protocol)) {
		if (e.verb == 0 || e.verb == f.Verb) && (!e.hasCode || e.code == f.Code) && (e.function == 0 || e.function == p.functions[f.Words]) {
			meant = append(meant, f)
		}
	}
	if len(meant) == 0 {
		return out
	}
	first := meant[0]
	same := func(f func(*Function) bool) bool {
		return !slices.ContainsFunc(meant, func(other Function) bool { return !f(&other) })
	}
	if same(func(f *Function) bool { return f.Verb == first.Verb }) {
		out.verb = first.Verb
	}
	if same(func(f *Function) bool { return f.Code == first.Code }) {
		out.hasCode, out.code = true, first.Code
	}
	if same(func(f *Function) bool { return f.Words == first.Words }) {
		out.function = p.functions[first.Words]
	}
	return out
}

func (p *Plan) shadowed(x *index, i int) Finding {
	var by []string
	met, _ := x.met(i, &looks{maxLooks}) // they were found before
	for _, e := range met {
		if name := p.RuleName(e.rule); !slices.Contains(by, name) && len(by) < 3 {
			by = append(by, name)
		}
	}
	rule, match := x.entries[i].rule, "matches"
	if len(by) > 1 {
		match = "match"
	}
	return Finding{p.rules[rule].Line, "shadowed", fmt.Sprintf("%s never decides: %s before it %s all that it matches", p.RuleName(rule), strings.Join(by, " and "), match)}
}

// RuleName says which rule is meant: its name, or where it stands.
func (p *Plan) RuleName(rule int32) string {
	if rule < 0 {
		return "the default"
	}
	r, c := &p.rules[rule], &p.conduits[p.of[rule]]
	if r.Name != "" {
		return fmt.Sprintf("rule %q of %s", r.Name, c.Name)
	}
	return fmt.Sprintf("the rule in line %d of %s", r.Line, c.Name)
}
