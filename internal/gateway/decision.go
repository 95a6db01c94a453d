package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"firedoor/internal/audit"
	"firedoor/internal/policy"
	"firedoor/internal/written"
)

// Decision is that something is isolated for a while, and why.
type Decision struct {
	ID      uint32   `json:"id"`
	Verb    string   `json:"verb"`
	Scope   string   `json:"scope"`
	Of      string   `json:"of,omitempty"` // what its scope names, where that does not say it itself: host, zone, conduit
	Reason  string   `json:"reason"`
	By      string   `json:"by"`
	Since   string   `json:"since"`
	Until   string   `json:"until"`
	Clients []string `json:"clients,omitempty"`
	Cap     uint32   `json:"cap,omitempty"`
	// Everything: also what is never blocked is stopped. It takes a second person.
	Everything  bool   `json:"everything,omitempty"`
	ConfirmedBy string `json:"confirmed_by,omitempty"`
	// Person ordered it, as far as the system can tell people apart.
	Person Person        `json:"person"`
	Length time.Duration `json:"length_ns,omitempty"` // of what is pending
	// State is "pending": a second person must confirm it; "active"; or "testing": it
	// stops nothing any more and only says what it still would.
	State string `json:"state"`
	// NoEffect says why it does nothing under the policy in force; it is told, and not kept.
	NoEffect string `json:"no_effect,omitempty"`
}

// Limits of decisions.
const (
	MaxDecisions = 256
	MaxReason    = 4096 // bytes
	MaxFor       = 30 * 24 * time.Hour
	// TestFor is how long a decision says what it would still stop before it is gone.
	TestFor = 5 * time.Minute
)

// Decisions are those in force, kept in a chained file. It is not safe for concurrent use.
type Decisions struct {
	chain *audit.Chain
	now   func() time.Time
	all   map[uint32]*Decision
	last  uint32

	bypass Bypass // as the file has it
}

// OpenDecisions reads what was decided and is still in force.
func OpenDecisions(file string, now func() time.Time) (*Decisions, error) {
	d := &Decisions{now: now, all: map[uint32]*Decision{}}
	chain, err := audit.Open(file, d.replay)
	if err != nil {
		return nil, err
	}
	d.chain = chain
	return d, nil
}

func (d *Decisions) replay(e *audit.Entry) error {
	if d.bypass.replay(e) {
		return nil
	}
	var one Decision
	if err := json.Unmarshal(e.Data, &one); err != nil {
		return fmt.Errorf("entry %d: %w", e.Number, err)
	}
	d.last = max(d.last, one.ID)
	switch e.What {
	case "isolate", "test", "propose":
		d.all[one.ID] = &one
	case "release", "lapse":
		delete(d.all, one.ID)
	}
	return nil
}

// Add takes a decision into force for a time.
func (d *Decisions) Add(one Decision, length time.Duration) (*Decision, error) {
	if len(d.all) >= MaxDecisions {
		return nil, fmt.Errorf("%d decisions are in force already: release some", MaxDecisions)
	}
	if err := errors.Join(one.Kept(), one.Lasts(length)); err != nil {
		return nil, err
	}
	now := d.now().UTC()
	one.ID, one.Since, one.Until, one.State = d.last+1, stamp(now), stamp(now.Add(length)), stateActive
	what := "isolate"
	if one.ConfirmedBy = ""; one.Everything {
		what, one.Until, one.State, one.Length = "propose", stamp(now.Add(ConfirmWithin)), statePending, length
	}
	if err := d.chain.Add(one.Since, what, one.By, one); err != nil {
		return nil, err
	}
	d.last = one.ID
	d.all[one.ID] = &one
	return &one, nil
}

// Kept says why not all of it can be kept; nil: it can.
func (d *Decision) Kept() error {
	if len(d.Reason) > MaxReason {
		return fmt.Errorf("--reason: is %d bytes long, at most %d are kept", len(d.Reason), MaxReason)
	}
	return nil
}

// Ordered says why a decision cannot be ordered for a time, whoever asks for it; nil: it can.
func (d *Decision) Ordered(length time.Duration) error {
	return errors.Join(Reasoned(d.Reason), d.Lasts(length))
}

