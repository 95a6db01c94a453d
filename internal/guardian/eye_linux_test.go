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
		after, silent time.Duration
		end, late     bool
	}{
		"a hang":                         {{on, 1, false, false}, {on, hung + 1, true, false}},
		"a pause":                        {{on, 1, false, false}, {far, far, false, true}, {on, 1, false, false}, {far, far, false, true}},
		"a hang in a pause":              {{on, 1, false, false}, {far, far, false, true}, {on, far + on, true, true}},
		"a hang, and the machine is bad": {{on, 1, false, false}, {far, far, false, true}, {far, 2 * far, true, true}, {far, 3 * far, false, true}, {on, 4 * far, true, true}},
		"silent at the first look":       {{0, far, true, false}},
	} {
		var e eye
		now := time.Unix(1, 0)
		for i, l := range looks {
			now = now.Add(l.after)
			if end, late := e.look(now, l.silent); end != l.end || late != l.late {
				t.Errorf("%s, look %d: end %v, late %v", name, i, end, late)
			}
		}
	}
}
