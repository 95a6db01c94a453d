package sensor

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"firedoor/internal/plant"
	"firedoor/internal/protocol/all"
)

// BenchmarkReplay runs the full pipeline on one shard over smaller kinds of the benchmark
// captures, or over FIREDOOR_BENCH_CAPTURE: 20 % learned, then armed.
func BenchmarkReplay(b *testing.B) {
	if path := os.Getenv("FIREDOOR_BENCH_CAPTURE"); path != "" {
		replays(b, path)
		return
	}
	for name, write := range map[string]func(io.Writer, int) error{"modbus": plant.WriteBenchModbus, "mixed": plant.WriteBenchMixed} {
		path := filepath.Join(b.TempDir(), name+".pcap")
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := write(f, 20); err != nil {
			b.Fatal(err)
		}
		f.Close()
		b.Run(name, func(b *testing.B) { replays(b, path) })
	}
}

func replays(b *testing.B, path string) {
	for _, c := range []struct {
		name string
		with Options
	}{{"statements", Options{}}, {"points", Options{Points: true}}, {"lines", Options{Lines: io.Discard}}} {
		c.with.Captures, c.with.LearnPercent, c.with.Shards = []string{path}, 20, 1
		b.Run(c.name, func(b *testing.B) { replayAll(b, c.with) })
	}
}

func replayAll(b *testing.B, o Options) {
	b.ReportAllocs()
	var frames uint64
	for b.Loop() {
		r := Replay{Protocols: all.List, Options: o}
		res, err := r.Run(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		frames += res.Summary.Sight.Frames
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(frames), "ns/frame")
}
