package uplink

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"firedoor"
)

const childDir = "FIREDOOR_TEST_UPLINK_DIR"

// TestMain lets the test binary be the process that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		publishForever(dir)
		return
	}
	os.Exit(m.Run())
}

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
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childDir+"="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		said := bufio.NewScanner(out)
		for n := 0; said.Scan(); n++ {
			seq, err := strconv.ParseUint(strings.TrimSpace(said.Text()), 10, 64)
			if err != nil {
				t.Fatalf("the process says %q", said.Text())
			}
			last = seq
			if n == 20+37*round {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		child.Wait() //nolint:errcheck // it was killed
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
