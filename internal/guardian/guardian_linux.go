package guardian

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"firedoor/internal/datapath"
)

// Config says where a gateway stands and what it starts.
type Config struct {
	Inside, Outside string
	Pins            string // folder on a bpffs
	Name            string // begins the names of its interfaces
	// Worker and Control are how those processes are called: a program and its arguments. They are of the program that
	// runs; where its file was, the next one is looked for.
	Worker, Control []string
	Stdout, Stderr  io.Writer // of the processes
	Log             *slog.Logger
	// ForwardLinkLoss takes a port down while the other one has no link.
	ForwardLinkLoss bool
	// Started is called once frames are judged.
	Started func()
}

// Guardian holds the ports. It is run once.
type Guardian struct {
	config  Config
	starter *starter
	lock    *os.File
	backlog *backlog

	// Set once, when the first order came; before that begun is open.
	begun chan struct{}
	path  *datapath.Datapath
	files []*os.File // a worker's, but for its connection; they outlive each worker
	mtu   int

	failed chan error // why it cannot go on
	first  chan *hand // the worker that began
	tried  chan *hand // a worker of the program that is to be run in place of this one
	heir   *hand      // after an upgrade: the worker that is to judge
	retire []*hand    // after an upgrade: those that cannot serve this program
	trying atomic.Bool

	mu       sync.Mutex
	control  *Link // nil while there is none
	order    json.RawMessage
	number   uint32
	bypass   bool
	hands    []*hand // workers that are alive
	active   bool    // one of them judges
	standby  *hand
	workers  int // started so far
	controls int
	upgrades int
	lastDied time.Time
	next     *os.File // the program that is to be run in place of this one

	madePins   bool
	controlPID int
	guard      *guard
	blame      blame
	carrier    *carrier
}

// PortError is that a gateway cannot stand where it is to stand, which its owner can mend.
type PortError struct{ Err error }

// errTooEarly is that something is asked of a gateway that just begins.
var errTooEarly = errors.New("nothing is in force yet")

// Error is the reason's text.
func (e PortError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e PortError) Unwrap() error { return e.Err }

// ControlError is that the control process ended before anything was in force. It has
// told why itself.
type ControlError struct{ Status int }

// Error names the exit status.
func (e ControlError) Error() string {
	return fmt.Sprintf("the control process ended with status %d", e.Status)
}

// New prepares a guardian. Nothing is touched until Run.
func New(c Config) *Guardian {
	g := &Guardian{config: c, starter: newStarter(), backlog: newBacklog(), guard: newGuard(), begun: make(chan struct{}), failed: make(chan error, 1), first: make(chan *hand, 1), tried: make(chan *hand)}
	g.carrier = newCarrier(c.Inside, c.Outside, c.ForwardLinkLoss, g.event)
	return g
}

// Run stands between the ports until ctx ends. What the kernel has stays in force then. It is
// to be called by the goroutine that main runs in, locked to its thread since the start;
// else the program cannot be replaced while it runs.
func (g *Guardian) Run(ctx context.Context) error {
	if err := hurry(); err != nil {
		g.config.Log.Warn("what frames wait for goes before no other program", "reason", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- g.run(ctx) }()
	return g.starter.serve(ended)
}

func (g *Guardian) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := g.takeUp(); err != nil {
		return err
	}
	defer g.letGo()
	var background sync.WaitGroup
	background.Go(func() { g.keepControl(ctx) })
	background.Go(func() { g.feed(ctx) })
	defer background.Wait()
	defer cancel()
	select {
	case <-ctx.Done():
		return nil
	case err := <-g.failed:
		return err
	case active := <-g.first:
		g.config.Started()
		background.Go(func() { g.readReports(ctx) })
		var back error // of a port
		background.Go(func() {
			if back = g.carrier.watch(ctx); back != nil {
				cancel()
			}
		})
		err := g.serve(ctx, active)
		cancel()
		background.Wait()
		return errors.Join(err, back)
	}
}

// takeUp goes on where the program before this one stopped, or begins.
func (g *Guardian) takeUp() error {
	left, err := found()
	if err != nil {
		return err
	}
	if left != nil {
		return g.adopt(left)
	}
	if err := g.hold(); err != nil {
		return PortError{err}
	}
	return nil
}

// hold makes sure that there is one guardian at these pins.
func (g *Guardian) hold() error {
	_, err := os.Lstat(g.config.Pins)
	g.madePins = errors.Is(err, os.ErrNotExist)
	g.lock, err = lockFolder(g.config.Pins)
	if err != nil {
		g.unmake()
	}
	return err
}

// unmake takes the folder of pins away if this process made it and nothing came to be in it.
func (g *Guardian) unmake() {
	if g.madePins && g.path == nil {
		_ = os.Remove(g.config.Pins)
	}
}

// lockFolder takes the folder of pins for this process, before anything is touched.
func lockFolder(folder string) (*os.File, error) {
	const mount = "mount one (mount -t bpf bpf /sys/fs/bpf), or give another folder"
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("--pins %s: cannot be made, perhaps for want of a bpffs or of root: %s", folder, mount)
	}
	var at unix.Statfs_t
	if err := unix.Statfs(folder, &at); err != nil || at.Type != unix.BPF_FS_MAGIC {
		return nil, fmt.Errorf("--pins %s: is on no bpffs, so nothing could be found again after a restart: %s", folder, mount)
	}
	f, err := os.Open(folder)
	if err != nil {
		return nil, fmt.Errorf("--pins %s: %w", folder, err)
	}
	if err := ownAlone(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("--pins %s: %w", folder, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("--pins %s: another gateway is at work with these pins: stop it first, or give this one --pins and --name of its own", folder)
	}
	return f, nil
}

