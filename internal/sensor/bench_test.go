package sensor

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"firedoor/internal/plant"
	"firedoor/internal/protocol/all"
)

// BenchmarkReplay runs the full pipeline on one shard over a fifth of the
// benchmark capture: 20 % learned, then armed.
func BenchmarkReplay(b *testing.B) {
	path := os.Getenv("FIREDOOR_BENCH_CAPTURE")
	if path == "" {
		path = filepath.Join(b.TempDir(), "bench.pcap")
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := plant.WriteBenchModbus(f, 20); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
	b.Run("statements", func(b *testing.B) { replayAll(b, path, false) })
	b.Run("statements and points", func(b *testing.B) { replayAll(b, path, true) })
}

func replayAll(b *testing.B, path string, points bool) {
	b.ReportAllocs()
	var frames uint64
	for b.Loop() {
		r := Replay{Protocols: all.List, Options: Options{Captures: []string{path}, LearnPercent: 20, Shards: 1, Points: points}}
		res, err := r.Run(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		frames += res.Summary.Sight.Frames
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(frames), "ns/frame")
}
