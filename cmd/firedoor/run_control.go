package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"firedoor"
	"firedoor/internal/config"
	"firedoor/internal/confine"
	"firedoor/internal/gateway"
	"firedoor/internal/health"
	"firedoor/internal/sensor"
	"firedoor/internal/uplink"
)

// controlSocket is where a running process takes orders from whoever may use its
// data folder.
const controlSocket = "control.sock"

// maxSocketPath is how long the path of a socket may be on Linux.
const maxSocketPath = 107

// socketIn is the path of the control socket in a folder, or an error that names the folder and says by how much
// its path is too long.
func socketIn(dir string) (string, error) {
	path := filepath.Join(dir, controlSocket)
	if n := len(path); n > maxSocketPath {
		return "", fmt.Errorf("%s: its path is %d bytes too long for the socket in it: give a shorter one", dir, n-maxSocketPath)
	}
	return path, nil
}

// maxRefusal is how much is read of why an order is not carried out: a policy may have many faults.
const maxRefusal = 1 << 20

// maxOrder is how long an order may take.
const maxOrder = time.Minute

// control answers on the socket.
type control struct {
	listener net.Listener
	server   *http.Server
}

func (s *service) openControl(ctx context.Context) error {
	path := filepath.Join(s.cfg.Data.Dir, controlSocket)
	if running(ctx, s.cfg.Data.Dir) {
		return usageError{s.cfg.Data.Dir + ": another firedoor uses this data folder"}
	}
	_ = os.Remove(path) // of a process that was killed
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(err, l.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", s.status)
	mux.HandleFunc("POST /baseline/{order}", s.baseline)
	mux.HandleFunc("POST /collect", s.collect)
	mux.HandleFunc("POST /link", s.link)
	mux.HandleFunc("POST /simulation/begin", s.simulate)
	mux.HandleFunc("GET /simulation", s.plantState)
	s.control = &control{listener: l, server: &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}}
	return nil
}

// running tells whether a process uses a data folder.
func running(ctx context.Context, dir string) bool {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", filepath.Join(dir, controlSocket))
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

func (c *control) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = c.server.Close() })
	defer stop()
	if err := c.server.Serve(c.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("control socket: %w", err)
	}
	return nil
}

// processStatus is what firedoor status --json prints.
type processStatus struct {
	Version    string                `json:"version"`
	Site       string                `json:"site"`
	Roles      []string              `json:"roles"`
	Console    string                `json:"console,omitempty"`
	Sensor     *firedoor.SensorState `json:"sensor,omitempty"`
	Pause      string                `json:"pause_reason,omitempty"`
	Records    *sensor.OutboxStats   `json:"records,omitempty"`
	Snapshots  *sensor.SaveStats     `json:"snapshots,omitempty"`
	Uplink     uplink.Stats          `json:"uplink"`
	Gateway    *gateway.Status       `json:"gateway,omitempty"`
	Confined   confine.Report        `json:"confined"`
	Conditions []health.State        `json:"conditions"`
}

func (s *service) status(w http.ResponseWriter, r *http.Request) {
	st := processStatus{Version: version, Site: s.cfg.Site, Roles: s.cfg.Roles, Uplink: s.up.Stats(r.Context()),
		Confined: s.confine, Conditions: s.health.States()}
	if s.console != nil {
		st.Console = "http://" + s.console.Address() + "/"
	}
	if s.watch != nil {
		state := s.watch.State()
		records, snapshots := s.watch.Stats()
		st.Sensor, st.Records, st.Snapshots = &state, &records, &snapshots
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		if stage, reason, err := s.watch.Course(ctx); err == nil {
			st.Sensor.Stage, st.Pause = stage, reason
		}
	}
	reply(w, st)
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // whoever asked is gone
}

// done is the answer to an order that was carried out.
type done struct {
	Text string `json:"text"`
}

