package guardian

import (
	"testing"
	"time"
)

// TestLateLook holds that a pause of the whole machine, or of the worker's core, ends no worker that goes on after it,
// that one which does not is ended, and its frame blamed, after as long as ever, and that one is ended without blame where
// whoever looks is late all the time.
func TestLateLook(t *testing.T) {
	const on, far = watchEvery, 10 * hung
	type look struct {
		after, silent    time.Duration
		still, end, late bool
	}
	hangs := func(silent time.Duration) (all []look) { // from a pause on
		for quiet := on; quiet <= hung+on; quiet += on {
			silent += on
			all = append(all, look{on, silent, false, quiet > hung, false})
		}
		return all
	}
	for name, looks := range map[string][]look{
		"a hang":                          {{on, 1, false, false, false}, {on, on + 1, false, false, false}, {on, 2*on + 1, false, false, false}, {on, 3*on + 1, false, false, false}, {on, 4*on + 1, false, true, false}},
		"a pause":                         {{on, 1, false, false, false}, {far, far + 1, false, false, true}, {on, 1, false, false, false}, {far, far + 1, false, false, true}},
		"a hang in a pause":               append([]look{{0, 0, false, false, false}, {far, far, false, false, true}}, hangs(far)...),
		"a hang, and the machine is bad":  {{on, 0, false, false, false}, {far, far, false, false, true}, {far, 2 * far, false, false, true}, {far, 3 * far, false, false, true}, {far, 4 * far, false, false, true}, {far, 5 * far, false, false, true}, {far, 6 * far, false, true, true}},
		"looks that are somewhat late":    {{0, 0, false, false, false}, {hung, hung, false, false, false}, {hung, 2 * hung, false, false, false}, {hung, 3 * hung, false, true, false}},
		"its core stands still":           {{on, on, true, false, true}, {on, 2 * on, true, false, true}, {on, 1, false, false, false}},
		"a hang where a core stood still": append([]look{{on, hung, true, false, true}, {maxCounts, hung + maxCounts, true, false, true}}, hangs(2*hung)...),
		"silent at the first look":        {{0, far, false, false, true}},
	} {
		var e eye
		now := time.Hour
		for i, l := range looks {
			now += l.after
			if end, late := e.look(now, now-l.silent, l.still); end != l.end || late != l.late {
				t.Errorf("%s, look %d: end %v, late %v", name, i, end, late)
			}
		}
	}
}

// TestLookBehindLook holds that a beat counts which came before the last look, and too late for it: a guardian that was put aside
// while it looked looks again at once, and ended workers that beat every 2 ms.
func TestLookBehindLook(t *testing.T) {
	var e eye
	now, own := time.Hour, time.Hour
	for i := range 20 {
		now += maxCounts
		e.look(now, own, false) // of before it was put aside
		own = now - watchEvery/2
		if end, _ := e.look(now+1, own, false); end {
			t.Fatalf("look %d: ended", i)
		}
		now += 2
	}
}

// TestLentBeats holds that what the guardian beats for a worker does not count as that one's own.
func TestLentBeats(t *testing.T) {
	var p pulse
	for i, l := range []struct{ at, ago, want time.Duration }{
		{0, 0, 0},
		{100, 7, 7},
		{107, 0, 7}, // lent
		{107, 3, 10},
		{110, 0, 10}, // lent
		{115, 1, 1},
	} {
		if l.want > l.ago && p.lent != l.at {
			p.lent = l.at
		}
		if got := l.at + l.ago - p.heard(l.at); got != l.want {
			t.Errorf("look %d: silent for %d, want %d", i, got, l.want)
		}
	}
}
