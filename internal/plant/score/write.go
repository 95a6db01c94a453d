package score

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// maxWords is how many characters of a sentence a table shows; the whole one is in
// the JSON.
const maxWords = 110

// Write writes the report for people.
func (r *Report) Write(w io.Writer) error {
	all := r.All()
	fmt.Fprintf(w, "%s of %s attacks found (%s with 95 %%), %s\n", itoa(all.Detected), itoa(all.N), share(all.Share()), r.falseLine())
	fmt.Fprintf(w, "%s, %s watched, %d assets, %d alerts: %d true, %d informational on what is notable, %d false; grace %s\n\n",
		r.runs(), days(r.Days), r.Assets, r.Alerts, r.True, r.Informational, r.False, clock(r.Grace))
	if err := r.writeScenarios(w); err != nil {
		return err
	}
	if err := r.writeTechniques(w); err != nil {
		return err
	}
	return r.writeFalse(w)
}

func (r *Report) falseLine() string {
	day, ok := r.PerDay()
	if !ok {
		return fmt.Sprintf("%d false alerts in no time", r.False)
	}
	text := "false alerts: " + rate(day) + " a day"
	if hundred, ok := r.Per100Assets(); ok {
		text += ", " + rate(hundred) + " a day for 100 assets"
	}
	return text
}

func (r *Report) runs() string {
	seeds := make([]string, len(r.Seeds))
	for i, s := range r.Seeds {
		seeds[i] = strconv.FormatUint(s, 10)
	}
	if len(seeds) == 1 {
		return "1 run (seed " + seeds[0] + ")"
	}
	return fmt.Sprintf("%d runs (seeds %s)", len(seeds), strings.Join(seeds, ", "))
}

func table(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) }

func (r *Report) writeScenarios(w io.Writer) error {
	t := table(w)
	fmt.Fprintln(t, "SCENARIO\tFOUND\t95 %\tDELAY\tCAUGHT BY\tGRAVEST\tNOTE")
	scenarios := r.Scenarios()
	for i := range scenarios {
		s := &scenarios[i]
		delay, by, worst := "-", "MISSED", "-"
		if s.Detected > 0 {
			delay, by, worst = clock(s.Delay), s.CaughtBy, s.Worst
		}
		fmt.Fprintf(t, "%s\t%d/%d\t%s\t%s\t%s\t%s\t%s\n", s.Name, s.Detected, s.N, share(s.Share()), delay, by, worst, r.note(s.Name))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for i := range scenarios {
		if c := scenarios[i].Alert; c != nil {
			fmt.Fprintf(w, "%s: alert %s, %s, %s\n  %s\n", scenarios[i].Name, c.ID, c.Kind, c.Severity, short(c.Sentence))
		}
	}
	fmt.Fprintln(w)
	return nil
}

// note tells what one must know of a scenario's runs.
func (r *Report) note(scenario string) string {
	learning, cut := false, false
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Scenario == scenario {
			learning, cut = learning || f.Learning, cut || f.Cut
		}
	}
	switch {
	case learning && cut:
		return "began while learning, cut short"
	case learning:
		return "began while learning"
	case cut:
		return "cut short"
	}
	return ""
}

func (r *Report) writeTechniques(w io.Writer) error {
	techniques := r.Techniques()
	if len(techniques) == 0 {
		return nil
	}
	t := table(w)
	fmt.Fprintln(t, "TECHNIQUE\tFOUND\t95 %\tNAMED BY AN ALERT")
	for i := range techniques {
		k := &techniques[i]
		fmt.Fprintf(t, "%s\t%d/%d\t%s\t%d/%d\n", k.Name, k.Detected, k.N, share(k.Share()), k.Named, k.N)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	return nil
}

func (r *Report) writeFalse(w io.Writer) error {
	if r.False == 0 {
		fmt.Fprintln(w, "No false alert.")
		return nil
	}
	t := table(w)
	fmt.Fprintln(t, "FALSE\tKIND\tON\tFOR EXAMPLE")
	for _, k := range r.FalseKinds {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\n", k.Count, k.Kind, k.Reason, short(k.Example))
	}
	return t.Flush()
}

func itoa(n int) string { return strconv.Itoa(n) }

func share(i Interval) string {
	return fmt.Sprintf("%.0f-%.0f %%", 100*i.Low, 100*i.High)
}

func rate(r Rate) string {
	return fmt.Sprintf("%s (%s-%s)", number(r.Value), number(r.Low), number(r.High))
}

func number(v float64) string { return strconv.FormatFloat(rounded(v), 'f', -1, 64) }

func days(v float64) string {
	const hours = 24
	if v < 2 {
		return number(v*hours) + " hours"
	}
	return number(v) + " days"
}

// clock is a time to the second: 2d 3h, 1h 5m, 1m 31s, 12s.
func clock(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	parts := []struct {
		unit string
		size int64
	}{{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}}
	var out []string
	for _, p := range parts {
		if n := s / p.size; n > 0 && len(out) < 2 {
			out = append(out, strconv.FormatInt(n, 10)+p.unit)
		}
		s %= p.size
	}
	if len(out) == 0 {
		return "0s"
	}
	return strings.Join(out, " ")
}

func short(text string) string {
	letters := []rune(text)
	if len(letters) > maxWords {
		return string(letters[:maxWords]) + "..."
	}
	return text
}

// JSON writes the report for programs.
func (r *Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r.document())
}
