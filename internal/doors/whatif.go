package doors

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"firedoor/internal/journal"
	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
	"firedoor/internal/whatif"
	"firedoor/internal/written"
)

// Limits of trying a policy.
const (
	// MaxTried is the largest policy that is tried here; firedoor policy replay takes
	// larger ones.
	MaxTried = 1 << 20
	// maxTriedEntries is how many entries its rules may become.
	maxTriedEntries = 1 << 17
	tryFor          = 20 * time.Second
	// tryBytes is how much of the journal is looked at, the latest, as it lies on the disk.
	tryBytes      = 128 << 20
	maxRemembered = 1 << 17 // values that steps are counted from
	maxTold       = 200     // kinds that would be stopped, problems, remarks
)

// Errors that callers tell apart.
var (
	ErrBusy     = errors.New("another policy is being tried: wait for it to end")
	ErrTooLarge = errors.New("the policy is larger than 1 MiB: try it with firedoor policy replay --journal")
)

// Trial is what a policy would have done.
type Trial struct {
	Problems []Problem `json:"problems" doc:"What is wrong with the policy: with any, nothing was tried"`
	Remarks  []Remark  `json:"remarks" doc:"What firedoor policy check says of it"`
	More     int       `json:"more" doc:"Problems and remarks that are not listed"`

	Tried    bool   `json:"tried"`
	Why      string `json:"why" doc:"Why it was not tried, or not on all that is there; empty: it was tried on the whole journal"`
	From     string `json:"from" doc:"Traffic time of the first that was looked at; empty: nothing was"`
	Until    string `json:"until"`
	Asked    uint64 `json:"operations" doc:"That were looked at"`
	Stopped  uint64 `json:"stopped_operations" doc:"That would have been stopped"`
	Enforced uint64 `json:"enforced" doc:"Of those, in conduits that enforce as they are"`

	Undecided uint64      `json:"undecided" doc:"Operations of which it cannot be told"`
	Kinds     []TriedKind `json:"kinds" doc:"What would have been stopped, the most frequent first; at most 200"`
	MoreKinds int         `json:"more_kinds"`
	Rules     []TriedRule `json:"rules" doc:"Rules of which it cannot be told what they would have done, and those that were never used; at most 200 of each"`
	MoreRules int         `json:"more_rules"`
	Unseen    string      `json:"unseen" doc:"What a journal does not hold, of which nothing can be told; empty: nothing was looked at"`
}

// Problem is one thing that is wrong with a policy.
type Problem struct {
	Line int    `json:"line" doc:"0: none"`
	Key  string `json:"key"`
	Text string `json:"text"`
}

