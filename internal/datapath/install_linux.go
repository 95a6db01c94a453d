package datapath

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

// Defaults of what can be set while frames pass.
const (
	DefaultLimit   = 10_000_000 // ns after which a heartbeat is stale
	DefaultReports = 100        // reports of each kind and CPU in a tenth of a second
)

// Install brings tables into force at both ports at one moment, between two frames:
// until then nothing of them is seen, and nothing of the old ones afterwards. The
// quarantine becomes that of the tables, for places have other numbers now.
func (d *Datapath) Install(t *Tables) error {
	if err := t.Check(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := d.load(t, d.generation+1)
	if err != nil {
		return err
	}
	defer c.Close() // the kernel holds what it uses
	before, held := d.generation, make([]gatewayHeldKey, 0, len(t.Quarantine))
	for _, h := range t.Quarantine {
		held = append(held, h.key(before+1))
		if err := d.maps[gatewayMapQuarantine].Put(held[len(held)-1], gatewayHeld{Rule: h.Rule}); err != nil {
			return fmt.Errorf("quarantine: %w", err)
		}
	}
	if len(held) > 0 {
		if err := d.set(configHeld, 1); err != nil {
			return err
		}
	}
	programs := d.maps[gatewayMapPrograms]
	if err := programs.Put(probeSlot, c.Programs[gatewayProgProbe]); err != nil {
		return fmt.Errorf("installing tables: %w", err)
	}
	if err := programs.Put(forwardSlot, c.Programs[gatewayProgForward]); err != nil {
		return fmt.Errorf("installing tables: %w", err)
	}
	d.generation = before + 1
	if !d.attached {
		if err := d.attach(); err != nil {
			return err
		}
	}
	return d.keepHeld(held)
}

// load makes maps of tables, fills them, and makes the programs that use them.
func (d *Datapath) load(t *Tables, generation uint32) (*ebpf.Collection, error) {
	e := newEntries(t)
	spec := d.spec.Copy()
	delete(spec.Programs, gatewayProgAtPort)
	e.size(spec)
	err := errors.Join(
		spec.Variables[gatewayVarPorts].Set([2]uint32{uint32(d.ports[0].Attrs().Index), uint32(d.ports[1].Attrs().Index)}),
		spec.Variables[gatewayVarAsks].Set([2]uint32{uint32(d.asks[0].Attrs().Index), uint32(d.asks[1].Attrs().Index)}),
		spec.Variables[gatewayVarGeneration].Set(generation),
		spec.Variables[gatewayVarShape].Set(e.shape),
	)
	if err != nil {
		return nil, err
	}
	delete(spec.Maps, gatewayMapPrograms)
	replace := map[string]*ebpf.Map{}
	for _, name := range lasting {
		if name != gatewayMapPrograms {
			replace[name] = d.maps[name]
		}
	}
	c, err := ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{MapReplacements: replace})
	if err != nil {
		return nil, fmt.Errorf("loading the gateway's program: %w", err)
	}
	if err := e.fill(c.Maps); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}
