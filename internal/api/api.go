package api

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"firedoor/internal/doors"
	"firedoor/internal/store"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Limits of what a client may ask for at once.
const (
	// MaxStreams is how many pages may listen to live events; further ones get 503.
	MaxStreams = 64
	// maxBody is the largest request body in bytes; larger ones get 413.
	maxBody = 64 << 10
)

// Config says what the console is called and where it is.
type Config struct {
	Site    string
	Version string
	// Address is host:port as it is listened on: requests must name it, or a
	// loopback name with its port.
	Address string
	// SessionFor is how long a session of the one-time link lasts; 0: DefaultSession.
	SessionFor time.Duration
	// Metrics answers /metrics; nil: 404.
	Metrics http.Handler
	// Ready says in sentences why the console is not ready, for /readyz; none: it
	// is. Nil: it always is.
	Ready func(context.Context) []string
	// Problem says in a sentence what keeps the console from showing the latest;
	// empty, or nil: nothing.
	Problem func() string
	// Simulation is the virtual plant that is shown too; nil: none, the paths of
	// /api/simulation answer 404 and the page has no room for it.
	Simulation Simulation
	// Doors is what is known of gateways; nil: nothing, and no policy can be tried.
	Doors *doors.Doors
}

// API answers requests. Its methods may be called by several goroutines.
type API struct {
	cfg     Config
	store   store.Store
	broker  *Broker
	log     *slog.Logger
	links   links
	cookie  string
	streams chan struct{} // a place for each listener
	refused atomic.Uint64 // listeners that found no place
	handler http.Handler
}

// New makes the handler of everything the console answers. files is the built
// front end with its index.html; without one (hasConsole false) a plain page
// says how to build it.
func New(cfg Config, st store.Store, broker *Broker, files fs.FS, hasConsole bool, log *slog.Logger) *API {
	if cfg.SessionFor == 0 {
		cfg.SessionFor = DefaultSession
	}
	a := &API{cfg: cfg, store: st, broker: broker, log: log, cookie: cookieName(cfg.Address), streams: make(chan struct{}, MaxStreams)}
	mux := http.NewServeMux()
	config := huma.DefaultConfig("Firedoor console", cfg.Version)
	config.Info.Description = "All that the console's page shows. Times are RFC 3339 in UTC with nine decimals: traffic time, but for members whose name ends in wall or wall_time."
	config.OpenAPIPath = "/api/openapi"
	// The page of documentation would be loaded from elsewhere; answers carry
	// their data alone.
	config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", nil
	h := humago.New(mux, config)
	a.registerAlerts(h)
	a.registerAssets(h)
	a.registerConversations(h)
	a.registerSite(h)
	a.registerPolicy(h)
	a.registerSimulation(h)
	a.registerStream(h)
	mendNullable(h.OpenAPI())
	a.plain(mux)
	mux.Handle("/", page(files, hasConsole))
	a.handler = a.guard(a.withSession(bounded(mux)))
	return a
}

// bounded ends requests that are too large: only a policy may be.
func bounded(mux http.Handler) http.Handler {
	usual, large := http.MaxBytesHandler(mux, 2*maxBody), http.MaxBytesHandler(mux, maxTrial)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == trialPath {
			large.ServeHTTP(w, r)
			return
		}
		usual.ServeHTTP(w, r)
	})
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// Stats are counters and present numbers for metrics.
type Stats struct {
	StreamsOpen    int    // pages that listen to live events
	StreamsLimit   int    // of them at once: MaxStreams
	StreamsRefused uint64 // pages that found no place

	SessionsOpen    int
	SessionsLimit   int    // at once: MaxSessions
	SessionsEvicted uint64 // that ended early, to make room for another

	LinksUnused  int    // one-time links that may still be followed
	LinksLimit   int    // of them at once: MaxLinks
	LinksEvicted uint64 // that were worth nothing any more early, to make room for another
	LinksRefused uint64 // requests whose link was wrong, used before or too old
}

// Stats counts what happened since New.
func (a *API) Stats() Stats {
	s := a.links.stats(time.Now())
	s.StreamsOpen, s.StreamsLimit, s.StreamsRefused = len(a.streams), MaxStreams, a.refused.Load()
	return s
}

// plain are the answers that are not JSON.
func (a *API) plain(mux *http.ServeMux) {
	mux.HandleFunc("GET /link/{token}", a.followLink)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { sayPlain(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		var problems []string
		if a.cfg.Ready != nil {
			problems = a.cfg.Ready(r.Context())
		}
		if len(problems) == 0 {
			sayPlain(w, http.StatusOK, "ready")
			return
		}
		var text strings.Builder
		text.WriteString("not ready:")
		for _, p := range problems {
			// A line each, whatever the fault of a disk or network has in its text.
			text.WriteString("\n" + strings.Join(strings.Fields(p), " "))
		}
		sayPlain(w, http.StatusServiceUnavailable, text.String())
	})
	if a.cfg.Metrics != nil {
		mux.Handle("GET /metrics", a.cfg.Metrics)
	} else {
		mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
			sayPlain(w, http.StatusNotFound, "no metrics are kept here")
		})
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		sayProblem(w, http.StatusNotFound, "the API has no such path, or not with this method; /api/openapi.json names them all")
	})
}

// fault makes a store's error one for the client. What a client cannot mend is
// logged here: this is where it ends.
func (a *API) fault(what string, err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return huma.Error404NotFound("there is no such " + what)
	case errors.Is(err, store.ErrCursor):
		return huma.Error400BadRequest("the cursor is none that was given out here: begin again without one")
	case errors.Is(err, store.ErrAcknowledged):
		return huma.Error409Conflict("this " + what + " is acknowledged already; the first comment stays")
	case errors.Is(err, context.Canceled):
		return huma.NewError(499, "the client went away")
	}
	a.log.Error("api: a request failed", "about", what, "error", err)
	switch {
	case errors.Is(err, store.ErrNoSpace):
		return huma.Error503ServiceUnavailable("the disk of the console is full: nothing was written. What is shown is right, but may be old; make room and try again")
	case errors.Is(err, store.ErrReadOnly):
		return huma.Error503ServiceUnavailable("the disk of the console cannot be written: nothing was noted. What is shown is right, but may be old")
	}
	return huma.Error500InternalServerError("the console could not look it up; its log says why")
}

const layout = "2006-01-02T15:04:05.000000000Z"

func stamp(t time.Time) string { return t.UTC().Format(layout) }

// answer is a JSON body.
type answer[T any] struct{ Body T }
