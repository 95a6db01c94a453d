package sensor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"firedoor"
	"firedoor/internal/capture"
	"firedoor/internal/detect"
	"firedoor/internal/journal"
	"firedoor/internal/point"
	"firedoor/internal/protocol"
	"firedoor/internal/snapshot"
)

// WatchOptions say what a watch reads, learns and keeps.
type WatchOptions struct {
	Name    string // of the sensor
	Version string // of the program
	// Either Live has interfaces, or Frames are made, or there are Captures, which
	// are played in their order at Speed times their own pace; 0 is as fast as they
	// can be read. Loop plays them again and again.
	Live     capture.LiveConfig
	Frames   Frames
	Captures []string
	Speed    float64
	Loop     bool
	// Once lets Run return when there is nothing more to read.
	Once bool

	Learn Learning
	// NewDeviceFor is how long, in traffic time, a device that came after learning
	// is new; 0: until learning begins again.
	NewDeviceFor time.Duration
	Shards       int
	Points       bool         // keep and tell process values
	Names        *point.Names // a person's map of them; may be nil

	// Dir keeps the state; empty: nothing is kept.
	Dir           string
	SnapshotEvery time.Duration // at most; 0: DefaultSnapshotEvery

	// Journal takes what happens; nil: nothing is kept of it. The watch flushes it,
	// whoever gave it closes it.
	Journal *journal.Journal

	// Publish takes records and returns when they are safe. It must not keep them.
	Publish func(context.Context, []firedoor.Record) error
	Log     *slog.Logger

	input func(*feed, *book) input // of tests; nil: Live or Captures
}

// DefaultSnapshotEvery is how much learning a crash may cost: half of what is
// promised, as a snapshot waits for a moment at which nothing is under way.
const DefaultSnapshotEvery = 5 * time.Second

const (
	// tellEvery is how often assets, conversations and the sensor itself are told,
	// if telling takes at most a share of 1/tellShare of the time.
	tellEvery = time.Second
	tellShare = 50
	// farewell is how long a watch that ends waits for its last records to be taken.
	farewell = 5 * time.Second
)

// input is what a watch reads from.
type input interface {
	next(ctx context.Context, b *batch) (bool, error)
	states() []firedoor.SourceState
	learnElapsed() int64
	close() error
}

// Watch is the main job on a live plant.
type Watch struct {
	o      WatchOptions
	p      *pipeline
	feed   *feed
	from   input
	course course
	memory memory
	out    *outbox
	teller *teller
	book   book
	ctx    context.Context // of Run, for inputs that wait

	orders  chan order
	pending []order // taken and not yet carried out
	changed bool    // an order changed what is to be stored

	mu    sync.Mutex
	shown firedoor.SensorState // as it was told last
	saved SaveStats
	ended bool                            // there is nothing more to read
	said  map[string]firedoor.SourceState // what was logged of each source
}

// SaveStats tells about snapshots.
type SaveStats struct {
	Taken   uint64
	Bytes   int
	Last    time.Time
	Took    time.Duration
	Failing string // why the last one could not be stored; empty if it could
}

// NewWatch opens all sources and goes on from the stored state, if there is one.
func NewWatch(o WatchOptions, list []*protocol.Protocol) (*Watch, error) {
	if o.SnapshotEvery <= 0 {
		o.SnapshotEvery = DefaultSnapshotEvery
	}
	f := &feed{}
	f.begins(0)
	w := &Watch{o: o, feed: f, orders: make(chan order), ctx: context.Background()}
	f.learning = w.learning
	w.out = newOutbox(o.Publish, o.Log)
	w.teller = newTeller(o.Name, w.out.put)
	if err := w.assemble(list); err != nil {
		return nil, err
	}
	return w, nil
}

