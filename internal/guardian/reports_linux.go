package guardian

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"firedoor/internal/datapath"
)

// maxReports is how many reports wait to be read; a further one is left out, and is in
// the kernel's counters.
const maxReports = 4096

// Reports reads what the kernel tells of frames that it dropped, as datapath.Reports does.
type Reports struct {
	queue chan datapath.Report
	done  chan struct{}
	once  sync.Once
	until atomic.Int64
}

// Reports begins to read. There is one reader; a second one takes them from the first.
func (c *Client) Reports() (*Reports, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reports = &Reports{queue: make(chan datapath.Report, maxReports), done: make(chan struct{})}
	return c.reports, nil
}

// Until makes Read give up at a time, with an error that is os.ErrDeadlineExceeded.
func (r *Reports) Until(t time.Time) { r.until.Store(t.UnixNano()) }

// Read waits for the next report; os.ErrClosed says that there is none any more.
func (r *Reports) Read(to *datapath.Report) error {
	var late <-chan time.Time
	if until := r.until.Load(); until != 0 {
		timer := time.NewTimer(time.Until(time.Unix(0, until)))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case *to = <-r.queue:
		return nil
	default:
	}
	select {
	case *to = <-r.queue:
		return nil
	case <-late:
		return os.ErrDeadlineExceeded
	case <-r.done:
		return os.ErrClosed
	}
}

// Close ends reading, also where Read waits.
func (r *Reports) Close() error { r.end(); return nil }

func (r *Reports) end() { r.once.Do(func() { close(r.done) }) }

func (c *Client) hearReport(body []byte) error {
	c.mu.Lock()
	to := c.reports
	c.mu.Unlock()
	if to == nil {
		return nil
	}
	r, err := read[datapath.Report](body)
	if err != nil {
		return err
	}
	select {
	case to.queue <- r:
	default:
	}
	return nil
}
