package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"firedoor"
	"firedoor/internal/packet"
	"firedoor/internal/plant/factory"
	"firedoor/internal/plant/scenario"
	scoring "firedoor/internal/plant/score"
	"firedoor/internal/plant/truth"
	"firedoor/internal/protocol/all"
	"firedoor/internal/sensor"
)

type plantRunCommand struct {
	plantWords
	plantLearn
	Days   float64 `default:"1" help:"How many days the plant works, in its own time." placeholder:"D"`
	Score  bool    `help:"Compare what was found with what really happened. Without a --scenario, with every one of the list."`
	JSON   bool    `name:"json" help:"Print the comparison as JSON."`
	Out    *string `help:"Write truth.json, alerts.json, score.json, assets.json, conversations.json and outcome.json there, and with --policy stopped.jsonl." placeholder:"DIR"`
	Data   *string `help:"Folder from which a run that was stopped goes on (default: one in the user's cache)." placeholder:"DIR"`
	Shards *int    `help:"How many cores to use, 1 to 16 (default: all)." placeholder:"N"`
}

// Run lets the factory work and a sensor watch it, in one process without a file.
func (r *plantRunCommand) Run(ctx context.Context, m *Main) error {
	length := time.Duration(r.Days * float64(scenario.Day))
	if !(r.Days > 0) || r.Days > 400 {
		return usageError{fmt.Sprintf("--days %v: more than 0 and at most 400", r.Days)}
	}
	learn, err := r.learning(length)
	if err != nil {
		return err
	}
	if r.JSON && !r.Score {
		return usageError{"--json: prints the comparison, which --score asks for"}
	}
	if r.Score && len(r.Scenario) == 0 {
		r.Scenario = []string{"all"}
	}
	f, err := r.build(length, learn)
	if err != nil {
		return err
	}
	if r.Out != nil { // before the days are spent
		if err := os.MkdirAll(*r.Out, 0o755); err != nil {
			return usageError{fmt.Sprintf("--out %s: %v", *r.Out, reason(err))}
		}
	}
	dir, err := r.folder()
	if err != nil {
		return err
	}
	plan, err := r.plan(m)
	if err != nil {
		return err
	}
	g, err := guard(f, plan, learn, r.Out)
	if err != nil {
		return err
	}
	w, err := r.watch(ctx, m, f, dir, length, learn)
	if err != nil {
		return err
	}
	if err := errors.Join(g.end(r.Out), r.tell(m, f, w, learn)); err != nil {
		return err
	}
	if plan != nil && !r.JSON {
		if err := g.write(m.Stdout); err != nil {
			return err
		}
	}
	if r.Data != nil {
		return nil
	}
	return os.RemoveAll(dir) // it is over: the same words begin anew
}

// folder is where the run keeps its state: named after all that it is made of, so
// that only the same run goes on from it.
func (r *plantRunCommand) folder() (string, error) {
	if r.Data != nil {
		return *r.Data, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", usageError{fmt.Sprintf("--data: give a folder: %v", err)}
	}
	h := fnv.New64a()
	if self, err := os.Executable(); err == nil { // another build may behave otherwise
		if info, err := os.Stat(self); err == nil {
			_, _ = fmt.Fprintln(h, info.Size(), info.ModTime().UnixNano()) // a hash takes everything
		}
	}
	_, _ = fmt.Fprintln(h, version, r.Seed, r.Hosts, r.Start, r.Days, r.Learn, strings.Join(r.Scenario, " "))
	if r.Policy != nil { // another policy makes another run
		if text, err := os.ReadFile(*r.Policy); err == nil {
			_, _ = h.Write(text)
		}
	}
	return filepath.Join(cache, "firedoor", "plant", fmt.Sprintf("%016x", h.Sum64())), nil
}

