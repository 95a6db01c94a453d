package sensor

import (
	"fmt"
	"os"
	"testing"

	"firedoor/internal/packet"
	"firedoor/internal/plant"
	"firedoor/internal/protocol/all"
)

const relationCapture = "../protocol/pnio/testdata/relation.pcap"

// TestBeside: what two stations settle on UDP tells what their frames on Ethernet
// carry, though other addresses lead them to another lane. The golden file of the
// capture says what is right.
func TestBeside(t *testing.T) {
	in, err := os.ReadFile(relationCapture)
	if err != nil {
		t.Fatal(err)
	}
	o := replay(t, Options{}, in)
	objects := map[string]int{}
	for _, l := range o.lines {
		if l["kind"] == "sample" {
			objects[fmt.Sprint(l["object"], " ", l["function"])]++
		}
	}
	for what, want := range map[string]int{
		"slot:1/subslot:0x1/output cyclic data": 4, "slot:2/subslot:0x1/output safety data": 2, "slot:1/subslot:0x1/input cyclic data, bad": 1,
		"frame:0x8001 cyclic data": 7, "frame:0x8002 cyclic data": 1,
	} {
		if objects[what] != want {
			t.Errorf("%d times %s, want %d", objects[what], what, want)
		}
	}
	if o.Sight.Samples != 38 {
		t.Errorf("%d samples, want 38: %v", o.Sight.Samples, objects)
	}
}

// TestBesideGoesOn: what was settled is not forgotten when a watch stops, for it is
// said once in months.
func TestBesideGoesOn(t *testing.T) {
	in, err := os.ReadFile(relationCapture)
	if err != nil {
		t.Fatal(err)
	}
	frames := framesOf(t, in)
	frames = frames[:len(frames)-5] // the last connect comes in two fragments
	play := func(dir string, frames []packet.Frame) (samples uint64) {
		w := watchOnce(t, WatchOptions{Dir: dir, Learn: Learning{UntilTold: true}, Shards: 1, input: func(f *feed, b *book) input {
			f.read = make([]fileRead, 1)
			return &script{feed: f, book: b, steps: []step{{frames: frames}}}
		}})
		for i := range lanes {
			samples += w.p.lane(i).count.Samples
		}
		return samples
	}
	want := play(t.TempDir(), frames)
	for at := 1; at < len(frames); at++ {
		dir := t.TempDir()
		play(dir, frames[:at])
		if got := play(dir, frames[at:]); got != want {
			t.Errorf("stopped before frame %d of %d: %d samples, want %d", at+1, len(frames), got, want)
		}
	}
}

// TestPairsAreBounded: stations whose frames are under way stay, others make room.
func TestPairsAreBounded(t *testing.T) {
	l := newLane(0, all.List, &Options{})
	for i := range maxPairs {
		l.pairUp().live = i != 5
	}
	sixth, seventh := l.pairs[5], l.pairs[6]
	sixth.key.LoPort = 6
	l.pairs[5] = sixth
	if p := l.pairUp(); p != &l.pairs[maxPairs-1] || l.pairs[5].key != seventh.key || len(l.pairs) != maxPairs {
		t.Error("the one whose frames are not under way did not make room")
	}
	l.pairs[maxPairs-1].live = true
	if l.pairUp() != nil {
		t.Error("one whose frames are under way made room")
	}
}

// The connect of a pair that is routed, or in a group, says nothing of frames.
func TestConcern(t *testing.T) {
	in, err := os.ReadFile(relationCapture)
	if err != nil {
		t.Fatal(err)
	}
	f := &feed{besides: withBeside(all.List)}
	n := 0
	for _, frame := range framesOf(t, in) {
		it := &item{}
		packet.Decode(&it.Packet, &frame)
		f.concern(it)
		if it.Beside == nil {
			continue
		}
		n++
		if it.DstPort != plant.PortPROFINET && it.SrcPort != plant.PortPROFINET || it.Beside.Name != "pnio" {
			t.Errorf("frame %d concerns %s", frame.Number, it.Beside.Name)
		}
		it.DstMAC = 0x01_00_5e_00_00_01
		if f.concern(it); it.Beside != nil {
			t.Errorf("frame %d is for a group", frame.Number)
		}
	}
	if n != 13 {
		t.Errorf("%d datagrams concern frames, want 13", n)
	}
}
