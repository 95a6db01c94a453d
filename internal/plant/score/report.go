package score

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"firedoor/internal/plant/truth"
)

// Caught is the alert that found something, or that was false.
type Caught struct {
	ID       string       `json:"id"`
	Time     truth.Moment `json:"time"`
	Kind     string       `json:"kind"`
	Severity string       `json:"severity"`
	Sentence string       `json:"sentence"`
}

// Finding is one attack and what became of it.
type Finding struct {
	Seed       uint64       `json:"seed"`
	Entry      string       `json:"entry"` // its id in truth.json
	Scenario   string       `json:"scenario"`
	Techniques []string     `json:"techniques"`
	Start      truth.Moment `json:"start"`
	End        truth.Moment `json:"end"`
	Cut        bool         `json:"cut"`      // the run ended before it did
	Learning   bool         `json:"learning"` // it began before anything could be raised
	Alerts     int          `json:"alerts"`   // that belong to it
	First      *Caught      `json:"first"`    // null: not found
	Worst      *Caught      `json:"worst"`    // the first of the gravest
	Named      []string     `json:"named"`    // its techniques that some alert named
}

// Detected tells whether any alert belongs to it.
func (f *Finding) Detected() bool { return f.First != nil }

// Delay is the time from its start to the first alert; 0 if there is none.
func (f *Finding) Delay() time.Duration {
	if f.First == nil {
		return 0
	}
	return f.First.Time.Sub(f.Start)
}

// Reason says why an alert is false.
type Reason string

// Reasons.
const (
	ReasonNothing Reason = "nothing happened"   // no entry of the truth fits
	ReasonRoutine Reason = "routine"            // ordinary life
	ReasonGrave   Reason = "notable, too grave" // more than informational
	ReasonAgain   Reason = "notable, again"     // the second item on one thing
)

// FalseAlert is one alert that should not have been.
type FalseAlert struct {
	Seed uint64 `json:"seed"`
	Caught
	Reason Reason `json:"reason"`
	Entry  string `json:"entry,omitempty"` // the honest entry it fell on
}

// KindCount counts false alerts of one kind and reason.
type KindCount struct {
	Kind    string `json:"kind"`
	Reason  Reason `json:"reason"`
	Count   int    `json:"count"`
	Example string `json:"example"` // the sentence of the first
}

// Report is what a sensor found in one run, or in several.
type Report struct {
	Grace         time.Duration
	Seeds         []uint64 // one for each run
	Days          float64  // in which alerts could be raised, of all runs
	Assets        int      // of the largest run
	AssetDays     float64
	Alerts        int // all of them: True + Informational + False
	True          int // belong to an attack
	Informational int // the one item that something notable is worth
	False         int
	Findings      []Finding    // by seed as they were given, then by start
	FalseAlerts   []FalseAlert // the first MaxListed
	FalseKinds    []KindCount  // most frequent first
}

func (r *Report) count(kind string, reason Reason, example string) {
	for i := range r.FalseKinds {
		if k := &r.FalseKinds[i]; k.Kind == kind && k.Reason == reason {
			k.Count++
			return
		}
	}
	r.FalseKinds = append(r.FalseKinds, KindCount{kind, reason, 1, example})
}

func (r *Report) sortKinds() {
	slices.SortStableFunc(r.FalseKinds, func(a, b KindCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Kind, b.Kind), strings.Compare(string(a.Reason), string(b.Reason)))
	})
}

// Tally is how often something was found.
type Tally struct {
	Name     string // of a scenario or technique
	N        int
	Detected int
	Named    int           // techniques: found by an alert that names it
	Delay    time.Duration // scenarios: the median of those found
	// CaughtBy is the kind and severity of the first alert, Worst of the gravest;
	// of the first run in which it was found.
	CaughtBy, Worst string
	Alert           *Caught
}

// Share is the interval of the share that was found.
func (t *Tally) Share() Interval { return Wilson(t.Detected, t.N) }

