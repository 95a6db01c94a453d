package health

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxScrapes is how many may read the metrics at once; another is answered with
// status 503.
const maxScrapes = 4

// Build is what the program was made from.
type Build struct {
	Version  string // as set by the linker, or "development"
	Revision string // of the source, the first 12 digits; "" if it is not known
	Go       string // version of the compiler
}

// ReadBuild completes a version with what the compiler left in the program.
func ReadBuild(version string) Build {
	b := Build{Version: version}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Go = info.GoVersion
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Revision = s.Value[:min(12, len(s.Value))]
		}
	}
	return b
}

// Health gathers metrics and conditions. Its methods may be called by several
// goroutines at once.
type Health struct {
	log      *slog.Logger
	registry *prometheus.Registry

	mu         sync.Mutex
	sources    []Source
	conditions []condition
}

type condition struct {
	name  string
	check func() error
}

// New returns a Health that knows the build, the Go runtime and the process, and
// is ready as long as no condition is added. The process's own figures are read
// from /proc/self: where that is forbidden they are missing.
func New(b Build, log *slog.Logger) *Health {
	h := &Health{log: log, registry: prometheus.NewRegistry()}
	h.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		&gatherer{h},
	)
	h.Add(func(emit Emit) {
		emit("firedoor_build_info", Gauge, "What the program was made from; always 1.", 1,
			"version", b.Version, "revision", b.Revision, "go", b.Go)
	})
	h.Add(h.emitConditions)
	return h
}

// Add adds a source of metrics. It is called for every scrape, perhaps by
// several at once, and must not wait for anything.
func (h *Health) Add(s Source) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sources = append(h.sources, s)
}

// Condition adds something that must be so for the program to be ready; check
// returns why it is not, or nil, and must not wait for anything. A condition of
// the same name is replaced.
func (h *Health) Condition(name string, check func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.conditions {
		if h.conditions[i].name == name {
			h.conditions[i].check = check
			return
		}
	}
	h.conditions = append(h.conditions, condition{name, check})
}

// State is one condition as it is now.
type State struct {
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Problem string `json:"problem,omitempty"` // why not, in one line
}

// States are all conditions as they are now, in the order they were added.
func (h *Health) States() []State {
	h.mu.Lock()
	conditions := slices.Clone(h.conditions)
	h.mu.Unlock()
	out := make([]State, len(conditions))
	for i, c := range conditions {
		out[i] = State{Name: c.name, OK: true}
		if err := c.check(); err != nil {
			out[i].OK, out[i].Problem = false, strings.Join(strings.Fields(err.Error()), " ")
		}
	}
	return out
}

func (h *Health) emitConditions(emit Emit) {
	for _, s := range h.States() {
		value := 0.0
		if s.OK {
			value = 1
		}
		emit("firedoor_condition", Gauge, "1 while a condition of readiness is fulfilled.", value, "name", s.Name)
	}
}

// Route puts GET /metrics, /readyz and /healthz on a mux. Who may reach them is
// for the mux's owner to decide.
func (h *Health) Route(mux *http.ServeMux) {
	mux.Handle("GET /metrics", h.Metrics())
	mux.HandleFunc("GET /readyz", h.Ready)
	mux.HandleFunc("GET /healthz", h.Alive)
}

// Metrics serves all metrics in the format of Prometheus. A source that fails or
// emits what makes no sense is left out, logged, and counted in
// promhttp_metric_handler_errors_total; the others are served.
func (h *Health) Metrics() http.Handler {
	return promhttp.HandlerFor(h.registry, promhttp.HandlerOpts{
		ErrorLog:            scrapeLog{h.log},
		ErrorHandling:       promhttp.ContinueOnError,
		Registry:            h.registry,
		MaxRequestsInFlight: maxScrapes,
	})
}

// scrapeLog is where the handler tells what it could not serve.
type scrapeLog struct{ log *slog.Logger }

// Println logs one line.
func (l scrapeLog) Println(v ...any) {
	l.log.Warn("metrics: some are left out", "error", strings.Join(strings.Fields(fmt.Sprintln(v...)), " "))
}

// Ready lists each condition and its state, a line each, with status 503 if one
// is not fulfilled.
func (h *Health) Ready(w http.ResponseWriter, _ *http.Request) {
	var b strings.Builder
	status := http.StatusOK
	for _, s := range h.States() {
		if !s.OK {
			status = http.StatusServiceUnavailable
			fmt.Fprintf(&b, "%s: not ready: %s\n", s.Name, s.Problem)
			continue
		}
		fmt.Fprintf(&b, "%s: ok\n", s.Name)
	}
	if b.Len() == 0 {
		b.WriteString("ok\n")
	}
	answer(w, status, b.String())
}

// Alive answers as long as the program can answer at all.
func (h *Health) Alive(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, "ok\n")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // who asked has gone: there is nobody to tell
}
