package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"firedoor"
)

// Findings are what a person adds to a draft: who the devices are, what must never be
// blocked, what is allowed beyond what was seen, and how far values may go.
type Findings struct {
	Review   Review
	Mode     Mode             // of all conduits, and of what no conduit joins
	TimeZone string           // of the times in rules
	Unjudged *Unjudged        // what cannot be judged in time; nil leaves the draft as it is
	Default  *firedoor.Action // of all conduits; nil leaves the draft as it is
	Hosts    []FoundHost
	// NeverBlock and Rules name hosts of Hosts alone, on both ends. Rules go before those
	// of the draft.
	NeverBlock, Rules []Rule
	Limits            []Limit
	// Loose, filled in by Revise, are limits that hold for nothing, or not for all that may be written.
	Loose []Fault
}

// FoundHost is a device as a review names it: the hosts of the draft with one of its
// addresses, in its segment if it says one. If the draft has none it is added to Zone.
type FoundHost struct {
	Host
	Zone string
}

// Limit bounds the values of objects of some devices, whoever is allowed to write them.
type Limit struct {
	Servers   []string // hosts of Findings
	Protocols []string
	Objects   []Object
	Values    *Span
	As        Form
	Step      float64
	Rate      Rate
	Note      string
	Line      int
}

// Revise puts what a review found into a drafted policy. What does not fit is returned;
// then the policy is of no use.
func (p *Policy) Revise(f *Findings) []Fault {
	r := reviser{p: p, f: f, named: map[string][]string{}, zoneOf: map[string]string{}}
	for i := range p.Zones {
		for _, h := range p.Zones[i].Hosts {
			r.zoneOf[h] = p.Zones[i].Name
		}
	}
	for i := range f.Hosts {
		r.host(&f.Hosts[i])
	}
	for i := range f.Limits {
		r.limit(&f.Limits[i])
	}
	front := map[string][]Rule{}
	for i := range f.Rules {
		r.spread(&f.Rules[i], func(c *Conduit, rule Rule) { front[c.Name] = append(front[c.Name], rule) })
	}
	for i := range f.NeverBlock {
		r.spread(&f.NeverBlock[i], func(c *Conduit, rule Rule) { c.NeverBlock = append(c.NeverBlock, rule) })
	}
	for i := range p.Conduits {
		c := &p.Conduits[i]
		c.Rules = append(front[c.Name], c.Rules...)
		c.Mode, c.Reviewed = f.Mode, f.Review
		if f.Unjudged != nil {
			c.Unjudged = *f.Unjudged
		}
		if f.Default != nil {
			c.Default = *f.Default
		}
	}
	p.Otherwise.Mode = f.Mode
	if f.TimeZone != "" {
		p.TimeZone = f.TimeZone
	}
	return r.faults
}

type reviser struct {
	p      *Policy
	f      *Findings
	named  map[string][]string // by a name of the review: hosts of the policy
	zoneOf map[string]string
	faults []Fault
}

func (r *reviser) fault(line int, format string, args ...any) {
	r.faults = append(r.faults, Fault{Line: line, Text: fmt.Sprintf(format, args...)})
}

// host finds a device in the draft, or adds it.
func (r *reviser) host(h *FoundHost) {
	for i := range r.p.Hosts {
		d := &r.p.Hosts[i]
		if h.Segment != "" && d.Segment != h.Segment && d.Segment != "" || !h.is(d) {
			continue
		}
		r.named[h.Name] = append(r.named[h.Name], d.Name)
		if d.Refuses = append(d.Refuses, h.Refuses...); h.Note != "" {
			d.Note = h.Note
		}
	}
	switch {
	case len(r.named[h.Name]) > 0:
		return
	case h.Zone == "":
		return // nothing was seen of it; whoever needs it says so
	}
	added := h.Host
	for n := 2; slices.ContainsFunc(r.p.Hosts, func(d Host) bool { return d.Name == added.Name }); n++ {
		added.Name = h.Name + "-" + strconv.Itoa(n) // the draft has one of that name, which is another
	}
	r.p.Hosts = append(r.p.Hosts, added)
	r.named[h.Name], r.zoneOf[added.Name] = []string{added.Name}, h.Zone
	i := slices.IndexFunc(r.p.Zones, func(z Zone) bool { return z.Name == h.Zone })
	if i < 0 {
		i = len(r.p.Zones)
		r.p.Zones = append(r.p.Zones, Zone{Name: h.Zone})
	}
	r.p.Zones[i].Hosts = append(r.p.Zones[i].Hosts, added.Name)
}

// is tells whether a host of the draft is the one meant.
func (h *FoundHost) is(d *Host) bool {
	for _, a := range h.Addresses {
		if slices.Contains(d.Addresses, a) {
			return true
		}
	}
	return h.MAC != 0 && h.MAC == d.MAC
}

// spread makes a rule one for each conduit that joins its ends.
func (r *reviser) spread(rule *Rule, add func(*Conduit, Rule)) {
	type ends struct{ clients, servers []string }
	byZones, order := map[[2]string]*ends{}, [][2]string{}
	for _, client := range r.hosts(rule.Match.Clients, rule.Line) {
		for _, server := range r.hosts(rule.Match.Servers, rule.Line) {
			k := [2]string{r.zoneOf[client], r.zoneOf[server]}
			if !r.meet(client, server) {
				continue
			}
			e := byZones[k]
			if e == nil {
				e = &ends{}
				byZones[k], order = e, append(order, k)
			}
			if !slices.Contains(e.clients, client) {
				e.clients = append(e.clients, client)
			}
			if !slices.Contains(e.servers, server) {
				e.servers = append(e.servers, server)
			}
		}
	}
	if len(order) == 0 {
		r.fault(rule.Line, "rule %s: its ends never meet in the draft", rule.Name)
	}
	for _, k := range order {
		one := *rule
		one.Match.Clients, one.Match.Servers = byZones[k].clients, byZones[k].servers
		add(r.conduit(k[0], k[1]), one)
	}
}