// Reasoned says why a reason cannot be kept; nil: it can.
func Reasoned(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return errors.New("--reason: is empty: say why, for whoever reads it later")
	}
	if len(reason) > MaxReason {
		return fmt.Errorf("--reason: is %d bytes long, at most %d are kept", len(reason), MaxReason)
	}
	return nil
}

// Lasts says why a decision cannot last for a time; nil: it can.
func (d *Decision) Lasts(length time.Duration) error {
	switch {
	case length < time.Second:
		return fmt.Errorf("--for %s: at least a second", written.FormatDuration(length))
	case length > MaxFor:
		return fmt.Errorf("--for %s: is too long: at most %s", written.FormatDuration(length), written.FormatDuration(MaxFor))
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// Testing is until when a decision that is being released says what it would stop; "" if it is none.
func (d *Decisions) Testing(id uint32) (until string) {
	if one := d.all[id]; one != nil && one.State == stateTesting {
		return one.Until
	}
	return ""
}

// Test makes a decision only say what it would stop, before it is gone. Of one that does so already
// nothing is changed.
func (d *Decisions) Test(id uint32, by string) error {
	one := d.all[id]
	if one == nil {
		return fmt.Errorf("there is no decision %d", id)
	}
	switch one.State {
	case statePending:
		return d.Release(id, by)
	case stateTesting:
		return nil
	}
	next := *one
	now := d.now()
	next.State, next.Until = stateTesting, stamp(now.Add(TestFor))
	if err := d.chain.Add(stamp(now), "test", by, next); err != nil {
		return err
	}
	d.all[id] = &next
	return nil
}

// Release ends a decision.
func (d *Decisions) Release(id uint32, by string) error {
	one := d.all[id]
	if one == nil {
		return fmt.Errorf("there is no decision %d", id)
	}
	if err := d.chain.Add(stamp(d.now()), "release", by, *one); err != nil {
		return err
	}
	delete(d.all, id)
	return nil
}

// Reload is what an entry of a policy that was brought into force is called, Upgrade that of a
// program that takes over, Kept that of one that does not work: the one that runs is kept.
const (
	Reload  = "reload"
	Upgrade = "upgrade"
	Kept    = "kept"
)

// Noted is what decisions.jsonl says of what is no decision: of a client that is barred, or judged again, of
// a bypass and its end, of a policy that was reloaded and of a program that is to take over.
type Noted struct {
	Client  string `json:"client,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Policy  string `json:"policy,omitempty"`  // its file
	Program string `json:"program,omitempty"` // its file
	SHA256  string `json:"sha256,omitempty"`  // of that
}

// Note writes down what was done that is no isolation: nothing is in force by it.
func (d *Decisions) Note(what, by string, n Noted) error {
	at := stamp(d.now())
	if err := d.chain.Add(at, what, by, n); err != nil {
		return err
	}
	d.bypass.replay(&audit.Entry{Time: at, What: what, By: by})
	return nil
}

// Overdue moves decisions on whose time is over: what was active is tested, what was
// tested is gone. It tells whether any was, and when the next one will be (zero: none).
func (d *Decisions) Overdue() (changed bool, next time.Time, err error) {
	for _, one := range d.List() {
		until, e := time.Parse(time.RFC3339Nano, one.Until)
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		if until.After(d.now()) {
			if next.IsZero() || until.Before(next) {
				next = until
			}
			continue
		}
		move := d.Test
		switch one.State {
		case stateTesting:
			move = d.Release
		case statePending:
			move = d.lapse
		}
		if e := move(one.ID, "its time was over"); e != nil { // it stays in force, and the others do not wait for it
			err = errors.Join(err, e)
			continue
		}
		changed = true
		if again := d.now().Add(TestFor); one.State == stateActive && (next.IsZero() || again.Before(next)) {
			next = again
		}
	}
	return changed, next, err
}

// List gives the decisions in force, oldest first.
func (d *Decisions) List() (out []Decision) {
	for _, one := range d.all {
		out = append(out, *one)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

// Close closes the file.
func (d *Decisions) Close() error { return d.chain.Close() }

// Under gives the decisions in force, oldest first, with what does nothing under a policy.
func (d *Decisions) Under(plan *policy.Plan) []Decision {
	list := d.List()
	for i := range list {
		if _, err := Isolation(plan, &list[i]); err != nil {
			list[i].NoEffect = err.Error()
		}
	}
	return list
}

// Missing are clients that a decision knows and whose names a policy does not have: it would cut them off.
func (d *Decision) Missing(plan *policy.Plan) (out []string) {
	for _, name := range d.Clients {
		if _, there := plan.Named(name); !there {
			out = append(out, name)
		}
	}
	return out
}

// Isolations are the decisions in the form that a plan takes.
func (d *Decisions) Isolations(plan *policy.Plan) (out []policy.Isolation, unknown []string) {
	for _, one := range d.List() {
		if one.State == statePending {
			continue
		}
		i, err := Isolation(plan, &one)
		if err != nil {
			unknown = append(unknown, fmt.Sprintf("decision %d: %v", one.ID, err))
			continue
		}
		out = append(out, i)
	}
	return out, unknown
}

// Isolation reads a decision's scope and verb against the names of a policy: a host, a
// zone, a conduit, or a client and a server with a comma between them. Where two have the name of a scope, Of says
// which is meant; of an old decision, which does not say it, the host or zone.
func Isolation(plan *policy.Plan, one *Decision) (i policy.Isolation, err error) {
	i = policy.Isolation{ID: one.ID, Clients: one.Clients, Cap: one.Cap, Testing: one.State == stateTesting, Both: one.Everything}
	for verb := policy.RateCap; verb <= policy.Quarantine; verb++ {
		if one.Verb == verb.String() {
			i.Verb = verb
		}
	}
	if i.Verb == 0 {
		return i, fmt.Errorf("--verb %s: must be one of %s", one.Verb, strings.Join(Verbs(), ", "))
	}
	if err := one.within(plan, &i); err != nil {
		return i, err
	}
	if i.Verb == policy.RateCap && i.Cap == 0 {
		return i, fmt.Errorf("--verb rate-cap: give --cap, the number of requests in a second")
	}
	if i.Verb != policy.RateCap && i.Cap != 0 {
		return i, fmt.Errorf("--cap: %s has none: it goes with --verb rate-cap", one.Verb)
	}
	if i.Both && i.Verb != policy.Quarantine {
		return i, fmt.Errorf("--everything: only a quarantine stops what is never blocked; --verb %s does not", one.Verb)
	}
	return i, reaches(plan, one.Scope, &i)
}

// reaches tells of a pair or a conduit whose ends no frame has both: nothing would be stopped, whatever goes on between the two.
func reaches(plan *policy.Plan, scope string, i *policy.Isolation) error {
	client, server := i.Host, i.Other
	for _, c := range plan.Policy.Conduits {
		if i.Conduit != "" && c.Name == i.Conduit {
			client, server = c.From, c.To
		}
	}
	if why := plan.Apart(client, server); why != "" {
		return fmt.Errorf("%s: it would do nothing: %s; or isolate each of them by itself", scope, why)
	}
	return nil
}

// Beside says which decisions go on to isolate what the one with a number is about, for
// whoever releases it alone; "" where there are none. Those that only say what they would stop are none.
func Beside(all []Decision, id uint32) string {
	at := slices.IndexFunc(all, func(d Decision) bool { return d.ID == id })
	if at < 0 {
		return ""
	}
	var others []string
	for i := range all {
		if d := &all[i]; d.ID != id && d.Scope == all[at].Scope && d.State == stateActive {
			others = append(others, fmt.Sprintf("decision %d (%s)", d.ID, d.Verb))
		}
	}
	if len(others) == 0 {
		return ""
	}
	return "; " + all[at].Scope + " stays isolated by " + strings.Join(others, ", ")
}

// Verbs are the ways to isolate.
func Verbs() (out []string) {
	for verb := policy.RateCap; verb <= policy.Quarantine; verb++ {
		out = append(out, verb.String())
	}
	return out
}