// Remark is one thing that is to be known of a policy.
type Remark struct {
	Line int    `json:"line" doc:"0: none"`
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// TriedKind is a kind of request that would have been stopped.
type TriedKind struct {
	Sentence string `json:"sentence"`
	Why      string `json:"why"`
	Verdict  string `json:"verdict"`
	Count    uint64 `json:"count"`
	First    string `json:"first"`
	Protocol string `json:"protocol"`
	Function string `json:"function"`
}

// TriedRule is a rule that did nothing, as far as can be told.
type TriedRule struct {
	Rule      string `json:"rule"`
	Line      int    `json:"line"`
	Undecided string `json:"undecided" doc:"Why it cannot be told; empty: it was never used"`
}

// Text is the policy in force of a gateway; false where none is known.
func (d *Doors) Text(name string) (string, bool) {
	for _, g := range d.gateways {
		if g.name == name {
			g.mu.Lock()
			defer g.mu.Unlock()
			return g.text, g.plan != nil
		}
	}
	return "", false
}

// Try says what a policy would have stopped of what is in the journal. One at a time:
// ErrBusy. It ends early when ctx is done.
func (d *Doors) Try(ctx context.Context, text []byte) (*Trial, error) {
	if len(text) > MaxTried {
		return nil, ErrTooLarge
	}
	select {
	case d.trying <- struct{}{}:
		defer func() { <-d.trying }()
	default:
		return nil, ErrBusy
	}
	out := &Trial{Problems: []Problem{}, Remarks: []Remark{}, Kinds: []TriedKind{}, Rules: []TriedRule{}}
	known := d.cfg.Known
	known.MaxEntries = maxTriedEntries
	plan, err := policyfile.Read("policy", text, known)
	var problems written.Problems
	if errors.As(err, &problems) {
		for _, p := range problems[:min(len(problems), maxTold)] {
			out.Problems = append(out.Problems, Problem{p.Line, p.Key, p.Text})
		}
		out.More = len(problems) - len(out.Problems)
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	study := plan.Study()
	for _, f := range study[:min(len(study), maxTold)] {
		out.Remarks = append(out.Remarks, Remark{f.Line, f.Kind, f.Text})
	}
	out.More = len(study) - len(out.Remarks)
	if d.cfg.Journal == "" {
		out.Why = "There is no journal here: this process has no sensor."
		return out, nil
	}
	return out, d.try(ctx, plan, out)
}

// errEnough ends reading.
var errEnough = errors.New("enough was looked at")

func (d *Doors) try(ctx context.Context, plan *policy.Plan, out *Trial) error {
	from, whole, err := journal.Tail(d.cfg.Journal, tryBytes)
	if errors.Is(err, fs.ErrNotExist) {
		out.Why = "The journal is empty."
		return nil
	}
	if err != nil {
		return err
	}
	judge := whatif.New(plan, true)
	judge.Remember(maxRemembered)
	until := time.Now().Add(tryFor)
	var failed error
	var first, last int64
	err = journal.Read(d.cfg.Journal, from, func(e *journal.Entry) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().After(until):
			return errEnough
		case e.Kind == journal.Lines:
			_, failed = judge.Write(e.Body)
		case e.Kind == journal.Run:
			failed = judge.Run(e.Body)
		default:
			return nil
		}
		if first == 0 {
			first = e.Time
		}
		last = e.Time
		return failed
	})
	var damage *journal.DamageError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case failed != nil:
		return failed
	case errors.Is(err, errEnough):
		out.Why = "Looking at all of it takes too long here: what came later was not looked at. firedoor policy replay --journal takes its time."
	case errors.As(err, &damage):
		out.Why = "A part of the journal is damaged and was left out: firedoor journal says which."
	case err != nil:
		return err
	case !whole:
		out.Why = "Only the latest part of the journal was looked at; firedoor policy replay --journal looks at all of it."
	}
	out.Tried = true
	if first != 0 {
		out.From, out.Until = stamp(time.Unix(0, first)), stamp(time.Unix(0, last))
	}
	out.take(judge.Report())
	for _, k := range out.Kinds { // reads stand in the journal when their run has ended
		out.From = min(out.From, k.First)
	}
	return nil
}

// take says what a report says.
func (t *Trial) take(r *whatif.Report) {
	t.Asked, t.Stopped, t.Enforced, t.Undecided = r.Operations, r.StoppedOperations, r.Enforced, r.Undecided
	for _, s := range r.Stopped[:min(len(r.Stopped), maxTold)] {
		t.Kinds = append(t.Kinds, TriedKind{Sentence: sentence(true, s.Count, s.Reason, s.Verb, s.Client, s.Server, s.Protocol, s.Object), Why: because(s.Reason, s.Rule, s.Conduit),
			Verdict: s.Verdict, Count: s.Count, First: s.First, Protocol: s.Protocol, Function: s.Function})
	}
	t.MoreKinds, t.Unseen = len(r.Stopped)-len(t.Kinds), r.Unseen
	unused, unsure := 0, 0
	for _, u := range r.Rules {
		switch {
		case u.Undecided != "" && unsure < maxTold:
			unsure++
		case u.Undecided == "" && u.Count == 0 && unused < maxTold:
			unused++
		case u.Undecided != "" || u.Count == 0:
			t.MoreRules++
			continue
		default:
			continue
		}
		t.Rules = append(t.Rules, TriedRule{u.Rule, u.Line, u.Undecided})
	}
}
