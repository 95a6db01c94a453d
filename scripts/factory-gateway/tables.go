package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"

	"firedoor/internal/plant/factory"
)

// measured is what docs/GATEWAY.md tells of the runs: it lies beside this program, and a
// test holds the two against each other.
type measured struct {
	Attacks []attempted `json:"attacks"`
	Attack  compared    `json:"attacked"`
	Peace   compared    `json:"in_peace"`
}

// attempted is what became of what attackers tried, with the policy; Without is how many
// changed a controller without it.
type attempted struct {
	factory.Fates
	Without int `json:"without"`
}

// compared is honest work without the policy and with it.
type compared struct {
	Without worked `json:"without"`
	With    worked `json:"with"`
}

// worked is honest work in a run.
type worked struct {
	Asked   uint64  `json:"asked"`
	Slow    uint64  `json:"slow"`
	Touched int     `json:"touched"` // stopped or held back
	Wanted  int     `json:"changes_wanted"`
	Done    int     `json:"changes_done"`
	PerHour float64 `json:"good_parts_per_hour"`
}

func workedIn(o *factory.Outcome) worked {
	total, done := changes(o)
	return worked{o.Honest.Asked, o.Honest.Slow, touched(o), total, done, o.PerHour}
}

// measuredOf takes it out of what the four runs say.
func measuredOf(bare *factory.Outcome, runs *[3]*factory.Outcome) *measured {
	m := &measured{Attack: compared{workedIn(bare), workedIn(runs[0])}, Peace: compared{workedIn(runs[1]), workedIn(runs[2])}}
	for _, f := range runs[0].Attacks {
		m.Attacks = append(m.Attacks, attempted{f, reachedIn(bare, f.Kind)})
	}
	return m
}

// save writes it to a file.
func (m *measured) save(path string) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

// words for kinds of attempts, in the order of the table.
var kindWords = []struct{ kind, words string }{{"control", "stop, start, mode"}, {"program", "download"}, {"write", "write"}}

// tables writes the two tables of docs/GATEWAY.md.
func (m *measured) tables(w io.Writer) {
	fmt.Fprint(w, "| attempts of attackers | tried | refused by the device | dropped | reached | indistinguishable | changed nothing | reached without the policy |\n|---|---|---|---|---|---|---|---|\n")
	for _, k := range kindWords {
		for _, f := range m.Attacks {
			if f.Kind == k.kind {
				fmt.Fprintf(w, "| %s | %d | %d | %d | %d | %d | %d | %d |\n", k.words, f.Total, f.Refused, f.Dropped, f.Reached, f.Alike, f.Idle+f.Lost, f.Without)
			}
		}
	}
	a, p := &m.Attack, &m.Peace
	fmt.Fprint(w, "\n| those who may | attacked, without | with | in peace, without | with |\n|---|---|---|---|---|\n")
	fmt.Fprintf(w, "| requests | %s | %s | %s | %s |\n", grouped(a.Without.Asked), grouped(a.With.Asked), grouped(p.Without.Asked), grouped(p.With.Asked))
	fmt.Fprintf(w, "| stopped or held back | | %d | | %d |\n", a.With.Touched, p.With.Touched)
	done := func(x worked) string { return fmt.Sprintf("%d of %d", x.Done, x.Wanted) }
	fmt.Fprintf(w, "| changes wanted and done | %s | %s | %s | %s |\n", done(a.Without), done(a.With), done(p.Without), done(p.With))
	fmt.Fprintf(w, "| answered later than 0.2 s | %d | %d | %d | %d |\n", a.Without.Slow, a.With.Slow, p.Without.Slow, p.With.Slow)
	hour := func(x worked) string {
		return fmt.Sprintf("%s.%d", grouped(uint64(x.PerHour*10+0.5)/10), uint64(x.PerHour*10+0.5)%10)
	}
	fmt.Fprintf(w, "| good parts an hour | %s | %s | %s | %s (%+.2f %%) |\n", hour(a.Without), hour(a.With), hour(p.Without), hour(p.With), (p.With.PerHour/p.Without.PerHour-1)*100)
}

// grouped writes a number with a comma every three digits.
func grouped(n uint64) string {
	text := strconv.FormatUint(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
