package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"firedoor/internal/datapath"
	"firedoor/internal/inline"
	"firedoor/internal/policy"
)

// Config says where a gateway stands and what it starts.
type Config struct {
	Inside, Outside string
	Pins            string // folder on a bpffs
	Name            string // begins the names of its interfaces
	// Worker starts the worker's process: a program and its arguments.
	Worker []string
	Log    *slog.Logger
	// Functions are those of Modbus (Tables).
	Functions []policy.Function
	// Told is told of what the worker stopped. It must not wait.
	Told func(*StoppedRecord)
}

// Gateway holds the ports. Its methods may be called from anywhere.
type Gateway struct {
	config Config
	path   *datapath.Datapath
	files  []*os.File // a worker's, but for control; they outlive each worker
	mtu    int

	mu       sync.Mutex
	text     []byte // of the policy
	plan     *policy.Plan
	isolated []policy.Isolation
	number   uint32
	bypass   bool
	hands    []*hand // workers that are alive
	active   bool    // one of them judges

	workers  int // how many were started
	inForce  uint32
	counts   inline.Counts
	before   inline.Counts // of workers that are gone
	lost     uint64
	unsent   uint64
	reports  uint64
	lastDied time.Time
	stopsOf  // what its drops mean
}

// Open takes the two ports. Frames pass as an earlier process left it, or not at all,
// until Start.
func Open(c Config) (*Gateway, error) {
	g := &Gateway{config: c}
	path, err := datapath.Open(datapath.Options{Inside: c.Inside, Outside: c.Outside, Pins: c.Pins, Name: c.Name})
	if err != nil {
		return nil, err
	}
	g.path = path
	if err := g.openFiles(); err != nil {
		g.Close()
		return nil, err
	}
	return g, nil
}

// openFiles opens what a worker is given.
func (g *Gateway) openFiles() error {
	inside, outside := g.path.Worker()
	port, err := net.InterfaceByName(g.config.Inside)
	if err != nil {
		return fmt.Errorf("%s: %w", g.config.Inside, err)
	}
	g.mtu = port.MTU
	for _, open := range []func() (int, error){
		func() (int, error) { return openRing(inside, g.mtu) },
		func() (int, error) { return openRing(outside, g.mtu) },
		func() (int, error) { return openSender(g.config.Inside) },
		func() (int, error) { return openSender(g.config.Outside) },
	} {
		fd, err := open()
		if err != nil {
			return err
		}
		g.files = append(g.files, os.NewFile(uintptr(fd), "packets"))
	}
	pulse, err := g.path.Pulse()
	if err != nil {
		return err
	}
	streams, err := g.path.StreamFile()
	if err != nil {
		return errors.Join(err, pulse.Close())
	}
	g.files = append(g.files, pulse, streams)
	return nil
}

// gone keeps the counts of a worker that is no more.
func (g *Gateway) gone() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.before = sum(g.before, g.counts)
	g.counts = inline.Counts{}
}

func sum(a, b inline.Counts) inline.Counts {
	a.In, a.Passed, a.Changed, a.Dropped, a.Resets = a.In+b.In, a.Passed+b.Passed, a.Changed+b.Changed, a.Dropped+b.Dropped+b.Held, a.Resets+b.Resets
	for i := range a.Reasons {
		a.Reasons[i] += b.Reasons[i]
	}
	return a
}

// Set brings a policy and isolations into force: the kernel's part from the next frame
// on, the worker's as soon as it says so.
func (g *Gateway) Set(text []byte, plan *policy.Plan, isolated []policy.Isolation) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	restrained, _ := plan.With(isolated)
	// The worker first: what the kernel stops to let through alone, somebody must judge.
	number := g.number + 1
	for _, h := range g.hands {
		if err := h.orders.Encode(order{Number: number, MTU: g.mtu, Policy: text, Isolations: isolated}); err != nil {
			g.config.Log.Error("a worker takes no orders", "error", err) // it ends, and the next one is told
		}
	}
	if err := g.enact(restrained); err != nil {
		return err
	}
	g.text, g.plan, g.isolated, g.number = text, restrained, isolated, number
	return nil
}

