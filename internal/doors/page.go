package doors

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Query asks for a page of stops. Empty members ask for all.
type Query struct {
	Limit   int // 0: MaxPage
	Cursor  string
	Gateway string
	Conduit string
	Rule    string
	// Test: "test" for what would have been stopped, "stopped" for what was.
	Test string
}

// Page is a page of stops, newest first.
type Page struct {
	Stops []Stop `json:"stops"`
	Total int    `json:"total" doc:"That fit and are still listed"`
	Next  string `json:"next" doc:"Cursor of the next page; empty: this is the last"`
	// Older says that there were more than are listed.
	Older bool `json:"older" doc:"Still older ones stand only in the gateway's own file, stopped.jsonl"`
}

// ErrCursor says that a cursor is none that was given out here.
var ErrCursor = errors.New("the cursor is none that was given out here")

// listed is a stop with where it comes from.
type listed struct {
	of  int // number of its gateway
	seq uint64
	*line
}

// Stops gives a page.
func (d *Doors) Stops(q Query) (*Page, error) {
	if q.Limit <= 0 || q.Limit > MaxPage {
		q.Limit = MaxPage
	}
	for _, g := range d.gateways { // all or none: a page is of one moment
		g.mu.Lock()
		defer g.mu.Unlock()
	}
	out := &Page{Stops: []Stop{}}
	var all []listed
	for i, g := range d.gateways {
		if q.Gateway != "" && q.Gateway != g.name {
			continue
		}
		s := &g.stops
		out.Older = out.Older || s.seq > uint64(len(s.newest))
		for k := range s.newest {
			if l := s.back(k); q.fits(l) {
				all = append(all, listed{i, s.seq - uint64(k), l})
			}
		}
	}
	slices.SortFunc(all, newer)
	out.Total = len(all)
	if q.Cursor != "" {
		after, err := parseCursor(q.Cursor)
		if err != nil {
			return nil, err
		}
		at, found := slices.BinarySearchFunc(all, after, newer)
		if found {
			at++
		}
		all = all[at:]
	}
	for _, l := range all[:min(len(all), q.Limit)] {
		out.Stops = append(out.Stops, d.gateways[l.of].stop(l))
	}
	if len(all) > q.Limit {
		last := all[q.Limit-1]
		out.Next = fmt.Sprintf("%s/%d/%d", last.Time, last.of, last.seq)
	}
	return out, nil
}

func (q *Query) fits(l *line) bool {
	test := l.Done == "pass"
	return (q.Conduit == "" || q.Conduit == l.Conduit) && (q.Rule == "" || q.Rule == l.Rule) && (q.Test != "test" || test) && (q.Test != "stopped" || !test)
}

func newer(a, b listed) int {
	return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.of, b.of), cmp.Compare(b.seq, a.seq))
}

func parseCursor(text string) (listed, error) {
	out := listed{line: &line{}}
	time, rest, ok := strings.Cut(text, "/")
	out.Time = wall(time)
	if _, err := fmt.Sscanf(rest, "%d/%d", &out.of, &out.seq); !ok || err != nil || out.Time == "" {
		return out, ErrCursor
	}
	return out, nil
}

func (g *gateway) stop(l listed) Stop {
	client, server := g.called(l.Segment, host(l.Client)), g.called(l.Segment, host(l.Server))
	test := l.Done == "pass"
	return Stop{Seq: l.seq, Gateway: g.name, Time: l.Time, Sentence: sentence(test, max(l.Count, 1), l.Reason, l.Verb, client, server, l.Protocol, l.Object), Why: because(l.Reason, l.Rule, l.Conduit),
		Test: test, Done: l.Done, Says: l.Says, Reason: l.Reason, Rule: l.Rule, Conduit: l.Conduit, Segment: l.Segment, Client: client, ClientAt: l.Client,
		Server: server, ServerAt: l.Server, Protocol: l.Protocol, Verb: l.Verb, Function: l.Function, Object: l.Object}
}
