package guardian

import (
	"testing"
	"time"
)

// TestLateLook holds that a pause of the whole machine ends no worker that goes on after it, that
// one which does not is ended at the second look, however late that is, and that one which hangs is at
// the first.
func TestLateLook(t *testing.T) {
	const on, far = watchEvery, 10 * hung
	for name, looks := range map[string][]struct {
		after, silent    time.Duration
		still, end, late bool
	}{
		"a hang":                          {{on, 1, false, false, false}, {on, hung + 1, false, true, false}},
		"a pause":                         {{on, 1, false, false, false}, {far, far, false, false, true}, {on, 1, false, false, false}, {far, far, false, false, true}},
		"a hang in a pause":               {{on, 1, false, false, false}, {far, far, false, false, true}, {on, far + on, false, true, true}},
		"a hang, and the machine is bad":  {{on, 1, false, false, false}, {far, far, false, false, true}, {far, 2 * far, false, true, true}, {far, 3 * far, false, false, true}, {on, 4 * far, false, true, true}},
		"its core stands still":           {{on, hung + 1, true, false, true}, {on, 1, false, false, true}, {on, 1, false, false, false}},
		"a hang where a core stood still": {{on, hung + 1, true, false, true}, {on, 2 * hung, true, false, true}, {on, 3 * hung, false, false, true}, {on, 4 * hung, false, true, true}},
		"silent at the first look":        {{0, far, false, true, false}},
	} {
		var e eye
		now := time.Unix(1, 0)
		for i, l := range looks {
			now = now.Add(l.after)
			if end, late := e.look(now, l.silent, l.still); end != l.end || late != l.late {
				t.Errorf("%s, look %d: end %v, late %v", name, i, end, late)
			}
		}
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
		if got := p.silent(l.at, l.ago); got != l.want {
			t.Errorf("look %d: silent for %d, want %d", i, got, l.want)
		}
	}
}
