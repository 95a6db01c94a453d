package guardian

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestOrdersDoNotWaitForATrial holds that what control wants is done while a new program is tried, which may take
// long, that a second one is not tried meanwhile, and that what became of the first is told in the end.
func TestOrdersDoNotWaitForATrial(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	if err := unix.Mkfifo(program, 0o600); err != nil { // it is opened when somebody writes to it
		t.Fatal(err)
	}
	g, control, _ := guarding(t)
	g.config.Worker = []string{program}
	ended := make(chan error)
	go func() { _ = g.starter.serve(ended) }()
	defer close(ended)
	replies := make(chan *Reply)
	go func() {
		for {
			_, body, err := control.Receive()
			if err != nil {
				return
			}
			r, err := read[Reply](body)
			if err != nil {
				t.Error(err)
			}
			replies <- &r
		}
	}()
	wants := func(r Request) {
		t.Helper()
		if err := control.SendJSON(KindRequest, r); err != nil {
			t.Fatal(err)
		}
	}
	hears := func(id uint64, want string) {
		t.Helper()
		select {
		case r := <-replies:
			if r.ID != id || !strings.Contains(r.Error, want) {
				t.Fatalf("%+v, want %d: %s", r, id, want)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%d is not answered", id)
		}
	}
	wants(Request{ID: 1, What: WantUpgrade})
	for !g.trying.Load() {
		time.Sleep(time.Millisecond)
	}
	wants(Request{ID: 2, What: WantHold})
	hears(2, "nobody is named")
	wants(Request{ID: 3, What: WantUpgrade})
	hears(3, "tried already")
	f, err := os.OpenFile(program, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close() // nothing is in it
	hears(1, "illegal seek")
}