// assemble opens the sources and builds the stages. Stored state says what the
// sources were, so it is read first.
func (w *Watch) assemble(list []*protocol.Protocol) error {
	body, err := w.readState()
	if err != nil {
		return err
	}
	var before reel
	if body != nil {
		if w.memory, before, err = remembered(body); err != nil {
			return fmt.Errorf("%s: %w", w.statePath(), err)
		}
	}
	w.course = course{Stage: firedoor.NoBaseline}
	if w.o.Learn.any() {
		w.course = course{Stage: firedoor.Learning, For: int64(w.o.Learn.For)}
	}
	if err := w.open(body == nil, before); err != nil {
		return err
	}
	sources := w.memory.Sources
	options := &Options{Shards: w.o.Shards, sources: func() []string { return sources }, notReads: true, Points: w.o.Points, Names: w.o.Names}
	if w.o.Journal != nil {
		options.Lines = &w.book.lines
	}
	w.p = newPipeline(options, list, w.feed)
	w.p.site.acquaintance = int64(w.o.NewDeviceFor)
	w.p.merger.after = w.epochOver
	w.book.begin(w, body != nil)
	if body == nil {
		return nil
	}
	files := len(w.feed.read)
	if err := w.restore(body, nil); err != nil {
		return fmt.Errorf("%s: %w", w.statePath(), err)
	}
	for len(w.feed.read) < files {
		w.feed.read = append(w.feed.read, fileRead{})
	}
	w.memory.Sources = sources
	w.memory.Restarts++
	w.adopt()
	w.p.site.board.AllNews()
	w.calm()
	return nil
}

func (w *Watch) readState() ([]byte, error) {
	if w.o.Dir == "" {
		return nil, nil
	}
	body, _, damaged, err := snapshot.Read(w.statePath(), stateVersion)
	if errors.Is(err, snapshot.ErrNone) {
		return nil, nil
	}
	if damaged != nil {
		w.o.Log.Error("the newest state is damaged: going on from the one before", "problem", damaged)
	}
	return body, err
}

// MixedSourcesError says that the stored state is of a sensor that read something else.
type MixedSourcesError struct {
	File string
	Live bool // it watched interfaces
}

// Error says what to do.
func (e *MixedSourcesError) Error() string {
	was, is := "captures", "interfaces"
	if e.Live {
		was, is = is, was
	}
	return fmt.Sprintf("%s: is the state of a sensor that read %s, and now it is to read %s: give it a folder of its own", e.File, was, is)
}

func (w *Watch) open(fresh bool, before reel) error {
	if w.o.input != nil {
		w.from, w.memory.Sources = w.o.input(w.feed, &w.book), []string{"input"}
		return nil
	}
	if w.o.Frames != nil {
		in, err := newMade(w.ctx, w.o.Frames, w.feed, before)
		if err == nil {
			w.from, w.memory.Sources = in, []string{w.o.Frames.Name()}
		}
		return err
	}
	live := len(w.o.Live.Interfaces) > 0
	if !fresh && w.memory.Live != live {
		return &MixedSourcesError{w.statePath(), w.memory.Live}
	}
	w.memory.Live = live
	if live {
		known := w.memory.Sources
		if at := len(known) - len(w.o.Live.Interfaces); at >= 0 && slices.Equal(known[at:], w.o.Live.Interfaces) {
			known = known[:at] // the same as last time
		}
		w.o.Live.FirstIndex = uint32(len(known))
		w.memory.Sources = slices.Concat(known, w.o.Live.Interfaces)
		in, err := newWire(&w.o, w.feed, &w.book, len(w.memory.Sources))
		if err == nil {
			w.from = in
		}
		return err
	}
	t, err := newTape(&w.o, w.feed, before)
	if err != nil {
		return err
	}
	w.from, w.memory.Sources = t, t.names()
	if w.o.Learn.Percent > 0 && fresh {
		w.course.Boundary, err = t.share(w.o.Learn.Percent)
	}
	return err
}

