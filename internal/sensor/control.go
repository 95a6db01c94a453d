package sensor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"firedoor"
	"firedoor/internal/detect"
	"firedoor/internal/flow"
	"firedoor/internal/inventory"
	"firedoor/internal/snapshot"
)

// exportVersion is that of exported baselines. It is far from those of the state,
// so that nobody takes one for the other.
const (
	exportVersion = exportFirst
	exportFirst   = 1<<16 + 1
)

// StageError says that an order does not fit the stage a baseline is in.
type StageError struct {
	Order string
	Stage firedoor.Stage
	Hint  string
}

// Error says what to do.
func (e *StageError) Error() string {
	return fmt.Sprintf("%s: the baseline is %s now; %s", e.Order, e.Stage, e.Hint)
}

// LearnFor begins learning, or goes on with it, for so much traffic time; 0 is
// until told. What was learned before stays.
func (w *Watch) LearnFor(ctx context.Context, length time.Duration) error {
	what := "learn until told"
	if length > 0 {
		what = "learn for " + length.String()
	}
	return w.change(ctx, what, func() error {
		w.learn(length)
		return nil
	})
}

// StartWatching ends learning, or a maintenance window, now.
func (w *Watch) StartWatching(ctx context.Context) error {
	return w.change(ctx, "watch", func() error {
		switch w.course.Stage {
		case firedoor.NoBaseline:
			return &StageError{"watch", w.course.Stage, "learn first"}
		case firedoor.Paused:
			return w.resume()
		case firedoor.Learning:
			w.watch()
		}
		return nil
	})
}

// MaxReason is how long the reason of a maintenance window may be, in bytes.
const MaxReason = 200

// Pause begins a maintenance window; reason is what alerts in it say.
func (w *Watch) Pause(ctx context.Context, reason string) error {
	if reason == "" {
		return errors.New("pause: a maintenance window needs a reason")
	}
	if len(reason) > MaxReason {
		return fmt.Errorf("pause: the reason has %d bytes, at most %d are allowed", len(reason), MaxReason)
	}
	return w.change(ctx, "pause: "+reason, func() error { return w.pause(reason) })
}

// Resume ends a maintenance window.
func (w *Watch) Resume(ctx context.Context) error {
	return w.change(ctx, "resume", func() error {
		if w.course.Stage != firedoor.Paused {
			return &StageError{"resume", w.course.Stage, "there is no maintenance window to end"}
		}
		return w.resume()
	})
}

// ForgetAll forgets all statements: everything is new again, or is learned again.
// Devices stay known.
func (w *Watch) ForgetAll(ctx context.Context) (n int, err error) {
	return w.forget(ctx, "forget all", func(firedoor.AssetID, firedoor.AssetID) bool { return true })
}

// ForgetAsset forgets what one device asked and was asked.
func (w *Watch) ForgetAsset(ctx context.Context, id firedoor.AssetID) (n int, err error) {
	return w.forget(ctx, "forget "+id.String(), func(client, server firedoor.AssetID) bool { return client == id || server == id })
}

func (w *Watch) forget(ctx context.Context, what string, of func(client, server firedoor.AssetID) bool) (n int, err error) {
	err = w.change(ctx, what, func() error {
		defer func() { w.book.skip(w.p.view().lanes) }()
		for i := range lanes {
			l := w.p.lane(i)
			n += l.forget(func(conv, _ int32) bool {
				c := l.table.Conversation(conv)
				client, _ := w.p.site.inventory.At(c.Segment, c.Client, c.ClientMAC)
				server, _ := w.p.site.inventory.At(c.Segment, c.Server, c.ServerMAC)
				return of(client, server)
			})
		}
		return nil
	})
	return n, err
}

// Export writes what was learned into a file, for a sensor of the same network.
func (w *Watch) Export(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: is there already, and an export overwrites nothing", path)
	}
	return w.change(ctx, "export "+path, func() error { return w.export(path) })
}

