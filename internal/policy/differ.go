package policy

import (
	"fmt"
	"maps"
	"slices"

	"firedoor"
)

// maxExamples is how many requests of each kind a change shows that are judged differently.
const maxExamples = 5

// which of two policies.
type which int

const (
	before which = iota
	after
)

// differ looks for requests that two policies judge differently.
type differ struct {
	plans [2]*Plan
	wide  [2]*Plan // the same, with numbers for what the other one names
	other [2]map[int32]*index
	l     *looks
}

func newDiffer(a, b *Plan) *differ {
	return &differ{[2]*Plan{a, b}, [2]*Plan{a.naming(b), b.naming(a)}, [2]map[int32]*index{{}, {}}, &looks{maxLooks}}
}

// naming is a plan that has numbers for the protocols and functions of another one too.
func (p *Plan) naming(q *Plan) *Plan {
	out := *p
	out.protocols, out.functions = maps.Clone(p.protocols), maps.Clone(p.functions)
	for _, name := range slices.Sorted(maps.Keys(q.protocols)) {
		if _, known := out.protocols[name]; !known {
			out.protocols[name] = uint16(len(out.protocols) + 1)
		}
	}
	for _, words := range slices.Sorted(maps.Keys(q.functions)) {
		if _, known := out.functions[words]; !known {
			out.functions[words] = uint32(len(out.functions) + 1)
		}
	}
	return &out
}

// others are the entries of the other policy between the zones of a conduit, in the words of the own one: where a rule
// is not the same in both, they say at which requests to look.
func (d *differ) others(w which, conduit int32) *index {
	if x := d.other[w][conduit]; x != nil {
		return x
	}
	x := &index{buckets: map[pairKey]*bucket{}}
	d.other[w][conduit] = x
	own, q := d.wide[w], d.plans[1-w]
	c := &own.conduits[conduit]
	from, okFrom := q.zones[c.From]
	to, okTo := q.zones[c.To]
	n, joined := q.joined[[2]int32{from, to}]
	if !okFrom || !okTo || !joined {
		return x
	}
	protocols, functions := map[uint16]string{}, map[uint32]string{}
	for name, number := range q.protocols {
		protocols[number] = name
	}
	for words, number := range q.functions {
		functions[number] = words
	}
	for _, list := range []*index{q.conduits[n].never, q.conduits[n].rules} {
		for i := range list.entries {
			e := list.entries[i]
			client, server := own.places.named[q.places.names[e.client]], own.places.named[q.places.names[e.server]]
			if e.client != 0 && client == 0 || e.server != 0 && server == 0 {
				continue // who has no name here is judged as its zone is
			}
			e.client, e.server, e.protocol, e.function = client, server, own.protocols[protocols[e.protocol]], own.functions[functions[e.function]]
			e.number = int32(len(x.entries))
			x.entries = append(x.entries, e)
			k := pairKey{e.client, e.server}
			if x.buckets[k] == nil {
				x.buckets[k] = &bucket{}
			}
			x.buckets[k].all = append(x.buckets[k].all, e.number)
		}
	}
	return x
}

// effects are requests that a rule of one of the policies decides and that the two judge differently.
func (d *differ) effects(w which, rule int32) []string {
	p := d.wide[w]
	conduit := p.of[rule]
	c := &p.conduits[conduit]
	x := c.rules
	if p.NeverBlocks(rule) {
		x = c.never
	}
	found := findings{d: d, told: map[string]int{}}
	for i := range x.entries {
		if x.entries[i].rule != rule {
			continue
		}
		every := func(int32) bool { return true }
		later, ok := x.meeting(i, d.l, every)
		theirs, too := d.others(w, conduit).about(&x.entries[i], d.l, every)
		if !ok || !too {
			return append(found.list, notLooked)
		}
		left, s, ok := p.standing(x, i, p.zones[c.From], p.zones[c.To], d.l, append(later[:min(len(later), maxMet)], theirs[:min(len(theirs), maxMet)]...)...)
		if !ok {
			found.unsure = true
			continue
		}
		for b := range left {
			found.box(s, &left[b])
		}
	}
	if found.unsure && len(found.list) == 0 {
		return []string{notLooked}
	}
	return found.list
}

