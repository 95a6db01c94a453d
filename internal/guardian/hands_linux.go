package guardian

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// hand is a worker's process, as the guardian holds it. One judges; another one stands
// by with everything ready, so that nobody waits for a process to start.
type hand struct {
	pid   int
	end   func() error                     // ends the process at once
	wait  func() (*os.ProcessState, error) // until it ended
	link  *Link
	ready chan struct{} // closed when it can begin
	done  chan struct{} // closed when it judges no more
	ended chan error
	quiet chan struct{} // told when it is listened to no more

	once   sync.Once        // closes ready
	leave  sync.Once        // closes done
	began  atomic.Bool      // it judges
	obeys  atomic.Uint32    // number of the order that it told of last
	heard  atomic.Int64     // when it said something last (ns of the process's own clock)
	ending atomic.Bool      // it was told to end
	hung   atomic.Bool      // it was ended because it hung
	since  time.Time        // and did so from then on
	fate   *os.ProcessState // how it ended, before ended is told
}

// isReady tells whether the hand can begin.
func (h *hand) isReady() bool {
	if h == nil {
		return false
	}
	select {
	case <-h.ready:
		return true
	default:
		return false
	}
}

func newHand(pid int, conn net.Conn, end func() error, wait func() (*os.ProcessState, error)) *hand {
	h := &hand{pid: pid, end: end, wait: wait, link: NewLink(conn, MaxTold), ready: make(chan struct{}), done: make(chan struct{}), ended: make(chan error, 1), quiet: make(chan struct{}, 1)}
	h.heard.Store(time.Now().UnixNano())
	return h
}

func (h *hand) name() string { return "worker " + strconv.Itoa(h.pid) }

// kill ends the process at once; its end is heard of.
func (h *hand) kill() { _ = h.end() } // it has ended already

// pause stops listening between two messages; false where the hand ended.
func (h *hand) pause() bool {
	h.link.Pause()
	select {
	case <-h.quiet:
		return true
	case err := <-h.ended:
		h.ended <- err
		return false
	}
}

// Times of watching over workers.
const (
	// maxEnding is how long a worker may take to end when it is told to.
	maxEnding = time.Second
	// minRest keeps workers that die at once from taking the machine with them.
	minRest = 200 * time.Millisecond
	// hung is after how long without a heartbeat a worker is ended, where another one
	// is ready: a little more than the kernel waits.
	hung = 12 * time.Millisecond
	// watchEvery is how often the heartbeat is looked at.
	watchEvery = 3 * time.Millisecond
	// relaxEvery is how often it is looked whether what is shed may be judged again.
	relaxEvery = 500 * time.Millisecond
	// mute is after how long without a word the worker that stands by is ended: it says
	// something four times a second.
	mute = 5 * time.Second
	// maxObey is how long the worker that judges may take to do so by an order. It reads a policy
	// meanwhile, after all else that the machine has to do. Then the next one is put in its place.
	maxObey = 20 * time.Second
)

// serve keeps a worker judging and another one standing by, until ctx ends.
func (g *Guardian) serve(ctx context.Context, active *hand) error {
	if g.heir != nil { // of the new program, while the one that judges is of the old one
		g.handOver(active, g.heir)
		active = g.heir
		g.event("upgraded", "the new program is in force: "+active.name()+" judges")
	}
	var err error
	standby := g.hireAnyway(ctx)
	if standby != nil {
		active, standby, err = g.watch(ctx, active, standby)
	}
	// Behind the last one the floor holds at once: nothing waits for whoever does not come.
	return errors.Join(err, g.dismiss(active), g.path.Silence(), g.dismiss(standby))
}

// watch puts the standby in the place of a worker that ends or hangs, until ctx ends.
func (g *Guardian) watch(ctx context.Context, active, standby *hand) (a, s *hand, err error) {
	look := time.NewTicker(watchEvery)
	defer look.Stop()
	relax := time.NewTicker(relaxEvery)
	defer relax.Stop()
	var upgrade <-chan time.Time
	var watchman watchman
	var latest time.Time // for an upgrade
	for {
		select {
		case <-ctx.Done():
			return active, standby, nil
		case h := <-g.tried:
			g.forget(standby)
			standby.ending.Store(true)
			standby.kill()
			standby, upgrade, latest = h, time.After(farewell), time.Now().Add(maxTrial)
		case <-relax.C:
			g.relax()
		case <-upgrade:
			err := g.become(active, standby)
			if upgrade = nil; errors.Is(err, errAlone) && time.Now().Before(latest) {
				upgrade = time.After(farewell) // it was said to work, and is run when somebody stands by again
				continue
			}
			g.setNext(nil)
			g.event("upgrade-failed", "the new program was not run, this one goes on: "+text(err))
		case err := <-standby.ended:
			g.forget(standby)
			g.event("standby-ended", "the worker that stood by ended: "+text(err))
			g.rest(ctx)
			if standby = g.hireAnyway(ctx); standby == nil {
				return active, nil, nil
			}
		case err := <-active.ended:
			if active = g.succeed(ctx, active, standby, err); active == nil {
				return nil, nil, nil
			}
			if standby = g.hireAnyway(ctx); standby == nil {
				return active, nil, nil
			}
		case <-look.C:
			g.inspect(&watchman, active, standby.isReady())
			if standby.isReady() && time.Since(time.Unix(0, standby.heard.Load())) > mute {
				standby.kill()
			}
		}
	}
}

