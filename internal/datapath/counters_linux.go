package datapath

import (
	"cmp"
	"fmt"
	"slices"
)

// Count is a number of frames and their bytes, as on the wire without checksum.
type Count struct{ Frames, Bytes uint64 }

func (c *Count) add(n gatewayCount) {
	c.Frames += n.Frames
	c.Bytes += n.Bytes
}

// Explained says what happened to frames and why. Rule is that of the tables of a
// generation, which each Install counts up.
type Explained struct {
	Generation uint32
	Action     Action
	Reason     uint16
	Rule       uint32
	Count
}

// Totals are counted without keys: In of both ports is the sum of all that is
// explained, and of Uncounted, for which there was no room.
type Totals struct {
	In         [2]Count // by port
	Uncounted  Count
	Unreported Count // dropped, to be shown, and no room for the report; explained like all
	Unpaired   Count // dropped, and no room for its pair (MaxLosses); explained like all
}

// Generation is that of the tables in force, 0 before the first Install.
func (d *Datapath) Generation() uint32 {
	return d.get(configSlots + slotSize*int64(d.get(configActive)&1))
}

// Counters gives what happened to all frames since the gateway was first opened,
// in a fixed order. Frames that come meanwhile are in or not.
func (d *Datapath) Counters() ([]Explained, error) {
	var out []Explained
	var k gatewayCountKey
	var cpus []gatewayCount
	at := d.maps[gatewayMapCounts].Iterate()
	for at.Next(&k, &cpus) {
		e := Explained{Generation: k.Generation, Action: Action(k.Verdict), Reason: k.Reason, Rule: k.Rule}
		for _, n := range cpus {
			e.add(n)
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Explained) int {
		return cmp.Or(cmp.Compare(a.Generation, b.Generation), cmp.Compare(a.Action, b.Action), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Rule, b.Rule))
	})
	if err := at.Err(); err != nil {
		return nil, fmt.Errorf("reading counters: %w", err)
	}
	return out, nil
}

// Forget drops the counters of a generation, to make room, once they are kept
// elsewhere. That of the tables in force stays.
func (d *Datapath) Forget(generation uint32) error {
	if generation == d.Generation() {
		return fmt.Errorf("the tables of generation %d are in force, and count", generation)
	}
	var keys []gatewayCountKey
	var k gatewayCountKey
	var cpus []gatewayCount
	at := d.maps[gatewayMapCounts].Iterate()
	for at.Next(&k, &cpus) {
		if k.Generation == generation {
			keys = append(keys, k)
		}
	}
	if err := at.Err(); err != nil {
		return fmt.Errorf("reading counters: %w", err)
	}
	for _, k := range keys {
		if err := d.maps[gatewayMapCounts].Delete(k); err != nil {
			return fmt.Errorf("forgetting counters: %w", err)
		}
	}
	return nil
}

// Totals gives what came in.
func (d *Datapath) Totals() (Totals, error) {
	var t Totals
	for i, to := range [totalsCount]*Count{Inside: &t.In[Inside], Outside: &t.In[Outside], totalUncounted: &t.Uncounted, totalUnreported: &t.Unreported, totalUnpaired: &t.Unpaired} {
		var cpus []gatewayCount
		if err := d.maps[gatewayMapTotals].Lookup(uint32(i), &cpus); err != nil {
			return t, fmt.Errorf("reading totals: %w", err)
		}
		for _, n := range cpus {
			to.add(n)
		}
	}
	return t, nil
}
