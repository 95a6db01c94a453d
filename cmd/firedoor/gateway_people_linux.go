package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"firedoor/internal/gateway"
	"firedoor/internal/policy"
)

type personKey struct{}

// withPerson notes who is at the other end of a socket, so that two people can be told
// from one.
func withPerson(ctx context.Context, raw syscall.RawConn) context.Context {
	var who gateway.Person
	_ = raw.Control(func(fd uintptr) { // an error leaves it unknown
		cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		if err != nil {
			return
		}
		who = gateway.Person{Known: true, UID: cred.Uid, Login: loginOf(cred.Pid)}
	})
	return context.WithValue(ctx, personKey{}, who)
}

// loginOf is the user who logged in before a process became somebody else by sudo or
// su; 0 where the system does not keep it.
func loginOf(pid int32) uint32 {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(int(pid)) + "/loginuid")
	if err != nil {
		return 0
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 32)
	if err != nil || n == 1<<32-1 { // nobody logged in
		return 0
	}
	return uint32(n)
}

func personOf(r *http.Request) gateway.Person {
	who, _ := r.Context().Value(personKey{}).(gateway.Person)
	return who
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
func (s *gatewayService) propose(want *gateway.Decision, length time.Duration, out *isolated) (err error) {
	if !want.Person.Known {
		return errors.New("--everything: nobody knows who you are, so nobody can be a second person")
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
	one, err := s.decisions.Confirm(uint32(id), whoAsks(r), personOf(r))
	if err != nil {
		return nil, err
	}
	s.log.Info("confirmed", "decision", one.ID, "scope", one.Scope, "verb", one.Verb, "until", one.Until, "by", one.By, "confirmed_by", one.ConfirmedBy)
	s.nudge()
	i, err := gateway.Isolation(s.plan, one)
	if err == nil && i.Verb == policy.Quarantine && i.Other == "" && i.Conduit == "" {
		if at, ok := s.plan.Named(i.Host); ok {
			err = s.gate.Hold(at, 0)
		}
	}
	return one, errors.Join(err, s.apply())
}