// ownAlone tells whether nobody else may put something into a folder: who moves pins
// away takes the gateway's memory of its connections, and its way back.
func ownAlone(folder *os.File) error {
	var at unix.Stat_t
	if err := unix.Fstat(int(folder.Fd()), &at); err != nil {
		return err
	}
	switch {
	case int(at.Uid) != os.Geteuid():
		return fmt.Errorf("belongs to the user with the number %d: remove it, or give a folder of your own", at.Uid)
	case at.Mode&0o022 != 0:
		return fmt.Errorf("others may write there (mode %03o): give a folder in it that nobody made yet, or take that away (chmod 700)", at.Mode&0o777)
	}
	return nil
}

// sharedFiles is the place among the files of a worker of those that show what the kernel shares with
// it: the heartbeat, and streams.
const sharedFiles = 4

// open takes the two ports. Frames pass as an earlier process left it, or not at all,
// until tables are installed.
func (g *Guardian) open() error {
	c := &g.config
	if c.ForwardLinkLoss {
		if err := g.carrier.raise(); err != nil {
			return PortError{err}
		}
	}
	path, err := datapath.Open(datapath.Options{Inside: c.Inside, Outside: c.Outside, Pins: c.Pins, Name: c.Name, Log: c.Log})
	if err != nil {
		return PortError{err}
	}
	g.path = path
	g.mu.Lock()
	g.bypass = path.Bypassed() // which an earlier guardian may have left on
	g.mu.Unlock()
	if err := g.takeUpBarred(); err != nil {
		return err
	}
	inside, outside := path.Worker()
	port, err := net.InterfaceByName(c.Inside)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Inside, err)
	}
	g.mtu = port.MTU
	for _, open := range []func() (int, error){
		func() (int, error) { return openRing(inside, g.mtu) },
		func() (int, error) { return openRing(outside, g.mtu) },
		func() (int, error) { return openSender(c.Inside) },
		func() (int, error) { return openSender(c.Outside) },
	} {
		fd, err := open()
		if err != nil {
			return err
		}
		g.files = append(g.files, os.NewFile(uintptr(fd), "packets"))
	}
	shared, err := g.shared()
	g.files = append(g.files, shared...)
	return err
}

// shared opens the files at sharedFiles.
func (g *Guardian) shared() ([]*os.File, error) {
	pulse, err := g.path.Pulse()
	if err != nil {
		return nil, err
	}
	streams, err := g.path.StreamFile()
	if err != nil {
		return nil, errors.Join(err, pulse.Close())
	}
	return []*os.File{pulse, streams}, nil
}

func (g *Guardian) letGo() {
	for _, f := range g.files {
		_ = f.Close()
	}
	if g.path != nil {
		g.path.Close()
	}
	g.unmake()
	_ = g.lock.Close()
}

// Remove takes an earlier gateway out of the line: nothing passes between its ports any
// more.
func Remove(c Config) error {
	lock, err := lockFolder(c.Pins)
	if err != nil {
		return PortError{err}
	}
	defer func() { _ = lock.Close() }()
	path, err := datapath.Open(datapath.Options{Inside: c.Inside, Outside: c.Outside, Pins: c.Pins, Name: c.Name})
	if err != nil {
		return PortError{err}
	}
	defer path.Close()
	return path.Remove()
}

// Alive tells whether a worker judges; false before one ever did.
func (g *Guardian) Alive() bool {
	select {
	case <-g.begun:
		return g.path.Silent() < time.Second
	default:
		return false
	}
}

// look tells how all is.
func (g *Guardian) look() (*Look, error) {
	select {
	case <-g.begun:
	default:
		return nil, errTooEarly
	}
	counters, err := g.path.Counters()
	if err != nil {
		return nil, err
	}
	totals, err := g.path.Totals()
	if err != nil {
		return nil, err
	}
	lost, taken := g.carrier.without()
	amiss := g.path.Amiss(taken) // not within the lock: the kernel may be slow to say it
	g.mu.Lock()
	defer g.mu.Unlock()
	return &Look{Inside: g.config.Inside, Outside: g.config.Outside, Generation: g.path.Generation(), Number: g.number, Bypass: g.bypass,
		Active: g.active, Standby: g.standby.isReady(), Silent: g.path.Silent(), Workers: g.workers, Controls: g.controls, Upgrades: g.upgrades,
		Shed: g.guard.list(), Barred: g.blame.barred(), NoLink: lost, Taken: taken, Amiss: amiss, Lost: g.backlog.missed(), Counters: counters, Totals: totals}, nil
}

// event tells people that something happened.
func (g *Guardian) event(what, text string) { g.eventOf(Event{What: what, Text: text}) }

func (g *Guardian) eventOf(e Event) {
	e.Time = time.Now()
	g.config.Log.Warn(e.Text, "event", e.What)
	if b, err := json.Marshal(e); err == nil {
		g.backlog.put(KindEvent, b)
	}
}

// readReports hands on what the kernel tells of frames that it dropped.
func (g *Guardian) readReports(ctx context.Context) {
	reports, err := g.path.Reports()
	if err != nil {
		g.config.Log.Error("the kernel's reports cannot be read", "error", err)
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = reports.Close() })
	defer stop()
	for {
		var r datapath.Report
		if err := reports.Read(&r); err != nil {
			if ctx.Err() == nil {
				g.config.Log.Error("the kernel's reports cannot be read any more", "error", err)
			}
			return
		}
		if b, err := json.Marshal(&r); err == nil {
			g.backlog.put(KindReport, b)
		}
	}
}
