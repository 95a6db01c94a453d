package doors

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
)

// Limits of what is kept of one gateway's stops.
const (
	// MaxStops is how many of the newest are listed; older ones are in the gateway's
	// own file.
	MaxStops = 10_000
	// MaxKinds is how many kinds of stops are counted apart; a further kind is counted
	// by its rule alone.
	MaxKinds = 2_000
	// MaxRules is how many rules and defaults are counted.
	MaxRules = 60_000
	// maxText is the longest text of a line that is kept.
	maxText = 512
)

// Stop is a request or frame that a gateway stopped, or would have stopped.
type Stop struct {
	Seq      uint64 `json:"seq" doc:"Counts up; of this gateway"`
	Gateway  string `json:"gateway"`
	Time     string `json:"wall_time"`
	Sentence string `json:"sentence"`
	Why      string `json:"why"`
	Test     bool   `json:"test" doc:"It passed, and is only told"`
	Done     string `json:"done" doc:"What was done: pass, refuse, drop, reset"`
	Says     string `json:"says" doc:"What the policy says"`
	Reason   string `json:"reason"`
	Rule     string `json:"rule" doc:"Empty: none, but the reason"`
	Conduit  string `json:"conduit" doc:"Empty: no conduit joins the two"`
	Segment  string `json:"segment"`
	Client   string `json:"client" doc:"Name in the policy, else its address"`
	ClientAt string `json:"client_at"`
	Server   string `json:"server"`
	ServerAt string `json:"server_at"`
	Protocol string `json:"protocol"`
	Verb     string `json:"verb"`
	Function string `json:"function"`
	Object   string `json:"object"`
}

// line is what is read of a line of stopped.jsonl (docs/GATEWAY.md).
type line struct {
	Time     string `json:"time"`
	Done     string `json:"done"`
	Says     string `json:"says"`
	Reason   string `json:"reason"`
	Rule     string `json:"rule"`
	Conduit  string `json:"conduit"`
	Segment  string `json:"segment"`
	Client   string `json:"client"`
	Server   string `json:"server"`
	Protocol string `json:"protocol"`
	Verb     string `json:"verb"`
	Function string `json:"function"`
	Object   string `json:"object"`
	Last     string `json:"last"`  // of several
	Count    uint64 `json:"count"` // frames that it stands for; 0 is one
}

// shed is what is done with what no worker judges for a while: nothing of it is stopped by that.
const shed = "shed"

// several is an end of which there is more than one.
const several = "several"

// host is an end without its port: a client has another one each time.
func host(end string) string {
	if strings.Count(end, ":") == 5 && len(end) == 17 { // a MAC
		return end
	}
	if at, err := netip.ParseAddrPort(end); err == nil { // that of IPv6 stands in brackets
		return at.Addr().String()
	}
	if _, err := netip.ParseAddr(end); err == nil {
		return end
	}
	if at := strings.LastIndexByte(end, ':'); at >= 0 {
		return end[:at]
	}
	return end
}

// kind is what stops that differ only in time have in common.
type kind struct {
	Test     bool   `json:"test,omitempty"`
	Says     string `json:"says"`
	Reason   string `json:"reason"`
	Rule     string `json:"rule,omitempty"`
	Conduit  string `json:"conduit,omitempty"`
	Segment  string `json:"segment,omitempty"`
	Client   string `json:"client"` // without its port
	Server   string `json:"server"` // without its port
	Protocol string `json:"protocol,omitempty"`
	Verb     string `json:"verb,omitempty"`
	Object   string `json:"object,omitempty"`
}

// counted is how often and when.
type counted struct {
	Count uint64 `json:"count"`
	First string `json:"first"`
	Last  string `json:"last"`
}

func (c *counted) add(l *line) {
	if c.Count == 0 || l.Time < c.First {
		c.First = l.Time
	}
	c.Count += max(l.Count, 1)
	c.Last = max(c.Last, l.Time, l.Last)
}

// decider is a rule, or what decided where none did.
type decider struct {
	Conduit string `json:"conduit,omitempty"`
	Rule    string `json:"rule,omitempty"`
	Reason  string `json:"reason,omitempty"` // where there is no rule
	Test    bool   `json:"test,omitempty"`
}

// stops is what a gateway stopped, counted. It is not safe for concurrent use.
type stops struct {
	newest  []line // a ring
	next    int    // where the next one goes
	seq     uint64 // of the newest
	kinds   map[kind]*counted
	rules   map[decider]*counted
	total   uint64 // that were stopped
	tested  uint64 // that would have been
	odd     uint64 // lines that could not be read
	uncut   uint64 // stops whose kind or rule found no room
	since   string // since when is counted
	changed bool
}

