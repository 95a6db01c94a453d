package score

// document is the report as JSON.
type document struct {
	Seeds         []uint64        `json:"seeds"`
	Grace         float64         `json:"grace_seconds"`
	Days          float64         `json:"days"`
	Assets        int             `json:"assets"`
	Alerts        int             `json:"alerts"`
	True          int             `json:"true"`
	Informational int             `json:"informational"`
	False         int             `json:"false"`
	PerDay        *Rate           `json:"false_per_day"`                // null: nothing was watched
	Per100Assets  *Rate           `json:"false_per_day_and_100_assets"` // the same
	All           documentTally   `json:"all"`
	Scenarios     []documentTally `json:"scenarios"`
	Techniques    []documentTally `json:"techniques"`
	FalseKinds    []KindCount     `json:"false_kinds"`
	Findings      []Finding       `json:"findings"`
	FalseAlerts   []FalseAlert    `json:"false_alerts"`
}

type documentTally struct {
	Name     string   `json:"name,omitempty"`
	N        int      `json:"n"`
	Detected int      `json:"detected"`
	Share    *float64 `json:"share"` // null: n is 0
	Interval Interval `json:"interval"`
	Named    *int     `json:"named,omitempty"`                // techniques
	Delay    *float64 `json:"median_delay_seconds,omitempty"` // scenarios that were found
}

func (r *Report) document() document {
	d := document{
		Seeds: r.Seeds, Grace: r.Grace.Seconds(), Days: rounded(r.Days), Assets: r.Assets, Alerts: r.Alerts, True: r.True,
		Informational: r.Informational, False: r.False, FalseKinds: list(r.FalseKinds), Findings: list(r.Findings), FalseAlerts: list(r.FalseAlerts),
	}
	for i := range d.Findings {
		d.Findings[i].Techniques, d.Findings[i].Named = list(d.Findings[i].Techniques), list(d.Findings[i].Named)
	}
	if day, ok := r.PerDay(); ok {
		d.PerDay = &day
	}
	if hundred, ok := r.Per100Assets(); ok {
		d.Per100Assets = &hundred
	}
	all := r.All()
	d.All = documented(&all)
	d.Scenarios, d.Techniques = []documentTally{}, []documentTally{}
	for _, t := range r.Scenarios() {
		one := documented(&t)
		if t.Detected > 0 {
			delay := t.Delay.Seconds()
			one.Delay = &delay
		}
		d.Scenarios = append(d.Scenarios, one)
	}
	for _, t := range r.Techniques() {
		one := documented(&t)
		one.Named = &t.Named
		d.Techniques = append(d.Techniques, one)
	}
	return d
}

func documented(t *Tally) documentTally {
	out := documentTally{Name: t.Name, N: t.N, Detected: t.Detected, Interval: t.Share().rounded()}
	if t.N > 0 {
		share := rounded(float64(t.Detected) / float64(t.N))
		out.Share = &share
	}
	return out
}

// list makes an empty list of none, which JSON would call null.
func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}
