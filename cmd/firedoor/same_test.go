package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firedoor/internal/corpus"
	"firedoor/internal/plant"
)

// TestSameForAnyShards holds that the output does not depend on how many cores
// work on it, nor on the run.
func TestSameForAnyShards(t *testing.T) {
	t.Parallel()
	list := ownCaptures(t)
	for _, g := range []struct {
		name  string
		write func(w io.Writer) error
	}{
		{"bench-modbus.pcap", func(w io.Writer) error { return plant.WriteBenchModbus(w, 1) }},
		{"bench-mixed.pcap", func(w io.Writer) error { return plant.WriteBenchMixed(w, 2) }},
		{"bench-flows.pcap", func(w io.Writer) error { return plant.WriteBenchFlows(w, 2000) }},
		{"forged-small.pcap", func(w io.Writer) error { return plant.WriteForged(w, 20_000) }},
		{"secrets.pcap", func(w io.Writer) error { _, err := plant.WriteSecrets(w); return err }},
	} {
		list = append(list, generated(t, g.name, g.write))
	}
	for name, b := range mirrored(read(t, sample(t))) {
		list = append(list, write(t, name+".pcap", b))
	}
	slices.Sort(list)
	for _, path := range list {
		sameForAnyShards(t, "--learn", "40%", path)
	}
	sameForAnyShards(t, "--merge", "--learn", "5m", sample(t), list[0], list[1])
	sameForAnyShards(t, "--learn", sample(t), list[0], list[1], list[2], sample(t))
}

// TestCorpusSameForAnyShards is the same over captures from elsewhere: every
// sixteenth of them.
func TestCorpusSameForAnyShards(t *testing.T) {
	t.Parallel()
	for i, path := range corpus.Captures(t) {
		if i%16 == 0 {
			sameForAnyShards(t, "--learn", "40%", path)
		}
	}
}

// mirrored is what mirrors make of a capture.
func mirrored(capture []byte) map[string][]byte {
	return map[string][]byte{
		"doubled":    plant.Doubled(capture),
		"untagged":   plant.Untagged(capture, 0x0080f4126010),
		"two-vlans":  plant.OnTwoVLANs(capture, 7, 8),
		"prp":        plant.PRP(capture),
		"absurd":     plant.Absurd(capture),
		"snapped":    plant.Snapped(capture, 80),
		"disordered": plant.Disordered(capture, 3),
		"lossy":      plant.Lossy(capture, 5),
		"cut":        plant.Cut(capture),
	}
}

// sameForAnyShards runs a replay with one, two and eight shards, each twice, and
// compares all that it writes.
func sameForAnyShards(t *testing.T, args ...string) {
	t.Helper()
	var first folder
	for _, shards := range []int{1, 2, 8, 1, 2, 8} {
		dir := t.TempDir()
		o := run(t, append([]string{"replay", "--shards", fmt.Sprint(shards), "--out", dir, "--events", filepath.Join(dir, "lines")}, args...)...)
		got := readFolder(t, dir)
		got["stdout"], got["stderr"] = []byte(o.stdout), []byte(o.err)
		got["status"] = fmt.Append(nil, o.status)
		if first == nil {
			first = got
			continue
		}
		for name, b := range got {
			if at := difference(first[name], b); at != "" {
				t.Errorf("%s: %s differs with %d shards: %s", strings.Join(args, " "), name, shards, at)
				return
			}
		}
	}
}

// difference is the first line in which two outputs differ, "" if none does.
func difference(a, b []byte) string {
	if bytes.Equal(a, b) {
		return ""
	}
	as, bs := bytes.Split(a, []byte{'\n'}), bytes.Split(b, []byte{'\n'})
	for i := range min(len(as), len(bs)) {
		if !bytes.Equal(as[i], bs[i]) {
			return fmt.Sprintf("line %d:\n%.500s\n%.500s", i+1, as[i], bs[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(as), len(bs))
}
