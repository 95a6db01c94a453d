package sensor

import (
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"firedoor"
	"firedoor/internal/eventlog"
	"firedoor/internal/snapshot"
)

// duties are what a watch does from time to time, by the machine's clock, when
// nothing is under way. Each has a time of its own, and none takes longer than
// nobody has to wait for.
type duties struct {
	w        *Watch
	describe time.Time // when it is due
	tell     time.Time
	store    time.Time
	retell   time.Time
	stored   uint64 // index of the feed when the state was stored last

	writing sync.Mutex  // the state is being written
	clean   atomic.Bool // it was written as it was when it was stored last
	writers sync.WaitGroup
	syncing sync.Mutex // the journal is being made durable
}

// retellEvery is how often all alerts are told once more: a stream that was full
// may have let one go before the console saw it.
const retellEvery = time.Hour

func (w *Watch) duties() *duties {
	now := time.Now()
	return &duties{w: w, describe: now, tell: now, store: now.Add(w.o.SnapshotEvery), retell: now.Add(retellEvery)}
}

func (d *duties) next() time.Time {
	next := d.store
	for _, t := range []time.Time{d.tell, d.describe} {
		if t.Before(next) {
			next = t
		}
	}
	return next
}

func (d *duties) due(now time.Time) bool { return !now.Before(d.next()) }

func (d *duties) do(now time.Time) {
	if !now.Before(d.describe) {
		d.describe = now.Add(tellEvery)
		d.w.tellState(now)
		d.sync()
	}
	if !now.Before(d.tell) {
		d.telling(now)
	}
	if !now.Before(d.store) {
		d.storing(now)
	}
	if !now.Before(d.retell) {
		d.retell = now.Add(retellEvery)
		d.w.p.site.board.Each(d.w.putAlert)
	}
}

// last is done once more when a watch ends: all that is news is told, and the
// state is stored.
func (d *duties) last(now time.Time) {
	w := d.w
	w.tellAlerts()
	w.book.allRuns(w.p.view(), w.feed.clock.now)
	if err := w.teller.all(w.p.view(), now); err != nil {
		w.o.Log.Error("what there is cannot be told", "problem", err)
	}
	w.tellState(now)
	d.writers.Wait()
	d.clean.Store(false)
	d.storing(now)
	d.writers.Wait()
	if w.o.Journal != nil {
		w.o.Journal.Sync()
	}
}

// telling goes on with the round of telling; what it takes is at most a share of
// 1/tellShare of the time.
func (d *duties) telling(now time.Time) {
	w := d.w
	if err := w.teller.some(w.p.view(), now); err != nil {
		w.o.Log.Error("what there is cannot be told", "problem", err)
	}
	w.book.someRuns(w.p.view(), w.feed.clock.now)
	every := tellEvery
	if w.teller.busy() || w.book.busy() {
		every = 0
	}
	d.tell = time.Now().Add(max(every, tellShare*time.Since(now)))
}

// sync makes the journal durable, beside everything else.
func (d *duties) sync() {
	if d.w.o.Journal == nil || !d.syncing.TryLock() {
		return
	}
	d.writers.Go(func() {
		defer d.syncing.Unlock()
		d.w.o.Journal.Sync()
	})
}

// storing takes the state, which must be done while nothing is under way, and lets
// it be written while everything goes on: the disk may take its time. A write that
// is not done yet puts the next one off.
func (d *duties) storing(now time.Time) {
	w := d.w
	d.store = now.Add(w.o.SnapshotEvery)
	if w.o.Dir == "" || d.clean.Load() && d.stored == w.feed.index && !w.changed || !d.writing.TryLock() {
		return
	}
	body, err := w.state()
	d.stored, w.changed = w.feed.index, false
	took := time.Since(now)
	d.writers.Go(func() {
		defer d.writing.Unlock()
		if err == nil {
			err = snapshot.Write(w.statePath(), stateVersion, body)
		}
		d.clean.Store(err == nil)
		w.noteSave(now, took, len(body), err)
	})
}

