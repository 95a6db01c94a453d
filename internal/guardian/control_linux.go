package guardian

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"time"
)

// Times of keeping a control process.
const (
	minPause  = 100 * time.Millisecond // before the next one is started
	maxPause  = 10 * time.Second
	longAlive = 30 * time.Second // one that lived that long had a good start
)

// keepControl keeps a control process, until ctx ends. Without one nothing is told and
// nothing can be ordered; frames do not need it.
func (g *Guardian) keepControl(ctx context.Context) {
	pause := minPause
	for ctx.Err() == nil {
		began := time.Now()
		err := g.oneControl(ctx)
		if ctx.Err() != nil {
			return
		}
		if !g.isBegun() {
			g.fail(err)
			return
		}
		if time.Since(began) > longAlive {
			pause = minPause
		}
		g.event("control-ended", fmt.Sprintf("the control process ended (%v); frames go on, the next one starts in %v", err, pause))
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, maxPause)
	}
}

func (g *Guardian) isBegun() bool {
	select {
	case <-g.begun:
		return true
	default:
		return false
	}
}

func (g *Guardian) fail(err error) {
	select {
	case g.failed <- err:
	default: // an earlier reason is the reason
	}
}

// oneControl starts a control process and does what it wants until it ends.
func (g *Guardian) oneControl(ctx context.Context) error {
	child, conn, err := g.starter.start(ordinary, ownProgram, g.config.Control, nil, g.config.Stdout, g.config.Stderr)
	if err != nil {
		return err
	}
	link := NewLink(conn, MaxMessage)
	stop := context.AfterFunc(ctx, func() { _ = link.Close() })
	defer stop()
	g.mu.Lock()
	g.controls++
	g.controlPID = child.Process.Pid
	hello := Hello{Number: g.number, Order: g.order, Bypass: g.bypass, Starts: g.controls}
	g.mu.Unlock()
	err = link.SendJSON(KindHello, &hello)
	if err == nil {
		g.setControl(link)
		err = g.obey(ctx, link)
		g.setControl(nil)
	}
	_ = link.Close()
	kill := time.AfterFunc(maxEnding, func() { _ = child.Process.Kill() })
	ended := child.Wait()
	kill.Stop()
	var status *exec.ExitError
	if errors.As(ended, &status) && status.ExitCode() >= 0 {
		return ControlError{status.ExitCode()}
	}
	return errors.Join(err, ended)
}

func (g *Guardian) setControl(l *Link) {
	g.mu.Lock()
	g.control = l
	g.mu.Unlock()
	g.backlog.nudge()
}

// obey does what a control process wants until it says no more.
func (g *Guardian) obey(ctx context.Context, link *Link) error {
	for {
		kind, body, err := link.Receive()
		if err != nil {
			return err
		}
		if kind != KindRequest {
			return errors.New("it says what is not its to say")
		}
		request, err := read[Request](body)
		if err == nil && request.What == WantUpgrade { // whoever is to be isolated does not wait until a program was tried
			go func() { _ = g.answer(ctx, link, &request, nil) }() // nobody hears it where that ended
			continue
		}
		if err := g.answer(ctx, link, &request, err); err != nil {
			return err
		}
	}
}

// answer does what is wanted, if it could be read, and says what became of it.
func (g *Guardian) answer(ctx context.Context, link *Link, request *Request, err error) error {
	var reply Reply
	if err == nil {
		reply.ID = request.ID
		err = g.do(ctx, request, &reply)
	}
	if err != nil {
		reply.Error = err.Error()
		if !g.isBegun() && (request.What == WantSet || request.What == "") {
			g.fail(err) // nothing is in force, and nothing will be
		} else if !errors.Is(err, errTooEarly) {
			g.config.Log.Error("what control wants is not done", "what", request.What, "reason", err)
		}
	}
	return link.SendJSON(KindReply, &reply)
}

