package sensor

import (
	"strings"
	"testing"
	"time"
	"unsafe"

	"firedoor/internal/packet"
	"firedoor/internal/plant"
)

// TestFlowsGoOn: a watch that stops in the middle of connections and starts again
// misses nothing of them, wherever the stop falls: not even a message that could
// not be told from rubbish if the place where it begins had been lost.
func TestFlowsGoOn(t *testing.T) {
	var file strings.Builder
	n, err := plant.NewNet(&file, time.Unix(1000, 0))
	if err != nil {
		t.Fatal(err)
	}
	c := n.Dial(panel, controller, 50_001, plant.PortModbus)
	pollModbus(n, c, 3, 100*time.Millisecond)
	for i := range byte(8) { // codes for users, with data that nothing is known of
		c.Client([]byte{1, i, 0, 0, 0, 6, 1, 0x41 + i, 7, i, 9, 9})
		n.Wait(2 * time.Millisecond)
		c.Server([]byte{1, i, 0, 0, 0, 4, 1, 0x41 + i, 1, i})
		n.Wait(100 * time.Millisecond)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	frames := framesOf(t, []byte(file.String()))
	const want = 9 // the poll, and eight codes
	for at := 11; at < len(frames); at++ {
		dir := t.TempDir()
		play := func(frames []packet.Frame) *Watch {
			return watchOnce(t, WatchOptions{Dir: dir, Learn: Learning{UntilTold: true}, Shards: 1, input: func(f *feed, b *book) input {
				f.read = make([]fileRead, 1)
				return &script{feed: f, book: b, steps: []step{{frames: frames}}}
			}})
		}
		play(frames[:at])
		w := play(frames[at:])
		statements, gaps := 0, uint64(0)
		for i := range lanes {
			statements += w.p.lane(i).table.Statements()
			gaps += w.p.lane(i).count.Gaps
		}
		if statements != want || gaps != 0 {
			t.Errorf("stopped before frame %d of %d: %d statements, want %d, %d gaps", at+1, len(frames), statements, want, gaps)
		}
	}
}

// TestConnLines holds the parts of a conn where cache lines begin, as far as chunks of
// them do: those are pages of the heap.
func TestConnLines(t *testing.T) {
	var c conn
	for part, at := range map[string]uintptr{
		"conn": unsafe.Sizeof(c), "run.offset": unsafe.Offsetof(c.run) + 32, "half 0": unsafe.Offsetof(c.half), "half": unsafe.Sizeof(c.half[0]),
		"end": unsafe.Offsetof(c.end),
	} {
		if at%64 != 0 {
			t.Errorf("%s: %d bytes", part, at)
		}
	}
	if end := unsafe.Offsetof(c.half[0].bytes) + unsafe.Sizeof(c.half[0].bytes); end > 64 {
		t.Errorf("what a segment touches takes %d bytes of a half", end)
	}
}
