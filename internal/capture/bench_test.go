package capture

import (
	"errors"
	"io"
	"syscall"
	"testing"

	"firedoor/internal/packet"
)

const benchFrames = 500_000

func benchFile(b *testing.B, ng bool) string {
	frames := make([]packet.Frame, benchFrames)
	data := make([]byte, 80)
	for i := range frames {
		frames[i] = packet.Frame{Time: int64(i) * 1000, Data: data, WireLen: 80}
	}
	file, _ := pcapFile(little, magicMicro, 1, frames)
	if ng {
		file, _ = ngFile(little, frames)
	}
	return write(b, file)
}

// BenchmarkRead gives ns/frame of 80-byte frames in a file that is in the page cache.
func BenchmarkRead(b *testing.B) {
	for _, format := range []string{"pcap", "pcapng"} {
		path := benchFile(b, format == "pcapng")
		b.Run(format+"/Next", func(b *testing.B) {
			var f packet.Frame
			benchRead(b, path, func(r *Reader) (int, error) { return 1, r.Next(&f) })
		})
		b.Run(format+"/Fill", func(b *testing.B) {
			dst, buf := make([]packet.Frame, 1024), make([]byte, 256<<10)
			benchRead(b, path, func(r *Reader) (int, error) {
				n, _, err := r.Fill(dst, buf)
				return n, err
			})
		})
	}
}

func benchRead(b *testing.B, path string, step func(*Reader) (int, error)) {
	frames := 0
	before := cpuTime(b)
	for b.Loop() {
		r, err := Open(path, 0)
		if err != nil {
			b.Fatal(err)
		}
		for {
			n, err := step(r)
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			frames += n
		}
		r.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(frames), "ns/frame")
	b.ReportMetric(float64(cpuTime(b)-before)/float64(frames), "cpu-ns/frame")
}

// cpuTime is the user and system time of the process in ns: on a busy machine it
// says more than the clock.
func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
