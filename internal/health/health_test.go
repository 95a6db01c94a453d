package health

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// serve starts a real server with the handlers of h.
func serve(t *testing.T, h *Health) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	h.Route(mux)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

func newHealth() (*Health, *bytes.Buffer) {
	var log bytes.Buffer
	return New(Build{"1.2.3", "abcdef", "go1"}, slog.New(slog.NewTextHandler(&log, nil))), &log
}

// lines are the lines of a text that begin with one of the prefixes.
func lines(text string, prefixes ...string) (out []string) {
	for line := range strings.Lines(text) {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(line, p) }) {
			out = append(out, strings.TrimSuffix(line, "\n"))
		}
	}
	return out
}

func TestMetrics(t *testing.T) {
	h, log := newHealth()
	var frames atomic.Uint64
	h.Add(func(emit Emit) {
		emit("firedoor_frames_total", Counter, "Frames read.", float64(frames.Add(7)), "interface", "eth1")
		emit("firedoor_frames_total", Counter, "Frames read.", 2, "interface", "eth\"2\xff")
		emit("firedoor_queue", Gauge, "Records waiting.", 3.5)
		Limit(emit, "flows", 262144, 5)
	})
	s := serve(t, h)
	for _, want := range []string{"7", "14"} { // sources are asked anew each time
		status, text := get(t, s.URL+"/metrics")
		got := lines(text, "firedoor_", "# TYPE firedoor_frames", "# TYPE firedoor_queue", "# HELP firedoor_limit")
		expected := []string{
			`firedoor_build_info{go="go1",revision="abcdef",version="1.2.3"} 1`,
			`# TYPE firedoor_frames_total counter`,
			`firedoor_frames_total{interface="eth\"2` + "\uFFFD" + `"} 2`,
			`firedoor_frames_total{interface="eth1"} ` + want,
			`# HELP firedoor_limit The most there may be of something.`,
			`firedoor_limit{name="flows"} 262144`,
			`# HELP firedoor_limit_hits_total How often a limit was hit.`,
			`firedoor_limit_hits_total{name="flows"} 5`,
			`# TYPE firedoor_queue gauge`,
			`firedoor_queue 3.5`,
			`firedoor_series_left_out 0`,
		}
		if status != 200 || !slices.Equal(got, expected) {
			t.Errorf("status %d, metrics\n  %s\nwant\n  %s", status, strings.Join(got, "\n  "), strings.Join(expected, "\n  "))
		}
		for _, name := range []string{"go_goroutines ", "process_resident_memory_bytes ", "process_open_fds "} {
			if len(lines(text, name)) != 1 {
				t.Errorf("no metric %s", name)
			}
		}
	}
	if log.Len() > 0 {
		t.Errorf("logged %s", log)
	}
}

// TestBadSources: what one source does wrong is told and does not take the
// others away.
func TestBadSources(t *testing.T) {
	for name, bad := range map[string]Source{
		`firedoor_a b\": a name`: func(emit Emit) { emit("firedoor_a b", Gauge, "A.", 1) },
		"does not begin with":    func(emit Emit) { emit("frames_total", Counter, "A.", 1) },
		"ends in _total":         func(emit Emit) { emit("firedoor_frames", Counter, "A.", 1) },
		"nothing else does":      func(emit Emit) { emit("firedoor_frames_total", Gauge, "A.", 1) },
		"label has no value":     func(emit Emit) { emit("firedoor_frames", Gauge, "A.", 1, "a") },
		"collected before":       func(emit Emit) { emit("firedoor_twice", Gauge, "A.", 1); emit("firedoor_twice", Gauge, "A.", 2) },
		`0 x\": a name`:          func(emit Emit) { emit("firedoor_d", Gauge, "A.", 1, "0 x", "a") },
		"source of metrics fail": func(emit Emit) { panic("no numbers today") },
	} {
		h, log := newHealth()
		h.Add(bad)
		h.Add(func(emit Emit) { emit("firedoor_good", Gauge, "Good.", 1) })
		s := serve(t, h)
		status, text := get(t, s.URL+"/metrics")
		if status != 200 || len(lines(text, "firedoor_good 1")) != 1 {
			t.Errorf("%s: status %d, and the good source is lost:\n%s", name, status, text)
		}
		if !strings.Contains(log.String(), name) || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("logged %q, want one line with %q", log, name)
		}
		_, text = get(t, s.URL+"/metrics")
		if len(lines(text, `promhttp_metric_handler_errors_total{cause="gathering"} 1`)) != 1 {
			t.Errorf("%s: not counted", name)
		}
	}
}