// Run reads, learns and tells until ctx is done, or until there is nothing more to
// read if that was asked for; then it stores its state and
// gives back what it opened. Damage to a capture is told and is no error.
func (w *Watch) Run(ctx context.Context) error {
	w.ctx = ctx
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		w.out.run(sending)
	}()
	unblock := context.AfterFunc(ctx, func() {
		if in, live := w.from.(*wire); live {
			_ = in.close() // it waits for frames
		}
	})
	err := w.loop(ctx)
	unblock()
	grace, cancel := context.WithTimeout(sending, farewell)
	w.out.flush(grace)
	cancel()
	stop()
	<-sent
	return errors.Join(err, w.from.close())
}

// reader lets a pipeline read from an input.
type reader struct{ w *Watch }

func (r reader) next(b *batch) (bool, error) { return r.w.from.next(r.w.ctx, b) }

// loop is the life of a watch: frames, and between them what needs a moment at
// which nothing is under way.
func (w *Watch) loop(ctx context.Context) error {
	c := w.p.crew()
	defer c.dismiss()
	duties := w.duties()
	var failed error
	for ctx.Err() == nil {
		if w.waiting() || duties.due(time.Now()) {
			c.drain()
			w.obey()
			duties.do(time.Now())
		}
		if w.ended && w.o.Once {
			break
		}
		if w.ended {
			w.rest(ctx, duties)
			continue
		}
		b := c.take()
		more, err := w.p.next(reader{w}, b)
		if err != nil && ctx.Err() == nil {
			failed = err
		}
		if err != nil || !more {
			c.putBack(b)
			c.drain()
			w.over()
			continue
		}
		c.give(b)
	}
	c.drain()
	duties.last(time.Now())
	return failed
}

// over is the end of the input: what judges held back is told.
func (w *Watch) over() {
	w.ended = true
	w.p.site.board.Alerts()
	w.tellAlerts()
}

// rest waits, where there is nothing to read, for the next duty or order.
func (w *Watch) rest(ctx context.Context, d *duties) {
	timer := time.NewTimer(max(time.Until(d.next()), time.Millisecond))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case o := <-w.orders:
		o.carryOut()
	}
}

// epochOver runs behind every epoch, on the merger's goroutine.
func (w *Watch) epochOver(b *batch) {
	w.book.epoch(b.last.Time)
	w.tellAlerts()
}

// tellAlerts hands on what alerts are new or have grown: they stand in the journal
// before anybody is told, so that what was told is known after a crash too.
func (w *Watch) tellAlerts() {
	var news []detect.Raised
	w.p.site.board.News(func(r *detect.Raised) { news = append(news, *r) })
	if len(news) == 0 {
		return
	}
	for i := range news {
		w.book.alert(&news[i], w.memory.Sources)
	}
	w.book.flush()
	for i := range news {
		w.putAlert(&news[i].Alert)
	}
}

func (w *Watch) putAlert(a *firedoor.Alert) {
	line := struct {
		firedoor.AlertLine
		Segment string `json:"segment"` // two segments may have the same addresses
	}{alertLine(a, w.memory.Sources), w.feed.scopes.Name(a.Client.Segment)}
	body, err := json.Marshal(&line)
	if err != nil { // text and numbers: it cannot
		w.o.Log.Error("an alert cannot be written", "id", a.ID, "problem", err)
		return
	}
	w.out.put(firedoor.Record{Sensor: w.o.Name, Kind: firedoor.RecordAlert, Key: a.ID, Body: body})
}

// order is something to be done at a moment at which nothing is under way.
type order struct {
	do   func() error
	done chan error
}

func (o order) carryOut() { o.done <- o.do() }

// order runs do at a moment at which nothing is under way, and returns what it
// returns.
func (w *Watch) order(ctx context.Context, do func() error) error {
	o := order{do, make(chan error, 1)}
	select {
	case w.orders <- o:
	case <-ctx.Done():
		return ctx.Err()
	}
	return <-o.done
}

// waiting tells whether there are orders to carry out.
func (w *Watch) waiting() bool {
	select {
	case o := <-w.orders:
		w.pending = append(w.pending, o)
	default:
	}
	return len(w.pending) > 0
}

func (w *Watch) obey() {
	for _, o := range w.pending {
		o.carryOut()
	}
	w.pending = w.pending[:0]
}
