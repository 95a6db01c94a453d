package sensor

import (
	"cmp"
	"errors"
	"slices"

	"firedoor"
	"firedoor/internal/baseline"
	"firedoor/internal/capture"
	"firedoor/internal/eventlog"
)

// Summary is summary.json (docs/formats/summary.md).
type Summary struct {
	Captures      []CaptureSummary  `json:"captures"`
	LearnedFrom   []CaptureSummary  `json:"learned_from"`
	LearnedFrames uint64            `json:"learned_frames"`
	First         string            `json:"first,omitempty"` // traffic time of the captures
	Last          string            `json:"last,omitempty"`
	Sight         Sight             `json:"sight"`
	OneWay        uint64            `json:"one_way_conversations"`
	Encrypted     uint64            `json:"encrypted_sessions"`
	Unknown       []Unknown         `json:"unknown_protocols"`
	Protocols     []ProtocolSummary `json:"protocols"`
	Assets        int               `json:"assets"`
	Roles         []Named           `json:"roles"`
	Segments      []string          `json:"segments"`
	Conversations int               `json:"conversations"`
	Statements    StatementSummary  `json:"statements"`
	Alerts        AlertSummary      `json:"alerts"`
	Limits        []firedoor.Limit  `json:"limits_reached"`
	Clock         ClockSummary      `json:"clock"`
}

// CaptureSummary is one file that was read.
type CaptureSummary struct {
	Name    string `json:"name"`
	Frames  uint64 `json:"frames"`
	First   string `json:"first,omitempty"`
	Last    string `json:"last,omitempty"`
	Damaged string `json:"damaged,omitempty"`
}

// Unknown is traffic that no protocol recognised, by transport and server port.
type Unknown struct {
	Transport     string `json:"transport"`
	Port          uint16 `json:"port"`
	Conversations uint64 `json:"conversations"`
	Packets       uint64 `json:"packets"`
	Bytes         uint64 `json:"bytes"`
	// Regular is the rhythm of the conversation with most messages among those that
	// are a machine's, nil without one.
	Regular *firedoor.Rhythm `json:"regular,omitempty"`
}

// ProtocolSummary is one recognised protocol.
type ProtocolSummary struct {
	Protocol      string `json:"protocol"`
	Conversations uint64 `json:"conversations"`
	Packets       uint64 `json:"packets"`
	Bytes         uint64 `json:"bytes"`
	Operations    uint64 `json:"operations"`
	Errors        uint64 `json:"errors"`
	NoResponse    uint64 `json:"no_response"`
	Samples       uint64 `json:"samples"`
	Malformed     uint64 `json:"malformed"`
	// Inside is what its encrypted conversations presumably hold.
	Inside []InsideSummary `json:"inside,omitempty"`
}

// InsideSummary is one protocol that encrypted conversations presumably hold.
type InsideSummary struct {
	firedoor.Inside
	Conversations uint64 `json:"conversations"`
}

// presume counts what a conversation's encrypted flows presumably hold.
func (p *ProtocolSummary) presume(all []firedoor.Inside) {
	for _, in := range all {
		i := slices.IndexFunc(p.Inside, func(s InsideSummary) bool { return s.Inside == in })
		if i < 0 {
			i = len(p.Inside)
			p.Inside = append(p.Inside, InsideSummary{Inside: in})
		}
		p.Inside[i].Conversations++
	}
}

// Named is a word and how often it applies.
type Named struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// StatementSummary counts distinct operations.
type StatementSummary struct {
	Learned int `json:"learned"`
	Total   int `json:"total"`
}

// AlertSummary counts alerts.
type AlertSummary struct {
	Total      int     `json:"total"`
	BySeverity []Named `json:"by_severity"`
	ByKind     []Named `json:"by_kind"`
}

// ClockSummary tells what was odd about timestamps.
type ClockSummary struct {
	Jumps uint64 `json:"jumps"`
	Odd   uint64 `json:"odd_timestamps"`
}