// do does what control wants, and puts what is to be told into the reply.
func (g *Guardian) do(ctx context.Context, r *Request, reply *Reply) (err error) {
	if r.What == WantSet {
		return g.set(ctx, r)
	}
	if r.What == WantLogin {
		reply.Login, err = loginOf(r.PID)
		return err
	}
	if !g.isBegun() {
		return errTooEarly
	}
	switch r.What {
	case WantHold:
		if r.Held == nil {
			return errors.New("nobody is named who is to be held")
		}
		return g.path.Quarantine(*r.Held)
	case WantBypass:
		return g.setBypass(r.On)
	case WantUpgrade:
		reply.Program, err = g.tryProgram(ctx)
		return err
	case WantUnbar:
		return g.unbar(r.Client)
	case WantForget:
		return g.path.Forget(r.Number)
	case WantLook:
		reply.Look, err = g.look()
		return err
	case WantLosses:
		reply.Lost, reply.Turn, err = g.path.Losses()
		return err
	}
	return fmt.Errorf("%q is nothing that a guardian does", r.What)
}

func (g *Guardian) setBypass(on bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.path.SetBypass(on); err != nil {
		return err
	}
	g.bypass = on
	return nil
}

// set brings an order and tables into force. The workers first: what the kernel stops
// to let through alone, somebody must judge.
func (g *Guardian) set(ctx context.Context, r *Request) error {
	if r.Tables == nil || len(r.Order) == 0 {
		return errors.New("an order and tables belong together")
	}
	if err := r.Tables.Check(); err != nil {
		return err
	}
	if !g.isBegun() {
		return g.setFirst(ctx, r)
	}
	if err := g.install(r); err != nil {
		return err
	}
	g.untilObeyed(ctx, r.Number)
	return nil
}

// install puts an order into the kernel and tells all workers of it.
func (g *Guardian) install(r *Request) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	wasOrder, wasNumber := g.order, g.number
	g.tellHands(r)
	done := g.shedUnder(r)
	if err := g.path.Install(r.Tables); err != nil {
		g.tellHands(&Request{Order: wasOrder, Number: wasNumber})
		return err
	}
	done()
	return nil
}

// untilObeyed waits until the worker that judges does so by an order: whoever is told that it is in
// force must not see the next frame judged by the one before. A worker that begins later knows the order by then.
func (g *Guardian) untilObeyed(ctx context.Context, number uint32) {
	g.mu.Lock()
	hands := slices.Clone(g.hands)
	g.mu.Unlock()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	late := time.After(maxObey)
	for _, h := range hands {
		for judges := true; judges && h.began.Load() && h.obeys.Load() != number; {
			select {
			case <-look.C:
			case <-h.done:
				judges = false
			case <-late:
				g.event("order-unheard", fmt.Sprintf("%s does not judge by the order after %v, and is replaced", h.name(), maxObey))
				h.kill()
				return
			case <-ctx.Done():
				return
			}
		}
	}
}

// tellHands gives all workers an order. The caller holds the lock.
func (g *Guardian) tellHands(r *Request) {
	g.order, g.number = r.Order, r.Number
	for _, h := range g.hands {
		if err := g.command(h); err != nil {
			g.config.Log.Error("a worker takes no orders", "worker", h.name(), "error", err)
			h.kill() // the next one is told
		}
	}
}

// setFirst opens the ports for the first order, and starts the worker that judges by it.
func (g *Guardian) setFirst(ctx context.Context, r *Request) error {
	if g.path == nil {
		if err := g.open(); err != nil {
			return err
		}
	}
	g.mu.Lock()
	g.order, g.number = r.Order, r.Number
	g.mu.Unlock()
	h, err := g.hire()
	if err == nil {
		select {
		case <-h.ready:
			for _, old := range g.retire {
				g.forget(old)
				old.kill()
			}
			g.begin(h)
			err = g.path.Install(r.Tables)
		case why := <-h.ended:
			err = errors.Join(errors.New("the worker ended before it began"), why)
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if err != nil {
		return err
	}
	close(g.begun)
	g.first <- h
	return nil
}

// feed tells control what waits for it.
func (g *Guardian) feed(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.backlog.wake:
		}
		g.mu.Lock()
		link := g.control
		g.mu.Unlock()
		if link == nil {
			continue // the next one is told
		}
		items := g.backlog.all()
		for i, m := range items {
			if err := link.Send(m.kind, m.body); err != nil {
				g.backlog.again(items[i:])
				_ = link.Close() // it does not read: the next one is told
				break
			}
		}
	}
}