func TestSeriesAreBounded(t *testing.T) {
	h, _ := newHealth()
	h.Add(func(emit Emit) {
		for i := range MaxSeries + 10 {
			emit("firedoor_many", Gauge, "Many.", 1, "i", fmt.Sprint(i))
		}
	})
	h.Add(func(emit Emit) { emit("firedoor_late", Gauge, "Late.", 1) })
	_, text := get(t, serve(t, h).URL+"/metrics")
	// One is taken by firedoor_build_info.
	if n := len(lines(text, "firedoor_many{")); n != MaxSeries-1 || len(lines(text, "firedoor_series_left_out 12")) != 1 {
		t.Errorf("%d series, %v", n, lines(text, "firedoor_series"))
	}
}

func TestReadiness(t *testing.T) {
	h, _ := newHealth()
	s := serve(t, h)
	expect := func(path string, status int, text string) {
		t.Helper()
		if gotStatus, got := get(t, s.URL+path); gotStatus != status || got != text {
			t.Errorf("%s is %d %q, want %d %q", path, gotStatus, got, status, text)
		}
	}
	expect("/readyz", 200, "ok\n")
	var store, disk error
	h.Condition("store", func() error { return store })
	h.Condition("disk", func() error { return disk })
	expect("/readyz", 200, "store: ok\ndisk: ok\n")
	disk = errors.New("is full\nfor good")
	expect("/readyz", 503, "store: ok\ndisk: not ready: is full for good\n")
	expect("/healthz", 200, "ok\n")
	_, text := get(t, s.URL+"/metrics")
	if got, want := lines(text, "firedoor_condition"), []string{`firedoor_condition{name="disk"} 0`, `firedoor_condition{name="store"} 1`}; !slices.Equal(got, want) {
		t.Errorf("metrics say %q, want %q", got, want)
	}
	h.Condition("disk", func() error { return nil })
	expect("/readyz", 200, "store: ok\ndisk: ok\n")
	store = errors.New("locked")
	if got, want := h.States(), []State{{"store", false, "locked"}, {"disk", true, ""}}; !slices.Equal(got, want) {
		t.Errorf("states are %+v, want %+v", got, want)
	}
	answer, err := http.Post(s.URL+"/readyz", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered with %d", answer.StatusCode)
	}
}

// TestNoGlobalState: two of them in one process do not meet.
func TestNoGlobalState(t *testing.T) {
	a, _ := newHealth()
	b, _ := newHealth()
	a.Add(func(emit Emit) { emit("firedoor_a", Gauge, "A.", 1) })
	a.Condition("a", func() error { return errors.New("not yet") })
	if _, text := get(t, serve(t, b).URL+"/metrics"); strings.Contains(text, "firedoor_a ") {
		t.Error("one shows the metrics of the other")
	}
	if status, _ := get(t, serve(t, b).URL+"/readyz"); status != 200 {
		t.Error("one has the conditions of the other")
	}
}

// TestAtOnce is for the race detector: all methods at the same time.
func TestAtOnce(t *testing.T) {
	h, _ := newHealth()
	s := serve(t, h)
	var wg sync.WaitGroup
	for i := range maxScrapes {
		wg.Go(func() {
			for range 5 {
				h.Add(func(emit Emit) { emit("firedoor_some", Gauge, "Some.", 1, "i", fmt.Sprint(i)) })
				h.Condition(fmt.Sprint(i), func() error { return nil })
				for _, path := range []string{"/metrics", "/readyz"} {
					if answer, err := http.Get(s.URL + path); err == nil {
						answer.Body.Close()
					}
				}
			}
		})
	}
	wg.Wait()
	if n := len(h.States()); n != maxScrapes {
		t.Errorf("%d conditions, want %d", n, maxScrapes)
	}
}

func TestReadBuild(t *testing.T) {
	if b := ReadBuild("1.0"); b.Version != "1.0" || !strings.HasPrefix(b.Go, "go1.") {
		t.Errorf("build is %+v", b)
	}
}
