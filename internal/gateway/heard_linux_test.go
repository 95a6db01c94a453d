package gateway

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"firedoor/internal/inline"
)

// TestStatusSaysUntilWhen holds that a status says until when all that was judged is counted in it: workers tell from time to
// time, and a count of what one said long ago is not one of now.
func TestStatusSaysUntilWhen(t *testing.T) {
	g := &Gateway{config: Config{Log: slog.New(slog.DiscardHandler)}}
	say := func(w word) {
		b, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		g.hear(1, b)
	}
	if say(word{Number: 3}); g.judgedTo() != nil {
		t.Error("nobody counted anything, and the status says until when")
	}
	before := time.Now()
	say(word{Counts: &inline.Counts{In: 5}})
	to := g.judgedTo()
	if to == nil || to.After(time.Now().Add(-countEvery)) || to.Before(before.Add(-countEvery-time.Millisecond)) {
		t.Fatalf("counts of %s are said to be of %v", before, to)
	}
	time.Sleep(2 * time.Millisecond)
	if say(word{Number: 4}); *g.judgedTo() != *to {
		t.Error("a word without counts makes older ones fresh")
	}
}
