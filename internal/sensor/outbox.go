package sensor

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"firedoor"
)

const (
	// batchRecords is how many records leave at once.
	batchRecords = 256
	// maxWaitingRecords bounds what waits while the uplink does not take anything.
	// Records are states, so a later one of a thing takes the place of an earlier;
	// beyond the limit those of new things are refused, counted, and told with the
	// next round.
	maxWaitingRecords = 200_000
	firstRetry        = 100 * time.Millisecond
	longestRetry      = 10 * time.Second
)

// recordName is what a record is about.
type recordName struct {
	kind firedoor.RecordKind
	key  string
}

// outbox holds records until the uplink acknowledged them: alerts first, and
// otherwise in the order in which things became news.
type outbox struct {
	publish func(context.Context, []firedoor.Record) error
	log     *slog.Logger

	mu      sync.Mutex
	waiting map[recordName]firedoor.Record
	alerts  []recordName
	others  []recordName
	refused uint64
	sent    uint64
	failing string // why the uplink takes nothing
	wake    chan struct{}
	idle    *sync.Cond // nothing waits and nothing is on its way
	busy    bool
}

func newOutbox(publish func(context.Context, []firedoor.Record) error, log *slog.Logger) *outbox {
	o := &outbox{publish: publish, log: log, waiting: map[recordName]firedoor.Record{}, wake: make(chan struct{}, 1)}
	o.idle = sync.NewCond(&o.mu)
	return o
}

// put takes a record to be sent; false if there is no room for one more thing.
func (o *outbox) put(r firedoor.Record) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := recordName{r.Kind, r.Key}
	if _, there := o.waiting[n]; !there {
		if len(o.waiting) >= maxWaitingRecords && r.Kind != firedoor.RecordAlert {
			o.refused++
			return false
		}
		if r.Kind == firedoor.RecordAlert {
			o.alerts = append(o.alerts, n)
		} else {
			o.others = append(o.others, n)
		}
	}
	o.waiting[n] = r
	select {
	case o.wake <- struct{}{}:
	default:
	}
	return true
}

// take gives the next records to send.
func (o *outbox) take() []firedoor.Record {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []firedoor.Record
	for _, queue := range []*[]recordName{&o.alerts, &o.others} {
		for len(*queue) > 0 && len(out) < batchRecords {
			n := (*queue)[0]
			*queue = (*queue)[1:]
			out = append(out, o.waiting[n])
			delete(o.waiting, n)
		}
	}
	o.busy = len(out) > 0
	if !o.busy {
		o.alerts, o.others = nil, nil
		o.idle.Broadcast()
	}
	return out
}

// back puts records that could not be sent in front again, unless newer ones of
// the same things came.
func (o *outbox) back(records []firedoor.Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var alerts, others []recordName
	for _, r := range records {
		n := recordName{r.Kind, r.Key}
		if _, newer := o.waiting[n]; newer {
			continue
		}
		o.waiting[n] = r
		if r.Kind == firedoor.RecordAlert {
			alerts = append(alerts, n)
		} else {
			others = append(others, n)
		}
	}
	o.alerts, o.others = append(alerts, o.alerts...), append(others, o.others...)
}

// run sends until ctx is done. What the uplink does not take waits, is tried
// again, and is said once.
func (o *outbox) run(ctx context.Context) {
	pause := firstRetry
	for ctx.Err() == nil {
		records := o.take()
		if len(records) == 0 {
			select {
			case <-ctx.Done():
			case <-o.wake:
			}
			continue
		}
		err := o.publish(ctx, records)
		if err == nil {
			o.delivered(len(records))
			pause = firstRetry
			continue
		}
		o.back(records)
		o.failed(err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, longestRetry)
	}
}

func (o *outbox) delivered(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent += uint64(n)
	if o.failing != "" {
		o.failing = ""
		o.log.Info("the uplink takes records again", "waiting", len(o.waiting))
	}
}

func (o *outbox) failed(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failing == "" {
		o.log.Error("the uplink takes no records: detection goes on, and they wait", "problem", err)
	}
	o.failing = err.Error()
}

// flush waits until everything was sent, or ctx is done.
func (o *outbox) flush(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.idle.Broadcast()
	})
	defer stop()
	o.mu.Lock()
	defer o.mu.Unlock()
	for (len(o.waiting) > 0 || o.busy) && ctx.Err() == nil {
		o.idle.Wait()
	}
}

// OutboxStats counts what left and what waits.
type OutboxStats struct {
	Waiting, Limit int
	Sent, Refused  uint64
	Failing        string // why the uplink takes nothing; empty while it does
}

func (o *outbox) stats() OutboxStats {
	o.mu.Lock()
	defer o.mu.Unlock()
	return OutboxStats{Waiting: len(o.waiting), Limit: maxWaitingRecords, Sent: o.sent, Refused: o.refused, Failing: o.failing}
}
