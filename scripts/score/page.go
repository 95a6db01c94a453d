package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	scoring "firedoor/internal/plant/score"
)

// Marks of the page: what stands between them is written by this command.
const (
	markBegin = "<!-- make score writes from here -->"
	markEnd   = "<!-- to here -->"
)

// spliced is the page with new tables between its marks.
func spliced(page, tables string) (string, error) {
	before, rest, began := strings.Cut(page, markBegin)
	_, after, ended := strings.Cut(rest, markEnd)
	if !began || !ended {
		return "", errors.New("the marks are not there: " + markBegin + " and " + markEnd)
	}
	return before + markBegin + "\n" + tables + markEnd + after, nil
}

// tables are what the page says in numbers.
func tables(r *scoring.Report, words string) string {
	var b strings.Builder
	all := r.All()
	fmt.Fprintf(&b, "%s\n\n", words)
	fmt.Fprintf(&b, "**%d of %d attacks were found** (%s with 95 %%). In %s days of watching %d devices there were %d alerts: %d belong to an attack, "+
		"%d tell something notable once and for information, **%d are false**.\n\n",
		all.Detected, all.N, share(all.Share()), number(r.Days), r.Assets, r.Alerts, r.True, r.Informational, r.False)
	rates(&b, r)
	scenarios(&b, r)
	techniques(&b, r)
	falseKinds(&b, r)
	return b.String()
}

func rates(b *strings.Builder, r *scoring.Report) {
	day, watched := r.PerDay()
	hundred, _ := r.Per100Assets()
	if !watched {
		return
	}
	fmt.Fprintf(b, "| false alerts | n | days | rate | 95 %% |\n|---|---|---|---|---|\n")
	fmt.Fprintf(b, "| a day | %d | %s | %s | %s .. %s |\n", r.False, number(r.Days), number(day.Value), number(day.Low), number(day.High))
	fmt.Fprintf(b, "| a day and 100 devices | %d | %s | %s | %s .. %s |\n\n", r.False, number(r.Days), number(hundred.Value), number(hundred.Low), number(hundred.High))
}

func scenarios(b *strings.Builder, r *scoring.Report) {
	b.WriteString("### By scenario\n\n| scenario | found | 95 % | median delay (least .. most) | first alert | gravest alert | |\n|---|---|---|---|---|---|---|\n")
	for _, t := range r.Scenarios() {
		delay, first, worst := "-", "missed", "-"
		if t.Detected > 0 {
			low, high := delays(r, t.Name)
			if delay = clock(t.Delay); clock(low) != clock(high) {
				delay += fmt.Sprintf(" (%s .. %s)", clock(low), clock(high))
			}
			first = kinds(r, t.Name, func(f *scoring.Finding) *scoring.Caught { return f.First })
			worst = kinds(r, t.Name, func(f *scoring.Finding) *scoring.Caught { return f.Worst })
		}
		fmt.Fprintf(b, "| `%s` | %d/%d | %s | %s | %s | %s | %s |\n", t.Name, t.Detected, t.N, share(t.Share()), delay, first, worst, note(r, t.Name))
	}
	b.WriteString("\n")
}

// delays are the least and the most of a scenario that was found.
func delays(r *scoring.Report, name string) (low, high time.Duration) {
	low = math.MaxInt64
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Scenario == name && f.Detected() {
			low, high = min(low, f.Delay()), max(high, f.Delay())
		}
	}
	return low, high
}

// kinds are the kinds of one alert of each run, the most frequent first.
func kinds(r *scoring.Report, name string, of func(*scoring.Finding) *scoring.Caught) string {
	type counted struct {
		kind string
		n    int
	}
	var list []counted
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Scenario != name || !f.Detected() {
			continue
		}
		kind := of(f).Kind + " (" + of(f).Severity + ")"
		at := slices.IndexFunc(list, func(c counted) bool { return c.kind == kind })
		if at < 0 {
			at, list = len(list), append(list, counted{kind: kind})
		}
		list[at].n++
	}
	slices.SortStableFunc(list, func(a, b counted) int { return cmp.Compare(b.n, a.n) })
	var parts []string
	for _, c := range list {
		if c.n > 1 && len(list) > 1 {
			c.kind += " " + strconv.Itoa(c.n) + "x"
		}
		parts = append(parts, c.kind)
	}
	return strings.Join(parts, ", ")
}

// note tells what one must know of a scenario's runs.
func note(r *scoring.Report, name string) string {
	learning, cut := 0, 0
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Scenario == name {
			learning, cut = learning+one(f.Learning), cut+one(f.Cut)
		}
	}
	var parts []string
	if learning > 0 {
		parts = append(parts, "begins while learning")
	}
	if cut > 0 {
		parts = append(parts, fmt.Sprintf("%d not over when the run ended", cut))
	}
	return strings.Join(parts, "; ")
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func techniques(b *strings.Builder, r *scoring.Report) {
	b.WriteString("### By technique\n\n| technique | attacks found | 95 % | named by an alert | 95 % |\n|---|---|---|---|---|\n")
	for _, t := range r.Techniques() {
		fmt.Fprintf(b, "| %s | %d/%d | %s | %d/%d | %s |\n", t.Name, t.Detected, t.N, share(t.Share()), t.Named, t.N, share(scoring.Wilson(t.Named, t.N)))
	}
	b.WriteString("\n")
}

func falseKinds(b *strings.Builder, r *scoring.Report) {
	b.WriteString("### False alerts\n\n")
	if r.False == 0 {
		b.WriteString("None.\n\n")
		return
	}
	b.WriteString("| n | a day | 95 % | kind | on | for example |\n|---|---|---|---|---|---|\n")
	for _, k := range r.FalseKinds {
		bounds := scoring.Garwood(k.Count)
		fmt.Fprintf(b, "| %d | %s | %s .. %s | %s | %s | %s |\n", k.Count, number(float64(k.Count)/r.Days), number(bounds.Low/r.Days), number(bounds.High/r.Days),
			k.Kind, k.Reason, cell(k.Example))
	}
	b.WriteString("\n")
}

// cell is a sentence as a cell of a table can hold it.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;").Replace(text)
}

func share(i scoring.Interval) string { return fmt.Sprintf("%.0f-%.0f %%", 100*i.Low, 100*i.High) }

// number keeps three digits, without zeros behind the point.
func number(v float64) string {
	digits := 0
	switch size := math.Abs(v); {
	case size == 0:
	case size < 0.1:
		digits = 3
	case size < 10:
		digits = 2
	case size < 100:
		digits = 1
	}
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// clock is a time with two units at most.
func clock(d time.Duration) string {
	left := int64(d.Round(time.Second) / time.Second)
	units := []struct {
		name    string
		seconds int64
	}{{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}}
	var parts []string
	for _, u := range units {
		n := left / u.seconds
		left %= u.seconds
		if n > 0 && len(parts) < 2 {
			parts = append(parts, fmt.Sprintf("%d %s", n, u.name))
		}
	}
	if len(parts) == 0 {
		return "0 s"
	}
	return strings.Join(parts, " ")
}
