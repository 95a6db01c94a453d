// Command bench times firedoor beside its peers on the same files in the same
// run, as whole processes: user and system time, peak memory. It must not judge
// and must not know anything of firedoor but its command line: what it prints is
// for people to read and for docs/PERFORMANCE.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// file is a capture to run on, as the plant's traffic writer names it.
type file struct {
	name   string
	why    string
	rivals bool // the peers run on it too
}

var files = []file{
	{"bench-modbus", "long Modbus sessions, many distinct operations", true},
	{"bench-mixed", "IT and OT mixed", true},
	{"bench-flows", "growth to 100,000 flows", false},
	{"bench-operations", "growth to 256,000 distinct operations", false},
}

// contender is one command to time; %s in its arguments is the capture, %o an
// output folder of its own.
type contender struct {
	name  string
	args  []string
	needs string // program that must be there
	rival bool
}

func contenders(firedoor string) []contender {
	replay := []string{firedoor, "replay", "--learn", "20%"}
	suricata := []string{"suricata", "-S", "/dev/null", "-k", "none", "--runmode", "single",
		"--set", "app-layer.protocols.modbus.enabled=yes", "--set", "app-layer.protocols.dnp3.enabled=yes",
		"--set", "app-layer.protocols.enip.enabled=yes", "-l", "%o", "-r", "%s"}
	return []contender{
		{name: "firedoor, 1 shard", args: append(slices.Clone(replay), "--shards", "1", "%s")},
		{name: "firedoor, 2 shards", args: append(slices.Clone(replay), "--shards", "2", "%s")},
		{name: "firedoor, 1 shard, --events", args: append(slices.Clone(replay), "--shards", "1", "--events", "%o/events.jsonl", "%s")},
		{name: "suricata, EVE off", args: append(slices.Clone(suricata), "--set", "outputs.1.eve-log.enabled=no"), needs: "suricata", rival: true},
		{name: "suricata, default EVE", args: suricata, needs: "suricata", rival: true},
		{name: "ndpiReader", args: []string{"ndpiReader", "-q", "-i", "%s"}, needs: "ndpiReader", rival: true},
	}
}

// figures are what the kernel accounted to one run.
type figures struct {
	cpu, wall time.Duration
	memory    int64 // peak, kB
}

func main() {
	runs := flag.Int("n", 5, "counted runs of each command; they take turns")
	only := flag.String("only", "", "run on this capture only")
	scale := flag.String("captures", "bin/bench", "folder for the generated captures")
	firedoor := flag.String("firedoor", "bin/firedoor", "the binary to time")
	flag.Parse()
	if err := run(*firedoor, *scale, *only, *runs); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(firedoor, folder, only string, runs int) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if only != "" && only != f.name {
			continue
		}
		path := filepath.Join(folder, f.name+".pcap")
		if _, err := os.Stat(path); err != nil {
			fmt.Fprintf(os.Stderr, "making %s\n", path)
			if out, err := exec.Command("go", "run", "./internal/plant/mkcapture", f.name, path).CombinedOutput(); err != nil {
				return fmt.Errorf("mkcapture %s: %w: %s", f.name, err, out)
			}
		}
		if err := compare(firedoor, f, path, runs); err != nil {
			return err
		}
	}
	return nil
}

// compare runs all contenders on one file, taking turns, and prints a table.
func compare(firedoor string, f file, path string, runs int) error {
	packets, err := countPackets(path)
	if err != nil {
		return err
	}
	var who []contender
	for _, c := range contenders(firedoor) {
		if c.rival && !f.rivals {
			continue
		}
		if c.needs != "" {
			if _, err := exec.LookPath(c.needs); err != nil {
				fmt.Printf("%s is not installed: left out\n", c.needs)
				continue
			}
		}
		who = append(who, c)
	}
	all := make([][]figures, len(who))
	for turn := range runs + 1 { // the first turn warms the page cache
		for i, c := range who {
			fmt.Fprintf(os.Stderr, "\r%-16s turn %d of %d: %-30s", f.name, turn, runs, c.name)
			got, err := timed(c, path)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if turn > 0 {
				all[i] = append(all[i], got)
			}
		}
	}
	fmt.Fprintf(os.Stderr, "\r%80s\r", "")
	report(f, packets, runs, who, all)
	return nil
}