// Hold puts a quarantine into the kernel by itself: the next frame is stopped.
func (g *Gateway) Hold(place policy.Place, rule uint32) error {
	return g.path.Quarantine(datapath.Held{Place: uint32(place), Rule: rule})
}

// Alive tells whether a worker judges.
func (g *Gateway) Alive() bool { return g.path.Silent() < time.Second }

// Bypass lets everything pass, or judges again.
func (g *Gateway) Bypass(on bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.path.SetBypass(on); err != nil {
		return err
	}
	g.bypass = on
	return nil
}

// Close lets go of the ports; what the kernel has stays in force.
func (g *Gateway) Close() {
	for _, f := range g.files {
		_ = f.Close()
	}
	g.path.Close()
}

// Remove takes the gateway out of the line: nothing passes between its ports any more.
func (g *Gateway) Remove() error { return g.path.Remove() }

// Status is how a gateway is, and what would happen if something broke now.
type Status struct {
	Inside     string            `json:"inside"`
	Outside    string            `json:"outside"`
	Policy     string            `json:"policy"`
	Bypass     bool              `json:"bypass"`
	Worker     string            `json:"worker"` // "alive" or "being started"
	Workers    int               `json:"workers_started"`
	Generation uint32            `json:"generation"`
	Kernel     map[string]uint64 `json:"kernel_frames"`
	In         uint64            `json:"kernel_in"`
	Explained  uint64            `json:"kernel_explained"`
	Judged     inline.Counts     `json:"judged"`
	Reports    uint64            `json:"reports"`
	Lost       uint64            `json:"reports_lost"`
	Unsent     uint64            `json:"unsent"`
	Isolated   int               `json:"isolated"`
	Crash      string            `json:"on_crash"`
	Hang       string            `json:"on_hang"`
	Power      string            `json:"on_power_loss"`
}

// Status tells how the gateway is.
func (g *Gateway) Status() (Status, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := Status{Inside: g.config.Inside, Outside: g.config.Outside, Bypass: g.bypass, Worker: "being started", Workers: g.workers, Generation: g.path.Generation(),
		Judged: sum(g.before, g.counts), Reports: g.reports, Lost: g.lost, Unsent: g.unsent, Isolated: len(g.isolated), Kernel: map[string]uint64{}}
	if g.plan != nil {
		s.Policy = g.plan.Policy.Name
	}
	if g.active {
		s.Worker = "alive"
	}
	all, err := g.path.Counters()
	if err != nil {
		return s, err
	}
	for _, e := range all {
		if e.Generation <= g.settledUpTo {
			continue
		}
		s.Kernel[fmt.Sprint(e.Action)+" "+reasonName(e.Reason)] += e.Frames
		s.Explained += e.Frames
	}
	g.addSettled(&s)
	totals, err := g.path.Totals()
	if err != nil {
		return s, err
	}
	for _, c := range totals.In {
		s.In += c.Frames
	}
	s.Crash, s.Hang, s.Power = g.outlook()
	return s, nil
}

func reasonName(reason uint16) string {
	if name := datapath.ReasonName(reason); name != "" {
		return name
	}
	return firedoorReason(reason)
}

// outlook says what happens when something breaks.
func (g *Gateway) outlook() (crash, hang, power string) {
	open, closed := 0, 0
	if g.plan != nil {
		for _, c := range g.plan.Policy.Conduits {
			if c.Mode == policy.Enforce && c.Closed {
				closed++
			} else {
				open++
			}
		}
	}
	floor := strconv.Itoa(open) + " conduits pass what only the worker can judge, " + strconv.Itoa(closed) + " drop it; addresses, ports and quarantine stay in force"
	if g.bypass {
		floor = "nothing changes: the gateway is in bypass"
	}
	return "the kernel goes on at once by itself until the next worker is there: " + floor,
		"after " + datapath.DefaultLimit.String() + " without a heartbeat the kernel goes on by itself: " + floor,
		"the link is down: this machine has no bypass relay that is known of"
}
