// Command live plays a capture with tcpreplay over a pair of virtual interfaces
// to "firedoor run" and prints what was sent, seen and dropped: as it is, and while
// the receiver is stopped, so that drops must occur and be counted. With -soak it
// plays for long and prints how memory grows. It needs root and Linux. It must not
// know anything of firedoor but its command line, its API and its control socket;
// only -alone looks inside, to measure package capture without the rest.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type options struct {
	capture  string
	pps      int
	seconds  int
	stop     time.Duration
	alone    bool
	fanout   int
	firedoor string
	learn    string
	listen   string
	soak     bool
	warmup   time.Duration
	measure  time.Duration
	heapMB   float64
	rssMB    float64
	rate     float64
}

func main() {
	var o options
	flag.StringVar(&o.capture, "capture", "bin/bench/bench-modbus.pcap", "the capture to play, made if it is this one and missing")
	flag.IntVar(&o.pps, "pps", 0, "packets per second; 0: 210,000 (200,000 are wanted, and tcpreplay is not exact), and 50,000 with -soak")
	flag.IntVar(&o.seconds, "seconds", 20, "how long to play, about: the capture is played a whole number of times")
	flag.DurationVar(&o.stop, "stop", 3*time.Second, "how long the receiver is stopped in the second pass")
	flag.BoolVar(&o.alone, "alone", false, "receive with package capture alone, not with firedoor")
	flag.IntVar(&o.fanout, "fanout", 0, "with -alone: rings per interface, 0 for the default")
	flag.StringVar(&o.firedoor, "firedoor", "bin/firedoor", "the program to run")
	flag.StringVar(&o.learn, "learn", "10m", "firedoor run --learn")
	flag.StringVar(&o.listen, "listen", "127.0.0.1:18480", "firedoor run --listen")
	flag.BoolVar(&o.soak, "soak", false, "play for -warmup and -measure, and judge how memory grows in the latter")
	flag.DurationVar(&o.warmup, "warmup", 10*time.Minute, "with -soak: how long memory may grow")
	flag.DurationVar(&o.measure, "measure", 30*time.Minute, "with -soak: how long it may not")
	flag.Float64Var(&o.heapMB, "heap-growth", 0.5, "with -soak: MB that the live heap may grow")
	flag.Float64Var(&o.rssMB, "rss-growth", 5, "with -soak: MB that resident memory may grow")
	flag.Float64Var(&o.rate, "least-rate", 0.95, "with -soak: share of -pps that must be reached")
	flag.Parse()
	judge := run
	if o.soak {
		judge = soak
	}
	if o.pps == 0 {
		o.pps = 210_000
		if o.soak {
			o.pps = 50_000
		}
	}
	ok, err := judge(&o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "live:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// wanted is the share of -pps that must be reached: tcpreplay is not exact.
const wanted = 0.95

// run plays all passes; false if a figure was missed.
func run(o *options) (ok bool, err error) {
	if err := prepare(o); err != nil {
		return false, err
	}
	p, err := newPair()
	if err != nil {
		return false, err
	}
	defer p.remove()
	r, err := newReceiver(o, p.here)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	fmt.Printf("%-10s %12s %10s %12s %10s %10s %8s %8s\n", "", "sent", "per second", "seen", "dropped", "lost", "told s", "shown s")
	want := fmt.Sprintf("want nothing dropped or lost at %.0f per second", wanted*float64(o.pps))
	ok = true
	loops := 1
	for _, name := range []string{"cold", "warm"} {
		f, err := pass(o, p, r, loops, 0)
		if err != nil {
			return false, err
		}
		ok = f.print(name, f.dropped == 0 && f.lost() == 0 && f.rate >= wanted*float64(o.pps), want) && ok
		loops = loopsFor(f.sent/uint64(loops), o.pps, time.Duration(o.seconds)*time.Second)
	}
	f, err := pass(o, p, r, loops, o.stop)
	if err != nil {
		return false, err
	}
	return f.print("stopped", f.dropped > 0 && f.lost() == 0, "want drops, all of them counted") && ok, nil
}

// prepare finds or makes what is needed.
func prepare(o *options) error {
	if os.Geteuid() != 0 {
		return errors.New("needs root: it makes network interfaces")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return errors.New("needs ip (package iproute2)")
	}
	if _, err := exec.LookPath("tcpreplay"); err != nil {
		fmt.Fprintln(os.Stderr, "live: installing tcpreplay")
		install := exec.Command("sh", "-c", "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq tcpreplay >/dev/null")
		install.Stderr = os.Stderr
		if err := install.Run(); err != nil {
			return fmt.Errorf("tcpreplay is missing and could not be installed with apt-get: %w", err)
		}
	}
	if _, err := os.Stat(o.capture); err == nil || o.capture != "bin/bench/bench-modbus.pcap" {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(o.capture), 0o755); err != nil {
		return err
	}
	return command("go", "run", "./internal/plant/mkcapture", "bench-modbus", o.capture)
}

// command runs a program and gives an error that holds what it said.
func command(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// pair is two interfaces that are connected: one here, one in a network namespace
// of its own, so that nothing here answers what is sent.
type pair struct{ here, there, space string }

func newPair() (*pair, error) {
	id := os.Getpid()
	p := &pair{fmt.Sprintf("fdl%da", id), fmt.Sprintf("fdl%db", id), fmt.Sprintf("firedoor-live-%d", id)}
	if err := command("ip", "netns", "add", p.space); err != nil {
		return nil, err
	}
	steps := [][]string{
		{"ip", "link", "add", p.here, "type", "veth", "peer", "name", p.there, "netns", p.space},
		{"sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/" + p.here + "/disable_ipv6"},
		{"ip", "netns", "exec", p.space, "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/" + p.there + "/disable_ipv6"},
		{"ip", "link", "set", p.here, "up"},
		{"ip", "-n", p.space, "link", "set", p.there, "up"},
	}
	for _, s := range steps {
		if err := command(s[0], s[1:]...); err != nil {
			p.remove()
			return nil, err
		}
	}
	p.removeAtEnd()
	return p, nil
}

// removeAtEnd takes it away where somebody ends this program before its time.
func (p *pair) removeAtEnd() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		s := <-ended
		fmt.Fprintln(os.Stderr, "live: ended by", s)
		p.remove()
		os.Exit(2)
	}()
}

// remove takes away the namespace, and both interfaces with it.
func (p *pair) remove() {
	if err := command("ip", "netns", "del", p.space); err != nil {
		fmt.Fprintln(os.Stderr, "live:", err)
	}
	_ = command("ip", "link", "del", p.here) // gone already, as a rule
}

var (
	sentPattern = regexp.MustCompile(`Successful packets:\s+(\d+)`)
	ratePattern = regexp.MustCompile(`Mbps, ([0-9.]+) pps`)
)

// player is the command that plays the capture a number of times.
func (p *pair) player(capture string, pps, loops int) *exec.Cmd {
	return exec.Command("ip", "netns", "exec", p.space, "tcpreplay", "-K", "-i", p.there,
		"--pps="+strconv.Itoa(pps), "--loop="+strconv.Itoa(loops), capture)
}

// play plays the capture and tells how many packets were sent, and how fast.
func (p *pair) play(capture string, pps, loops int) (sent uint64, rate float64, err error) {
	cmd := p.player(capture, pps, loops)
	out, err := cmd.CombinedOutput()
	counted, rated := sentPattern.FindSubmatch(out), ratePattern.FindSubmatch(out)
	if err != nil || counted == nil || rated == nil {
		return 0, 0, fmt.Errorf("tcpreplay: %w: %s", err, out)
	}
	sent, err = strconv.ParseUint(string(counted[1]), 10, 64)
	if err != nil {
		return 0, 0, fmt.Errorf("tcpreplay: %w", err)
	}
	rate, err = strconv.ParseFloat(string(rated[1]), 64)
	return sent, rate, err
}

// figures of a pass.
type figures struct {
	sent, seen, dropped uint64
	rate                float64
	told, shown         time.Duration // after the last packet the sensor told the counts, and the console showed them
}

// lost is what nobody accounts for.
func (f *figures) lost() int64 { return int64(f.sent) - int64(f.seen) - int64(f.dropped) }

func (f *figures) print(name string, ok bool, want string) bool {
	verdict := "ok"
	if !ok {
		verdict = "MISSED: " + want
	}
	fmt.Printf("%-10s %12d %10.0f %12d %10d %10d %8.1f %8.1f  %s\n",
		name, f.sent, f.rate, f.seen, f.dropped, f.lost(), f.told.Seconds(), f.shown.Seconds(), verdict)
	return ok
}

// pass plays, and waits for the counts; where stop is given, the receiver is stopped for so long.
func pass(o *options, p *pair, r receiver, loops int, stop time.Duration) (*figures, error) {
	before, err := r.counts()
	if err != nil {
		return nil, err
	}
	if stop > 0 {
		go func() {
			time.Sleep(time.Second)
			r.pause(true)
			time.Sleep(stop)
			r.pause(false)
		}()
	}
	var f figures
	if f.sent, f.rate, err = p.play(o.capture, o.pps, loops); err != nil {
		return nil, err
	}
	begun := time.Now()
	after, err := settled(r, before, f.sent)
	if err != nil {
		return nil, err
	}
	f.told = time.Since(begun)
	f.seen, f.dropped = after.seen-before.seen, after.dropped-before.dropped
	err = r.shows(after)
	f.shown = time.Since(begun)
	return &f, err
}

// settled waits until the receiver accounts for so many packets more than before,
// or its counts stand still for long: it tells them when it comes round to it.
func settled(r receiver, before counts, sent uint64) (counts, error) {
	const pause, long = 200 * time.Millisecond, 30 * time.Second
	last, err := r.counts()
	for still := time.Duration(0); err == nil && still < long; still += pause {
		if last.seen+last.dropped-before.seen-before.dropped >= sent {
			break
		}
		time.Sleep(pause)
		was := last
		if last, err = r.counts(); last != was {
			still = 0
		}
	}
	return last, err
}

// loopsFor tells how often a capture of so many frames must be played to last as
// long as was asked for.
func loopsFor(frames uint64, pps int, last time.Duration) int {
	return max(1, int((uint64(float64(pps)*last.Seconds())+frames-1)/frames))
}