// meet tells whether two hosts are ever in one segment.
func (r *reviser) meet(a, b string) bool {
	x, y := r.segment(a), r.segment(b)
	return x == y || x == "" || y == ""
}

func (r *reviser) segment(host string) string {
	for i := range r.p.Hosts {
		if r.p.Hosts[i].Name == host {
			return r.p.Hosts[i].Segment
		}
	}
	return ""
}

// hosts are those of the policy that names of the review mean.
func (r *reviser) hosts(names []string, line int) (out []string) {
	if len(names) == 0 {
		r.fault(line, "a rule of a review names client and server")
	}
	for _, n := range names {
		if !slices.ContainsFunc(r.f.Hosts, func(h FoundHost) bool { return h.Name == n }) {
			r.fault(line, "%s is no host of the review", n)
		}
		out = append(out, r.named[n]...)
	}
	return out
}

func (r *reviser) conduit(from, to string) *Conduit {
	for i := range r.p.Conduits {
		if r.p.Conduits[i].From == from && r.p.Conduits[i].To == to {
			return &r.p.Conduits[i]
		}
	}
	name := from + "-to-" + to
	r.p.Conduits = append(r.p.Conduits, Conduit{Name: name[:min(len(name), maxSlug+8)], From: from, To: to, Default: firedoor.Drop, Instead: firedoor.Drop})
	return &r.p.Conduits[len(r.p.Conduits)-1]
}

// limit takes the objects that it bounds out of the rules that let them be written, and
// lets them be written within its bounds.
func (r *reviser) limit(l *Limit) {
	servers, bound := r.hosts(l.Servers, l.Line), false
	for i := range r.p.Conduits {
		c := &r.p.Conduits[i]
		var rules []Rule
		for _, rule := range c.Rules {
			m := &rule.Match
			if !l.meant(&rule, servers) || len(m.Objects) == 0 || m.Values != nil && m.As == l.As && l.Values == nil {
				if l.meant(&rule, servers) && len(m.Objects) == 0 && slices.Contains(m.Verbs, firedoor.VerbWrite) {
					r.loose(l, "does not hold for what %s says of %s: a rule lets all objects be written there (%s)", c.Name, strings.Join(m.Servers, ", "), rule.Note)
				}
				rules = append(rules, rule)
				continue
			}
			parts := l.split(rule)
			bound = bound || !slices.Equal(parts[0].Match.Objects, m.Objects) || parts[0].Match.Values != m.Values || parts[0].Match.Step != m.Step || parts[0].Match.Rate != m.Rate
			rules = append(rules, parts...)
		}
		c.Rules = rules
	}
	if !bound {
		r.loose(l, "bounds nothing: no drafted rule lets %s be written", orOf(objectWords(l.Objects), ""))
	}
}

// meant tells whether a rule lets something be changed that a limit may be about.
func (l *Limit) meant(rule *Rule, servers []string) bool {
	m := &rule.Match
	return rule.Verdict == firedoor.Pass && slices.ContainsFunc(m.Servers, func(s string) bool { return slices.Contains(servers, s) }) &&
		(len(l.Protocols) == 0 || slices.ContainsFunc(m.Protocols, func(s string) bool { return slices.Contains(l.Protocols, s) })) &&
		slices.ContainsFunc(m.Verbs, firedoor.Verb.Changes)
}

func (r *reviser) loose(l *Limit, format string, args ...any) {
	r.f.Loose = append(r.f.Loose, Fault{Line: l.Line, Key: "limits", Text: fmt.Sprintf(format, args...)})
}

// split makes of a rule one of the objects that the limit does not bound, and one of
// those it does.
func (l *Limit) split(rule Rule) (out []Rule) {
	var free, bound []Object
	for _, o := range rule.Match.Objects {
		left := []Object{o.counting()}
		for _, b := range l.Objects {
			b = b.counting() // "DB10.DBD6" is a row of one, as in the draft
			var next []Object
			for _, x := range left {
				rest, hit := x.without(b)
				for i := 0; i < len(rule.Match.Protocols) && !hit; i++ {
					rest, hit = x.outside(b, layoutOf(rule.Match.Protocols[i]))
				}
				if next = append(next, rest...); hit && !slices.Contains(bound, b) {
					bound = append(bound, b)
				}
			}
			left = next
		}
		free = append(free, left...)
	}
	if len(bound) == 0 {
		return []Rule{rule}
	}
	limited := rule
	limited.Match.Objects, limited.Match.Values, limited.Match.As = bound, l.Values, l.As
	limited.Match.Step, limited.Match.Rate = l.Step, l.Rate
	if l.Note != "" {
		limited.Note = l.Note
	}
	out = append(out, limited)
	if len(free) > 0 {
		rule.Match.Objects = free
		out = append(out, rule)
	}
	return out
}

// without takes b out of o; hit tells whether they had anything in common.
func (o Object) without(b Object) (rest []Object, hit bool) {
	if o == b {
		return nil, true
	}
	if !o.Row || !b.Row || o.Text != b.Text || o.To < b.From || b.To < o.From {
		return []Object{o}, false
	}
	if o.From < b.From {
		rest = append(rest, Object{Text: o.Text, Row: true, From: o.From, To: b.From - 1})
	}
	if o.To > b.To {
		rest = append(rest, Object{Text: o.Text, Row: true, From: b.To + 1, To: o.To})
	}
	return rest, true
}
