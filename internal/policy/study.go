package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"firedoor"
)

// Finding is something that a person should know of a policy that is not wrong.
type Finding struct {
	Line int
	Kind string // "shadowed", "conflict", "empty", "nowhere", "not-enforced", "undecided"
	Text string
}

// MaxFindings is how many findings are told; one more says that there are others.
const MaxFindings = 200

// Study looks at a policy for rules that never decide, rules that contradict each
// other where neither is the exception of the other, and names that do nothing.
func (p *Plan) Study() (out []Finding) {
	for i := range p.conduits {
		c := &p.conduits[i]
		out = append(out, p.studyRules(c.rules, int32(i))...)
		out = append(out, p.studyRules(c.never, int32(i))...)
		if !c.Reviewed.Done() {
			out = append(out, Finding{c.Line, "not-enforced", fmt.Sprintf("conduit %s: nobody has looked yet at what must never be blocked, so it cannot be enforced", c.Name)})
		}
	}
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
	slices.SortStableFunc(out, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	if len(out) > MaxFindings {
		out = append(out[:MaxFindings], Finding{Kind: "undecided", Text: fmt.Sprintf("there are %d more findings", len(out)-MaxFindings)})
	}
	return out
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
	return a.object.Text == b.object.Text && (!a.object.Row || a.object.From <= b.object.To && b.object.From <= a.object.To)
}

// met are the earlier entries that may match a request that e matches too.
func (x *index) met(i int) (out []*entry) {
	e := &x.entries[i]
	for j := range i {
		if mayMeet(&x.entries[j], e) && x.entries[j].rule != e.rule {
			out = append(out, &x.entries[j])
		}
	}
	return out
}

// maxMet is how many earlier entries are held against one.
const maxMet = 256

// standing is what is left of an entry when all that is decided before it is taken
// away: none of it left means that it never decides.
func (p *Plan) standing(x *index, i int, from, to int32) (left []box, s *space, ok bool) {
	earlier := x.met(i)
	if len(earlier) > maxMet {
		return nil, nil, false
	}
	s = newSpace(p, from, to, append([]*entry{&x.entries[i]}, earlier...))
	left = []box{s.box(&x.entries[i], false)}
	for _, e := range earlier {
		if left, ok = minus(left, s.box(e, true)); !ok {
			return nil, nil, false
		}
	}
	return left, s, true
}

func (p *Plan) studyRules(x *index, number int32) (out []Finding) {
	c := &p.conduits[number]
	from, to := p.zones[c.From], p.zones[c.To]
	alive, unsure := map[int32]bool{}, map[int32]bool{}
	for i := range x.entries {
		rule := x.entries[i].rule
		if alive[rule] {
			continue
		}
		left, _, ok := p.standing(x, i, from, to)
		alive[rule], unsure[rule] = len(left) > 0 || !ok, unsure[rule] || !ok
	}
	told := map[[2]int32]bool{}
	for i := range x.entries {
		e := &x.entries[i]
		if !alive[e.rule] {
			if !told[[2]int32{e.rule, -1}] {
				out = append(out, p.shadowed(x, i))
			}
			told[[2]int32{e.rule, -1}] = true
			continue
		}
		for _, earlier := range x.met(i) {
			pair := [2]int32{earlier.rule, e.rule}
			if earlier.action == e.action || told[pair] || !alive[earlier.rule] {
				continue
			}
			s := newSpace(p, from, to, []*entry{e, earlier})
			a, b := s.box(e, false), s.box(earlier, false)
			some, inside := overlap(b, a)
			if _, all := overlap(a, b); some && !inside && !all {
				told[pair] = true
				out = append(out, Finding{p.rules[e.rule].Line, "conflict", fmt.Sprintf("%s says %s and %s before it says %s to some of the same requests: the earlier one decides",
					p.RuleName(e.rule), e.action, p.RuleName(earlier.rule), earlier.action)})
			}
		}
	}
	return out
}

func (p *Plan) shadowed(x *index, i int) Finding {
	var by []string
	for _, e := range x.met(i) {
		if name := p.RuleName(e.rule); !slices.Contains(by, name) && len(by) < 3 {
			by = append(by, name)
		}
	}
	rule := x.entries[i].rule
	return Finding{p.rules[rule].Line, "shadowed", fmt.Sprintf("%s never decides: %s before it match all that it matches", p.RuleName(rule), strings.Join(by, " and "))}
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

// Path is a way from one zone to another: one conduit, or several one after another
// for somebody who takes over a device in between.
type Path []Step

// Step is what passes on one conduit.
type Step struct {
	From, To string
	Conduit  string // "" where no conduit joins them
	Why      string // which rule or default
	Example  string // one request that passes
}

// Question limits what Prove looks for; zero members are no limit.
type Question struct {
	Verb     firedoor.Verb
	Protocol string
	// AsWritten takes every conduit as if it were enforced.
	AsWritten bool
	// Direct looks at no way over other zones.
	Direct bool
}

// Prove looks for a way on which something passes from one zone to another. A nil Path
// without undecided is a proof that there is none: every request that differs in a way
// the policy can see was looked at. The limits of q hold for the last step, since
// whoever takes over a device in between may have come to it by any means.
func (p *Plan) Prove(from, to string, q Question) (path Path, undecided bool, err error) {
	a, okA := p.zones[from]
	b, okB := p.zones[to]
	switch {
	case !okA:
		return nil, false, fmt.Errorf("no zone is named %q", from)
	case !okB:
		return nil, false, fmt.Errorf("no zone is named %q", to)
	}
	open := Question{AsWritten: q.AsWritten}
	ways, seen := []Path{nil}, map[int32]bool{a: true}
	ends := []int32{a}
	for i := 0; i < len(ends); i++ {
		step, unsure := p.step(ends[i], b, q)
		undecided = undecided || unsure
		if step != nil {
			return append(slices.Clone(ways[i]), *step), false, nil
		}
		if q.Direct {
			break
		}
		for z := range int32(len(p.Policy.Zones)) {
			if seen[z] || z == b {
				continue
			}
			step, unsure := p.step(ends[i], z, open)
			undecided = undecided || unsure
			if step != nil {
				seen[z] = true
				ends, ways = append(ends, z), append(ways, append(slices.Clone(ways[i]), *step))
			}
		}
	}
	return nil, undecided, nil
}

// step looks for something that passes between two zones.
func (p *Plan) step(from, to int32, q Question) (step *Step, undecided bool) {
	if from == to {
		return &Step{From: p.Policy.Zones[from].Name, To: p.Policy.Zones[to].Name, Why: "what is inside a zone passes"}, false
	}
	step = &Step{From: p.Policy.Zones[from].Name, To: p.Policy.Zones[to].Name}
	n, joined := p.joined[[2]int32{from, to}]
	if !joined {
		o := &p.Policy.Otherwise
		if o.Default == firedoor.Pass || o.Mode != Enforce && !q.AsWritten {
			step.Why = fmt.Sprintf("no conduit joins them, and otherwise is %s with mode %s", o.Default, o.Mode)
			return step, false
		}
		return nil, false
	}
	c := &p.conduits[n]
	step.Conduit = c.Name
	if c.Mode != Enforce && !q.AsWritten {
		step.Why = fmt.Sprintf("conduit %s stops nothing, its mode is %s", c.Name, c.Mode)
		return step, false
	}
	limit := entry{verb: q.Verb, action: firedoor.Pass}
	if q.Protocol != "" {
		if limit.protocol = p.protocols[q.Protocol]; limit.protocol == 0 {
			limit.protocol = ^uint16(0)
		}
	}
	var all []entry
	all = append(append(all, c.never.entries...), c.rules.entries...)
	all = append(all, entry{rule: -1, action: c.Default})
	x := &index{entries: all}
	for i := range all {
		if all[i].action != firedoor.Pass || !mayMeet(&all[i], &limit) {
			continue
		}
		left, s, ok := p.surviving(x, i, &limit, from, to)
		if !ok || len(left) > 0 && p.says(s, &left[0]) != firedoor.Pass { // what is shown is what Decide says
			undecided = true
			continue
		}
		if len(left) > 0 {
			step.Why, step.Example = p.RuleName(all[i].rule)+" lets it pass", s.words(&left[0])
			if all[i].rule < 0 {
				step.Why = "no rule stops it, and the default of " + c.Name + " is pass"
			}
			return step, false
		}
	}
	return nil, undecided
}

// surviving is what of entry i passes within a limit: what no stop before it takes.
func (p *Plan) surviving(x *index, i int, limit *entry, from, to int32) (left []box, s *space, ok bool) {
	var stops []*entry
	for _, e := range x.met(i) {
		if e.action != firedoor.Pass && mayMeet(e, limit) {
			stops = append(stops, e)
		}
	}
	if len(stops) > maxMet*16 {
		return nil, nil, false
	}
	s = newSpace(p, from, to, append([]*entry{&x.entries[i], limit}, stops...))
	own, bound := s.box(&x.entries[i], false), s.box(limit, false)
	for d := range dimensions {
		if d == byPort {
			continue
		}
		if own[d] = both(own[d], bound[d]); own[d].empty() {
			return nil, s, true
		}
	}
	left = []box{own}
	for _, e := range stops {
		if left, ok = minus(left, s.box(e, true)); !ok {
			return nil, nil, false
		}
	}
	return left, s, true
}

// words says one request of a box.
func (s *space) words(b *box) string {
	at := func(d dimension) *standIn { return &s.dims[d][b[d].first()] }
	name := func(place Place) string {
		if int(place) <= len(s.p.Policy.Zones) {
			return "somebody of " + s.p.PlaceName(place)
		}
		return s.p.PlaceName(place)
	}
	words := []string{name(at(byClient).place), "to", name(at(byServer).place) + ":"}
	for protocol, n := range s.p.protocols {
		if n == at(byProtocol).protocol {
			words = append(words, protocol)
		}
	}
	if at(byProtocol).protocol == 0 {
		words = append(words, "any protocol")
	}
	if port := at(byPort).port; port.Number != 0 {
		words = append(words, fmt.Sprintf("port %d,", port.Number))
	}
	if v := at(byItsVerb).verb; v != 0 {
		words = append(words, "verb", v.String())
	}
	for function, n := range s.p.functions {
		if n == at(byItsFunction).number {
			words = append(words, fmt.Sprintf("%q", function))
		}
	}
	if o := at(byObject); !o.none && !strings.Contains(string(o.object), "\x00") {
		words = append(words, "object", string(o.object))
		if o.quantity > 1 {
			words = append(words, fmt.Sprintf("and %d behind it", o.quantity-1))
		}
	}
	if v := at(byValue); !v.none && len(s.dims[byValue]) > 2 {
		words = append(words, fmt.Sprintf("value %g", v.value))
	}
	return strings.Join(words, " ")
}
