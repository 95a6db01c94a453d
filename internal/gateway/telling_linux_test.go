package gateway

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/policy"
)

// ear hears what a worker tells, as fast as it is told to.
type ear struct {
	t     *telling
	tally StopTally
	lines int
	frame map[string]int // frames that came with lines, by their bytes
}

func newEar(t *telling) *ear { return &ear{t: t, frame: map[string]int{}} }

func (e *ear) hear(r *StoppedRecord) error {
	e.lines++
	if r.Slice != nil {
		e.frame[string(r.Slice.Frame)+">"+string(r.Slice.Sent)]++
	}
	e.tally.Add(r)
	return nil
}

// all hears what waits, and then the rest.
func (e *ear) all() {
	for {
		select {
		case p := <-e.t.told:
			_ = e.hear(p.record())
			e.t.free <- p
		default:
			_ = e.t.rest(time.Now(), e.hear)
			return
		}
	}
}

func (e *ear) frames() (n, bytes uint64) {
	for _, r := range e.tally.Rows() {
		n, bytes = n+r.Count, bytes+r.Bytes
	}
	return n, bytes
}

func stop(at int64, client byte, done firedoor.Action, op *firedoor.Operation, frame string) *inline.Stopped {
	return &inline.Stopped{Time: at, From: inline.Inside, Done: done, Verdict: firedoor.Verdict{Action: done, Says: firedoor.Refuse, Reason: firedoor.ReasonDefault, Rule: -1},
		Client: firedoor.Endpoint{IP: firedoor.IPFrom(netip.AddrFrom4([4]byte{10, 0, 1, client})), Port: 40000}, Server: firedoor.Endpoint{IP: firedoor.IPFrom(netip.MustParseAddr("10.0.2.1")), Port: 502},
		Operation: op, Frame: []byte(frame)}
}

// TestEveryStopIsTold holds that all stops are told, one by one or by number, however many
// there are at once, over a change of the policy, and in few lines.
func TestEveryStopIsTold(t *testing.T) {
	plan := testPlan(t, policy.Rule{Verdict: firedoor.Pass})
	w := newTelling(plan)
	e := newEar(w)
	const n = 50_000
	var judged sync.WaitGroup
	judged.Add(1)
	go func() {
		defer judged.Done()
		for i := range n {
			if i == n/2 {
				w.setPlan(plan)
			}
			w.stopped(stop(int64(i)*1e5, byte(i%50), firedoor.Drop, nil, "a frame"))
		}
	}()
	for range 100 {
		e.all()
	}
	judged.Wait()
	e.all()
	if frames, bytes := e.frames(); frames != n || bytes != 7*n {
		t.Errorf("%d frames with %d bytes are told, want %d with %d", frames, bytes, n, 7*n)
	}
	if e.lines > n/10 {
		t.Errorf("%d lines", e.lines)
	}
}

// TestPairsWithoutRoom holds that stops of more pairs than are told apart are counted by
// their reason.
func TestPairsWithoutRoom(t *testing.T) {
	w := newTelling(testPlan(t, policy.Rule{Verdict: firedoor.Pass}))
	e := newEar(w)
	for i := range 3 * maxPairs {
		s := stop(1e9, 1, firedoor.Drop, nil, "a frame")
		s.Server.Port = uint16(i)
		w.stopped(s)
	}
	e.all()
	if frames, _ := e.frames(); frames != 3*maxPairs {
		t.Errorf("%d frames are told, want %d", frames, 3*maxPairs)
	}
	if n := w.ledger.n.Load(); n != maxPairs+1 {
		t.Errorf("%d rows", n)
	}
}

// TestRequestsOfAFrame holds that the requests of one frame are one frame: the first of
// them has its bytes, as they came and as they went on, the others say that they are in it.
func TestRequestsOfAFrame(t *testing.T) {
	w := newTelling(testPlan(t, policy.Rule{Verdict: firedoor.Pass}))
	e := newEar(w)
	write := &firedoor.Operation{Verb: firedoor.VerbWrite, Function: "write single register", Code: 6}
	w.stopped(stop(1e9, 1, firedoor.Refuse, write, "came"))
	w.stopped(stop(1e9, 1, firedoor.Refuse, write, "came"))
	w.sent(inline.Inside, []byte("another")) // to the other side: it has nothing to do with it
	w.sent(inline.Outside, []byte("went"))
	w.sent(inline.Outside, []byte("later")) // is no stop
	w.stopped(stop(1e9, 1, firedoor.Drop, write, "cut"))
	w.stopped(stop(1e9, 1, firedoor.Drop, nil, "cut")) // the frame itself
	w.stopped(stop(1e9, 1, firedoor.Pass, write, "only said"))
	e.all()
	if e.lines != 4 || e.frame["came>went"] != 1 || e.frame["cut>"] != 1 || e.frame["only said>"] != 1 {
		t.Errorf("%d lines, frames %v", e.lines, e.frame)
	}
	got := map[string]uint64{}
	for _, r := range e.tally.Rows() {
		got[r.Done] = r.Count
	}
	if got["refuse"] != 1 || got["drop"] != 1 || got["pass"] != 1 {
		t.Errorf("%v", got)
	}
}

// TestNoPlaceIsLost holds that each place comes back, whatever is stopped.
func TestNoPlaceIsLost(t *testing.T) {
	w := newTelling(testPlan(t, policy.Rule{Verdict: firedoor.Pass}))
	e := newEar(w)
	op := &firedoor.Operation{Verb: firedoor.VerbWrite, Function: "write"}
	for i := range int64(400) {
		for range 3 * maxRequests {
			w.stopped(stop(i*1e7, byte(i), firedoor.Refuse, op, "a frame"))
		}
		w.sent(inline.Outside, []byte("changed"))
	}
	e.all()
	if len(w.free) != maxTold {
		t.Errorf("%d places are free, want %d", len(w.free), maxTold)
	}
	if frames, _ := e.frames(); frames != 400 {
		t.Errorf("%d frames are told, want 400", frames)
	}
}

// TestStoppedAllocates holds that what judges allocates nothing for what it stops.
func TestStoppedAllocates(t *testing.T) {
	w := newTelling(testPlan(t, policy.Rule{Verdict: firedoor.Pass}))
	s := stop(1e9, 1, firedoor.Drop, nil, "a frame")
	w.stopped(s)
	if n := testing.AllocsPerRun(1000, func() { w.stopped(s) }); n > 0 {
		t.Errorf("%v allocations for a stop", n)
	}
}
