package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Pauses before it is tried again to bring into force what was decided.
const (
	firstAgain = 100 * time.Millisecond
	mostAgain  = 30 * time.Second
)

// undone is that what was decided is not in force. The zero value is that it is.
type undone struct {
	since time.Time
	next  time.Time // when it is tried again
	pause time.Duration
	tries int
}

// failed plans the next try.
func (b *undone) failed(now time.Time) {
	if b.since.IsZero() {
		b.since, b.pause = now, firstAgain
	} else {
		b.pause = min(2*b.pause, mostAgain)
	}
	b.next = now.Add(b.pause)
	b.tries++
}

// set brings policy and decisions into force. The caller holds the lock.
func (s *gatewayService) set() error {
	isolated, _ := s.decisions.Isolations(s.plan)
	if err := s.gate.Set(s.text, s.plan, isolated); err != nil {
		return err
	}
	s.noteInForce()
	return nil
}

// apply brings policy and decisions into force. What fails is told, and tried again until it holds: what stands in
// decisions.jsonl is not left undone. The caller holds the lock.
func (s *gatewayService) apply() error { return s.applied(s.set()) }

// begin brings into force what a process for orders finds when it starts. What a gateway that starts cannot bring into
// force ends it, and is not tried again. The caller holds the lock.
func (s *gatewayService) begin() error {
	err := s.set()
	if err != nil && s.gate.First() {
		return err
	}
	return s.applied(err)
}

// applied notes what came of it.
func (s *gatewayService) applied(err error) error {
	if err == nil {
		s.holds()
		return nil
	}
	s.undone.failed(time.Now())
	why := err.Error()
	s.unapplied.Store(&why)
	s.log.Error("what was decided is not in force", "event", "not-in-force", "error", err, "tries", s.undone.tries, "again_in", s.undone.pause)
	s.nudge()
	return err
}

// holds notes that all that was decided is in force. The caller holds the lock.
func (s *gatewayService) holds() {
	if !s.undone.since.IsZero() {
		s.log.Warn("what was decided is in force again", "event", "in-force", "tries", s.undone.tries+1, "since", s.undone.since)
	}
	s.undone = undone{}
	s.unapplied.Store(nil)
}

// notYet says of an order that was written down that it is not in force.
func notYet(done string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s, and is NOT IN FORCE: %w; it is tried again until it is, and firedoor status says so until then", done, err)
}

// keepInForce ends decisions whose time is over, and brings into force what could not be brought into force before.
func (s *gatewayService) keepInForce(ctx context.Context) {
	for {
		wait := s.keep(time.Now())
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-time.After(wait):
		}
	}
}

// keep does what is due, and tells for how long nothing is.
func (s *gatewayService) keep(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed, next, err := s.decisions.Overdue()
	if err != nil {
		s.log.Error("ending decisions", "error", err)
	}
	if again := !s.undone.since.IsZero() && !now.Before(s.undone.next); changed || again {
		_ = s.apply() // it tells
	}
	wait := time.Minute
	for _, at := range []time.Time{next, s.undone.next} {
		if !at.IsZero() {
			wait = min(wait, max(time.Until(at), 10*time.Millisecond))
		}
	}
	return wait
}

// settleBypass tells of a bypass that ended, or began, and of which nobody wrote it. The caller holds the lock.
func (s *gatewayService) settleBypass() {
	st, err := s.gate.Status()
	told := ""
	if err == nil {
		told, err = s.decisions.SettleBypass(st.Bypass)
	}
	if told != "" {
		s.log.Warn(told, "event", "bypass", "on", st.Bypass)
	}
	if err != nil {
		s.log.Error("whether a bypass goes on", "error", err)
	}
	s.tellBypass()
}

// tellBypass has the status say what is written of a bypass. The caller holds the lock.
func (s *gatewayService) tellBypass() {
	ended := s.decisions.Bypass().Ended
	s.ended.Store(&ended)
}

// switchBypass lets everything pass, or judges again.
func (s *gatewayService) switchBypass(on bool, by, why string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.decisions.Bypass().On
	if err := s.gate.Bypass(on); err != nil {
		return "", err
	}
	s.log.Warn("bypass", "event", "bypass", "on", on, "by", by, "reason", why)
	text := "bypass is over: the policy is in force"
	switch {
	case on:
		text = "bypass: everything passes, nothing is judged"
	case !was:
		text = "there was no bypass: the policy is in force"
	}
	if err := s.decisions.NoteBypass(on, by, why); err != nil {
		return "", errors.Join(fmt.Errorf("%s; decisions.jsonl does not say so", text), err)
	}
	s.tellBypass()
	return text, nil
}