// baseline carries out an order about what is learned.
func (s *service) baseline(w http.ResponseWriter, r *http.Request) {
	if s.watch == nil {
		http.Error(w, "this process has no sensor", http.StatusConflict)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxOrder)
	defer cancel()
	text, err := s.carryOut(ctx, r.PathValue("order"), r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	s.log.Info("order carried out", "order", r.PathValue("order"), "result", text)
	reply(w, done{text})
}

func (s *service) carryOut(ctx context.Context, order string, q url.Values) (string, error) {
	switch order {
	case "learn":
		if q.Get("for") == "" {
			return "learning until told to watch", s.watch.LearnFor(ctx, 0)
		}
		length, err := config.ParseDuration(q.Get("for"))
		if err != nil || length <= 0 {
			return "", fmt.Errorf("--for %s: give a time, like 10m or 7d", q.Get("for"))
		}
		return "learning for " + length.String() + " of traffic", s.watch.LearnFor(ctx, length)
	case "watch":
		return "watching: what was not learned is told", s.watch.StartWatching(ctx)
	case "pause":
		return "maintenance window: what is new is told without alarm and not learned", s.watch.Pause(ctx, q.Get("reason"))
	case "resume":
		return "the maintenance window is over", s.watch.Resume(ctx)
	case "export":
		if err := s.within(q.Get("file")); err != nil {
			return "", err
		}
		return "exported to " + q.Get("file"), s.watch.Export(ctx, q.Get("file"))
	case "import":
		if err := s.within(q.Get("file")); err != nil {
			return "", err
		}
		return "imported from " + q.Get("file"), s.watch.Import(ctx, q.Get("file"))
	case "forget":
		return s.forget(ctx, q.Get("asset"))
	}
	return "", fmt.Errorf("no such order: %s", order)
}

// within says that a file must be where the process may read and write.
func (s *service) within(file string) error {
	dir, err := filepath.Abs(s.cfg.Data.Dir)
	if err != nil {
		return err
	}
	if filepath.Dir(file) != dir {
		return fmt.Errorf("%s: the process may only use files in its data folder: give one in %s", file, dir)
	}
	return nil
}

func (s *service) forget(ctx context.Context, asset string) (string, error) {
	var n int
	var err error
	if asset == "" {
		n, err = s.watch.ForgetAll(ctx)
	} else {
		id, ok := firedoor.ParseAssetID(asset)
		if !ok {
			return "", fmt.Errorf("%s: is no asset id (a- and twelve hexadecimal digits): the Assets room of the console shows them", asset)
		}
		n, err = s.watch.ForgetAsset(ctx, id)
	}
	return strconv.Itoa(n) + " statements forgotten", err
}

// link makes a new one-time link.
func (s *service) link(w http.ResponseWriter, _ *http.Request) {
	if s.console == nil {
		http.Error(w, "this process has no console", http.StatusConflict)
		return
	}
	reply(w, done{s.console.NewLink()})
}

// collect runs the garbage collector, for measuring.
func (s *service) collect(w http.ResponseWriter, r *http.Request) {
	if s.watch == nil {
		http.Error(w, "this process has no sensor", http.StatusConflict)
		return
	}
	live, err := s.watch.Collect(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	reply(w, map[string]uint64{"live_heap_bytes": live})
}

// ask sends an order to the process that uses a data folder.
func ask(ctx context.Context, data, method, path string, answer any) error {
	return askWith(ctx, data, method, path, nil, answer)
}

// unanswered says why a data folder's process gave no answer.
func unanswered(data string, err error) error {
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return usageError{fmt.Sprintf("no firedoor answers for the data folder %s: is it running, and are you the user it runs as?", data)}
	}
	return fmt.Errorf("the firedoor of the data folder %s gives no answer: it ends just now, or too many orders are under way; ask again", data)
}

// askWith is ask with a body. What the process cannot make sense of is a usageError.
func askWith(ctx context.Context, data, method, path string, body io.Reader, answer any) error {
	socket, err := socketIn(data)
	if err != nil {
		return usageError{"data folder " + err.Error()}
	}
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	req, err := http.NewRequestWithContext(ctx, method, "http://firedoor"+path, body)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return unanswered(data, err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end or of no use
	if resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal)) // what came says more than that not all did
		text := strings.TrimSpace(string(b))
		if resp.StatusCode == http.StatusBadRequest {
			return usageError{text}
		}
		return errors.New(text)
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}
