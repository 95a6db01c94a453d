package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"text/tabwriter"
	"time"

	"firedoor/internal/plant/factory"
	"firedoor/internal/plant/physics"
)

type plantServeCommand struct {
	Listen string  `default:"127.0.0.1" help:"Address to listen on." placeholder:"ADDRESS"`
	Shift  uint16  `help:"Added to every port, so that two plants can stand beside each other." placeholder:"N"`
	Seed   uint64  `default:"1" help:"Of all that is left to chance." placeholder:"N"`
	Speed  float64 `default:"1" help:"How many times faster than life the processes go." placeholder:"X"`
	Tags   bool    `help:"Say under which address each value of the controllers is found, and end."`
}

// Limits of what strangers can take on real sockets.
const (
	maxServed    = 256 // connections at once; more are closed
	serveIdle    = 10 * time.Minute
	serveWrite   = 30 * time.Second // for an answer to be taken
	serveBuffer  = 4096
	maxServeStep = 100_000 // times faster than life
)

// Run lets the processes go on and answers for the controllers until it is told to stop.
func (s *plantServeCommand) Run(ctx context.Context, m *Main) error {
	at, err := netip.ParseAddr(s.Listen)
	if err != nil {
		return usageError{fmt.Sprintf("--listen %s: give an address of this machine, as 127.0.0.1", s.Listen)}
	}
	if !(s.Speed > 0) || s.Speed > maxServeStep {
		return usageError{fmt.Sprintf("--speed %v: more than 0 and at most %d", s.Speed, maxServeStep)}
	}
	f, err := factory.New(factory.Options{Seed: s.Seed})
	if err != nil {
		return err
	}
	if s.Tags {
		return tellTags(m, f)
	}
	e := &exposed{f: f}
	defer e.close()
	t := tabwriter.NewWriter(m.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "CONTROLLER\tPROTOCOL\tADDRESS")
	for _, c := range f.Controllers() {
		where, err := e.listen(ctx, at, c, s.Shift)
		if err != nil {
			return usageError{err.Error()}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", c.Name, c.Protocol, where)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if !at.IsLoopback() {
		fmt.Fprintf(m.Stderr, "firedoor: everybody who reaches %s can write to the simulated controllers\n", at)
	}
	fmt.Fprintln(m.Stdout, "The processes are running. Stop with Ctrl-C.")
	e.live(ctx, s.Speed)
	return nil
}

// tellTags prints the values of all controllers with their addresses.
func tellTags(m *Main, f *factory.Factory) error {
	t := tabwriter.NewWriter(m.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "CONTROLLER\tTAG\tADDRESS\tTYPE\tSCALE\tUNIT\tWRITABLE\tWHAT IT IS")
	for _, v := range f.Values() {
		writable := ""
		if v.Writable {
			writable = "yes"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%g\t%s\t%s\t%s\n", v.Controller, v.Tag, v.Object, v.Type, v.Scale, v.Unit, writable, v.Words)
	}
	return t.Flush()
}

// exposed is the controllers on real sockets. The lock is around everything of
// the plant, which knows no goroutines.
type exposed struct {
	mu        sync.Mutex
	f         *factory.Factory
	listeners []net.Listener
	conns     map[net.Conn]struct{}
	closed    bool
	work      sync.WaitGroup
}

// listen opens a controller's port.
func (e *exposed) listen(ctx context.Context, at netip.Addr, c factory.Controller, shift uint16) (string, error) {
	if int(c.Port)+int(shift) > 65535 {
		return "", fmt.Errorf("--shift %d: there is no port %d", shift, int(c.Port)+int(shift))
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(at.String(), strconv.Itoa(int(c.Port+shift))))
	if err != nil {
		return "", fmt.Errorf("%s: %w", c.Name, err)
	}
	e.listeners = append(e.listeners, l)
	e.work.Add(1)
	go func() {
		defer e.work.Done()
		for {
			conn, err := l.Accept()
			switch {
			case errors.Is(err, net.ErrClosed):
				return
			case err != nil: // too many files are open, or the like: it passes
				time.Sleep(100 * time.Millisecond)
			default:
				e.take(conn, c)
			}
		}
	}()
	return l.Addr().String(), nil
}

// take answers one connection, if there is room.
func (e *exposed) take(conn net.Conn, c factory.Controller) {
	peer, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conns == nil {
		e.conns = map[net.Conn]struct{}{}
	}
	if e.closed || len(e.conns) >= maxServed {
		_ = conn.Close() // there is nobody to tell
		return
	}
	session := c.Server.Accept(peer.Addr())
	if session == nil {
		_ = conn.Close() // nor here
		return
	}
	e.conns[conn] = struct{}{}
	e.work.Add(1)
	go func() {
		defer e.work.Done()
		in, out := make([]byte, serveBuffer), []byte(nil)
		for {
			_ = conn.SetReadDeadline(time.Now().Add(serveIdle)) // if it fails, so does the read
			n, err := conn.Read(in)
			if err != nil {
				break
			}
			var keep bool
			e.mu.Lock()
			out, keep = session.Receive(e.f.PlantTime(), in[:n], out[:0])
			e.mu.Unlock()
			_ = conn.SetWriteDeadline(time.Now().Add(serveWrite))
			if _, err := conn.Write(out); err != nil || !keep {
				break
			}
		}
		e.mu.Lock()
		session.Close()
		delete(e.conns, conn)
		e.mu.Unlock()
		_ = conn.Close() // the peer is gone, or will be
	}()
}

// live lets the processes go on with the clock of this machine.
func (e *exposed) live(ctx context.Context, speed float64) {
	tick := time.NewTicker(time.Second / 4)
	defer tick.Stop()
	begun, steps := time.Now(), 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		due := int(time.Since(begun).Seconds() * speed / physics.Step.Seconds())
		e.mu.Lock()
		for ; steps < due; steps++ {
			e.f.Physics().Step()
		}
		e.mu.Unlock()
	}
}

func (e *exposed) close() {
	e.mu.Lock()
	e.closed = true
	var errs []error
	for _, l := range e.listeners {
		errs = append(errs, l.Close())
	}
	for c := range e.conns {
		errs = append(errs, c.Close())
	}
	e.mu.Unlock()
	_ = errors.Join(errs...) // everything ends anyway
	e.work.Wait()
}
