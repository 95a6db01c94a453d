package main

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"os/user"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"firedoor/internal/gateway"
	"firedoor/internal/policy"
)

// What one user can have of the control socket, so that others can give orders: a caller who says or hears nothing more
// is let go, and one too many is turned away. Each holds two files, of which a process has no more than it was given.
const (
	maxCallers = 64               // of one user
	orderTime  = 10 * time.Second // for all of an order
	hearTime   = 10 * time.Second // for the next bytes of an answer
)

// peers gives connections that know who is at their other end.
type peers struct {
	net.Listener
	mu    sync.Mutex
	users map[uint32]int // how many each has
}

func newPeers(l net.Listener) *peers { return &peers{Listener: l, users: map[uint32]int{}} }

// enter tells whether there is room for one more of a user. Who entered leaves once.
func (l *peers) enter(user uint32) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.users[user] >= maxCallers {
		return false
	}
	l.users[user]++
	return true
}

func (l *peers) leave(user uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.users[user]--; l.users[user] == 0 {
		delete(l.users, user)
	}
}

// caller is who is at the other end of a socket. The process is held on to, so that no other
// one can take its number meanwhile.
type caller struct {
	net.Conn
	leave   func() // once
	known   bool
	uid     uint32
	pid     int32
	process int // -1: it cannot be held on to
}

// Accept waits for a connection. Who cannot be told who it is stays unknown.
func (l *peers) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		p := &caller{Conn: c, process: -1, leave: func() {}}
		if socket, ok := c.(syscall.Conn); ok {
			p.ask(socket)
		}
		user := p.uid
		if !p.known {
			user = math.MaxUint32 // no user has that
		}
		if l.enter(user) {
			p.leave = sync.OnceFunc(func() { l.leave(user) })
			return p, nil
		}
		_ = p.Close() // it is one too many
	}
}

// ask finds out who is at the other end.
func (p *caller) ask(socket syscall.Conn) {
	raw, err := socket.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		if err != nil {
			return
		}
		p.known, p.uid, p.pid = true, cred.Uid, cred.Pid
		if p.process, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PEERPIDFD); errors.Is(err, unix.ENOPROTOOPT) { // before Linux 6.5
			p.process, err = unix.PidfdOpen(int(cred.Pid), 0)
		}
		if err != nil {
			p.process = -1
		}
	})
}

// Write says something to a caller who hears it in time.
func (p *caller) Write(b []byte) (int, error) {
	if err := p.SetWriteDeadline(time.Now().Add(hearTime)); err != nil {
		return 0, err
	}
	return p.Conn.Write(b)
}

// Close ends the connection, and lets the process go.
func (p *caller) Close() error {
	defer p.leave()
	err := p.Conn.Close()
	if p.process >= 0 {
		err = errors.Join(err, unix.Close(p.process))
		p.process = -1
	}
	return err
}

// isAlive tells whether the process is there still.
func (p *caller) isAlive() bool {
	if p.process < 0 {
		return false
	}
	fds := []unix.PollFd{{Fd: int32(p.process), Events: unix.POLLIN}} // that it ended
	n, err := unix.Poll(fds, 0)
	return err == nil && n == 0
}

// personOf tells who asks, as far as people can be told apart; unknown where it cannot be seen who
// logged in. Where the process lives on after that was looked up, its number was its own.
func (s *gatewayService) personOf(r *http.Request) (who gateway.Person, err error) {
	p, _ := r.Context().Value(peerKey{}).(*caller)
	if p == nil || !p.known {
		return who, errors.New("the system does not tell who is at the other end of this socket")
	}
	login, err := s.gate.Login(p.pid)
	if err == nil && !p.isAlive() {
		err = fmt.Errorf("process %d ended, or cannot be held on to", p.pid)
	}
	if err != nil {
		return who, fmt.Errorf("who logged in cannot be told: %w", err)
	}
	return gateway.Person{Known: true, UID: p.uid, Login: login}, nil
}