// export writes what was learned. Nothing may be under way.
func (w *Watch) export(path string) error {
	body, err := w.state()
	if err != nil {
		return err
	}
	var all stored
	if _, err := stateCodec.Load(body, &all); err != nil {
		return err
	}
	out := stored{Parts: map[string][]byte{}}
	for name, part := range all.Parts {
		if learnedPart(name) {
			out.Parts[name] = part
		}
	}
	if out.Parts["segments"], err = stateCodec.Append(nil, &w.feed.scopes); err != nil {
		return err
	}
	if body, err = stateCodec.Append(nil, &out); err != nil {
		return err
	}
	return snapshot.Write(path, exportVersion, body)
}

// Import takes over what another sensor exported; what this one learned is
// replaced, and it watches from now on. Flows under way go on.
func (w *Watch) Import(ctx context.Context, path string) error {
	body, version, _, err := snapshot.Read(path, exportVersion)
	if errors.Is(err, snapshot.ErrNone) {
		return fmt.Errorf("%s: %w", path, os.ErrNotExist)
	}
	if err != nil {
		return err
	}
	if version < exportFirst {
		return fmt.Errorf("%s: is the state of a sensor and no exported baseline", path)
	}
	return w.change(ctx, "import "+path, func() error { return w.takeOver(body) })
}

func (w *Watch) takeOver(body []byte) error {
	var in stored
	if _, err := stateCodec.Load(body, &in); err != nil {
		return err
	}
	own, err := w.state()
	if err != nil {
		return err
	}
	err = w.restore(body, learnedPart)
	if err == nil {
		_, err = stateCodec.Load(in.Parts["segments"], &w.feed.scopes)
	}
	if err != nil { // in part overwritten: back to what there was
		return errors.Join(fmt.Errorf("nothing was taken over: %w", err), w.restore(own, nil))
	}
	for i := range lanes {
		w.p.lane(i).endFlows()
	}
	w.p.site.learned, w.p.site.armed = true, true
	w.p.site.inventory.Freeze()
	w.book.skip(w.p.view().lanes)
	w.unpause()
	w.enter(firedoor.Watching)
	return nil
}

// Collect runs the garbage collector at a moment at which nothing is under way,
// and tells how much is live then: for measuring.
func (w *Watch) Collect(ctx context.Context) (live uint64, err error) {
	err = w.order(ctx, func() error {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		live = m.HeapAlloc
		return nil
	})
	return live, err
}

// change is an order that changes what is to be stored; what it says stands in
// the journal before it is carried out.
func (w *Watch) change(ctx context.Context, what string, do func() error) error {
	return w.order(ctx, func() error {
		w.changed = true
		w.book.order(w.feed.clock.now, what)
		return do()
	})
}

// Course tells about the baseline: the stage, and why it is paused.
func (w *Watch) Course(ctx context.Context) (stage firedoor.Stage, reason string, err error) {
	err = w.order(ctx, func() error {
		stage, reason = w.course.Stage, w.course.Reason
		return nil
	})
	return stage, reason, err
}

// Alive tells whether the watch comes round to its duties before ctx is done.
func (w *Watch) Alive(ctx context.Context) bool {
	return w.order(ctx, func() error { return nil }) == nil
}

// Limits are the most there may be of what can fill up, by the names that
// SensorState.Limits uses.
func (w *Watch) Limits() []firedoor.Limit {
	return []firedoor.Limit{{Name: "flows", Times: MaxFlows}, {Name: "conversations", Times: MaxConversations},
		{Name: "distinct operations", Times: MaxStatements}, {Name: "unanswered operations", Times: maxAsks},
		{Name: "callers of everybody", Times: maxCallers}, {Name: "segments", Times: flow.MaxScopes}, {Name: "assets", Times: inventory.DefaultMaxAssets}, {Name: "alerts", Times: detect.MaxAlerts},
		{Name: "conversations without operations", Times: MaxConversations}, {Name: "addresses", Times: inventory.DefaultMaxAddresses},
		{Name: "disputed addresses", Times: inventory.MaxContests},
		{Name: "pairs that tell roles", Times: inventory.MaxEdges}}
}
