package gateway

import (
	"os"
	"path/filepath"
	"testing"

	"firedoor"
	"firedoor/internal/inline"
)

// TestJudgedOverFailures holds that what workers stopped by a quarantine is counted on where worker and control begin anew,
// one after the other or both, and begins anew with the guardian alone.
func TestJudgedOverFailures(t *testing.T) {
	dir := t.TempDir()
	said := func(worker uint32, in uint64) tally {
		c := inline.Counts{In: in, Dropped: in}
		c.Reasons[firedoor.ReasonQuarantine] = in
		return tally{worker: worker, counts: c, unread: 1}
	}
	total := func(g *Gateway) tally {
		all := g.before
		for _, w := range g.judged {
			all = all.plus(w)
		}
		return all
	}
	begin := func(guardian string, heard ...tally) *Gateway {
		g := &Gateway{}
		for _, w := range heard {
			g.count(w)
		}
		must(t, g.takeJudged(dir, guardian))
		return g
	}
	g := begin("7 100")
	for worker := range uint32(20) { // more than are counted apart
		g.count(said(worker, 10))
	}
	must(t, g.keepJudged(dir, "7 100"))
	g = begin("7 100", said(19, 25), said(20, 3)) // the last one went on, and then another one
	g.count(said(20, 4))
	if all := total(g); all.counts.In != 19*10+25+4 || all.counts.Reasons[firedoor.ReasonQuarantine] != all.counts.In || all.unread != 21 {
		t.Errorf("after both began anew: %+v", all)
	}
	must(t, g.keepJudged(dir, "7 100"))
	if all := total(begin("7 100")); all.counts.In != 19*10+25+4 {
		t.Errorf("before anybody is heard: %+v", all)
	}
	for _, other := range []string{"7 200", ""} {
		if all := total(begin(other, said(1, 5))); all.counts.In != 5 {
			t.Errorf("under guardian %q: %+v", other, all)
		}
	}
	must(t, os.WriteFile(filepath.Join(dir, judgedFile), []byte("{"), 0o600))
	if g := (&Gateway{}); g.takeJudged(dir, "7 100") == nil || total(g).counts.In != 0 {
		t.Error("half a file is taken")
	}
	if guardianNow() == "" {
		t.Error("nobody is known to have started this process")
	}
}
