package uplink

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"firedoor"
	"firedoor/internal/mishap"
)

func TestMain(m *testing.M) { mishap.Main(m, publishForever) }

func publishForever(dir string) {
	u, err := Open(context.Background(), Config{Dir: dir}, quiet())
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := 0; ; i++ {
		seq, err := u.Publish(context.Background(), "s", []firedoor.Record{record("a", firedoor.RecordAlert, i)})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(seq)
	}
}

// TestKilled: whatever was acknowledged before the process was killed is there.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	last := uint64(0)
	for round := range 5 {
		mishap.Kill(t, dir, 21+37*round, func(line string) {
			seq, err := strconv.ParseUint(line, 10, 64)
			if err != nil {
				t.Fatalf("the process says %q", line)
			}
			last = seq
		})
		u := open(t, Config{Dir: dir})
		if s := u.Stats(t.Context()); s.Messages < last {
			t.Fatalf("round %d: message %d was acknowledged, but only %d are there", round, last, s.Messages)
		}
		for i, b := range take(t, u, 0, int(last)) {
			if b.Seq != uint64(i+1) || len(b.Records) != 1 {
				t.Fatalf("round %d: message %d is %+v", round, i+1, b)
			}
		}
		shut(t, u)
	}
}