func (w *Watch) noteSave(now time.Time, took time.Duration, size int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.saved
	s.Last, s.Took, s.Bytes = now, took, size
	switch {
	case err == nil && s.Failing != "":
		w.o.Log.Info("the state can be stored again")
		s.Failing = ""
	case err != nil && s.Failing == "":
		w.o.Log.Error("the state cannot be stored: detection goes on, but what is learned from here on is lost in a crash", "problem", err)
	}
	if err != nil {
		s.Failing = err.Error()
		return
	}
	s.Taken++
}

// tellState tells of the sensor itself.
func (w *Watch) tellState(now time.Time) {
	s := w.describe(now)
	w.sayChanges(&s)
	w.mu.Lock()
	w.shown = s
	w.mu.Unlock()
	body, err := json.Marshal(&s)
	if err != nil { // text and numbers: it cannot
		w.o.Log.Error("the sensor's state cannot be written", "problem", err)
		return
	}
	w.out.put(firedoor.Record{Sensor: w.o.Name, Kind: firedoor.RecordSensor, Key: w.o.Name, Body: body})
}

// describe says how it is. Nothing may be under way.
func (w *Watch) describe(now time.Time) firedoor.SensorState {
	s := firedoor.SensorState{Name: w.o.Name, Version: w.o.Version, Stage: w.course.Stage, LearnedFrames: w.feed.learnedFrames,
		Wall: eventlog.Time(now.UnixNano()), Sources: w.from.states(), Assets: w.p.site.inventory.Stats().Assets,
		Alerts: w.p.site.board.Len(), Restarts: w.memory.Restarts}
	var sight Sight
	for i := range lanes {
		l := w.p.lane(i)
		sight.add(&l.counts[0])
		s.Conversations += l.table.Conversations()
		s.Statements += l.table.Statements()
		s.Learned += l.table.LearnedStatements()
	}
	s.Limits = w.p.view().limits(w.p, &sight)
	w.sight(s.Sources)
	if w.feed.begun {
		s.Traffic = stamp(w.feed.clock.now)
	}
	if w.course.Since > 0 {
		s.StageSince = stamp(w.course.Since)
	}
	s.UntilTold = w.course.Stage == firedoor.Learning && w.course.For == 0 && w.course.Boundary == 0
	if c := &w.course; c.Stage == firedoor.Learning && c.For > 0 && w.feed.begun {
		s.StageUntil = stamp(w.feed.clock.now + c.For - (w.from.learnElapsed() - c.From))
	}
	return s
}

// sayChanges logs what became of the sources since the last time: an interface
// that is down, and frames that were dropped, again when ten times as many were.
func (w *Watch) sayChanges(s *firedoor.SensorState) {
	if w.said == nil {
		w.said = map[string]firedoor.SourceState{}
	}
	for _, src := range s.Sources {
		before, known := w.said[src.Name]
		if src.State != before.State && (known || src.Problem != "") {
			level := slog.LevelInfo
			if src.Problem != "" {
				level = slog.LevelWarn
			}
			w.o.Log.Log(w.ctx, level, "a source of frames changed", "source", src.Name, "state", src.State, "problem", src.Problem)
		}
		if src.Dropped >= max(1, 10*before.Dropped) {
			w.o.Log.Warn("frames were dropped: nobody saw them", "source", src.Name, "dropped", src.Dropped)
		} else {
			src.Dropped = before.Dropped // the count that was said
		}
		w.said[src.Name] = src
	}
}

// sight adds what lanes found amiss with each source.
func (w *Watch) sight(sources []firedoor.SourceState) {
	for i := range sources {
		at := slices.Index(w.memory.Sources, sources[i].Name)
		for n := range lanes {
			if l := w.p.lane(n); at >= 0 && at < len(l.sights) {
				x := &l.sights[at]
				sources[i].Duplicates += x.Duplicates
				sources[i].Gaps += x.Gaps
				sources[i].OneWay += x.OneWay
			}
		}
	}
}

// State is what the sensor said of itself last. It may be called from any goroutine.
func (w *Watch) State() firedoor.SensorState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.shown
}

// Stats tells of records and snapshots. It may be called from any goroutine.
func (w *Watch) Stats() (OutboxStats, SaveStats) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.stats(), w.saved
}
