package score

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"firedoor"
	"firedoor/internal/plant/truth"
)

// DefaultGrace is how long after its end an entry may still be found: evidence is
// weighed before it is told.
const DefaultGrace = 10 * time.Minute

// MaxListed is how many false alerts a report lists; all are counted.
const MaxListed = 1000

// Options say how truth and alerts are joined.
type Options struct {
	Grace time.Duration // 0: DefaultGrace
	// From is since when alerts could be raised, the end of learning; 0: since the
	// start. False alerts are counted for each day from there on. What happened
	// before counts as an attack that was there to be found all the same.
	From truth.Moment
}

// Score joins the truth with the alerts raised on it. An alert belongs to an entry
// if it fell between the entry's start and its end, or the grace after it, and
// names its hosts (docs/formats/truth.md). Alerts that ReadAlerts would refuse are
// an error.
func Score(f *truth.File, alerts []firedoor.AlertLine, o Options) (*Report, error) {
	if o.Grace == 0 {
		o.Grace = DefaultGrace
	}
	from := max(o.From, f.Start)
	days := float64(max(0, f.End.Sub(from))) / float64(24*time.Hour)
	entries := slices.Clone(f.Entries)
	slices.SortStableFunc(entries, func(a, b *truth.Entry) int { return cmp.Compare(a.Start, b.Start) })
	j := joint{file: f, entries: entries, hosts: hostsOf(f), grace: o.Grace, spent: map[*truth.Entry]bool{}, findings: map[*truth.Entry]*Finding{}}
	j.report = &Report{Grace: o.Grace, Seeds: []uint64{f.Seed}, Days: days, AssetDays: days * float64(f.Assets), Assets: f.Assets, Alerts: len(alerts)}
	for _, e := range entries {
		j.open(e, from)
	}
	timed := make([]dated, len(alerts))
	for i := range alerts {
		if err := checkAlert(&alerts[i]); err != nil {
			return nil, fmt.Errorf("alerts[%d]: %w", i, err)
		}
		at, _ := truth.ParseMoment(alerts[i].Time)
		timed[i] = dated{at, &alerts[i]}
	}
	if outside := len(timed) > 0 && !slices.ContainsFunc(timed, func(d dated) bool { return d.at >= f.Start && d.at <= f.End+truth.Moment(o.Grace) }); outside {
		return nil, fmt.Errorf("none of the %d alerts lies in the time of the truth, %s to %s: they belong to another run", len(timed), f.Start, f.End)
	}
	slices.SortStableFunc(timed, func(a, b dated) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.alert.ID, b.alert.ID))
	})
	for _, d := range timed {
		j.judge(d)
	}
	return j.close(), nil
}

type dated struct {
	at    truth.Moment
	alert *firedoor.AlertLine
}

// joint is a report in the making.
type joint struct {
	file     *truth.File
	entries  []*truth.Entry // by start
	hosts    *hosts
	grace    time.Duration
	report   *Report
	findings map[*truth.Entry]*Finding
	order    []*Finding
	spent    map[*truth.Entry]bool // notable entries that had their one item
}

// open makes the line of an entry that must be found.
func (j *joint) open(e *truth.Entry, from truth.Moment) {
	if e.Class != truth.Malicious {
		return
	}
	end := j.end(e)
	name := cmp.Or(e.Scenario, e.Kind)
	f := &Finding{
		Seed: j.file.Seed, Entry: e.ID, Scenario: name, Techniques: slices.Clone(e.Techniques), Start: e.Start, End: end,
		Cut: e.Open() || e.End > j.file.End, Learning: e.Start < from,
	}
	j.findings[e] = f
	j.order = append(j.order, f)
}

// end is when an entry is over, at the latest when the file is.
func (j *joint) end(e *truth.Entry) truth.Moment {
	if e.Open() {
		return j.file.End
	}
	return e.End
}

// candidate is an entry to which an alert may belong.
type candidate struct {
	entry *truth.Entry
	rank  [3]int // better is larger: by its hosts, not in the grace, graver class
}

func (j *joint) candidates(d dated) (out []candidate) {
	for _, e := range j.entries {
		if e.Start > d.at {
			break
		}
		end := j.end(e)
		if d.at > end.Add(j.grace) {
			continue
		}
		how := j.hosts.fits(e, d.alert)
		if how == none {
			continue
		}
		c := candidate{entry: e, rank: [3]int{int(how), 0, gravity(e.Class)}}
		if d.at <= end {
			c.rank[1] = 1
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b candidate) int { return slices.Compare(b.rank[:], a.rank[:]) })
	return out
}

func gravity(c truth.Class) int {
	switch c {
	case truth.Malicious:
		return 2
	case truth.Notable:
		return 1
	}
	return 0
}

// judge decides what one alert is.
func (j *joint) judge(d dated) {
	of := j.candidates(d)
	if len(of) == 0 {
		j.wrong(d, nil, ReasonNothing)
		return
	}
	best := of[0]
	switch best.entry.Class {
	case truth.Malicious:
		j.report.True++
		for _, c := range of { // two attacks at once by the same host are both found
			if c.rank == best.rank {
				j.findings[c.entry].add(d)
			}
		}
	case truth.Notable:
		j.notable(d, of)
	default:
		j.wrong(d, best.entry, ReasonRoutine)
	}
}

// notable gives an informational alert to the first honest entry that has had
// none yet.
func (j *joint) notable(d dated, of []candidate) {
	if severityOf(d.alert.Severity) > int(firedoor.Info) {
		j.wrong(d, of[0].entry, ReasonGrave)
		return
	}
	for _, c := range of {
		if c.entry.Class == truth.Notable && !j.spent[c.entry] {
			j.spent[c.entry] = true
			j.report.Informational++
			return
		}
	}
	j.wrong(d, of[0].entry, ReasonAgain)
}

func (j *joint) wrong(d dated, e *truth.Entry, reason Reason) {
	j.report.False++
	j.report.count(d.alert.Kind, reason, d.alert.Sentence)
	if len(j.report.FalseAlerts) >= MaxListed {
		return
	}
	one := FalseAlert{Seed: j.file.Seed, Caught: caught(d), Reason: reason}
	if e != nil {
		one.Entry = e.ID
	}
	j.report.FalseAlerts = append(j.report.FalseAlerts, one)
}

func (j *joint) close() *Report {
	for _, f := range j.order {
		j.report.Findings = append(j.report.Findings, *f)
	}
	j.report.sortKinds()
	return j.report
}

func caught(d dated) Caught {
	a := d.alert
	return Caught{ID: a.ID, Time: d.at, Kind: a.Kind, Severity: a.Severity, Sentence: a.Sentence}
}

// add gives an alert to the attack it found. Alerts come in the order of time.
func (f *Finding) add(d dated) {
	c := caught(d)
	f.Alerts++
	if f.First == nil {
		f.First = &c
	}
	if f.Worst == nil || severityOf(c.Severity) > severityOf(f.Worst.Severity) {
		f.Worst = &c
	}
	for _, t := range d.alert.Techniques {
		if slices.Contains(f.Techniques, t) && !slices.Contains(f.Named, t) {
			f.Named = append(f.Named, t)
		}
	}
}
