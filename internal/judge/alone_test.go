package judge

import (
	"path/filepath"
	"slices"
	"testing"
)

// alone compares one protocol by itself, capture by capture, where asking the judge
// takes ways of its own.
type alone struct {
	protocol string
	excuses  []excuse                // classes of differences that are known
	mine     func(e *eventLine) bool // nil: every operation of the protocol

	own      bool  // what comes now are captures of the product's own: they count apart
	total    score // of captures from elsewhere
	ownTotal score
	ownKnown int // differences of them that are of a known class: they are few, so one would be too many
	agree    int // of those with values
	counts   []int
	examples int
}

// ours are the operations that the product tells of a capture.
func (a *alone) ours(t *testing.T, path string) []*judged {
	t.Helper()
	lines, err := replayLines(path, a.protocol)
	if err != nil {
		t.Error(err)
		return nil
	}
	var got []*judged
	for i := range lines {
		if e := &lines[i]; e.Kind == "operation" && (a.mine == nil || a.mine(e)) {
			got = append(got, e.judged())
		}
	}
	return got
}

// compare takes both sides of a capture.
func (a *alone) compare(t *testing.T, path string, want, got []*judged) {
	t.Helper()
	if len(want)+len(got) == 0 {
		return
	}
	if a.counts == nil {
		a.counts = make([]int, len(a.excuses))
	}
	path = original(path)
	name := filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path))
	agree, all := compare(name, want, got)
	s := score{operations: len(want), agree: len(agree)}
	for j := range agree {
		if j.values != "" {
			a.agree++
		}
	}
	for i := range all {
		s.count(&all[i])
		if class := slices.IndexFunc(a.excuses, func(e excuse) bool { return e.fits(&all[i]) }); class >= 0 {
			a.counts[class]++
			if a.own {
				a.ownKnown++
			}
		} else if a.examples++; a.examples <= maxExamples {
			t.Errorf("a difference of no known class: %v", &all[i])
		}
	}
	t.Logf("%-70s operations %5d  agree %5d  differ %d  missing %d  extra %d", name, s.operations, s.agree, s.differ, s.missing, s.extra)
	total := &a.total
	if a.own {
		total = &a.ownTotal
	}
	total.add(path, &s)
	total.differ, total.missing, total.extra = total.differ+s.differ, total.missing+s.missing, total.extra+s.extra
}

// settle fails where too few operations agree, or more of a class differ than are known.
func (a *alone) settle(t *testing.T, fields string) {
	t.Helper()
	for i, n := range a.counts {
		t.Logf("%6d of at most %d: %s (%s)", n, a.excuses[i].most, a.excuses[i].name, a.excuses[i].reason)
		if n > a.excuses[i].most {
			t.Errorf("%q: %d differences, at most %d are known", a.excuses[i].name, n, a.excuses[i].most)
		}
	}
	s := &a.total
	switch {
	case s.operations > 0:
		demandShare(t, a.protocol, s)
	case a.ownTotal.operations == 0:
		t.Fatalf("%s: not one operation in the captures", a.protocol)
	}
	t.Logf("%d of all that agree have values", a.agree)
	if o := &a.ownTotal; o.operations > 0 {
		t.Logf("own captures: operations %d  agree %d  differ %d  missing %d  extra %d", o.operations, o.agree, o.differ, o.missing, o.extra)
		if share := 100 * float64(o.agree+a.ownKnown) / float64(o.operations+o.extra); share < leastShare {
			t.Errorf("%s: %.3f %% of the operations in own captures agree, must be %.1f %%", a.protocol, share, leastShare)
		}
	}
	keepWithOwn(t, a.protocol, s, &a.ownTotal, fields)
}
