package gateway

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"firedoor/internal/datapath"
	"firedoor/internal/guardian"
)

// kernelOf is a kernel's part that only counts.
type kernelOf struct {
	drops uint64
	gone  error
}

func (k *kernelOf) Look() (*guardian.Look, error) {
	e := datapath.Explained{Generation: 1, Action: datapath.Drop, Reason: 3, Rule: 1, Count: datapath.Count{Frames: k.drops, Bytes: 60 * k.drops}}
	return &guardian.Look{Generation: 1, Counters: []datapath.Explained{e}}, k.gone
}
func (k *kernelOf) Losses() ([]datapath.Lost, uint32, error) { return nil, 1, k.gone }
func (k *kernelOf) Forget(uint32) error                      { return k.gone }

// told is how many frames have lines.
func linesOf(s *Stops) (n uint64) {
	for _, r := range s.AllRows() {
		n += r.Count
	}
	return n
}

// TestToldAgain holds that what the kernel drops is told for ever, though its file cannot be written for a
// while or is not whole, that this is said as long as it lasts, and that only a guardian that is gone ends it.
func TestToldAgain(t *testing.T) {
	dir := t.TempDir()
	for _, before := range []string{"", "{"} { // of a power cut
		name := filepath.Join(dir, toldFile)
		if before != "" {
			if err := os.WriteFile(name, []byte(before), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := OpenStops(dir, 0, [2]string{"a", "b"}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		kernel := &kernelOf{drops: 5}
		k := newKernelStops(&Gateway{}, kernel, s)
		turn := func(do func() error) {
			t.Helper()
			if err := k.turn(do); err != nil {
				t.Fatalf("%q: %v", before, err)
			}
		}
		turn(k.load)
		if s.Problem() != "" {
			t.Errorf("%q: %s", before, s.Problem())
		}
		if err := os.Mkdir(name+".new", 0o700); err != nil { // nothing can be written there
			t.Fatal(err)
		}
		kernel.drops = 9
		turn(k.tick)
		turn(k.tick)
		if s.Problem() == "" || s.State().Problem == "" || linesOf(s) != 4 {
			t.Errorf("%q: while it cannot be kept: problem %q, %d frames told", before, s.Problem(), linesOf(s))
		}
		if err := os.Remove(name + ".new"); err != nil {
			t.Fatal(err)
		}
		kernel.drops = 20
		turn(k.tick)
		turn(k.tick)
		if b, err := os.ReadFile(name); s.Problem() != "" || linesOf(s) != 15 || err != nil || !json.Valid(b) {
			t.Errorf("%q: afterwards: problem %q, %d frames told, %v", before, s.Problem(), linesOf(s), err)
		}
		kernel.gone = guardian.ErrGone
		if err := k.turn(k.tick); !errors.Is(err, guardian.ErrGone) {
			t.Errorf("%q: without a guardian: %v", before, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
