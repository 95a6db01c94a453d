package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"firedoor"
	"firedoor/internal/capture"
	"firedoor/internal/config"
	"firedoor/internal/confine"
	"firedoor/internal/console"
	"firedoor/internal/doors"
	"firedoor/internal/health"
	"firedoor/internal/journal"
	"firedoor/internal/point"
	"firedoor/internal/protocol/all"
	"firedoor/internal/sensor"
	"firedoor/internal/uplink"
	"firedoor/internal/written"
	"firedoor/web"
)

type runCommand struct {
	Interface []string `help:"Watch this network interface; may be given several times." placeholder:"IF"`
	Capture   []string `help:"Play this capture instead; may be given several times." placeholder:"FILE"`
	Speed     *float64 `help:"Play captures at X times their own pace; 0 is as fast as they can be read (default)." placeholder:"X"`
	Loop      bool     `help:"Play the captures again and again."`
	Learn     *string  `help:"How long to learn at first: traffic time (10m), a share of the captures' frames (20%), or until-told." placeholder:"10m"`
	Config    *string  `help:"Configuration file; flags go before it." placeholder:"FILE"`
	Data      *string  `help:"Folder of all that lasts." placeholder:"DIR"`
	Gateway   []string `help:"Show the gateway with this data folder on the console; may be given several times." placeholder:"DIR"`
	Listen    *string  `help:"Address of the console, on this machine only." placeholder:"127.0.0.1:PORT"`
}

// Run watches, and shows what it sees, until it is told to stop.
func (r *runCommand) Run(ctx context.Context, m *Main) error {
	cfg, err := r.config(m)
	if err != nil {
		return err
	}
	s, err := openService(ctx, &service{m: m, cfg: cfg})
	if err != nil {
		return err
	}
	return s.run(ctx)
}

// config is the file's, with what the flags say.
func (r *runCommand) config(m *Main) (*config.Config, error) {
	c := config.Default()
	if r.Config != nil {
		read, err := config.Load(*r.Config)
		if err != nil {
			return nil, tellProblems(m.Stderr, err)
		}
		c = *read
	}
	if len(r.Interface) > 0 || len(r.Capture) > 0 {
		c.Capture.Interfaces, c.Capture.Files = r.Interface, r.Capture
	}
	override(&c.Capture.Speed, r.Speed)
	c.Capture.Loop = c.Capture.Loop || r.Loop
	override(&c.Data.Dir, r.Data)
	override(&c.Console.Listen, r.Listen)
	if len(r.Gateway) > 0 {
		c.Console.Gateways = r.Gateway
	}
	if r.Learn != nil {
		l, err := config.ParseLearning(*r.Learn)
		if err != nil || l.Nothing() {
			return nil, usageError{fmt.Sprintf("--learn %s: give a time (10m), a share of the captures' frames (20%%), or until-told", *r.Learn)}
		}
		c.Learn.For = l
	}
	if c.Capture.Speed != c.Capture.Speed { // not a number
		return nil, usageError{"--speed: is no number"}
	}
	if problems := c.Check(); len(problems) > 0 {
		return nil, usageError{"run: " + written.Problems(problems).Error()}
	}
	if !c.Runs(config.RoleSensor) {
		return &c, nil
	}
	switch live, files := len(c.Capture.Interfaces) > 0, len(c.Capture.Files) > 0; {
	case live && files:
		return nil, usageError{"run: a sensor watches interfaces or plays captures, not both: start two"}
	case !live && !files:
		return nil, usageError{"run: there is nothing to watch: give --interface or --capture"}
	}
	return &c, nil
}

