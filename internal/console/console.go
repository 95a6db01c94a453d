package console

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"

	"firedoor/internal/api"
	"firedoor/internal/doors"
	"firedoor/internal/store"
	"firedoor/internal/store/sqlite"
	"firedoor/internal/uplink"
)

// Limits of the HTTP server.
const (
	maxHeader      = 16 << 10 // bytes
	headerTimeout  = 5 * time.Second
	requestTimeout = 10 * time.Second
	// answerTimeout is for a whole answer; live events set their own for each.
	answerTimeout   = 60 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 5 * time.Second
)

// DefaultListen is where the console answers if nothing is said.
const DefaultListen = "127.0.0.1:8440"

// Config says what the console is called and where it answers.
type Config struct {
	// Site is the name of the plant, for people.
	Site string
	// Listen is a loopback address and port; port 0 takes a free one. Empty: DefaultListen.
	Listen string
	// Data is the directory of the store.
	Data string
	// Version of the program, for the API's document.
	Version string
	// SessionFor is how long the session of the one-time link lasts; 0: twelve hours.
	SessionFor time.Duration
	// Metrics answers /metrics; nil: nothing does.
	Metrics http.Handler
	// Ready gives what else is wrong with the process, such as an interface that
	// is down, as sentences for /readyz; none: nothing. It may be called by several
	// goroutines at once. Nil: nothing ever is.
	Ready func() []string
	// Files is the built front end, and HasFiles whether there is one.
	Files    fs.FS
	HasFiles bool
	// Simulation is a virtual plant that is shown beside the findings; nil: none.
	Simulation api.Simulation
	// Doors is what is known of gateways; the caller lets it run. Nil: nothing.
	Doors *doors.Doors
}

// Console is a console that is open and listens, and answers once it runs.
type Console struct {
	cfg      Config
	log      *slog.Logger
	up       *uplink.Uplink
	store    *sqlite.Store
	broker   *api.Broker
	api      *api.API
	listener net.Listener
	link     string
	trouble  atomic.Pointer[string] // why records are not folded in at present
	failures atomic.Uint64
}

// Open opens the store and takes the address. The uplink stays the caller's:
// close it after Run returned. What Open gave must be ended with Close, unless
// Run was called.
func Open(ctx context.Context, cfg Config, up *uplink.Uplink, log *slog.Logger) (*Console, error) {
	if cfg.Listen == "" {
		cfg.Listen = DefaultListen
	}
	if err := checkLoopback(cfg.Listen); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	st, err := sqlite.Open(ctx, filepath.Join(cfg.Data, "store"), log)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("console: %w", err), listener.Close())
	}
	c := &Console{cfg: cfg, log: log, up: up, store: st, broker: api.NewBroker(), listener: listener}
	c.api = api.New(api.Config{Site: cfg.Site, Version: cfg.Version, Address: listener.Addr().String(), Metrics: cfg.Metrics,
		SessionFor: cfg.SessionFor, Ready: c.Ready, Problem: c.Problem, Simulation: cfg.Simulation, Doors: cfg.Doors}, st, c.broker, cfg.Files, cfg.HasFiles, log)
	c.link = c.api.NewLink()
	return c, nil
}

// checkLoopback refuses addresses that other machines could reach: until people
// have accounts, whoever reaches the console may read everything.
func checkLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("console: listen address %q: %w", address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("console: listen address %q is not a loopback address such as 127.0.0.1: the console has no accounts yet, so other machines must not reach it", address)
	}
	return nil
}

// Address is host:port as it is listened on.
func (c *Console) Address() string { return c.listener.Addr().String() }

// Link is the first one-time link: whoever follows it first may acknowledge
// alerts. It holds until it is used.
func (c *Console) Link() string { return c.link }

// NewLink makes another one-time link, for another browser or after a session
// ended. It holds for an hour (api.LinkFor); at most eight links (api.MaxLinks)
// wait to be used, the oldest but for the first makes room. Whoever gets it may
// acknowledge alerts, so it must only be given to who may order this process.
func (c *Console) NewLink() string { return c.api.NewLink() }

// Close ends a console that never ran.
func (c *Console) Close() error { return errors.Join(c.listener.Close(), c.store.Close()) }

// Run answers and folds records in until ctx is done, then closes all but the
// uplink and returns nil. It returns an error only if it cannot answer any more.
func (c *Console) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http.Server{
		Handler: c.api, ReadHeaderTimeout: headerTimeout, ReadTimeout: requestTimeout, WriteTimeout: answerTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(c.log.Handler(), slog.LevelDebug),
		// Listeners to live events go when the console does.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(c.listener) }()
	folded := make(chan struct{})
	go func() {
		defer close(folded)
		c.follow(ctx)
	}()
	var failed error
	ended := false
	select {
	case <-ctx.Done():
	case failed = <-served:
		ended = true
	}
	cancel()
	stop, done := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer done()
	if server.Shutdown(stop) != nil {
		server.Close() //nolint:errcheck // those who did not go in time are cut off
	}
	if !ended {
		failed = <-served
	}
	<-folded
	if errors.Is(failed, http.ErrServerClosed) {
		failed = nil
	} else if failed != nil {
		failed = fmt.Errorf("console: %w", failed)
	}
	return errors.Join(failed, c.store.Close())
}

// Stats are counters and present numbers of the console's parts.
type Stats struct {
	Store       store.Stats
	Broker      api.BrokerStats
	API         api.Stats
	Interrupted uint64 // times that folding stopped and began again
}

// Stats counts what happened since Open.
func (c *Console) Stats() Stats {
	return Stats{Store: c.store.Stats(), Broker: c.broker.Stats(), API: c.api.Stats(), Interrupted: c.failures.Load()}
}