func newStops() stops { return stops{kinds: map[kind]*counted{}, rules: map[decider]*counted{}} }

// forget begins counting anew, as for another policy; the list stays.
func (s *stops) forget(now string) {
	clear(s.kinds)
	clear(s.rules)
	s.total, s.tested, s.uncut, s.since, s.changed = 0, 0, 0, now, true
}

// parse reads a line; false where it is none.
func parse(b []byte) (l line, ok bool) {
	if json.Unmarshal(b, &l) != nil || l.Done == "" {
		return l, false
	}
	if l.Time, l.Last = wall(l.Time), wall(l.Last); l.Time == "" {
		return l, false
	}
	for _, end := range []*string{&l.Client, &l.Server} {
		if *end == "" { // it stands for several pairs
			*end = several
		}
	}
	for _, text := range []*string{&l.Time, &l.Done, &l.Says, &l.Reason, &l.Rule, &l.Conduit, &l.Segment, &l.Client, &l.Server, &l.Protocol, &l.Verb, &l.Function, &l.Object} {
		if len(*text) > maxText {
			*text = strings.ToValidUTF8((*text)[:maxText], "")
		}
	}
	return l, true
}

// take counts a line.
func (s *stops) take(b []byte) {
	s.changed = true
	l, ok := parse(b)
	if !ok {
		s.odd++
		return
	}
	if l.Done == shed {
		return // it is told beside what was stopped
	}
	s.list(l)
	test := l.Done == "pass"
	if test {
		s.tested += max(l.Count, 1)
	} else {
		s.total += max(l.Count, 1)
	}
	d := decider{Conduit: l.Conduit, Rule: l.Rule, Test: test}
	if l.Rule == "" {
		d.Reason = l.Reason
	}
	k := kind{test, l.Says, l.Reason, l.Rule, l.Conduit, l.Segment, host(l.Client), host(l.Server), l.Protocol, l.Verb, l.Object}
	if !count(s.rules, d, MaxRules, &l) || !count(s.kinds, k, MaxKinds, &l) {
		s.uncut++
	}
}

// list keeps a line among the newest.
func (s *stops) list(l line) {
	s.seq++
	if len(s.newest) < MaxStops {
		s.newest = append(s.newest, l)
		return
	}
	s.newest[s.next] = l
	s.next = (s.next + 1) % MaxStops
}

func count[K comparable](m map[K]*counted, k K, most int, l *line) bool {
	c := m[k]
	if c == nil {
		if len(m) >= most {
			return false
		}
		c = &counted{}
		m[k] = c
	}
	c.add(l)
	return true
}

// back gives the i-th newest.
func (s *stops) back(i int) *line {
	n := len(s.newest)
	return &s.newest[(s.next+n-1-i)%n]
}

// lately gives kinds, those that were last seen last first.
func (s *stops) lately(test bool) (out []kind) {
	for k := range s.kinds {
		if k.Test == test {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b kind) int {
		x, y := s.kinds[a], s.kinds[b]
		return cmp.Or(cmp.Compare(y.Last, x.Last), cmp.Compare(y.Count, x.Count), cmp.Compare(a.Client, b.Client), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Verb, b.Verb))
	})
	return out
}

// kept is what lasts of stops.
type kept struct {
	Seq    uint64        `json:"seq"`
	Total  uint64        `json:"stopped"`
	Tested uint64        `json:"tested"`
	Odd    uint64        `json:"odd"`
	Uncut  uint64        `json:"uncut"`
	Since  string        `json:"since"`
	Kinds  []keptKind    `json:"kinds"`
	Rules  []keptDecider `json:"rules"`
}

type keptKind struct {
	kind
	counted
}

type keptDecider struct {
	decider
	counted
}

func (s *stops) keep() kept {
	out := kept{s.seq, s.total, s.tested, s.odd, s.uncut, s.since, nil, nil}
	for k, c := range s.kinds {
		out.Kinds = append(out.Kinds, keptKind{k, *c})
	}
	for d, c := range s.rules {
		out.Rules = append(out.Rules, keptDecider{d, *c})
	}
	return out
}

func (s *stops) restore(k kept) {
	s.seq, s.total, s.tested, s.odd, s.uncut, s.since = k.Seq, k.Total, k.Tested, k.Odd, k.Uncut, k.Since
	for _, x := range k.Kinds[:min(len(k.Kinds), MaxKinds)] {
		s.kinds[x.kind] = &counted{x.Count, x.First, x.Last}
	}
	for _, x := range k.Rules[:min(len(k.Rules), MaxRules)] {
		s.rules[x.decider] = &counted{x.Count, x.First, x.Last}
	}
}
