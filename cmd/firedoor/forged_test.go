package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"firedoor/internal/plant"
)

// forgedMemory is what the whole process may hold under a flood, in MB.
const forgedMemory = 150

// flood is what a replay with n forged senders leaves behind.
type flood struct {
	assets []asset
	alerts []alert
	memory int
}

type asset struct {
	ID          string
	Known       bool
	Identifiers []struct{ Kind, Value string }
}

type alert struct {
	Kind, Severity, Sentence, Protocol string
	Client, Server                     *struct{ IP string }
	Frames                             []int
}

func forged(t *testing.T, n int) flood {
	t.Helper()
	path := generated(t, fmt.Sprintf("forged-%d.pcap", n), func(w io.Writer) error { return plant.WriteForged(w, n) })
	dir := t.TempDir()
	o, memory := process(t, 5*time.Minute, "replay", "--learn", "20%", "--shards", "2", "--out", dir, path)
	if o.status != 0 {
		t.Fatalf("exit status %d: %s", o.status, o.err)
	}
	got := readFolder(t, dir)
	f := flood{memory: memory}
	for name, v := range map[string]any{"assets.json": &f.assets, "alerts.json": &f.alerts} {
		if err := json.Unmarshal(got[name], v); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// addresses are the IP addresses of the assets that learning knew.
func (f *flood) addresses(known bool) (out []string) {
	for _, a := range f.assets {
		if a.Known != known {
			continue
		}
		for _, id := range a.Identifiers {
			if id.Kind == "ip" {
				out = append(out, id.Value)
			}
		}
	}
	slices.Sort(out)
	return out
}

// TestForgedSenders floods a small plant with forged MACs, addresses and ports:
// memory stays flat, what was known stays known, the flood is one alert, and the
// one real write in it is seen.
func TestForgedSenders(t *testing.T) {
	some, many := forged(t, 200_000), forged(t, 1_000_000)
	t.Logf("memory: %d MB with 200,000 forged senders, %d MB with 1,000,000", some.memory, many.memory)
	if many.memory > forgedMemory {
		t.Errorf("held %d MB, at most %d are allowed", many.memory, forgedMemory)
	}
	// What is held, not what waits to be collected: an eager collector tells.
	t.Setenv("GOGC", "20")
	few, all := forged(t, 200_000).memory, forged(t, 1_000_000).memory
	t.Logf("with an eager collector: %d MB and %d MB", few, all)
	if all > few+few/4 {
		t.Errorf("memory grows with the flood: %d MB at 200,000 senders, %d MB at 1,000,000", few, all)
	}
	known := some.addresses(true)
	if len(known) < 20 || !slices.Equal(known, many.addresses(true)) {
		t.Errorf("known assets: %d of the shorter flood, %d of the longer; both must have the twenty controllers and their clients", len(known), len(many.addresses(true)))
	}
	want := quietAddresses(t, 1_000_000)
	if !slices.Equal(known, want) {
		t.Errorf("known assets after the flood:\n%v\nwithout it:\n%v", known, want)
	}
	for _, f := range []flood{some, many} {
		checkFlood(t, &f)
	}
}

// quietAddresses is who is there before the flood begins.
func quietAddresses(t *testing.T, n int) []string {
	t.Helper()
	path := generated(t, "forged-quiet.pcap", func(w io.Writer) error {
		return plant.WriteForged(&limited{w: w, frames: plant.ForgedQuiet(n) / 4}, n)
	})
	dir := t.TempDir()
	run(t, "replay", "--learn", "100%", "--out", dir, path)
	f := flood{}
	if err := json.Unmarshal(readFolder(t, dir)["assets.json"], &f.assets); err != nil {
		t.Fatal(err)
	}
	return append(f.addresses(true), f.addresses(false)...)
}

func checkFlood(t *testing.T, f *flood) {
	t.Helper()
	floods, writes := 0, 0
	for _, a := range f.alerts {
		if a.Kind == "flood" {
			floods++
		}
		if a.Client != nil && a.Client.IP == plant.ForgedWriter.String() && a.Server != nil && a.Server.IP == plant.ForgedTarget.String() &&
			strings.Contains(a.Sentence, fmt.Sprint("holding:", plant.ForgedRegister)) {
			writes++
			if a.Severity == "info" || a.Severity == "low" || len(a.Frames) == 0 {
				t.Errorf("the real write is told as %s with %d frames: %s", a.Severity, len(a.Frames), a.Sentence)
			}
		}
	}
	if floods != 1 {
		t.Errorf("%d alerts of kind flood, want one", floods)
	}
	if writes != 1 {
		t.Errorf("%d alerts about the real write to holding:%d, want one", writes, plant.ForgedRegister)
	}
	if len(f.alerts) > 100 {
		t.Errorf("%d alerts: the flood is told in pieces", len(f.alerts))
	}
}

// limited stops a capture behind some frames' worth of bytes.
type limited struct {
	w      io.Writer
	frames int
	done   int
}

// Write keeps what belongs to the first frames; the rest is thrown away.
func (l *limited) Write(b []byte) (int, error) {
	const least = recordHeader + 60
	keep := b[:max(0, min(len(b), l.frames*least-l.done))]
	l.done += len(keep)
	if _, err := l.w.Write(keep); err != nil {
		return 0, err
	}
	return len(b), nil
}
