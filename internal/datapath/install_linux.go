package datapath

import (
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf"
)

// Defaults of what can be set while frames pass.
const (
	DefaultLimit   = 10 * time.Millisecond // after which a heartbeat is stale
	DefaultReports = 100                   // reports of each kind and CPU in a tenth of a second
)

// Install brings tables into force at both ports at one moment, between two frames:
// until then nothing of them is seen, and nothing of the old ones afterwards. The
// quarantine becomes that of the tables, for places have other numbers now, and so does what is
// shed of conduits. An error
// says if the new tables are in force nevertheless; else the old ones are. Only one
// process may install at a time.
func (d *Datapath) Install(t *Tables) error {
	if err := t.Check(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	e := newEntries(t)
	slot, generation := d.get(configActive)&1^1, d.Generation()+1
	at := configSlots + slotSize*int64(slot)
	// First what belongs to the slot, then what makes all CPUs see it, last the switch.
	if err := errors.Join(d.set(at, generation), d.set(at+4, e.shape), d.fill(e, slot)); err != nil {
		return err
	}
	held := make([]gatewayHeldKey, 0, len(t.Quarantine))
	for _, h := range t.Quarantine {
		k := h.key(generation)
		if err := d.maps[gatewayMapQuarantine].Put(k, gatewayHeld{Rule: h.Rule}); err != nil {
			return fmt.Errorf("quarantine: %w", err)
		}
		held = append(held, k)
	}
	if len(held) > 0 {
		if err := d.set(configHeld, 1); err != nil {
			return err
		}
	}
	if err := d.shedNext(t.Shed, generation); err != nil {
		return err
	}
	// A connection that passed whole under the old tables may be judged under the new ones.
	if err := errors.Join(d.unsure(otherRules), d.set(configActive, slot)); err != nil {
		return err
	}
	if !d.attached {
		if err := d.attach(); err != nil {
			return fmt.Errorf("the tables are in force, but not all ports are: %w", err)
		}
	}
	if err := d.keepHeld(held); err != nil {
		return fmt.Errorf("the tables are in force, but the old quarantine is not all gone: %w", err)
	}
	if err := d.keepUnasked(func(k *gatewayUnaskedKey) bool { return k.Conduit == 0 || k.Generation == generation }); err != nil {
		return fmt.Errorf("the tables are in force, but what was shed under the old ones is not all gone: %w", err)
	}
	return nil
}

// fill makes the maps of tables and puts them into the slot that is not in use. The
// kernel waits for programs under way each time, so all wait together.
func (d *Datapath) fill(e *entries, slot uint32) error {
	done := make(chan error)
	tables := e.tables()
	for name, t := range tables {
		go func() { done <- d.fillOne(name, t, slot) }()
	}
	var errs []error
	for range tables {
		errs = append(errs, <-done)
	}
	return errors.Join(errs...)
}

func (d *Datapath) fillOne(name string, t table, slot uint32) error {
	spec := d.spec.Maps[name].InnerMap.Copy()
	spec.MaxEntries = uint32(max(t.entries, 1))
	m, err := ebpf.NewMap(spec)
	if err != nil {
		return fmt.Errorf("making the table %s of %d entries: %w", name, t.entries, err)
	}
	defer func() { _ = m.Close() }() // the slot holds it
	if err := t.fill(m); err != nil {
		return err
	}
	if err := d.maps[name].Put(slot, m); err != nil {
		return fmt.Errorf("table %s: %w", name, err)
	}
	return nil
}