// override takes over what a flag says.
func override[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// service is the parts of a running process.
type service struct {
	m       *Main
	cfg     *config.Config
	log     *slog.Logger
	logFile *health.RotatingFile // nil: standard error
	health  *health.Health
	disk    *health.Disk
	up      *uplink.Uplink
	journal *journal.Journal // nil without a sensor
	watch   *sensor.Watch    // nil without the role
	show    *show            // a simulated plant to watch; nil: a real one
	console *console.Console // nil without the role
	doors   *doors.Doors     // nil without a console
	control *control
	confine confine.Report
	closers []io.Closer // in the order of opening
}

// openService opens everything, in the order in which it depends on each other,
// and then gives up the rights that are not needed any more.
func openService(ctx context.Context, s *service) (_ *service, err error) {
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if err := usable(s.cfg.Data.Dir); err != nil {
		return nil, err
	}
	for _, open := range []func(context.Context) error{s.openLog, s.openUplink, s.openSensor, s.openConsole, s.openControl, s.giveUpRights} {
		if err := open(ctx); err != nil {
			return nil, err
		}
	}
	s.measure()
	return s, nil
}

// usable makes the data folder and tries whether it can be written.
func usable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return usageError{fmt.Sprintf("data folder %s: %v", dir, reason(err))}
	}
	if _, err := socketIn(dir); err != nil {
		return usageError{"data folder " + err.Error()}
	}
	f, err := os.CreateTemp(dir, "try")
	if err != nil && !errors.Is(err, unix.ENOSPC) { // with a full disk the program starts, and says so
		return usageError{fmt.Sprintf("data folder %s: cannot be written: %v", dir, reason(err))}
	}
	if err == nil {
		return errors.Join(f.Close(), os.Remove(f.Name()))
	}
	return nil
}

func (s *service) openLog(context.Context) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.cfg.Log.Level)); err != nil {
		return err // the configuration was checked
	}
	to := s.m.Stderr
	if s.cfg.Log.File != "" {
		f, err := health.OpenLog(s.cfg.Log.File, int64(s.cfg.Log.MaxSize), s.cfg.Log.Keep)
		if err != nil {
			return usageError{err.Error()}
		}
		s.logFile, to = f, f
		s.closers = append(s.closers, f)
	}
	options := &slog.HandlerOptions{Level: level}
	if s.cfg.Log.Format == "json" {
		s.log = slog.New(slog.NewJSONHandler(to, options))
	} else {
		s.log = slog.New(slog.NewTextHandler(to, options))
	}
	s.health = health.New(health.ReadBuild(version), s.log)
	s.disk = health.NewDisk(s.cfg.Data.Dir, uint64(s.cfg.Data.MinFree))
	return nil
}

func (s *service) openUplink(ctx context.Context) error {
	u := s.cfg.Uplink
	token := ""
	if u.TokenFile != "" {
		b, err := os.ReadFile(u.TokenFile)
		if err != nil {
			return usageError{fmt.Sprintf("uplink token %s: %v", u.TokenFile, reason(err))}
		}
		token = strings.TrimSpace(string(b))
	}
	up, err := uplink.Open(ctx, uplink.Config{URL: u.URL, Listen: u.Listen, Token: token, MaxBytes: int64(u.MaxSize),
		Dir: filepath.Join(s.cfg.Data.Dir, "uplink")}, s.log)
	if err != nil {
		return usageError{err.Error()}
	}
	s.up = up
	s.closers = append(s.closers, up)
	return nil
}

// sensorPoints reads the map of process values that a configuration names; nil
// where it names none.
func sensorPoints(c *config.Sensor) (*point.Names, error) {
	if c.Points == "" {
		return nil, nil
	}
	names, err := readPointNames("sensor.points", c.Points)
	if err != nil {
		return nil, usageError{err.Error()}
	}
	return names, nil
}