func (r *Result) summarise(p *pipeline) {
	s := &r.Summary
	s.LearnedFrames = p.feed.learnedFrames
	s.Sight = p.feed.sight
	for _, l := range r.lanes {
		s.Sight.add(&l.counts[0])
	}
	for _, c := range s.Captures {
		if c.First != "" && (s.First == "" || c.First < s.First) {
			s.First = c.First
		}
		s.Last = max(s.Last, c.Last)
	}
	s.Clock = ClockSummary{Jumps: p.feed.clock.Jumps, Odd: p.feed.clock.Odd}
	for i := range p.feed.scopes.Len() {
		if i > 0 || p.feed.untagged {
			s.Segments = append(s.Segments, p.feed.scopes.Name(firedoor.Segment(i)))
		}
	}
	r.conversationTotals()
	r.assetTotals()
	r.alertTotals()
	s.Limits = r.limits(p, &s.Sight)
}

// unknownListed is how many unknown protocols are listed, largest first.
const unknownListed = 50

func (r *Result) conversationTotals() {
	s := &r.Summary
	s.Protocols = []ProtocolSummary{}
	protocols := map[string]*ProtocolSummary{}
	for _, l := range r.lanes {
		s.Conversations += l.table.Conversations()
		s.Statements.Total += l.table.Statements()
		for st := range l.table.Statements() {
			if l.table.Statement(int32(st)).Learned {
				s.Statements.Learned++
			}
		}
		for i := range l.table.Conversations() {
			c := l.table.Conversation(int32(i))
			s.OneWay += uint64(c.OneWay)
			s.Encrypted += uint64(c.Encrypted)
			packets, bytes := c.Packets[0]+c.Packets[1], c.Bytes[0]+c.Bytes[1]
			if !recognised(c.Protocol) {
				continue
			}
			p := entry(protocols, c.Protocol)
			p.Protocol = c.Protocol
			p.Conversations++
			p.Packets += packets
			p.Bytes += bytes
			p.Operations += c.Operations
			p.Errors += c.Errors
			p.NoResponse += c.NoResponse
			p.Samples += c.Samples
			p.Malformed += uint64(c.Malformed)
			p.presume(inside(c.Inside))
			inner(protocols, p, l.table, int32(i))
		}
	}
	for _, p := range protocols {
		slices.SortFunc(p.Inside, func(a, b InsideSummary) int {
			return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.By, b.By))
		})
		s.Protocols = append(s.Protocols, *p)
	}
	slices.SortFunc(s.Protocols, func(a, b ProtocolSummary) int { return cmp.Compare(a.Protocol, b.Protocol) })
	all := r.Unknown()
	s.Unknown = all[:min(len(all), unknownListed)]
}

// recognised tells whether a conversation's protocol is more than what carries it.
func recognised(protocol string) bool {
	return protocol != "tcp" && protocol != "udp" && protocol != "ethernet" && protocol != "ip"
}

// Unknown is all that no protocol recognised, largest first; the summary has the
// first of it.
func (r *Result) Unknown() []Unknown {
	unknown := map[Unknown]*Unknown{}
	for _, l := range r.lanes {
		for i := range l.table.Conversations() {
			c := l.table.Conversation(int32(i))
			if recognised(c.Protocol) {
				continue
			}
			u := entry(unknown, Unknown{Transport: c.Protocol, Port: c.Port})
			u.Transport, u.Port = c.Protocol, c.Port
			u.Conversations++
			u.Packets += c.Packets[0] + c.Packets[1]
			u.Bytes += c.Bytes[0] + c.Bytes[1]
			if r := rhythm(c.Rhythm); r != nil && (u.Regular == nil || heard(u.Regular) < heard(r)) {
				u.Regular = r
			}
		}
	}
	all := []Unknown{}
	for _, u := range unknown {
		all = append(all, *u)
	}
	slices.SortFunc(all, func(a, b Unknown) int {
		return cmp.Or(-cmp.Compare(a.Bytes, b.Bytes), cmp.Compare(a.Transport, b.Transport), cmp.Compare(a.Port, b.Port))
	})
	return all
}

