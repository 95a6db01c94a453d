package sensor

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strconv"

	"firedoor"
	"firedoor/internal/baseline"
	"firedoor/internal/eventlog"
	"firedoor/internal/flow"
)

// Result is what a replay found. Nothing in it depends on the number of shards
// or on a clock of this machine.
type Result struct {
	Summary Summary
	Damaged []error // captures that ended before their time, and parsers that failed

	site   *site
	lanes  []*lane
	scopes *flow.Scopes
	names  []string
}

func (p *pipeline) result(src *source) *Result {
	r := p.view()
	r.Damaged = append(src.damaged, r.faults()...)
	r.Summary.Captures, r.Summary.LearnedFrom = src.files(false), src.files(true)
	r.summarise(p)
	return r
}

// view is a result of what there is now, without a summary.
func (p *pipeline) view() *Result {
	r := &Result{site: p.site, scopes: &p.feed.scopes, names: p.o.names()}
	for i := range lanes {
		r.lanes = append(r.lanes, p.lane(i))
	}
	return r
}

// Alerts gives all alerts, by time and then id.
func (r *Result) Alerts() []firedoor.Alert { return r.site.board.Alerts() }

// conversationRef finds a conversation in its lane.
type conversationRef struct {
	lane *lane
	conv int32
}

// ordered gives all conversations by segment, client, server, protocol, port.
func (r *Result) ordered() []conversationRef {
	var all []conversationRef
	for _, l := range r.lanes {
		for i := range l.table.Conversations() {
			all = append(all, conversationRef{l, int32(i)})
		}
	}
	slices.SortFunc(all, func(a, b conversationRef) int {
		p, q := a.lane.table.Conversation(a.conv), b.lane.table.Conversation(b.conv)
		return cmp.Or(cmp.Compare(p.Segment, q.Segment), compareIP(p.Client, q.Client), compareIP(p.Server, q.Server),
			cmp.Compare(p.Protocol, q.Protocol), cmp.Compare(p.Port, q.Port), cmp.Compare(p.Transport, q.Transport), cmp.Compare(sentTo(&p.Pair), sentTo(&q.Pair)))
	})
	return all
}

func compareIP(a, b firedoor.IP) int {
	return cmp.Or(cmp.Compare(a.Hi, b.Hi), cmp.Compare(a.Lo, b.Lo))
}

// Conversations gives every conversation in stable order to f.
func (r *Result) Conversations(f func(*firedoor.Conversation) error) error {
	for _, ref := range r.ordered() {
		c := r.conversation(ref)
		if err := f(&c); err != nil {
			return err
		}
	}
	return nil
}

func (r *Result) conversation(ref conversationRef) firedoor.Conversation {
	t := ref.lane.table
	c := t.Conversation(ref.conv)
	port := c.ServerPort
	if c.Transport == 0 {
		port = c.Port // the EtherType of what nobody recognised
	}
	out := firedoor.Conversation{Segment: r.scopes.Name(c.Segment), Protocol: c.Protocol, Learned: c.Learned,
		Client: address(c.Client, c.ClientMAC, c.Transport, 0), Server: address(c.Server, c.ServerMAC, c.Transport, port),
		First: eventlog.Time(c.First), Last: eventlog.Time(c.Last), Flows: c.Flows, Packets: c.Packets, Bytes: c.Bytes,
		Operations: c.Operations, Errors: c.Errors, NoResponse: c.NoResponse, Partial: c.Partial, Samples: c.Samples,
		Malformed: c.Malformed, Encrypted: c.Encrypted, OneWay: c.OneWay, Verbs: []string{}, Statements: []firedoor.Statement{}}
	out.SentTo = sentTo(&c.Pair)
	if c.Learned {
		out.Ports = slices.Clone(c.Ports)
	}
	for v := firedoor.VerbSession; v <= firedoor.VerbProgram; v++ {
		if c.Verbs&(1<<v) != 0 {
			out.Verbs = append(out.Verbs, v.String())
		}
	}
	out.Rhythm, out.Inside = rhythm(c.Rhythm), inside(c.Inside)
	if out.Rhythm == nil && c.Encrypted > 0 && c.Rhythm.Heard() {
		out.Rhythm = toldRhythm(c.Rhythm)
		out.Rhythm.Irregular = true
	}
	t.Each(ref.conv, func(st int32) { out.Statements = append(out.Statements, statement(ref, st)) })
	return out
}

// sentTo is the address that the ends of a conversation used in place of each other's, "" if none.
func sentTo(p *baseline.Pair) string {
	if p.ToAll {
		return everybody.String()
	}
	return ""
}

// rhythm is nil where nothing regular was heard.
func rhythm(r *baseline.Rhythm) *firedoor.Rhythm {
	if r == nil || !r.Regular() {
		return nil
	}
	return toldRhythm(r)
}

// inside puts in words what encrypted flows presumably hold.
func inside(all []baseline.Inside) []firedoor.Inside {
	var out []firedoor.Inside
	for _, in := range all {
		by := in.By
		if by == baseline.ByPort {
			by += " " + strconv.Itoa(int(in.Port))
		}
		out = append(out, firedoor.Inside{Protocol: in.Protocol, By: by})
	}
	return out
}

func toldRhythm(r *baseline.Rhythm) *firedoor.Rhythm {
	out := &firedoor.Rhythm{Period: r.Period(), Messages: r.Messages}
	for sender := range out.Lengths {
		out.Prefix[sender], out.Lengths[sender] = hex.EncodeToString(r.Prefix(sender)), []uint32{}
		for _, l := range r.Common(sender) {
			out.Lengths[sender] = append(out.Lengths[sender], l.Length)
		}
	}
	return out
}

func address(ip firedoor.IP, mac firedoor.MAC, transport uint8, port uint16) firedoor.Address {
	a := firedoor.Address{Port: port, MAC: mac.String()}
	if transport != 0 {
		a.IP = ip.String()
	} else {
		a.MAC = firedoor.MAC(ip.Lo).String()
	}
	return a
}

func statement(ref conversationRef, st int32) firedoor.Statement {
	t := ref.lane.table
	s, op := t.Statement(st), t.Operation(st)
	out := firedoor.Statement{Protocol: op.Protocol, Verb: op.Verb.String(), Function: op.Function, Code: op.Code,
		Object: string(op.Object.AppendTo(nil)), Learned: s.Learned, Count: s.Count, Errors: s.Errors, NoResponse: s.NoResponse,
		First: eventlog.Time(min(s.First, s.Last)), Last: eventlog.Time(max(s.First, s.Last))}
	if op.HasUnit {
		out.Unit = &op.Unit
	}
	if op.HasQty {
		out.Quantity = &op.Quantity
	}
	if s.Count > 1 {
		out.Period = max(s.Last-s.First, s.First-s.Last) / int64(s.Count-1) // a later file may be older
	}
	for _, rg := range t.Ranges(st) {
		out.Written = append(out.Written, firedoor.Range{Min: rg.Min, Max: rg.Max, Count: rg.Count})
	}
	out.Beyond = len(out.Written) > 0 && t.Loose(st)
	return out
}
