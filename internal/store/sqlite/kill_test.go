package sqlite

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/mishap"
	"firedoor/internal/store"
)

func TestMain(m *testing.M) { mishap.Main(m, acknowledgeForever) }

// acknowledgeForever says which alert and acknowledgement is done, after it is.
func acknowledgeForever(dir string) {
	ctx := context.Background()
	s, err := Open(ctx, dir, quiet())
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := s.Position(ctx)
	t := &testing.T{}
	for seq := p.Seq + 1; err == nil; seq++ {
		if _, err = s.Apply(ctx, store.Position{Stream: "s", Seq: seq}, begin, []firedoor.Record{alert(t, int(seq), firedoor.High, "10.0.0.1", "10.0.0.2")}); err == nil {
			if _, err = s.Acknowledge(ctx, alertID(int(seq)), store.Acknowledgement{By: "me", Comment: "seen"}); err == nil {
				fmt.Println("done", alertID(int(seq)))
			}
		}
	}
	fmt.Println(err)
}

// TestKilled: what was answered before the process was killed is there, with
// its acknowledgement, and the position is that of the last message.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	var done []string
	for round := range 5 {
		mishap.Kill(t, dir, 16+31*round, func(line string) {
			id, ok := strings.CutPrefix(line, "done ")
			if !ok {
				t.Fatalf("the process says %q", line)
			}
			done = append(done, id)
		})
		s := open(t, dir, DefaultLimits)
		for _, id := range done {
			if a, err := s.Alert(t.Context(), id); err != nil || a.Acknowledged == nil {
				t.Fatalf("round %d: %s was acknowledged, now: %+v, %v", round, id, a, err)
			}
		}
		p, err := s.Position(t.Context())
		if n := alerts(t, s, store.AlertQuery{Limit: 1}).Total; err != nil || int(p.Seq) != n {
			t.Fatalf("round %d: position %d, but %d alerts; %v", round, p.Seq, n, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
