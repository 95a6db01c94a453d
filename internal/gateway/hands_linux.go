package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"firedoor/internal/policy"
)

// hand is a worker's process, as the gateway holds it. One judges; another one stands
// by with everything ready, so that nobody waits for a process to start.
type hand struct {
	child  *exec.Cmd
	conn   net.Conn
	orders *json.Encoder
	ready  chan struct{} // closed when it can begin
	ended  chan error
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
)

// startError is why no worker can be started at all.
type startError struct{ error }

// Run brings the policy into force and keeps workers alive until ctx ends. started is
// called once all of it is.
func (g *Gateway) Run(ctx context.Context, text []byte, plan *policy.Plan, isolated []policy.Isolation, started func()) error {
	g.mu.Lock()
	g.text, g.isolated = text, isolated
	g.plan, _ = plan.With(isolated)
	g.number++
	g.mu.Unlock()
	active, err := g.hire(ctx)
	if err != nil {
		return err
	}
	select {
	case <-active.ready:
	case err := <-active.ended:
		return errors.Join(errors.New("the worker ended before it began"), err)
	case <-ctx.Done():
		return g.dismiss(active)
	}
	if err := errors.Join(g.begin(active), g.install()); err != nil {
		return errors.Join(err, g.dismiss(active))
	}
	started()
	standby, err := g.hire(ctx)
	if err == nil {
		active, standby, err = g.watch(ctx, active, standby)
	}
	return errors.Join(err, g.dismiss(active), g.dismiss(standby))
}

func (g *Gateway) install() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.enact(g.plan)
}

// watch puts the standby in the place of a worker that ends or hangs, until ctx ends.
func (g *Gateway) watch(ctx context.Context, active, standby *hand) (a, s *hand, err error) {
	look := time.NewTicker(watchEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return active, standby, nil
		case err := <-standby.ended:
			g.forget(standby)
			g.config.Log.Error("the worker that stood by ended", "error", err)
			g.rest(ctx)
			if standby, err = g.hire(ctx); err != nil {
				return active, nil, err
			}
		case err := <-active.ended:
			if active, err = g.succeed(ctx, active, standby, err); err != nil {
				return active, nil, err
			}
			if standby, err = g.hire(ctx); err != nil {
				return active, nil, err
			}
		case <-look.C:
			if g.path.Silent() > hung && standby.isReady() {
				_ = active.child.Process.Kill() // its end is heard of above
			}
		}
	}
}

// succeed lets the standby judge in the place of a worker that ended.
func (g *Gateway) succeed(ctx context.Context, gone, standby *hand, why error) (*hand, error) {
	if !standby.isReady() {
		_ = g.path.Silence() // nobody answers: the floor holds at once
	}
	g.forget(gone)
	g.gone()
	g.config.Log.Error("the worker ended, the next one goes on", "error", why)
	select {
	case <-standby.ready:
		return standby, g.begin(standby)
	case err := <-standby.ended:
		g.forget(standby)
		g.rest(ctx)
		next, hireErr := g.hire(ctx)
		if hireErr != nil {
			return nil, errors.Join(err, hireErr)
		}
		return g.succeed(ctx, standby, next, err)
	case <-ctx.Done():
		return standby, nil
	}
}

// rest waits where workers end one right after the other.
func (g *Gateway) rest(ctx context.Context) {
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
func (g *Gateway) hire(ctx context.Context) (*hand, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, startError{err}
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "worker"), os.NewFile(uintptr(pair[1]), "control")
	child := exec.CommandContext(context.WithoutCancel(ctx), g.config.Worker[0], g.config.Worker[1:]...) // it ends by its connection
	child.ExtraFiles = append([]*os.File{theirs}, g.files...)
	child.Stderr = os.Stderr
	child.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL, Setpgid: true}
	if err := child.Start(); err != nil {
		return nil, startError{errors.Join(err, ours.Close(), theirs.Close())}
	}
	conn, err := net.FileConn(ours)
	_, _ = ours.Close(), theirs.Close() // conn and the child have their own
	if err != nil {
		return nil, startError{errors.Join(err, child.Process.Kill(), child.Wait())}
	}
	h := &hand{child: child, conn: conn, orders: json.NewEncoder(conn), ready: make(chan struct{}), ended: make(chan error, 1)}
	g.mu.Lock()
	g.workers++
	g.hands = append(g.hands, h)
	err = h.orders.Encode(order{Number: g.number, MTU: g.mtu, Policy: g.text, Isolations: g.isolated})
	g.mu.Unlock()
	go func() {
		heard := errors.Join(err, g.listen(h))
		_ = h.conn.Close()
		kill := time.AfterFunc(maxEnding, func() { _ = h.child.Process.Kill() })
		ended := h.child.Wait()
		kill.Stop()
		h.ended <- errors.Join(heard, ended)
	}()
	return h, nil
}

// begin tells a hand that it is its turn.
func (g *Gateway) begin(h *hand) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.active = true
	if err := h.orders.Encode(order{Begin: true}); err != nil {
		g.config.Log.Error("the worker takes no orders", "error", err) // its end is heard of
	}
	return nil
}

// forget takes a hand that ended out of those that are told of orders.
func (g *Gateway) forget(h *hand) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hands = slices.DeleteFunc(g.hands, func(x *hand) bool { return x == h })
}

// dismiss ends a hand and waits for it.
func (g *Gateway) dismiss(h *hand) error {
	if h == nil {
		return nil
	}
	g.forget(h)
	_ = h.conn.Close() // by which it ends
	select {
	case why := <-h.ended:
		g.config.Log.Debug("a worker was dismissed", "ended", why)
		return nil
	case <-time.After(2 * maxEnding):
		return errors.New("a worker does not end")
	}
}

// listen takes what a worker says until it says no more.
func (g *Gateway) listen(h *hand) error {
	words := json.NewDecoder(bufio.NewReader(h.conn))
	for {
		var w word
		if err := words.Decode(&w); err != nil {
			return err
		}
		if w.Error != "" {
			return errors.New(w.Error)
		}
		if w.Number > 0 && !h.isReady() {
			close(h.ready)
		}
		g.hear(&w)
		if w.Stopped != nil && g.config.Told != nil {
			g.config.Told(w.Stopped)
		}
	}
}

func (g *Gateway) hear(w *word) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.Counts != nil { // of the one that judges: a standby has none
		g.counts, g.lost, g.unsent = *w.Counts, w.Lost, w.Unsent
	}
	if w.Number > 0 {
		g.inForce = w.Number
	}
	if w.Stopped != nil {
		g.reports++
	}
}