// inner moves the operations of a conversation that another protocol speaks
// inside its own (CIP in EtherNet/IP) to that protocol.
func inner(protocols map[string]*ProtocolSummary, own *ProtocolSummary, t *baseline.Table, conv int32) {
	var seen []string
	t.Each(conv, func(st int32) {
		name, s := t.Operation(st).Protocol, t.Statement(st)
		if name == "" || name == own.Protocol {
			return
		}
		p := entry(protocols, name)
		p.Protocol = name
		if !slices.Contains(seen, name) {
			seen = append(seen, name)
			p.Conversations++
		}
		for _, move := range []struct {
			from, to *uint64
			n        uint32
		}{{&own.Operations, &p.Operations, s.Count}, {&own.Errors, &p.Errors, s.Errors}, {&own.NoResponse, &p.NoResponse, s.NoResponse}} {
			n := min(uint64(move.n), *move.from)
			*move.from -= n
			*move.to += n
		}
	})
}

func entry[K comparable, V any](m map[K]*V, k K) *V {
	v := m[k]
	if v == nil {
		v = new(V)
		m[k] = v
	}
	return v
}

func (r *Result) assetTotals() {
	s := &r.Summary
	var roles []string
	for a := range r.site.inventory.Assets {
		s.Assets++
		role := string(a.Role)
		if role == "" {
			role = "unknown"
		}
		roles = append(roles, role)
	}
	s.Roles = tally(roles)
}

func (r *Result) alertTotals() {
	s := &r.Summary
	var kinds, severities []string
	for _, a := range r.Alerts() {
		kinds = append(kinds, a.Kind)
		severities = append(severities, a.Severity.String())
	}
	s.Alerts = AlertSummary{Total: len(kinds), ByKind: tally(kinds), BySeverity: tally(severities)}
}

// tally counts words, in alphabetical order.
func tally(words []string) []Named {
	slices.Sort(words)
	out := []Named{}
	for _, w := range words {
		if n := len(out); n > 0 && out[n-1].Name == w {
			out[n-1].Count++
			continue
		}
		out = append(out, Named{Name: w, Count: 1})
	}
	return out
}

// limits tells which tables were full.
func (r *Result) limits(p *pipeline, sight *Sight) []firedoor.Limit {
	out := []firedoor.Limit{}
	add := func(name string, n uint64) {
		if n > 0 {
			out = append(out, firedoor.Limit{Name: name, Times: n})
		}
	}
	var statements, refused, forgotten, faults, points uint64
	for _, l := range r.lanes {
		statements += l.table.StatementsNoRoom
		refused += l.table.Refused
		forgotten += l.table.Forgotten
		faults += l.faults
		if l.points != nil {
			points += l.points.NoRoom
		}
	}
	add("failed parsers", faults)
	add("process values", points)
	add("programs", r.site.programs.NoRoom)
	add("flows", sight.FlowsEvicted)
	add("conversations", refused)
	add("conversations without operations", forgotten)
	add("distinct operations", statements)
	add("unanswered operations", sight.AsksForgotten)
	add("callers of everybody", p.feed.calls.forgotten)
	add("segments", p.feed.scopes.Beyond())
	inv := r.site.inventory.Stats()
	add("assets", inv.NotAdmitted)
	add("addresses", inv.AddressesRefused)
	add("disputed addresses", inv.ContestsRefused)
	add("pairs that tell roles", inv.EdgesRefused)
	add("alerts", r.site.board.Beyond())
	return out
}

// damage is why a file ended before its time, "" if it did not. A file that is
// given twice is damaged twice.
func (s *source) damage(index int) string {
	path := slices.Concat(s.o.Captures, s.o.Teachers)[index]
	for _, err := range s.damaged {
		var d *capture.DamageError
		if errors.As(err, &d) && d.File == path {
			return d.Reason
		}
	}
	return ""
}

// files tells about the captures, or about those that were only learned from.
func (s *source) files(teachers bool) []CaptureSummary {
	out := []CaptureSummary{}
	names := s.o.names()
	for i, f := range s.read {
		if teachers != (i >= len(s.o.Captures)) {
			continue
		}
		c := CaptureSummary{Name: names[i], Frames: f.frames, Damaged: s.damage(i)}
		if f.frames > 0 {
			c.First, c.Last = eventlog.Time(f.first), eventlog.Time(f.last)
		}
		out = append(out, c)
	}
	return out
}

// heard is how many messages of both senders a rhythm is of.
func heard(r *firedoor.Rhythm) uint64 { return uint64(r.Messages[0]) + uint64(r.Messages[1]) }