func timed(c contender, path string) (figures, error) {
	out, err := os.MkdirTemp("", "bench")
	if err != nil {
		return figures{}, err
	}
	defer func() { _ = os.RemoveAll(out) }()
	var args []string
	for _, a := range c.args {
		args = append(args, strings.ReplaceAll(strings.ReplaceAll(a, "%s", path), "%o", out))
	}
	cmd := exec.Command(args[0], args[1:]...)
	start := time.Now()
	text, err := cmd.CombinedOutput()
	wall := time.Since(start)
	if err != nil {
		return figures{}, fmt.Errorf("%w: %s", err, text)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return figures{}, errors.New("no resource usage on this system")
	}
	return figures{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), wall: wall, memory: usage.Maxrss}, nil
}

// report prints one file's table. Ratios are of CPU time, turn by turn, to
// firedoor on one shard without event lines, and for event lines to those.
func report(f file, packets int, runs int, who []contender, all [][]figures) {
	fmt.Printf("\n%s: %s, %d packets, n = %d, median (min .. max)\n", f.name, f.why, packets, runs)
	fmt.Printf("  %-28s %26s %12s %10s %22s %8s\n", "", "CPU ns a packet", "packets/CPU-s", "memory MB", "wall s", "ratio")
	for i, c := range who {
		cpu := spread(all[i], func(g figures) float64 { return float64(g.cpu.Nanoseconds()) / float64(packets) })
		wall := spread(all[i], func(g figures) float64 { return g.wall.Seconds() })
		memory := spread(all[i], func(g figures) float64 { return float64(g.memory) / 1024 })
		ratio := spreadRatio(all[i], all[0])
		fmt.Printf("  %-28s %8.0f (%6.0f .. %6.0f) %13.0f %9.1f %6.2f (%5.2f .. %5.2f) %7.2f x (%.2f .. %.2f)\n", c.name, cpu[1], cpu[0], cpu[2],
			1e9/cpu[1], memory[2], wall[1], wall[0], wall[2], ratio[1], ratio[0], ratio[2])
	}
	pairs(who, all)
}

// pairs prints the ratios that are asked for by name.
func pairs(who []contender, all [][]figures) {
	find := func(name string) []figures {
		for i, c := range who {
			if c.name == name {
				return all[i]
			}
		}
		return nil
	}
	for _, p := range [][2]string{
		{"suricata, EVE off", "firedoor, 1 shard"},
		{"suricata, default EVE", "firedoor, 1 shard"},
		{"suricata, default EVE", "firedoor, 1 shard, --events"},
		{"ndpiReader", "firedoor, 1 shard"},
	} {
		a, b := find(p[0]), find(p[1])
		if a == nil || b == nil {
			continue
		}
		r := spreadRatio(a, b)
		fmt.Printf("  CPU of %s / %s: %.2f (%.2f .. %.2f)\n", p[0], p[1], r[1], r[0], r[2])
	}
	if one, two := find("firedoor, 1 shard"), find("firedoor, 2 shards"); one != nil && two != nil {
		var gains []float64
		for i := range one {
			gains = append(gains, one[i].wall.Seconds()/two[i].wall.Seconds())
		}
		slices.Sort(gains)
		fmt.Printf("  wall time of 1 shard / 2 shards: %.2f (%.2f .. %.2f)\n", gains[len(gains)/2], gains[0], gains[len(gains)-1])
	}
}

// spread is the minimum, median and maximum of a figure.
func spread(runs []figures, of func(figures) float64) [3]float64 {
	var v []float64
	for _, g := range runs {
		v = append(v, of(g))
	}
	slices.Sort(v)
	return [3]float64{v[0], v[len(v)/2], v[len(v)-1]}
}

func spreadRatio(a, b []figures) [3]float64 {
	var v []float64
	for i := range a {
		v = append(v, float64(a[i].cpu)/float64(b[i].cpu))
	}
	slices.Sort(v)
	return [3]float64{v[0], v[len(v)/2], v[len(v)-1]}
}
