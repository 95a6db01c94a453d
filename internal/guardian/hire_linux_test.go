package guardian

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestWorkerIsStartedInTheEnd holds that a guardian that cannot start a worker tries again until it can, or is to end.
func TestWorkerIsStartedInTheEnd(t *testing.T) {
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	no, err := openProgram(file)
	if err != nil {
		t.Fatal(err)
	}
	g := New(Config{Log: quiet(t), Worker: []string{"worker", "-test.run=^$"}})
	ended := make(chan error)
	go func() { _ = g.starter.serve(ended) }()
	defer close(ended)
	g.setNext(no)
	ctx, cancel := context.WithTimeout(t.Context(), minRest)
	defer cancel()
	if h := g.hireAnyway(ctx); h != nil {
		t.Fatal("what is no program was started")
	}
	if told := g.backlog.all(); len(told) != 1 {
		t.Errorf("it was told %d times", len(told))
	}
	hired := make(chan *hand)
	go func() { hired <- g.hireAnyway(t.Context()) }()
	for len(g.backlog.all()) == 0 { // that it could not be
		time.Sleep(time.Millisecond)
	}
	g.setNext(nil)
	h := <-hired
	if h == nil {
		t.Fatal("no worker was started")
	}
	h.kill()
	<-h.ended
}
