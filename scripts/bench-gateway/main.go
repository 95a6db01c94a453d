// Command bench-gateway measures how long a request and its answer take between two
// hosts through what may stand between them: a Linux bridge, the gateway's path in the
// kernel, its deep path, where a worker judges each request, and Suricata as an intrusion
// prevention system. All stand there at once and take turns, so that each meets the same
// noise. It must not judge: what it prints is for people to read. It needs root.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"firedoor/internal/realtime"
)

type options struct {
	seconds       float64
	rounds, gates int
	quick         bool
	core          int
	alone         bool
}

// turn is how long one path is measured at a time.
func (o *options) turn() time.Duration { return time.Duration(o.seconds * float64(time.Second)) }

// kind is one sort of traffic, and what goes on beside it.
type kind struct {
	transport string
	size      int // bytes of payload
	rate      int // requests per second
	beside    beside
}

// beside is what goes on while requests are timed.
type beside string

const (
	quiet beside = "quiet"
	flow  beside = "flow" // 100 Mbit/s the same way
	busy  beside = "busy" // a process on each core that does nothing but run
)

func kinds(quick bool) (out []kind) {
	for _, b := range []beside{quiet, flow, busy} {
		for _, transport := range []string{"udp", "tcp"} {
			for _, size := range []int{64, 256} {
				for _, rate := range []int{1000, 5000} {
					switch {
					case quick && (size != 64 || rate != 1000 || transport != "tcp"):
					case b != quiet && transport == "udp": // TCP is what is judged
					default:
						out = append(out, kind{transport, size, rate, b})
					}
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
	case len(os.Args) == 2 && os.Args[1] == asHog:
		for { //nolint:staticcheck // that is what it is for
		}
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
	runtime.LockOSThread() // children end with the thread that started them, and threads that lived in a namespace end
	var o options
	flag.Float64Var(&o.seconds, "seconds", 1, "how long one path is measured at a time, behind a while that is not: short turns, for the noise of a machine comes in phases")
	flag.IntVar(&o.rounds, "n", 8, "how many times each path has its turn")
	flag.IntVar(&o.gates, "gates", 1000, "gates of the gateway's tables, beside those that the traffic meets")
	flag.BoolVar(&o.quick, "quick", false, "TCP of one size and rate only, and no figures of policies: to see that it works")
	flag.IntVar(&o.core, "core", 1, "the core on which both ends run")
	flag.BoolVar(&o.alone, "alone", false, "without Suricata beside")
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
	realtime.Room(4)       // for both ends, a flow beside them, and the guardian of the deep path
	debug.SetGCPercent(-1) // a collection would be measured too; each round makes room once
	if err := latencies(o, paths); err != nil {
		return err
	}
	if err := throughputs(o, paths); err != nil {
		return err
	}
	if o.quick {
		return nil
	}
	return decisions()
}

// latencies prints the table of round trips.
func latencies(o *options, paths []*path) error {
	fmt.Printf("Round trips in µs. Both ends on core %d of %d at real-time priority; %d turns of %g s for each path, one after the other; %d gates.\n", o.core, runtime.NumCPU(), o.rounds, o.seconds, o.gates)
	fmt.Printf("beside: flow = 100 Mbit/s more on the same path, busy = a process on each core that only runs. turns: p99 of the best and of the worst turn.\n")
	fmt.Printf("added: quantiles of the path less those of the bridge; by turn: the median of what is added in each turn, to the bridge's turn of the same round.\n\n")
	fmt.Printf("%-6s %-4s %5s %5s  %-11s %7s %5s %8s %8s %8s %9s  %17s %8s %8s %8s  %13s\n", "beside", "", "bytes", "per s", "path", "n", "lost", "p50", "p99", "p99.9", "max", "turns", "+p50", "+p99", "+p99.9", "by turn: both")
	for _, k := range kinds(o.quick) {
		results := make([]result, len(paths))
		for round := range o.rounds {
			for i := range paths {
				i = (i + round) % len(paths) // behind another one each time
				p := paths[i]
				if !p.takes(k) {
					continue
				}
				if err := p.turn(o, k, &results[i]); err != nil {
					return fmt.Errorf("%s, %s of %d bytes: %w", p.name, k.transport, k.size, err)
				}
			}
		}
		for i := range results {
			slices.Sort(results[i].times)
		}
		base := &results[0]
		for i, p := range paths {
			r := &results[i]
			if !p.takes(k) || len(r.times) == 0 {
				continue
			}
			turns := fmt.Sprintf("%.0f..%.0f", slices.Min(r.tails), slices.Max(r.tails))
			fmt.Printf("%-6s %-4s %5d %5d  %-11s %7d %5d %8.1f %8.1f %8.1f %9.1f  %17s %+8.1f %+8.1f %+8.1f  %+6.1f %+6.1f%s\n", k.beside, k.transport, k.size, k.rate, p.name, len(r.times), r.lost,
				r.at(0.5), r.at(0.99), r.at(0.999), r.at(1), turns, r.at(0.5)-base.at(0.5), r.at(0.99)-base.at(0.99), r.at(0.999)-base.at(0.999), added(r.middles, base.middles), added(r.tails, base.tails), r.beside())
		}
	}
	return nil
}

// result is what was measured of one path; times are sorted once all are there.
type result struct {
	times []time.Duration
	lost  int
	// p50 and p99 of each turn, in µs
	middles, tails []float64

	sent, came uint64        // datagrams of the flow beside it
	flowed     time.Duration // how long it went on
}

// beside says how much of the flow beside arrived.
func (r *result) beside() string {
	if r.sent == 0 {
		return ""
	}
	return fmt.Sprintf("  %.0f Mbit/s beside, %.2f %% arrived", float64(r.sent)*flowBytes*8/1e6/r.flowed.Seconds(), 100*float64(r.came)/float64(r.sent))
}

// at gives a quantile in µs.
func (r *result) at(q float64) float64 { return quantile(r.times, q) }

// quantile of sorted times, in µs.
func quantile(times []time.Duration, q float64) float64 {
	if len(times) == 0 {
		return 0
	}
	return float64(times[min(int(q*float64(len(times))), len(times)-1)].Nanoseconds()) / 1000
}

// turn measures once, with what is to go on beside.
func (p *path) turn(o *options, k kind, to *result) error {
	end, err := p.begin(o, k.beside, to)
	if err != nil {
		return err
	}
	was := len(to.times)
	err = p.measure(o, k, to)
	end()
	turn := slices.Clone(to.times[was:])
	slices.Sort(turn)
	to.middles, to.tails = append(to.middles, quantile(turn, 0.5)), append(to.tails, quantile(turn, 0.99))
	return err
}

// added is the median of what a path's turns have more than the bridge's of the same rounds: what the machine does to
// one round alone counts for little in it.
func added(path, bridge []float64) float64 {
	more := make([]float64, min(len(path), len(bridge)))
	for i := range more {
		more[i] = path[i] - bridge[i]
	}
	return median(more)
}

// decisions prints what one decision costs with few rules and many, as the policy's own
// benchmark has it.
func decisions() error {
	cmd := exec.Command("go", "test", "./internal/policy", "-run", "^$", "-bench", "Decide", "-count", "3")
	out, err := cmd.CombinedOutput()
	var gone *exec.Error
	if errors.As(err, &gone) {
		fmt.Println("\nNo figures of policy.Decide: go is not installed.")
		return nil
	}
	if err != nil {
		return fmt.Errorf("go test -bench: %w\n%s", err, out)
	}
	fmt.Println("\nOne decision, by rules of the policy (go test -bench Decide ./internal/policy):")
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "Benchmark") {
			_, _ = io.WriteString(os.Stdout, line)
		}
	}
	return nil
}