func (s *service) openSensor(context.Context) error {
	c := s.cfg
	if !c.Runs(config.RoleSensor) {
		return nil
	}
	names, err := sensorPoints(&c.Sensor)
	if err == nil && s.show != nil {
		names, err = plantNames(s.show.f)
	}
	if err != nil {
		return err
	}
	keep := c.Data.Journal
	j, err := journal.Open(journal.Config{Dir: filepath.Join(c.Data.Dir, "journal"), MaxBytes: int64(keep.MaxSize), Keep: keep.Keep,
		Missing: s.missing}, s.log)
	if err != nil {
		return err
	}
	s.journal = j
	s.closers = append(s.closers, j)
	shards := c.Shards
	if shards == 0 {
		shards = min(runtime.GOMAXPROCS(0), sensor.MaxShards)
	}
	o := sensor.WatchOptions{
		Name: c.Sensor.Name, Version: version,
		Live: capture.LiveConfig{Interfaces: c.Capture.Interfaces, Fanout: c.Capture.Fanout, RingBytes: int(c.Capture.RingSize),
			Promiscuous: c.Capture.Promiscuous},
		Captures: c.Capture.Files, Speed: c.Capture.Speed, Loop: c.Capture.Loop,
		Learn:        sensor.Learning{For: c.Learn.For.Time, Percent: c.Learn.For.Percent, UntilTold: c.Learn.For.UntilTold},
		NewDeviceFor: c.Learn.NewDeviceFor, Shards: shards, Points: true, Names: names,
		Dir: c.Data.Dir, SnapshotEvery: c.Data.SnapshotEvery, Journal: j,
		Publish: func(ctx context.Context, records []firedoor.Record) error {
			_, err := s.up.Publish(ctx, c.Site, records)
			return err
		},
		Log: s.log,
	}
	if s.show != nil {
		o.Frames = s.show
	}
	w, err := sensor.NewWatch(o, all.List)
	var unreadable sensor.UnreadableError
	var mixed *sensor.MixedSourcesError
	if errors.As(err, &unreadable) || errors.As(err, &mixed) {
		return usageError{err.Error()}
	}
	s.watch = w
	return err
}

// missing is how many bytes should be freed on the disk.
func (s *service) missing() uint64 {
	r, err := s.disk.Room()
	if err != nil {
		return 0
	}
	return r.Missing
}

func (s *service) openConsole(ctx context.Context) error {
	if !s.cfg.Runs(config.RoleConsole) {
		return nil
	}
	if err := s.openDoors(); err != nil {
		return err
	}
	files, built := web.Files()
	o := console.Config{Site: s.cfg.Site, Listen: s.cfg.Console.Listen, Data: s.cfg.Data.Dir, Version: version,
		SessionFor: s.cfg.Console.SessionFor, Metrics: s.health.Metrics(), Ready: s.problems, Files: files, HasFiles: built, Doors: s.doors}
	if s.show != nil {
		o.Simulation = s.show
	}
	c, err := console.Open(ctx, o, s.up, s.log)
	if err != nil {
		return usageError{err.Error()}
	}
	s.console = c
	return nil
}

// openDoors gets ready to follow gateways. Their folders must be there, for what is
// not there cannot be read once rights are given up.
func (s *service) openDoors() error {
	for _, dir := range s.cfg.Console.Gateways {
		if !isFolder(dir) {
			return usageError{fmt.Sprintf("gateway %s: there is no such folder: give the one of firedoor gateway --data, which it makes when it starts", dir)}
		}
		if _, err := socketIn(dir); err != nil {
			return usageError{"gateway " + err.Error()}
		}
	}
	o := doors.Config{Gateways: s.cfg.Console.Gateways, Data: filepath.Join(s.cfg.Data.Dir, "gateways"), Known: known()}
	if s.journal != nil {
		o.Journal = filepath.Join(s.cfg.Data.Dir, "journal")
	}
	var err error
	s.doors, err = doors.Open(o, s.log)
	return err
}