// ours tells of a folder whose files others could put theirs in the place of: decisions, and the socket at which
// orders are given.
func ours(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if info.Mode()&0o022 != 0 {
		return fmt.Errorf("others may write there (mode %03o): take that away (chmod go-w), or give another folder", info.Mode().Perm())
	}
	if at, ok := info.Sys().(*syscall.Stat_t); ok && at.Uid != 0 && int(at.Uid) != os.Geteuid() {
		return fmt.Errorf("belongs to user %d, who may put anything in the place of its files: give it to the user that the gateway runs as, or give another folder", at.Uid)
	}
	return nil
}

// share lets a group use the control socket, and find it; all other files stay the
// owner's.
func (s *gatewayService) share(socket string) error {
	if s.group == "" {
		return nil
	}
	gid, err := strconv.Atoi(s.group)
	if err != nil {
		g, err := user.LookupGroup(s.group)
		if err != nil {
			return usageError{fmt.Sprintf("--group %s: there is no such group", s.group)}
		}
		if gid, err = strconv.Atoi(g.Gid); err != nil {
			return err
		}
	}
	for _, err := range []error{os.Chown(s.dir, -1, gid), os.Chmod(s.dir, 0o710), os.Chown(socket, -1, gid), os.Chmod(socket, 0o660)} {
		if err != nil {
			return usageError{fmt.Sprintf("--group %s: %v", s.group, err)}
		}
	}
	return nil
}

// propose takes a decision that waits for a second person. The caller holds the lock.
func (s *gatewayService) propose(r *http.Request, want *gateway.Decision, length time.Duration, out *isolated) (err error) {
	if want.Person, err = s.personOf(r); err != nil {
		return fmt.Errorf("--everything: nobody can be a second person where the first one is not known: %w", err)
	}
	if out.Decision, err = s.decisions.Add(*want, length); err != nil {
		return err
	}
	s.log.Info("proposed", "decision", out.Decision.ID, "scope", want.Scope, "verb", want.Verb, "until", out.Decision.Until, "by", want.By, "reason", want.Reason)
	s.nudge()
	return nil
}

// confirm brings a decision into force that another person ordered.
func (s *gatewayService) confirm(r *http.Request) (*gateway.Decision, error) {
	id, err := strconv.ParseUint(r.URL.Query().Get("id"), 10, 32)
	if err != nil {
		return nil, fmt.Errorf("%q is no number of a decision: firedoor list shows them", r.URL.Query().Get("id"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	who, unknown := s.personOf(r)
	if err := s.fits(uint32(id)); err != nil {
		return nil, err // nor is it confirmed what cannot come into force
	}
	one, err := s.decisions.Confirm(uint32(id), whoAsks(r), who)
	if err != nil {
		return nil, errors.Join(err, unknown)
	}
	s.log.Info("confirmed", "decision", one.ID, "scope", one.Scope, "verb", one.Verb, "until", one.Until, "by", one.By, "confirmed_by", one.ConfirmedBy)
	s.nudge()
	i, err := gateway.Isolation(s.plan, one)
	if err == nil && i.Verb == policy.Quarantine && i.Other == "" && i.Conduit == "" {
		if at, ok := s.plan.Named(i.Host); ok {
			err = s.gate.Hold(at, 0)
		}
	}
	return one, errors.Join(err, notYet(fmt.Sprintf("decision %d is confirmed and written down", one.ID), s.apply()))
}

// fits says why there is no room for what a decision that waits would isolate, beside what is in force now. The caller holds the lock.
func (s *gatewayService) fits(id uint32) error {
	list := s.decisions.List()
	at := slices.IndexFunc(list, func(d gateway.Decision) bool { return d.ID == id && d.Pending() })
	if at < 0 {
		return nil
	}
	i, err := gateway.Isolation(s.plan, &list[at])
	if err != nil {
		return nil //nolint:nilerr // it does nothing under this policy
	}
	force, _ := s.decisions.Isolations(s.plan)
	after, _ := s.plan.With(append(force, i))
	return gateway.Fits(after)
}