// notLooked is said of a rule of which it is not known what it changes.
const notLooked = "not looked at: there is too much to hold it against, so it may open or close something"

// findings are what is found of one rule.
type findings struct {
	d      *differ
	list   []string
	told   map[string]int // how many of each kind
	unsure bool
}

// box looks at requests of a box: at some that may be asked, and at those that differ from them in one thing.
func (f *findings) box(s *space, b *box) {
	for _, one := range s.asking(b) {
		if f.told["opens"]+f.told["closes"] >= 2*maxExamples || !f.d.l.take(4*s.size()) {
			return
		}
		one = one.usual(b)
		said := map[string]bool{f.add(one, nil): true}
		for _, d := range []dimension{byClient, byServer, byPort, byUnit, byObject, byValue, byTime} {
			for _, other := range one.elsewhere(b, d) {
				said[f.add(other, said)] = true
			}
		}
	}
}

// elsewhere are requests that differ from one in a dimension, the plainest first.
func (r sample) elsewhere(b *box, d dimension) (out []sample) {
	var plain, odd []*standIn
	for i := range r.s.dims[d] {
		v := &r.s.dims[d][i]
		switch {
		case !b[d].has(i) || v == r.at[d] || v.other != nil:
		case v.none && (d != byUnit && r.hasObject()), d == byObject && v.quantity > 1:
			odd = append(odd, v)
		case d != byValue || v.none:
			plain = append(plain, v)
		default:
			whole := r.rounded(v)
			if plain = append(plain, whole[:len(whole)-1]...); r.holds(v) {
				odd = append(odd, v)
			}
		}
	}
	for _, v := range append(plain, odd...) {
		one := r
		one.at[d] = v
		out = append(out, one)
	}
	return out
}

// decision is a verdict, and the mode of what decided.
type decision struct {
	firedoor.Verdict
	mode Mode
}

func (p *Plan) deciding(r sample) decision {
	v := p.decides(r)
	if v.Conduit >= 0 {
		return decision{v, p.conduits[v.Conduit].Mode}
	}
	return decision{v, p.Policy.Otherwise.Mode}
}

// add tells of a request, if it is judged differently in a way that is not yet said.
func (f *findings) add(r sample, said map[string]bool) string {
	was, is := f.d.plans[before].deciding(r), f.d.plans[after].deciding(r)
	kind, note := turn(was, is)
	if kind == "" || said[kind] || f.told[kind] >= maxExamples {
		return kind
	}
	if text := fmt.Sprintf("%s: %s: %s, was %s%s", kind, r.s.words(r), is.Says, was.Says, note); !slices.Contains(f.list, text) {
		f.list = append(f.list, text)
		f.told[kind]++
	}
	return kind
}

// turn says what another verdict does to a request. What is only tested passes before and after: that would be opened or
// closed. Nothing of it is said where the mode alone differs, which is told of its conduit.
func turn(was, is decision) (kind, note string) {
	stopped, stops := was.Action != firedoor.Pass, is.Action != firedoor.Pass
	switch {
	case was.Says == is.Says:
		return "", ""
	case is.Says == firedoor.Pass && stopped:
		return "opens", ""
	case is.Says == firedoor.Pass:
		return "would open", fmt.Sprintf(" (nothing was stopped there: mode %s)", was.mode)
	case was.Says == firedoor.Pass && stops:
		return "closes", ""
	case was.Says == firedoor.Pass:
		return "would close", fmt.Sprintf(" (nothing is stopped there: mode %s)", is.mode)
	case stops:
		return "stops otherwise", ""
	}
	return "would stop otherwise", fmt.Sprintf(" (nothing is stopped there: mode %s)", is.mode)
}