// Scenarios are the attacks by scenario, in the order of their first start.
func (r *Report) Scenarios() []Tally {
	var out []Tally
	delays := map[string][]time.Duration{}
	for i := range r.Findings {
		f := &r.Findings[i]
		t := tallyOf(&out, f.Scenario)
		t.N++
		if !f.Detected() {
			continue
		}
		t.Detected++
		delays[t.Name] = append(delays[t.Name], f.Delay())
		if t.Alert == nil {
			t.Alert = f.First
			t.CaughtBy = f.First.Kind + " (" + f.First.Severity + ")"
			t.Worst = f.Worst.Kind + " (" + f.Worst.Severity + ")"
		}
	}
	for i := range out {
		out[i].Delay = median(delays[out[i].Name])
	}
	return out
}

// Techniques are the attacks by technique, in the order of their ids. An attack
// that uses several counts for each.
func (r *Report) Techniques() []Tally {
	var out []Tally
	for i := range r.Findings {
		f := &r.Findings[i]
		for _, id := range f.Techniques {
			t := tallyOf(&out, id)
			t.N++
			if f.Detected() {
				t.Detected++
			}
			if slices.Contains(f.Named, id) {
				t.Named++
			}
		}
	}
	slices.SortFunc(out, func(a, b Tally) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// All is the tally of all attacks.
func (r *Report) All() Tally {
	t := Tally{Name: "all", N: len(r.Findings)}
	for i := range r.Findings {
		if r.Findings[i].Detected() {
			t.Detected++
		}
	}
	return t
}

func tallyOf(in *[]Tally, name string) *Tally {
	for i := range *in {
		if (*in)[i].Name == name {
			return &(*in)[i]
		}
	}
	*in = append(*in, Tally{Name: name})
	return &(*in)[len(*in)-1]
}

// median is the middle one, of an even number the lower of the two.
func median(of []time.Duration) time.Duration {
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	return of[(len(of)-1)/2]
}

// Rate is a number of false alerts for a unit of what was watched.
type Rate struct {
	Value float64 `json:"value"`
	Interval
}

// PerDay is how many false alerts a day brings; false if nothing was watched.
func (r *Report) PerDay() (Rate, bool) { return r.rate(r.Days) }

// Per100Assets is how many false alerts a day brings in a plant of 100 assets.
func (r *Report) Per100Assets() (Rate, bool) {
	const assets = 100
	return r.rate(r.AssetDays / assets)
}

func (r *Report) rate(watched float64) (Rate, bool) {
	if watched <= 0 {
		return Rate{}, false
	}
	return Rate{rounded(float64(r.False) / watched), Garwood(r.False).times(1 / watched).rounded()}, true
}

// Merge makes one report of several runs. Those that were joined with different
// graces do not go together.
func Merge(reports ...*Report) (*Report, error) {
	var out Report
	for i, r := range reports {
		if i > 0 && r.Grace != out.Grace {
			return nil, fmt.Errorf("one report was made with a grace of %s, another with %s", out.Grace, r.Grace)
		}
		out.Grace = r.Grace
		out.Seeds = append(out.Seeds, r.Seeds...)
		out.Days += r.Days
		out.AssetDays += r.AssetDays
		out.Assets = max(out.Assets, r.Assets)
		out.Alerts += r.Alerts
		out.True += r.True
		out.Informational += r.Informational
		out.False += r.False
		out.Findings = append(out.Findings, r.Findings...)
		room := min(MaxListed-len(out.FalseAlerts), len(r.FalseAlerts))
		out.FalseAlerts = append(out.FalseAlerts, r.FalseAlerts[:room]...)
		for _, k := range r.FalseKinds {
			out.count(k.Kind, k.Reason, k.Example)
			out.more(k)
		}
	}
	out.sortKinds()
	return &out, nil
}

// more adds what count, which added one, left out.
func (r *Report) more(k KindCount) {
	for i := range r.FalseKinds {
		if own := &r.FalseKinds[i]; own.Kind == k.Kind && own.Reason == k.Reason {
			own.Count += k.Count - 1
		}
	}
}
