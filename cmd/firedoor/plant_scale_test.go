package main

import (
	"path/filepath"
	"testing"

	"firedoor"
)

// scaleMemory is the most that a plant of five thousand devices may hold, in MB.
const scaleMemory = 400

// TestPlantOfFiveThousand: the plant of the scale tests is built, works for a minute, and more than five thousand
// devices are seen in its traffic. It runs as a process of its own, whose memory is measured.
func TestPlantOfFiveThousand(t *testing.T) {
	dir := t.TempDir()
	o, memory := process(t, patience, "plant", "record", "--hosts", "5100", "--duration", "1m", "--out", dir)
	if o.status != exitOK {
		t.Fatalf("exit status %d: %s", o.status, o.err)
	}
	f := readTruth(t, filepath.Join(dir, "truth.json"))
	if f.Assets < 5100 {
		t.Errorf("%d devices", f.Assets)
	}
	seen := map[firedoor.MAC]bool{}
	capture := read(t, filepath.Join(dir, "capture.pcap"))
	eachFrame(capture, func(frame []byte) { seen[firedoor.MACFrom(frame[6:12])] = true })
	if len(seen) <= 5000 { // some have nothing to say in a minute
		t.Errorf("%d devices are seen", len(seen))
	}
	if memory > scaleMemory {
		t.Errorf("%d MB of memory", memory)
	}
	t.Logf("%d devices seen in %d frames, %d MB of memory", len(seen), len(records(capture)), memory)
}