// watch runs the two together.
func (r *plantRunCommand) watch(ctx context.Context, m *Main, f *factory.Factory, dir string, length, learn time.Duration) (*sensor.Watch, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, usageError{fmt.Sprintf("data folder %s: %v", dir, reason(err))}
	}
	o := sensor.WatchOptions{Name: "plant", Version: version, Learn: sensor.Learning{For: learn}, Dir: dir, Once: true,
		Shards: min(runtime.GOMAXPROCS(0), sensor.MaxShards), Log: slog.New(slog.NewTextHandler(m.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Publish: func(context.Context, []firedoor.Record) error { return nil }, // what was found is read in the end
	}
	if r.Shards != nil {
		if o.Shards = *r.Shards; o.Shards < 1 || o.Shards > sensor.MaxShards {
			return nil, usageError{fmt.Sprintf("--shards %d: give a number from 1 to %d", *r.Shards, sensor.MaxShards)}
		}
	}
	bar := progressBar{w: m.Stderr, unit: simulated}
	live := &shownStream{Stream: f.Stream("plant", length), f: f}
	if m.Terminal {
		live.show = func(now time.Duration) { bar.show(int64(now), int64(length)) }
	}
	o.Frames = live
	w, err := sensor.NewWatch(o, all.List)
	if err != nil {
		return nil, err
	}
	err = w.Run(ctx)
	bar.clear()
	if ctx.Err() != nil {
		fmt.Fprintf(m.Stderr, "firedoor: stopped after %s of the plant's time; the same words go on from there\n", f.Now().Round(time.Minute))
	}
	if err == nil && f.Now() < length && ctx.Err() == nil {
		// The run was over before: what really happened is found again.
		if err = live.Skip(ctx, math.MaxUint64); errors.Is(err, io.ErrUnexpectedEOF) {
			err = nil
		}
	}
	return w, errors.Join(err, ctx.Err())
}

// shownStream tells how far the plant's time has come.
type shownStream struct {
	*factory.Stream
	f    *factory.Factory
	show func(now time.Duration) // may be nil
}

// Fill hands over frames and tells.
func (s *shownStream) Fill(ctx context.Context, dst []packet.Frame, buf []byte) (int, error) {
	n, err := s.Stream.Fill(ctx, dst, buf)
	if s.show != nil {
		s.show(s.f.Now())
	}
	return n, err
}

// simulated says how far a simulation has come, of nanoseconds.
func simulated(done, total int64) string {
	return fmt.Sprintf("%s of %s", scenario.FormatDuration(time.Duration(done).Round(time.Minute)), scenario.FormatDuration(time.Duration(total)))
}

// tell writes what was found.
func (r *plantRunCommand) tell(m *Main, f *factory.Factory, w *sensor.Watch, learn time.Duration) error {
	var alerts strings.Builder
	if err := w.WriteAlerts(&alerts); err != nil {
		return err
	}
	t := f.Truth()
	var lines []firedoor.AlertLine
	if err := json.Unmarshal([]byte(alerts.String()), &lines); err != nil {
		return err
	}
	var report *scoring.Report
	if r.Score {
		var err error
		if report, err = scoring.Score(t, lines, scoring.Options{From: t.Start + truth.Moment(learn)}); err != nil {
			return err
		}
	}
	if r.Out != nil {
		if err := r.write(t, alerts.String(), report, w); err != nil {
			return err
		}
	}
	switch {
	case report == nil:
		fmt.Fprintf(m.Stdout, "%g days of a plant with %d devices: %d things happened, %d alerts\n", r.Days, t.Assets, len(t.Entries), len(lines))
		return nil
	case r.JSON:
		return report.JSON(m.Stdout)
	}
	return report.Write(m.Stdout)
}

// write puts everything into the folder that was asked for.
func (r *plantRunCommand) write(t *truth.File, alerts string, report *scoring.Report, w *sensor.Watch) error {
	err := errors.Join(t.WriteFile(filepath.Join(*r.Out, "truth.json")), os.WriteFile(filepath.Join(*r.Out, "alerts.json"), []byte(alerts), 0o644),
		writeTo(filepath.Join(*r.Out, "assets.json"), w.WriteAssets), writeTo(filepath.Join(*r.Out, "conversations.json"), w.WriteConversations))
	if report != nil {
		err = errors.Join(err, writeTo(filepath.Join(*r.Out, "score.json"), report.JSON))
	}
	return err
}

func writeTo(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}

type plantScoreCommand struct {
	Truth  string        `required:"" help:"truth.json of the plant." placeholder:"FILE"`
	Alerts string        `required:"" help:"alerts.json of whoever watched it." placeholder:"FILE"`
	Grace  time.Duration `default:"10m" help:"How long after its end an alert still belongs to what happened." placeholder:"10m"`
	Learn  string        `help:"How long was learned before anything could be told; then only what came after counts for rates." placeholder:"12h"`
	JSON   bool          `name:"json" help:"Print the comparison as JSON."`
}

// Run compares the two files.
func (s *plantScoreCommand) Run(m *Main) error {
	if s.Grace < 0 {
		return usageError{fmt.Sprintf("--grace %s: cannot be less than nothing", s.Grace)}
	}
	t, err := truth.Read(s.Truth)
	if err != nil {
		return usageError{err.Error()}
	}
	alerts, err := scoring.ReadAlerts(s.Alerts)
	if err != nil {
		return usageError{err.Error()}
	}
	o := scoring.Options{Grace: s.Grace}
	if s.Learn != "" {
		learn, err := scenario.ParseDuration(s.Learn)
		if err != nil {
			return usageError{fmt.Sprintf("--learn %s: give a time as 90m or 2d", s.Learn)}
		}
		o.From = t.Start + truth.Moment(learn)
	}
	report, err := scoring.Score(t, alerts, o)
	if err != nil {
		return usageError{err.Error()}
	}
	if s.JSON {
		return report.JSON(m.Stdout)
	}
	return report.Write(m.Stdout)
}