// giveUpRights is last: what needs them is open.
func (s *service) giveUpRights(context.Context) error {
	if !s.cfg.Confine.Enabled {
		var err error
		s.confine, err = confine.Look()
		return err
	}
	data, err := filepath.Abs(s.cfg.Data.Dir)
	if err != nil {
		return err
	}
	rights := confine.Config{Write: []string{data}, Read: slices.Concat(s.cfg.Capture.Files, s.cfg.Console.Gateways)}
	if s.cfg.Log.File != "" {
		rights.Write = append(rights.Write, filepath.Dir(s.cfg.Log.File))
	}
	if len(s.cfg.Capture.Interfaces) > 0 {
		rights.Capabilities = []int{unix.CAP_NET_RAW} // to open an interface again that was gone
	}
	if at, err := netip.ParseAddrPort(s.up.Addr()); err == nil { // to listen again, should its server have to start anew
		rights.Listen = []uint16{at.Port()}
	}
	if s.cfg.Uplink.URL != "" {
		rights.Connect = uplinkPorts(s.cfg.Uplink.URL)
	}
	if s.confine, err = confine.Drop(rights); err != nil {
		return fmt.Errorf("giving up rights: %w; confine.enabled: false in the configuration leaves them", err)
	}
	for _, what := range s.confine.Missing {
		s.log.Warn("not confined as it should be", "what", what)
	}
	return nil
}

// run lets all parts run until ctx is done, then ends them: first the sensor,
// whose last records the others take.
func (s *service) run(ctx context.Context) error {
	defer s.close()
	s.greet()
	rest, stopRest := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRest()
	watching, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	var parts sync.WaitGroup
	problems := make(chan error, 4)
	start := func(ctx context.Context, run func(context.Context) error) {
		parts.Go(func() {
			if err := run(ctx); err != nil {
				problems <- err
				stopWatching() // one part without the others is of no use
			}
		})
	}
	start(rest, s.control.run)
	if s.console != nil {
		start(rest, s.console.Run)
		start(rest, s.doors.Run)
	}
	go keepTelling(rest, s.isAlive, s.tellSystem)
	var err error
	if s.watch != nil {
		err = s.watch.Run(watching)
	} else {
		<-watching.Done()
	}
	s.tellSystem(confine.Stopping)
	stopRest()
	parts.Wait()
	close(problems)
	for p := range problems {
		err = errors.Join(err, p)
	}
	return err
}

// greet says where to look. The link is for whoever started the program.
func (s *service) greet() {
	if s.watch != nil {
		c := s.cfg.Capture
		what := append(c.Interfaces, c.Files...)
		if s.show != nil {
			what = []string{"the " + s.show.Name()}
		}
		fmt.Fprintf(s.m.Stdout, "Sensor %s watches %s.\n", s.cfg.Sensor.Name, strings.Join(what, ", "))
	}
	if s.console != nil {
		fmt.Fprintf(s.m.Stdout, "Console: http://%s/\n", s.console.Address())
		fmt.Fprintf(s.m.Stdout, "To acknowledge alerts there, open this link once: %s\n", s.console.Link())
	}
	fmt.Fprintln(s.m.Stdout, "Stop with Ctrl-C.")
	s.tellSystem(confine.Ready)
}

// isAlive tells whether what is watched with is.
func (s *service) isAlive(ctx context.Context) bool { return s.watch == nil || s.watch.Alive(ctx) }

// keepTelling tells a watchdog that this process is alive, as long as it is. Whoever
// judges that has a third of the watchdog's time for it.
func keepTelling(ctx context.Context, alive func(context.Context) bool, tell func(state string)) {
	every := confine.Watchdog()
	if every <= 0 {
		return
	}
	tick := time.NewTicker(every / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			soon, cancel := context.WithTimeout(ctx, every/3)
			if alive(soon) {
				tell(confine.Alive)
			}
			cancel()
		}
	}
}

func (s *service) tellSystem(state string) {
	if err := confine.Notify(state); err != nil {
		s.log.Warn("the service manager cannot be told", "state", state, "problem", err)
	}
}

func (s *service) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		if err := s.closers[i].Close(); err != nil && s.log != nil {
			s.log.Warn("closing", "problem", err)
		}
	}
	s.closers = nil
}
