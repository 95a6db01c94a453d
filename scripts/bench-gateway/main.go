// Command bench-gateway measures how long a request and its answer take between two
// hosts through what may stand between them: a Linux bridge, the gateway's path in the
// kernel, and its deep path, where a worker judges each request. All stand there at once and take turns, so that each meets the
// same noise. It must not judge: what it prints is for people to read. It needs root.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"time"
)

type options struct {
	seconds, rounds, gates int
	quick                  bool
	core                   int
}

// kind is one sort of traffic.
type kind struct {
	transport string
	size      int // bytes of payload
	rate      int // requests per second
}

func kinds(quick bool) (out []kind) {
	for _, transport := range []string{"udp", "tcp"} {
		for _, size := range []int{64, 256} {
			for _, rate := range []int{1000, 5000} {
				if !quick || size == 64 && rate == 1000 {
					out = append(out, kind{transport, size, rate})
				}
			}
		}
	}
	return out
}

// asPart is what this program does as a part of a gateway; false where it is none.
func asPart() (bool, error) {
	switch {
	case len(os.Args) == 2 && os.Args[1] == asWorker:
		return true, runWorker()
	case len(os.Args) == 3 && os.Args[1] == asControl:
		return true, runControl(os.Args[2])
	}
	return false, nil
}

func main() {
	if part, err := asPart(); part {
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench-gateway:", err)
			os.Exit(2)
		}
		return
	}
	var o options
	flag.IntVar(&o.seconds, "seconds", 2, "how long one path is measured at a time")
	flag.IntVar(&o.rounds, "n", 5, "how many times each path has its turn")
	flag.IntVar(&o.gates, "gates", 1000, "gates of the gateway's tables, beside those that the traffic meets")
	flag.BoolVar(&o.quick, "quick", false, "one size and rate only, to see that it works")
	flag.IntVar(&o.core, "core", 1, "the core on which both ends run")
	flag.Parse()
	if err := run(&o); err != nil {
		fmt.Fprintln(os.Stderr, "bench-gateway:", err)
		os.Exit(2)
	}
}

func run(o *options) error {
	paths, closeAll, err := build(o)
	defer closeAll()
	if err != nil {
		return err
	}
	debug.SetGCPercent(-1) // a collection would be measured too; each round makes room once
	fmt.Printf("round trip, µs; both ends on core %d at real-time priority; %d turns of %d s each; %d gates\n", o.core, o.rounds, o.seconds, o.gates)
	fmt.Printf("%-7s %5s %5s  %-12s %7s %5s %8s %8s %8s %8s %10s %10s\n", "traffic", "bytes", "per s", "path", "n", "lost", "p50", "p99", "p99.9", "max", "p50 added", "p99 added")
	for _, k := range kinds(o.quick) {
		results := make([]result, len(paths))
		for range o.rounds {
			for i, p := range paths {
				if !p.takes(k) {
					continue
				}
				if err := p.measure(o, k, &results[i]); err != nil {
					return fmt.Errorf("%s, %s of %d bytes: %w", p.name, k.transport, k.size, err)
				}
			}
		}
		for i := range results {
			slices.Sort(results[i].times)
		}
		for i, p := range paths {
			if !p.takes(k) {
				continue
			}
			r, base := &results[i], &results[0]
			fmt.Printf("%-7s %5d %5d  %-12s %7d %5d %8.1f %8.1f %8.1f %8.1f %+10.1f %+10.1f\n", k.transport, k.size, k.rate, p.name, len(r.times), r.lost,
				r.at(0.5), r.at(0.99), r.at(0.999), r.at(1), r.at(0.5)-base.at(0.5), r.at(0.99)-base.at(0.99))
		}
	}
	return nil
}

// result is what was measured of one path; times are sorted once all are there.
type result struct {
	times []time.Duration
	lost  int
}

// at gives a quantile in µs.
func (r *result) at(q float64) float64 {
	if len(r.times) == 0 {
		return 0
	}
	return float64(r.times[min(int(q*float64(len(r.times))), len(r.times)-1)].Nanoseconds()) / 1000
}
