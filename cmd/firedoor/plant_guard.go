package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/plant/factory"
	"firedoor/internal/plant/truth"
	"firedoor/internal/plant/wire"
	"firedoor/internal/policy"
	"firedoor/internal/protocol/all"
	"firedoor/internal/whatif"
)

// guarding is a policy on the cables of the plant.
type guarding struct {
	f       *factory.Factory
	outcome *factory.Outcome
	guards  []*wire.Guard
	file    *os.File
	buffer  *bufio.Writer
	lines   *json.Encoder
	failed  error
	written int
	enforce uint64 // stops that were carried out
	held    uint64 // frames that waited for what should come before them
	begun   bool   // the policy is in force as it is written
}

// rehearsal is how long a policy only tests before it is in force, as people are told to
// do it: then the guards know the connections that there are. Of one that was never seen
// before, a gate that enforces holds the first frame until its server says where it is.
const rehearsal = 10 * time.Minute

// guard puts a policy onto the cables, and in force from a time on. What is stopped is
// written to stopped.jsonl in dir, if there is one.
func guard(f *factory.Factory, plan *policy.Plan, from time.Duration, dir *string) (*guarding, error) {
	g := &guarding{f: f, outcome: f.Watch(from)}
	if dir != nil && plan != nil {
		file, err := os.Create(filepath.Join(*dir, "stopped.jsonl"))
		if err != nil {
			return nil, usageError{fmt.Sprintf("--out %s: %v", *dir, reason(err))}
		}
		g.file, g.buffer = file, bufio.NewWriter(file)
		g.lines = json.NewEncoder(g.buffer)
	}
	if plan == nil {
		return g, nil
	}
	test, err := rehearsed(plan)
	if err != nil {
		return nil, err
	}
	now := func() int64 { return f.Time() }
	for _, c := range f.Guarded() {
		one := wire.New(wire.Config{Name: c.Name, VLAN: c.VLAN, Plan: test, Protocols: all.List, Now: now, Told: func(s *wire.Stop) { g.told(&c, s) }})
		g.guards = append(g.guards, one)
		f.At(max(from-rehearsal, 0), func() {
			place, err := f.Inline(c.Name, one)
			if g.failed = errors.Join(g.failed, err); err == nil {
				one.Stand(place)
			}
		})
	}
	f.At(from, func() {
		g.begun = true
		for _, one := range g.guards {
			one.SetPlan(plan)
		}
	})
	return g, nil
}

// rehearsed is a policy that says what it would do, and does nothing.
func rehearsed(plan *policy.Plan) (*policy.Plan, error) {
	p := *plan.Policy
	p.Conduits = slices.Clone(p.Conduits)
	for i := range p.Conduits {
		p.Conduits[i].Mode = min(p.Conduits[i].Mode, policy.Test)
	}
	p.Otherwise.Mode = min(p.Otherwise.Mode, policy.Test)
	test, faults := policy.Compile(&p, known())
	if len(faults) > 0 {
		return nil, fmt.Errorf("the policy in test mode: %s: %s", faults[0].Key, faults[0].Text)
	}
	return test, nil
}

// maxStopped bounds stopped.jsonl; what is beyond is counted in outcome.json and not
// written line by line.
const maxStopped = 1_000_000

// told keeps what was stopped, and whose it was.
func (g *guarding) told(c *factory.Cable, s *wire.Stop) {
	if !g.begun {
		return
	}
	r := s.Record()
	if g.lines != nil && g.written < maxStopped {
		g.written++
		g.failed = errors.Join(g.failed, g.lines.Encode(r))
	}
	done := r.Done
	switch {
	case s.Held:
		g.held++
	case s.Done == firedoor.Pass:
		done = "test: would " + r.Says
	default:
		g.enforce++
	}
	what := strings.Join(strings.Fields(strings.Join([]string{r.Protocol, r.Verb, r.Function, r.Object}, " ")), " ")
	switch {
	case s.Operation != nil:
	case s.Server.IP.IsZero():
		what = "frames without IP"
	case s.Server.Port == 0:
		what = "packets without ports"
	default:
		what = fmt.Sprintf("port %d", s.Server.Port)
	}
	why := r.Reason
	if r.Rule != "" {
		why += ", " + r.Rule
	} else if r.Conduit != "" {
		why += " of " + r.Conduit
	}
	flooded := false
	if to := firedoor.MACFrom(s.Frame); s.From == inline.Outside && !to.IsGroup() {
		flooded = !c.Owns(to)
	}
	g.f.Touch(g.outcome, c, flooded, s.Client, s.Server, what, done, why)
}

