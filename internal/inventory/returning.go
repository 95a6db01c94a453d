package inventory

import "firedoor"

// Frames of some protocols (EtherCAT) run through all devices and come back to
// their sender, with the local bit of its MAC set on the way (IEC 61158-4-12: a slave
// marks the source). What comes back is the sender's own.

// localBit is the bit of a MAC that says that it is locally administered.
const localBit = firedoor.MAC(2) << 40

// SightReturning is Sight for the sender of a frame of such a protocol. Who was
// taken for another station before its sender was seen becomes one with it.
func (v *Inventory) SightReturning(m firedoor.Moment, e firedoor.Endpoint) firedoor.AssetID {
	e = v.Returned(normal(e))
	id := v.Sight(m, e, false)
	n := v.station(e.Segment, e.MAC)
	if n == none {
		return id
	}
	v.nodes[n].returns = true
	if e.MAC.IsLocal() {
		return id
	}
	if t := v.station(e.Segment, e.MAC|localBit); t != none && v.nodes[t].returns {
		if into, from := v.nodes[n].asset, v.nodes[t].asset; into != from && len(v.assets[from].nodes) == 1 {
			v.merge(m, into, from, "its frames that come back")
		}
	}
	return id
}

// Returned gives the sender of a frame of such a protocol that came back: a station
// whose MAC has not the mark, where one was seen to send such frames.
func (v *Inventory) Returned(e firedoor.Endpoint) firedoor.Endpoint {
	if !e.IP.IsZero() || !e.MAC.IsLocal() {
		return e
	}
	if n := v.station(e.Segment, e.MAC&^localBit); n != none && v.nodes[n].returns {
		e.MAC &^= localBit
	}
	return e
}
