package gateway

import (
	"fmt"
	"time"
)

// States of a decision.
const (
	statePending = "pending"
	stateActive  = "active"
	stateTesting = "testing"
)

// ConfirmWithin is how long a decision that takes two people waits for the second one.
const ConfirmWithin = 10 * time.Minute

// Person is who ordered something, as far as the system can tell people apart. It does
// not hold anybody off who is root: root is whoever he likes.
type Person struct {
	Known bool   `json:"known,omitempty"`
	UID   uint32 `json:"uid"`
	// Login is the user who logged in, whoever he became afterwards; 0 where the system
	// does not say, or root did.
	Login uint32 `json:"login,omitempty"`
}

// Same tells whether two orders may be those of one person.
func (p Person) Same(q Person) bool {
	return !p.Known || !q.Known || p.UID == q.UID || p.Login != 0 && p.Login == q.Login
}

// Pending tells whether a decision waits for a second person.
func (d *Decision) Pending() bool { return d.State == statePending }

// Confirm brings a pending decision into force, if somebody else confirms it than
// ordered it.
func (d *Decisions) Confirm(id uint32, by string, who Person) (*Decision, error) {
	one := d.all[id]
	switch {
	case one == nil:
		return nil, fmt.Errorf("there is no decision %d", id)
	case one.State != statePending:
		return nil, fmt.Errorf("decision %d does not wait for anybody: it is %s", id, one.State)
	case !who.Known:
		return nil, fmt.Errorf("decision %d: nobody knows who you are, so you cannot confirm it", id)
	case one.Person.Same(who):
		return nil, fmt.Errorf("decision %d was ordered by %s: a second person must confirm it, not the same one (%s)", id, one.By, by)
	}
	now := d.now()
	if until, err := time.Parse(time.RFC3339Nano, one.Until); err != nil || !until.After(now) {
		return nil, fmt.Errorf("decision %d waited for too long: order it anew", id)
	}
	next := *one
	next.State, next.ConfirmedBy, next.Since, next.Until, next.Length = stateActive, by, stamp(now), stamp(now.Add(one.Length)), 0
	if err := d.chain.Add(stamp(now), "isolate", by, next); err != nil {
		return nil, err
	}
	d.all[id] = &next
	return &next, nil
}

// lapse ends a decision that nobody confirmed.
func (d *Decisions) lapse(id uint32, by string) error {
	one := d.all[id]
	if err := d.chain.Add(stamp(d.now()), "lapse", by, *one); err != nil {
		return err
	}
	delete(d.all, id)
	return nil
}
