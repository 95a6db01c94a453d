package datapath

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf"
)

// grace is longer than a frame takes through the program.
const grace = 10 * time.Millisecond

// set writes one number of the configuration; frames see it at once.
func (d *Datapath) set(offset int64, value uint32) error {
	_, err := d.config.WriteAt(binary.NativeEndian.AppendUint32(nil, value), offset)
	return err
}

// get reads one number of it.
func (d *Datapath) get(offset int64) uint32 {
	var b [4]byte
	_, _ = d.config.ReadAt(b[:], offset) // fails outside of the map only
	return binary.NativeEndian.Uint32(b[:])
}

// defaults is the configuration before anybody set something.
func (d *Datapath) defaults() error {
	if err := d.SetLimit(DefaultLimit); err != nil {
		return err
	}
	return d.SetReports(DefaultReports)
}

// SetLimit says how old a heartbeat may be.
func (d *Datapath) SetLimit(limit time.Duration) error {
	_, err := d.config.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(limit)), configLimit)
	return err
}

// SetReports says how many reports a CPU makes in a tenth of a second, of resets
// and of other drops each. What is beyond is counted.
func (d *Datapath) SetReports(n uint32) error { return d.set(configReports, n) }

// Beat says that somebody answers what is asked, for as long as the limit. Only one
// goroutine may call it; it makes no system call and allocates nothing.
func (d *Datapath) Beat() error {
	binary.NativeEndian.PutUint64(d.beat[:], now())
	_, err := d.heartbeat.WriteAt(d.beat[:], 0) // eight aligned bytes are one store
	return err
}

func (h Held) key(generation uint32) gatewayHeldKey {
	if h.Place == 0 {
		return gatewayHeldKey{Value: uint64(h.MAC), IsMac: 1}
	}
	return gatewayHeldKey{Value: uint64(h.Place), Generation: generation}
}

// Quarantine isolates a place, all of a zone, or a MAC from the next frame on.
func (d *Datapath) Quarantine(h Held) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.maps[gatewayMapQuarantine].Put(h.key(d.Generation()), gatewayHeld{Rule: h.Rule}); err != nil {
		return fmt.Errorf("quarantine: %w", err)
	}
	return d.set(configHeld, 1)
}

// Release ends a quarantine; one that is not there is no error.
func (d *Datapath) Release(h Held) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.maps[gatewayMapQuarantine].Delete(h.key(d.Generation()))
	if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return fmt.Errorf("quarantine: %w", err)
	}
	held, err := d.heldKeys()
	if err == nil && len(held) == 0 {
		err = d.set(configHeld, 0)
	}
	return err
}

func (d *Datapath) heldKeys() (keys []gatewayHeldKey, err error) {
	var k gatewayHeldKey
	var v gatewayHeld
	at := d.maps[gatewayMapQuarantine].Iterate()
	for at.Next(&k, &v) {
		keys = append(keys, k)
	}
	return keys, at.Err()
}

// keepHeld removes all others from the quarantine: they are of tables that are gone.
func (d *Datapath) keepHeld(keep []gatewayHeldKey) error {
	all, err := d.heldKeys()
	if err != nil {
		return err
	}
	if len(all) > len(keep) {
		time.Sleep(grace) // frames under way under the old tables are held still
	}
	stay := map[gatewayHeldKey]bool{}
	for _, k := range keep {
		stay[k] = true
	}
	for _, k := range all {
		if !stay[k] {
			err = errors.Join(err, d.maps[gatewayMapQuarantine].Delete(k))
		}
	}
	if len(keep) == 0 {
		err = errors.Join(err, d.set(configHeld, 0))
	}
	return err
}
