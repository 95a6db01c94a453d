package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"firedoor/internal/api"
	"firedoor/internal/config"
	"firedoor/internal/plant/scenario"
)

// demoCommand shows the product at work on the virtual factory.
type demoCommand struct {
	plantWords
	Learn  string  `default:"2h" help:"How much of the plant's time is learned first, as fast as this machine can." placeholder:"2h"`
	Speed  float64 `default:"10" help:"How many times faster than life the plant goes then." placeholder:"X"`
	Data   string  `help:"Folder of what was learned and found (default: one in the user's cache, emptied at the start)." placeholder:"DIR"`
	Listen *string `help:"Address of the console, on this machine only." placeholder:"127.0.0.1:PORT"`
}

// demoStart is a Wednesday at nine, local time: everybody is at work.
const demoStart = "2026-03-04T08:00:00Z"

// Limits of the pace.
const maxDemoSpeed = 1000

// Run lets the factory, a sensor and a console work together until it is told to stop.
func (d *demoCommand) Run(ctx context.Context, m *Main) error {
	learn, err := scenario.ParseDuration(d.Learn)
	if err != nil || learn <= 0 {
		return usageError{fmt.Sprintf("--learn %s: give a time as 90m or 8h", d.Learn)}
	}
	if !(d.Speed > 0) || d.Speed > maxDemoSpeed {
		return usageError{fmt.Sprintf("--speed %v: more than 0 and at most %d", d.Speed, maxDemoSpeed)}
	}
	if d.Start == "" {
		d.Start = demoStart
	}
	f, err := d.build(learn+scenario.Day, learn)
	if err != nil {
		return err
	}
	cfg := config.Default()
	cfg.Site = "virtual factory"
	cfg.Learn.For = config.Learning{Time: learn}
	override(&cfg.Console.Listen, d.Listen)
	if cfg.Data.Dir, err = d.folder(ctx); err != nil {
		return err
	}
	s, err := openService(ctx, &service{m: m, cfg: &cfg, show: newShow(f, learn, d.Speed)})
	if err != nil {
		return err
	}
	fmt.Fprintf(m.Stderr, "%s of the plant's life are learned first, as fast as this machine can; then it goes on at %g times its own pace.\n"+
		"Start an attack on the page, in the room Factory, or with: firedoor plant start NAME --data %s\n", scenario.FormatDuration(learn), d.Speed, cfg.Data.Dir)
	return s.run(ctx)
}

// folder is where the demo keeps what it learned and found. One that was not named
// is emptied first: when it ends, the process may not remove it any more.
func (d *demoCommand) folder(ctx context.Context) (string, error) {
	if d.Data != "" {
		return d.Data, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", usageError{fmt.Sprintf("--data: give a folder: %v", err)}
	}
	dir := filepath.Join(cache, "firedoor", "demo")
	if running(ctx, dir) {
		return "", usageError{"another demo is running: give this one a folder of its own with --data"}
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", usageError{fmt.Sprintf("%s: cannot be emptied: %v", dir, reason(err))}
	}
	return dir, nil
}

type plantStartCommand struct {
	Scenario string `arg:"" help:"A name of the list, or a file."`
	Data     string `required:"" help:"Folder of the demo that runs." placeholder:"DIR"`
}

// Run asks a running demo to start a scenario.
func (p *plantStartCommand) Run(ctx context.Context, m *Main) error {
	if strings.Contains(p.Scenario, "@") {
		return usageError{fmt.Sprintf("%s: it begins now, so no time can stand behind an @", p.Scenario)}
	}
	x, err := scenario.Load(p.Scenario) // here: the demo may not read what its user may
	if err != nil {
		return usageError{err.Error()}
	}
	q := url.Values{"scenario": {x.Name}}
	if x.File == p.Scenario {
		text, err := os.ReadFile(p.Scenario)
		if err != nil {
			return usageError{err.Error()}
		}
		q = url.Values{"file": {filepath.Base(p.Scenario)}, "text": {string(text)}}
	}
	var answer done
	if err := ask(ctx, p.Data, http.MethodPost, "/simulation/begin?"+q.Encode(), &answer); err != nil {
		return err
	}
	_, err = fmt.Fprintln(m.Stdout, answer.Text)
	return err
}

// simulate carries out an order about the simulated plant.
func (s *service) simulate(w http.ResponseWriter, r *http.Request) {
	if s.show == nil {
		http.Error(w, "this process watches no simulated plant: start firedoor demo", http.StatusConflict)
		return
	}
	q := r.URL.Query()
	name := q.Get("scenario")
	begin := func() (string, error) { return s.show.Begin(name) }
	if file := q.Get("file"); file != "" {
		name = file
		begin = func() (string, error) { return s.show.beginText(file, []byte(q.Get("text"))) }
	}
	id, err := begin()
	var wrong *api.SimulationError
	switch {
	case errors.As(err, &wrong):
		http.Error(w, wrong.Text, http.StatusConflict)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		s.log.Info("scenario started", "scenario", name, "id", id)
		reply(w, done{name + " begins"})
	}
}

// plantState prints the simulated plant's state, as the page gets it.
func (s *service) plantState(w http.ResponseWriter, _ *http.Request) {
	if s.show == nil {
		http.Error(w, "this process watches no simulated plant", http.StatusConflict)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s.show.State()) // whoever asked is gone
}

var _ api.Simulation = (*show)(nil)

// stamped is a time as the API writes it; empty for none.
func stamped(ns int64) string {
	if ns == 0 {
		return ""
	}
	return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000000000Z07:00")
}