func text(err error) string {
	if err == nil {
		return "without a word"
	}
	return err.Error()
}

// succeed lets the standby judge in the place of a worker that ended, or another one where that ends
// too; nil where ctx ended before there was one.
func (g *Guardian) succeed(ctx context.Context, gone, standby *hand, why error) *hand {
	for standby != nil {
		g.blameFor(gone)
		if standby.isReady() {
			// Frames wait for it in the rings, in their order.
			_ = g.path.Beat()
			g.begin(standby)
			g.forget(gone)
			g.event("worker-ended", gone.name()+" ended, "+standby.name()+" goes on: "+text(why))
			return standby
		}
		_ = g.path.Silence() // nobody answers: the floor holds at once
		g.setActive(false)
		g.forget(gone)
		g.event("worker-ended", gone.name()+" ended and nobody stands by; the kernel goes on by its floor: "+text(why))
		select {
		case <-standby.ready:
			g.begin(standby)
			g.event("worker-begins", standby.name()+" judges again")
			return standby
		case why = <-standby.ended:
			g.rest(ctx)
			gone, standby = standby, g.hireAnyway(ctx)
		case <-ctx.Done():
			return standby
		}
	}
	g.forget(gone)
	return nil
}

// hireAnyway starts a worker as soon as that can be done: that a machine is short of something for a while
// is no reason to let go of the ports, and of whoever judges. Nil where ctx ended before.
func (g *Guardian) hireAnyway(ctx context.Context) *hand {
	for told := false; ; told = true {
		h, err := g.hire()
		if err == nil {
			return h
		}
		if !told {
			g.event("worker-not-started", "no worker can be started, and it is tried again until that works: "+err.Error())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(minRest):
		}
	}
}

// rest waits where workers end one right after the other.
func (g *Guardian) rest(ctx context.Context) {
	since := time.Since(g.lastDied)
	g.lastDied = time.Now()
	if since > time.Second {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(minRest):
	}
}

// hire starts a worker, which stands by.
func (g *Guardian) hire() (*hand, error) { return g.hireOf(g.program()) }

// hireOf starts one of a program.
func (g *Guardian) hireOf(program string) (*hand, error) {
	child, conn, err := g.starter.start(hurried, program, g.config.Worker, g.files, g.config.Stderr, g.config.Stderr)
	if err != nil {
		return nil, err
	}
	h := newHand(child.Process.Pid, conn, child.Process.Kill, func() (*os.ProcessState, error) {
		err := child.Wait()
		return child.ProcessState, err
	})
	g.mu.Lock()
	g.workers++
	g.hands = append(g.hands, h)
	g.standby = h
	err = g.command(h)
	g.mu.Unlock()
	go g.attend(h, err)
	return h, nil
}

// attend listens to a worker until it ends.
func (g *Guardian) attend(h *hand, wrong error) {
	heard := g.listen(h)
	if errors.Is(heard, errPaused) {
		h.quiet <- struct{}{}
		return
	}
	_ = h.link.Close()
	if !h.ending.Load() {
		h.kill() // whoever says nothing any more judges no more
	}
	kill := time.AfterFunc(maxEnding, h.kill)
	fate, ended := h.wait()
	h.fate = fate
	kill.Stop()
	h.leave.Do(func() { close(h.done) })
	h.ended <- errors.Join(wrong, heard, ended)
}

// command gives a worker the order in force. The caller holds the lock.
func (g *Guardian) command(h *hand) error {
	var mtu [4]byte
	binary.LittleEndian.PutUint32(mtu[:], uint32(g.mtu))
	return h.link.Send(KindOrder, mtu[:], g.order)
}

// begin tells a hand that it is its turn.
func (g *Guardian) begin(h *hand) {
	if err := h.link.Send(KindBegin, g.turn()); err != nil {
		h.kill() // its end is heard of
	}
	h.began.Store(true)
	g.setActive(true)
}

func (g *Guardian) setActive(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.active = on
	if on {
		g.standby = nil
	}
}

// forget takes a hand that ended out of those that are told of orders.
func (g *Guardian) forget(h *hand) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hands = slices.DeleteFunc(g.hands, func(x *hand) bool { return x == h })
}

// dismiss ends a hand and waits for it.
func (g *Guardian) dismiss(h *hand) error {
	if h == nil {
		return nil
	}
	g.forget(h)
	h.ending.Store(true)
	_ = h.link.Close() // by which it ends
	select {
	case why := <-h.ended:
		g.config.Log.Debug("a worker was dismissed", "ended", why)
		return nil
	case <-time.After(2 * maxEnding):
		return errors.New("a worker does not end")
	}
}

// listen takes what a worker says until it says no more.
func (g *Guardian) listen(h *hand) error {
	for {
		kind, body, err := h.link.Receive()
		if err != nil {
			return err
		}
		h.heard.Store(time.Now().UnixNano())
		switch kind {
		case KindReady:
			if len(body) == 4 {
				h.obeys.Store(binary.LittleEndian.Uint32(body))
			}
			h.once.Do(func() { close(h.ready) })
		case KindPace:
			p, err := read[Pace](body)
			if err == nil && g.isBegun() {
				err = g.paced(&p)
			}
			if err != nil {
				return err
			}
		case KindEnd:
			h.leave.Do(func() { close(h.done) })
		case KindTold:
			g.backlog.put(KindTold, binary.LittleEndian.AppendUint32(nil, uint32(h.pid)), body)
		default:
			return errors.New("a worker says what is not its to say")
		}
	}
}