// outcomeFile is outcome.json: what became of what was asked, and of frames.
type outcomeFile struct {
	*factory.Outcome
	Gateways []gatewayCounts `json:"gateways"`
}

// gatewayCounts are what became of the frames of a cable.
type gatewayCounts struct {
	Name string `json:"name"`
	wire.Counts
	Judged inline.Counts `json:"judged"`
}

// ruled says by which rule that passed which reached a controller.
func (g *guarding) ruled() error {
	for i := range g.outcome.Tries {
		x, a := &g.outcome.Tries[i], g.outcome.First(i)
		if x.Fate != factory.Reached && x.Fate != factory.Alike && x.Fate != factory.Idle || len(g.guards) == 0 || a.Segment == "" {
			continue
		}
		b, err := json.Marshal(struct {
			Kind    string `json:"kind"`
			Segment string `json:"segment"`
			truth.Operation
		}{"operation", a.Segment, a.Operation})
		if err != nil {
			return err
		}
		judge := whatif.New(g.guards[0].Plan(), false)
		if err := judge.Line(b); err != nil {
			return err
		}
		for _, used := range judge.Report().Rules {
			if used.Count > 0 {
				x.Rule = used.Rule
			}
		}
	}
	return nil
}

// end closes the books.
func (g *guarding) end(dir *string) error {
	g.f.Result(g.outcome)
	err := errors.Join(g.failed, g.ruled())
	if g.file != nil {
		err = errors.Join(err, g.buffer.Flush(), g.file.Close())
	}
	if dir == nil {
		return err
	}
	out := outcomeFile{Outcome: g.outcome, Gateways: []gatewayCounts{}}
	for _, one := range g.guards {
		out.Gateways = append(out.Gateways, gatewayCounts{one.Name(), one.Counts, *one.Judged()})
	}
	return errors.Join(err, writeTo(filepath.Join(*dir, "outcome.json"), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(out)
	}))
}

// maxListed is how many lines of a kind the readable outcome has.
const maxListed = 40

// write says it in words.
func (g *guarding) write(w io.Writer) error {
	o := g.outcome
	fmt.Fprintf(w, "\nThe policy on %d cables: %s, %s held back.\n", len(g.guards), counted(int(g.enforce), "stop"), counted(int(g.held), "frame"))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tTOTAL\tREFUSED\tDROPPED\tREACHED\tINDISTINGUISHABLE\tIDLE\tLOST")
	for _, group := range []struct {
		words string
		list  []factory.Fates
	}{{"attacks", o.Attacks}, {"honest", o.Changes}} {
		for _, f := range group.list {
			fmt.Fprintf(t, "%s: %s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", group.words, f.Kind, f.Total, f.Refused, f.Dropped, f.Reached, f.Alike, f.Idle, f.Lost)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "Honest requests: %d asked, %d answered, %d with an error, %d later than 0.2 s. Good parts: %.1f an hour.\n", o.Honest.Asked, o.Honest.Answered, o.Honest.Errors, o.Honest.Slow, o.PerHour)
	var reached, alike []string
	for i := range o.Tries {
		switch x := &o.Tries[i]; x.Fate {
		case factory.Reached:
			reached = append(reached, x.String())
		case factory.Alike:
			alike = append(alike, x.String())
		}
	}
	listed(w, "Reached a controller", reached)
	listed(w, "Reached one, and no policy can tell it from everyday work", alike)
	var touched []string
	for _, x := range o.Touched {
		touched = append(touched, fmt.Sprintf("%s (%s): %s > %s: %s: %s, %s, %d times", x.Of, x.Class, x.Client, x.Server, x.What, x.Done, x.Why, x.Count))
	}
	listed(w, "Stopped or held back of those who may", touched)
	return nil
}

// listed writes a list, or that it is empty.
func listed(w io.Writer, head string, lines []string) {
	if len(lines) == 0 {
		fmt.Fprintf(w, "%s: nothing.\n", head)
		return
	}
	fmt.Fprintf(w, "%s:\n", head)
	for i, l := range lines {
		if i == maxListed {
			fmt.Fprintf(w, "  and %d more kinds: outcome.json lists them\n", len(lines)-i)
			return
		}
		fmt.Fprintln(w, "  "+l)
	}
}
