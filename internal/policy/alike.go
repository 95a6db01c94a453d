package policy

import (
	"encoding/binary"
	"slices"
)

// Alike is all of two places that what holds between them hangs on: where it is equal for two
// pairs of places, so are all verdicts on their routes of the same transport and port, and all
// that Plan says of those routes but for the names of the places and what Refuses says. It is
// good for the plan that made it.
type Alike struct {
	conduit       int32
	inside, hears bool
	never, rules  [maxBuckets]int32 // kinds of buckets
	safe          string            // which safety traffic concerns both ends, at some port

	isolations       [maxIsolations]int32
	active, isolated uint8
}

// Alike tells what two places have in common with others.
func (p *Plan) Alike(client, server Place) Alike {
	client = p.asking(client)
	r := Route{Client: client, Server: server}
	p.join(&r)
	p.isolate(&r)
	return Alike{conduit: r.Conduit, inside: r.inside, hears: p.Hears(&r), never: r.never.kinds(), rules: r.rules.kinds(), safe: p.safeBetween(client, server),
		isolations: r.isolations, active: r.active, isolated: r.isolated}
}

func (r *reach) kinds() (out [maxBuckets]int32) {
	for i := range r.n {
		out[i] = r.buckets[i].kind
	}
	return out
}

// safeBetween numbers the safety traffic, by its place in the policy, that concerns two ends.
func (p *Plan) safeBetween(client, server Place) string {
	if len(p.safety) == 0 {
		return ""
	}
	var all []int32
	for _, c := range p.meanings(client) {
		for _, s := range p.meanings(server) {
			all = append(all, p.safeAt[pairKey{c, s}]...)
		}
	}
	slices.Sort(all)
	var out []byte
	for _, n := range slices.Compact(all) {
		out = binary.LittleEndian.AppendUint32(out, uint32(n))
	}
	return string(out)
}

// meanings are those by which a place may be meant (meets): anybody, itself, its zone.
func (p *Plan) meanings(at Place) []Place {
	out := []Place{0}
	if at != 0 {
		out = append(out, at)
	}
	if zone := Place(p.places.zones[at] + 1); zone != 0 && zone != at {
		out = append(out, zone)
	}
	return out
}

// Far tells whether a rule lets a protocol pass whose servers may answer from another port
// (Elsewhere); where none does, no route needs to be asked.
func (p *Plan) Far() bool { return p.far }
